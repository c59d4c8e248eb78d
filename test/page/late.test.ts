// What comes behind the first picture: nothing on the screen moves for it, and nobody loses the keyboard or what was
// kept.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { weatherConfig } from '../support/experiments.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { nextFrames } from './support.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ group: 'overview' });
  await open.host.run(weatherConfig());
});
after(() => pages.close());

/** Loads the page again with all that is asked for by `import()` held back; gives what lets it in. */
async function loadedWithoutLate(page: Page): Promise<() => void> {
  let release = (): void => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(/\/parts\/(?:later|ui)-\w+\.js$/, async (route) => {
    await held;
    await route.continue();
  });
  await page.reload();
  await page.locator('#track-flow-plot[data-plot]').waitFor();
  await page.locator('#track-hiddenMap-plot[data-plot]').waitFor();
  // Advice stands once it has been run.
  await page.locator('.next.tried').waitFor();
  await nextFrames(page);
  return release;
}

const arrived = async (page: Page): Promise<void> => {
  await page.waitForFunction(() => customElements.get('vscode-button') !== undefined);
  await page.locator('[data-track=network]').waitFor({ state: 'attached' });
  await page.unroute(/\/parts\/(?:later|ui)-\w+\.js$/);
  await nextFrames(page);
  await nextFrames(page);
};

/** The files that the page has asked for, without the letters that change with what is in them. */
const askedFor = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    performance
      .getEntriesByType('resource')
      .map(({ name }) => new URL(name).pathname.replace(/-\w+(?=\.)/, ''))
      .sort(),
  );

/** Place and size of all that is seen of the first picture. */
const boxes = (page: Page): Promise<Record<string, readonly number[]>> =>
  page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll('.head *, .pair *, .bar, .bar *, [data-track], .at-step, .at-step *')]
        .filter((element) => element.checkVisibility() && element.closest('svg') === null)
        .filter(({ localName }) => localName !== 'vscode-option')
        .map((element, i) => {
          const { x, y, width, height } = element.getBoundingClientRect();
          return [`${i} ${element.localName} ${element.className}`, [x, y, width, height]];
        }),
    ),
  );

/** The pixels of every plot on the screen, by the ids of their canvases. */
const plots = (page: Page): Promise<Record<string, string>> =>
  page.evaluate(() =>
    Object.fromEntries(
      [...document.querySelectorAll<HTMLCanvasElement>('.plot canvas')]
        .filter((canvas) => canvas.checkVisibility())
        .map((canvas) => [canvas.id, canvas.toDataURL()]),
    ),
  );

const colour = (page: Page): Promise<string> =>
  page
    .locator('.bar-actions vscode-button', { hasText: 'What if' })
    .evaluate((button) => getComputedStyle(button).backgroundColor);

describe('what comes behind the first picture', () => {
  it('moves nothing, and leaves the keyboard where it is', async () => {
    const { page, host } = open;
    const release = await loadedWithoutLate(page);
    assert.equal(await page.evaluate(() => customElements.get('vscode-button')), undefined);
    assert.equal(await page.locator('[data-track]').count(), 3, 'network map, flow and hidden state');
    await page.locator('#track-hiddenMap-plot').focus();
    const [before, colourBefore] = [await boxes(page), await colour(page)];
    release();
    await arrived(page);
    assert.deepEqual(await boxes(page), before);
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'track-hiddenMap-plot');
    // The toolkit has the colours of the theme, though the page was loaded long before it came.
    assert.equal(await colour(page), colourBefore);
    host.sendStatus({ entry: { kind: 'pair', weights: 'w.json', sequences: 'x.json' } });
    await page.locator('.pair').waitFor();
  });

  it('draws the plots with chart.js, to the pixel as they were without', async () => {
    for (const [scale, width] of [
      [1, 1280],
      [1.5, 777],
      [2, 1000],
    ] as const) {
      const finer = await pages.open({ group: 'overview', width, scale });
      await finer.host.run(weatherConfig());
      const release = await loadedWithoutLate(finer.page);
      const before = await plots(finer.page);
      assert.ok(Object.keys(before).length >= 2, Object.keys(before).join());
      release();
      await arrived(finer.page);
      const now = await plots(finer.page);
      for (const id of Object.keys(before)) assert.ok(now[id] === before[id], `${id}, ${width} pixels, ${scale}`);
      await finer.close();
    }
  });

  it('is all that the page asks for, and takes the first parts from the page', async () => {
    const { page } = open;
    const release = await loadedWithoutLate(page);
    const held = await askedFor(page);
    assert.ok(!held.some((file) => /\.(?:js|css)$/.test(file) && !/later|ui/.test(file)), held.join(', '));
    release();
    await arrived(page);
    assert.deepEqual(await askedFor(page), ['/parts/chunk.first.js', '/parts/later.js', '/parts/ui.js']);
  });

  it('moves nothing in the head of a pair without a config', async () => {
    const { page, host } = open;
    const release = await loadedWithoutLate(page);
    await page.locator('.pair').waitFor();
    const before = await boxes(page);
    assert.ok(Object.keys(before).some((name) => name.includes('vscode-button')));
    release();
    await arrived(page);
    assert.deepEqual(await boxes(page), before);
    host.sendStatus({ entry: { kind: 'config', config: 'test.rnn.json' } });
    await page.locator('.pair').waitFor({ state: 'hidden' });
  });

  it('is loaded at once where somebody wants it: a group, the bar of what-ifs, the list of views', async () => {
    const { page } = open;
    for (const [act, seen] of [
      [() => page.locator('.tab[data-group=dynamics]').click(), '[data-track=jacobian]'],
      [() => page.getByText('What if…').click(), '.whatif [data-field=initialise]'],
      [() => page.keyboard.press('/'), '.jump-field'],
    ] as const) {
      (await loadedWithoutLate(page))();
      await act();
      await page.locator(seen).first().waitFor();
      await arrived(page);
      await page.keyboard.press('Escape');
      if (seen === '[data-track=jacobian]') await page.locator('.tab[data-group=overview]').click();
    }
  });

  it('is waited for by a group that needs it, which shows what it has where it cannot be loaded', async () => {
    const { page } = open;
    const isSeen = (): Promise<boolean> =>
      page.locator('.tracks').evaluate((tracks) => tracks.checkVisibility({ visibilityProperty: true }));
    const release = await loadedWithoutLate(page);
    assert.equal(await isSeen(), true);
    await page.locator('.tab[data-group=all]').click();
    assert.equal(await isSeen(), false, 'half of a group');
    await page.locator('.tab[data-group=overview]').click();
    assert.equal(await isSeen(), true);
    await page.locator('.tab[data-group=all]').click();
    release();
    await arrived(page);
    assert.equal(await isSeen(), true);
    await page.locator('.tab[data-group=overview]').click();

    const broken = await pages.open({ group: 'all', fresh: true });
    await broken.page.route(/\/parts\/later-\w+\.js$/, (route) => route.abort());
    await broken.page.reload();
    await broken.host.run(weatherConfig());
    await broken.page.locator('#track-flow-plot[data-plot]').waitFor();
    await broken.page.getByText('The other views could not be loaded').waitFor();
    assert.ok(
      await broken.page
        .locator('#track-flow-plot')
        .evaluate((plot) => plot.checkVisibility({ visibilityProperty: true })),
    );
    const logged = broken.host.sent.failed.splice(0);
    assert.ok(
      logged.length > 0 && logged.every(({ message }) => message.includes('later-')),
      'a failure is not logged',
    );
    // What the browser says of the same file.
    const said = broken.complaints.splice(0);
    assert.ok(
      said.every((text) => /ERR_FAILED|later-/.test(text)),
      said.join('\n'),
    );
    await broken.close();
  });

  it('keeps the place and the state of tracks that were not there when another was folded', async () => {
    const { page } = open;
    type Kept = { readonly tracks: { readonly order: string[]; readonly states: Record<string, { folded: boolean }> } };
    const kept = (): Promise<Kept> =>
      page.evaluate(() => JSON.parse(sessionStorage.getItem('state of the webview') ?? 'null') as Kept);
    await page.locator('.tab[data-group=all]').click();
    await page.locator('[data-track=saturation] .fold').click();
    await page.locator('.tab[data-group=overview]').click();
    await page.waitForTimeout(200); // what is kept is written a moment later
    const before = await kept();
    assert.equal(before.tracks.states['saturation']?.folded, true);
    const release = await loadedWithoutLate(page);
    await page.locator('[data-track=hiddenMap] .fold').click();
    await page.waitForTimeout(200);
    const { tracks } = await kept();
    assert.deepEqual(tracks.order, before.tracks.order);
    assert.equal(tracks.states['saturation']?.folded, true);
    assert.equal(tracks.states['hiddenMap']?.folded, true);
    release();
    await arrived(page);
    await page.locator('.tab[data-group=all]').click();
    await page.locator('[data-track=saturation].folded').waitFor();
    const shown = await page
      .locator('[data-track]')
      .evaluateAll((all) => all.map((one) => (one as HTMLElement).dataset['track']));
    assert.deepEqual(shown, before.tracks.order);
  });
});
