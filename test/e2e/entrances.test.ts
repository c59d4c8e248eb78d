// Ways in without the palette: the explorer.
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe } from 'node:test';
import type { Locator } from 'playwright-core';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

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

/** Weights under a name of their own, and something else that a config knows as weights by its name alone. */
function namesOfTheirOwn(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rnn-names-'));
  writeFileSync(path.join(folder, 'trained.jsonc'), '{ "Wx": [[1]], "Wh": "nothing yet" }');
  writeFileSync(path.join(folder, 'other.json'), '{ "colour": "blue" }');
  writeFileSync(path.join(folder, 'a.rnn.json'), '{ "weights": "trained.jsonc", "sequences": [[[1], [0], [0]]] }');
  return folder;
}

describe('the explorer', () => {
  scenario('runs a config, and weights, and offers it on nothing else', {}, async (workbench) => {
    await workbench.page.keyboard.press('Control+Shift+E');
    await workbench.page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: 'weather' }).click();
    const readme = await contextMenu(workbench, 'README.md');
    assert.equal(await readme.filter({ hasText: 'Run RNN' }).count(), 0);
    await workbench.page.keyboard.press('Escape');
    const sequences = await contextMenu(workbench, 'sequences.json');
    assert.equal(await sequences.filter({ hasText: 'Run RNN' }).count(), 0);
    await workbench.page.keyboard.press('Escape');
    await choose(workbench, await contextMenu(workbench, 'weights.json'), 'Run RNN');
    await workbench.answer(/sequences\.json/, 'sequences.json');
    await workbench.badge(/vanishing/i);
    const config = await contextMenu(workbench, 'weather.rnn.json');
    assert.equal(await config.filter({ hasText: 'Open Gradient Preview to the Side' }).count(), 1);
    await choose(workbench, config, 'Run RNN');
    await workbench.page.locator('.tab').filter({ hasText: 'RNN: tanh RNN on daily weather' }).waitFor();
  });

  scenario(
    'knows weights by the configs that name them, whatever they are called',
    { workspace: namesOfTheirOwn() },
    async (workbench) => {
      await workbench.page.keyboard.press('Control+Shift+E');
      await workbench.until('Run RNN on the weights', async () => {
        const count = await (await contextMenu(workbench, 'trained.jsonc')).filter({ hasText: 'Run RNN' }).count();
        await workbench.page.keyboard.press('Escape');
        return count === 1;
      });
      assert.equal(await (await contextMenu(workbench, 'other.json')).filter({ hasText: 'Run RNN' }).count(), 0);
    },
  );
});
