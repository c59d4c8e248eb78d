// Other configs over the run on screen, as the host tells of them: curves, verdicts, words and what can be done.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { comparedRun } from '../../src/panel/comparedRun.js';
import type { ComparedRun } from '../../src/protocol/index.js';
import { ringConfig } from '../support/experiments.js';
import { choose } from '../support/menus.js';
import { TestHost, startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { violationsOf } from './axe.js';
import { csvRows, nextFrames, painted, relativeError } from './support.js';

let pages: PageServer;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());

const T = 40;
/** In closed form, a ring without input: ‖g_t‖ = √8·ρ^(T−1−t). */
const ring = (rho: number, t: number, steps = T): number => Math.sqrt(8) * rho ** (steps - 1 - t);

/** What the panel sends of a config that runs beside it: the same worker logic, told by the panel's own words. */
async function beside(name: string, config: string): Promise<ComparedRun> {
  const host = new TestHost(true);
  await host.run(config);
  return comparedRun({
    key: `file:///w/${name}.rnn.json`,
    title: name,
    running: null,
    summary: host.summary,
    problems: [],
    stale: null,
  });
}
async function start(rho: number, everything = true): Promise<OpenPage> {
  const open = await pages.open({ group: 'overview', everything });
  await open.host.run(ringConfig(rho, 8, T));
  await painted(open);
  return open;
}
const rows = ({ page }: OpenPage): Promise<string[]> => page.locator('.pins li').allInnerTexts();
const columnOf = async (open: OpenPage, name: string): Promise<string[]> => {
  const { head, rows: lines } = await csvRows(open, 'flow');
  const at = head.indexOf(name);
  assert.ok(at > 0, `${name} is not among ${head.join(', ')}`);
  return lines.map((line) => line[at] ?? '');
};

describe('compared configs', () => {
  it('lie over the run with one legend, and each has its verdict', async () => {
    const open = await start(0.5, false);
    const others = [await beside('steady', ringConfig(1, 8, T)), await beside('growing', ringConfig(1.5, 8, T))];
    open.host.sendCompared(others);
    await open.page.locator('[data-track=flow] .chip', { hasText: 'growing' }).waitFor();
    assert.deepEqual(
      (await rows(open)).map((text) => /VANISHING|FADING|HEALTHY|EXPLODING/.exec(text)?.[0]),
      ['VANISHING', 'HEALTHY', 'EXPLODING'],
    );
    assert.match((await rows(open))[0] ?? '', /this run/);
    // There is room for both: the name is not cut, and what stands beside it stays in its row.
    const cut = await open.page.locator('[data-compared=own] .pin-head').evaluate((head) => {
      const label = head.querySelector('.pin-label');
      return [head.scrollWidth - head.clientWidth, (label?.scrollWidth ?? 0) - (label?.clientWidth ?? 0)];
    });
    assert.deepEqual(cut, [0, 0]);
    const [steady, growing] = [await columnOf(open, 'g_norm_config1'), await columnOf(open, 'g_norm_config2')];
    for (let t = 0; t < T; t++) {
      assert.ok(relativeError(Number(steady[t]), ring(1, t)) < 1e-6, `t = ${t}`);
      assert.ok(relativeError(Number(growing[t]), ring(1.5, t)) < 1e-6, `t = ${t}`);
    }
    // Both lines are told apart from the run's own and from each other.
    const colours = await open.page
      .locator('.pins .swatch')
      .evaluateAll((all) => all.map((swatch) => getComputedStyle(swatch).backgroundImage));
    assert.equal(new Set(colours).size, 3);
    assert.deepEqual(await violationsOf(open.page), []);
    await open.close();
  });

  it('stand beside a layer of a network that is called by its name', async () => {
    const open = await pages.open({ group: 'overview', everything: true });
    await open.host.run(readFileSync('examples/stack/stack.rnn.json', 'utf8'), 1);
    await painted(open);
    open.host.sendCompared([await beside('steady', ringConfig(1, 8, T))]);
    await open.page.locator('[data-track=flow] .chip', { hasText: 'steady' }).waitFor();
    assert.match((await rows(open))[0] ?? '', /this run · layer 1/);
    await open.close();
  });

  it('of other lengths meet at the last steps, and it is said', async () => {
    const open = await start(0.9);
    open.host.sendCompared([
      await beside('short', ringConfig(0.5, 8, 10)),
      await beside('long', ringConfig(0.8, 8, 100)),
    ]);
    await open.page.locator('[data-compared$="long.rnn.json"]').waitFor();
    assert.match((await rows(open))[1] ?? '', /this one begins at t = 30\./);
    assert.match((await rows(open))[2] ?? '', /the first 60 of this one lie outside of the axis/);
    const [short, long] = [await columnOf(open, 'g_norm_config1'), await columnOf(open, 'g_norm_config2')];
    assert.deepEqual(short.slice(0, 30), new Array(30).fill(''));
    for (let t = 30; t < T; t++) assert.ok(relativeError(Number(short[t]), ring(0.5, t)) < 1e-6, `t = ${t}`);
    for (let t = 0; t < T; t++) assert.ok(relativeError(Number(long[t]), ring(0.8, t)) < 1e-6, `t = ${t}`);
    await open.close();
  });

  it('of another cell begin where the run does, and it is said', async () => {
    const open = await start(0.5);
    // Twice as many units: √2 times the norm at the source.
    open.host.sendCompared([await beside('linear', ringConfig(0.9, 16, T, { cell: 'identity' }))]);
    await open.page.locator('[data-track=flow] .chip', { hasText: 'linear from the same source' }).waitFor();
    assert.match((await rows(open))[1] ?? '', /Another cell \(identity\): its curve is moved to begin where/);
    const moved = await columnOf(open, 'g_norm_config1_same_source');
    for (let t = 0; t < T; t++) assert.ok(relativeError(Number(moved[t]), ring(0.9, t)) < 1e-6, `t = ${t}`);
    await open.close();
  });

  it('follow what the host tells: edits, problems, and nothing else is lost', async () => {
    const open = await start(0.5);
    const good = await beside('a', ringConfig(1, 8, T));
    const broken: ComparedRun = {
      ...good,
      config: 'file:///w/b.rnn.json',
      name: 'b',
      run: null,
      problem: 'b.rnn.json:3:1: no Wh',
    };
    open.host.sendCompared([good, broken]);
    await open.page.locator('.note', { hasText: 'b.rnn.json:3:1: no Wh' }).waitFor();
    assert.ok((await columnOf(open, 'g_norm_config1')).every((value) => Number(value) > 0));
    // The one becomes another run, the other one is well now.
    open.host.sendCompared([
      { ...(await beside('a', ringConfig(1.5, 8, T))), problem: 'a.rnn.json:1:1: half written' },
      await beside('b', ringConfig(0.25, 8, T)),
    ]);
    await open.page.locator('.note', { hasText: 'As it was before: a.rnn.json:1:1: half written' }).waitFor();
    assert.ok(relativeError(Number((await columnOf(open, 'g_norm_config2'))[0]), ring(0.25, 0)) < 1e-6);
    assert.match((await rows(open))[1] ?? '', /EXPLODING/);
    open.host.sendCompared([]);
    await open.page.locator('[data-card=compare]').waitFor({ state: 'hidden' });
    assert.ok(!(await csvRows(open, 'flow')).head.some((name) => name.includes('config')));
    await open.close();
  });

  it('are asked for, run again, opened and taken away by menus', async () => {
    const open = await start(0.5);
    const { page, host } = open;
    await choose(page, '.bar', 'Compare with…');
    while (host.sent.compareWith.length === 0) await nextFrames(page);
    const one = await beside('one', ringConfig(1, 8, T));
    host.sendCompared([one]);
    const place = `[data-compared="${one.config}"]`;
    await page.locator(place).waitFor();
    for (const line of ['Run again', 'Open config', 'Compare no more']) await choose(page, place, line);
    await page.getByRole('button', { name: 'Open the config of one' }).click();
    while (host.sent.compared.length < 4) await nextFrames(page);
    assert.deepEqual(
      host.sent.compared.map(({ config, act }) => [config, act]),
      ['rerun', 'reveal', 'remove', 'reveal'].map((act) => [one.config, act]),
    );
    // What the host reads after a reload of the window.
    assert.deepEqual(
      await page.evaluate(
        () => (JSON.parse(sessionStorage.getItem('state of the webview') ?? '{}') as { compared?: unknown }).compared,
      ),
      { configs: [one.config] },
    );
    await open.close();
  });
});
