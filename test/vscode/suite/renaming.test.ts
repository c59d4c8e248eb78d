// Files and folders that get another name: references follow, and what configs were known by their old places is
// forgotten.
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { problemsOf, rangeOf, sibling, writeFiles } from './editorSupport.js';
import { closeEverything, openText, replaceText, until, watched } from './support.js';
import { some } from '../../support/long.js';

const unit = '{ "Wx": [[1]], "Wh": [[1]], "b": [0] }';

async function renamed(from: vscode.Uri, to: vscode.Uri): Promise<void> {
  const edit = new vscode.WorkspaceEdit();
  edit.renameFile(from, to);
  assert.ok(await vscode.workspace.applyEdit(edit));
}

const becomes = (document: vscode.TextDocument, text: string): Promise<true> =>
  until(`the text ${text} (it is ${document.getText()})`, () => (document.getText() === text ? true : undefined));

describe('Renaming what a config names', () => {
  afterEach(closeEverything);

  it('updates the reference, and nothing else in the config', async () => {
    const config = await writeFiles({
      'a.rnn.json': '{\n  // here\n  "weights": "./w.json", "sequences": [[[1]]] }\n',
      'w.json': unit,
    });
    const { document } = await openText(config);
    await renamed(sibling(config, 'w.json'), vscode.Uri.joinPath(config, '..', 'trained', 'weights.json'));
    await becomes(document, '{\n  // here\n  "weights": "./trained/weights.json", "sequences": [[[1]]] }\n');
    await until('no problems', () => (problemsOf(config).length === 0 ? true : undefined));
  });

  it('updates it in every config, and by its unsaved text', async () => {
    const config = await writeFiles({
      'a.rnn.json': '{ "weights": "w.json", "sequences": [[[1]]] }',
      'b.rnn.json': '{ "cell": "relu", "weights": "other.json", "sequences": [[[1]]] }',
      'w.json': unit,
      'other.json': unit,
    });
    const a = await openText(config);
    const b = await openText(sibling(config, 'b.rnn.json'));
    await replaceText(b.document, '"other.json"', '"w.json"');
    assert.ok(b.document.isDirty);
    await renamed(sibling(config, 'w.json'), sibling(config, 'v.json'));
    await becomes(a.document, '{ "weights": "v.json", "sequences": [[[1]]] }');
    await becomes(b.document, '{ "cell": "relu", "weights": "v.json", "sequences": [[[1]]] }');
    // What the text does not name any more is nobody's.
    await renamed(sibling(config, 'other.json'), sibling(config, 'another.json'));
    assert.equal(b.document.getText(), '{ "cell": "relu", "weights": "v.json", "sequences": [[[1]]] }');
  });

  it('updates it when another config names what is no path', async () => {
    const config = await writeFiles({
      'a.rnn.json': '{ "weights": "w.json", "sequences": [[[1]]] }',
      'b.rnn.json': '{ "weights": "\\ud800.json", "sequences": "w\\u0000.json" }',
      'w.json': unit,
    });
    await openText(sibling(config, 'b.rnn.json'));
    await until('its problems', () => (problemsOf(sibling(config, 'b.rnn.json')).length === 2 ? true : undefined));
    const { document } = await openText(config);
    await renamed(sibling(config, 'w.json'), sibling(config, 'v.json'));
    await becomes(document, '{ "weights": "v.json", "sequences": [[[1]]] }');
  });

  it('leads the references of a config that moves to where the files stay', async () => {
    const config = await writeFiles({
      'a.rnn.json': '{ "weights": "w.json", "sequences": ["s.json"] }',
      'w.json': unit,
      's.json': '[[[1]]]',
    });
    await openText(config);
    const moved = vscode.Uri.joinPath(config, '..', 'configs', 'a.rnn.json');
    await renamed(config, moved);
    await becomes(
      await vscode.workspace.openTextDocument(moved),
      '{ "weights": "../w.json", "sequences": ["../s.json"] }',
    );
  });

  it('updates the references into a folder, and none of those inside it', async () => {
    const config = await writeFiles({
      'a.rnn.json': '{ "weights": "data/w.json", "sequences": ["data/s.json", "t.json"] }',
      't.json': '[[[1]]]',
    });
    const data = sibling(config, 'data');
    const inner = '{ "weights": "w.json", "sequences": ["../t.json"] }';
    for (const [name, text] of [
      ['w.json', unit],
      ['s.json', '[[[1]]]'],
      ['inner.rnn.json', inner],
    ] as const)
      await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(data, name), new TextEncoder().encode(text));
    const { document } = await openText(config);
    await openText(vscode.Uri.joinPath(data, 'inner.rnn.json'));
    await renamed(data, sibling(config, 'trained'));
    await becomes(document, '{ "weights": "trained/w.json", "sequences": ["trained/s.json", "t.json"] }');
    const moved = await vscode.workspace.openTextDocument(
      vscode.Uri.joinPath(sibling(config, 'trained'), 'inner.rnn.json'),
    );
    assert.equal(moved.getText(), inner);
  });
});

/** Of an orthogonal Wh the hover says something else for each cell, and so tells by which config the file is known. */
async function knownBy(weights: vscode.Uri): Promise<string> {
  const { document } = await openText(weights);
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    weights,
    rangeOf(document, '"Wh"').start,
  );
  const text = hovers
    .flatMap(({ contents }) =>
      contents.map((content) => (content instanceof vscode.MarkdownString ? content.value : '')),
    )
    .join('\n');
  return text.includes('only inactive units take from it')
    ? 'relu'
    : text.includes('only saturation takes from it')
      ? 'tanh'
      : text.includes('spectral radius')
        ? 'some config'
        : 'none';
}

describe('A config that is gone, or comes', () => {
  /** Each test has a folder of another name: watchers may lose one that is removed and made again. */
  let turn = 0;
  const root = (): vscode.Uri => {
    const folder = vscode.workspace.workspaceFolders?.[0];
    assert.ok(folder);
    return vscode.Uri.joinPath(folder.uri, `gone-${turn}`);
  };
  const write = async (files: Readonly<Record<string, string>>): Promise<void> => {
    // A folder that has just been made is watched only a moment later; parents come first.
    for (const folder of new Set(['.', ...Object.keys(files).map((name) => path.posix.dirname(name))]))
      await watched(vscode.Uri.joinPath(root(), folder));
    for (const [name, text] of Object.entries(files))
      await vscode.workspace.fs.writeFile(vscode.Uri.joinPath(root(), name), new TextEncoder().encode(text));
  };
  const config = (cell: string, weights: string): string => JSON.stringify({ cell, weights, sequences: [[[1]]] });
  const is = (weights: vscode.Uri, cell: string): Promise<true> =>
    until(`weights that belong to ${cell}`, async () => ((await knownBy(weights)) === cell ? true : undefined));

  afterEach(async () => {
    await closeEverything();
    await rm(root().fsPath, { recursive: true, force: true });
    turn++;
  });

  it('does not speak for its weights any more: another one does, or none', async () => {
    await write({ 'a.rnn.json': config('tanh', 'w.json'), 'b.rnn.json': config('relu', 'w.json'), 'w.json': unit });
    const weights = vscode.Uri.joinPath(root(), 'w.json');
    await is(weights, 'tanh');
    const edit = new vscode.WorkspaceEdit();
    edit.deleteFile(vscode.Uri.joinPath(root(), 'a.rnn.json'));
    assert.ok(await vscode.workspace.applyEdit(edit));
    await is(weights, 'relu');
    await rm(vscode.Uri.joinPath(root(), 'b.rnn.json').fsPath);
    await is(weights, 'none');
  });

  it('is forgotten with its folder, by whomever that is removed', async () => {
    await write({
      'configs/a.rnn.json': config('tanh', '../w.json'),
      'later.rnn.json': config('relu', 'w.json'),
      'w.json': unit,
    });
    const weights = vscode.Uri.joinPath(root(), 'w.json');
    await is(weights, 'tanh');
    await rm(vscode.Uri.joinPath(root(), 'configs').fsPath, { recursive: true });
    await is(weights, 'relu');
  });

  it('is known in its new folder when that is renamed', async () => {
    await write({ 'net/a.rnn.json': config('tanh', 'w.json'), 'net/w.json': unit });
    await is(vscode.Uri.joinPath(root(), 'net', 'w.json'), 'tanh');
    await closeEverything();
    await renamed(vscode.Uri.joinPath(root(), 'net'), vscode.Uri.joinPath(root(), 'other'));
    await is(vscode.Uri.joinPath(root(), 'other', 'w.json'), 'tanh');
    // Another file of the old name belongs to nobody.
    await write({ 'net/w.json': unit });
    assert.equal(await knownBy(vscode.Uri.joinPath(root(), 'net', 'w.json')), 'none');
  });

  /** As another program does it, without a pause. */
  const writeAtOnce = (name: string, text: string): void => {
    const file = vscode.Uri.joinPath(root(), name).fsPath;
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, text);
  };

  it('is known in a folder that was made for it the moment before, by another program', async () => {
    // Of some of them, and each time others, the watchers tell.
    const names = Array.from({ length: 8 }, (_, i) => `w${i}.json`);
    await write(Object.fromEntries(names.map((name) => [name, unit])));
    const weights = names.map((name) => vscode.Uri.joinPath(root(), name));
    for (const uri of weights) assert.equal(await knownBy(uri), 'none');
    for (const [i, name] of names.entries()) writeAtOnce(`runs-${i}/last/a.rnn.json`, config('relu', `../../${name}`));
    for (const uri of weights) await is(uri, 'relu');
  });

  it('is known among a hundred folders that are made at once', async () => {
    await write({ 'w.json': unit });
    const weights = vscode.Uri.joinPath(root(), 'w.json');
    assert.equal(await knownBy(weights), 'none');
    for (let i = 0; i < 100; i++)
      writeAtOnce(`data-${i}/${i === 57 ? 'a.rnn.json' : 'x.txt'}`, i === 57 ? config('relu', '../w.json') : '');
    await is(weights, 'relu');
  });

  for (const [where, before] of some([
    ['', {}],
    [' in the place of another one', { 'tree/other.txt': '' }],
  ] as const)) {
    it(`is known in a tree that is moved here as a whole${where}`, async () => {
      await write({ 'w.json': unit, ...before });
      const weights = vscode.Uri.joinPath(root(), 'w.json');
      assert.equal(await knownBy(weights), 'none');
      const built = sibling(await writeFiles({ 'note.txt': '' }), 'tree').fsPath;
      await mkdir(path.join(built, 'runs'), { recursive: true });
      await writeFile(path.join(built, 'runs', 'a.rnn.json'), config('relu', '../../w.json'));
      const tree = vscode.Uri.joinPath(root(), 'tree').fsPath;
      await rm(tree, { recursive: true, force: true });
      await rename(built, tree);
      await is(weights, 'relu');
    });
  }
});
