// The whole panel with the keyboard alone: Tab, Enter, Space, arrows and Escape reach everything and do everything.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ringConfig } from '../support/experiments.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { computed, nextFrames, painted } from './support.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ height: 1200 });
  // Two versions, so that the history is there too.
  for (const rho of [0.5, 0.6]) await open.host.run(ringConfig(rho, 4, 40, { dtype: 'float64' }));
  await painted(open);
  for (const track of ['jacobian', 'attribution']) await computed(open.page, track);
  await open.page.locator('[data-card=history]').waitFor();
});
after(() => pages.close());

/** Everything that a mouse could use and that is to be seen, marked with a number each. */
const controls = (): Promise<string[]> =>
  open.page.evaluate(() => {
    const all = [
      ...document.querySelectorAll<HTMLElement>(
        'button, input, canvas[tabindex], [role=separator], [role=region], aside[tabindex], vscode-button, ' +
          'vscode-dropdown, vscode-text-field',
      ),
    ].filter(
      (element) =>
        element.checkVisibility() &&
        !element.hasAttribute('disabled') &&
        // Of the tabs one has its turn; arrow keys lead to the others.
        !element.matches('[role=tab][aria-selected=false]') &&
        element.getBoundingClientRect().width > 0,
    );
    return all.map((element, i) => {
      element.dataset['control'] = String(i);
      return (
        `${i}: ${element.tagName.toLowerCase()} ` +
        (element.getAttribute('aria-label') ?? element.textContent.trim().slice(0, 40))
      );
    });
  });
const focused = (): Promise<string | null> =>
  open.page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset['control'] ?? null);
const atBeginning = (): Promise<void> =>
  open.page.evaluate(() => {
    (document.activeElement as HTMLElement | null)?.blur();
    getSelection()?.removeAllRanges();
    window.focus();
    document.body.tabIndex = -1;
    document.body.focus();
    document.body.removeAttribute('tabindex');
  });

/** Tab, from the beginning of the page, until what `selector` names has the focus. */
async function tabTo(selector: string): Promise<void> {
  const { page } = open;
  await atBeginning();
  for (let i = 0; i < 500; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) === true, selector)) return;
  }
  assert.fail(`Tab never comes to ${selector}`);
}

/** Opens a menu with the keys and chooses its line of this name. */
async function chooseByKey(menu: string, line: string): Promise<void> {
  const { page } = open;
  await tabTo(`${menu} .more`);
  await page.keyboard.press('Enter');
  await page.locator('.popover .menu').waitFor();
  for (let i = 0; i < 12; i++) {
    if (await page.evaluate((text) => document.activeElement?.textContent.startsWith(text) === true, line)) {
      await page.keyboard.press('Enter');
      return;
    }
    await page.keyboard.press('ArrowDown');
  }
  assert.fail(`${menu} has no ${line}`);
}

describe('with Tab alone', () => {
  it('every control that is to be seen gets the focus, and shows that it has it', async () => {
    const { page } = open;
    const all = await controls();
    assert.ok(all.length > 90, `${all.length} controls`);
    const reached = new Set<string>();
    const unmarked: string[] = [];
    await atBeginning();
    for (let i = 0; i < all.length + 20; i++) {
      await page.keyboard.press('Tab');
      const at = await focused();
      if (at === null || reached.has(at)) continue;
      reached.add(at);
      const marked = await page.evaluate(() => {
        const element = document.activeElement;
        // The toolkit draws a ring of its own.
        if (element?.shadowRoot !== null) return true;
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
        return (outlineStyle !== 'none' && outlineWidth !== '0px') || boxShadow !== 'none';
      });
      if (!marked) unmarked.push(all[Number(at)] ?? at);
    }
    assert.deepEqual(
      all.filter((_, i) => !reached.has(String(i))),
      [],
    );
    assert.deepEqual(unmarked, []);
  });
});

describe('with the keyboard alone', () => {
  it('a table opens, leads on by its buttons, and closes', async () => {
    const { page } = open;
    await chooseByKey('[data-track=contributions]', 'Table');
    await page.locator('[data-track=contributions] .twin tbody tr').first().waitFor();
    const place = page.locator('[data-track=contributions] .twin:not(.details) .table-place').first();
    const before = await place.textContent();
    await tabTo('[data-track=contributions] button[aria-label^="Earlier rows of"]');
    await page.keyboard.press('Enter');
    await page.waitForFunction(
      (text) => document.querySelector('[data-track=contributions] .table-place')?.textContent !== text,
      before,
    );
    await chooseByKey('[data-track=contributions]', 'Table');
    await page.locator('[data-track=contributions] .twin').first().waitFor({ state: 'hidden' });
  });

  it('a track folds and grows, and moves among the others', async () => {
    const { page } = open;
    const height = (): Promise<number> =>
      page.locator('[data-track=contributions] .plot').evaluate((plot) => plot.clientHeight);
    const before = await height();
    await tabTo('[data-track=contributions] .grip');
    await page.keyboard.press('ArrowDown');
    assert.equal(await height(), before + 8);
    await tabTo('[data-track=contributions] .fold');
    await page.keyboard.press('Enter');
    assert.equal(await page.locator('[data-track=contributions] .plot').isVisible(), false);
    await page.keyboard.press('Enter');
    await page.locator('[data-track=contributions] .plot').waitFor();
    const order = (): Promise<(string | undefined)[]> =>
      page
        .locator('[data-track]:not([hidden])')
        .evaluateAll((tracks) => tracks.map((track) => (track as HTMLElement).dataset['track']));
    await chooseByKey('[data-track=contributions]', 'Move down');
    assert.equal((await order()).indexOf('contributions'), 2);
    await chooseByKey('[data-track=contributions]', 'Move up');
    assert.equal((await order()).indexOf('contributions'), 1);
  });

  it('a file is saved from a track, from a card and from the menu', async () => {
    const { page, host } = open;
    const saved = async (act: () => Promise<void>): Promise<string> => {
      const count = host.sent.saveFile.length;
      await act();
      while (host.sent.saveFile.length === count) await nextFrames(page);
      return host.sent.saveFile.at(-1)?.suggestedName ?? '';
    };
    assert.match(await saved(() => chooseByKey('[data-track=flow]', 'Save as CSV')), /flow\.csv$/);
    assert.match(await saved(() => chooseByKey('[data-card=eigenvalues]', 'Save as PNG')), /eigenvalues\.png$/);
    assert.match(await saved(() => chooseByKey('.bar', 'All tracks as PNG')), /tracks\.png$/);
    assert.equal(await page.locator('.popover').count(), 0);
  });

  it('a letter goes to the next line of a menu that begins with it, round and round', async () => {
    const { page } = open;
    await tabTo('[data-track=flow] .more');
    await page.keyboard.press('Enter');
    await page.locator('.popover .menu').waitFor();
    const at = (): Promise<string> => page.evaluate(() => document.activeElement?.textContent ?? '');
    for (const [key, line] of [
      ['s', 'Save as PNG'],
      ['s', 'Save as CSV'],
      ['S', 'Save as PNG'],
      ['w', 'What it shows'],
      ['x', 'What it shows'],
      ['Control+m', 'What it shows'],
      ['t', 'Table'],
    ] as const) {
      await page.keyboard.press(key);
      assert.equal(await at(), line, key);
    }
    await page.keyboard.press('Escape');
  });

  it('a help sheet opens, closes with Escape, and gives the focus back', async () => {
    const { page } = open;
    await chooseByKey('[data-track=product]', 'What it shows');
    await page.locator('.popover .help-source').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.popover').waitFor({ state: 'detached' });
    assert.ok(await page.evaluate(() => document.activeElement?.matches('[data-track=product] .more') === true));
  });

  it('the cursor moves, opens its unit, zooms and comes back', async () => {
    const { page } = open;
    await tabTo('#track-gradientMap-plot');
    await page.keyboard.press('Home');
    for (let i = 0; i < 7; i++) await page.keyboard.press('ArrowRight');
    await page.locator('.flag', { hasText: /^t = 7$/ }).waitFor();
    await page.locator('[data-card=openedStep] .place', { hasText: 't = 7 ' }).waitFor();
    await page.keyboard.press('+');
    await page.locator('.ruler.zoomed').waitFor();
    await tabTo('.bar vscode-button[title="Show all steps (0)"]');
    await page.keyboard.press('Enter');
    await page.locator('.ruler:not(.zoomed)').waitFor();
  });

  it('units, their order and the sequence are chosen', async () => {
    const { page } = open;
    await tabTo('.toolbar vscode-text-field');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('3,1');
    await page.keyboard.press('Enter');
    await page.locator('[data-track=units] .formula', { hasText: /3, 1|1, 3/ }).waitFor();
    await tabTo('vscode-dropdown[aria-label="Rows: order of the units"]');
    await page.keyboard.press('ArrowDown');
    await page.waitForFunction(
      () =>
        document.querySelector<HTMLSelectElement>('vscode-dropdown[aria-label="Rows: order of the units"]')?.value ===
        'similarity',
    );
  });

  it('a what-if is opened, moved, applied, reset and closed', async () => {
    const { page, host } = open;
    await tabTo('.bar vscode-button[title^="Try other weights"]');
    await page.keyboard.press('Enter');
    await page.locator('.whatif').waitFor();
    await page.locator('[data-measure=sigmaMax] input[type=range]:enabled').waitFor();
    await tabTo('[data-measure=sigmaMax] input[type=range]');
    for (let i = 0; i < 5; i++) await page.keyboard.press('ArrowRight');
    await page.locator('[data-outcome=factor] b').waitFor();
    await tabTo('.whatif vscode-button[title^="Write this into the config"]');
    await page.keyboard.press('Enter');
    while (host.applied.length === 0) await nextFrames(page);
    assert.equal(host.applied[0]?.rescale?.measure, 'sigmaMax');
    await tabTo('.whatif vscode-button[title="Everything as in the files"]');
    await page.keyboard.press('Enter');
    await page.locator('[data-outcome=factor]').waitFor({ state: 'hidden' });
    await tabTo('.bar vscode-button[title^="Try other weights"]');
    await page.keyboard.press('Enter');
    await page.locator('.whatif').waitFor({ state: 'hidden' });
  });

  it('a run is pinned, named, compared and let go', async () => {
    const { page } = open;
    await chooseByKey('.bar', 'Pin run');
    await page.locator('.pins li').waitFor();
    await tabTo('.pins .pin-name');
    await page.keyboard.press('Control+a');
    await page.keyboard.type('mine');
    await page.keyboard.press('Enter');
    await page.locator('[data-track=flow] .chip', { hasText: '#1 mine' }).waitFor();
    await tabTo('.compare input[type=checkbox]');
    await page.keyboard.press('Space');
    await page.waitForFunction(() => document.querySelectorAll('[data-track=flow] .chip').length === 1);
    await page.keyboard.press('Space');
    await tabTo('.pins button[aria-label^="Remove"]');
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelectorAll('.pins li').length === 0);
  });

  it('an older version is looked back at, a weight is chosen, a line is hidden', async () => {
    const { page, host } = open;
    await tabTo('.history-controls input[type=range]');
    await page.keyboard.press('ArrowLeft');
    await page.locator('.version-told', { hasText: 'version 1 of 2' }).waitFor();
    await page.keyboard.press('ArrowRight');
    await tabTo('#card-weights');
    await page.keyboard.press('ArrowRight');
    // From unit 0 to unit 1 the ring has its weight, 0.6.
    await page.locator('[data-name=cell-value][data-value="0.6"]').waitFor();
    await tabTo('[data-track=flow] .chip');
    await page.keyboard.press('Enter');
    await page.locator('[data-track=flow] .chip[aria-pressed=false]').waitFor();
    await page.keyboard.press('Enter');
    await chooseByKey('.bar', 'Run again');
    while (host.sent.rerun.length === 0) await nextFrames(page);
  });
});
