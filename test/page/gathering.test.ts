// Files and the clipboard hold the numbers of one run, also while others replace it; and long runs are gathered in few
// questions.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { ringConfig } from '../support/experiments.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { csvRows, log10Of, nextFrames, painted, relativeError } from './support.js';
import { choose } from '../support/menus.js';

const [T, H] = [9000, 4];
let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open();
  await open.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
});
afterEach(() => {
  open.host.meanwhile = () => Promise.resolve();
});
after(() => pages.close());

/** States of a linear ring whose bias tells the runs apart: h_t = b·(1 + ρ + … + ρ^t) in every unit. */
const config = (b: number): string => {
  const ring = JSON.parse(ringConfig(0.5, H, T, { dtype: 'float64', cell: 'identity', name: `bias ${b}` })) as {
    weights: Record<string, unknown>;
  };
  return JSON.stringify({ ...ring, weights: { ...ring.weights, b: [new Array(H).fill(b)] } });
};
const state = (b: number, t: number): number => (b * (1 - 0.5 ** (t + 1))) / 0.5;

async function show(b: number): Promise<void> {
  await open.host.run(config(b));
  await open.page.locator('.run-name', { hasText: `bias ${b}` }).waitFor();
  await painted(open);
}
const note = () => open.page.locator('[data-track=hiddenMap] .gathering');

/** Another run comes in before the second block of `slice` is answered. */
function replaceAtSecond(slice: string, b: number): void {
  let blocks = 0;
  open.host.meanwhile = async (name) => {
    if (name === slice && ++blocks === 2) await open.host.run(config(b));
  };
}

describe('a run that is replaced while its numbers are gathered', () => {
  it('is not saved, and the page says so; saved again it is the newer run throughout', async () => {
    await show(1);
    replaceAtSecond('steps', 2);
    const before = open.host.sent.saveFile.length;
    await choose(open.page, '[data-track=hiddenMap]', 'CSV');
    await note().filter({ hasText: 'a newer run replaced this one' }).waitFor();
    await open.page.locator('.run-name', { hasText: 'bias 2' }).waitFor();
    await nextFrames(open.page);
    assert.equal(open.host.sent.saveFile.length, before);
    const { rows } = await csvRows(open, 'hiddenMap');
    assert.equal(rows.length, T);
    for (const [t, ...values] of rows)
      for (const value of values)
        assert.ok(relativeError(Number(value), state(2, Number(t))) < 1e-12, `t = ${t}: ${value}`);
    assert.equal(await note().isVisible(), false);
  });

  it('leaves the clipboard as it was', async () => {
    await show(1);
    await open.page.evaluate(() => navigator.clipboard.writeText('before'));
    replaceAtSecond('steps', 3);
    await choose(open.page, '[data-track=hiddenMap]', 'Copy');
    await note().filter({ hasText: 'a newer run replaced this one' }).waitFor();
    assert.equal(await open.page.evaluate(() => navigator.clipboard.readText()), 'before');
  });

  it('is told when the numbers cannot be read at all', async () => {
    await show(1);
    open.host.lost.add('steps');
    await choose(open.page, '[data-track=hiddenMap]', 'CSV');
    await note().filter({ hasText: 'could not be read' }).waitFor();
    open.host.lost.clear();
    while (open.host.sent.failed.length === 0) await nextFrames(open.page);
    assert.ok(open.host.sent.failed.splice(0).every(({ message }) => message.includes('The engine stopped.')));
  });
});

describe(`a CSV of ${T} steps`, () => {
  for (const [track, column] of [
    ['hiddenMap', 'h_unit0'],
    ['gradientMap', 'g_unit0'],
    ['preActivation', 'z_unit0'],
    ['units', 'h_unit0'],
    ['network', 'h_unit0'],
  ] as const) {
    it(`takes few questions: ${track}`, async () => {
      if (open.host.summary?.name !== 'bias 4') await show(4);
      if (track === 'preActivation') await open.page.locator('[data-track=preActivation] .fold').click();
      await nextFrames(open.page);
      open.host.asked.length = 0;
      const { head, rows } = await csvRows(open, track);
      assert.equal(rows.length, T);
      assert.ok(open.host.asked.filter((name) => name === 'steps').length <= 4, open.host.asked.join());
      const at = head.indexOf(column);
      rows.forEach((row) => {
        const t = Number(row[0]);
        // What reaches t from the last step: ρ^(T−1−t), below what a double holds far back.
        if (column.startsWith('g'))
          assert.ok(Math.abs(log10Of(row[at] ?? '') - (T - 1 - t) * Math.log10(0.5)) < 1e-9, `t = ${t}: ${row[at]}`);
        else assert.ok(relativeError(Number(row[at]), state(4, t)) < 1e-12, `t = ${t}: ${row[at]}`);
      });
    });
  }
});
