// From nothing to a picture: the questions of a new config, answered as a person does.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe } from 'node:test';
import { longScenario, scenario } from '../support/workbench.js';

const matrix = (rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (__, j) => ((7 * i + 3 * j) % 5) / 10 - 0.2));

/** A forecaster with its head, and the table that it was trained on. */
function forecaster(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rnn-forecast-'));
  const model = {
    'rnn.weight_ih_l0': matrix(16, 2),
    'rnn.weight_hh_l0': matrix(16, 4),
    'rnn.bias_ih_l0': new Array<number>(16).fill(0),
    'rnn.bias_hh_l0': new Array<number>(16).fill(0),
    'head.weight': matrix(1, 4),
    'head.bias': [0],
  };
  writeFileSync(path.join(folder, 'model.json'), JSON.stringify(model));
  const rows = Array.from({ length: 300 }, (_, i) => `d${i},${50 + ((7 * i) % 16)},${20 + (i % 9)}`);
  writeFileSync(path.join(folder, 'weather.csv'), ['date,humidity,temperature', ...rows].join('\n'));
  return folder;
}

describe('a new config', () => {
  scenario(
    "of a table takes what its preview shows, and the next row as the loss's targets",
    { workspace: forecaster() },
    async (workbench) => {
      await workbench.openFile('weather.csv');
      await workbench.palette('RNN: Preview Sequences');
      const preview = workbench.webview();
      const type = async (label: string, text: string): Promise<void> => {
        const field = preview.locator('.choices label', { hasText: label }).locator('input');
        await field.fill(text);
        await field.press('Enter');
      };
      await preview.locator('.choices .raw', { hasText: 'The inputs of 2 columns are far from mean 0' }).waitFor();
      await type('Window', '30');
      await type('Stride', '20');
      await preview.locator('.choices label', { hasText: 'Normalise' }).locator('vscode-dropdown').click();
      await preview.locator('vscode-option', { hasText: 'by mean and deviation' }).click();
      await preview.locator('.said .facts', { hasText: '14 sequences of 30 steps' }).waitFor();
      await preview.locator('.normalisation tr', { hasText: 'as they are run' }).first().waitFor();

      await workbench.palette('RNN: Create RNN Config');
      await workbench.answer(/Where do the numbers come from/, 'Existing files');
      await workbench.answer(/Which file holds the weights/, 'model.json');
      await workbench.answer(/Which file holds the sequences/, 'weather.csv');
      await workbench.answer(/What flows in from above/, 'Mean squared error at the last step');
      await workbench.answer(/Which file holds the readout/, 'model.json');
      await workbench.answer(/Which file holds the targets/, 'The next row of weather.csv');
      await workbench.answer(/Which columns of the next row/, 'humidity');
      await workbench.answer(/Where does the state begin/, 'Zeros');
      await workbench.badge(/vanishing|fading|healthy/i);
      await workbench.webview().locator('.facts', { hasText: 'mse at the last step' }).waitFor();
      await workbench.page.locator('.tab').filter({ hasText: 'network.rnn.json' }).click();
      await workbench.page.keyboard.press('Control+S');
      const config = path.join(workbench.folder, 'network.rnn.json');
      // It is there before anything stands in it.
      const read = (): string => (existsSync(config) ? readFileSync(config, 'utf8') : '');
      await workbench.until('the config on the disk', () => Promise.resolve(read().trimEnd().endsWith('}')));
      const text = read();
      assert.match(
        text,
        /"sequences": \{ "file": "weather\.csv", "window": 30, "stride": 20, "normalise": "zScore" \}/,
      );
      assert.match(
        text,
        /"targets": \{ "file": "weather\.csv", "columns": \["humidity"\], "ahead": 1, "normalise": "zScore" \}/,
      );
    },
  );

  scenario(
    'is asked for step by step, refuses sizes that make no sense, goes back, and runs',
    {},
    async (workbench) => {
      await workbench.palette('RNN: Create RNN Config');
      await workbench.answer(/Where do the numbers come from/, 'Made-up');
      await workbench.answer(/Which cell/, 'identity');
      await workbench.answer(/How many layers, in which directions/, 'Several layers, both');
      await workbench.answer(/Layers, one above the other/, '0');
      await workbench.answer(/A whole number from 1/, '2');
      await workbench.answer(/Sizes B, T, I, H/, '1, 50, 2');
      await workbench.answer(/Four whole numbers/, '1, 50, 2, 5000');
      await workbench.answer(/Put larger ones in files/, '2, 20, 3, 8');
      await workbench.asked(/How do the recurrent weights/);
      await workbench.page.locator('.quick-input-widget [aria-label^="Back"]').click();
      await workbench.answer(/Sizes B, T, I, H/, '2, 30, 3, 8');
      await workbench.answer(/How do the recurrent weights/, 'Orthogonal');
      await workbench.answer(/Seed/, '7');
      await workbench.page.locator('.tab.active').filter({ hasText: 'network.rnn.json' }).waitFor();
      await workbench.badge(/fading|healthy/i);
      await workbench.page.locator('.tab').filter({ hasText: 'identity, 2 layers, both directions' }).waitFor();
      const text = workbench.page.locator('.tab.active').filter({ hasText: 'network.rnn.json' });
      await text.waitFor();
      assert.ok(!existsSync(path.join(workbench.folder, 'network.rnn.json')), 'nothing was written');
    },
  );

  longScenario('names existing files by their place in the workspace', {}, async (workbench) => {
    await workbench.palette('RNN: Create RNN Config');
    await workbench.answer(/Where do the numbers come from/, 'Existing files');
    await workbench.answer(/Which file holds the weights/, 'weights.json');
    await workbench.answer(/Which cell/, 'tanh');
    await workbench.answer(/Which file holds the sequences/, 'sequences.json');
    await workbench.answer(/What flows in from above/, 'A gradient from a file');
    await workbench.answer(/Which file holds the upstream gradient/, 'dhs.json');
    await workbench.answer(/Where does the state begin/, 'Zeros');
    await workbench.page.locator('.tab.active').filter({ hasText: 'network.rnn.json' }).waitFor();
    await workbench.page.locator('.view-line').filter({ hasText: '"weather/weights.json"' }).waitFor();
    await workbench.page.locator('.view-line').filter({ hasText: '"weather/dhs.json"' }).waitFor();
    await workbench.badge(/vanishing/i);
    await workbench.page.locator('.tab').filter({ hasText: 'network.rnn.json' }).click();
    await workbench.page.keyboard.press('Control+S');
    await workbench.until('the config on the disk', () =>
      Promise.resolve(existsSync(path.join(workbench.folder, 'network.rnn.json'))),
    );
  });
});
