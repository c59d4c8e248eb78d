// Restricted Mode: a folder whose authors nobody trusts. Nothing that it holds is ever executed, so all works there as
// anywhere else.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'node:test';
import { longScenario, scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

const restricted = async (workbench: Workbench): Promise<boolean> =>
  (await workbench.statusBar()).some((text) => text.includes('Restricted Mode'));

const problems = async (workbench: Workbench): Promise<string[]> =>
  (await workbench.problems()).map(({ text }) => text);
const told = (workbench: Workbench, text: RegExp): Promise<void> =>
  workbench.until(String(text), async () => (await problems(workbench)).some((problem) => text.test(problem)));
const find = ['textarea', 'input'].map((tag) => `.find-widget.visible ${tag}[aria-label="Find"]`).join(', ');

/**
 * Goes to the text of a problem and chooses what the light bulb offers there, until it is `done`: VS Code may show its
 * list a second time while it is being chosen from, and then nothing is chosen.
 */
async function quickFix(workbench: Workbench, text: string, fix: RegExp, done: () => Promise<boolean>): Promise<void> {
  const { page } = workbench;
  const tab = page.locator('.editor-group-container').first().locator('.tab.active');
  await tab.click();
  await page.keyboard.press('Control+Home');
  await page.keyboard.press('Control+F');
  await page.locator(find).first().fill(text);
  await page.locator('.find-widget.visible .matchesCount').filter({ hasText: /^1 of/ }).waitFor();
  await page.keyboard.press('Escape');
  const offered = page.locator('.action-widget .monaco-list-row').filter({ hasText: fix }).first();
  await workbench.consequence(`the quick fix ${String(fix)}`, done, async () => {
    await tab.click({ timeout: 5_000 });
    await page.keyboard.press('Control+.');
    // In the oldest VS Code nothing in the list can be clicked until the mouse has moved.
    await offered.hover({ force: true, timeout: 5_000 });
    await offered.click({ timeout: 5_000 });
    await offered.waitFor({ state: 'hidden', timeout: 5_000 });
  });
}

/** Run, edit, mend; and nothing is written. */
async function worksAsAnyOther(workbench: Workbench): Promise<void> {
  await workbench.until('Restricted Mode', () => restricted(workbench));
  const folder = path.join(workbench.folder, 'vanishing');
  const config = path.join(folder, 'vanishing.rnn.json');
  const before = readFileSync(config);
  await workbench.openFile('vanishing.rnn.json');
  assert.equal(await workbench.palette('Run RNN'), 'Run RNN');
  await workbench.badge(/vanishing/i);
  await workbench.replaceInEditor('0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
  await workbench.badge(/exploding/i);
  await workbench.replaceInEditor('tanh', 'tahn');
  await workbench.until('the problem', async () =>
    (await workbench.problems()).some(({ text }) => text.includes('"tahn" is no value of "cell"')),
  );
  await workbench.replaceInEditor('tahn', 'tanh');
  await workbench.until('the problem to go', async () => (await workbench.problems()).length === 0);
  const healthy = workbench
    .webview()
    .locator('.badge')
    .filter({ hasText: /healthy/i });
  await workbench.consequence(
    'orthogonal weights',
    async () => (await healthy.count()) > 0,
    async () => {
      await workbench.palette('RNN: Initialise Weights');
      for (const [question, answer] of [
        [/Initialise[^]*Wh[^]*Wx/, 'Wh'],
        [/Initialise Wh/, 'Orthogonal'],
        [/Seed/, '1'],
      ] as const)
        await workbench.answer(question, answer);
    },
  );
  await workbench.badge(/healthy/i);
  assert.deepEqual(readdirSync(folder), ['vanishing.rnn.json']);
  assert.deepEqual(readFileSync(config), before);
  assert.equal(await restricted(workbench), true, 'nobody has asked for trust');
}

/** What lies outside is asked for, file by file; ends with trust in the folder. */
async function readsNothingOutside(workbench: Workbench): Promise<void> {
  await workbench.until('Restricted Mode', () => restricted(workbench));
  const outside = path.join(workbench.folder, '..', 'outside');
  mkdirSync(outside);
  const write = (file: string, content: unknown): void => writeFileSync(file, JSON.stringify(content, null, 1));
  write(path.join(outside, 'weights.json'), { Wx: [[1]], Wh: [[0.5]], b: [0] });
  write(
    path.join(outside, 'sequences.json'),
    Array.from({ length: 30 }, () => [1]),
  );
  writeFileSync(path.join(outside, 'secret.json'), 'password = hunter2');
  // A link that stands in the workspace, and one whose folder does.
  symlinkSync(path.join(outside, 'sequences.json'), path.join(workbench.folder, 'linked.json'));
  symlinkSync(outside, path.join(workbench.folder, 'folder'));
  const doors = { weights: '../outside/weights.json', sequences: 'linked.json' };
  write(path.join(workbench.folder, 'doors.rnn.json'), doors);
  write(path.join(workbench.folder, 'secret.rnn.json'), { ...doors, weights: 'folder/secret.json' });

  await workbench.openFile('doors.rnn.json');
  await told(
    workbench,
    /"\.\.\/outside\/weights\.json" is not in this workspace, which is in Restricted Mode, so it is not/,
  );
  await told(workbench, /"\.\.\/outside\/weights\.json" is not .*one at \/.*\/outside\/weights\.json/);
  await told(workbench, /"linked\.json" is not in this workspace.*one at \/.*\/outside\/sequences\.json/);
  await workbench.palette('Run RNN');
  await workbench.webview().getByText('This experiment cannot run yet').waitFor();

  const listed = async (): Promise<string> => (await problems(workbench)).join('\n');
  await quickFix(
    workbench,
    '../outside/weights.json',
    /Allow reading .*\/outside\/weights\.json/,
    async () => !(await listed()).includes('weights.json'),
  );
  assert.ok((await listed()).includes('"linked.json" is not in this workspace'), 'one file is allowed, not its folder');
  await workbench.palette('RNN: Allow Reading a File Outside');
  await workbench.answer(/A file outside of the workspace/, 'sequences.json');
  await workbench.badge(/vanishing/i);

  // It is remembered, and so are the panel and text that is not saved; of another name for the same file, too.
  await workbench.replaceInEditor('"linked.json"', '"linked.json", "name": "not saved"');
  const named = workbench.page.locator('.tab').filter({ hasText: 'RNN: not saved' });
  await named.waitFor();
  await workbench.reload();
  await named.waitFor();
  await workbench.badge(/vanishing/i);
  assert.equal(await workbench.page.locator('.tab.dirty').count(), 1);
  await workbench.openFile('secret.rnn.json');
  await told(workbench, /"folder\/secret\.json" is not in this workspace/);
  assert.ok(!(await listed()).includes('linked.json'));
  await quickFix(workbench, 'folder/secret.json', /Allow reading .*\/outside\/secret\.json/, async () =>
    /The file is not JSON here\..*nothing is quoted/.test(await listed()),
  );
  assert.doesNotMatch(await listed(), /password|hunter2/);
  assert.equal(await restricted(workbench), true, 'nobody has asked for trust');

  await workbench.palette('Workspaces: Manage Workspace Trust');
  const buttons = workbench.page.locator('.workspace-trust-editor a, .workspace-trust-editor .monaco-button');
  await buttons
    .filter({ hasText: /^Trust$/ })
    .first()
    .click();
  await told(workbench, /password/);
  assert.equal(await restricted(workbench), false);
}

describe('a folder that is not trusted', () => {
  scenario(
    'is run, followed and mended as any other; reads nothing outside of itself that is not allowed, and quotes ' +
      'nothing of it then',
    // Alone, because it ends with trust in the folder, which the server keeps.
    { trusted: false, alone: 'server' },
    async (workbench) => {
      await worksAsAnyOther(workbench);
      await workbench.clear();
      await readsNothingOutside(workbench);
    },
  );

  longScenario(
    'has the preview, new configs, links and files that are followed, too',
    { trusted: false },
    async (workbench) => {
      await workbench.until('Restricted Mode', () => restricted(workbench));
      await workbench.openFile('weather.rnn.json');
      await workbench.palette('RNN: Open Gradient Preview to the Side');
      await workbench.badge(/vanishing/i);
      const weights = path.join(workbench.folder, 'weather', 'weights.json');
      const { Wx, Wh, b } = JSON.parse(readFileSync(weights, 'utf8')) as Readonly<
        Record<'Wx' | 'Wh' | 'b', number[][]>
      >;
      writeFileSync(
        weights,
        JSON.stringify({
          Wx: Wx.map((row) => row.map(() => 0)),
          Wh: Wh.map((row, i) => row.map((_, j) => (i === j ? 1 : 0))),
          b: b.map((row) => row.map(() => 0)),
        }),
      );
      await workbench.badge(/healthy/i);
      await workbench.palette('RNN: Create an Example Config');
      await workbench.answer(/Exploding/, 'Exploding');
      await workbench.badge(/exploding/i);
      assert.deepEqual(
        (await workbench.notifications()).filter((text) => /restrict|trust/i.test(text)),
        [],
      );
    },
  );
});
