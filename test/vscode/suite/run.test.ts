import assert from 'node:assert/strict';
import { open, writeFile } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { writeFiles } from './editorSupport.js';
import { long, onlyLong, some } from '../../support/long.js';
import { longConfig } from '../../support/longConfig.js';
import {
  closeEverything,
  copyExample,
  lensSays,
  lenses,
  liveWorkers,
  settledWorkers,
  openText,
  panelTabs,
  replaceText,
  until,
} from './support.js';

const run = (uri?: vscode.Uri): Thenable<unknown> =>
  vscode.commands.executeCommand('rnnGradients.run', ...(uri === undefined ? [] : [uri]));

/** Of a burst. */
const edits = long ? 1_000 : 40;

/** This extension's problems: JSON's own schema check speaks of some too. */
const problemsOf = (uri: vscode.Uri): vscode.Diagnostic[] =>
  vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'Run RNN');

describe('Run RNN', () => {
  afterEach(closeEverything);

  it('is offered above a config before anything has run', async () => {
    const uri = await copyExample('vanishing');
    await openText(uri);
    assert.match(await lensSays(uri, /Run RNN/), /Run RNN/);
  });

  it('opens a panel beside the config and tells the verdict', async () => {
    const uri = await copyExample('weather');
    await openText(uri);
    await run();
    await lensSays(uri, /vanishing, ×0\.8\d+ per step back/);
    const [panel] = panelTabs();
    assert.equal(panel?.label, 'RNN: tanh RNN on daily weather');
    assert.equal(panel.group.viewColumn, vscode.ViewColumn.Two);
    assert.equal(
      vscode.window.activeTextEditor?.document.uri.toString(),
      uri.toString(),
      'the focus stays in the text',
    );
    assert.deepEqual(vscode.languages.getDiagnostics(uri), []);
  });

  it('opens with the panels in sight, also from a text beyond them', async () => {
    const [near, far] = [await copyExample('vanishing'), await copyExample('exploding')];
    await openText(near);
    await run();
    await lensSays(near, /vanishing, ×/);
    const document = await vscode.workspace.openTextDocument(far);
    await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Three, preview: false });
    await run();
    await lensSays(far, /exploding, ×/);
    assert.deepEqual(
      panelTabs().map(({ group }) => group.viewColumn),
      [vscode.ViewColumn.Two, vscode.ViewColumn.Two],
    );
  });

  for (const [name, verdict] of some(
    [
      ['vanishing', /vanishing, ×0\.500/],
      ['exploding', /exploding, ×1\.50/],
      ['orthogonal', /healthy, ×1\.00/],
    ] as const,
    3,
    1,
  )) {
    it(`gives the example ${name} the verdict in its name`, async () => {
      const uri = await copyExample(name);
      await openText(uri);
      await run(uri);
      await lensSays(uri, verdict);
    });
  }

  it('follows an edit of one weight in unsaved text from vanishing to exploding, and back by undo', async () => {
    const uri = await copyExample('vanishing');
    const { document } = await openText(uri);
    await run();
    await lensSays(uri, /vanishing/);
    await replaceText(document, '0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
    await lensSays(uri, /exploding/);
    assert.equal(document.isDirty, true);
    await vscode.commands.executeCommand('undo');
    await lensSays(uri, /vanishing/);
  });

  it('follows unsaved text in a file that the config names', async () => {
    const uri = await copyExample('weather');
    await openText(uri);
    await run();
    await lensSays(uri, /vanishing/);
    const weights = await vscode.workspace.openTextDocument(vscode.Uri.joinPath(uri, '..', 'weights.json'));
    const parsed = JSON.parse(weights.getText()) as { Wh: number[][] };
    parsed.Wh = parsed.Wh.map((row) => row.map(() => 0));
    const edit = new vscode.WorkspaceEdit();
    edit.replace(weights.uri, new vscode.Range(0, 0, weights.lineCount, 0), JSON.stringify(parsed));
    await vscode.workspace.applyEdit(edit);
    await lensSays(uri, /vanishing, ×0\.00 /);
    assert.equal(weights.isDirty, true);
  });

  it('follows a file that another program writes', async () => {
    const uri = await copyExample('weather');
    await openText(uri);
    await run();
    await lensSays(uri, /vanishing/);
    const weights = vscode.Uri.joinPath(uri, '..', 'weights.json');
    const parsed = JSON.parse(new TextDecoder().decode(await vscode.workspace.fs.readFile(weights))) as {
      Wx: number[][];
      Wh: number[][];
      b: number[][];
    };
    const orthogonal = parsed.Wh.map((row, i) => row.map((_, j) => (i === j ? 1 : 0)));
    await writeFile(
      weights.fsPath,
      JSON.stringify({
        Wx: parsed.Wx.map((row) => row.map(() => 0)),
        Wh: orthogonal,
        b: parsed.b.map((row) => row.map(() => 0)),
      }),
    );
    await lensSays(uri, /healthy, ×1\.00/);
  });

  onlyLong(it)(
    'shows runs of seconds while another program rewrites the weights all the time, in an open file',
    async () => {
      const uri = await copyExample('weather');
      const weights = vscode.Uri.joinPath(uri, '..', 'weights.json');
      const [B, T, H] = [32, 1_000, 256];
      const text = (scale: number): string =>
        JSON.stringify({
          Wx: [new Array(H).fill(0)],
          Wh: Array.from({ length: H }, (_, i) => Array.from({ length: H }, (__, j) => (i === j ? scale : 0))),
          b: new Array(H).fill(0),
        });
      await writeFile(weights.fsPath, text(0.5));
      await writeFile(
        uri.fsPath,
        JSON.stringify({
          dtype: 'float64',
          weights: 'weights.json',
          sequences: new Array(B).fill(new Array(T).fill([0])),
        }),
      );
      await openText(weights);
      await openText(uri);
      const first = run();
      await lensSays(uri, /×0\.500/);
      const state = { writing: true };
      const writer = (async () => {
        for (let i = 0; state.writing; i++) {
          await writeFile(weights.fsPath, text(0.25) + ' '.repeat(i % 7));
          await new Promise((resolve) => setTimeout(resolve, 300));
        }
      })();
      try {
        await until('a picture of what is written', async () =>
          (await lenses(uri)).find((title) => title.includes('×0.250')),
        );
      } finally {
        state.writing = false;
        await writer;
        await first;
      }
    },
  );

  it('follows a file whose name holds the special characters of a glob', async () => {
    const uri = await copyExample('weather');
    const [weights, odd] = ['weights.json', 'weights [v2] {a} 100% #1.json'].map((name) =>
      vscode.Uri.joinPath(uri, '..', name),
    ) as [vscode.Uri, vscode.Uri];
    await vscode.workspace.fs.rename(weights, odd);
    const { document } = await openText(uri);
    await replaceText(document, '"weights.json"', '"weights [v2] {a} 100% #1.json"');
    await run();
    await lensSays(uri, /vanishing/);
    const parsed = JSON.parse(new TextDecoder().decode(await vscode.workspace.fs.readFile(odd))) as { Wh: number[][] };
    await writeFile(
      odd.fsPath,
      JSON.stringify({ ...parsed, Wh: parsed.Wh.map((row) => row.map((weight) => 4 * weight)) }),
    );
    await lensSays(uri, /exploding/);
  });

  it('stays with a config that is renamed in the editor', async () => {
    const uri = await copyExample('vanishing');
    const renamed = vscode.Uri.joinPath(uri, '..', 'renamed.rnn.json');
    await openText(uri);
    await run();
    await lensSays(uri, /vanishing/);
    const edit = new vscode.WorkspaceEdit();
    edit.renameFile(uri, renamed);
    assert.ok(await vscode.workspace.applyEdit(edit));
    await lensSays(renamed, /vanishing, ×0\.500 per step back$/);
    const { document } = await openText(renamed);
    await replaceText(document, '0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
    await lensSays(renamed, /exploding/);
    assert.equal(panelTabs().length, 1);
  });

  it('stays with a new config when it is saved for the first time', async () => {
    const example = await copyExample('vanishing');
    const saved = vscode.Uri.joinPath(example, '..', 'mine.rnn.json');
    const untitled = await vscode.workspace.openTextDocument(saved.with({ scheme: 'untitled' }));
    const edit = new vscode.WorkspaceEdit();
    edit.insert(
      untitled.uri,
      new vscode.Position(0, 0),
      new TextDecoder().decode(await vscode.workspace.fs.readFile(example)),
    );
    await vscode.workspace.applyEdit(edit);
    await vscode.window.showTextDocument(untitled, { viewColumn: vscode.ViewColumn.One, preview: false });
    await run(untitled.uri);
    await until('the panel', () => panelTabs()[0]);
    assert.ok(await untitled.save());
    await lensSays(saved, /vanishing, ×0\.500 per step back$/);
    const { document } = await openText(saved);
    await replaceText(document, '0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
    await lensSays(saved, /exploding/);
    assert.equal(panelTabs().length, 1);
  });

  it(
    'shows a problem at its exact range while the last good picture stays, and takes it away when it is ' + 'mended',
    async () => {
      const uri = await copyExample('vanishing');
      const { document } = await openText(uri);
      await run();
      await lensSays(uri, /vanishing/);
      await replaceText(document, '"tanh"', '"tahn"');
      const [problem] = await until('a problem', () => {
        const found = problemsOf(uri);
        return found.length > 0 ? found : undefined;
      });
      assert.equal(document.getText(problem?.range), '"tahn"');
      assert.match(problem?.message ?? '', /tanh/);
      assert.equal(problem?.severity, vscode.DiagnosticSeverity.Error);
      await lensSays(uri, /vanishing.*of the last good run/);
      await replaceText(document, '"tahn"', '"tanh"');
      await until('no problem', () => (problemsOf(uri).length === 0 ? true : undefined));
      await lensSays(uri, /vanishing, ×0\.500 per step back$/);
    },
  );

  it('puts the problem of a named file into that file', async () => {
    const uri = await copyExample('weather');
    await openText(uri);
    const weights = vscode.Uri.joinPath(uri, '..', 'weights.json');
    await writeFile(weights.fsPath, '{\n  "Wx": [[1, 2], [3]],\n  "Wh": [[1, "a"], [0, 1]],\n  "b": [0, 0]\n}\n');
    void run();
    const problems = await until('problems in the weights', () => {
      const found = problemsOf(weights);
      return found.length >= 2 ? found : undefined;
    });
    const document = await vscode.workspace.openTextDocument(weights);
    assert.deepEqual(problems.map(({ range }) => document.getText(range)).sort(), ['"a"', '[3]']);
  });

  it(`ends a burst of ${edits} edits with the picture of the last text and one worker`, async () => {
    const uri = await copyExample('vanishing');
    const { document } = await openText(uri);
    const before = await settledWorkers();
    await run();
    await lensSays(uri, /vanishing/);
    let name = 'vanishing: half is lost at every step';
    for (let i = 0; i < edits - 1; i++) {
      await replaceText(document, name, `edit ${i}`);
      name = `edit ${i}`;
    }
    await replaceText(document, '0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
    await lensSays(uri, /exploding/);
    await until('the panel with the last name', () =>
      panelTabs().some(({ label }) => label === `RNN: edit ${edits - 2}`) ? true : undefined,
    );
    // The one that waited for it.
    assert.equal(liveWorkers(), before);
  });

  it('gives each config its own panel, and the same config its old one', async () => {
    const [first, second] = [await copyExample('vanishing'), await copyExample('exploding')];
    for (const uri of [first, second, first]) {
      await openText(uri);
      await run();
    }
    await lensSays(first, /vanishing/);
    await lensSays(second, /exploding/);
    assert.equal(panelTabs().length, 2);
  });

  it('tells panels of the same name apart by their folders, as long as there are two', async () => {
    const text = (await openText(await copyExample('vanishing'))).document.getText();
    const folder = vscode.Uri.joinPath(await writeFiles({ 'model.rnn.json': text }), '..');
    const uris = ['near', 'far'].map((name) => vscode.Uri.joinPath(folder, name, 'model.rnn.json'));
    const labels = (): string[] => panelTabs().map(({ label }) => label);
    const name = 'RNN: vanishing: half is lost at every step';
    for (const uri of uris) {
      await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
      await openText(uri);
      await run();
      await lensSays(uri, /vanishing, ×/);
    }
    await until('the folders', () => (labels().every((label) => label.endsWith(')')) ? true : undefined));
    assert.deepEqual(labels(), [`${name} (near)`, `${name} (far)`]);
    const [first] = panelTabs();
    assert.ok(first !== undefined);
    await vscode.window.tabGroups.close(first);
    await until('the name alone', () => (labels().join() === name ? true : undefined));
  });

  it('ends the run and its worker when the panel is closed in the middle', async () => {
    const uri = await copyExample('weather');
    await openText(uri);
    const before = await settledWorkers();
    const running = run();
    await until('the panel', () => panelTabs()[0]);
    await vscode.window.tabGroups.close(panelTabs());
    await running;
    await until('no worker', () => (liveWorkers() === before ? true : undefined));
    assert.ok((await lenses(uri)).every((title) => !title.includes('vanishing')));
  });

  it('is over when it has been refused, whether or not anybody reads the message', async () => {
    await openText(await writeFiles({ 'a.rnn.json': '{ "weights": "none.json", "sequences": [[[1]]] }' }));
    let over = false;
    void run().then(() => {
      over = true;
    });
    await until('the end', () => (over ? true : undefined));
  });

  it('takes a plain weights file with the sequences that the user picks', async () => {
    const uri = await copyExample('weather');
    await vscode.workspace.fs.delete(uri);
    const weights = vscode.Uri.joinPath(uri, '..', 'weights.json');
    await openText(weights);
    void run();
    // The picker lists files that say "sequences" in their name first.
    await until('the panel', async () => {
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return panelTabs()[0];
    });
    await until('the panel to be named after the files', () =>
      panelTabs()[0]?.label.includes('weights') === true ? true : undefined,
    );
  });

  it('offers the config that names a weights file before sequences alone', async () => {
    const uri = await copyExample('weather');
    await openText(vscode.Uri.joinPath(uri, '..', 'weights.json'));
    void run();
    await until('the panel', async () => {
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return panelTabs()[0];
    });
    await until('the panel of the config', () =>
      panelTabs()[0]?.label === 'RNN: tanh RNN on daily weather' ? true : undefined,
    );
  });

  it('runs the config on screen when the file in front is one that it names', async () => {
    const uri = await copyExample('weather');
    await openText(uri);
    await run();
    const weights = vscode.Uri.joinPath(uri, '..', 'weights.json');
    await openText(weights);
    await run();
    assert.equal(panelTabs().length, 1);
    assert.equal(panelTabs()[0]?.label, 'RNN: tanh RNN on daily weather');
  });

  it('runs the config that names the sequences in front, before anything is on screen', async () => {
    const weights = { Wx: [[1]], Wh: [[0.5]], b: [0] };
    const config = JSON.stringify({ name: 'one of its own', weights, sequences: 's.json' });
    const sequences = await writeFiles({ 's.json': '[[[1], [0], [0]]]', 'a.rnn.json': config });
    await openText(sequences);
    void run();
    await until('the panel of the config', () => (panelTabs()[0]?.label === 'RNN: one of its own' ? true : undefined));
  });

  it('offers configs when the JSON in front is no part of an experiment', async () => {
    const uri = await copyExample('weather');
    const other = vscode.Uri.joinPath(uri, '..', 'settings.json');
    await writeFile(other.fsPath, '{ "colour": "blue" }');
    await openText(other);
    void run();
    // The first choice is a config of the workspace, or opening one: either way no error, and the list is there to be
    // closed.
    await until('the list of configs', async () => {
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return panelTabs()[0];
    });
  });

  it('opens an example as an unsaved config with all that a config has in the editor', async () => {
    void vscode.commands.executeCommand('rnnGradients.createExample');
    const document = await until('the example', async () => {
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return vscode.window.activeTextEditor?.document.uri.path.endsWith('vanishing.rnn.json') === true
        ? vscode.window.activeTextEditor.document
        : undefined;
    });
    assert.equal(document.isUntitled, true);
    assert.equal(document.languageId, 'jsonc');
    await lensSays(document.uri, /Run RNN/);
    await run();
    await lensSays(document.uri, /vanishing, ×0\.500/);
  });

  it('stops a long run when it is cancelled, and keeps the editor usable', async () => {
    const uri = await copyExample('vanishing');
    const { document } = await openText(uri);
    const edit = new vscode.WorkspaceEdit();
    edit.replace(uri, new vscode.Range(0, 0, document.lineCount, 0), longConfig());
    await vscode.workspace.applyEdit(edit);
    const running = run();
    await until('the panel', () => panelTabs()[0]);
    const state = { over: false };
    void running.then(() => {
      state.over = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.equal(state.over, false, 'the run has ended before it could be cancelled');
    await vscode.commands.executeCommand('rnnGradients.cancel');
    await running;
  });

  it('is cancelled where another panel is in front, in which nothing runs', async () => {
    const long = await writeFiles({ 'long.rnn.json': longConfig() });
    const small = await copyExample('vanishing');
    await openText(small);
    await run();
    await lensSays(small, /vanishing/);
    const state = { over: false };
    const running = run(long).then(() => {
      state.over = true;
    });
    await until('both panels', () => (panelTabs().length === 2 ? true : undefined));
    await vscode.commands.executeCommand('rnnGradients.showPanel', small);
    await vscode.commands.executeCommand('workbench.action.focusSecondEditorGroup');
    const isInFront = (): boolean => vscode.window.tabGroups.activeTabGroup.activeTab?.label.includes('half') === true;
    await until('the panel of the small run in front', () => (isInFront() ? true : undefined));
    assert.equal(state.over, false, 'the run has ended before it could be cancelled');
    await vscode.commands.executeCommand('rnnGradients.cancel');
    await until('the end of the long run', () => (state.over ? true : undefined), 10_000);
    await running;
  });

  onlyLong(it)('leaves the event loop of the extension host alone while it reads 50 MB', async () => {
    const uri = await copyExample('weather');
    const H = 1_750;
    const numbers = Array.from({ length: H }, (_, i) => ((i * 2654435761) % 1000) * 1e-9 + 0.0000001234567891);
    const row = `[${numbers.join(',')}]`;
    // Row by row, so that this test's own garbage does not block what it measures.
    const file = await open(vscode.Uri.joinPath(uri, '..', 'weights.json').fsPath, 'w');
    const rows = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) await file.write(i === 0 ? row : `,${row}`);
    };
    await file.write('{"Wx":[');
    await rows(4);
    await file.write('],"Wh":[');
    await rows(H);
    await file.write(`],"b":${row}}`);
    const { size } = await file.stat();
    await file.close();
    assert.ok(size > 50e6, `${size}`);
    const document = (await openText(uri)).document;
    await replaceText(document, '"upstreamGradient": "dhs.json"', '"upstreamGradient": "last"');
    const delay = monitorEventLoopDelay({ resolution: 2 });
    delay.enable();
    const running = run();
    await lensSays(uri, /vanishing/);
    delay.disable();
    console.log(
      `      longest block of the event loop while reading and running ${Math.round(size / 1e6)} MB: ` +
        `${(delay.max / 1e6).toFixed(1)} ms`,
    );
    await vscode.commands.executeCommand('rnnGradients.cancel');
    await running;
  });
});
