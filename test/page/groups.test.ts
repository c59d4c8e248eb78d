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
  assert.deepEqual(await open.violations(), []);
  assert.deepEqual(open.complaints, []);
  await open.close();
}

describe('the overview', () => {
  it('is what a run shows first: gradient flow and hidden state, whole beside an editor', async () => {
    const open = await weather();
    assert.deepEqual(await chosen(open), ['Overview']);
    assert.deepEqual(await views(open), ['flow', 'hiddenMap']);
    const { page } = open;
    const tooHigh = await page.locator('main').evaluate((main) => main.scrollHeight - main.clientHeight);
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
    for (const name of ['attribution', 'jacobians', 'reach', 'weights', 'activations', 'openedUnit', 'histogram'])
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
  it('are reached by a click, and compute when they are first opened', async () => {
    const open = await weather(1200, 900);
    const { page, host } = open;
    await page.locator('.tab', { hasText: 'Attribution' }).click();
    await page.locator('[data-track=attribution] canvas[data-plot]').waitFor();
    assert.deepEqual((await views(open)).sort(), ['attribution', 'reach', 'sources']);
    while (!host.asked.includes('attribution')) await nextFrames(page);
    await page.locator('.tab', { hasText: 'Weights' }).click();
    await page.locator('[data-card=weights] canvas').waitFor();
    assert.equal(await page.locator('.tracks').isVisible(), false);
    while (!host.asked.includes('weights')) await nextFrames(page);
    await close(open);
  });

  it('are reached by arrow keys on their bar and by their numbers from anywhere, but not while somebody writes', async () => {
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
    await page.keyboard.type('no such view');
    await page.locator('.jump .note', { hasText: 'No view has this name' }).waitFor();
    await page.keyboard.press('Escape');
    await close(open);
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
