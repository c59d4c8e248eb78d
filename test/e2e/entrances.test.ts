// Ways in without the palette: the explorer.
import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe } from 'node:test';
import { chooseFromMenu, explorerRow, menuEntries } from '../support/explorer.js';
import { longScenario, scenario } from '../support/workbench.js';

/** Weights under a name of their own, and something else that a config knows as weights by its name alone. */
function namesOfTheirOwn(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rnn-names-'));
  writeFileSync(path.join(folder, 'trained.jsonc'), '{ "Wx": [[1]], "Wh": "nothing yet" }');
  writeFileSync(path.join(folder, 'other.json'), '{ "colour": "blue" }');
  writeFileSync(path.join(folder, 'a.rnn.json'), '{ "weights": "trained.jsonc", "sequences": [[[1], [0], [0]]] }');
  return folder;
}

/** An LSTM with shut gates as a state_dict, and a batch: what a script writes. */
function modelAndData(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rnn-model-'));
  const filled = (rows: number, columns: number): number[][] =>
    Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => 0.1 + 0.01 * (i - j)));
  const model = {
    'lstm.weight_ih_l0': filled(8, 3),
    'lstm.weight_hh_l0': filled(8, 2),
    'lstm.bias_ih_l0': Array(8).fill(-1),
  };
  writeFileSync(path.join(folder, 'model.json'), JSON.stringify(model));
  writeFileSync(path.join(folder, 'data.json'), JSON.stringify([filled(60, 3)]));
  return folder;
}

describe('the explorer', () => {
  scenario('runs a config, and weights, and offers it on nothing else', {}, async (workbench) => {
    await workbench.page.keyboard.press('Control+Shift+E');
    await workbench.consequence(
      'the files of the folder',
      () => explorerRow(workbench, 'README.md').isVisible(),
      () => explorerRow(workbench, 'weather').click({ timeout: 10_000 }),
    );
    for (const file of ['README.md', 'sequences.json'])
      assert.equal(await menuEntries(workbench, file, 'Run RNN'), 0, file);
    await chooseFromMenu(workbench, 'weights.json', 'Run RNN');
    await workbench.answer(/sequences\.json/, 'sequences.json');
    await workbench.badge(/vanishing/i);
    assert.equal(await menuEntries(workbench, 'weather.rnn.json', 'Open Gradient Preview to the Side'), 1);
    await chooseFromMenu(workbench, 'weather.rnn.json', 'Run RNN');
    await workbench.page.locator('.tab').filter({ hasText: 'RNN: tanh RNN on daily weather' }).waitFor();
  });

  longScenario(
    'leads from a state_dict to its picture by five keys',
    { workspace: modelAndData() },
    async (workbench) => {
      const { keyboard } = workbench.page;
      await keyboard.press('Control+Shift+E');
      await workbench.until(
        'Run RNN on the weights',
        async () => (await menuEntries(workbench, 'model.json', 'Run RNN')) === 1,
      );
      await explorerRow(workbench, 'data.json').focus();
      await keyboard.press('ArrowDown');
      await keyboard.press('Enter');
      await workbench.page.locator('.tab.active', { hasText: 'model.json' }).waitFor();
      await workbench.page.locator('.monaco-editor.focused').waitFor();
      await keyboard.press('Control+K');
      await keyboard.press('g');
      await workbench.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: 'data.json' }).waitFor();
      await keyboard.press('Enter');
      await workbench.badge(/vanishing/i);
    },
  );

  longScenario(
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
