// VS Code for the Web, as on vscode.dev: no server, no disk, the extension and its engine in workers of the browser.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { long } from '../support/long.js';
import { scenario } from '../support/workbench.js';
import type { Workbench, WorkbenchOptions } from '../support/workbench.js';

const workersAsked = ({ server }: Workbench): number => ('asked' in server ? server.asked : assert.fail());
const notificationOf = ({ page }: Workbench, words: string): Promise<void> =>
  page.locator('.notification-list-item-message').filter({ hasText: words }).first().waitFor();

/** Opens a file of a folder from the explorer; the search of this window's virtual files knows only globs. */
async function openFrom(workbench: Workbench, folder: string, file: string): Promise<void> {
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
  await row.first().dblclick();
  await page.locator('.tab.active').filter({ hasText: file }).waitFor();
  await page.locator('.editor-group-container .monaco-editor .view-line').first().waitFor();
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
  await notificationOf(workbench, 'Saved vanishing- half is lost at every step.report.html');
  await openFrom(workbench, 'vanishing', 'vanishing- half');
  await page.locator('.view-line').filter({ hasText: '<!DOCTYPE html>' }).first().waitFor();
}

const told = (workbench: Workbench): string[] =>
  workbench.log.filter((line) => /^(pageerror|error)/.test(line) && /rnn-gradients|web\.js/i.test(line));

const everywhere: readonly (readonly [string, WorkbenchOptions, workers: boolean])[] = [
  ['a window of the web', { web: {} }, true],
  ['an isolated window of the web, whose threads share memory', { web: { isolated: true } }, true],
  ['a window of the web that refuses workers', { web: { workers: false } }, false],
];

describe('VS Code for the Web', () => {
  for (const [where, options, workers] of everywhere.slice(0, long ? 3 : 1))
    scenario(`runs, follows edits, tries, applies and saves in ${where}`, options, async (workbench) => {
      await everything(workbench);
      assert.deepEqual(told(workbench), []);
      const asked = workersAsked(workbench);
      // One that was refused is not asked for again.
      assert.ok(workers ? asked >= 1 : asked === 1, `${asked} workers asked for`);
    });
});
