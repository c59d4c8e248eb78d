// Ways in without the palette: the explorer.
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe } from 'node:test';
import { chooseFromMenu, explorerRow, menuEntries } from '../support/explorer.js';
import { scenario } from '../support/workbench.js';

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
    await explorerRow(workbench, 'weather').click();
    for (const file of ['README.md', 'sequences.json'])
      assert.equal(await menuEntries(workbench, file, 'Run RNN'), 0, file);
    await chooseFromMenu(workbench, 'weights.json', 'Run RNN');
    await workbench.answer(/sequences\.json/, 'sequences.json');
    await workbench.badge(/vanishing/i);
    assert.equal(await menuEntries(workbench, 'weather.rnn.json', 'Open Gradient Preview to the Side'), 1);
    await chooseFromMenu(workbench, 'weather.rnn.json', 'Run RNN');
    await workbench.page.locator('.tab').filter({ hasText: 'RNN: tanh RNN on daily weather' }).waitFor();
  });

  scenario(
    'knows weights by the configs that name them, whatever they are called',
    { workspace: namesOfTheirOwn() },
    async (workbench) => {
      await workbench.page.keyboard.press('Control+Shift+E');
      await workbench.until(
        'Run RNN on the weights',
        async () => (await menuEntries(workbench, 'trained.jsonc', 'Run RNN')) === 1,
      );
      assert.equal(await menuEntries(workbench, 'other.json', 'Run RNN'), 0);
    },
  );
});
