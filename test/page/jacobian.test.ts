// The Jacobian's views: their tables against the reference cases, closed forms, and the exact sum of the exponents.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { some } from '../support/long.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { configOf, referenceCase, ringConfig, shiftConfig, weatherConfig } from '../support/experiments.js';
import { computed, copied, csvRows, log10Of, painted, relativeError, side } from './support.js';
import { choose } from '../support/menus.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ group: 'dynamics', everything: true, height: 1600 });
});
after(() => pages.close());

const near = (actual: number, expected: number, bound: number, what = ''): void =>
  assert.ok(Math.abs(actual - expected) <= bound, `${what} ${actual} is not within ${bound} of ${expected}`);

async function show(config: string, name: string): Promise<void> {
  await open.host.run(config);
  await open.page.locator('.run-name', { hasText: name }).waitFor();
  await painted(open, 'jacobian');
  await computed(open.page, 'jacobian');
  await computed(open.page, 'product');
}

for (const name of some(['typical', 'saturated', 'exploding', 'nonnormal', 'underflow'], 3)) {
  it(`${name}: σ_max of every step, exponents and eigenvalues are the reference's`, async () => {
    const reference = referenceCase(name);
    const { spectrum } = reference.expected;
    await show(configOf(reference), name);
    const { head, rows } = await csvRows(open, 'jacobian');
    assert.deepEqual(head, ['t', 'sigma_max', 'sigma_min']);
    assert.equal(rows.length, reference.shapes.T);
    rows.forEach(([t, most]) =>
      assert.ok(relativeError(Number(most), spectrum.jacobianSigmaMax[Number(t)] ?? NaN) < 1e-9, `t = ${t}`),
    );
    const exponents = await csvRows(open, 'lyapunov', 'card');
    assert.equal(exponents.rows.length, spectrum.lyapunov?.length ?? 0);
    exponents.rows.forEach(([, value], i) =>
      near(Number(value), spectrum.lyapunov?.[i] ?? -Infinity, 1e-9, `λ${i + 1}`),
    );
    if (spectrum.lyapunov !== null)
      assert.ok(Number(await open.page.locator('[data-name=sumError]').getAttribute('data-value')) < 1e-9);
    const eigenvalues = await csvRows(open, 'eigenvalues', 'card');
    assert.equal(eigenvalues.rows.length, reference.shapes.H);
    near(Math.max(...eigenvalues.rows.map((row) => Number(row[3]))), spectrum.spectralRadiusWh, 1e-9);
  });
}

describe('products of Jacobians', () => {
  it('of ρ times a turn are powers of ρ for every direction, at any distance', async () => {
    for (const rho of [0.25, 1.01]) {
      await show(ringConfig(rho, 4, 450, { dtype: 'float64' }), `ring ${rho}`);
      const { rows } = await csvRows(open, 'product');
      assert.equal(rows.length, 450);
      for (const [t, ...values] of rows)
        for (const value of values) near(log10Of(value), (449 - Number(t)) * Math.log10(rho), 1e-9, `t = ${t}`);
    }
  });

  it('are no smaller than what the last step sends back, on the trained network', async () => {
    await show(
      weatherConfig({
        dtype: 'float64',
        name: 'weather, one sequence',
        sequences: 'one.json',
        upstreamGradient: 'last',
      }).replace(
        '"one.json"',
        JSON.stringify([(JSON.parse(weatherConfig()) as { sequences: number[][][] }).sequences[0]]),
      ),
      'one sequence',
    );
    const product = await csvRows(open, 'product');
    await open.page.locator('.tab[data-group=gradient]').click();
    const flow = await csvRows(open, 'flow');
    await open.page.locator('.tab[data-group=dynamics]').click();
    const at = flow.head.indexOf('single_source_norm');
    product.rows.forEach(([, largest = '', median = '', smallest = ''], t) => {
      assert.ok(log10Of(flow.rows[t]?.[at] ?? '') <= log10Of(largest) + Math.log10(Math.sqrt(32)) + 1e-9);
      assert.ok(log10Of(smallest) <= log10Of(median) && log10Of(median) <= log10Of(largest));
    });
    assert.ok(log10Of(product.rows[0]?.[3] ?? '') < -60);
  });
});

describe('a run of more steps than are sampled', () => {
  const [T, rho] = [5000, 0.8];
  /** One unit: J_t = ρ·(1 − h_t²), whose states the input moves. */
  const slopes = ((): number[] => {
    let h = 0;
    return Array.from({ length: T }, (_, t) => {
      h = Math.tanh(rho * h + Math.sin(0.3 * t));
      return rho * (1 - h * h);
    });
  })();
  const log10Product = (t: number): number => slopes.slice(t + 1).reduce((sum, slope) => sum + Math.log10(slope), 0);
  const check = async (from: number, to: number): Promise<number[]> => {
    const { page } = open;
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const told: number[] = [];
    for (const track of ['jacobian', 'product']) {
      // The answer that is told may be that of a window on the way, which holds this one: only the steps in view are
      // copied.
      const rows = (await copied(page, () => choose(page, `[data-track=${track}]`, 'Copy'))).slice(1);
      told.push(rows.length);
      for (const [t, value = ''] of rows) {
        assert.ok(Number(t) >= from && Number(t) < to, `t = ${t}`);
        near(
          log10Of(value),
          track === 'jacobian' ? Math.log10(slopes[Number(t)] ?? NaN) : log10Product(Number(t)),
          1e-9,
          `${track} at t = ${t}`,
        );
      }
    }
    return told;
  };

  it('has the singular values of every step once it is zoomed in, and says how many are sampled before', async () => {
    const { page } = open;
    await show(
      JSON.stringify({
        name: 'long and narrow',
        cell: 'tanh',
        dtype: 'float64',
        weights: { Wx: [[1]], Wh: [[rho]], b: [[0]] },
        sequences: [Array.from({ length: T }, (_, t) => [Math.sin(0.3 * t)])],
      }),
      'long and narrow',
    );
    assert.match(
      (await page.locator('[data-track=jacobian] .formula').textContent()) ?? '',
      /sampled at 600 of 5000 steps/,
    );
    assert.deepEqual(await check(0, T), [600, 600]);
    await page.locator('#track-jacobian-plot').focus();
    await page.keyboard.press('Home');
    for (let i = 0; i < 5; i++) await page.keyboard.press('PageDown');
    for (let i = 0; i < 8; i++) await page.keyboard.press('+');
    await page.waitForFunction(() => {
      const text = document.querySelector('[data-track=jacobian] .formula')?.textContent ?? '';
      return !text.includes('sampled') && !text.includes('computing');
    });
    const [count = 0, same] = await check(0, 400);
    assert.ok(count > 200 && count === same, `${count} rows`);
    // A window shorter than the distance between two samples of the whole run.
    for (let i = 0; i < 11; i++) await page.keyboard.press('+');
    await page.waitForFunction(() => {
      const text = document.querySelector('[data-track=product] .formula')?.textContent ?? '';
      return !text.includes('sampled') && !text.includes('computing');
    });
    const reading = await page.locator('[data-track=jacobian] .chip b').first().textContent();
    assert.equal(reading?.includes('≈'), false);
    near(Number(reading), slopes[50] ?? NaN, 6e-4, 'the reading at t = 50');
    await page.keyboard.press('0');
    await page.locator('[data-track=jacobian] .formula', { hasText: 'sampled at 600 of 5000 steps' }).waitFor();
  });
});

it('a Wh with spectral radius 0 that explodes is told as exploding', async () => {
  await show(shiftConfig(32, 24), 'shift');
  assert.equal(await open.page.locator('.badge').textContent(), 'EXPLODING');
  assert.equal(Number(await side(open.page, 'spectralRadius')), 0);
  near(Number(await side(open.page, 'sigmaMax')), 2, 1e-12);
  const told = (await open.page.locator('.proofs').textContent()) ?? '';
  assert.match(told, /misleading here: below 1, and yet the gradient explodes/);
  assert.match(told, /Proves nothing by itself/);
  const { rows } = await csvRows(open, 'product');
  for (const [t, largest = ''] of rows) near(log10Of(largest), (23 - Number(t)) * Math.log10(2), 1e-12);
});

it('the best-surviving direction has the rate of the product, not that of an exponent from Q = I', async () => {
  const T = 10;
  const sheared = (factor: number): string =>
    JSON.stringify({
      name: `sheared ${factor}`,
      cell: 'identity',
      dtype: 'float64',
      weights: {
        Wx: [[0, 0]],
        Wh: [
          [factor, 0],
          [factor, factor],
        ],
        b: [[0, 0]],
      },
      sequences: [Array.from({ length: T }, () => [0])],
    });
  const notes = async (): Promise<string> => (await open.page.locator('.proofs').textContent()) ?? '';
  // The product of all Jacobians is factor^T·[[1,T],[0,1]].
  const best = ((T + Math.hypot(T, 2)) / 2) ** (1 / T);
  await show(sheared(1), 'sheared 1');
  near(Number(await side(open.page, 'lyapunov')), 0, 1e-12);
  assert.match(await notes(), new RegExp(`one direction grows by ×${best.toFixed(3)} per step\\.`));
  await show(sheared(0.5), 'sheared 0.5');
  near(Number(await side(open.page, 'lyapunov')), Math.log(0.5), 1e-12);
  const fading = `the best-surviving direction fades by ×${(0.5 * best).toFixed(3)} per step\\.`;
  assert.match(await notes(), new RegExp(`at most this share.*${fading}`));
  assert.match(await notes(), /Measured on sequence 1, from Q = I\. Over few steps/);
});
