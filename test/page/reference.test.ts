// Every view's numbers against the reference tensors and formulas of the test's own: what norms and verdicts alone
// would not tell.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Matrix, SingularValueDecomposition } from 'ml-matrix';
import { configOf, referenceCase, ringConfig } from '../support/experiments.js';
import type { ReferenceCase } from '../support/experiments.js';
import { some } from '../support/long.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { computed, csvRows, cursorTo, keepPaintedText, log10Of, nextFrames, painted, paintedText } from './support.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ height: 1600 });
});
after(() => pages.close());

type Weights = { readonly Wx: number[][]; readonly Wh: number[][]; readonly b: number[] | number[][] };
const weightsOf = ({
  weights,
}: ReferenceCase): { readonly Wx: number[][]; readonly Wh: number[][]; readonly b: number[] } => {
  const { Wx, Wh, b } = weights as Weights;
  return { Wx, Wh, b: b.flat() };
};
const times = (row: readonly number[], W: readonly (readonly number[])[], j: number): number =>
  row.reduce((sum, value, i) => sum + value * (W[i]?.[j] ?? NaN), 0);

/** f′(z_t) of a sequence, from the state before: 1 − h² has no digits left where h is nearly 1. */
function slopes(reference: ReferenceCase, b: number, t: number): number[] {
  const { Wx, Wh, b: bias } = weightsOf(reference);
  const before = t > 0 ? (reference.expected.hs[b]?.[t - 1] ?? []) : (reference.h0?.[b] ?? bias.map(() => 0));
  return bias.map((own, j) => {
    const z = own + times(before, Wh, j) + times(reference.xs[b]?.[t] ?? [], Wx, j);
    return reference.cell === 'tanh' ? 1 / Math.cosh(z) ** 2 : reference.cell === 'relu' ? Number(z > 0) : 1;
  });
}

/**
 * log10 ‖c_{t,s}‖ for every s at which something enters, by the backward pass of that source alone, renormalised at
 * every step.
 */
function attributionOf(reference: ReferenceCase): { readonly sources: number[]; readonly log10: number[][] } {
  const {
    shapes: { B, T, H },
    dhs,
  } = reference;
  const { Wh } = weightsOf(reference);
  const sources = Array.from({ length: T }, (_, s) => s).filter((s) =>
    dhs.some((steps) => steps[s]?.some((value) => value !== 0)),
  );
  const all = Array.from({ length: T }, (_, t) => Array.from({ length: B }, (__, b) => slopes(reference, b, t)));
  const log10 = Array.from({ length: T }, () => sources.map(() => -Infinity));
  sources.forEach((source, at) => {
    let flowing = dhs.map((steps) => steps[source] ?? []);
    let exponent = 0;
    for (let t = source; t >= 0; t--) {
      const norm = Math.hypot(...flowing.flat());
      (log10[t] ?? [])[at] = Math.log10(norm) + exponent;
      if (norm === 0) break;
      exponent += Math.log10(norm);
      flowing = flowing.map((g, b) => {
        const dz = g.map((value, j) => (value / norm) * (all[t]?.[b]?.[j] ?? NaN));
        return Array.from({ length: H }, (_, k) => dz.reduce((sum, value, j) => sum + value * (Wh[k]?.[j] ?? NaN), 0));
      });
    }
  });
  return { sources, log10 };
}

const near = (actual: number, expected: number, bound: number, what: string): void =>
  assert.ok(
    Object.is(actual, expected) || Math.abs(actual - expected) <= bound,
    `${what}: ${actual} instead of ${expected}`,
  );

for (const name of some(['typical', 'saturated', 'exploding', 'underflow', 'loss_every_step', 'relu'], 3)) {
  describe(`reference case ${name}`, () => {
    const reference = referenceCase(name);
    const {
      shapes: { B, T, H },
      expected: { hs, dhTotal, norms, spectrum },
    } = reference;
    before(async () => {
      await open.host.run(configOf(reference));
      await open.page.locator('.run-name', { hasText: name }).waitFor();
      await painted(open);
    });

    it('total gradients keep their digits where no double can hold them', async () => {
      const { head, rows } = await csvRows(open, 'flow');
      const at = head.indexOf('g_norm');
      assert.equal(rows.length, T);
      rows.forEach((row, t) =>
        near(log10Of(row[at] ?? ''), norms.log10dh[t] ?? -Infinity, 1e-9, `log10 ‖g‖ at t = ${t}`),
      );
    });

    it('states and gradients of the last sequence, every unit', async () => {
      const { page } = open;
      const shown = B - 1;
      if (B > 1) {
        await page.locator('vscode-dropdown[aria-label=Sequence]').click();
        await page.locator(`vscode-dropdown[aria-label=Sequence] vscode-option[value="${shown}"]`).click();
        await page.locator('[data-track=hiddenMap] .formula', { hasText: `sequence ${B}` }).waitFor();
      }
      const largest = Math.max(...dhTotal.flat(2).map(Math.abs));
      for (const [track, letter, tensor] of [
        ['hiddenMap', 'h', hs],
        ['gradientMap', 'g', dhTotal],
      ] as const) {
        const { head, rows } = await csvRows(open, track);
        assert.deepEqual(head, ['t', ...Array.from({ length: H }, (_, unit) => `${letter}_unit${unit}`)]);
        assert.equal(rows.length, T);
        rows.forEach(([t, ...values]) =>
          values.forEach((value, unit) => {
            const wanted = tensor[shown]?.[Number(t)]?.[unit] ?? NaN;
            // A double below 1e-290 has lost digits in the fixture, or is 0 there; saturated tanh amplifies one-ulp
            // differences of what flows through it.
            if (letter === 'g' && Math.abs(wanted) < 1e-290)
              assert.ok(log10Of(value.replace(/^-/, '')) < -289.9, `g of unit ${unit} at t = ${t}: ${value}`);
            else
              near(
                Number(value),
                wanted,
                letter === 'h' ? 1e-9 : 1e-9 * Math.max(Math.abs(wanted), name === 'saturated' ? largest : 0),
                `${letter} of unit ${unit} at t = ${t}`,
              );
          }),
        );
      }
    });

    it('chosen units: their table, and the readings of their lines', async () => {
      const { head, rows } = await csvRows(open, 'units');
      const units = head.slice(1).map((text) => Number(/\d+$/.exec(text)?.[0]));
      assert.deepEqual(
        units,
        Array.from({ length: Math.min(3, H) }, (_, unit) => unit),
      );
      rows.forEach(([t, ...values]) =>
        values.forEach((value, i) =>
          near(Number(value), hs[B - 1]?.[Number(t)]?.[units[i] ?? 0] ?? NaN, 1e-9, `unit ${units[i]} at t = ${t}`),
        ),
      );
      const t = Math.min(T - 1, 7);
      await cursorTo(open.page, t);
      const readings = await open.page.locator('[data-track=units] .chip b').allTextContents();
      assert.equal(readings.length, units.length);
      // Lines come as float32, and are read with four digits.
      readings.forEach((text, i) => {
        const wanted = hs[B - 1]?.[t]?.[units[i] ?? 0] ?? NaN;
        near(Number(text.replace('−', '-')), wanted, 6e-4 * Math.abs(wanted), `line of unit ${units[i]}`);
      });
    });

    if (reference.cell === 'tanh') {
      it('the share of saturated units', async () => {
        const { rows } = await csvRows(open, 'saturation');
        assert.equal(rows.length, T);
        rows.forEach(([t, share]) =>
          near(
            Number(share),
            hs.flatMap((steps) => steps[Number(t)] ?? []).filter((h) => Math.abs(h) > 0.97).length / (B * H),
            1e-12,
            `t = ${t}`,
          ),
        );
      });
    }

    it('σ_min of every Jacobian, and all eigenvalues of Wh', async () => {
      const first = open.page.locator('vscode-dropdown[aria-label=Sequence]');
      if (B > 1) {
        await first.click();
        await first.locator('vscode-option[value="0"]').click();
      }
      await computed(open.page, 'jacobian');
      const { head, rows } = await csvRows(open, 'jacobian');
      const { Wh } = weightsOf(reference);
      assert.equal(head[2], 'sigma_min');
      assert.equal(rows.length, T);
      rows.forEach(([t, most = '', least = '']) => {
        const own = slopes(reference, 0, Number(t));
        const sigma = new SingularValueDecomposition(
          new Matrix(Wh.map((row) => row.map((value, j) => value * (own[j] ?? NaN)))),
        ).diagonal;
        const [largest, smallest] = [Math.max(...sigma), Math.min(...sigma)];
        near(Number(most), largest, 1e-9 * largest, `σ_max at t = ${t}`);
        // The library's smallest singular values are right relative to the largest.
        near(Number(least), smallest, 1e-9 * smallest + 1e-14 * largest, `σ_min at t = ${t}`);
      });
      const told = (await csvRows(open, 'eigenvalues', 'card')).rows.map(
        (row) => [Number(row[1]), Number(row[2])] as const,
      );
      const left = [...spectrum.eigenvaluesWh];
      assert.equal(told.length, H);
      // Each of the reference's is told once.
      for (const [re, im] of told) {
        const at = left.reduce(
          (best, [r, i], k) =>
            Math.hypot(r - re, i - im) < Math.hypot((left[best]?.[0] ?? NaN) - re, (left[best]?.[1] ?? NaN) - im)
              ? k
              : best,
          0,
        );
        const [match] = left.splice(at, 1);
        near(Math.hypot((match?.[0] ?? NaN) - re, (match?.[1] ?? NaN) - im), 0, 1e-8, `${re} + ${im}i`);
      }
    });

    it('attribution: the contribution of every loss by its own backward pass', async () => {
      await computed(open.page, 'attribution');
      const { head, rows } = await csvRows(open, 'attribution');
      const { sources, log10 } = attributionOf(reference);
      assert.deepEqual(head, ['t', ...sources.map((s) => `from_s${s}`)]);
      assert.equal(rows.length, T);
      rows.forEach(([t, ...values]) =>
        values.forEach((value, at) =>
          near(log10Of(value), log10[Number(t)]?.[at] ?? NaN, 1e-8, `t ${t} s ${sources[at]}`),
        ),
      );
    });
  });
}

describe('the fitted rate', () => {
  for (const [rho, label, told] of [
    [0.7, 'half-life 1.9 steps', '0.700'],
    [1.02, 'doubles in 35.0 steps', '1.02'],
  ] as const) {
    it(`of a ring of ${rho} is ${rho}, with ${label}`, async () => {
      await keepPaintedText(open);
      await open.host.run(ringConfig(rho, 8, 60, { dtype: 'float64', cell: 'identity' }));
      await open.page.locator('.run-name', { hasText: `ring ${rho}` }).waitFor();
      await painted(open);
      // The run before stands there until this one is painted.
      do await nextFrames(open.page);
      while ((await paintedText(open.page, 'track-flow-plot')).length === 0);
      const text = await paintedText(open.page, 'track-flow-plot');
      assert.ok(
        text.some((words) => words.includes(`×${told}`) && words.includes(label)),
        text.join(' | '),
      );
      const { verdict } = open.host.summary ?? assert.fail();
      near(verdict.perStepFactor ?? NaN, rho, 1e-12, 'per step');
      near(verdict.log10Ratio ?? NaN, 59 * Math.log10(rho), 1e-9, 'ratio');
    });
  }
});

describe('the log axis', () => {
  for (const [factor, cell] of [
    [0.5, 'tanh'],
    [2, 'identity'],
  ] as const) {
    it(`is right beyond what doubles hold: ${factor}·I over 3,000 steps`, async () => {
      const [T, H] = [3000, 2];
      const { page } = open;
      await page.evaluate(() => {
        const labels = new Map<string, number>();
        (window as unknown as { labels: Map<string, number> }).labels = labels;
        const { prototype } = CanvasRenderingContext2D;
        // eslint-disable-next-line @typescript-eslint/unbound-method -- called below on the context that was asked
        const { fillText, clearRect } = prototype;
        prototype.fillText = function (...args) {
          if (this.canvas.id === 'track-flow-plot')
            labels.set(args[0], this.getTransform().transformPoint({ x: args[1], y: args[2] }).y);
          fillText.apply(this, args);
        };
        prototype.clearRect = function (...args) {
          if (this.canvas.id === 'track-flow-plot') labels.clear();
          clearRect.apply(this, args);
        };
      });
      await open.host.run(
        JSON.stringify({
          name: `${factor} times I`,
          cell,
          dtype: 'float64',
          weights: {
            Wx: [[0, 0]],
            Wh: [
              [factor, 0],
              [0, factor],
            ],
            b: [[0, 0]],
          },
          sequences: [Array.from({ length: T }, () => [0])],
        }),
      );
      await page.locator('.run-name', { hasText: `${factor} times I` }).waitFor();
      await painted(open);
      const log10 = (t: number): number => Math.log10(Math.sqrt(H)) + (T - 1 - t) * Math.log10(factor);
      const { head, rows } = await csvRows(open, 'flow');
      for (const name of ['g_norm', 'single_source_norm'])
        rows.forEach((row, t) => near(log10Of(row[head.indexOf(name)] ?? ''), log10(t), 1e-9, `${name} at t = ${t}`));
      const dotAt = async (key: 'Home' | 'End'): Promise<number> => {
        await page.locator('#track-flow-plot').focus();
        await page.keyboard.press(key);
        await nextFrames(page);
        return page
          .locator('[data-track=flow] .dots .dot')
          .first()
          .evaluate((dot) => new DOMMatrix(getComputedStyle(dot).transform).f);
      };
      const [first, last] = [await dotAt('Home'), await dotAt('End')];
      const labels = await page.evaluate(() => [...(window as unknown as { labels: Map<string, number> }).labels]);
      const digits = '⁰¹²³⁴⁵⁶⁷⁸⁹';
      const decades = labels.flatMap(([text, y]) => {
        const [, exponent] = /^10(⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)$/.exec(text) ?? [];
        return exponent === undefined
          ? []
          : [
              [
                Number(exponent.replace(/./g, (sign) => (sign === '⁻' ? '-' : String(digits.indexOf(sign))))),
                y,
              ] as const,
            ];
      });
      // The mark at the cursor stands where the value is; so every label has to stand on the line through both ends.
      const beyond = decades.filter(([exponent]) => Math.abs(exponent) > 320);
      assert.ok(beyond.length >= 3, labels.map(([text]) => text).join(' '));
      for (const [exponent, y] of beyond)
        near(y, last + ((exponent - log10(T - 1)) / (log10(0) - log10(T - 1))) * (first - last), 1.5, `10^${exponent}`);
    });
  }
});
