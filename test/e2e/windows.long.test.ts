// What becomes of a window besides its edits: it is reloaded or closed in the middle of a run, its extensions are
// lost and started anew, another window shows the same folder, the server is lost and comes back.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'node:test';
import type { Locator } from 'playwright-core';
import type { Server } from '../../build/vscode-server.mjs';
import { extensionHosts, isAlive, noProcesses } from '../support/hostProcesses.js';
import type { HostProcess } from '../support/hostProcesses.js';
import { scenario, startAgain } from '../support/workbench.js';
import type { Workbench, WorkbenchOptions } from '../support/workbench.js';

const { name: packageName, version } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly name: string;
  readonly version: string;
};

const serverOf = ({ server }: Workbench): Server => ('pid' in server ? server : assert.fail('a server with processes'));

/** The extension host that is there and was not among the others. */
async function hostBeside(workbench: Workbench, others: readonly number[]): Promise<HostProcess> {
  let found: readonly HostProcess[] = [];
  await workbench.until('one extension host', () => {
    found = extensionHosts(serverOf(workbench).pid).filter(({ pid }) => !others.includes(pid));
    return Promise.resolve(found.length === 1);
  });
  return found[0] ?? assert.fail();
}
const hostsOf = (workbench: Workbench): number[] => extensionHosts(serverOf(workbench).pid).map(({ pid }) => pid);
const threadsOf = (workbench: Workbench, host: number): number =>
  extensionHosts(serverOf(workbench).pid).find(({ pid }) => pid === host)?.threads ?? 0;

const gone = (workbench: Workbench, host: number): Promise<void> =>
  workbench.until(`the end of extension host ${host}`, () => Promise.resolve(!isAlive(host)));

/** All that is in the folder, to see that nothing was added. */
const filesOf = ({ folder }: Workbench): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('.vscode'))
    .sort();

/** A config whose run takes long. */
function writeLong({ folder }: Workbench): void {
  const H = 512;
  const row = Array.from({ length: H }, () => 0.001);
  const write = (name: string, content: unknown): void =>
    writeFileSync(path.join(folder, name), JSON.stringify(content));
  write('w.json', { Wx: [row], Wh: row.map((_, i) => row.map((__, j) => (i === j ? 1 : 0.001))), b: row });
  write(
    's.json',
    Array.from({ length: 60_000 }, () => [0.5]),
  );
  write('long.rnn.json', { name: 'long', dtype: 'float64', weights: 'w.json', sequences: 's.json' });
}

/** Runs it, and waits until its run is under way. */
async function runLong(workbench: Workbench): Promise<void> {
  await workbench.openFile('long.rnn.json');
  await workbench.palette('Run RNN');
  await isRunning(workbench);
}

/** Its panel is there, and says that it runs. */
async function isRunning(workbench: Workbench): Promise<void> {
  await longTab(workbench).waitFor();
  await cancelButton(workbench).waitFor();
}
const cancelButton = (workbench: Workbench): Locator =>
  workbench.webview().locator('vscode-button', { hasText: 'Cancel' });

/** A small run in the window: it works. */
async function runs(workbench: Workbench): Promise<void> {
  await workbench.openFile('vanishing.rnn.json');
  await workbench.palette('Run RNN');
  await workbench.badge(/vanishing/i);
}

/** Edits it so that its gradient explodes. */
const explode = (workbench: Workbench): Promise<void> =>
  workbench.replaceInEditor('0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');

async function saved(workbench: Workbench): Promise<void> {
  await workbench.page.keyboard.press('Control+S');
  await workbench.until('the text to be saved', async () => (await workbench.page.locator('.tab.dirty').count()) === 0);
}

const longTab = ({ page }: Workbench): Locator => page.locator('.tab').filter({ hasText: 'RNN: long' });

const closePanel = async (workbench: Workbench): Promise<void> => {
  const tab = longTab(workbench);
  await tab.hover();
  await tab.locator('.tab-actions .action-label').click();
  await tab.waitFor({ state: 'detached' });
};

/** In a browser VS Code writes down what the next window restores every five seconds, once it is idle. */
const stateWritten = ({ page }: Workbench): Promise<void> => page.waitForTimeout(8_000);

/** Another server in the place of one that was stopped; it is stopped in the end, too. */
async function withAnother(server: Server, body: (again: Server) => Promise<void>): Promise<void> {
  const again = await startAgain(server);
  try {
    await body(again);
  } finally {
    await again.stop();
  }
}

/** The new server does not know the window's connection: the window says so, and offers what helps. */
async function reloadWhenAsked(workbench: Workbench, again: Server): Promise<void> {
  const button = workbench.page.locator('.monaco-dialog-box .monaco-button', { hasText: 'Reload Window' });
  await workbench.until('the window to be loaded again', async () => {
    if (await button.isVisible()) await button.click({ timeout: 5_000 });
    return extensionHosts(again.pid).length > 0;
  });
  await workbench.loaded();
}

/**
 * A scenario of a window with one extension host, the only one of its server, and a config whose run takes long; at its
 * end the folder holds what it held before: no lock, no file beside.
 */
const ofWindow = (
  name: string,
  options: Omit<WorkbenchOptions, 'alone'>,
  body: (workbench: Workbench, host: HostProcess) => Promise<void>,
): void =>
  scenario(name, { ...options, alone: 'server' }, async (workbench) => {
    writeLong(workbench);
    const files = filesOf(workbench);
    await body(workbench, await hostBeside(workbench, []));
    assert.deepEqual(filesOf(workbench), files);
  });

describe('a window', { skip: noProcesses }, () => {
  ofWindow(
    'that is reloaded in the middle of a run comes back with its panel and its run, and the old one leaves nothing',
    {},
    async (workbench, before) => {
      await runLong(workbench);
      await workbench.reload();
      await gone(workbench, before.pid);
      const after = await hostBeside(workbench, [before.pid]);
      // The panel is back, with its run, which can be stopped; then there is a button that runs again.
      const page = workbench.webview();
      await isRunning(workbench);
      await cancelButton(workbench).click();
      await page.locator('.running').waitFor({ state: 'hidden' });
      await page.locator('vscode-button', { hasText: 'Run again' }).filter({ visible: true }).first().click();
      await isRunning(workbench);
      const during = threadsOf(workbench, after.pid);
      await closePanel(workbench);
      await workbench.until('the threads of the run to end', () =>
        Promise.resolve(threadsOf(workbench, after.pid) < during),
      );
      await runs(workbench);
    },
  );

  ofWindow(
    'that is closed in the middle of a run leaves no process, and another one on its folder goes on',
    {},
    async (workbench, first) => {
      const second = await workbench.another();
      const host = await hostBeside(second, [first.pid]);
      await runLong(second);
      await second.page.close({ runBeforeUnload: true });
      await workbench.page.bringToFront();
      await gone(workbench, host.pid);
      assert.deepEqual(hostsOf(workbench), [first.pid]);
      await runs(workbench);
    },
  );

  ofWindow(
    'whose extension host dies in the middle of a run gets another one, with no process of before, and runs again',
    // VS Code starts no other one for an extension that is loaded from its sources, so here it is installed.
    { vsix: `${packageName}-${version}.vsix` },
    async (workbench, before) => {
      await runLong(workbench);
      process.kill(before.pid, 'SIGKILL');
      await gone(workbench, before.pid);
      const after = await hostBeside(workbench, [before.pid]);
      await runs(workbench);
      await explode(workbench);
      await workbench.badge(/exploding/i);
      assert.deepEqual(hostsOf(workbench), [after.pid]);
    },
  );

  ofWindow(
    'beside another one on the same folder follows what is applied and saved there, and loses no edit of its own',
    {},
    async (workbench) => {
      const file = path.join(workbench.folder, 'vanishing', 'vanishing.rnn.json');
      await runs(workbench);
      const second = await workbench.another();
      try {
        await runs(second);
        // Applied and saved in the first one, seen in the second one.
        await workbench.page.bringToFront();
        const page = workbench.webview();
        await page.locator('vscode-button', { hasText: 'What if' }).click();
        const radius = page.locator('[data-measure=spectralRadius] .number');
        await radius.fill('1');
        await radius.press('Enter');
        await page.locator('.whatif vscode-button', { hasText: 'Apply' }).click();
        await workbench.badge(/healthy/i);
        await workbench.page.locator('.tab[data-resource-name="vanishing.rnn.json"]').click();
        await saved(workbench);
        const applied = readFileSync(file, 'utf8');
        await second.page.bringToFront();
        await second.badge(/healthy/i);
        assert.equal(await second.page.locator('.tab.dirty').count(), 0);
        // An edit in the second one that is not saved stays while the first one saves another.
        await second.replaceInEditor('"dtype": "float32"', '"dtype": "float64"');
        await second.webview().locator('.facts', { hasText: 'float64' }).waitFor();
        await workbench.page.bringToFront();
        await workbench.replaceInEditor('half is lost at every step', 'another name');
        await saved(workbench);
        await workbench.page.locator('.tab').filter({ hasText: 'RNN: vanishing: another name' }).waitFor();
        await second.page.bringToFront();
        await second.page.waitForTimeout(3_000);
        await second.webview().locator('.facts', { hasText: 'float64' }).waitFor();
        assert.equal(await second.page.locator('.tab.dirty').count(), 1);
        assert.equal(readFileSync(file, 'utf8'), applied.replace('half is lost at every step', 'another name'));
        // Saved over nobody's head: VS Code asks, and neither text is lost until somebody has chosen.
        await second.page.locator('.tab[data-resource-name="vanishing.rnn.json"]').click();
        await second.page.keyboard.press('Control+S');
        await second.until('the question about the newer file', async () =>
          (await second.notifications()).some((text) => text.includes('newer')),
        );
        assert.equal(readFileSync(file, 'utf8'), applied.replace('half is lost at every step', 'another name'));
        // What was not saved is given up: both show the same.
        await second.page.locator('.tab[data-resource-name="vanishing.rnn.json"]').click();
        await second.palette('File: Revert File');
        await second.page.locator('.tab').filter({ hasText: 'RNN: vanishing: another name' }).waitFor();
        await second.webview().locator('.facts', { hasText: 'float32' }).waitFor();
      } finally {
        await second.close();
      }
    },
  );

  ofWindow(
    'whose server is lost in the middle of a run and comes back is loaded again, with its panel, and runs',
    {},
    async (workbench, before) => {
      await runLong(workbench);
      await stateWritten(workbench);
      const server = serverOf(workbench);
      await server.stop();
      await gone(workbench, before.pid);
      // Loaded anew while nothing can be loaded, as somebody does who wonders why nothing moves, and once more.
      await assert.rejects(workbench.page.reload(), /ERR_CONNECTION_REFUSED/);
      await withAnother(server, async () => {
        await workbench.page.reload();
        await workbench.loaded();
        await isRunning(workbench);
        await stateWritten(workbench);
      });
      // Lost again. VS Code keeps a panel that has come back before, even when it asks only after the host is gone.
      await withAnother(server, async (again) => {
        await reloadWhenAsked(workbench, again);
        await isRunning(workbench);
        await cancelButton(workbench).click();
        await cancelButton(workbench).waitFor({ state: 'hidden' });
        await runs(workbench);
      });
    },
  );

  ofWindow(
    'whose server is lost and comes back while it waits asks to be loaded again, keeps what is not saved, and runs it',
    {},
    async (workbench, before) => {
      await runLong(workbench);
      const file = path.join(workbench.folder, 'vanishing', 'vanishing.rnn.json');
      const text = readFileSync(file, 'utf8');
      await workbench.openFile('vanishing.rnn.json');
      await explode(workbench);
      await stateWritten(workbench);
      const server = serverOf(workbench);
      await server.stop();
      await gone(workbench, before.pid);
      await withAnother(server, async (again) => {
        await reloadWhenAsked(workbench, again);
        await workbench.openFile('vanishing.rnn.json');
        assert.equal(await workbench.page.locator('.tab.dirty').count(), 1);
        await workbench.palette('Run RNN');
        await workbench.badge(/exploding/i);
        assert.equal(readFileSync(file, 'utf8'), text);
        // VS Code forgets a new panel then: it keeps only those that a living host says it can fill again.
        await runLong(workbench);
      });
    },
  );
});
