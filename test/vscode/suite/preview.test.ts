// The panel that follows the editor from config to config.
import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { Session } from '../../../src/editor/following/session.js';
import { SpareThread } from '../../../src/worker/thread/index.js';
import { sibling } from './editorSupport.js';
import {
  closeEverything,
  copyExample,
  lensSays,
  lenses,
  liveWorkers,
  settledWorkers,
  openDoors,
  openText,
  panelTabs,
  replaceText,
  until,
  workerPath,
} from './support.js';

const previewTabs = (): vscode.Tab[] =>
  vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter(
      (tab) => tab.input instanceof vscode.TabInputWebview && tab.input.viewType.includes('rnnGradients.preview'),
    );

const previewShows = (name: RegExp): Promise<vscode.Tab> =>
  until(`a preview of ${String(name)}`, () =>
    previewTabs().find(({ label }) => label.startsWith('RNN preview: ') && name.test(label)),
  );

describe('Open Gradient Preview to the Side', () => {
  afterEach(closeEverything);

  it('shows the active config beside it and follows its unsaved text', async () => {
    const uri = await copyExample('vanishing');
    const { document } = await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.preview');
    await lensSays(uri, /vanishing/);
    const tab = await previewShows(/vanishing/);
    assert.equal(tab.group.viewColumn, vscode.ViewColumn.Two);
    assert.equal(
      vscode.window.activeTextEditor?.document.uri.toString(),
      uri.toString(),
      'the focus stays in the text',
    );
    await replaceText(document, '0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
    await lensSays(uri, /exploding/);
  });

  it('goes from config to config with the editor, in one tab and one thread, and stays for other files', async () => {
    const [first, second] = [await copyExample('vanishing'), await copyExample('exploding')];
    await openText(first);
    const before = await settledWorkers();
    await vscode.commands.executeCommand('rnnGradients.preview');
    await previewShows(/vanishing/);
    await openText(second);
    await previewShows(/exploding/);
    await lensSays(second, /exploding/);
    assert.ok(
      (await lenses(first)).every((title) => !title.includes('per step')),
      'the first is no longer on screen',
    );
    await openText(sibling(await copyExample('weather'), 'weights.json'));
    await previewShows(/exploding/);
    await openText(first);
    await previewShows(/vanishing/);
    await lensSays(first, /vanishing/);
    assert.equal(previewTabs().length, 1);
    await vscode.window.tabGroups.close(previewTabs());
    await until('no thread of the preview', () => (liveWorkers() <= before ? true : undefined));
  });

  it('leaves a config alone that has a panel of its own', async () => {
    const [own, other] = [await copyExample('orthogonal'), await copyExample('vanishing')];
    await openText(own);
    await vscode.commands.executeCommand('rnnGradients.run');
    await lensSays(own, /healthy/);
    await openText(other);
    await vscode.commands.executeCommand('rnnGradients.preview');
    await previewShows(/vanishing/);
    await openText(own);
    await vscode.commands.executeCommand('rnnGradients.preview', own);
    await previewShows(/vanishing/);
    assert.equal(panelTabs().length, 1);
    assert.equal(previewTabs().length, 1);
    await lensSays(own, /healthy/);
  });
});

describe('The log', () => {
  afterEach(closeEverything);

  it('tells how soon a picture that is on the screen followed its edit, at most once a second', async () => {
    const uri = await copyExample('vanishing');
    const { document } = await openText(uri);
    const told: string[] = [];
    const log = {
      info: (line: string) => told.push(line),
      debug: () => undefined,
      error: (line: string) => told.push(line),
    } as unknown as vscode.LogOutputChannel;
    const worker = vscode.extensions.getExtension('rnn-gradients.rnn-gradients')?.extensionUri.fsPath ?? '';
    const session = new Session(
      { kind: 'config', config: uri.toString() },
      new SpareThread(path.join(worker, 'dist', 'worker.js')),
      log,
      openDoors(),
    );
    try {
      await session.run();
      session.painted(session.summary?.runId ?? 0);
      assert.deepEqual(told, [], 'no edit has come before');
      let name = 'vanishing: half is lost at every step';
      for (const edit of ['edit 1', 'edit 2']) {
        const began = performance.now();
        await replaceText(document, name, edit);
        name = edit;
        const { runId } = await until('the run of the edit', () =>
          session.summary?.name === edit ? session.summary : undefined,
        );
        const lines: number = told.length;
        session.painted(runId - 1);
        assert.equal(told.length, lines, 'the picture of another run');
        session.painted(runId);
        session.painted(runId);
        if (edit !== 'edit 1') continue;
        const [line = ''] = told;
        const ms = Number(/^"edit 1": edit to picture (\d+) ms/.exec(line)?.[1]);
        // The pause in typing that is waited for is part of it.
        assert.ok(ms >= 150 && ms <= performance.now() - began + 1, line);
      }
      assert.ok(told.length <= 2, told.join('\n'));
    } finally {
      session.dispose();
    }
  });
});

describe('An edit', () => {
  const setDelay = (ms: number | undefined): Thenable<void> =>
    vscode.workspace.getConfiguration('rnnGradients').update('followDelay', ms, vscode.ConfigurationTarget.Global);
  afterEach(async () => {
    await setDelay(undefined);
    await closeEverything();
  });

  it('is run at once where that is quick, and shown when no other has come for a while', async () => {
    const uri = await copyExample('vanishing');
    const { document } = await openText(uri);
    const errors: string[] = [];
    const log = { info: () => undefined, debug: () => undefined, error: (line: string) => errors.push(line) };
    const session = new Session(
      { kind: 'config', config: uri.toString() },
      new SpareThread(workerPath()),
      log as unknown as vscode.LogOutputChannel,
      openDoors(),
    );
    const shown: string[] = [];
    let changes = 0;
    session.onDidSummarise(({ name }) => shown.push(name));
    try {
      await session.run();
      await setDelay(700);
      let name = 'vanishing: half is lost at every step';
      const type = async (next: string): Promise<void> => {
        await replaceText(document, name, next);
        name = next;
      };
      let edits = 0;
      // On a slow machine the first runs are not quick, and what is half written is told before the next word comes.
      await until('an edit to be run before it is shown', async () => {
        const last = `edit ${++edits}`;
        const before = session.summary?.runId ?? 0;
        shown.length = 0;
        const began = performance.now();
        await type(`${last}, first word`);
        await type('half a "word');
        const subscription = session.onDidChange(() => changes++);
        await type(last);
        const wasQuick = performance.now() - began < 700;
        if (wasQuick) assert.deepEqual([shown, session.problems, session.stale], [[], [], null]);
        await until('the run of the edit', () => (session.summary?.name === last ? true : undefined));
        subscription.dispose();
        if (!wasQuick) return undefined;
        assert.deepEqual([shown, session.problems], [[last], []]);
        // One run for each edit, of which the last is shown.
        return session.summary?.runId === before + 3 ? true : undefined;
      });
      assert.ok(changes > 0);
      // A run that somebody asks for does not wait.
      await setDelay(5_000);
      await type('asked for');
      assert.equal((await session.run()).kind, 'done');
      assert.equal(session.summary?.name, 'asked for');
      // What is wrong is told when it is due, too.
      await setDelay(2_000);
      await type('half a "word');
      assert.deepEqual([session.problems, session.stale], [[], null]);
      await until('the problem', () => (session.problems.length > 0 && session.stale !== null ? true : undefined));
      assert.equal(session.summary.name, 'asked for');
      assert.deepEqual(errors, []);
    } finally {
      session.dispose();
    }
  });
});

describe('the lenses of a config', () => {
  afterEach(closeEverything);

  it(
    'offer to run and to preview it, and tell the verdict above the weights and above the gradient that ' + 'flows in',
    async () => {
      const uri = await copyExample('vanishing');
      const { document } = await openText(uri);
      await lensSays(uri, /Preview/);
      await vscode.commands.executeCommand('rnnGradients.run');
      await lensSays(uri, /vanishing/);
      // Commands of lenses that VS Code is just drawing anew have no titles.
      const found = await until('lenses with titles', async () => {
        const all = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri);
        return all.every(({ command }) => command !== undefined) ? all : undefined;
      });
      const above = (key: string): string[] =>
        found.filter(({ range }) => document.getText(range) === `"${key}"`).map(({ command }) => command?.title ?? '');
      assert.deepEqual(above('weights'), ['$(arrow-down) vanishing, ×0.500 per step back']);
      // Half an orthogonal matrix for 23 steps: 2⁻²³ is left.
      assert.deepEqual(above('upstreamGradient'), [
        `$(history) ×${(2 ** -23).toPrecision(2)} from t = 23 back to t = 0`,
      ]);
    },
  );

  it('stand above the keys of a large document too', async () => {
    const uri = await copyExample('vanishing');
    const { document } = await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run');
    await replaceText(document, '// Try it', `//${' '.repeat(1_100_000)}\n// Try it`);
    const found = await until('lenses above the keys', async () => {
      const all = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', uri);
      return all.some(
        ({ range, command }) =>
          document.getText(range) === '"upstreamGradient"' && (command?.title ?? '').includes('back to'),
      )
        ? all
        : undefined;
    });
    assert.ok(
      found.some(
        ({ range, command }) => document.getText(range) === '"weights"' && (command?.title ?? '').includes('vanishing'),
      ),
    );
  });

  it('are not above an earlier state of a config', async () => {
    const provider = vscode.workspace.registerTextDocumentContentProvider('review', {
      provideTextDocumentContent: () => '{}',
    });
    try {
      const uri = vscode.Uri.parse('review:/a.rnn.json');
      await openText(uri);
      assert.deepEqual(await lenses(uri), []);
    } finally {
      provider.dispose();
    }
  });
});
