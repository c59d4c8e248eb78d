// How the page looks: colours of values, themes, narrow panels, accessibility.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { PageServer } from '../support/page.js';
import { configOf, referenceCase, weatherConfig } from '../support/experiments.js';
import { long, onlyLong, some } from '../support/long.js';
import { themeNames } from '../support/themes.js';
import { allViolationsOf, violationsOf } from './axe.js';
import { computed, cursorTo, nextFrames, openTable, painted, pixel, plotOf } from './support.js';

let pages: PageServer;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());

const distance = (a: readonly number[], b: readonly number[]): number =>
  Math.hypot(...a.map((value, i) => value - (b[i] ?? 0)));

describe('a heatmap', () => {
  it('paints each cell in the colour of its value', async () => {
    const reference = referenceCase('saturated_exact');
    const open = await pages.open({ group: 'overview', everything: true, height: 1200 });
    await open.host.run(configOf(reference));
    await painted(open);
    await nextFrames(open.page);
    const { T, H } = reference.shapes;
    const [left = 0, right = 0] = ((await open.page.locator('#track-hiddenMap-plot').getAttribute('data-plot')) ?? '')
      .split(',')
      .map(Number);
    const height = await open.page.locator('#track-hiddenMap-plot').evaluate((canvas) => canvas.clientHeight);
    // In the right half of a cell, clear of flags and grid.
    const at = (t: number, unit: number): Promise<number[]> =>
      pixel(open.page, 'hiddenMap', left + ((t + 0.75) / T) * (right - left), 7 + ((unit + 0.75) / H) * (height - 14));
    const background = [31, 31, 31];
    const states = reference.expected.hs[0] ?? [];
    let blue = 0;
    let orange = 0;
    for (const [t, h] of states.entries()) {
      for (const [unit, value] of h.entries()) {
        const [r = 0, g = 0, b = 0] = await at(t, unit);
        if (value > 0.15) assert.ok(b > r, `t = ${t}, unit ${unit}: ${value} is rgb(${r}, ${g}, ${b})`);
        if (value < -0.15) assert.ok(r > b, `t = ${t}, unit ${unit}: ${value} is rgb(${r}, ${g}, ${b})`);
        if (Math.abs(value) < 0.01) assert.ok(distance([r, g, b], background) < 6);
        if (value === 1) blue++;
        if (value === -1) orange++;
      }
    }
    assert.ok(blue > 0 && orange > 0);
    // Both ends of the scale are equally far from the background, and the stronger value is farther.
    const [plus, minus] = [await at(5, 0), await at(5, 1)];
    assert.equal(states[5]?.[0], 1);
    assert.equal(states[5][1], -1);
    assert.ok(distance(plus, background) > 120 && distance(minus, background) > 120);
    await open.close();
  });
});

describe('the theme', () => {
  it('changes painted pixels while the page is open', async () => {
    const open = await pages.open({ group: 'gradient', everything: true, theme: 'dark' });
    await open.host.run(weatherConfig());
    await painted(open);
    await nextFrames(open.page);
    // The last step's gradients are strong, the first step's are near the background.
    const samples = async (): Promise<number[][]> =>
      Promise.all(
        [
          [66, 60],
          [840, 60],
          [838, 90],
        ].map(([x = 0, y = 0]) => pixel(open.page, 'gradientMap', x, y)),
      );
    const inTheme = new Map<string, number[][]>();
    for (const name of themeNames) {
      await open.setTheme(name);
      await nextFrames(open.page);
      await nextFrames(open.page);
      inTheme.set(name, await samples());
    }
    const of = (name: string, i: number): number[] => inTheme.get(name)?.[i] ?? [];
    assert.ok(distance(of('dark', 0), [31, 31, 31]) < 60);
    assert.ok(distance(of('light', 0), [255, 255, 255]) < 60);
    assert.ok(distance(of('high-contrast', 0), [0, 0, 0]) < 60);
    for (const i of [1, 2])
      assert.equal(new Set([...inTheme.keys()].map((name) => of(name, i).join())).size, themeNames.length);
    await open.close();
  });

  for (const [i, theme] of themeNames.entries()) {
    // The short form has a light theme in a narrow page, and one of high contrast in a wide one.
    for (const width of long ? [1200, 420] : ([[], [420]][i] ?? [])) {
      it(`${theme} at ${width} pixels has no serious fault for those who cannot see or point`, async () => {
        const open = await pages.open({ theme, width });
        await open.host.run(weatherConfig());
        await painted(open);
        await openTable(open.page, 'flow');
        open.host.sendStatus({
          stale: 'weights.json has a problem.',
          problems: [
            { index: 0, severity: 'error', place: 'weights.json:1:1', text: 'Not a number.' },
            { index: 1, severity: 'warning', place: 'a.rnn.json:2:1', text: 'Unknown key.' },
          ],
          running: { runId: 2, phase: 'run', fraction: 0.5 },
        });
        await open.page.locator('.running vscode-button').waitFor();
        assert.deepEqual(await violationsOf(open.page), []);
        for (const kind of ['fading', 'healthy', 'exploding', 'nonfinite'] as const) {
          const { summary } = open.host;
          assert.ok(summary !== null);
          open.host.summary = { ...summary, runId: summary.runId + 1, verdict: { ...summary.verdict, kind } };
          open.host.sendAll();
          await open.page.locator(`.badge.${kind}`).waitFor();
          assert.deepEqual(await allViolationsOf(open.page, ['.badge']), [], kind);
        }
        await open.close();
      });
    }
  }
});

describe('a narrow panel', () => {
  it('leaves verdict and sentence where they are when another layer, soon after, has less to say', async () => {
    const open = await pages.open({ group: 'overview', width: 720 });
    const { page, host } = open;
    const config = readFileSync('examples/stack/stack.rnn.json', 'utf8');
    await host.run(config, 1);
    await page.locator('.next', { hasText: 'forget bias' }).waitFor();
    const places = (): Promise<number[]> =>
      page.evaluate(() =>
        ['.badge', '.reason'].map((name) => document.querySelector(name)?.getBoundingClientRect().y ?? NaN),
      );
    // The height that is kept is that of the run before, with its advice.
    await host.run(config, 1);
    await nextFrames(page);
    const before = await places();
    await host.run(config, 0);
    await page.waitForFunction(() => document.querySelector('.next')?.textContent === '');
    await nextFrames(page);
    assert.deepEqual(await places(), before);
    await open.close();
  });

  it('puts the side below the tracks and cuts nothing off', async () => {
    const open = await pages.open({ width: 420, height: 900 });
    await open.host.run(weatherConfig());
    await painted(open);
    await nextFrames(open.page);
    const [tracks, aside] = [
      await open.page.locator('.tracks').boundingBox(),
      await open.page.locator('.side').boundingBox(),
    ];
    assert.ok(tracks !== null && aside !== null && aside.y >= tracks.y + tracks.height - 1);
    const tooWide = await open.page.evaluate(() =>
      [
        ...document.querySelectorAll(
          '.head *, .bar-actions > *, .toolbar > *, .track-head, .legend > *, .side .pairs *, .plot',
        ),
      ]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
        .map((element) => element.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(tooWide, []);
    assert.equal(await open.page.evaluate(() => document.documentElement.scrollWidth), 420);
    await open.close();
  });
  for (const width of some([420, 541, 733, 912, 1010, 1400], 3)) {
    it(`${width} pixels wide cuts nothing off, with the bar of what-ifs open`, async () => {
      const open = await pages.open({ width, height: 900 });
      await open.host.run(weatherConfig());
      await painted(open);
      await open.page.locator('.bar vscode-button', { hasText: 'What if' }).click();
      const cut = await open.page.evaluate(() =>
        [...document.querySelectorAll('.bar-actions *, .toolbar *, .whatif *, .legend *, .verdict *')]
          .filter(
            (element) =>
              element.checkVisibility() &&
              element.getBoundingClientRect().right >
                (element.closest('.tracks') ?? document.body).getBoundingClientRect().right + 0.5,
          )
          .map((element) => element.outerHTML.slice(0, 80)),
      );
      assert.deepEqual(cut, []);
      await open.close();
    });
  }
});

describe('a quiet button under the pointer', () => {
  for (const theme of some(themeNames, 4, 1)) {
    it(`can be read: ${theme}`, async () => {
      const open = await pages.open({ group: 'overview', theme });
      await open.host.run(weatherConfig());
      await painted(open);
      const quiet = open.page.locator('.bar vscode-button', { hasText: 'What if' });
      await quiet.hover();
      assert.deepEqual(await allViolationsOf(open.page, ['.bar'], ['color-contrast']), []);
      await open.close();
    });
  }
});

describe('what arrives later', () => {
  it('finds its room kept: nothing jumps while a run, its analyses and the next run come in', async () => {
    const open = await pages.open({ width: 1400, height: 1000 });
    await open.page.evaluate(() => {
      const shifts: number[] = [];
      (window as unknown as { shifts: number[] }).shifts = shifts;
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifts.push((entry as unknown as { value: number }).value);
      }).observe({ type: 'layout-shift', buffered: true });
    });
    for (let i = 0; i < 2; i++) {
      await open.host.run(weatherConfig());
      await painted(open);
      await open.page.locator('[data-card=reach] [data-name=horizon]').waitFor();
      await computed(open.page, 'attribution');
      await nextFrames(open.page);
    }
    const sum = await open.page.evaluate(() =>
      (window as unknown as { shifts: number[] }).shifts.reduce((total, value) => total + value, 0),
    );
    // The browser's own measure (cumulative layout shift): below 0.1 a page counts as calm.
    assert.ok(sum < 0.02, `layout shift ${sum}`);
    await open.close();
  });

  for (const [width, height] of some(
    [
      [1400, 1000],
      [420, 900],
    ] as const,
    2,
    1,
  )) {
    it(
      `stands where it stood when the next run vanishes, explodes or keeps its gradient, ${width} pixels ` + `wide`,
      async () => {
        const open = await pages.open({ width, height });
        const { page, host } = open;
        const places = (): Promise<[string, number][]> =>
          page.evaluate(() => {
            // The verdict takes as many lines as it needs; what lies below it keeps its place.
            for (const place of document.querySelectorAll('main, .tracks, .side')) place.scrollTop = 0;
            const top = document.querySelector('.bar')?.getBoundingClientRect().top ?? NaN;
            return [
              ...document.querySelectorAll<HTMLElement>(
                '.toolbar, .ruler, .side, .side > section, ' +
                  '[data-track]:not([hidden]), [data-track]:not([hidden]) .plot',
              ),
            ]
              .filter((element) => element.checkVisibility())
              .map((element) => [
                element.dataset['track'] ?? element.dataset['card'] ?? element.className,
                Math.round(element.getBoundingClientRect().top - top),
              ]);
          });
        const show = async (name: string, config: string): Promise<[string, number][]> => {
          await host.run(config);
          await page.locator('.run-name', { hasText: name }).waitFor();
          await painted(open);
          await page.locator('[data-card=reach] [data-name=horizon]').waitFor();
          await page.locator('.side [data-name=lyapunov]').filter({ hasText: /\d/ }).waitFor();
          // Far below the window they are not painted yet when the first run is, and their heads have fewer lines.
          for (const track of ['product', 'attribution']) await computed(page, track);
          await nextFrames(page);
          return places();
        };
        const first = await show('weather', weatherConfig());
        const next = await show('orthogonal', configOf(referenceCase('orthogonal')));
        assert.ok(await page.locator('.badge.healthy').isVisible());
        const exploding = await show('exploding', configOf(referenceCase('exploding')));
        assert.ok(await page.locator('.badge.exploding').isVisible());
        // With the second run a history comes beside the tracks, once.
        const tracks = (all: readonly [string, number][]): readonly [string, number][] =>
          all.slice(
            0,
            all.findIndex(([name]) => name === 'side'),
          );
        assert.deepEqual(tracks(next), tracks(first));
        assert.deepEqual(exploding, next);
        assert.deepEqual(await show('weather', weatherConfig()), exploding);
        await open.close();
      },
    );
  }

  it('leaves nothing to run again while the first run is under way', async () => {
    const open = await pages.open({ group: 'overview' });
    open.host.sendStatus({ running: { runId: 1, phase: 'run', fraction: 0.4 } });
    await open.page.getByText('The first run is under way').waitFor();
    assert.equal(await open.page.locator('.blank vscode-button', { hasText: 'Run again' }).isVisible(), false);
    open.host.sendStatus({ running: null });
    await open.page.locator('.blank vscode-button', { hasText: 'Run again' }).waitFor();
    await open.close();
  });

  it('finds zoom, cursor, sequence and units where they were, after another run and after a reload', async () => {
    const open = await pages.open();
    const { page, host } = open;
    await host.run(weatherConfig());
    await painted(open);
    await cursorTo(page, 40);
    for (let i = 0; i < 4; i++) await page.keyboard.press('+');
    await page.locator('vscode-dropdown[aria-label=Sequence]').click();
    await page.locator('vscode-dropdown[aria-label=Sequence] vscode-option[value="2"]').click();
    await page.locator('[data-track=hiddenMap] .formula', { hasText: 'sequence 3' }).waitFor();
    const look = (): Promise<string> =>
      page.evaluate(
        () =>
          [...document.querySelectorAll('.ruler-ticks span, .flag')].map((element) => element.textContent).join() +
          (document.querySelector('[data-track=hiddenMap] .formula')?.textContent ?? ''),
      );
    const before = await look();
    await host.run(weatherConfig());
    await painted(open);
    await nextFrames(page);
    assert.equal(await look(), before);
    for (const track of ['jacobian', 'attribution']) await computed(page, track);
    await page.locator('[data-card=reach] [data-name=horizon]').waitFor();
    await page.waitForTimeout(150); // until the page has written its state
    await page.reload();
    await painted(open);
    await nextFrames(page);
    assert.equal(await look(), before);
    await open.close();
  });
});

describe('the line of the cursor', () => {
  it('goes behind what is written on the plots', async () => {
    const open = await pages.open({ group: 'overview', everything: false, height: 1200 });
    const { page, host } = open;
    await page.evaluate(() => {
      const { prototype } = CanvasRenderingContext2D;
      // eslint-disable-next-line @typescript-eslint/unbound-method -- called below on the context that it is asked for
      const { strokeText } = prototype;
      const kept: Record<string, [text: string, x: number, y: number]> = {};
      (window as unknown as { writtenOnPlots: typeof kept }).writtenOnPlots = kept;
      prototype.strokeText = function (this: CanvasRenderingContext2D, text, x, y): void {
        const width = this.measureText(text).width;
        kept[`${this.canvas.id} ${text}`] = [text, this.textAlign === 'right' ? x - width / 2 : x + width / 2, y];
        strokeText.call(this, text, x, y);
      };
    });
    await host.run(readFileSync('examples/stack/stack.rnn.json', 'utf8'));
    await painted(open);
    await page.locator('[data-track=networkMap] .colour-bar').waitFor();
    await nextFrames(page);
    const written = await page.evaluate(() =>
      Object.entries(
        (window as unknown as { writtenOnPlots: Record<string, [string, number, number]> }).writtenOnPlots,
      ),
    );
    const texts = written.filter(([, [text]]) => /^VANISHING|bound passed/.test(text));
    assert.deepEqual(texts.map(([key]) => key.split(' ')[0]).sort(), ['track-flow-plot', 'track-networkMap-plot']);
    const { left, right } = await plotOf(page, 'flow');
    for (const [key, [text, x, y]] of texts) {
      const place = await page.locator(`#${key.split(' ')[0]}`).boundingBox();
      const clip = { x: (place?.x ?? 0) + x - 20, y: (place?.y ?? 0) + y - 6, width: 40, height: 12 };
      const look = async (t: number): Promise<Buffer> => {
        await cursorTo(page, t);
        return page.screenshot({ clip });
      };
      const under = Math.floor(((x - left) / (right - left)) * 60);
      assert.ok((await look(3)).equals(await look(under)), `"${text}" at t = ${under}`);
      // It is there all the same, a little higher.
      clip.y -= 16;
      assert.ok(!(await look(3)).equals(await look(under)), `above "${text}" at t = ${under}`);
    }
    await open.close();
  });
});

describe('the flag on the time axis', () => {
  it('holds a number of five digits whole, and no other number looks out from behind it', async () => {
    const open = await pages.open({ group: 'overview', everything: true, width: 420 });
    await open.host.run(
      JSON.stringify({
        name: 'long',
        cell: 'identity',
        weights: { Wx: [[0]], Wh: [[1]], b: [[0]] },
        sequences: [Array.from({ length: 12345 }, () => [0])],
      }),
    );
    await painted(open);
    const { page } = open;
    for (const key of ['Home', 'End'] as const) {
      await page.locator('#track-flow-plot').focus();
      await page.keyboard.press(key);
      await nextFrames(page);
      const covered = await page.evaluate(() => {
        const flag = document.querySelector('.flag')?.getBoundingClientRect();
        const ruler = document.querySelector('.ruler')?.getBoundingClientRect();
        if (flag === undefined || ruler === undefined) return ['no flag'];
        const ticks = [...document.querySelectorAll('.ruler-ticks span')].filter((tick) => {
          const box = tick.getBoundingClientRect();
          const beside = box.right <= flag.left || box.left >= flag.right;
          return !beside && box.bottom > flag.top && box.top < flag.bottom;
        });
        return [
          ...(flag.left < ruler.left || flag.right > ruler.right ? ['cut off'] : []),
          ...ticks.map((tick) => tick.textContent),
        ];
      });
      assert.deepEqual(covered, []);
    }
    await open.close();
  });
});

onlyLong(describe)('20,000 steps', () => {
  it('are drawn, decimated, without losing the single step that stands out', async () => {
    const open = await pages.open();
    const T = 20000;
    const spike = 12345;
    // dhs is a constant except for one step, a thousand times as large.
    await open.host.run(
      JSON.stringify({
        name: 'long',
        cell: 'identity',
        dtype: 'float64',
        weights: { Wx: [[0]], Wh: [[0]], b: [[0]] },
        sequences: [Array.from({ length: T }, () => [0])],
        upstreamGradient: [Array.from({ length: T }, (_, t) => [t === spike ? 1000 : 1])],
      }),
    );
    await painted(open);
    await nextFrames(open.page);
    const [left = 0, right = 0] = ((await open.page.locator('#track-flow-plot').getAttribute('data-plot')) ?? '')
      .split(',')
      .map(Number);
    const x = left + ((spike + 0.5) / T) * (right - left);
    const height = await open.page.locator('#track-flow-plot').evaluate((canvas) => canvas.clientHeight);
    const red = async (y: number): Promise<boolean> => {
      for (const shift of [-1, 0, 1]) {
        const [r = 0, g = 0, b = 0] = await pixel(open.page, 'flow', x + shift, y);
        if (r > 120 && r > 1.6 * g && r > 1.6 * b) return true;
      }
      return false;
    };
    let painted10 = 0;
    for (let y = 7; y < height - 7; y += 4) if (await red(y)) painted10++;
    assert.ok(painted10 > 10, `the spike is ${painted10 * 4} pixels high`);
    assert.ok((await open.page.locator('tbody tr').count()) < 100);
    await open.close();
  });
});
