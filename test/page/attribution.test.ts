// Attribution on the page: its tables against closed forms, the reference's gradients and the running product.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { onlyLong, some } from '../support/long.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { configOf, referenceCase, ringConfig } from '../support/experiments.js';
import { computed, csvRows, cursorTo, nextFrames, openTable, painted, pixel, relativeError } from './support.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ height: 2200 });
});
after(() => pages.close());

async function show(config: string, name: string): Promise<void> {
  await open.host.run(config);
  await open.page.locator('.run-name', { hasText: name }).waitFor();
  await painted(open);
  await computed(open.page, 'attribution');
  await open.page.waitForFunction(
    () => !(document.querySelector('[data-card=reach] .note')?.textContent ?? 'Being').includes('Being'),
  );
}

describe('attribution', () => {
  it('of a ring with a loss at every step is a power of ρ of the distance', async () => {
    const [rho, H, T] = [0.7, 4, 40];
    await show(ringConfig(rho, H, T, { dtype: 'float64', upstreamGradient: 'every' }), `ring ${rho}`);
    const { head, rows } = await csvRows(open, 'attribution');
    assert.deepEqual(head, ['t', ...Array.from({ length: T }, (_, s) => `from_s${s}`)]);
    assert.equal(rows.length, T);
    for (const [t = '', ...values] of rows) {
      values.forEach((value, s) => {
        if (s < Number(t)) assert.equal(value, '0', `s ${s} cannot reach t ${t}`);
        else
          assert.ok(
            relativeError(Number(value), Math.sqrt(H) * rho ** (s - Number(t))) < 1e-12,
            `t ${t} s ${s}: ${value}`,
          );
      });
    }
    // All contributions point the same way here, so their norms add up to ‖g_t‖.
    const flow = await csvRows(open, 'flow');
    rows.forEach(([, ...values], t) =>
      assert.ok(
        relativeError(
          values.reduce((sum, value) => sum + Number(value), 0),
          Number(flow.rows[t]?.[flow.head.indexOf('g_norm')]),
        ) < 1e-12,
      ),
    );
  });

  it('of the step under the cursor is told in shares that add up to one', async () => {
    const [rho, T] = [0.7, 40];
    await cursorTo(open.page, 12);
    await openTable(open.page, 'sources');
    await open.page.locator('[data-track=sources] .formula', { hasText: 't = 12' }).waitFor();
    const { head, rows } = await csvRows(open, 'sources');
    assert.deepEqual(head, ['s', 'c_norm', 'share']);
    const shares = rows.map((row) => Number(row.at(-1)));
    assert.equal(rows[0]?.[0], '12');
    assert.equal(rows.length, T - 12);
    assert.ok(Math.abs(shares.reduce((sum, value) => sum + value, 0) - 1) < 1e-12);
    shares.forEach((share, i) =>
      assert.ok(relativeError(share, (rho ** i * (1 - rho)) / (1 - rho ** (T - 12))) < 1e-12),
    );
  });

  it('of a loss at the last step is the gradient itself, in the reference cases', async () => {
    for (const name of some(['typical', 'saturated', 'underflow'], 3)) {
      const reference = referenceCase(name);
      const { T, H, B } = reference.shapes;
      const last = reference.dhs.map((steps) => steps.map((values, t) => (t === T - 1 ? values : values.map(() => 0))));
      await show(configOf({ ...reference, dhs: last }), name);
      const attribution = await csvRows(open, 'attribution');
      assert.deepEqual(attribution.head, ['t', `from_s${T - 1}`], `${name} B ${B} H ${H}`);
      const flow = await csvRows(open, 'flow');
      const at = flow.head.indexOf('g_norm');
      attribution.rows.forEach(([, value], t) =>
        assert.ok(
          value === flow.rows[t]?.[at] || relativeError(Number(value), Number(flow.rows[t]?.[at])) < 1e-9,
          `${name} t ${t}: ${value} and ${flow.rows[t]?.[at]}`,
        ),
      );
    }
  });

  it(
    'stacks the shares of the step under the cursor: closed form of a gradient that keeps 0.7 of its length per ' +
      'step',
    async () => {
      const [T, t] = [40, 25];
      await show(ringConfig(0.7, 4, T, { dtype: 'float64', upstreamGradient: 'every' }), 'ring 0.7');
      await cursorTo(open.page, t);
      await open.page.locator('[data-track=sources] .formula', { hasText: `t = ${t}` }).waitFor();
      await nextFrames(open.page);
      const [left = 0, right = 0] = ((await open.page.locator('#track-sources-plot').getAttribute('data-plot')) ?? '')
        .split(',')
        .map(Number);
      const height = await open.page.locator('#track-sources-plot').evaluate((canvas) => canvas.clientHeight);
      // ‖c_{t,s}‖ = 2·0.7^{s−t}, so the first k shares take (1 − 0.7^k) / (1 − 0.7^n) of the width.
      const end = (k: number): number => left + ((1 - 0.7 ** k) / (1 - 0.7 ** (T - t))) * (right - left);
      // Near the edge of a segment, where no letters are.
      const inStack = (x: number): Promise<number[]> => pixel(open.page, 'sources', x, 9);
      const inBar = (s: number): Promise<number[]> =>
        pixel(open.page, 'sources', left + ((s + 0.5) / T) * (right - left), height - 8);
      for (const k of [1, 2, 3, 4, 5, 6]) {
        assert.deepEqual(
          await inStack(end(k) - 3),
          await inBar(t + k - 1),
          `the ${k}. share has the colour of its step`,
        );
        assert.notDeepEqual(await inStack(end(k) + 2), await inStack(end(k) - 3), `and ends at ${end(k)}`);
      }
      assert.notDeepEqual(await inStack(right - 1), [31, 31, 31]);
    },
  );

  it('paints nothing where a loss cannot reach, and the strongest colour on the diagonal', async () => {
    await show(ringConfig(0.7, 4, 40, { dtype: 'float64', upstreamGradient: 'every' }), 'ring 0.7');
    await nextFrames(open.page);
    const [left = 0, right = 0] = ((await open.page.locator('#track-attribution-plot').getAttribute('data-plot')) ?? '')
      .split(',')
      .map(Number);
    const height = await open.page.locator('#track-attribution-plot').evaluate((canvas) => canvas.clientHeight);
    const at = (t: number, s: number): Promise<number[]> =>
      pixel(
        open.page,
        'attribution',
        left + ((t + 0.5) / 40) * (right - left),
        7 + ((39 - s + 0.5) / 40) * (height - 14),
      );
    assert.deepEqual(await at(30, 8), [31, 31, 31]);
    const [diagonal, far] = [await at(9, 9), await at(9, 36)];
    assert.ok((diagonal[2] ?? 0) > 200 && (diagonal[2] ?? 0) > (diagonal[0] ?? 0) + 60, diagonal.join());
    assert.ok((far[2] ?? 0) < (diagonal[2] ?? 0) - 60, far.join());
  });
});

describe('the reach of dWh', () => {
  it('of a scalar linear cell is its closed form, and the horizon is where 1 % is left', async () => {
    const [rho, T] = [0.5, 200];
    await show(
      JSON.stringify({
        name: 'scalar',
        cell: 'identity',
        dtype: 'float64',
        weights: { Wx: [[1]], Wh: [[rho]], b: [[0]] },
        sequences: [Array.from({ length: T }, () => [1])],
      }),
      'scalar',
    );
    const D = Array.from({ length: T }, (_, k) => (k > T - 2 ? 0 : ((1 - rho ** (T - 1 - k)) / (1 - rho)) * rho ** k));
    const total = D.reduce((sum, value) => sum + value, 0);
    const { rows } = await csvRows(open, 'reach', 'card');
    assert.equal(rows.length, T);
    rows.forEach(([, share], k) => assert.ok(Math.abs(Number(share) - (D[k] ?? NaN) / total) < 1e-13, `k ${k}`));
    let missing = total;
    const horizon = D.findIndex((value) => {
      missing -= value;
      return missing / total <= 0.01;
    });
    assert.equal(
      await open.page.locator('[data-card=reach] [data-name=horizon]').getAttribute('data-value'),
      String(horizon),
    );
  });
});

onlyLong(it)('a long run gathers losses into groups and says so', async () => {
  await open.host.run(ringConfig(0.9, 3, 2500, { dtype: 'float64', upstreamGradient: 'every', name: 'many losses' }));
  await open.page.locator('.run-name', { hasText: 'many losses' }).waitFor();
  await computed(open.page, 'attribution');
  const told = (await open.page.locator('[data-track=attribution] .formula').textContent()) ?? '';
  assert.match(told, /\d+ groups of up to \d+ neighbouring losses · at 2000 of 2500 steps/);
  // Rows stand where something was computed, each with what its own step receives: all contributions point the same way
  // here, so a group's is the sum of its losses'.
  const { head, rows } = await csvRows(open, 'attribution');
  assert.equal(rows.length, 2000);
  assert.equal(new Set(rows.map(([t]) => t)).size, 2000);
  const groups = head.slice(1).map((name) => {
    const [, from = '', to = from] = /^from_s(\d+)(?:_to_s(\d+))?$/.exec(name) ?? [];
    return [Number(from), Number(to)] as const;
  });
  for (const [t = '', ...values] of rows) {
    values.forEach((value, i) => {
      const [from, to] = groups[i] ?? [NaN, NaN];
      let sum = 0;
      for (let s = Math.max(from, Number(t)); s <= to; s++) sum += Math.sqrt(3) * 0.9 ** (s - Number(t));
      assert.ok(
        sum === 0 ? value === '0' : relativeError(Number(value), sum) < 1e-9,
        `t ${t} s ${from} … ${to}: ${value} instead of ${sum}`,
      );
    });
  }
});

it('a new run ends what is computed for the old one', async () => {
  const { host, page } = open;
  // The engine computes from the first question on; its answer is on its way until the next run is on the screen.
  let release = (): void => undefined;
  host.hold = {
    name: 'attribution',
    answered: true,
    until: new Promise((resolve) => {
      release = resolve;
    }),
  };
  await host.run(ringConfig(0.99, 8, 6000, { dtype: 'float64', upstreamGradient: 'every', name: 'slow' }));
  await page.locator('.run-name', { hasText: 'slow' }).waitFor();
  await page.locator('[data-track=attribution] .formula', { hasText: 'computing' }).waitFor();
  await host.run(ringConfig(0.5, 4, 20, { dtype: 'float64', upstreamGradient: 'every' }));
  await page.locator('.run-name', { hasText: 'ring 0.5' }).waitFor();
  host.hold = null;
  release();
  await computed(page, 'attribution');
  const { rows } = await csvRows(open, 'attribution');
  assert.equal(rows.length, 20);
});
