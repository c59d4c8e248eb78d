// The answer first, the instruments behind tabs: what each group shows, how one gets there, and what it costs.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startPages } from '../support/page.js';
import { weatherConfig } from '../support/experiments.js';
import { nextFrames, painted } from './support.js';
import type { OpenPage, PageServer } from '../support/page.js';

let pages: PageServer;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());

async function weather(width = 720, height = 830): Promise<OpenPage> {
  const open = await pages.open({ width, height, group: 'overview' });
  await open.host.run(weatherConfig());
  await painted(open);
  return open;
}
/** The tracks and cards that are to be seen, by their ids. */
const views = ({ page }: OpenPage): Promise<(string | undefined)[]> =>
  page.evaluate(() =>
    [...document.querySelectorAll<HTMLElement>('[data-track], [data-card]')]
      .filter((view) => view.checkVisibility())
      .map((view) => view.dataset['track'] ?? view.dataset['card']),
  );
const chosen = ({ page }: OpenPage): Promise<string[]> => page.locator('.tab[aria-selected=true]').allInnerTexts();
async function close(open: OpenPage): Promise<void> {
  await open.close();
}

describe('the overview', () => {
  it('is what a run shows first: gradient flow and hidden state, whole beside an editor', async () => {
    const open = await weather();
    assert.deepEqual(await chosen(open), ['Overview']);
    assert.deepEqual(await views(open), ['flow', 'hiddenMap']);
    const { page } = open;
    const tooHigh = await page.locator('.main').evaluate((main) => main.scrollHeight - main.clientHeight);
    assert.ok(tooHigh <= 0, `${tooHigh} pixels`);
    await close(open);
  });

  it('has at most 40 stops for the keyboard', async () => {
    const open = await weather(1300, 900);
    const stops = await open.page.evaluate(
      () =>
        [
          ...document.querySelectorAll<HTMLElement>(
            'button, input, [tabindex="0"], vscode-button, vscode-dropdown, vscode-text-field',
          ),
        ].filter(
          (element) =>
            element.checkVisibility() &&
            element.tabIndex >= 0 &&
            !element.matches('[role=option]') &&
            element.parentElement?.closest('vscode-button, vscode-dropdown, vscode-text-field') === null,
        ).length,
    );
    assert.ok(stops > 10 && stops <= 40, `${stops} stops`);
    await close(open);
  });

  it('asks for nothing that it does not show', async () => {
    const open = await weather();
    for (let i = 0; i < 3; i++) await nextFrames(open.page);
    const asked = new Set(open.host.asked);
    for (const name of ['attribution', 'jacobians', 'reach', 'weights', 'activations', 'openedStep', 'histogram'])
      assert.ok(!asked.has(name), `asked for ${name}`);
    assert.ok(asked.has('heatmap'), [...asked].join());
    await close(open);
  });

  it('has no line of a single word at 360 pixels', async () => {
    const open = await weather(360, 900);
    // Lines of a text, by the boxes of its words.
    const narrow = await open.page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('.reason, .next, .facts, .formula, .legend')]
        .filter((element) => element.checkVisibility())
        .filter((element) => element.getBoundingClientRect().width < 150 && element.textContent.length > 30)
        .map((element) => element.className),
    );
    assert.deepEqual(narrow, []);
    assert.equal(await open.page.evaluate(() => document.documentElement.scrollWidth), 360);
    await close(open);
  });
});

describe('the groups', () => {
  it('move nothing when the history joins them, however wide the page is', async () => {
    const open = await weather();
    const { page, host } = open;
    const tops = async (): Promise<Record<number, number>> => {
      const all: Record<number, number> = {};
      for (let width = 360; width <= 1000; width += 20) {
        await page.setViewportSize({ width, height: 830 });
        all[width] = await page.locator('.bar').evaluate((bar) => bar.getBoundingClientRect().height);
      }
      return all;
    };
    const before = await tops();
    await host.run(weatherConfig({ upstreamGradient: 'every' }));
    await page.locator('.tab', { hasText: 'History' }).waitFor();
    assert.deepEqual(await tops(), before);
    await close(open);
  });

  it('are reached by a click, and compute when they are first opened', async () => {
    const open = await weather(1200, 900);
    const { page, host } = open;
    await page.locator('.tab', { hasText: 'Attribution' }).click();
    // What one loss makes needs no picture.
    await page.locator('[data-track=attribution] .in-words', { hasText: 'There is one loss, at t = 99' }).waitFor();
    assert.deepEqual((await views(open)).sort(), ['attribution', 'reach']);
    assert.ok(!host.asked.includes('attribution'));
    await host.run(weatherConfig({ upstreamGradient: 'every' }));
    await page.locator('[data-track=attribution] canvas[data-plot]').waitFor();
    assert.deepEqual((await views(open)).sort(), ['attribution', 'reach', 'sources']);
    while (!host.asked.includes('attribution')) await nextFrames(page);
    assert.equal(await page.locator('#views[role=tabpanel]').getAttribute('aria-labelledby'), 'tab-attribution');
    assert.deepEqual(await page.locator('.tab[aria-controls=views]').evaluateAll((tabs) => tabs.map(({ id }) => id)), [
      'tab-attribution',
    ]);
    const menu = page.locator('[data-track=attribution] .more');
    assert.equal(await menu.getAttribute('aria-expanded'), 'false');
    await menu.click();
    await page.locator('[data-track=attribution] .more[aria-expanded=true][aria-haspopup=menu]').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('[data-track=attribution] .more[aria-expanded=false]').waitFor();
    await page.locator('.tab', { hasText: 'Weights' }).click();
    await page.locator('[data-card=weights] canvas').waitFor();
    assert.equal(await page.locator('.tracks').isVisible(), false);
    while (!host.asked.includes('weights')) await nextFrames(page);
    await close(open);
  });

  it('are reached by arrow keys on their bar, and by their numbers but while somebody writes', async () => {
    const open = await weather(1200, 900);
    const { page } = open;
    await page.locator('.tab[aria-selected=true]').focus();
    await page.keyboard.press('ArrowRight');
    assert.deepEqual(await chosen(open), ['Gradient']);
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Gradient');
    await page.keyboard.press('End');
    assert.deepEqual(await chosen(open), ['All']);
    await page.locator('#track-flow-plot').focus();
    await page.keyboard.press('3');
    assert.deepEqual(await chosen(open), ['States']);
    await page.locator('.toolbar vscode-text-field input').fill('');
    await page.keyboard.type('1');
    assert.deepEqual(await chosen(open), ['States']);
    await close(open);
  });

  it('are remembered when the window is loaded again', async () => {
    const open = await weather(1200, 900);
    await open.page.keyboard.press('4');
    assert.deepEqual(await chosen(open), ['Dynamics']);
    await nextFrames(open.page);
    await open.page.waitForFunction(
      () => sessionStorage.getItem('state of the webview')?.includes('dynamics') === true,
    );
    await open.page.reload();
    await open.page.locator('[data-track=jacobian] canvas[data-plot]').waitFor();
    assert.deepEqual(await chosen(open), ['Dynamics']);
    await close(open);
  });

  it('offer a history as soon as there is more than one version', async () => {
    const open = await weather(1200, 900);
    const { page, host } = open;
    assert.equal(await page.locator('.tab[data-group=history]').isVisible(), false);
    await host.run(weatherConfig({ dtype: 'float64' }));
    await page.locator('.tab[data-group=history]').click();
    await page.locator('[data-card=history] canvas').waitFor();
    assert.deepEqual((await views(open)).sort(), ['flow', 'history']);
    await close(open);
  });

  it('put the history first while a script rewrites the weights', async () => {
    for (const width of [1200, 720]) {
      const open = await weather(width, 900);
      const { page, host } = open;
      const isFirst = (): Promise<boolean> =>
        page.evaluate(() => {
          const [history, flow] = ['[data-card=history]', '[data-track=flow]'].map((at) => document.querySelector(at));
          if (!(history instanceof Element && flow instanceof Element)) return false;
          const [a, b] = [history.getBoundingClientRect(), flow.getBoundingClientRect()];
          const before = history.compareDocumentPosition(flow) & Node.DOCUMENT_POSITION_FOLLOWING;
          return before !== 0 && (a.bottom <= b.top || (a.left >= b.right && a.top <= b.bottom));
        });
      host.history.rewrites = 1;
      await host.run(weatherConfig({ dtype: 'float64' }));
      await page.locator('[data-card=history] canvas').waitFor();
      assert.equal(await isFirst(), false, `${width} pixels, one write`);
      host.history.rewrites = 2;
      await host.run(weatherConfig());
      if (width > 840) {
        await page.locator('.main.training [data-card=history] canvas').waitFor();
        assert.ok(await isFirst(), `${width} pixels, two writes`);
      } else {
        // In one column the evidence stays above what is told of it.
        await page.locator('[data-card=history]', { hasText: 'version 2 of 2' }).waitFor();
        assert.equal(await isFirst(), false, `${width} pixels, two writes`);
      }
      await page.keyboard.press('2');
      await page.locator('.main:not(.training)').waitFor();
      await close(open);
    }
  });
});

describe('the list of views', () => {
  it('leads to a view by a few letters of its name', async () => {
    const open = await weather(1200, 900);
    const { page } = open;
    await page.locator('#track-flow-plot').focus();
    await page.keyboard.press('/');
    await page.locator('.popover .jump').waitFor();
    await page.keyboard.type('singular');
    const shown = page.locator('.jump button:visible');
    const count = await shown.count();
    await page.keyboard.press('Control+a');
    await page.keyboard.type('eigenval');
    await shown.first().waitFor();
    assert.equal(await shown.count(), 1, `${count} before`);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.activeElement?.id === 'card-eigenvalues');
    assert.deepEqual(await chosen(open), ['Dynamics']);
    await page.keyboard.press('/');
    await page.locator('.popover .jump').waitFor();
    // What is called so stands before what is in a group of the name.
    await page.keyboard.type('gradient');
    assert.match((await shown.first().innerText()).split('\n')[0] ?? '', /^Gradient /);
    assert.ok((await shown.allInnerTexts()).some((text) => !text.startsWith('Gradient ')));
    await page.keyboard.press('Control+a');
    await page.keyboard.type('no such view');
    await page.locator('.jump .note', { hasText: 'No view has this name' }).waitFor();
    await page.keyboard.press('Escape');
    await close(open);
  });

  it('brings what it leads to into sight, also from another group', async () => {
    for (const width of [560, 1200]) {
      const open = await weather(width, 700);
      const { page } = open;
      for (const [name, place] of [
        ['unrolled', '[data-track=network]'],
        ['histograms', '[data-card=weightHistograms]'],
      ] as const) {
        await page.keyboard.press('1');
        await page.keyboard.press('/');
        await page.locator('.popover .jump').waitFor();
        await page.keyboard.type(name);
        await page.keyboard.press('Enter');
        await page.locator(place).waitFor();
        await nextFrames(page);
        const { y = -1, height = 0 } = (await page.locator(place).boundingBox()) ?? {};
        assert.ok(y >= 0 && y + Math.min(height, 150) <= 700, `${name}, ${width} wide: at ${y}`);
      }
      await close(open);
    }
  });

  it('unfolds what it leads to', async () => {
    const open = await weather(1200, 900);
    const { page } = open;
    await page.keyboard.press('/');
    await page.locator('.popover .jump').waitFor();
    await page.keyboard.type('pre-act');
    await page.keyboard.press('Enter');
    await page.locator('#track-preActivation-plot[data-plot]').waitFor();
    assert.deepEqual(await chosen(open), ['States']);
    await close(open);
  });
});

describe('a long run', () => {
  /** A scalar cell that keeps 0.9 of its gradient a step, or enlarges it. */
  const scalar = (T: number, Wh: number): string =>
    JSON.stringify({
      name: 'long',
      cell: 'identity',
      dtype: 'float64',
      weights: { Wx: [[1]], Wh: [[Wh]], b: [[0]] },
      sequences: [Array.from({ length: T }, (_, t) => [t === 0 ? 1 : 0])],
    });
  const ends = ({ page }: OpenPage): Promise<number[]> =>
    page.locator('.ruler-ticks span').evaluateAll((ticks) => ticks.map((tick) => Number(tick.textContent)));

  it('starts where its gradient lives, and shows all steps on request, for good', async () => {
    const open = await pages.open({ width: 720, height: 830, group: 'overview' });
    await open.host.run(scalar(5000, 0.9));
    await painted(open);
    // Eight decades are 175 steps at 0.9 a step.
    const first = (await ends(open))[0] ?? NaN;
    assert.ok(first > 4700 && first < 4830, `starts at ${first}`);
    await open.page.locator('.ruler.zoomed').waitFor();
    await open.page.locator('.bar vscode-button', { hasText: 'All steps' }).click();
    await open.page.locator('.ruler:not(.zoomed)').waitFor();
    await nextFrames(open.page);
    await open.page.reload();
    await painted(open);
    assert.equal((await ends(open))[0], 0);
    await close(open);
  });

  it('is seen whole where it explodes, and where it is short', async () => {
    const open = await pages.open({ width: 720, height: 830, group: 'overview' });
    await open.host.run(scalar(2000, 1.05));
    await painted(open);
    assert.equal((await ends(open))[0], 0);
    await close(open);
  });
});

describe('the axis of time', () => {
  it('says which way the gradient goes, and flags every loss where there are few', async () => {
    const open = await weather();
    const { page, host } = open;
    assert.equal(await page.locator('.direction').innerText(), '← back through time');
    assert.deepEqual(await page.locator('.loss').allInnerTexts(), ['⚑ loss here']);
    // The weather has a gradient of its own.
    assert.equal(await page.locator('.loss').getAttribute('title'), null);
    assert.equal(await page.getByRole('button', { name: 'Choose a loss…' }).count(), 0);
    await host.run(weatherConfig({ upstreamGradient: 'every' }));
    await page.locator('.loss.many', { hasText: 'a loss at every step' }).waitFor();
    // Nobody has given a loss: it is said what stands in its place, and where to give one.
    await host.run(weatherConfig({ upstreamGradient: 'last' }));
    await page.locator('.facts', { hasText: 'no loss given: ones at the last step' }).waitFor();
    assert.match((await page.locator('.loss').getAttribute('title')) ?? '', /No loss was given, so ones flow in here/);
    await page.getByRole('button', { name: 'Choose a loss…' }).click();
    while (host.sent.revealConfig.length === 0) await nextFrames(page);
    await close(open);
  });

  it('paints how much arrives: red at the loss, nothing where it has vanished', async () => {
    const open = await weather();
    const shades = await open.page.locator('.rail canvas').evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const context = (canvas as HTMLCanvasElement).getContext('2d');
      const row = context?.getImageData(0, height >> 1, width, 1).data ?? [];
      return [1, width >> 1, width - 2].map((x) => row[4 * x + 3] ?? NaN);
    });
    assert.deepEqual([shades[0], shades[2]], [0, 255]);
    assert.ok((shades[1] ?? 0) > 0 && (shades[1] ?? 0) < 200, shades.join());
    await close(open);
  });
});

describe('the gradient flow', () => {
  it('draws the total at first; the others are there for the asking', async () => {
    const open = await weather();
    const { page } = open;
    const pressed = (): Promise<string[]> => page.locator('[data-track=flow] .chip[aria-pressed=true]').allInnerTexts();
    assert.equal((await pressed()).length, 1);
    const alone = page.locator('[data-track=flow] .chip', { hasText: 'from the last step alone' });
    assert.equal(await page.locator('[data-fact=source]').count(), 0);
    await alone.click();
    await page.locator('[data-fact=source]', { hasText: 'its slope counts' }).waitFor();
    assert.equal((await pressed()).length, 2);
    await close(open);
  });
});
