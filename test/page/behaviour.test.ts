// What users do with the page: cursor, zoom, fold, reload; and what the host may tell it at any time.
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { GroupId } from '../../webview/page/groups.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { ringConfig, weatherConfig } from '../support/experiments.js';
import { csvRows, cursorTo, nextFrames, openTable, painted, rowValues, side } from './support.js';
import { choose } from '../support/menus.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());
afterEach(() => open.close());

/** `group`: where the views stand that a test is about. */
const openPage = async (group: GroupId = 'overview'): Promise<void> => {
  open = await pages.open({ group, everything: true });
};
async function showWeather(group?: GroupId): Promise<void> {
  await openPage(group);
  await open.host.run(weatherConfig());
  await painted(open);
}

const window = (): Promise<string[]> => open.page.locator('.ruler-ticks span').allTextContents();
const problem = (index: number, severity: 'error' | 'warning' | 'info') => ({
  index,
  severity,
  place: 'weights.json:3:14',
  text: 'Not a number.',
});

describe('the host', () => {
  it('hears when the picture of a run is on the screen', async () => {
    await openPage();
    const { host, page } = open;
    for (const config of [weatherConfig(), weatherConfig()]) {
      await host.run(config);
      const runId = host.summary?.runId ?? 0;
      while (!host.sent.painted.some((sent) => sent.runId === runId)) await nextFrames(page);
      assert.equal(await page.locator('.run-name').textContent(), host.summary?.name);
    }
  });

  it('may tell a run once more, of which nothing is painted again', async () => {
    await showWeather();
    const { host, page } = open;
    while (host.sent.painted.length === 0) await nextFrames(page);
    host.sendAll();
    host.sendStatus({ stale: 'told behind it' });
    await page.locator('.banner', { hasText: 'told behind it' }).waitFor();
    for (let i = 0; i < 5; i++) await nextFrames(page);
    assert.deepEqual(
      host.sent.painted.map(({ runId }) => runId),
      [host.summary?.runId],
    );
  });
});

describe('a page that comes up', () => {
  it('asks for each picture once, and draws once what waits for no answer', async () => {
    await openPage('all');
    const { page, host } = open;
    await page.evaluate(() => {
      const drawn: Record<string, number> = {};
      Object.assign(globalThis, { drawn });
      const { prototype } = CanvasRenderingContext2D;
      // eslint-disable-next-line @typescript-eslint/unbound-method -- called below on the context that it is asked for
      const { clearRect } = prototype;
      prototype.clearRect = function (...args) {
        drawn[this.canvas.id] = (drawn[this.canvas.id] ?? 0) + 1;
        clearRect.apply(this, args);
      };
    });
    await host.run(weatherConfig());
    await painted(open);
    // The last one to be painted, and what is asked for behind it.
    await page.locator('#track-network-plot[data-plot]').waitFor();
    await page.waitForTimeout(300);
    const asked = (name: string): number => host.asked.filter((one) => one === name).length;
    assert.deepEqual([asked('heatmap'), asked('unitLines'), asked('activations')], [2, 1, 1]);
    const drawn = await page.evaluate(() => (globalThis as unknown as { drawn: Record<string, number> }).drawn);
    assert.deepEqual([drawn['track-contributions-plot'], drawn['track-saturation-plot']], [1, 1]);
  });
});

describe('the names of steps', () => {
  it('stand at the cursor and below the axis, those of the sequence that is shown', async () => {
    await openPage();
    const { page, host } = open;
    const days = Array.from({ length: 60 }, (_, i) => `${i + 1}.2.`);
    host.files['days.csv'] = `day,x\n${days.map((day, i) => `${day},${Math.sin(i)}`).join('\n')}\n`;
    const weights = { Wx: [[1]], Wh: [[0.5]], b: [0] };
    await host.run(JSON.stringify({ weights, sequences: { file: 'days.csv', window: 30 } }));
    await painted(open);
    await cursorTo(page, 7);
    await page.locator('.flag', { hasText: /^t = 7 · 8\.2\.$/ }).waitFor();
    assert.equal(await page.locator('.card h2').first().textContent(), 'At t = 7 · 8.2. · pinned');
    assert.match((await page.locator('#track-flow-plot').getAttribute('aria-valuetext')) ?? '', /^t = 7 · 8\.2\., /);
    const below = (): Promise<string[]> => page.locator('.ruler-labels span').allTextContents();
    assert.deepEqual((await below()).slice(0, 2), ['1.2.', (await window())[1] === '1' ? '2.2.' : '6.2.']);
    // None lies on another one.
    const boxes = await page
      .locator('.ruler-labels span')
      .evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).map(({ left, right }) => [left, right]));
    boxes.slice(1).forEach(([left = 0], i) => assert.ok(left > (boxes[i]?.[1] ?? 0), `label ${i}`));
    await page.locator('vscode-dropdown.sequence').evaluate((field: HTMLSelectElement) => {
      field.value = '1';
      field.dispatchEvent(new Event('change'));
    });
    await page.locator('.flag', { hasText: /^t = 7 · 38\.2\.$/ }).waitFor();
    host.files['text.txt'] = 'a b';
    const letters = {
      weights: { ...weights, Wx: [[1], [1], [1]] },
      sequences: { file: 'text.txt', tokens: 'characters' },
    };
    await host.run(JSON.stringify(letters));
    await page.waitForFunction(
      () => [...document.querySelectorAll('.ruler-labels span')].map((one) => one.textContent).join('') === 'a␣b',
    );
  });
});

describe('a screen reader', () => {
  /** Keeps every text that the page writes for it. */
  const listen = (): Promise<void> =>
    open.page.evaluate(() => {
      const heard: string[] = [];
      Object.assign(globalThis, { heard });
      for (const region of document.querySelectorAll('p.unseen[aria-live]'))
        new MutationObserver(() => {
          if (region.textContent !== '') heard.push(region.textContent);
        }).observe(region, { childList: true });
    });
  /** After the page has had the time to say something. */
  const heard = async (): Promise<string[]> => {
    await open.page.waitForTimeout(1_500);
    return open.page.evaluate(() => (globalThis as unknown as { heard: string[] }).heard.splice(0));
  };

  it('hears the verdict when it is another one, and when a picture is up to date again', async () => {
    await openPage();
    const { host } = open;
    await listen();
    await host.run(weatherConfig());
    await painted(open);
    assert.deepEqual(await heard(), ['VANISHING ×0.879 per step back']);
    await host.run(weatherConfig({ name: 'another name' }));
    assert.deepEqual(await heard(), []);
    await host.run(ringConfig(1, 4, 20));
    const [told, ...rest] = await heard();
    assert.match(told ?? '', /^HEALTHY /);
    assert.deepEqual(rest, []);
    host.sendStatus({ stale: 'The config has problems.', problems: [problem(0, 'error')] });
    assert.deepEqual(await heard(), []);
    host.sendStatus({ stale: null, problems: [] });
    assert.deepEqual(await heard(), [told]);
  });

  it('hears once why a first run has no verdict', async () => {
    await openPage();
    const { host } = open;
    host.sendStatus({});
    await listen();
    host.sendStatus({ problems: [problem(0, 'error')] });
    assert.deepEqual(await heard(), ['weights.json:3:14: Not a number.']);
    host.sendStatus({ problems: [problem(0, 'error'), problem(1, 'error')] });
    assert.deepEqual(await heard(), []);
  });

  it('hears which views a digit has brought, which takes no focus', async () => {
    await showWeather();
    const said = open.page.locator('p.unseen[aria-live]', { hasText: 'VANISHING ×0.879 per step back' });
    await said.waitFor({ state: 'attached' }); // a moment behind the picture
    await listen();
    await open.page.keyboard.press('3');
    assert.deepEqual(await heard(), ['States']);
  });

  it('hears each view by its name alone, and which units a table tells of', async () => {
    await showWeather();
    const { page } = open;
    await page.getByRole('region', { name: 'Gradient flow', exact: true }).waitFor();
    await page.getByRole('heading', { name: 'Gradient flow', exact: true }).waitFor();
    await page.locator('[data-track=hiddenMap] canvas[data-plot]').click({ position: { x: 200, y: 40 } });
    await page.getByRole('table', { name: 'Chosen units, sequence 1', exact: true }).waitFor();
  });
});

describe('the time cursor', () => {
  it('moves by keyboard in every track, in tables and beside them, and is told aloud', async () => {
    await showWeather('all');
    const { page } = open;
    await cursorTo(page, 72);
    assert.equal(await page.locator('.card h2').first().textContent(), 'At t = 72 · pinned');
    assert.equal(await page.locator('.flag').textContent(), 't = 72');
    await openTable(page, 'contributions');
    assert.equal(await side(page, 'dWh'), (await rowValues(page, 'contributions', 72))[0]);
    const before = await page.locator('.chip b').allTextContents();
    await page.locator('#track-hiddenMap-plot').focus();
    await page.keyboard.press('ArrowRight');
    await nextFrames(page);
    assert.equal(await page.locator('.flag').textContent(), 't = 73');
    const told = await page.locator('#track-flow-plot').getAttribute('aria-valuetext');
    assert.equal(told?.split(', ')[0], 't = 73');
    assert.ok(
      told.includes(`‖g_t‖ total ${await page.locator('[data-track=flow] .chip b').first().textContent()}`),
      told,
    );
    assert.deepEqual(
      await page
        .locator('#track-hiddenMap-plot')
        .evaluate((plot) => [plot.role, plot.ariaValueMin, plot.ariaValueNow, plot.ariaValueMax]),
      ['slider', '0', '73', '99'],
    );
    // Elsewhere nobody else would say it.
    await page.locator('[data-track=flow] .fold').focus();
    await page.keyboard.press('ArrowRight');
    await nextFrames(page);
    assert.equal(await page.locator('[role=status].unseen').textContent(), 't = 74');
    await page.keyboard.press('ArrowLeft');
    const after = await page.locator('.chip b').allTextContents();
    const moving = after.flatMap((reading, i) => (reading === '' || reading === '0 %' ? [] : [[reading, before[i]]]));
    assert.ok(moving.length > 3, after.join());
    for (const [reading, earlier] of moving) assert.notEqual(reading, earlier);
    await page.keyboard.press('End');
    await nextFrames(page);
    assert.equal(await page.locator('.flag').textContent(), 't = 99');
  });

  it('follows the mouse until a click pins it, and again after Escape', async () => {
    await showWeather('gradient');
    const { page } = open;
    const box = await page.locator('#track-contributions-plot').boundingBox();
    assert.ok(box !== null);
    const at = async (share: number): Promise<string | null> => {
      await page.mouse.move(box.x + 64 + (box.width - 80) * share, box.y + box.height / 2);
      await nextFrames(page);
      return page.locator('.flag').textContent();
    };
    assert.equal(await at(0.305), 't = 30');
    await page.mouse.down();
    await page.mouse.up();
    assert.equal(await at(0.605), 't = 30');
    await page.locator('#track-flow-plot').focus();
    await page.keyboard.press('Escape');
    assert.equal(await at(0.705), 't = 70');
  });

  it('stands at the same pixel in all tracks', async () => {
    await showWeather('all');
    // What is out of sight is painted when the page has nothing else to do.
    await open.page.locator('.track:not(.told) canvas[data-plot]').nth(9).waitFor({ state: 'attached' });
    const edges = await open.page
      .locator('.track:not(.told) canvas[data-plot]')
      .evaluateAll((all) => all.map((canvas) => (canvas as HTMLElement).dataset['plot']));
    assert.equal(edges.length, 10);
    assert.equal(new Set(edges).size, 1);
  });
});

describe('the window of time', () => {
  it('zooms by keys, pans, and survives a new summary', async () => {
    await showWeather();
    const { page } = open;
    await cursorTo(page, 50);
    for (let i = 0; i < 4; i++) await page.keyboard.press('+');
    await nextFrames(page);
    const zoomed = await window();
    assert.ok(!zoomed.includes('0') && !zoomed.includes('90'), zoomed.join());
    await open.host.run(weatherConfig({ name: 'second run', truncate: 30 }));
    await page.locator('.run-name', { hasText: 'second run' }).waitFor();
    await nextFrames(page);
    assert.deepEqual(await window(), zoomed);
    assert.equal(await page.locator('.flag').textContent(), 't = 50');
    await page.keyboard.press('Shift+ArrowRight');
    await nextFrames(page);
    assert.notDeepEqual(await window(), zoomed);
    await page.keyboard.press('0');
    await nextFrames(page);
    assert.ok((await window()).includes('0') && (await window()).includes('90'));
  });

  it('zooms into a dragged range and with the wheel on the ruler', async () => {
    await showWeather();
    const { page } = open;
    const box = await page.locator('#track-flow-plot').boundingBox();
    assert.ok(box !== null);
    const x = (t: number): number => box.x + 64 + ((box.width - 80) * (t + 0.5)) / 100;
    await page.mouse.move(x(20), box.y + 80);
    await page.mouse.down();
    await page.mouse.move(x(39), box.y + 90, { steps: 4 });
    await page.mouse.up();
    await nextFrames(page);
    const ticks = (await window()).map(Number);
    assert.ok(Math.min(...ticks) >= 20 && Math.max(...ticks) <= 39, ticks.join());
    await page.locator('.ruler').hover();
    await page.mouse.wheel(0, 2000);
    await page.mouse.wheel(0, 2000);
    await nextFrames(page);
    assert.ok((await window()).map(Number).some((t) => t < 20 || t > 39));
  });

  it('shrinks with a shorter run', async () => {
    await openPage();
    await open.host.run(ringConfig(0.9, 4, 400));
    await painted(open);
    await cursorTo(open.page, 390);
    for (let i = 0; i < 6; i++) await open.page.keyboard.press('+');
    await open.host.run(ringConfig(0.8, 4, 50));
    await open.page.locator('.run-name', { hasText: 'ring 0.8' }).waitFor();
    await nextFrames(open.page);
    assert.equal(await open.page.locator('.flag').textContent(), 't = 49');
    const ticks = await window();
    assert.ok(ticks.length > 1 && ticks.every((t) => Number(t) < 50), ticks.join());
  });
});

describe('what the page remembers', () => {
  it('is there again after a reload', async () => {
    await showWeather('gradient');
    const { page } = open;
    await cursorTo(page, 33);
    for (let i = 0; i < 3; i++) await page.keyboard.press('+');
    await page.locator('[data-track=contributions] .fold').click();
    await choose(page, '[data-track=flow]', 'Move down');
    await page.locator('[data-track=flow] .grip').focus();
    await page.keyboard.press('ArrowDown');
    await nextFrames(page);
    const order = (): Promise<(string | null)[]> =>
      page
        .locator('[data-track]:not([hidden])')
        .evaluateAll((all) => all.map((track) => track.getAttribute('data-track')));
    const before = {
      window: await window(),
      order: await order(),
      height: await page.locator('#track-flow-plot').evaluate((canvas) => canvas.clientHeight),
    };
    assert.deepEqual(before.order.slice(0, 2), ['contributions', 'flow']);
    await page.reload();
    await painted(open);
    await nextFrames(page);
    assert.deepEqual(
      {
        window: await window(),
        order: await order(),
        height: await page.locator('#track-flow-plot').evaluate((canvas) => canvas.clientHeight),
      },
      before,
    );
    assert.equal(await page.locator('.flag').textContent(), 't = 33');
    assert.equal(await page.locator('[data-track=contributions] .plot').isVisible(), false);
    await page.locator('[data-track=contributions] .fold').click();
    await page.locator('[data-track=contributions] canvas').waitFor();
    await nextFrames(page);
    assert.equal(
      await page.locator('[data-track=contributions] .chip b').first().textContent(),
      await page.locator('.side [data-name=dWh]').textContent(),
    );
    const state = await page.evaluate(
      () => JSON.parse(sessionStorage.getItem('state of the webview') ?? 'null') as { entry: unknown },
    );
    assert.deepEqual(state.entry, open.host.status.entry);
  });
});

describe('what the host tells', () => {
  it('is an empty page before the first result, then problems that lead to their place', async () => {
    await openPage();
    const { page, host } = open;
    await page.locator('.blank h2', { hasText: 'No run yet' }).waitFor();
    assert.equal(await page.locator('.main').isVisible(), false);
    host.sendStatus({ problems: [problem(0, 'error'), problem(1, 'warning')] });
    await page.locator('.blank h2', { hasText: 'cannot run yet' }).waitFor();
    await page.locator('.problem').nth(1).click();
    assert.deepEqual(host.sent.revealProblem, [{ index: 1 }]);
    await page.locator('.blank vscode-button', { hasText: 'Open config' }).click();
    assert.equal(host.sent.revealConfig.length, 1);
  });

  it('is why a first run has ended without a picture, also where the config has warnings', async () => {
    await openPage();
    const { page, host } = open;
    const banner = page.locator('.banner', { hasText: 'The thread has run out of memory.' });
    host.sendStatus({ stale: 'The thread has run out of memory.', problems: [problem(0, 'warning')] });
    await banner.waitFor();
    await page.locator('.blank h2', { hasText: 'No run yet' }).waitFor();
    host.sendStatus({ running: { runId: 2, phase: 'run', fraction: 0.4 } });
    await banner.waitFor({ state: 'hidden' });
    host.sendStatus({ running: null, problems: [problem(0, 'error'), problem(1, 'warning')] });
    await page.locator('.blank h2', { hasText: 'cannot run yet' }).waitFor();
    assert.equal(await banner.isVisible(), false);
  });

  it('asks in which order the sequences stand, and one click answers', async () => {
    await showWeather();
    const { page, host } = open;
    host.sendStatus({ problems: [problem(0, 'error'), { ...problem(1, 'warning'), asksForOrder: true }] });
    await page.getByRole('button', { name: 'The steps come first' }).click();
    await page.getByRole('button', { name: 'The sequences come first' }).press('Enter');
    assert.deepEqual(host.sent.answerOrder, [
      { index: 1, order: 'TBI' },
      { index: 1, order: 'BTI' },
    ]);
    host.sendStatus({ problems: [] });
    await page.locator('.problems').waitFor({ state: 'hidden' });
  });

  it('folds notes into one line, which a key opens and the page remembers', async () => {
    await showWeather();
    const { page, host } = open;
    const fold = page.locator('.fold-notes');
    host.sendStatus({ problems: [problem(0, 'warning'), problem(1, 'info'), problem(2, 'info')] });
    await page.getByRole('button', { name: '2 notes', expanded: false }).waitFor();
    assert.equal(await page.locator('.problem:visible').count(), 1);
    assert.ok(((await fold.boundingBox())?.height ?? Infinity) < 40);
    await fold.press('Enter');
    await page.locator('#notes .problem').nth(1).click();
    assert.deepEqual(host.sent.revealProblem.at(-1), { index: 2 });
    host.sendStatus({ problems: [] });
    await fold.waitFor({ state: 'hidden' });
    assert.equal(await page.locator('#notes').isVisible(), false);
    // Those of the next run are open as these were.
    host.sendStatus({ problems: [problem(0, 'info')] });
    await page.getByRole('button', { name: '1 note', expanded: true }).click();
    await page.locator('#notes').waitFor({ state: 'hidden' });
    host.sendStatus({ problems: [] });
  });

  it('marks the picture stale and keeps it', async () => {
    await showWeather();
    const { page, host } = open;
    const table = await csvRows(open, 'flow');
    host.sendStatus({ stale: 'weights.json cannot be read.', problems: [problem(0, 'error')] });
    await page
      .locator('.banner', { hasText: 'The picture shows the last good run: weights.json cannot be read.' })
      .waitFor();
    assert.equal(await page.locator('.main.stale').count(), 1);
    assert.deepEqual(await csvRows(open, 'flow'), table);
    host.sendStatus({ stale: null, problems: [] });
    await page.locator('.banner').waitFor({ state: 'hidden' });
    assert.equal(await page.locator('.main.stale').count(), 0);
  });

  it('shows a long run with its progress and lets it be cancelled', async () => {
    await openPage();
    const { page, host } = open;
    host.sendStatus({ running: { runId: 1, phase: 'run', fraction: 0.25 } });
    await page.locator('.running vscode-button').waitFor();
    assert.equal(await page.locator('.running progress').evaluate((bar) => (bar as HTMLProgressElement).value), 0.25);
    await page.locator('.running vscode-button').click();
    assert.equal(host.sent.cancel.length, 1);
    host.sendStatus({ running: null });
    await page.locator('.running').waitFor({ state: 'hidden' });
  });

  it('is shown as text, whatever it contains', async () => {
    await openPage();
    const name = '<img src=x onerror="document.title=1">';
    await open.host.run(weatherConfig({ name }));
    await painted(open);
    assert.equal(await open.page.locator('.run-name').textContent(), name);
    assert.equal(await open.page.locator('img').count(), 0);
    const { summary } = open.host;
    assert.ok(summary !== null);
    open.host.summary = {
      ...summary,
      // A run that is told once more is not shown once more.
      runId: summary.runId + 1,
      verdict: { ...summary.verdict, kind: 'nonfinite', reason: name },
    };
    open.host.sendStatus({
      title: name,
      stale: name,
      problems: [{ index: 0, severity: 'error', place: name, text: name }],
    });
    open.host.sendAll();
    await open.page.locator('.badge', { hasText: 'NOT FINITE' }).waitFor();
    assert.equal(await open.page.locator('.reason').textContent(), name);
    assert.equal(await open.page.locator('.problem .text').textContent(), name);
    assert.equal(await open.page.title(), name);
    assert.equal(await open.page.locator('img').count(), 0);
  });
});

describe('the choices', () => {
  it('of a sequence and of units lead to its numbers', async () => {
    await showWeather('all');
    const { page } = open;
    await openTable(page, 'hiddenMap');
    const body = page.locator('[data-track=hiddenMap] tbody');
    const first = await body.textContent();
    await page.locator('vscode-dropdown[aria-label=Sequence]').click();
    await page.locator('.toolbar vscode-option[value="2"]').click();
    await page.locator('[data-track=hiddenMap] .formula', { hasText: 'sequence 3' }).waitFor();
    await page.locator('.toolbar vscode-text-field input').fill('5,7-9');
    await page.keyboard.press('Enter');
    await page.locator('[data-track=units] .chip', { hasText: 'unit 9' }).waitFor();
    await nextFrames(page);
    const head = await page.locator('[data-track=hiddenMap] thead th').allTextContents();
    assert.deepEqual(head.slice(0, 5), ['t', 'h unit 5', 'h unit 7', 'h unit 8', 'h unit 9']);
    const cursor = Number(((await page.locator('.flag').textContent()) ?? '').replace('t = ', ''));
    const { hs } = JSON.parse(new TextDecoder().decode(await open.host.resultJson())) as { hs: number[][][] };
    assert.equal((await rowValues(page, 'hiddenMap', cursor))[0], String(hs[2]?.[cursor]?.[5]));
    assert.notEqual(await body.textContent(), first);
    await page.locator('.toolbar vscode-text-field input').fill('5,99');
    await page.keyboard.press('Enter');
    await page.locator('.toolbar vscode-text-field.invalid').waitFor();
  });

  it('of a unit by its row in a heatmap', async () => {
    await showWeather('all');
    const { page } = open;
    const box = await page.locator('#track-hiddenMap-plot').boundingBox();
    assert.ok(box !== null);
    const plot = { top: box.y + 7, height: box.height - 14 };
    await page.mouse.click(box.x + 300, plot.top + (plot.height * 20.5) / 32);
    await page.locator('[data-track=units] .chip', { hasText: 'unit 20' }).waitFor();
  });

  it('of saving: pictures, tables, the whole run', async () => {
    await showWeather('all');
    const { page, host } = open;
    await choose(page, '[data-track=flow]', 'PNG');
    await page.waitForTimeout(0);
    while (host.sent.saveFile.length === 0) await nextFrames(page);
    const [picture] = host.sent.saveFile;
    assert.equal(picture?.suggestedName, 'tanh-RNN-on-daily-weather-flow.png');
    assert.ok(picture.content instanceof Uint8Array);
    const bytes = Buffer.from(picture.content);
    assert.equal(bytes.subarray(1, 4).toString('latin1'), 'PNG');
    assert.equal(bytes.readUInt32BE(16), 1800);
    await choose(page, '.bar', 'JSON');
    assert.equal(host.sent.exportJson.length, 1);
    await page.locator('.menu').waitFor({ state: 'detached' });
    await choose(page, '.bar', 'PNG');
    while (host.sent.saveFile.length < 2) await nextFrames(page);
    assert.ok((host.sent.saveFile[1]?.content.length ?? 0) > bytes.length);
    await choose(page, '.bar', 'Run again');
    assert.equal(host.sent.rerun.length, 1);
  });
});
