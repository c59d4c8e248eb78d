// The report as its reader meets it: a file on disk, in a browser without a network.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { parseCsv } from '../support/csv.js';
import { configOf, referenceCase, ringConfig, weatherConfig } from '../support/experiments.js';
import { long, onlyLong, some } from '../support/long.js';
import { startPages } from '../support/page.js';
import type { PageServer } from '../support/page.js';
import { violationsOf } from './axe.js';
import { cursorTo, nextFrames, openTable, pixel, relativeError, rowValues, side } from './support.js';
import { choose } from '../support/menus.js';

let pages: PageServer;
let folder = '';
before(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'rnn-gradients-report-'));
  pages = await startPages();
});
after(async () => {
  await pages.close();
  rmSync(folder, { recursive: true });
});

/** What `rnn-gradients run … --html` writes. */
function reportOf(name: string, config: string): string {
  const [source, target] = [path.join(folder, `${name}.rnn.json`), path.join(folder, `${name}.html`)];
  writeFileSync(source, config);
  execFileSync(process.execPath, ['dist/cli.js', 'run', source, '--html', target], { stdio: 'pipe' });
  return target;
}

const painted = async (page: Page): Promise<void> => {
  await page.locator('[data-track=flow] canvas[data-plot]').waitFor();
  await nextFrames(page);
};

const log10 = (values: readonly number[]): number => {
  const largest = Math.max(...values.map(Math.abs));
  return Math.log10(largest) + Math.log10(Math.hypot(...values.map((value) => value / largest)));
};

describe('the report', () => {
  for (const name of some(['typical', 'saturated_exact', 'exploding', 'underflow'], 4, 1)) {
    it(`shows the numbers of the reference case ${name} without a network`, async () => {
      const reference = referenceCase(name);
      const {
        expected: { hs, dhTotal },
        shapes: { B, T, H },
      } = reference;
      const open = await pages.openReport(reportOf(name, configOf(reference)));
      const { page } = open;
      await painted(page);
      await openTable(page, 'flow');
      await openTable(page, 'hiddenMap');
      for (const t of [0, Math.floor(T / 2), T - 1]) {
        await cursorTo(page, t);
        const [g] = await rowValues(page, 'flow', t);
        const expected = log10(Array.from({ length: B }, (_, b) => dhTotal[b]?.[t] ?? []).flat());
        if (expected > -290 && expected < 300)
          assert.ok(relativeError(Number(g), 10 ** expected) < 1e-9, `${name}, t = ${t}: ${String(g)}`);
        const states = await rowValues(page, 'hiddenMap', t);
        states
          .slice(0, Math.min(H, 3))
          .forEach((value, unit) =>
            assert.ok(
              Math.abs(Number(value) - (hs[0]?.[t]?.[unit] ?? NaN)) < 1e-9 * Math.max(1, Math.abs(Number(value))),
              `${name}, h of unit ${unit} at ${t}: ${value}`,
            ),
          );
        assert.ok(relativeError(Number(await side(page, 'g')), Number(g)) < 1e-12);
      }
      await open.close();
    });
  }

  it('does what the panel does: zoom, sequences, opened steps, attribution, weights, downloads', async () => {
    const open = await pages.openReport(reportOf('weather', weatherConfig()));
    const { page } = open;
    await painted(page);
    await page.locator('#track-flow-plot').focus();
    for (let i = 0; i < 6; i++) await page.keyboard.press('+');
    await page.locator('.ruler.zoomed').waitFor();
    await nextFrames(page);
    await page.locator('vscode-dropdown[aria-label=Sequence]').click();
    await page.locator('vscode-dropdown[aria-label=Sequence] vscode-option[value="2"]').click();
    await page.locator('[data-track=hiddenMap] .formula', { hasText: 'sequence 3' }).waitFor();
    await page.waitForFunction(
      () => document.querySelector('.card[data-card=openedStep] .place')?.textContent.includes('sequence 3') === true,
    );
    await page.waitForFunction(() => {
      const text = document.querySelector('[data-track=attribution] .formula')?.textContent ?? '';
      return text !== '' && !text.includes('computing');
    });
    await page.locator('[data-card=reach] [data-name=horizon]').waitFor();
    assert.ok(Number(await page.locator('[data-card=weights] [data-name=ratio-Wh]').getAttribute('data-value')) > 0);
    await page.locator('.bar .more').click();
    await page.locator('.popover .menu').waitFor();
    assert.deepEqual(await page.locator('.popover [role=menuitem] b').allInnerTexts(), ['All tracks as PNG']);
    await page.keyboard.press('Escape');
    const download = page.waitForEvent('download');
    await choose(page, '[data-track=flow]', 'CSV');
    const { head, rows } = parseCsv(readFileSync(await (await download).path(), 'utf8'));
    assert.deepEqual(head.slice(0, 4), ['t', 'g_norm', 'single_source_norm', 'dx_norm']);
    assert.equal(rows.length, 100);
    assert.ok((await page.locator('.about-report').textContent())?.includes('weather.rnn.json'));
    await open.close();
  });

  it('promises nothing that only an editor can do', async () => {
    const config = readFileSync('examples/packed/packed.rnn.json', 'utf8');
    const open = await pages.openReport(reportOf('promises', config));
    const { page } = open;
    await painted(page);
    const told: string[] = [];
    for (const view of ['[data-track=networkMap]', '[data-track=network]', '[data-card=weights]']) {
      await choose(page, view, 'What it shows');
      told.push(await page.locator('.popover .help-formula').locator('..').innerText());
      await page.keyboard.press('Escape');
      told.push((await page.locator(`${view} canvas[aria-label]`).first().getAttribute('aria-label')) ?? '');
    }
    assert.ok(told.every((text) => text.length > 20));
    assert.doesNotMatch(told.join('\n'), /editor|\[ and \]|to look at|Enter/);
    await open.close();
  });

  it('tells the next thing to try with what it does, as the panel does', async () => {
    const open = await pages.openReport(reportOf('next', ringConfig(0.5, 2, 12)));
    const told = open.page.locator('.next.tried');
    await told.waitFor();
    assert.match(
      (await told.innerText()).replaceAll(/\s+/g, ' '),
      /^Try an orthogonal Wh: .*\. With it: HEALTHY ×1\.000 per step back\.$/,
    );
    await open.close();
  });

  it('says what was run, and nothing of it can become markup', async () => {
    const name = '</script><img src=x onerror=alert(1)><!-- &amp;';
    const config = ringConfig(0.5, 2, 12, { name });
    const open = await pages.openReport(reportOf('markup', config));
    const { page } = open;
    await painted(page);
    assert.equal(await page.locator('.run-name').textContent(), name);
    assert.equal(await page.locator('.about-report > pre').textContent(), config);
    assert.equal(await page.locator('img').count(), 0);
    await open.close();
  });

  it('opens the notices of what others wrote of it by keyboard, without a script', async () => {
    const open = await pages.openReport(reportOf('notices', ringConfig(0.5, 2, 12)), { script: false });
    const { page } = open;
    const notices = page.locator('.notices pre');
    assert.equal(await notices.isVisible(), false);
    await page.locator('.notices summary').focus();
    await page.keyboard.press('Enter');
    assert.equal(await notices.isVisible(), true);
    assert.equal(await notices.textContent(), readFileSync('dist/webview/notices.txt', 'utf8'));
    assert.match((await notices.textContent()) ?? '', /^@vscode\/webview-ui-toolkit \d/m);
    await open.close();
  });

  it('follows the reader’s colour scheme and contrast', async () => {
    const file = reportOf('schemes', weatherConfig());
    const backgrounds: string[] = [];
    const corners: string[] = [];
    const all = [
      { colorScheme: 'light', contrast: 'no-preference', found: 'rgb(255, 255, 255) vscode-light' },
      { colorScheme: 'dark', contrast: 'no-preference', found: 'rgb(31, 31, 31) vscode-dark' },
      {
        colorScheme: 'light',
        contrast: 'more',
        found: 'rgb(255, 255, 255) vscode-high-contrast vscode-high-contrast-light',
      },
      { colorScheme: 'dark', contrast: 'more', found: 'rgb(0, 0, 0) vscode-high-contrast' },
    ] as const;
    const tried = some(all, 3);
    for (const { colorScheme, contrast } of tried) {
      const open = await pages.openReport(file, { colorScheme, contrast });
      await painted(open.page);
      backgrounds.push(
        await open.page.evaluate(() => `${getComputedStyle(document.body).backgroundColor} ${document.body.className}`),
      );
      corners.push((await pixel(open.page, 'gradientMap', 70, 60)).join());
      // Turning the system dark while the report is open turns the charts too.
      await open.page.emulateMedia({ colorScheme: colorScheme === 'light' ? 'dark' : 'light' });
      await nextFrames(open.page);
      await nextFrames(open.page);
      assert.notEqual((await pixel(open.page, 'gradientMap', 70, 60)).join(), corners.at(-1));
      await open.close();
    }
    assert.deepEqual(
      backgrounds,
      tried.map(({ found }) => found),
    );
  });

  for (const [colorScheme, width] of some(
    [
      ['light', 1200],
      ['dark', 420],
    ] as const,
    2,
    1,
  )) {
    it(`${colorScheme} at ${width} pixels has no serious fault for those who cannot see or point`, async () => {
      const open = await pages.openReport(reportOf('axe', weatherConfig()), { colorScheme, width });
      const { page } = open;
      await painted(page);
      await openTable(page, 'flow');
      assert.deepEqual(await violationsOf(page), []);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width);
      await open.close();
    });
  }

  it('prints all of it on paper, light', async () => {
    const open = await pages.openReport(reportOf('paper', weatherConfig()), { colorScheme: 'dark' });
    const { page } = open;
    await painted(page);
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await nextFrames(page);
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).backgroundColor), 'rgb(255, 255, 255)');
    await page.emulateMedia({ media: 'print' });
    assert.equal(await page.locator('.toolbar').isVisible(), false);
    const heights = await page.evaluate(() => [
      document.documentElement.scrollHeight,
      document.querySelector('.tracks')?.scrollHeight ?? Infinity,
      document.querySelector('.tracks')?.clientHeight ?? 0,
    ]);
    assert.ok(Math.abs((heights[1] ?? 0) - (heights[2] ?? 0)) <= 1);
    assert.ok((heights[0] ?? 0) > 1500);
    await open.close();
  });

  it('paints its charts for the width and the colour of the paper before anything is printed', async () => {
    const open = await pages.openReport(reportOf('charts', weatherConfig()), { colorScheme: 'dark', width: 1920 });
    const { page } = open;
    await painted(page);
    const charts = (event: string | null) => {
      if (event !== null) dispatchEvent(new Event(event));
      const plots = [...document.querySelectorAll('canvas')].filter((canvas) => canvas.checkVisibility());
      return plots.map((plot) => ({ id: plot.id, painted: plot.width, shown: plot.clientWidth }));
    };
    const wide = await page.evaluate(charts, null);
    // A browser that prints lays out, and paints no frame, once the page has heard of it: all within one call.
    const onPaper = await page.evaluate(charts, 'beforeprint');
    // Hardly any gradient arrives at the first step: the middle of the colours, which is that of the page.
    await page.evaluate(charts, 'afterprint');
    await nextFrames(page);
    const shade = await page.evaluate(() => {
      dispatchEvent(new Event('beforeprint'));
      const plot = document.querySelector<HTMLCanvasElement>('#track-gradientMap-plot');
      return [...(plot?.getContext('2d')?.getImageData(68, 40, 1, 1).data ?? [])];
    });
    assert.ok(onPaper.length > 10 && onPaper.length === wide.length, `${onPaper.length} charts`);
    for (const { id, painted: width, shown } of onPaper) {
      assert.ok(Math.abs(width - shown) <= 1, `${id}: painted ${width} pixels wide, shown ${shown}`);
      assert.ok(shown <= 717, `${id}: ${shown} pixels`);
    }
    assert.ok(Math.min(...shade) > 180, shade.join());
    // Between the frames of print media the layout is the same one.
    await page.emulateMedia({ media: 'print' });
    assert.deepEqual(
      (await page.evaluate(charts, null)).map(({ shown }) => shown),
      onPaper.map(({ shown }) => shown),
    );
    await page.emulateMedia({ media: 'screen' });
    await page.evaluate(charts, 'afterprint');
    await nextFrames(page);
    await nextFrames(page);
    assert.deepEqual(await page.evaluate(charts, null), wide);
    await open.close();
  });

  it('tells of a network the verdict and the sizes of the whole, where scripts do not run too', async () => {
    const config = readFileSync('examples/stack/stack.rnn.json', 'utf8');
    const file = reportOf('stack', config);
    const plain = await pages.openReport(file, { script: false });
    assert.match(await plain.page.locator('noscript').innerText(), /^fading Through the whole network: /);
    // Layer 1, which the charts show, takes the four units of the one below.
    assert.match(await plain.page.locator('.about-report dl').innerText(), /inputs I = 2, units H = 4/);
    await plain.close();
  });

  it('tells the verdict where scripts do not run', async () => {
    const open = await pages.openReport(reportOf('noscript', ringConfig(0.5, 2, 12)), { script: false });
    assert.match(await open.page.locator('body').innerText(), /vanishing[\s\S]*About this report/);
    await open.close();
  });

  onlyLong(it)('keeps as many sequences as fit of a large batch, and says so', async () => {
    const [B, T, H] = [64, 200, 48];
    const reference = JSON.parse(ringConfig(0.9, H, T)) as { sequences: number[][][]; weights: { Wx: number[][] } };
    reference.weights.Wx = [Array.from({ length: H }, (_, i) => Math.sin(i))];
    reference.sequences = Array.from({ length: B }, (_, b) =>
      Array.from({ length: T }, (__, t) => [Math.sin(b + 0.1 * t)]),
    );
    const file = reportOf('batch', JSON.stringify(reference));
    assert.ok(statSync(file).size < 5e6);
    const open = await pages.openReport(file);
    const { page } = open;
    await painted(page);
    const options = await page.locator('vscode-dropdown[aria-label=Sequence] vscode-option').count();
    assert.ok(options > 10 && options < B + 1, `${options} choices`);
    assert.ok((await page.locator('.about-report').innerText()).includes(`the first ${options - 1}`));
    // Of all sequences together there is a picture of the spread, and its table has the shares of that picture: those
    // of a step are 1 together.
    await openTable(page, 'spread');
    for (const t of [0, 77, T - 1]) {
      await cursorTo(page, t);
      await page.locator(`[data-track=spread] tbody tr.marked[data-row="${t}"]`).waitFor();
      const shares = (await rowValues(page, 'spread', t)).map(Number);
      assert.equal(shares.length, 28);
      assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-5, `t = ${t}: ${shares.join()}`);
    }
    await open.close();
  });

  onlyLong(it)('tells of a zoomed window what is in it, also where there is one picture for all windows', async () => {
    const [T, H] = [9000, 48];
    const config = JSON.parse(ringConfig(1.1, H, T)) as { weights: { Wx: number[][] }; sequences: number[][][] };
    config.weights.Wx = [new Array<number>(H).fill(1)];
    config.sequences = [new Array<number[]>(T).fill([1])];
    const open = await pages.openReport(
      reportOf('overflowing', JSON.stringify({ ...config, cell: 'identity', dtype: 'float64' })),
    );
    const { page } = open;
    await painted(page);
    const odd = (track: string) => page.locator(`[data-track=${track}] .legend`, { hasText: 'not finite' });
    const aloud = (track: string): Promise<string | null> =>
      page.locator(`#track-${track}-plot`).getAttribute('aria-label');
    for (const track of ['hiddenMap', 'spread']) await odd(track).waitFor();
    assert.match((await aloud('hiddenMap')) ?? '', /values in view are not finite/);
    const most = (): Promise<string> => page.locator('[data-track=spread] .colour-bar').first().innerText();
    await page.locator('#track-flow-plot').focus();
    await page.keyboard.press('Home');
    for (let i = 0; i < 6; i++) await page.keyboard.press('+');
    for (const track of ['hiddenMap', 'spread']) await odd(track).waitFor({ state: 'detached' });
    assert.doesNotMatch((await aloud('hiddenMap')) ?? '', /not finite/);
    assert.match(await most(), /100 %/);
    await open.close();
  });

  onlyLong(it)('of a very long run is no larger, says what it holds, and tells no step as another', async () => {
    const [T, H] = [long ? 120_000 : 40_000, 2];
    const config = JSON.parse(ringConfig(0.9999, H, T)) as { sequences: number[][][]; weights: { Wx: number[][] } };
    config.weights.Wx = [[1, 0.5]];
    config.sequences = [Array.from({ length: T }, (_, t) => [Math.sin(0.01 * t)])];
    const file = reportOf('veryLong', JSON.stringify(config));
    const { size } = statSync(file);
    console.log(`report of T = ${T}, H = ${H}: ${(size / 1e6).toFixed(2)} MB (development build)`);
    assert.ok(size < 5e6, `${size} bytes`);
    const json = path.join(folder, 'veryLong.json');
    execFileSync(process.execPath, ['dist/cli.js', 'run', path.join(folder, 'veryLong.rnn.json'), '--json', json], {
      stdio: 'pipe',
    });
    const { verdict } = JSON.parse(readFileSync(json, 'utf8')) as { verdict: { reason: string } };
    const open = await pages.openReport(file);
    const { page } = open;
    await painted(page);
    assert.equal(await page.locator('.reason').innerText(), verdict.reason);
    const kept = Number(/norms stand at (\d+) steps/.exec(await page.locator('.about-report').innerText())?.[1]);
    assert.ok(kept > 1024 && kept < T / 4, String(kept));
    // The table has the rows that the report holds, each of its own step.
    for (const track of ['flow', 'contributions', 'saturation', 'network']) {
      await openTable(page, track);
      assert.match(
        await page.locator(`[data-track=${track}] .table-place`).innerText(),
        new RegExp(` of ${kept}$`),
        track,
      );
      const cells = await page
        .locator(`[data-track=${track}] .twin tbody tr`)
        .evaluateAll((rows) => rows.map((row) => (row.querySelector('td') as HTMLElement).dataset['value'] ?? ''));
      assert.ok(
        cells.length > 0 && cells.every((value) => value !== '' && value !== 'NaN'),
        `${track}: ${cells.join()}`,
      );
    }
    const download = page.waitForEvent('download');
    await choose(page, '[data-track=flow]', 'CSV');
    const steps = parseCsv(readFileSync(await (await download).path(), 'utf8')).rows.map(([t]) => Number(t));
    assert.equal(steps.length, kept);
    // Where the cursor is on another step, the nearest one that is held is told as such.
    const t = steps.findIndex((step, i) => (steps[i + 1] ?? 0) > step + 1);
    await page.locator('#track-flow-plot').focus();
    await page.keyboard.press('Home');
    for (let i = 0; i <= t; i++) await page.keyboard.press('ArrowRight');
    await page.waitForFunction(
      (at) => document.querySelector('.at-step h2')?.textContent.startsWith(`At t = ${at}`) === true,
      t + 1,
    );
    await page.locator('[data-track=flow] .chip', { hasText: /≈ \d/ }).first().waitFor();
    for (const name of ['h', 'g', 'lost', 'jacobian']) {
      assert.match(await page.locator(`.side [data-name=${name}]`).innerText(), /^≈ \d/, name);
      assert.equal(
        await page.locator(`.side [data-name=${name}]`).getAttribute('data-value'),
        '',
        'no number of its own',
      );
    }
    await page.keyboard.press('Home');
    await page.waitForFunction(() =>
      /^[\d.]+/.test(document.querySelector('[data-track=flow] .chip b')?.textContent ?? ''),
    );
    await open.close();
  });

  onlyLong(it)('of 20,000 steps is below 5 MB, with the exact norms of every step', async () => {
    const [T, H] = [20000, 24];
    const config = JSON.parse(ringConfig(0.999, H, T)) as { sequences: number[][][]; weights: { Wx: number[][] } };
    config.weights.Wx = [Array.from({ length: H }, (_, i) => Math.sin(i))];
    config.sequences = [0, 1].map((b) => Array.from({ length: T }, (_, t) => [Math.sin(b + 0.01 * t)]));
    const file = reportOf('long', JSON.stringify(config));
    const { size } = statSync(file);
    console.log(`report of T = 20,000, H = 24, B = 2: ${(size / 1e6).toFixed(2)} MB (development build)`);
    assert.ok(size < 5e6, `${size} bytes`);
    const open = await pages.openReport(file);
    const { page } = open;
    await painted(page);
    await openTable(page, 'flow');
    await page.keyboard.press('Tab');
    await cursorTo(page, 0);
    // What is recorded of the batch's sequences is decimated and stands at no step of its own: it is drawn, and has no
    // columns.
    assert.equal((await rowValues(page, 'flow', 0)).length, 3);
    assert.ok((await page.locator('[data-track=flow] .legend').innerText()).includes('each sequence'));
    // Of the first sequence there are pictures, and the numbers of some steps: the tables have those rows alone.
    for (const track of ['hiddenMap', 'gradientMap']) {
      await openTable(page, track);
      const cells = await page
        .locator(`[data-track=${track}] .twin tbody td`)
        .evaluateAll((all) => all.map((cell) => (cell as HTMLElement).dataset['value'] ?? ''));
      assert.ok(
        cells.length > 0 && cells.every((value) => Number.isFinite(Number(value)) && value !== ''),
        cells.join(),
      );
    }
    assert.match(await page.locator('[data-track=hiddenMap] .table-place').innerText(), /^t = 0 … \d{2,} of \d+$/);
    await openTable(page, 'spread');
    assert.match(await page.locator('[data-track=spread] .table-place').innerText(), /^t = 0–\d+ … \d+–\d+ of 512$/);
    // Beside the tracks stand the numbers of the step under the cursor, or none.
    const values = (): Promise<string[]> =>
      page
        .locator('.unit-values td')
        .evaluateAll((all) => all.map((cell) => (cell as HTMLElement).dataset['value'] ?? ''));
    const first = await values();
    assert.ok(first.length > 0 && first.every((value) => value !== ''), first.join());
    await page.keyboard.press('ArrowRight');
    await nextFrames(page);
    await page.waitForFunction(
      () => document.querySelector('.at-step h2')?.textContent.startsWith('At t = 1') === true,
    );
    await page.waitForFunction(() =>
      [...document.querySelectorAll<HTMLElement>('.unit-values td')].every((cell) => cell.dataset['value'] === ''),
    );
    // Of weights that are a picture there are no numbers, which is another thing than numbers that are not finite.
    await choose(page, '[data-card=weights]', 'Table');
    await page.locator('[data-card=weights] tbody td').first().waitFor();
    assert.deepEqual(
      [
        ...new Set(
          await page
            .locator('[data-card=weights] tbody td')
            .evaluateAll((all) => all.map((cell) => (cell as HTMLElement).dataset['value'])),
        ),
      ],
      [''],
    );
    assert.equal(await page.locator('.side [data-name=cell-value]').innerText(), '–');
    await page.locator('[data-track=hiddenMap] canvas[data-plot]').waitFor();
    const colours = new Set(
      (await Promise.all([100, 300, 500, 700].map((x) => pixel(page, 'hiddenMap', x, 40)))).map((colour) =>
        colour.join(),
      ),
    );
    assert.ok(colours.size > 1);
    await open.close();
  });
});
