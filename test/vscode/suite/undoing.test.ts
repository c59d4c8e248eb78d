// Every quick fix and refactoring, in files of every style: applied and saved, then undone and saved, the file on the
// disk is what it was, byte for byte.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { long, some } from '../../support/long.js';
import { asItIs } from '../../../src/engine/index.js';
import type { WhatIf } from '../../../src/engine/index.js';
import { actionAt, applyAction, sibling } from './editorSupport.js';
import { panelOver } from './paperPanel.js';
import { closeEverything, openText, until } from './support.js';

/**
 * A two-unit network whose every kind of change can be tried: one missing bias, one mistyped value, a comment at every
 * turn.
 */
const network = `{
  // what it is
  "cell": "rleu", /* which one */
  "weights": {
    "Wx": [[0.10, 2e-1]], // one input
    // the recurrent one
    "Wh": [
      [ 0.50, -0.25], // first
      [-0.125,  1.00]
    ]
  },
  "sequences": [[[1], [-2.5]]] // two steps
}
`;

const styles: Readonly<Record<string, (text: string) => string>> = {
  LF: (text) => text,
  CRLF: (text) => text.replaceAll('\n', '\r\n'),
  'no final newline': (text) => text.trimEnd(),
  tabs: (text) => text.replaceAll('  ', '\t'),
  'a byte order mark, CRLF, tabs and no final newline': (text) =>
    `\ufeff${text.trimEnd().replaceAll('  ', '\t').replaceAll('\n', '\r\n')}`,
  'one line': (text) =>
    text
      .replaceAll(/\/\/[^\n]*/g, '')
      .replaceAll(/\s*\n\s*/g, ' ')
      .trim(),
};

/** All styles in the long form. */
const stylesTried = Object.entries(styles).filter(
  ([style]) => long || style === 'LF' || style.startsWith('a byte order mark'),
);

type Doing = { readonly what: string; readonly at: string; readonly title: string; readonly answer?: object };

const changes: readonly Doing[] = [
  { what: 'a mistyped value', at: '"rleu"', title: 'Change to "relu"' },
  { what: 'a missing bias', at: '"Wh"', title: 'Add b of zeros' },
  { what: 'transposing', at: '"Wh"', title: 'Transpose Wh' },
  { what: 'a spectral radius', at: '"Wh"', title: 'Rescale Wh to a spectral radius…', answer: { to: 0.9 } },
  {
    what: 'a largest singular value',
    at: '"Wh"',
    title: 'Rescale Wh to a largest singular value…',
    answer: { to: 0.9 },
  },
  { what: 'an orthogonal matrix', at: '"Wh"', title: 'Replace Wh by an orthogonal matrix…', answer: { seed: 7 } },
  { what: 'the identity', at: '"Wh"', title: 'Replace Wh by the identity' },
  { what: 'Glorot', at: '"Wx"', title: "Replace Wx by Glorot's uniform initialisation…", answer: { seed: 7 } },
  { what: 'He', at: '"Wx"', title: "Replace Wx by He's normal initialisation…", answer: { seed: 7 } },
  { what: 'an initial state', at: '"sequences"', title: 'Add an initial state of zeros' },
];

/** The same network with names that are nearly right. */
const misspelt = network
  .replace('"rleu"', '"relu"')
  .replace('"Wx"', '"b_": [0.50, -1e-3], // the bias\n    "Wx"')
  .replace('"sequences"', '"initalState": [[0.10, 0]], /* at first */\n  "seqences"');

const renames: readonly Doing[] = [
  { what: 'the name of a bias', at: '"b_"', title: 'Change to "b"' },
  { what: 'the name of the initial state', at: '"initalState"', title: 'Change to "initialState"' },
  { what: 'the name of the sequences', at: '"seqences"', title: 'Change to "sequences"' },
];

/** The same network without a comma, before a comment, and without a colon. */
const unpunctuated = network.replace('"rleu",', '"relu"').replace('"sequences":', '"sequences"');
const repairs: readonly Doing[] = [
  { what: 'a missing comma', at: '"weights"', title: 'Insert the comma' },
  { what: 'a missing colon', at: '[[[1]', title: 'Insert the colon' },
];

/** Does it, with an answer to what it would ask. */
async function carryOut(document: vscode.TextDocument, { at, title, answer }: Doing): Promise<void> {
  const action = await actionAt(document, at, title);
  if (answer === undefined) return applyAction(action);
  assert.ok(action.command, title);
  const [argument] = (action.command.arguments ?? []) as [object];
  await vscode.commands.executeCommand(action.command.command, { ...argument, ...answer });
}

/** Carries it out, saves, undoes, saves; the disk has to hold the same bytes again, and others in between. */
async function carryOutAndUndo(seen: vscode.TextDocument, file: vscode.Uri, doing: Doing): Promise<string> {
  const before = await readFile(file.fsPath);
  await carryOut(seen, doing);
  await until(`${doing.what}: a change in ${file.path}`, () =>
    vscode.workspace.textDocuments.find(({ uri, isDirty }) => isDirty && uri.toString() === file.toString()),
  );
  const { document: changed } = await openText(file);
  assert.ok(await changed.save());
  const after = await readFile(file.fsPath);
  assert.notDeepEqual(after, before, doing.what);
  await vscode.commands.executeCommand('undo');
  assert.ok(await changed.save(), doing.what);
  assert.deepEqual(await readFile(file.fsPath), before, `${doing.what}: the bytes are others after undo`);
  return after.toString();
}

/** Every state of a document from now on. */
function textDuring(document: vscode.TextDocument): () => string[] {
  const seen: string[] = [];
  const subscription = vscode.workspace.onDidChangeTextDocument((event) => {
    if (event.document === document && event.contentChanges.length > 0) seen.push(document.getText());
  });
  return () => {
    subscription.dispose();
    return seen;
  };
}

async function written(files: Readonly<Record<string, string>>): Promise<vscode.Uri> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rnn-gradients-'));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  return vscode.Uri.file(path.join(folder, Object.keys(files)[0] ?? ''));
}

/** Carries out and undoes one thing after the other in a file with this text. */
async function undoesAll(text: string, doings: readonly Doing[]): Promise<void> {
  const file = await written({ 'a.rnn.json': text });
  const { document } = await openText(file);
  for (const doing of doings) {
    const after = await carryOutAndUndo(document, file, doing);
    assert.equal(after.startsWith('\ufeff'), text.startsWith('\ufeff'), `${doing.what}: byte order mark`);
    assert.equal(/(?<!\r)\n/.test(after), /(?<!\r)\n/.test(text), `${doing.what}: line ends of another kind`);
    assert.equal(after.endsWith('\n'), text.endsWith('\n'), `${doing.what}: the end of the file`);
    assert.equal(/^ /m.test(after), /^ /m.test(text), `${doing.what}: indentation of another kind`);
    for (const comment of text.match(/\/\/[^\r\n]*|\/\*.*?\*\//g) ?? [])
      assert.ok(after.includes(comment), `${doing.what}: the comment ${comment} is gone`);
    for (const [number] of text.matchAll(/2e-1|-2\.5/g))
      assert.ok(after.includes(number) || doing.at === '"Wx"', `${doing.what}: ${number}`);
  }
}

/** A stack of two LSTM layers of one unit, as PyTorch has it: the last one begins with a state of its own. */
const stack = `{
  "weights": {
    "weight_ih_l0": [[0.50], [-2.5e-1], [0.10], [1.0]], // i, f, g, o
    "weight_hh_l0": [[0.10], [2e-1], [0.30], [0.40]],
    "bias_ih_l0": [0.0, 1.00, 0.0, 0.0], /* f is open */
    "bias_hh_l0": [0, 0, 0, 0],
    // the upper one
    "weight_ih_l1": [[0.50], [-0.25], [0.10], [1.0]],
    "weight_hh_l1": [[0.10], [0.20], [0.30], [0.40]]
  },
  "sequences": [[[1], [-2.5]]], // two steps
  "initialState": { "h": [[[0.10]], [[0.20]]], "c": [[[0]], [[0.5]]] }
}
`;

const whatIfs: readonly (Partial<WhatIf> & { readonly says: RegExp })[] = [
  { layers: 0, biasShift: 0.5, biasGate: 'f', says: /"bias_ih_l0": \[0\.0, 1\.5, 0\.0, 0\.0\], \/\* f is open \*\// },
  { layers: 'all', initialise: { way: 'keras', seed: 3 }, says: /Keras default, seed 3/ },
  { layers: 0, biasShift: 1, biasGate: 'o', drop: 'last', says: /"h": \[\[\[0\.10\]\]\], "c": \[\[\[0\]\]\]/ },
];

const ofGates: readonly (Doing & { readonly says: RegExp })[] = [
  {
    what: 'an open forget gate',
    at: '"weight_ih_l1"',
    title: 'Set the forget bias of layer 1 to 1',
    says: /"bias_ih_l1": \[0, 1, 0, 0\]/,
  },
  {
    what: 'orthogonal blocks',
    at: '"weight_hh_l1"',
    title: "Replace each gate's block of weight_hh_l1 by an orthogonal matrix…",
    answer: { seed: 7 },
    says: /weight_hh_l1: orthogonal, seed 7/,
  },
  {
    what: 'the block of the gate at the cursor',
    at: '2e-1]',
    title: 'Replace the block of gate f in weight_hh_l0 by the identity',
    says: /"weight_hh_l0": \[\[0\.10\], \[1(?:\.0)?\], \[0\.30\], \[0\.40\]\]/,
  },
  {
    what: 'Glorot blocks',
    at: '"weight_ih_l0"',
    title: "Replace each gate's block of weight_ih_l0 by Glorot's uniform initialisation…",
    answer: { seed: 7 },
    says: /weight_ih_l0: Glorot uniform, seed 7/,
  },
];

describe('What undo gives back of what was tried of a network', () => {
  afterEach(closeEverything);

  for (const style of some(['LF', 'a byte order mark, CRLF, tabs and no final newline', 'one line'] as const, 3, 1))
    it(`is the same bytes, of a file with ${style}`, async () => {
      const file = await written({ 'a.rnn.json': (styles[style] ?? ((text: string) => text))(stack) });
      const { document } = await openText(file);
      const { ask, close } = panelOver(file, (line) => assert.fail(line));
      try {
        for (const { says, ...part } of whatIfs) {
          const before = await readFile(file.fsPath);
          const { result, message } = await ask({ name: 'applyWhatIf', params: { ...asItIs, ...part } });
          assert.equal(result, true, message);
          await openText(file);
          assert.ok(await document.save());
          const after = await readFile(file.fsPath, 'utf8');
          assert.match(after.replaceAll(/\s+/g, ' '), says);
          await vscode.commands.executeCommand('undo');
          assert.ok(await document.save());
          assert.deepEqual(await readFile(file.fsPath), before);
        }
      } finally {
        close();
      }
    });
});

describe('Weights in a checkpoint', () => {
  const { showInformationMessage } = vscode.window;
  afterEach(() => {
    Object.assign(vscode.window, { showInformationMessage });
    return closeEverything();
  });

  const configText = '{\n  "weights": "lstm.pt", // the best\n  "sequences": [[[0.1, 0.2, 0.3]]]\n}\n';
  const checkpoint = async (): Promise<vscode.Uri> => {
    const file = await written({ 'a.rnn.json': configText });
    const root = vscode.extensions.getExtension('rnn-gradients.rnn-gradients')?.extensionPath ?? '';
    const bytes = await readFile(path.join(root, 'test', 'fixtures', 'files', 'lstm.pt'));
    await writeFile(sibling(file, 'lstm.pt').fsPath, bytes);
    return file;
  };

  it('are copied to JSON by one action, which one undo takes back', async () => {
    const file = await checkpoint();
    const { document } = await openText(file);
    const title = 'Copy the weights to a JSON file, where they can be changed';
    await applyAction(await actionAt(document, '"lstm.pt"', title));
    assert.equal(document.getText(), configText.replace('lstm.pt', 'lstm.json'));
    const copy = JSON.parse(await readFile(sibling(file, 'lstm.json').fsPath, 'utf8')) as object;
    assert.deepEqual(Object.keys(copy).slice(0, 2), ['weight_ih_l0', 'weight_hh_l0']);
    await actionAt(document, '"lstm.json"', 'Move the weights into this config');
    await vscode.commands.executeCommand('undo');
    await until('the name of the checkpoint', () => document.getText() === configText);
  });

  it('are changed in a copy beside them, once the user says so, by what is applied', async () => {
    const file = await checkpoint();
    const before = await readFile(sibling(file, 'lstm.pt').fsPath);
    await writeFile(sibling(file, 'lstm.json').fsPath, 'in the way');
    const { document } = await openText(file);
    const { ask, close } = panelOver(file, (line) => assert.fail(line));
    const asked: string[] = [];
    let answer: string | undefined;
    Object.assign(vscode.window, {
      showInformationMessage: (message: string) => {
        asked.push(message);
        return Promise.resolve(answer);
      },
    });
    try {
      const whatIf = { name: 'applyWhatIf', params: { ...asItIs, inputScale: 2 } };
      assert.equal((await ask(whatIf)).result, false);
      assert.equal(document.getText(), configText);
      answer = 'Write lstm-2.json';
      assert.equal((await ask(whatIf)).result, true);
      assert.match(asked.at(-1) ?? '', /never changed\. Write them, changed, to lstm-2\.json\?/);
      assert.equal(document.getText(), configText.replace('lstm.pt', 'lstm-2.json'));
      assert.deepEqual(await readFile(sibling(file, 'lstm.pt').fsPath), before);
      assert.equal(await readFile(sibling(file, 'lstm.json').fsPath, 'utf8'), 'in the way');
      // What stands in text now is changed there, without a question.
      assert.equal((await ask(whatIf)).result, true);
      assert.equal(asked.length, 2);
    } finally {
      close();
    }
  });
});

describe('What undo gives back of changed gates', () => {
  afterEach(closeEverything);

  for (const style of some(['LF', 'a byte order mark, CRLF, tabs and no final newline'] as const, 2, 1))
    it(`is the same bytes, of a file with ${style}`, async () => {
      const file = await written({ 'a.rnn.json': (styles[style] ?? ((text: string) => text))(stack) });
      const { document } = await openText(file);
      for (const { says, ...doing } of ofGates) {
        const after = await carryOutAndUndo(document, file, doing);
        assert.match(after.replaceAll(/\s+/g, ' '), says);
      }
    });
});

describe('What undo gives back', () => {
  afterEach(closeEverything);

  // In the short form a plain file meets every change, and one of the style that holds most others every second.
  for (const [style, write] of stylesTried)
    it(`is the same bytes, of a file with ${style}`, async () => {
      for (const [before, doings] of [
        [network, changes],
        [unpunctuated, repairs],
        [misspelt, renames],
      ] as const)
        await undoesAll(write(before), style === 'LF' ? doings : some(doings));
    });

  it(
    'is the same bytes of a file that was not open, and of a config whose weights go to a file and come ' + 'back',
    async () => {
      const weights =
        '\ufeff{\r\n\t"Wx": [[0.10, 2e-1]],\r\n\t"Wh": [[0.50, -0.25], [-0.125, 1.00]],\r\n\t"b": [0, 0]\r\n}';
      const config = await written({
        'a.rnn.json': '{\r\n\t"weights": "w.json", // there\r\n\t"sequences": [[[1], [-2.5]]]\r\n}',
        'w.json': weights,
      });
      const { document } = await openText(config);
      const others = changes.filter(({ at, title }) => at === '"Wh"' && !title.startsWith('Add'));
      assert.ok(others.length >= 5);
      for (const doing of others) {
        const [before, noted] = [document.getText(), /orthogonal|identity/.test(doing.title)];
        const at = before.indexOf('"weights"');
        const origin = doing.title.includes('identity') ? 'identity' : 'orthogonal, seed 7';
        const during = textDuring(document);
        await carryOutAndUndo(document, sibling(config, 'w.json'), { ...doing, at: '"w.json"' });
        // The seed is in the config, because the weights take no comments; the same undo takes it back.
        assert.deepEqual(
          during(),
          noted ? [`${before.slice(0, at)}// Wh of w.json: ${origin}\r\n\t${before.slice(at)}`, before] : [],
        );
        await openText(config);
      }
      await carryOutAndUndo(document, config, {
        what: 'weights into the config',
        at: '"w.json"',
        title: 'Move the weights into this config',
      });
      assert.equal(await readFile(sibling(config, 'w.json').fsPath, 'utf8'), weights);
    },
  );

  it('is the same bytes of a config whose weights were moved to a file of their own', async () => {
    for (const [, write] of stylesTried) {
      const file = await written({ 'a.rnn.json': write(network) });
      const { document } = await openText(file);
      await carryOutAndUndo(document, file, {
        what: 'weights into a file',
        at: '"weights"',
        title: 'Move the weights to a file of their own',
        answer: {},
      });
      const left = await readdir(path.dirname(file.fsPath));
      assert.deepEqual(left, ['a.rnn.json'], 'the new file is gone again');
      await closeEverything();
    }
  });
});
