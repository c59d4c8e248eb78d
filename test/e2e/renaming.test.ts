// A file that configs name, renamed in the explorer: VS Code asks before it changes them.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

const row = (workbench: Workbench, name: string) =>
  workbench.page.locator('.explorer-folders-view .monaco-list-row').filter({ hasText: name }).first();

async function rename(workbench: Workbench, from: string, to: string, answer: RegExp): Promise<void> {
  await row(workbench, from).click();
  await workbench.page.keyboard.press('F2');
  const field = workbench.page.locator('.explorer-folders-view input');
  await field.fill(to);
  await field.press('Enter');
  const question = workbench.page.locator('.monaco-dialog-box');
  await question.filter({ hasText: /RNN Gradients.*refactoring changes/ }).waitFor();
  await question.locator('.monaco-button').filter({ hasText: answer }).click();
  await workbench.until(`${to} on the disk`, () =>
    Promise.resolve(existsSync(path.join(workbench.folder, 'weather', to))),
  );
}

const config = (workbench: Workbench): string =>
  readFileSync(path.join(workbench.folder, 'weather', 'weather.rnn.json'), 'utf8');

describe('renaming in the explorer', () => {
  scenario('asks, and leads the config to the new name or leaves it alone', {}, async (workbench) => {
    const before = config(workbench);
    // Before the extension is awake VS Code asks nobody.
    await workbench.openFile('weather.rnn.json');
    await workbench.page.locator('.codelens-decoration').filter({ hasText: 'Run RNN' }).waitFor();
    await workbench.page.keyboard.press('Control+Shift+E');
    await rename(workbench, 'weights.json', 'trained.json', /^OK$/);
    // Like a rename of a symbol, it is an edit that the user may still look at.
    await workbench.page.locator('.tab.dirty').filter({ hasText: 'weather.rnn.json' }).click();
    await workbench.save();
    await workbench.until('the new reference', () =>
      Promise.resolve(config(workbench).includes('"weights": "trained.json"')),
    );
    assert.equal(config(workbench).replace('trained.json', 'weights.json'), before);
    await rename(workbench, 'sequences.json', 'days.json', /^Skip Changes$/);
    assert.ok(config(workbench).includes('"sequences": "sequences.json"'));
    await workbench.openFile('weather.rnn.json');
    await workbench.until('the problem', async () =>
      (await workbench.problems()).some(({ text }) => text.includes('"sequences.json" does not exist')),
    );
  });
});
