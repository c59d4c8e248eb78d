// Ways in without the palette: the explorer, and the walkthrough that ticks itself off.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import type { Locator } from 'playwright-core';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

const badge = (workbench: Workbench, verdict: RegExp): Promise<void> => workbench.webview().locator('.badge').filter({ hasText: verdict }).waitFor();

/** Opens the context menu of a file in the explorer and gives its entries. */
async function contextMenu(workbench: Workbench, file: string): Promise<Locator> {
  const row = workbench.page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: file }).first();
  await row.click({ button: 'right' });
  const entries = workbench.page.locator('.monaco-menu .action-item .action-label');
  await entries.first().waitFor();
  return entries;
}

/** A menu takes no click while it is still opening, but keys. */
async function choose(workbench: Workbench, entries: Locator, label: string): Promise<void> {
  await entries.filter({ hasText: label }).hover();
  await workbench.page.locator('.monaco-menu .action-item.focused').filter({ hasText: label }).waitFor();
  await workbench.page.keyboard.press('Enter');
}

describe('ways in', () => {
  scenario('runs a config, and weights, from the explorer, and offers it on nothing else', {}, async (workbench) => {
    await workbench.page.keyboard.press('Control+Shift+E');
    await workbench.page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: 'weather' }).click();
    const readme = await contextMenu(workbench, 'README.md');
    assert.equal(await readme.filter({ hasText: 'Run RNN' }).count(), 0);
    await workbench.page.keyboard.press('Escape');
    await choose(workbench, await contextMenu(workbench, 'weights.json'), 'Run RNN');
    await workbench.answer('sequences.json');
    await badge(workbench, /vanishing/i);
    const config = await contextMenu(workbench, 'weather.rnn.json');
    assert.equal(await config.filter({ hasText: 'Open Gradient Preview to the Side' }).count(), 1);
    await choose(workbench, config, 'Run RNN');
    await workbench.page.locator('.tab').filter({ hasText: 'RNN: tanh RNN on daily weather' }).waitFor();
  });

  scenario('ticks off the walkthrough as the network is run and mended', {}, async (workbench) => {
    assert.equal(await workbench.page.locator('.gettingStartedContainer').count(), 0, 'nothing opens by itself');
    const step = (id: string): Locator => workbench.page.locator(`.getting-started-step[data-step-id$="#${id}"]`);
    const open = async (): Promise<void> => {
      await workbench.palette('Welcome: Open Walkthrough');
      await workbench.answer('See whether a recurrent network can learn');
      // It takes the focus late; keys before that would be lost.
      await workbench.page.locator('.getting-started-step:focus').waitFor();
    };
    await open();
    for (const id of ['create', 'run', 'read', 'mend', 'pytorch']) assert.equal(await step(id).getAttribute('aria-checked'), 'false', id);

    await workbench.openFile('vanishing.rnn.json');
    await workbench.palette('Run RNN');
    await badge(workbench, /vanishing/i);
    await workbench.palette('RNN: Initialise Weights');
    await workbench.answer('Wh');
    await workbench.answer('Orthogonal');
    await workbench.answer('1');
    await badge(workbench, /healthy/i);
    await open();
    for (const id of ['run', 'mend']) await workbench.until(`the tick at ${id}`, async () => (await step(id).getAttribute('aria-checked')) === 'true');
    for (const id of ['create', 'pytorch']) assert.equal(await step(id).getAttribute('aria-checked'), 'false', id);
  });
});
