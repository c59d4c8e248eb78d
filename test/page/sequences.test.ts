// The preview of sequences: its own bundle, in a real browser, over the real worker logic.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { korean } from '../support/languages.js';
import { startPages } from '../support/page.js';
import type { OpenSequences, PageServer } from '../support/page.js';
import { themeNames } from '../support/themes.js';
import { allViolationsOf } from './axe.js';

let pages: PageServer;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());

const rows = Array.from({ length: 60 }, (_, i) => `d${i},${i},${100 - i},${i % 7}`);
const table = `day,rising,falling,weekday\n${rows.join('\n')}\n`;

const said = (open: OpenSequences, text: string): Promise<void> =>
  open.page.locator('.said .facts', { hasText: text }).waitFor();

describe('the preview of sequences', () => {
  it('shows a table as it would be run, follows each choice, and runs it so', async () => {
    const open = await pages.openSequences('t.csv', { 't.csv': table }, { weights: { name: 'model.pt', I: 1 } });
    const { page, host } = open;
    await said(open, 'a table · 60 rows · 1 sequence of 60 steps, inputs: 3');
    await page.getByText('These have 3 inputs per step, and model.pt takes 1.').waitFor();
    // What does not fit is not run, and says why.
    const run = page.getByRole('button', { name: 'Run RNN: model.pt' });
    const save = page.getByRole('button', { name: 'Save as config…' });
    await page.locator('vscode-button[title^="These have 3 inputs"]', { hasText: 'Run RNN: model.pt' }).waitFor();
    assert.deepEqual([await run.isDisabled(), await save.isDisabled()], [true, true]);
    await run.click({ force: true });
    assert.deepEqual(host.sent.run, []);
    for (const name of ['falling', 'weekday']) await page.getByRole('checkbox', { name }).press('Space');
    await said(open, '1 sequence of 60 steps, inputs: 1');
    await page.getByText('These have').waitFor({ state: 'detached' });
    assert.ok(await page.getByRole('checkbox', { name: 'day', exact: true }).isDisabled());

    const type = async (label: string, text: string): Promise<void> => {
      const field = page.locator('.choices label', { hasText: label }).locator('input');
      await field.fill(text);
      await field.press('Enter');
    };
    await type('Window', '20');
    await said(open, '3 sequences of 20 steps');
    await type('Stride', '10');
    await said(open, '5 sequences of 20 steps');
    // From 0 to 59.
    const raw = page.locator('.choices .raw', { hasText: '"rising" have mean 30 and deviation 17' });
    await raw.waitFor();
    assert.equal(await page.locator('.notes li').count(), 0);
    await page.locator('.choices label', { hasText: 'Normalise' }).locator('vscode-dropdown').click();
    await page.locator('vscode-option', { hasText: 'by mean and deviation' }).click();
    // The first 42 of 60 numbers from 0 on: their mean is 20.5.
    const before = page.locator('.normalisation tr', { hasText: 'the first 42, in the file' });
    await before.locator('td[data-value="20.5"]').waitFor();
    await raw.waitFor({ state: 'detached' });
    await page.locator('.normalisation tr', { hasText: 'the first 42, as they are run' }).first().waitFor();
    const [first] = await page.locator('.rows tbody tr').all();
    assert.deepEqual((await first?.locator('th, td').allInnerTexts())?.slice(0, 3), ['0', 'd0', '0']);

    // One line for each window, the chosen one in front of the others.
    const lines = page.locator('.plot path.line');
    assert.equal(await lines.count(), 5);
    assert.equal(await page.locator('.strip rect.window').count(), 6);
    await page.getByText('Sequence 1 of 5 · rows 1 to 20 · d0 … d19').waitFor();
    const slider = page.getByRole('slider', { name: 'Sequence' });
    await slider.press('ArrowRight');
    await page.getByText('Sequence 2 of 5 · rows 11 to 30 · d10 … d29').waitFor();
    const strip = page.locator('.strip');
    const box = await strip.boundingBox();
    await strip.click({ position: { x: (box?.width ?? 0) - 20, y: 20 } });
    await page.getByText('Sequence 5 of 5 · rows 41 to 60 · d40 … d59').waitFor();

    await page.getByRole('button', { name: 'Run RNN: model.pt' }).click();
    const wanted = { options: { columns: ['rising'], window: 20, stride: 10, normalise: 'zScore' }, array: null };
    await page.waitForFunction(() => document.querySelector('.said') !== null);
    assert.deepEqual(host.sent.run, [wanted]);
    assert.deepEqual(host.sent.choose.at(-1), wanted);
    await save.click();
    await page.getByRole('button', { name: 'Other weights…' }).click();
    assert.deepEqual([host.sent.saveAsConfig, host.sent.otherWeights], [[wanted], [wanted]]);
    host.weights = { name: 'model.pt', I: 2 };
    await host.tell();
    await page.getByText('These have 1 input per step, and model.pt takes 2.').waitFor();
    await open.close();
  });

  it('finds the sequence and the input in front again when its tab was hidden', async () => {
    const open = await pages.openSequences('t.csv', { 't.csv': table });
    const { page } = open;
    await said(open, '1 sequence of 60 steps, inputs: 3');
    const window = page.locator('.choices label', { hasText: 'Window' }).locator('input');
    await window.fill('20');
    await window.press('Enter');
    await page.getByText('Sequence 1 of 3').waitFor();
    await page.getByRole('slider', { name: 'Sequence' }).press('End');
    await page.locator('.windows-choice vscode-dropdown').click();
    await page.locator('vscode-option', { hasText: 'falling' }).click();
    const inFront = page.getByText('Sequence 3 of 3 · rows 41 to 60');
    await inFront.waitFor();
    // A hidden page is thrown away; VS Code loads another one.
    await page.reload();
    await inFront.waitFor();
    // From 100 down to 41; no number of another column is as large.
    await page.locator('.plot text.tick', { hasText: /^80/ }).waitFor();
    await open.close();
  });

  it('tells a choice that cannot be, keeps it to be mended, and shows nothing of the one before', async () => {
    const choice = { options: { window: 20 }, array: null };
    const open = await pages.openSequences('t.csv', { 't.csv': table }, { choice });
    const { page, host } = open;
    assert.deepEqual(host.sent.ready, [choice]);
    await said(open, '3 sequences of 20 steps');
    assert.ok(await page.locator('main > vscode-button').isHidden());
    const field = page.locator('.choices label', { hasText: 'Window' }).locator('input');
    await field.fill('61');
    await field.press('Enter');
    await page.locator('.unreadable', { hasText: 'A window of 61 timesteps does not fit into 60 rows.' }).waitFor();
    assert.ok(await page.locator('.windows').isHidden());
    assert.ok(await page.locator('.tables').isHidden());
    assert.equal(await page.locator('.said vscode-button').filter({ visible: true }).count(), 0);
    assert.equal(await field.inputValue(), '61');
    assert.deepEqual(await allViolationsOf(page, ['html']), []);
    await field.fill('');
    await field.press('Enter');
    await said(open, '1 sequence of 60 steps');
    await page.locator('.unreadable').waitFor({ state: 'hidden' });
    // The file is written by another program.
    await host.write('t.csv', 'only\n1\n2\n');
    await said(open, '1 sequence of 2 steps, inputs: 1');
    assert.deepEqual(await page.locator('.choices fieldset label').allInnerTexts(), ['only']);
    await open.close();
  });

  it('keeps what was chosen since, when the answer to an older choice comes', async () => {
    const open = await pages.openSequences('t.csv', { 't.csv': table });
    const { page, host } = open;
    await said(open, '1 sequence of 60 steps');
    const held: (() => void)[] = [];
    const waiting = async (count: number): Promise<void> => {
      while (held.length < count) await page.waitForTimeout(10);
    };
    host.held = held;
    for (const [i, [label, text]] of (
      [
        ['Window', '20'],
        ['Stride', '10'],
      ] as const
    ).entries()) {
      const field = page.locator('.choices label', { hasText: label }).locator('input');
      await field.fill(text);
      await field.press('Enter');
      await waiting(i + 1);
    }
    held[0]?.();
    await said(open, '3 sequences of 20 steps');
    await page.locator('.choices label', { hasText: 'Normalise' }).locator('vscode-dropdown').click();
    await page.locator('vscode-option', { hasText: 'by mean and deviation' }).click();
    await waiting(3);
    const wanted = { options: { window: 20, stride: 10, normalise: 'zScore' }, array: null };
    assert.deepEqual(host.sent.choose.at(-1), wanted);
    for (const tell of held) tell();
    await page.locator('.normalisation tr', { hasText: 'as they are run' }).first().waitFor();
    await said(open, '5 sequences of 20 steps');
    const stride = page.locator('.choices label', { hasText: 'Stride' }).locator('input');
    assert.equal(await stride.inputValue(), '10');
    await open.close();
  });

  it('reads a file anew that what was chosen once does not fit', async () => {
    const choice = { options: { window: 61 }, array: null };
    const open = await pages.openSequences('t.csv', { 't.csv': table }, { choice });
    const { page, host } = open;
    await page.locator('.unreadable', { hasText: 'A window of 61 timesteps' }).waitFor();
    await page.getByRole('button', { name: 'Read it without choices' }).click();
    await said(open, '1 sequence of 60 steps, inputs: 3');
    assert.deepEqual(host.sent.choose, [{ options: {}, array: null }]);
    await open.close();
  });

  it('shows the windows of a text as they read, with the vocabulary', async () => {
    const open = await pages.openSequences('book.txt', { 'book.txt': 'to be or\nnot to be' });
    const { page } = open;
    await said(open, 'a text file · 18 tokens · 1 sequence of 18 steps');
    assert.deepEqual(await page.locator('.texts li').allInnerTexts(), ['to be or⏎not to be']);
    await page.locator('.choices label', { hasText: 'Read as' }).locator('vscode-dropdown').click();
    await page.locator('vscode-option', { hasText: 'words' }).click();
    await said(open, '6 tokens · 1 sequence of 6 steps, inputs: 4');
    assert.deepEqual(await page.locator('.tokens code').allInnerTexts(), ['be', 'not', 'or', 'to']);
    await open.close();
  });

  it('shows a config as it says, without anything to choose, with its targets', async () => {
    const config =
      '{ "weights": { "Wx": [[1]], "Wh": [[0.5]], "b": [0] }, ' +
      '"sequences": { "file": "t.csv", "columns": ["rising"], "window": 30 }, ' +
      '"loss": { "kind": "mse", "readout": { "Why": [[1]], "by": [0] }, "at": "last", ' +
      '"targets": { "file": "t.csv", "columns": ["falling"] } } }';
    const open = await pages.openSequences('a.rnn.json', { 'a.rnn.json': config, 't.csv': table }, { theme: 'light' });
    const { page } = open;
    await said(open, '2 sequences of 30 steps, inputs: 1');
    assert.ok(await page.locator('.choices').isHidden());
    assert.equal(await page.locator('.said vscode-button').filter({ visible: true }).count(), 0);
    // The step behind the window: row 30.
    await page.locator('.targets td[data-value="70"]').waitFor();
    await page.locator('.targets', { hasText: '1 of 2 places of the loss have a target.' }).waitFor();
    await open.close();
  });

  it('has no fault that axe finds, in four themes and in Korean, wide and narrow; arrays are chosen', async () => {
    const npz = new Uint8Array(readFileSync('test/fixtures/files/seq_ragged.npz'));
    const open = await pages.openSequences(
      't.csv',
      { 't.csv': table, 'x.npz': npz },
      { language: korean(), choice: { options: { window: 20, normalise: 'minMax' }, array: null } },
    );
    const { page } = open;
    await page.locator('.plot path.line').first().waitFor();
    await page.locator('.normalisation tbody tr').first().waitFor();
    for (const [i, theme] of themeNames.entries()) {
      await open.setTheme(theme);
      await page.setViewportSize({ width: i % 2 === 0 ? 500 : 1200, height: 900 });
      assert.deepEqual(await allViolationsOf(page, ['html']), [], theme);
      const width = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(width <= 0, `${width} pixels beyond the page in ${theme}`);
    }
    const english = (await page.locator('main').innerText()).match(/\b(?:Window|Columns?|rows|steps|min|Run)\b/g);
    assert.deepEqual(english, null);
    await open.close();
  });
});
