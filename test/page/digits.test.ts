// Shares and factors keep the digits that tell them from 0, from 1 and from 100 %.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import fc from 'fast-check';
import { ringConfig } from '../support/experiments.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { computed, cursorTo, keepPaintedText, nextFrames, painted, paintedText } from './support.js';

// The page's language stands in its document.
Object.assign(globalThis, { document: { getElementById: () => null } });
const { formatFactor, formatPercent } = await import('../../webview/page/format.js');
Reflect.deleteProperty(globalThis, 'document');

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ height: 3600 });
  await keepPaintedText(open);
});
after(() => pages.close());

async function show(config: Record<string, unknown>): Promise<void> {
  await open.host.run(JSON.stringify(config));
  await open.page.locator('.run-name', { hasText: String(config['name']) }).waitFor();
  await painted(open);
  await nextFrames(open.page);
}

const linear = (name: string, rho: number, T: number, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  name,
  cell: 'identity',
  dtype: 'float64',
  weights: { Wx: [[1]], Wh: [[rho]], b: [[0]] },
  sequences: [Array.from({ length: T }, () => [1])],
  ...more,
});

it('no share is rounded to 0 or to 100 %, and none by more than a twentieth', () => {
  const read = (text: string): number => {
    const power = /^10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+) %$/.exec(text)?.[1];
    return power === undefined
      ? Number(/^([\d.]+) %$/.exec(text)?.[1]) / 100
      : 10 ** (Number(Array.from(power, (sign) => (sign === '⁻' ? '-' : '⁰¹²³⁴⁵⁶⁷⁸⁹'.indexOf(sign))).join('')) - 2);
  };
  fc.assert(
    fc.property(
      fc.oneof(
        fc.double({ min: 1e-6, max: 1 - 1e-8, noNaN: true }),
        fc.integer({ min: 0, max: 7 }).map((n) => 1 - 10 ** -n * 0.37),
      ),
      (share) => {
        const told = read(formatPercent(share));
        return told > 0 && told < 1 && Math.abs(told - share) <= 0.05 * Math.min(share, 1);
      },
    ),
  );
  assert.deepEqual([0, 1, 1e-10, 1e-9, 7e-9, 0.0004, 0.123, 0.9998, 1.5].map(formatPercent), [
    '0 %',
    '100 %',
    '10⁻⁸ %',
    '10⁻⁷ %',
    '10⁻⁶ %',
    '0.04 %',
    '12.3 %',
    '99.98 %',
    '150 %',
  ]);
});

it('no factor is rounded to 1 that the verdict does not call unchanged', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -0.5, max: 0.5, noNaN: true }),
      (off) => Math.abs(off) < 2e-6 || Number(formatFactor(1 + off)) !== 1,
    ),
  );
  assert.deepEqual([1, 0.9998, 1.00004, 0.5, 0.00012, 12345].map(formatFactor), [
    '1.000',
    '0.9998',
    '1.00004',
    '0.500',
    '1.20e-4',
    '1.23e4',
  ]);
});

it('a factor near 1 is told alike by the verdict and by the line that is fitted', async () => {
  await show(linear('nearly', 0.9998, 300));
  assert.match(await open.page.locator('.reason').innerText(), /keeps 99\.98 % per step back/);
  assert.ok(
    (await paintedText(open.page, 'track-flow-plot')).some((text) => text.startsWith('×0.9998 per step back')),
    (await paintedText(open.page, 'track-flow-plot')).join(' | '),
  );
  await show(linear('a little more', 1.0002, 300));
  assert.match(await open.page.locator('.reason').innerText(), /multiplied by 1\.0002 per step back/);
});

it('a gradient that is clipped to next to nothing keeps its factor', async () => {
  // dWh = Σ_t h_{t−1}·2^{T−1−t} with h_t = 2^{t+1} − 1, and dWx = db = Σ_t 2^{T−1−t}.
  const [T, norm] = [40, 1];
  const sum = (term: (t: number) => number): number =>
    Array.from({ length: T }, (_, t) => term(t)).reduce((total, value) => total + value, 0);
  const whole = Math.hypot(
    sum((t) => (2 ** t - 1) * 2 ** (T - 1 - t)),
    Math.SQRT2 * sum((t) => 2 ** (T - 1 - t)),
  );
  await show(linear('clipped', 2, T, { clip: { norm } }));
  const factor = norm / whole;
  assert.ok(factor < 1e-12);
  const facts = (await open.page.locator('.facts').innerText()).replaceAll('\u00a0', ' ');
  assert.ok(facts.includes(`clip ×${factor.toExponential(2)}`), facts);
});

it('hundreds of equal losses have bars that can be seen, and their share', async () => {
  const T = 600;
  await show(linear('equal', 1, T, { upstreamGradient: 'every' }));
  await computed(open.page, 'attribution');
  await cursorTo(open.page, 0);
  await open.page.waitForFunction(() =>
    (document.querySelector('#track-sources-plot')?.getAttribute('aria-label') ?? '').includes('At t = 0'),
  );
  assert.match(
    (await open.page.locator('#track-sources-plot').getAttribute('aria-label')) ?? '',
    /the loss at s = 0 … 1 has the largest share, 0\.33 %/,
  );
  const ticks = await paintedText(open.page, 'track-sources-plot');
  assert.ok(ticks.includes('0.5 %') && !ticks.includes('2 %'), ticks.join(' | '));
});

it('counts of a wide tensor have room beside their axis', async () => {
  const H = 200;
  await show(JSON.parse(ringConfig(0.9, H, 10, { name: 'wide' })) as Record<string, unknown>);
  await open.page.waitForFunction(
    () =>
      (window as unknown as { paintedTextOf: Map<string, Set<string>> }).paintedTextOf
        .get('card-weightHistograms')
        ?.has('Wh') === true,
  );
  const told = await paintedText(open.page, 'card-weightHistograms');
  // H² − H zeros in the middle bin.
  assert.ok(told.includes('20k') && told.every((text) => !/^\d{5}/.test(text)), told.join(' | '));
});
