// Weights without a config, as somebody has them who has never used this: which file is which, and which fits.
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe } from 'node:test';
import { chooseFromMenu, explorerRow, menuEntries } from '../support/explorer.js';
import { choose } from '../support/menus.js';
import { longScenario, scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

const block = (...shape: readonly number[]): unknown => {
  const [size, ...rest] = shape;
  return size === undefined ? 0.1 : Array.from({ length: size }, () => block(...rest));
};

const matrix = (rows: number, columns: number): number[][] =>
  Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (__, j) => ((7 * i + 3 * j) % 5) / 10 - 0.2));

/**
 * A classifier, two networks in one file, and batches of which some fit; a forecaster with its head, and the table that
 * it was trained on.
 */
function someFiles(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rnn-pairs-'));
  const write = (name: string, value: unknown): void => writeFileSync(path.join(folder, name), JSON.stringify(value));
  write('brain.json', {
    'embedding.weight': block(9, 3),
    'rnn.weight_ih_l0': block(16, 3),
    'rnn.weight_hh_l0': block(16, 4),
    'rnn.bias_ih_l0': block(16),
    'rnn.bias_hh_l0': block(16),
    'fc.weight': block(2, 4),
  });
  copyFileSync('test/fixtures/files/two_networks.pt', path.join(folder, 'two.pt'));
  write('cnn_weights.json', { 'conv.weight': block(3, 3), 'conv.bias': block(3) });
  write('batch.json', block(4, 20, 3));
  write('wrong.json', block(4, 20, 2));
  write('forecaster.json', {
    'rnn.weight_ih_l0': matrix(16, 2),
    'rnn.weight_hh_l0': matrix(16, 4),
    'rnn.bias_ih_l0': new Array<number>(16).fill(0),
    'rnn.bias_hh_l0': new Array<number>(16).fill(0),
    'head.weight': matrix(1, 4),
    'head.bias': [0],
  });
  const days = Array.from({ length: 300 }, (_, i) => `d${i},${50 + ((7 * i) % 16)},${20 + (i % 9)}`);
  writeFileSync(path.join(folder, 'weather.csv'), ['date,humidity,temperature', ...days].join('\n'));
  write('vanishing.rnn.json', { weights: { Wx: [[1]], Wh: [[0.1]], b: [0] }, sequences: block(1, 9, 1) });
  return folder;
}

/** Whether the menu of a file in the explorer offers to run it. */
const offersRun = async (workbench: Workbench, file: string): Promise<boolean> =>
  (await menuEntries(workbench, file, 'Run RNN')) === 1;
const runByMenu = (workbench: Workbench, file: string): Promise<void> => chooseFromMenu(workbench, file, 'Run RNN');

const rows = (workbench: Workbench) => workbench.page.locator('.quick-input-widget .quick-input-list .monaco-list-row');
/** The rows of the list, once this one is among them. */
async function listed(workbench: Workbench, words: RegExp): Promise<string[]> {
  await rows(workbench).filter({ hasText: words }).first().waitFor();
  return (await rows(workbench).allInnerTexts()).map((text) => text.replaceAll(/\s+/g, ' ').trim());
}

const workspace = someFiles();

describe('weights without a config', () => {
  longScenario('are known in the explorer by what is in them, not by their names', { workspace }, async (workbench) => {
    await workbench.page.keyboard.press('Control+Shift+E');
    await explorerRow(workbench, 'brain.json').waitFor();
    await workbench.until('Run RNN on the classifier', () => offersRun(workbench, 'brain.json'));
    await workbench.until(
      'no Run RNN on what is called weights',
      async () => !(await offersRun(workbench, 'cnn_weights.json')),
    );
    assert.ok(await offersRun(workbench, 'two.pt'));
    assert.ok(!(await offersRun(workbench, 'batch.json')));
  });

  scenario(
    'are run on what fits, asked again where it does not, and saved as a config',
    { workspace },
    async (workbench) => {
      const { page } = workbench;
      await page.keyboard.press('Control+Shift+E');
      await workbench.until('Run RNN on the classifier', () => offersRun(workbench, 'brain.json'));
      await runByMenu(workbench, 'brain.json');
      const list = await listed(workbench, /wrong\.json.*2 numbers per timestep, and the weights take 3/s);
      const at = (words: string): number => list.findIndex((text) => text.includes(words));
      assert.ok(list[at('batch.json')]?.includes('[4, 20, 3]'), list.join(' | '));
      const order = ['batch.json', 'Random sequences (B 4, T 100)', 'All zeros', 'wrong.json'].map(at);
      assert.ok(
        !order.includes(-1) && order.every((place, i) => i === 0 || place > (order[i - 1] ?? 0)),
        list.join(' | '),
      );
      assert.equal(at('two.pt'), -1, list.join(' | '));
      assert.equal(at('cnn_weights.json'), -1, list.join(' | '));

      await workbench.answer(/Random sequences/, 'Random sequences');
      const bar = workbench.webview().locator('.pair');
      await bar.waitFor();
      await workbench.webview().locator('.badge:not(:empty)').waitFor();
      assert.equal(await workbench.webview().getByText('Open config').filter({ visible: true }).count(), 0);

      await bar.getByText('Choose other sequences…').click();
      await workbench.answer(/do not fit/, 'wrong.json');
      await workbench.asked(/The timesteps have 2 inputs, but the weights take 3/);
      await workbench.answer(/batch\.json/, 'batch.json');
      await page.locator('.tab').filter({ hasText: 'RNN: brain + batch' }).waitFor();
      await workbench.webview().locator('.badge:not(:empty)').waitFor();

      // With the sequences in front it is the same panel.
      await workbench.openFile('batch.json');
      await workbench.palette('Run RNN');
      await page.locator('.tab').filter({ hasText: 'RNN: brain + batch' }).waitFor();
      assert.equal(await page.locator('.tab').filter({ hasText: 'RNN: ' }).count(), 1);

      await workbench.webview().locator('.pair').getByText('Save as config…').click();
      const dialog = page.locator('.quick-input-widget');
      const name = dialog.locator('input[type="text"]').first();
      const saved = path.join(workbench.folder, 'brain.rnn.json');
      await workbench.until('the suggested name', async () => (await name.inputValue()) === saved);
      await dialog.getByText('OK', { exact: true }).click();
      await page.locator('.tab.active').filter({ hasText: 'brain.rnn.json' }).waitFor();
      const text = readFileSync(saved, 'utf8');
      assert.match(text, /"cell": "lstm"/);
      assert.match(text, /"weights": "brain\.json"/);
      assert.match(text, /"sequences": "batch\.json"/);
      await workbench.webview().locator('.badge:not(:empty)').waitFor();
      await workbench.webview().locator('.pair').waitFor({ state: 'hidden' });

      // The config takes other sequences too: one edit of its text, which one undo takes back.
      await choose(workbench.webview(), '.bar', 'Choose other sequences');
      await workbench.answer(/All zeros/, 'All zeros');
      await workbench
        .webview()
        .locator('.facts')
        .filter({ hasText: /B.1.·.*T.100/ })
        .waitFor();
      const lines = page.locator('.editor-instance .view-lines').first();
      await lines.getByText('[0, 0, 0]').first().waitFor();
      await lines.click();
      await page.keyboard.press('Control+Z');
      await workbench
        .webview()
        .locator('.facts')
        .filter({ hasText: /B.4.·.*T.20/ })
        .waitFor();
      await lines.getByText('"batch.json"').waitFor();
    },
  );

  longScenario('of several networks in one file the one is run that is chosen', { workspace }, async (workbench) => {
    await workbench.page.keyboard.press('Control+Shift+E');
    await explorerRow(workbench, 'two.pt').waitFor();
    await workbench.until('Run RNN on the networks', () => offersRun(workbench, 'two.pt'));
    await runByMenu(workbench, 'two.pt');
    const list = await listed(workbench, /decoder/);
    // The name and what it is stand in two columns.
    assert.deepEqual(list, ['encoderLSTM 2 layers, I 3, H 5', 'decoderGRU, two directions, I 3, H 4']);
    await workbench.answer(/decoder/, 'decoder');
    await workbench.answer(/batch\.json/, 'batch.json');
    await workbench.webview().locator('.facts').filter({ hasText: /gru/ }).waitFor();
    const tabs = workbench.page.locator('.tab').filter({ hasText: 'RNN: two · ' });
    await tabs.filter({ hasText: 'RNN: two · decoder + batch' }).waitFor();

    // Asked again, the last choice first, which is run again as it is.
    await runByMenu(workbench, 'two.pt');
    const again = await listed(workbench, /decoder/);
    assert.deepEqual(again, ['decoderGRU, two directions, I 3, H 4', 'encoderLSTM 2 layers, I 3, H 5']);
    await workbench.answer(/decoder/, 'decoder');
    await runByMenu(workbench, 'two.pt');
    await workbench.answer(/encoder/, 'encoder');
    await workbench.answer(/batch\.json/, 'batch.json');
    await tabs.filter({ hasText: 'RNN: two · encoder + batch' }).waitFor();
    assert.equal(await tabs.count(), 2);

    // Sequences that no panel and no config uses ask for their weights.
    await workbench.openFile('wrong.json');
    await workbench.palette('Run RNN');
    await workbench.asked(/Which file holds the weights/);
    const weights = await listed(workbench, /brain\.json/);
    assert.ok(
      weights.some((text) => /two\.pt · encoder.*LSTM 2 layers.*the weights take 3/.test(text)),
      weights.join(' | '),
    );
    await workbench.page.keyboard.press('Escape');
  });

  longScenario(
    'the viewer of weights shows the networks of a file, and runs the one beside a button',
    { workspace },
    async (workbench) => {
      const { page } = workbench;
      await page.keyboard.press('Control+Shift+E');
      await explorerRow(workbench, 'two.pt').waitFor();
      await chooseFromMenu(workbench, 'two.pt', 'Open With...');
      await workbench.answer(/Select editor for/, 'RNN Weights Viewer');
      const view = workbench.webview();
      await view.locator('h1', { hasText: 'two.pt' }).waitFor();
      assert.deepEqual(await view.locator('.networks li > span').allInnerTexts(), [
        'encoder · LSTM 2 layers, I 3, H 5',
        'decoder · GRU, two directions, I 3, H 4',
      ]);
      await view.locator('tr[data-key$="decoder.weight_hh_l0"]').locator('td[data-value]').first().waitFor();
      await view.locator('.heatmap canvas[aria-label]').waitFor();
      await view.getByRole('button', { name: 'Run RNN: decoder' }).click();
      await workbench.answer(/batch\.json/, 'batch.json');
      // Beside the viewer.
      const panel = page.locator('iframe.webview').filter({ visible: true }).last().contentFrame();
      await panel.frameLocator('#active-frame').locator('.facts').filter({ hasText: /gru/ }).waitFor();
    },
  );
});

describe('a new config of such files', () => {
  scenario(
    "of a table takes what its preview shows, and the next row as the loss's targets",
    { workspace },
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
      await workbench.answer(/Which file holds the weights/, 'forecaster.json');
      await workbench.answer(/Which file holds the sequences/, 'weather.csv');
      await workbench.answer(/What flows in from above/, 'Mean squared error at the last step');
      await workbench.answer(/Which file holds the readout/, 'forecaster.json');
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
});
