// What happens to a window besides edits and runs: it is shut down in the middle of its work, the disk is full or takes
// nothing, files become folders and folders hold themselves, the clock jumps.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { assemble } from '../../../src/assemble.js';
import { diskOf } from '../../../src/editor/context/localDisk.js';
import { configPattern, ignored } from '../../../src/editor/context/configFiles.js';
import { searchFiles } from '../../../src/editor/files/findFiles.js';
import { ConfigIndex } from '../../../src/editor/following/configIndex.js';
import { Inspections } from '../../../src/editor/following/inspections.js';
import { asItIs } from '../../../src/engine/index.js';
import { mounted, noMounts } from '../../support/mounts.js';
import type { Mount } from '../../support/mounts.js';
import { actionAt, applyAction, problemsOf, sibling, writeFiles } from './editorSupport.js';
import { panelOver } from './paperPanel.js';
import {
  closeEverything,
  copyExample,
  lensSays,
  liveWorkers,
  settledWorkers,
  openDoors,
  openText,
  panelTabs,
  until,
  workerPath,
} from './support.js';

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What arrives two steps back is Wh², whatever the batch. */
const config = '{ "weights": "w.json", "sequences": [[[1e-6, 0], [0, 0], [0, 0], [0, 0]]] }';
const weights = (scale: string): string =>
  `{ "Wx": [[1, 0], [0, 1]], "Wh": [[${scale}, 0], [0, ${scale}]], "b": [0, 0] }`;

/** A run whose exponents take minutes. */
async function longConfig(): Promise<vscode.Uri> {
  const H = 512;
  const row = Array.from({ length: H }, () => 0.001);
  return writeFiles({
    'long.rnn.json': '{ "name": "long", "weights": "w.json", "sequences": "s.json" }',
    'w.json': JSON.stringify({ Wx: [row], Wh: row.map((_, i) => row.map((__, j) => (i === j ? 1 : 0.001))), b: row }),
    's.json': JSON.stringify(Array.from({ length: 20_000 }, () => [0.5])),
  });
}

const [passing, openFiles] = [new Set(['Timeout', 'Immediate', 'TickObject']), '/proc/self/fd'];
type Held = { readonly threads: number; readonly handles: number; readonly files: readonly string[] };
/** Threads, handles and open files of this extension host. */
const held = (): Held => ({
  threads: liveWorkers(),
  handles: process.getActiveResourcesInfo().filter((kind) => !passing.has(kind)).length,
  files: existsSync(openFiles) ? readdirSync(openFiles) : [],
});

/** All of the extension once more, as `activate` makes it; `end` ends it as VS Code does. */
function activated(): { made: ReturnType<typeof assemble>; end: () => Promise<void> } {
  const { extensionUri } = vscode.extensions.getExtension('rnn-gradients.rnn-gradients') ?? assert.fail();
  const subscriptions: vscode.Disposable[] = [];
  // A channel of the same name would be that of the other copy.
  const { createOutputChannel } = vscode.window;
  const named = (name: string, options: { log: true }): unknown => createOutputChannel(`${name} again`, options);
  Object.assign(vscode.window, { createOutputChannel: named });
  const workspaceState = { keys: () => [], get: () => undefined, update: () => Promise.resolve() };
  const made = assemble({ extensionUri, subscriptions, workspaceState } as unknown as vscode.ExtensionContext);
  Object.assign(vscode.window, { createOutputChannel });
  return {
    made,
    end: async () => {
      for (const one of subscriptions.splice(0)) await (one.dispose() as unknown);
    },
  };
}

describe('An extension that is shut down', () => {
  afterEach(closeEverything);

  // While it starts, reads, computes, and looks for exponents.
  for (const moment of [0, 30, 300, 1_000, 4_000])
    it(`${moment} ms after a run began leaves no thread, no handle, no tab and no rejection`, async () => {
      const uri = await longConfig();
      await openText(uri);
      // The other copy of the extension, which goes on, has read the config.
      await vscode.commands.executeCommand('vscode.executeHoverProvider', uri, new vscode.Position(0, 4));
      await wait(300);
      const rejected: unknown[] = [];
      const note = (reason: unknown): void => void rejected.push(reason);
      process.on('unhandledRejection', note);
      await settledWorkers();
      const before = held();
      const { made, end } = activated();
      try {
        const session = made.panels.show({ kind: 'config', config: uri.toString() });
        const outcome = session.run().then(
          ({ kind }) => kind,
          (error: unknown) => `rejected: ${String(error)}`,
        );
        await wait(moment);
        if (moment > 0) await until('the thread', () => (held().threads > before.threads ? true : undefined));
        await end();
        assert.equal(await outcome, 'cancelled');
        await until('the threads to end', () => (liveWorkers() <= before.threads ? true : undefined));
        await until('the panel to go', () => (panelTabs().length === 0 ? true : undefined));
        await until('the handles to close', () => (held().handles <= before.handles ? true : undefined));
        assert.ok(held().files.length <= before.files.length + 2, `${held().files.length} of ${before.files.length}`);
        await wait(300);
        assert.deepEqual(rejected.map(String), []);
      } finally {
        await end();
        process.off('unhandledRejection', note);
      }
    });
});

describe('A file that is being saved when the extension is shut down', () => {
  it('is as it was, and nothing is left beside it', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'rnn-saving-'));
    const file = path.join(folder, 'old.json');
    writeFileSync(file, 'old');
    const { end } = activated();
    const written = diskOf(vscode.Uri.file(file))?.write(file, new Uint8Array(4e8)) ?? assert.fail();
    const outcome = written.then(
      () => 'written',
      () => 'not written',
    );
    try {
      await until('the file beside', () => (readdirSync(folder).length > 1 ? true : undefined));
      await end();
      assert.deepEqual(readdirSync(folder), ['old.json']);
      assert.equal(readFileSync(file, 'utf8'), 'old');
      assert.equal(await outcome, 'not written');
      assert.deepEqual(readdirSync(folder), ['old.json']);
      assert.equal(readFileSync(file, 'utf8'), 'old');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('A file that becomes a folder', () => {
  afterEach(closeEverything);

  it('is told so, keeps the last picture, and is followed when it is a file again', async () => {
    const uri = await writeFiles({ 'a.rnn.json': config, 'w.json': weights('0.50') });
    const file = sibling(uri, 'w.json').fsPath;
    await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /×0\.500 per step back$/);
    for (const scale of ['0.25', '0.75']) {
      rmSync(file);
      mkdirSync(file);
      const [problem] = await until('the problem', () => {
        const found = problemsOf(uri).filter(({ message }) => message.includes('is a folder, not a file'));
        return found.length > 0 ? found : undefined;
      });
      assert.match(problem?.message ?? '', /"w\.json" is a folder, not a file\. .*Name a file inside it\./s);
      await lensSays(uri, /of the last good run/);
      rmSync(file, { recursive: true });
      writeFileSync(file, weights(scale));
      await lensSays(uri, new RegExp(`×${scale}0 per step back$`));
      await until('no problem', () => (problemsOf(uri).length === 0 ? true : undefined));
    }
  });

  it('is no less followed where it is the config itself', async () => {
    const uri = await writeFiles({ 'a.rnn.json': config, 'w.json': weights('0.50') });
    const { log, errors } = quietLog();
    const paper = panelOver(uri, (line) => errors.push(line));
    const inspections = new Inspections(workerPath(), log, openDoors());
    try {
      inspections.hold(uri);
      await paper.session.run();
      assert.equal(paper.session.summary?.verdict.perStepFactor?.toFixed(3), '0.500');
      assert.equal((await inspections.of(uri))?.problems.length, 0);
      rmSync(uri.fsPath);
      mkdirSync(uri.fsPath);
      const told = await until('the problem', () =>
        paper.session.problems.find(({ message }) => message.includes('is a folder')),
      );
      assert.equal(told.file, uri.toString());
      assert.ok(paper.session.stale !== null);
      await until('the problem of the editor', async () => {
        const inspection = await inspections.of(uri);
        return inspection?.problems.some(({ message }) => message.includes('is a folder')) === true ? true : undefined;
      });
      rmSync(uri.fsPath, { recursive: true });
      writeFileSync(uri.fsPath, config.replace('w.json', 'v.json'));
      writeFileSync(sibling(uri, 'v.json').fsPath, weights('0.25'));
      await until('the run of the new one', () =>
        paper.session.stale === null && paper.session.summary?.verdict.perStepFactor?.toFixed(3) === '0.250'
          ? true
          : undefined,
      );
      await until('no problem', async () => ((await inspections.of(uri))?.problems.length === 0 ? true : undefined));
      assert.deepEqual(errors, []);
    } finally {
      inspections.dispose();
      paper.close();
    }
  });
});

function quietLog(): { readonly log: vscode.LogOutputChannel; readonly errors: string[] } {
  const errors: string[] = [];
  const quiet = (): void => undefined;
  const log = { error: (line: string) => errors.push(line), info: quiet, warn: quiet, debug: quiet };
  return { log: log as unknown as vscode.LogOutputChannel, errors };
}

describe('A clock that jumps', () => {
  const now = Date.now.bind(Date);
  afterEach(() => {
    Date.now = now;
    return closeEverything();
  });

  const shapeOf = async (inspections: Inspections, uri: vscode.Uri): Promise<string> =>
    JSON.stringify((await inspections.of(uri))?.problems.map(({ message }) => message));

  it('hides no file that is rewritten in place with the size and the time that it had', async () => {
    const uri = await writeFiles({ 'a.rnn.json': config, 'w.json': weights('0.50') });
    const file = sibling(uri, 'w.json').fsPath;
    const { log } = quietLog();
    const inspections = new Inspections(workerPath(), log, openDoors());
    const paper = panelOver(uri, (line) => assert.fail(line));
    try {
      inspections.hold(uri);
      const time = new Date(now() - 36e5);
      utimesSync(file, time, time);
      await paper.session.run();
      await wait(200);
      assert.equal(await shapeOf(inspections, uri), '[]');
      const { size, ino } = statSync(file);
      // The same bytes but for one name and two numbers.
      for (const [text, factor, problem] of [
        [weights('0.25'), '0.250', null],
        [weights('0.75').replace('"Wx"', '"Wy"'), null, 'Wx is missing'],
        [weights('0.75'), '0.750', null],
      ] as const) {
        writeFileSync(file, text);
        utimesSync(file, time, time);
        const found = statSync(file);
        assert.deepEqual([found.size, found.ino, found.mtimeMs], [size, ino, time.getTime()]);
        if (factor !== null)
          await until(`the factor ${factor}`, () =>
            paper.session.stale === null && paper.session.summary?.verdict.perStepFactor?.toFixed(3) === factor
              ? true
              : undefined,
          );
        let told = '';
        await until('the problems of the text as it is', async () => {
          told = await shapeOf(inspections, uri);
          return (problem === null ? told === '[]' : told.includes(problem)) ? true : undefined;
        }).catch((error: unknown) => assert.fail(`${String(error)} ${told}`));
      }
    } finally {
      inspections.dispose();
      paper.close();
    }
  });

  for (const hours of [-5, 5])
    it(`by ${hours} hours stops no following, shows nothing old and no time below zero`, async () => {
      const uri = await writeFiles({ 'a.rnn.json': config, 'w.json': weights('0.50') });
      const file = sibling(uri, 'w.json').fsPath;
      const paper = panelOver(uri, (line) => assert.fail(line));
      const shows = (factor: string): Promise<boolean> =>
        until(`the factor ${factor}`, () =>
          paper.session.stale === null && paper.session.summary?.verdict.perStepFactor?.toFixed(3) === factor
            ? true
            : undefined,
        );
      try {
        await paper.session.run();
        await shows('0.500');
        const offset = hours * 36e5;
        Date.now = () => now() + offset;
        // As a program writes whose clock has jumped too: of a file in place, and of one that is renamed over it.
        const write = (text: string, byRename: boolean): void => {
          const target = byRename ? `${file}.tmp` : file;
          writeFileSync(target, text);
          utimesSync(target, new Date(Date.now()), new Date(Date.now()));
          if (byRename) renameSync(target, file);
        };
        write(weights('0.25'), false);
        await shows('0.250');
        write(weights('0.75'), true);
        await shows('0.750');
        // Half of a file, which is whole a moment later, and one that stays half.
        write(weights('0.25').slice(0, 40), false);
        await wait(50);
        write(weights('0.25'), false);
        await shows('0.250');
        write(weights('0.25').slice(0, 40), true);
        await until('the problem', () => (paper.session.stale !== null ? true : undefined));
        // Back to the time that it was.
        Date.now = now;
        write(weights('0.50'), false);
        await shows('0.500');
        const { versions } = paper.session.history.list();
        assert.ok(versions.length >= 5, `${versions.length} versions`);
        assert.ok(versions.every(({ time }) => time > 0));
        assert.ok((paper.session.summary?.elapsedMs ?? -1) >= 0);
      } finally {
        paper.close();
      }
    });
});

type OwnDisk = { readonly mount: Mount; readonly uri: vscode.Uri; readonly document: vscode.TextDocument };

describe('A disk', () => {
  const { showErrorMessage, showWarningMessage, showInformationMessage } = vscode.window;
  const mounts: Mount[] = [];
  const said: string[] = [];
  afterEach(async () => {
    Object.assign(vscode.window, { showErrorMessage, showWarningMessage, showInformationMessage });
    await closeEverything();
    for (const mount of mounts.splice(0)) mount.unmount();
    said.length = 0;
  });

  /** A config with a checkpoint beside it, on a disk of its own of so many kB. */
  async function onOwnDisk(kilobytes: number): Promise<OwnDisk> {
    const mount = mounted(mkdtempSync(path.join(tmpdir(), 'rnn-disk-')), 'disk', { kilobytes });
    mounts.push(mount);
    const root = vscode.extensions.getExtension('rnn-gradients.rnn-gradients')?.extensionPath ?? '';
    const at = (name: string): string => path.join(mount.folder, name);
    writeFileSync(at('lstm.pt'), readFileSync(path.join(root, 'test', 'fixtures', 'files', 'lstm.pt')));
    writeFileSync(at('a.rnn.json'), '{ "weights": "lstm.pt", "sequences": [[[0.1, 0.2, 0.3]]] }');
    const tell = (message: string): Promise<string | undefined> => {
      said.push(message);
      return Promise.resolve(message.includes('Write them, changed') ? 'Write lstm.json' : undefined);
    };
    Object.assign(vscode.window, {
      showErrorMessage: tell,
      showWarningMessage: tell,
      showInformationMessage: tell,
    });
    const uri = vscode.Uri.file(at('a.rnn.json'));
    const { document } = await openText(uri);
    return { mount, uri, document };
  }

  /** Leaves nothing free. */
  function fill(folder: string): void {
    const name = path.join(folder, 'filler');
    for (let size = 1 << 20; size >= 512; size /= 2)
      for (;;)
        try {
          writeFileSync(name, Buffer.alloc(size), { flag: 'a' });
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          break;
        }
  }

  for (const [what, spoil, code, remedy] of [
    ['that is full', (mount: Mount) => fill(mount.folder), 'ENOSPC', 'Make room there, or save elsewhere.'],
    ['that takes nothing', (mount: Mount) => mount.makeReadOnly(), 'EROFS', 'Nothing may be written there'],
  ] as const)
    it(`${what} is told with place and remedy by Apply, a copy and a report; nothing is left`, async function () {
      if (noMounts() !== false) this.skip();
      const { mount, uri, document } = await onOwnDisk(256);
      const copies = 'Copy the weights to a JSON file, where they can be changed';
      const report = path.join(mount.folder, 'old.report.html');
      writeFileSync(report, 'the old report');
      const before = readFileSync(uri.fsPath, 'utf8');
      const paper = panelOver(uri, (line) => assert.fail(line));
      try {
        await vscode.commands.executeCommand('rnnGradients.run', uri);
        await paper.session.run();
        spoil(mount);
        const files = readdirSync(mount.folder);
        const told = async (target: string): Promise<void> => {
          const message = await until(`a word on ${target}`, () => said.find((one) => one.includes(target)));
          assert.ok(message.includes(code) && message.includes(remedy), said.join(' | '));
          assert.ok(!said.some((one) => /changes faster|has refused/.test(one)), said.join(' | '));
          assert.deepEqual(readdirSync(mount.folder), files, 'nothing is left beside');
          said.length = 0;
        };
        // The weights go to a file of their own, which cannot be written.
        const { result } = await paper.ask({ name: 'applyWhatIf', params: { ...asItIs, inputScale: 2 } });
        assert.equal(result, false);
        await told(path.join(mount.folder, 'lstm.json'));
        await applyAction(await actionAt(document, '"lstm.pt"', copies));
        await told(path.join(mount.folder, 'lstm.json'));
        await vscode.commands.executeCommand('rnnGradients.saveReport', vscode.Uri.file(report));
        await told(report);
        assert.equal(readFileSync(report, 'utf8'), 'the old report');
        assert.equal(document.getText(), before);
        assert.equal(readFileSync(uri.fsPath, 'utf8'), before);
        // A run needs no room, and with room again all of it works.
        assert.equal((await paper.session.run()).kind, 'done');
        mount.makeWritable();
        rmSync(path.join(mount.folder, 'filler'), { force: true });
        const again = await paper.ask({ name: 'applyWhatIf', params: { ...asItIs, inputScale: 2 } });
        assert.equal(again.result, true, said.join(' | '));
        assert.ok(existsSync(path.join(mount.folder, 'lstm.json')));
      } finally {
        paper.close();
      }
    });
});

describe('A folder that holds itself', () => {
  afterEach(closeEverything);

  it('ends searches, the index and watchers, and a config behind it runs and is followed', async () => {
    const root = vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? assert.fail();
    const folder = path.join(root, 'loops');
    mkdirSync(path.join(folder, 'deep'), { recursive: true });
    const at = (name: string): string => path.join(folder, name);
    const { log, errors } = quietLog();
    const inspections = new Inspections(workerPath(), log, openDoors());
    const index = new ConfigIndex(inspections);
    try {
      writeFileSync(at('a.rnn.json'), config);
      writeFileSync(at('w.json'), weights('0.50'));
      symlinkSync('.', at('self'));
      symlinkSync('..', at('deep/up'));
      symlinkSync('deep/up/deep', at('round'));
      symlinkSync('b.rnn.json', at('c.rnn.json'));
      symlinkSync('c.rnn.json', at('b.rnn.json'));
      const found = await searchFiles(configPattern, ignored, undefined, 60_000);
      const ours = found
        .filter(({ path: name }) => name.includes('/loops/'))
        .map(({ path: name }) => path.basename(name));
      assert.ok(ours.includes('a.rnn.json'), ours.join());
      assert.ok(ours.length < 20, `${ours.length} configs`);
      const naming = await index.configsFor(vscode.Uri.file(at('w.json')));
      assert.ok(
        naming.some(({ fsPath }) => fsPath === at('a.rnn.json')),
        naming.join(),
      );
      // Of the same file by a way through the circle.
      const uri = vscode.Uri.file(at('self/deep/up/self/a.rnn.json'));
      await openText(uri);
      await vscode.commands.executeCommand('rnnGradients.run', uri);
      await lensSays(uri, /×0\.500 per step back$/);
      writeFileSync(at('w.json'), weights('0.25'));
      await lensSays(uri, /×0\.250 per step back$/);
      // A config that is a link into a circle, and one that names such a link.
      const paper = panelOver(vscode.Uri.file(at('b.rnn.json')), (line) => assert.fail(line));
      try {
        assert.equal((await paper.session.run()).kind, 'refused');
        assert.match(paper.session.problems[0]?.message ?? '', /leads to no file: its links go round in a circle/);
      } finally {
        paper.close();
      }
      writeFileSync(at('d.rnn.json'), config.replace('w.json', 'c.rnn.json'));
      const named = vscode.Uri.file(at('d.rnn.json'));
      await openText(named);
      const problem = await until('the problem', () => problemsOf(named)[0]);
      assert.match(
        problem.message,
        /"c\.rnn\.json" leads to no file: its links go round in a circle\..*Lead the link to a file/s,
      );
      assert.deepEqual(errors, []);
      // Nothing goes on looking.
      await wait(1_000);
      const from = process.cpuUsage();
      await wait(4_000);
      const { user, system } = process.cpuUsage(from);
      assert.ok(user + system < 2e6, `${(user + system) / 1000} ms of 4,000 while nothing happens`);
      console.log(`      ${(user + system) / 1000} ms of the processor in 4 s of rest`);
    } finally {
      index.dispose();
      inspections.dispose();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

describe('What is copied for somebody else', () => {
  const { showInformationMessage } = vscode.window;
  afterEach(() => {
    Object.assign(vscode.window, { showInformationMessage });
    return closeEverything();
  });

  it('has versions, settings, shapes and the log, and nothing that stands in a file; and says so', async () => {
    const said: string[] = [];
    Object.assign(vscode.window, { showInformationMessage: (message: string) => said.push(message) });
    const uri = await copyExample('vanishing');
    const secret = readFileSync(uri.fsPath, 'utf8')
      .replace(/"name": "[^"]*"/, '"name": "SECRET 12.5"')
      .replace('0.25,  0.25, -0.25, -0.25', '0.31415926, 0.25, -0.25, -0.25');
    writeFileSync(uri.fsPath, secret);
    const { document } = await openText(uri);
    assert.ok(document.getText().includes('SECRET'));
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /per step back$/);
    // The log tells how soon a picture follows an edit, by the run's name.
    const edit = new vscode.WorkspaceEdit();
    edit.insert(uri, new vscode.Position(0, 0), '\n');
    assert.ok(await vscode.workspace.applyEdit(edit));
    await vscode.commands.executeCommand('rnnGradients.initialiseWeights', {
      config: uri.toString(),
      file: uri.toString(),
      path: 'weights.Wh',
      name: 'Wh SECRET',
      way: 'orthogonal',
      seed: 424242,
    });
    const copied = await until('the lines of the log', async () => {
      await vscode.commands.executeCommand('rnnGradients.copyDiagnostics');
      const text = await vscode.env.clipboard.readText();
      return text.includes('edit to picture') && text.includes('seed #') ? text : undefined;
    });
    assert.match(copied, /^Versions, settings, sizes of the runs and the log\. No number of a file and nothing that/);
    assert.match(copied, /\nRuns:\n- tanh float32, B \d+, T \d+, I \d+, H 4: \w+/);
    assert.match(copied, /\[info\] "…": edit to picture # ms/);
    assert.match(copied, /\[info\] "…" of [^\n]*: orthogonal, seed #/);
    assert.doesNotMatch(copied, /SECRET|31415926|424242/);
    assert.match(said.at(-1) ?? '', /Nothing of what stands in them is copied\.$/);
  });

  it('as the text of a result says what it holds, and holds no weight', async () => {
    const uri = await writeFiles({ 'a.rnn.json': config, 'w.json': weights('0.31415926') });
    await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /per step back$/);
    await vscode.commands.executeCommand('rnnGradients.showResultText');
    const text = vscode.window.activeTextEditor?.document.getText() ?? '';
    assert.match(text, /\nThis text holds the verdict, norms and exponents of the run, and its problems, [^\n]*\n$/);
    assert.doesNotMatch(text, /31415926/);
  });
});
