// VS Code for the Web, as on vscode.dev: no server, no disk, the extension and its engine in workers of the browser.
import assert from 'node:assert/strict';
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe } from 'node:test';
import { chooseFromMenu, explorerRow } from '../support/explorer.js';
import { long } from '../support/long.js';
import { scenario } from '../support/workbench.js';
import type { Locator } from 'playwright-core';
import type { Workbench, WorkbenchOptions } from '../support/workbench.js';

const workersAsked = ({ server }: Workbench): number => ('asked' in server ? server.asked : assert.fail());
const notificationOf = ({ page }: Workbench, words: string): Promise<void> =>
  page.locator('.notification-list-item-message').filter({ hasText: words }).first().waitFor();

/** The examples, and files of numbers that are no text. */
function someFiles(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'rnn-web-'));
  cpSync('examples', folder, { recursive: true });
  const files = path.join(folder, 'files');
  mkdirSync(files);
  for (const name of ['rnn.pt', 'two_networks.pt', 'seq_f4.npy', 'table.csv'])
    copyFileSync(path.join('test/fixtures/files', name), path.join(files, name));
  writeFileSync(path.join(files, 'binary.rnn.json'), '{ "weights": "rnn.pt", "sequences": "seq_f4.npy" }');
  return folder;
}

/** Opens a file of a folder from the explorer; the search of this window's virtual files knows only globs. */
async function openFrom(workbench: Workbench, folder: string, file: string): Promise<void> {
  const { page } = workbench;
  const row = await shownIn(workbench, folder, file);
  await row.dblclick();
  await page.locator('.tab.active').filter({ hasText: file }).waitFor();
  await page.locator('.editor-group-container .monaco-editor .view-line').first().waitFor();
}

/** The row of a file in the explorer, once its folder is open. */
async function shownIn(workbench: Workbench, folder: string, file: string): Promise<Locator> {
  const { page } = workbench;
  const rows = page.locator('.explorer-folders-view .monaco-list-row');
  const row = rows.filter({ hasText: file });
  await workbench.until(`${file} in the explorer`, async () => {
    if (await row.first().isVisible()) return true;
    // A folder that is open would be shut by a click.
    const shut = rows.and(page.locator('[aria-expanded=false]')).filter({ hasText: folder });
    if (await shut.first().isVisible()) await shut.first().click();
    await page.waitForTimeout(200);
    return false;
  });
  return row.first();
}

async function closeAll(workbench: Workbench): Promise<void> {
  await workbench.palette('View: Close All Editors');
  const tabs = workbench.page.locator('.editor-group-container .tab');
  await workbench.until('the editors to close', async () => (await tabs.count()) === 0);
}

/** Files that are no text, in a config and in the viewer: they come whole, as VS Code has them. */
async function files(workbench: Workbench): Promise<void> {
  await openFrom(workbench, 'files', 'binary.rnn.json');
  await workbench.palette('Run RNN');
  await workbench.badge(/fading/i);
  await closeAll(workbench);

  await chooseFromMenu(workbench, 'two_networks.pt', 'Open With...');
  await workbench.answer(/Select editor for/, 'RNN Weights Viewer');
  const view = workbench.webview();
  await view.locator('.networks li').filter({ hasText: 'decoder · GRU, two directions, I 3, H 4' }).waitFor();
  await view.locator('tr[data-key$="decoder.weight_hh_l0"]').locator('td[data-value]').first().waitFor();
  await view.locator('.heatmap canvas[aria-label]').waitFor();
  await closeAll(workbench);
}

/** What else there is: a preview, a run without a config, several in one panel, text, and an assistant's tools. */
async function more(workbench: Workbench): Promise<void> {
  const { page } = workbench;
  await openFrom(workbench, 'files', 'table.csv');
  await workbench.palette('RNN: Preview Sequences');
  const preview = workbench.webview();
  await preview.getByText('1 sequence of 9 steps, inputs: 3').waitFor();
  await preview.locator('td', { hasText: '2024-02-01' }).first().waitFor();
  await closeAll(workbench);

  await shownIn(workbench, 'files', 'rnn.pt');
  await chooseFromMenu(workbench, 'rnn.pt', 'Run RNN');
  await workbench.answer(/Input sequences/, 'seq_f4.npy');
  await page.locator('.tab.active').filter({ hasText: 'RNN: rnn + seq_f4' }).waitFor();
  await workbench.badge(/fading/i);
  await closeAll(workbench);

  await shownIn(workbench, 'exploding', 'exploding.rnn.json');
  await shownIn(workbench, 'stack', 'stack.rnn.json');
  await chooseFromMenu(workbench, 'stack.rnn.json', 'Compare RNN Runs', async () => {
    await explorerRow(workbench, 'exploding.rnn.json').click({ timeout: 10_000 });
    await explorerRow(workbench, 'stack.rnn.json').click({ modifiers: ['ControlOrMeta'], timeout: 10_000 });
  });
  for (const [at, kind] of ['EXPLODING', 'VANISHING'].entries())
    await workbench.webview().locator('.pins .mark').nth(at).filter({ hasText: kind }).waitFor();
  await workbench.palette('RNN: Show Result as Text');
  await page.locator('.view-line').filter({ hasText: 'EXPLODING' }).first().waitFor();
  await closeAll(workbench);

  await workbench.palette('Ask the Tools as an Assistant');
  const lines = page.locator('.view-line');
  await lines.filter({ hasText: /with.the.change:.HEALTHY,.times.1\.000/ }).waitFor();
  await lines.filter({ hasText: /Try.an.orthogonal.Wh/ }).waitFor();
  await closeAll(workbench);
}

/** Open, Run RNN, edit, what if, export: everything that needs the engine, files and the page. */
async function everything(workbench: Workbench): Promise<void> {
  const { page } = workbench;
  await openFrom(workbench, 'vanishing', 'vanishing.rnn.json');
  await workbench.palette('Run RNN');
  await workbench.badge(/vanishing/i);
  const view = workbench.webview();

  // The text on the screen counts, saved or not.
  const [vanishing, exploding] = ['[ 0.25,  0.25, -0.25, -0.25]', '[ 1.75,  0.25, -0.25, -0.25]'];
  await workbench.replaceInEditor(vanishing, exploding);
  await workbench.badge(/exploding/i);
  await page.locator('.tab.dirty').first().waitFor();
  await workbench.replaceInEditor(exploding, vanishing);
  await workbench.badge(/vanishing/i);

  await view.locator('.bar vscode-button', { hasText: 'What if' }).click();
  await view.locator('[data-measure=spectralRadius] .number').fill('1');
  await view.locator('[data-measure=spectralRadius] .number').press('Enter');
  await view
    .locator('.turn .mark')
    .nth(1)
    .filter({ hasText: /healthy/i })
    .waitFor();
  await view.locator('.whatif vscode-button', { hasText: 'Apply' }).click();
  await workbench.badge(/healthy/i);

  await workbench.palette('Save as HTML Report');
  // Beside the config, under the name that is offered.
  await workbench.acceptAll([/vanishing\.rnn\.json/]);
  await notificationOf(workbench, 'Saved vanishing-half-is-lost-at-every-step-report.html');
  await openFrom(workbench, 'vanishing', 'vanishing-half');
  await page.locator('.view-line').filter({ hasText: '<!DOCTYPE html>' }).first().waitFor();
}

const told = (workbench: Workbench): string[] =>
  workbench.log.filter((line) => /^(pageerror|error)/.test(line) && /rnn-gradients|web\.js/i.test(line));

const workspace = someFiles();
const beside = ['test/fixtures/asker'];
const everywhere: readonly (readonly [string, WorkbenchOptions, workers: boolean])[] = [
  ['a window of the web', { workspace, web: { beside } }, true],
  ['an isolated window of the web, whose threads share memory', { workspace, web: { beside, isolated: true } }, true],
  ['a window of the web that refuses workers', { workspace, web: { beside, workers: false } }, false],
];

describe('VS Code for the Web', () => {
  for (const [where, options, workers] of everywhere.slice(0, long ? 3 : 1))
    scenario(`runs, follows edits, tries, applies and saves in ${where}`, options, async (workbench) => {
      await files(workbench);
      if (long) await more(workbench);
      await everything(workbench);
      assert.deepEqual(told(workbench), []);
      const asked = workersAsked(workbench);
      // One that was refused is not asked for again.
      assert.ok(workers ? asked >= 1 : asked === 1, `${asked} workers asked for`);
    });
});
