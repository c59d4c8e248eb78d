// A panel without a config says so, and how it becomes one; it offers nothing that needs a config.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { weatherConfig } from '../support/experiments.js';
import { choose } from '../support/menus.js';
import { startPages } from '../support/page.js';
import type { Page } from 'playwright-core';
import type { PageServer } from '../support/page.js';
import { nextFrames, painted } from './support.js';

let pages: PageServer;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());

/** What the menu behind the tabs offers to do with the run. */
async function offered(page: Page): Promise<string[]> {
  await page.locator('.bar .more').click();
  const items = await page.locator('.menu button b').allInnerTexts();
  await page.keyboard.press('Escape');
  await page.locator('.menu').waitFor({ state: 'detached' });
  assert.ok(items.includes('Run again'), items.join());
  return items;
}

const pair = { kind: 'pair', weights: 'w.json', sequences: 's.json' } as const;

it('a pair of files offers to be saved and other sequences, with a picture and without one', async () => {
  const open = await pages.open();
  const { page, host } = open;
  const bar = page.locator('.pair');
  const problem = { index: 0, severity: 'error', place: 's.json:1:1', text: 'wrong' } as const;
  host.status = { ...host.status, entry: pair, problems: [problem] };
  host.sendAll();
  await bar.waitFor();
  await page.locator('.blank').waitFor();
  assert.equal(await page.getByText('Open config').filter({ visible: true }).count(), 0);

  host.status = { ...host.status, problems: [] };
  await host.run(weatherConfig());
  await painted(open);
  await bar.waitFor();
  assert.ok(!(await offered(page)).includes('Open config'));
  await bar.getByText('Save as config…').click();
  await host.run(weatherConfig({ upstreamGradient: 'last' }));
  await page.getByRole('button', { name: 'Choose a loss…' }).click();
  await bar.getByText('Choose other sequences…').click();
  while (host.sent.chooseSequences.length === 0) await nextFrames(page);
  await choose(page, '.bar', 'Preview the sequences');
  while (host.sent.previewSequences.length === 0) await nextFrames(page);
  assert.equal(host.sent.saveAsConfig.length, 2);

  // It was saved as one.
  host.status = { ...host.status, entry: { kind: 'config', config: 'a.rnn.json' } };
  host.sendAll();
  await bar.waitFor({ state: 'hidden' });
  assert.ok((await offered(page)).includes('Open config'));
  await choose(page, '.bar', 'Choose other sequences');
  while (host.sent.chooseSequences.length < 2) await nextFrames(page);
  await open.close();
});

it('at 300 pixels both buttons are whole', async () => {
  const open = await pages.open({ width: 300, height: 800 });
  open.host.status = { ...open.host.status, entry: pair };
  await open.host.run(weatherConfig());
  await painted(open);
  const ends = await open.page
    .locator('.pair vscode-button')
    .evaluateAll((buttons) => buttons.map((button) => button.getBoundingClientRect().right));
  assert.ok(ends.length === 2 && ends.every((end) => end <= 300), ends.join());
  await open.close();
});
