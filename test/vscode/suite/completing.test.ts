// What the contributed schema gives while a config is written: keys, values and their documentation; each fault is told
// once, by the reader.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { rangeOf, sibling, writeFiles } from './editorSupport.js';
import { closeEverything, openText, until } from './support.js';

type Item = { readonly label: string; readonly text: string; readonly docs: string; readonly asksOn: boolean };

const words = (docs: vscode.CompletionItem['documentation']): string =>
  docs instanceof vscode.MarkdownString ? docs.value : (docs ?? '');

/** What is offered at | in the text of a config. */
async function offered(text: string): Promise<Item[]> {
  const at = text.indexOf('|');
  const { document } = await openText(await writeFiles({ 'a.rnn.json': text.replace('|', '') }));
  // VS Code's own service for JSON starts with the first such file, and offers nothing until it has the schema.
  const items = await until('something to choose from', async () => {
    const list = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      document.uri,
      document.positionAt(at),
      undefined,
      100,
    );
    return list.items.length > 0 ? list.items : undefined;
  });
  return items.map(({ label, insertText, documentation, command }) => ({
    label: typeof label === 'string' ? label : label.label,
    text: insertText instanceof vscode.SnippetString ? insertText.value : (insertText ?? ''),
    docs: words(documentation),
    asksOn: command?.command === 'editor.action.triggerSuggest',
  }));
}
const labels = async (text: string): Promise<string[]> => (await offered(text)).map(({ label }) => label).sort();

const allKeys = [
  'cell',
  'clip',
  'dtype',
  'initialState',
  'lengths',
  'loss',
  'name',
  'sequenceOrder',
  'sequences',
  'stateful',
  'truncate',
  'upstreamGradient',
  'weights',
];

describe('Completion', () => {
  afterEach(closeEverything);

  it('begins an empty file with a whole config that has places to fill in', async () => {
    const items = await offered('|');
    const files = items.find(({ label }) => label === 'RNN experiment');
    assert.match(files?.text ?? '', /"weights": "\$\{2:weights\.json\}",\s+"sequences": "\$\{3:sequences\.json\}"/);
    assert.ok(items.some(({ label, text }) => label === 'RNN experiment with its numbers' && text.includes('"Wh"')));
  });

  for (const [where, text] of [
    ['behind the first brace', '{|}'],
    ['behind the first quote', '{"|"}'],
    ['in the middle', '{\n  "name": "n",\n  |\n}'],
  ] as const) {
    it(`offers every key ${where}, documented, with its value or a list to choose from`, async () => {
      const items = await offered(text);
      assert.deepEqual(
        items.map(({ label }) => label).sort(),
        allKeys.filter((key) => !text.includes(`"${key}"`)),
      );
      for (const { label, docs, text: inserted } of items) {
        assert.ok(docs.length > 20, label);
        assert.match(inserted, new RegExp(`^"${label}": .`), label);
      }
      for (const key of ['cell', 'weights', 'sequences', 'loss', 'upstreamGradient'])
        assert.equal(items.find(({ label }) => label === key)?.asksOn, true, key);
    });
  }

  it('offers the values of a key, each with what it means', async () => {
    for (const text of ['{ "cell": | }', '{ "cell": "|" }']) {
      const items = await offered(text);
      assert.deepEqual(items.map(({ label }) => label).sort(), [
        '"gru"',
        '"identity"',
        '"lstm"',
        '"relu"',
        '"sigmoid"',
        '"tanh"',
      ]);
      assert.match(items.find(({ label }) => label === '"relu"')?.docs ?? '', /max\(0, z\)/);
    }
    assert.deepEqual(await labels('{ "dtype": | }'), ['"float32"', '"float64"']);
    assert.deepEqual(await labels('{ "stateful": | }'), ['false', 'true']);
    assert.deepEqual(await labels('{ "upstreamGradient": | }'), ['"every"', '"final"', '"last"', 'file', 'null']);
    assert.deepEqual(await labels('{ "weights": | }'), ['file', 'inline']);
    assert.deepEqual(await labels('{ "sequences": | }'), ['chunks', 'file', 'inline', 'table', 'text']);
  });

  it('offers losses and clipping as snippets, and their keys inside them', async () => {
    const losses = await offered('{ "loss": | }');
    assert.match(
      losses.find(({ label }) => label === 'mse')?.text ?? '',
      /"kind": "mse",\s+"readout": "\$\{1:readout\.json\}"/,
    );
    assert.ok(losses.some(({ label }) => label === 'crossEntropy'));
    const inside = await offered('{ "loss": {|} }');
    assert.deepEqual(inside.map(({ label }) => label).sort(), ['at', 'kind', 'readout', 'targets']);
    for (const { label, text } of inside) assert.match(text, new RegExp(`^"${label}": .`));
    assert.deepEqual(await labels('{ "loss": { "kind": | } }'), ['"binaryCrossEntropy"', '"crossEntropy"', '"mse"']);
    assert.deepEqual(await labels('{ "clip": | }'), ['norm 1', 'null']);
    assert.deepEqual(await labels('{ "weights": {|} }'), ['file', 'name']);
    assert.deepEqual(await labels('{ "sequences": {|} }'), [
      'columns',
      'embedding',
      'file',
      'name',
      'normalise',
      'normaliseOver',
      'stride',
      'tokens',
      'vocabulary',
      'window',
    ]);
    assert.deepEqual(await labels('{ "sequences": { "normalise": | } }'), ['"minMax"', '"none"', '"zScore"']);
    assert.ok((await labels('{ "loss": { "targets": {|} } }')).includes('ahead'));
    assert.deepEqual(
      (await offered('{ "clip": {|} }')).map(({ text }) => text),
      ['"norm": ${1:1}'],
    );
  });

  it(
    'offers the files beside the config where a path belongs, those with a likely name first, and goes into ' +
      'folders',
    async () => {
      const inside = async (text: string): Promise<string[]> => {
        const at = text.indexOf('|');
        const uri = await writeFiles({
          'a.rnn.json': text.replace('|', ''),
          'b.rnn.json': '{}',
          'model-weights.json': '{}',
          'data.json': '[]',
          'scores.npy': '',
          'notes.txt': '',
        });
        await vscode.workspace.fs.createDirectory(sibling(uri, 'runs'));
        await vscode.workspace.fs.writeFile(sibling(uri, 'runs/last.json'), new Uint8Array());
        const { document } = await openText(uri);
        const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
          'vscode.executeCompletionItemProvider',
          uri,
          document.positionAt(at),
          undefined,
          100,
        );
        const named = items.filter(
          ({ kind }) => kind === vscode.CompletionItemKind.File || kind === vscode.CompletionItemKind.Folder,
        );
        return named
          .sort((a, b) => (a.sortText ?? '').localeCompare(b.sortText ?? ''))
          .map(({ label }) => (typeof label === 'string' ? label : label.label));
      };
      assert.deepEqual(await inside('{ "weights": "|" }'), ['model-weights.json', 'data.json', 'scores.npy', 'runs/']);
      assert.deepEqual(await inside('{ "weights": | }'), [
        '"model-weights.json"',
        '"data.json"',
        '"scores.npy"',
        '"runs/"',
      ]);
      assert.deepEqual(await inside('{ "weights": "runs/|" }'), ['last.json']);
      assert.deepEqual(await inside('{ "sequences": ["data.json", "|"] }'), [
        'data.json',
        'model-weights.json',
        'scores.npy',
        'runs/',
      ]);
      assert.deepEqual(await inside('{ "loss": { "readout": "|" } }'), [
        'data.json',
        'model-weights.json',
        'scores.npy',
        'runs/',
      ]);
      // A .txt may be anything, so it is offered where a text is read.
      assert.deepEqual(await inside('{ "sequences": { "file": "|" } }'), [
        'data.json',
        'model-weights.json',
        'notes.txt',
        'scores.npy',
        'runs/',
      ]);
      assert.ok((await inside('{ "sequences": { "vocabulary": "|" } }')).includes('notes.txt'));
      assert.ok(!(await inside('{ "weights": { "file": "|" } }')).includes('notes.txt'));
      for (const text of [
        '{ "cell": "|" }',
        '{ "name": "|" }',
        '{ "|": 1 }',
        '{ "sequences": [[[|1]]] }',
        '{ "weights": "nowhere/|" }',
      ])
        assert.deepEqual(await inside(text), [], text);
    },
  );

  it('offers files in a long config and in one that is not saved yet', async () => {
    const offers = async (document: vscode.TextDocument): Promise<string[]> => {
      const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        document.uri,
        rangeOf(document, '"weights": "').end,
        undefined,
        100,
      );
      return items
        .filter(({ kind }) => kind === vscode.CompletionItemKind.File || kind === vscode.CompletionItemKind.Folder)
        .map(({ label }) => (typeof label === 'string' ? label : label.label));
    };
    const long = await writeFiles({
      'a.rnn.json': `//${' '.repeat(1_100_000)}\n{ "weights": "" }`,
      'model-weights.json': '{}',
      'data.json': '[]',
    });
    assert.deepEqual((await offers((await openText(long)).document)).sort(), ['data.json', 'model-weights.json']);
    const untitled = await vscode.workspace.openTextDocument(vscode.Uri.parse('untitled:new.rnn.json'));
    const edit = new vscode.WorkspaceEdit();
    edit.insert(untitled.uri, new vscode.Position(0, 0), '{ "weights": "" }');
    await vscode.workspace.applyEdit(edit);
    await vscode.window.showTextDocument(untitled);
    assert.ok((await offers(untitled)).includes('weather/'));
  });

  it('explains a key and its value in the hover', async () => {
    const { document } = await openText(
      await writeFiles({ 'a.rnn.json': '{ "cell": "relu", "loss": { "kind": "mse" }, "truncate": 5 }' }),
    );
    const hover = async (needle: string): Promise<string> =>
      (
        await vscode.commands.executeCommand<vscode.Hover[]>(
          'vscode.executeHoverProvider',
          document.uri,
          rangeOf(document, needle).start,
        )
      )
        .flatMap(({ contents }) =>
          contents.map((content) => (content instanceof vscode.MarkdownString ? content.value : '')),
        )
        .join('\n');
    assert.match(
      await until('the hover of JSON', async () => (await hover('"cell"')) || undefined),
      /h_\{t-1\}·Wh \+ x_t·Wx \+ b/,
    );
    assert.match(await hover('"relu"'), /max\(0, z\)/);
    assert.match(await hover('"kind"'), /\(y − target\)²/);
    assert.match(await hover('"truncate"'), /multiple of this many timesteps/);
  });
});

describe('A fault in a config', () => {
  afterEach(closeEverything);

  it('is told once, whatever it is', async () => {
    const text = `{
  "cell": "tahn", "dtype": 32, "weights": 5, "clip": { "norm": 0 }, "sequences": [[[1]]], "truncate": 1.5,
  "stateful": "x", "foo": 1, "initialState": false, "name": null,
  "loss": { "kind": "mse", "readout": { "Why": [[1]], "by": [0] }, "aim": 1 }
}
`;
    const { document } = await openText(await writeFiles({ 'a.rnn.json': text }));
    const at = await until('the problems', () => {
      const found = vscode.languages.getDiagnostics(document.uri);
      return found.length >= 11 ? found : undefined;
    });
    // JSON's own checks come a moment after the text is opened.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const found = vscode.languages.getDiagnostics(document.uri);
    assert.equal(found.length, at.length);
    assert.deepEqual([...new Set(found.map(({ source }) => source))], ['Run RNN']);
    assert.deepEqual(
      found.map(({ range }) => document.getText(range)).sort(),
      ['"aim"', '"foo"', '"loss"', '"tahn"', '"x"', '0', '1.5', '32', '5', 'false', 'null'].sort(),
    );
  });

  it('is told for each of two keys that are missing at one place', async () => {
    const { document } = await openText(await writeFiles({ 'a.rnn.json': '{}' }));
    const found = await until('two problems', () => {
      const all = vscode.languages.getDiagnostics(document.uri);
      return all.length >= 2 ? all : undefined;
    });
    assert.deepEqual(
      found.map(({ message }) => /^The key "(\w+)" is missing/.exec(message)?.[1]),
      ['weights', 'sequences'],
    );
  });
});
