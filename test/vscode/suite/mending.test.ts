// Problems of configs that never ran, and what mends or changes them: every change is one edit that one undo takes
// back.
import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import type { Inspections } from '../../../src/editor/following/inspections.js';
import { Refactorings } from '../../../src/editor/language/refactorings.js';
import type { ChangeOutcome } from '../../../src/protocol/messages.js';
import {
  actionAt,
  actionsAt,
  applyAction,
  changeAndUndo,
  problemsOf,
  rangeOf,
  sibling,
  writeFiles,
} from './editorSupport.js';
import { closeEverything, copyExample, lensSays, openText, replaceText, until } from './support.js';
import { some } from '../../support/long.js';

const someProblems = (uri: vscode.Uri): Promise<vscode.Diagnostic[]> =>
  until(`problems in ${uri.path}`, () => (problemsOf(uri).length > 0 ? problemsOf(uri) : undefined));
const noProblems = (uri: vscode.Uri): Promise<true> =>
  until(`no problems in ${uri.path}`, () => (problemsOf(uri).length === 0 ? true : undefined));

describe('Problems of a config that never ran', () => {
  afterEach(closeEverything);

  it('stand at their exact ranges, follow edits, and go when they are mended', async () => {
    const { document } = await openText(await copyExample('vanishing'));
    await replaceText(document, '"tanh"', '"tahn"');
    await replaceText(document, '[ 0.25,  0.25,  0.25,  0.25]', '[ 0.25,  0.25,  0.25]');
    await until('two problems', () => (problemsOf(document.uri).length === 2 ? true : undefined));
    assert.deepEqual(
      problemsOf(document.uri).map(({ range }) => document.getText(range)),
      ['"tahn"', '[ 0.25,  0.25,  0.25]'],
    );
    await replaceText(document, '[ 0.25,  0.25,  0.25]', '[ 0.25,  0.25,  0.25,  0.25]');
    await replaceText(document, '"tahn"', '"tanh"');
    await noProblems(document.uri);
  });

  it('appear while typing never pauses', async () => {
    const { document } = await openText(await copyExample('vanishing'));
    await replaceText(document, '"tanh"', '"tahn"');
    const typing = Date.now();
    let name = 'vanishing: half is lost at every step';
    // Far more often than a pause in typing is waited for.
    for (let i = 0; problemsOf(document.uri).length === 0; i++) {
      assert.ok(Date.now() - typing < 60_000, 'no problem while typing');
      await replaceText(document, name, `edit ${i}`);
      name = `edit ${i}`;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.deepEqual(
      problemsOf(document.uri).map(({ range }) => document.getText(range)),
      ['"tahn"'],
    );
  });

  it('stand in the file that is wrong, and go when the config is closed', async () => {
    const config = await writeFiles({
      'a.rnn.json': '{ "weights": "w.json", "sequences": [[[1]]] }',
      'w.json': '{ "Wx": [[1, 2]], "Wh": [[1, 2], [3]], "b": [0, 0] }',
    });
    const weights = sibling(config, 'w.json');
    await openText(config);
    const [problem] = await someProblems(weights);
    assert.equal((await vscode.workspace.openTextDocument(weights)).getText(problem?.range), '[3]');
    await closeEverything();
    await noProblems(weights);
  });

  it('are told once when two configs name the same file', async () => {
    const text = '{ "weights": "w.json", "sequences": [[[1]]] }';
    const first = await writeFiles({
      'a.rnn.json': text,
      'b.rnn.json': text,
      'w.json': '{ "Wx": [[1]], "Wh": [["1"]], "b": [0] }',
    });
    await openText(first);
    await openText(sibling(first, 'b.rnn.json'));
    const weights = sibling(first, 'w.json');
    await someProblems(weights);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal(problemsOf(weights).length, 1);
  });

  it('are told once when both of two configs that name the file run', async () => {
    const text = '{ "weights": "w.json", "sequences": [[[1e-6], [0], [0], [0]]] }';
    const first = await writeFiles({
      'a.rnn.json': text,
      'b.rnn.json': text,
      'w.json': '{ "Wx": [[1]], "Wh": [[0.5]], "b": [0] }',
    });
    const [second, weights] = [sibling(first, 'b.rnn.json'), sibling(first, 'w.json')];
    for (const config of [first, second]) {
      await openText(config);
      await vscode.commands.executeCommand('rnnGradients.run');
      await lensSays(config, /per step/);
    }
    const { document } = await openText(weights);
    await replaceText(document, '[[0.5]]', '[["0.5"]]');
    for (const config of [first, second]) await lensSays(config, /of the last good run/);
    assert.deepEqual(
      problemsOf(weights).map(({ range }) => document.getText(range)),
      ['"0.5"'],
    );
  });

  it('of a weights file are shown when it alone is open, and nothing of what is wrong elsewhere', async () => {
    const config = await writeFiles({
      'a.rnn.json': '{ "cell": "tahn", "weights": "w.json", "sequences": [[[1]]] }',
      'w.json': '{ "Wx": [[1, 2]], "Wh": [[1, 2], [3]], "b": [0, 0] }',
    });
    const { document } = await openText(sibling(config, 'w.json'));
    const [problem] = await someProblems(document.uri);
    assert.equal(document.getText(problem?.range), '[3]');
    assert.deepEqual(problemsOf(config), []);
    await replaceText(document, '[3]', '[3, 4]');
    await noProblems(document.uri);
    await replaceText(document, '[3, 4]', '[3]');
    await someProblems(document.uri);
    await closeEverything();
    await noProblems(document.uri);
  });

  it('are followed in every config that has a tab, however many there are', async () => {
    const names = Array.from({ length: 25 }, (_, i) => `${i}.rnn.json`);
    const first = await writeFiles(
      Object.fromEntries(names.map((name) => [name, '{ "weights": "w.json", "sequences": [[[1]]] }'])),
    );
    for (const name of names) await openText(sibling(first, name));
    await someProblems(sibling(first, '24.rnn.json'));
    await someProblems(first);
    await writeFile(first.fsPath, '{ "weights": { "Wx": [[1]], "Wh": [[1]], "b": [0] }, "sequences": [[[1]]] }');
    await noProblems(first);
  });

  it('are left to the session once the config runs, and come back when its panel is closed', async () => {
    const { document } = await openText(await copyExample('vanishing'));
    await vscode.commands.executeCommand('rnnGradients.run');
    await lensSays(document.uri, /vanishing/);
    await replaceText(document, '"tanh"', '"tahn"');
    await someProblems(document.uri);
    // Both readings of the text are over.
    await vscode.commands.executeCommand('vscode.executeHoverProvider', document.uri, new vscode.Position(0, 0));
    await lensSays(document.uri, /of the last good run/);
    assert.equal(problemsOf(document.uri).length, 1);
    const panels = vscode.window.tabGroups.all
      .flatMap(({ tabs }) => tabs)
      .filter(({ input }) => input instanceof vscode.TabInputWebview);
    await vscode.window.tabGroups.close(panels);
    await until('the problem without a session', () => (problemsOf(document.uri).length === 1 ? true : undefined));
    await replaceText(document, '"tahn"', '"tanh"');
    await noProblems(document.uri);
  });
});

/** What VS Code's own JSON has marked. */
const marks = (uri: vscode.Uri): vscode.Diagnostic[] =>
  vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'json' || source === 'jsonc');

describe("A mistake that VS Code's own JSON marks too", () => {
  afterEach(closeEverything);

  const whole = '{ "cell": "tanh", "weights": { "Wx": [[1]], "Wh": [[1]], "b": [0] }, "sequences": [[[1]]] }';
  const mendedBy = async (document: vscode.TextDocument, position: vscode.Position): Promise<string> =>
    (await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', document.uri, position))
      .flatMap(({ contents }) =>
        contents.map((content) => (content instanceof vscode.MarkdownString ? content.value : '')),
      )
      .join('\n');
  /** The text has been read, and what is wrong told, by the time that a hover is there. */
  const isRead = (uri: vscode.Uri): Thenable<unknown> =>
    vscode.commands.executeCommand('vscode.executeHoverProvider', uri, new vscode.Position(0, 0));
  const once = async (uri: vscode.Uri): Promise<void> => {
    await isRead(uri);
    await until('one telling', () => (marks(uri).length > 0 && problemsOf(uri).length === 0 ? true : undefined));
  };

  for (const [what, text, advice] of [
    ['a missing comma', whole.replace('"tanh",', '"tanh"'), /Put a comma between/],
    ['a comma too many', whole.replace('"tanh",', '"tanh",,'), /Remove the comma/],
    ['a missing value', whole.replace('"tanh",', ','), /Remove the comma that is too many, or put a value before it/],
    [
      'a text without its end',
      whole.replace('"tanh"', '"tanh').replace(', "weights"', ',\n"weights"'),
      /Close the text on the line where it begins/,
    ],
    ['a backslash too many', whole.replace('{ "cell"', '{ "name": "a\\q", "cell"'), /Write \\\\\\\\ for a backslash/],
    ['text behind the end', `${whole} x`, /Remove it|one value|Wrap/],
    ['a key that stands twice', whole.replace('"tanh",', '"tanh", "cell": "relu",'), /Remove one of them/],
  ] as const) {
    it(`is told once, and how to mend it by a hover: ${what}`, async () => {
      const { document } = await openText(await writeFiles({ 'a.rnn.json': text }));
      await once(document.uri);
      const told = await Promise.all(marks(document.uri).map(({ range }) => mendedBy(document, range.start)));
      assert.ok(
        told.some((hover) => advice.test(hover)),
        told.join('\n'),
      );
    });
  }

  it('is told once in a weights file, and by this extension when that is closed', async () => {
    const weights = '{ "Wx": [[1]] "Wh": [[1]], "b": [0] }';
    const config = await writeFiles({
      'a.rnn.json': '{ "weights": "w.json", "sequences": [[[1]]] }',
      'w.json': weights,
    });
    const uri = sibling(config, 'w.json');
    await openText(uri);
    await openText(config);
    await once(uri);
    await vscode.window.tabGroups.close(
      vscode.window.tabGroups.all
        .flatMap(({ tabs }) => tabs)
        .filter(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === uri.toString()),
    );
    const [problem] = await someProblems(uri);
    assert.match(problem?.message ?? '', /A comma is missing.*Put a comma between/s);
  });

  it('is told by this extension where its words say more', async () => {
    const { document } = await openText(
      await writeFiles({ 'a.rnn.json': whole.replace('"tanh"', "'tanh'").replace('[0]', '[.5]') }),
    );
    await until('its marks', () => (marks(document.uri).length === 2 ? true : undefined));
    await isRead(document.uri);
    assert.deepEqual(
      problemsOf(document.uri).map(({ range }) => document.getText(range)),
      ["'tanh'", '.5'],
    );
  });

  it('is told by this extension where it looks like JSON', async () => {
    for (const [text, wrong] of [
      [whole.replace('"cell":', '"cell"：'), '：'],
      [whole.replace('"tanh",', '"tanh"，'), '，'],
      [whole.replace('"cell"', '“cell”'), '“cell”'],
    ] as const) {
      const { document } = await openText(await writeFiles({ 'a.rnn.json': text }));
      await until('its marks', () => (marks(document.uri).length > 0 ? true : undefined));
      await isRead(document.uri);
      const told = await until('ours', () => {
        const problems = problemsOf(document.uri);
        return problems.length > 0 ? problems : undefined;
      });
      assert.deepEqual(
        told.map(({ range }) => document.getText(range)),
        [wrong],
      );
    }
  });

  it('is told by this extension of a file that is no JSON at all', async () => {
    for (const [text, told] of [
      ['<html><body>no such file</body></html>\n', /HTML or XML/],
      ['tensor([[1., 2.]])\n', /./],
    ] as const) {
      const { document } = await openText(await writeFiles({ 'a.rnn.json': text }));
      await until('its marks', () => (marks(document.uri).length > 0 ? true : undefined));
      await isRead(document.uri);
      assert.match((await someProblems(document.uri))[0]?.message ?? '', told);
    }
  });

  it('is told by this extension when the user has turned its validation off', async () => {
    const json = vscode.workspace.getConfiguration('json');
    await json.update('validate.enable', false, vscode.ConfigurationTarget.Global);
    try {
      const { document } = await openText(await writeFiles({ 'a.rnn.json': whole.replace('"tanh",', '"tanh"') }));
      await someProblems(document.uri);
      await json.update('validate.enable', true, vscode.ConfigurationTarget.Global);
      await once(document.uri);
      await json.update('validate.enable', false, vscode.ConfigurationTarget.Global);
      await someProblems(document.uri);
    } finally {
      await json.update('validate.enable', undefined, vscode.ConfigurationTarget.Global);
    }
  });
});

describe('Actions for a selection over several places', () => {
  afterEach(closeEverything);

  const titles = async (document: vscode.TextDocument): Promise<string[]> =>
    (await actionsAt(document, document.getText())).map(({ title }) => title);

  it('say where each of them acts when they are called the same', async () => {
    const text = (
      '{ "weights": { "enc.Wx": [[1]], "enc.Wh": [[1]], "dec.Wx": [[1]], "dec.Wh": [[1]] }, "sequences": ' + '[[[1]]] }'
    ).replaceAll('Wh": [[1]]', 'Wh": [[1, 2], [3, 4]]');
    const { document } = await openText(await writeFiles({ 'a.rnn.json': text }));
    const action = await actionAt(document, text, 'Transpose Wh (weights["dec.Wh"])');
    const all = await titles(document);
    assert.ok(
      all.includes('Transpose Wh (weights["enc.Wh"])') &&
        all.includes('Rescale Wh to a spectral radius… (weights["dec.Wh"])'),
      all.join('\n'),
    );
    assert.equal(new Set(all).size, all.length);
    assert.equal(
      await changeAndUndo(document, () => applyAction(action)),
      text.replace('"dec.Wh": [[1, 2], [3, 4]]', '"dec.Wh": [[1, 3], [2, 4]]'),
    );
    // Alone it needs no place.
    await actionAt(document, '"dec.Wh"', 'Transpose Wh');
  });

  it('mend each of several mistakes', async () => {
    const text = '{ "weights": { "Wx": [[1]], "Wh": [["1"]], "b": ["1"] }, "sequences": [[[1]]] }';
    const { document } = await openText(await writeFiles({ 'a.rnn.json': text }));
    const action = await actionAt(document, text, 'Change to 1 (weights.b[0])');
    assert.ok((await titles(document)).includes('Change to 1 (weights.Wh[0][0])'));
    assert.equal(await changeAndUndo(document, () => applyAction(action)), text.replace('"b": ["1"]', '"b": [1]'));
  });
});

describe('Quick fixes', () => {
  afterEach(closeEverything);

  const mends = (
    what: string,
    files: Readonly<Record<string, string>>,
    at: string,
    title: string,
    expected: string,
    file?: string,
  ): void => {
    it(what, async () => {
      const config = await writeFiles(files);
      await openText(config);
      const { document } = file === undefined ? await openText(config) : await openText(sibling(config, file));
      await someProblems(document.uri);
      const action = await actionAt(document, at, title);
      assert.equal(action.kind?.value, vscode.CodeActionKind.QuickFix.value);
      assert.notEqual(action.edit, undefined, 'the action has no edit');
      const after = await changeAndUndo(document, () => applyAction(action));
      assert.equal(after, expected);
    });
  };

  const whole =
    '{\n  // my network\n  "weights": { "Wx": [[1, 0]], "Wh": [[1, 0], [0, 1]], "b": [0, 0] },\n  "sequences": ' +
    '[[[1]]]\n}\n';
  mends(
    'rename a key to the nearest known one',
    { 'a.rnn.json': whole.replace('"sequences"', '"sequenzes"') },
    '"sequenzes"',
    'Change to "sequences"',
    whole,
  );
  mends(
    'write the value that was meant',
    { 'a.rnn.json': whole.replace('"weights"', '"cell": "rleu", "weights"') },
    '"rleu"',
    'Change to "relu"',
    whole.replace('"weights"', '"cell": "relu", "weights"'),
  );
  mends(
    'take the quotes from a number',
    { 'a.rnn.json': whole.replace('[0, 0] }', '[0, "0.5"] }') },
    '"0.5"',
    'Change to 0.5',
    whole.replace('[0, 0] }', '[0, 0.5] }'),
  );
  const three = whole.replace('[[[1]]]', '[[[1]], [[2]], [[3]]]');
  for (const [order, title] of [
    ['TBI', 'The steps come first: [T][B][I]'],
    ['BTI', 'The sequences come first: [B][T][I]'],
  ] as const)
    mends(
      `say whether steps or sequences come first: ${order}`,
      { 'a.rnn.json': three },
      '"sequences"',
      title,
      three.replace(']]]\n', `]]],\n  "sequenceOrder": "${order}"\n`),
    );
  it('rename a key that other programs call so, of which nothing is told twice; until then it counts', async () => {
    const config = await writeFiles({
      'a.rnn.json': whole.replace('"sequences"', '"h0": "h.json",\n  "xs"'),
      'h.json': '[[0.25, 0.5]]',
    });
    const { document } = await openText(config);
    const told = (): vscode.Diagnostic[] =>
      vscode.languages.getDiagnostics(config).filter(({ message }) => message.includes('"initialState"'));
    await until('the message', () => (told().length > 0 ? true : undefined));
    await until('a link', async () =>
      (await vscode.commands.executeCommand<vscode.DocumentLink[]>('vscode.executeLinkProvider', config)).find(
        ({ target }) => target?.path.endsWith('/h.json') === true,
      ),
    );
    // Whoever speaks later has spoken.
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    assert.deepEqual(
      told().map(({ message, severity }) => [message, severity]),
      [['"h0" is called "initialState" in a config.', vscode.DiagnosticSeverity.Warning]],
      JSON.stringify(vscode.languages.getDiagnostics(config)),
    );
    const after = await changeAndUndo(document, async () =>
      applyAction(await actionAt(document, '"h0"', 'Change to "initialState"')),
    );
    assert.equal(after, document.getText().replace('"h0"', '"initialState"'));
    await applyAction(await actionAt(document, '"h0"', 'Change to "initialState"'));
    await applyAction(await actionAt(document, '"xs"', 'Change to "sequences"'));
    await until('no message', () => (vscode.languages.getDiagnostics(config).length === 0 ? true : undefined));
  });
  mends(
    'rename a key that may be left out, too',
    { 'a.rnn.json': whole.replace('"sequences"', '"initalState": [[0.5, 0]], // where it starts\n  "sequences"') },
    '"initalState"',
    'Change to "initialState"',
    whole.replace('"sequences"', '"initialState": [[0.5, 0]], // where it starts\n  "sequences"'),
  );
  mends(
    'rename a key inside a loss',
    {
      'a.rnn.json': whole.replace(
        '"sequences"',
        '"loss": { "kind": "mse", "readout": { "Why": [[1], [1]], "By": [0] }, "targets": [[1]], "att": "last" ' +
          '},\n  "sequences"',
      ),
    },
    '"att"',
    'Change to "at"',
    whole.replace(
      '"sequences"',
      '"loss": { "kind": "mse", "readout": { "Why": [[1], [1]], "By": [0] }, "targets": [[1]], "at": "last" ' +
        '},\n  "sequences"',
    ),
  );
  mends(
    'give a bias its name',
    { 'a.rnn.json': whole.replace('"b": [0, 0]', '"bias": [0.50, 0] /* trained */') },
    '"bias"',
    'Change to "b"',
    whole.replace('"b": [0, 0]', '"b": [0.50, 0] /* trained */'),
  );
  mends(
    'give one of two biases its name, in the file that holds it',
    {
      'a.rnn.json': '{ "weights": "w.json", "sequences": [[[1]]] }',
      'w.json':
        '{ "rnn.weight_ih_l0": [[1], [2]], "rnn.weight_hh_l0": [[1, 0], [0, 1]], "rnn.bias_ih_l0": [0, 0], ' +
        '"rnn.bais_hh_l0": [1e-1, 0] }',
    },
    '"rnn.bais_hh_l0"',
    'Change to "rnn.bias_hh_l0"',
    '{ "rnn.weight_ih_l0": [[1], [2]], "rnn.weight_hh_l0": [[1, 0], [0, 1]], "rnn.bias_ih_l0": [0, 0], ' +
      '"rnn.bias_hh_l0": [1e-1, 0] }',
    'w.json',
  );
  mends(
    'give the bias of a readout its name',
    {
      'a.rnn.json': whole.replace(
        '"sequences"',
        '"loss": { "kind": "mse", "readout": { "Why": [[1], [1]], "By": [0] }, "targets": [[1]] },\n  "sequences"',
      ),
    },
    '"By"',
    'Change to "by"',
    whole.replace(
      '"sequences"',
      '"loss": { "kind": "mse", "readout": { "Why": [[1], [1]], "by": [0] }, "targets": [[1]] },\n  "sequences"',
    ),
  );
  mends(
    'transpose a matrix that lies on its side, in the file that holds it',
    {
      'a.rnn.json': '{ "weights": "w.json", "sequences": [[[1]]] }',
      'w.json': '{\n  "Wx": [\n    [0.10],\n    [2e-1]\n  ],\n  "Wh": [[1, 0], [0, 1]], "b": [0, 0]\n}\n',
    },
    '"Wx"',
    'Transpose Wx',
    '{\n  "Wx": [\n    [0.10, 2e-1]\n  ],\n  "Wh": [[1, 0], [0, 1]], "b": [0, 0]\n}\n',
    'w.json',
  );
  mends(
    'give a weight the name that is recognised, prefix and all',
    {
      'a.rnn.json': '{ "weights": "w.json", "sequences": [[[1]]] }',
      'w.json': '{ "rnn.weight_ih_l0": [[1], [2]], "rnn.weight_hh_10": [[1, 0], [0, 1]], "rnn.bias_ih_l0": [0, 0] }',
    },
    '"rnn.weight_hh_10"',
    'Change to "rnn.weight_hh_l0"',
    '{ "rnn.weight_ih_l0": [[1], [2]], "rnn.weight_hh_l0": [[1, 0], [0, 1]], "rnn.bias_ih_l0": [0, 0] }',
    'w.json',
  );
  mends(
    'recognise weights in another case',
    { 'a.rnn.json': whole.replace('"Wx"', '"wx"').replace('"Wh"', '"WH"') },
    '"wx"',
    'Change to "Wx"',
    whole.replace('"Wh"', '"WH"'),
  );
  mends(
    'call a matrix by its name alone',
    {
      'a.rnn.json': '{ "weights": "w.json", "sequences": [[[1]]] }',
      'w.json': '{ "rnn.weight_ih_l0": [[0.1, 0.2]], "rnn.weight_hh_l0": [[1, 0], [0, 1]], "rnn.bias_ih_l0": [0, 0] }',
    },
    '"rnn.weight_ih_l0"',
    'Transpose weight_ih_l0',
    '{ "rnn.weight_ih_l0": [[0.1], [0.2]], "rnn.weight_hh_l0": [[1, 0], [0, 1]], "rnn.bias_ih_l0": [0, 0] }',
    'w.json',
  );
  mends(
    'come from whichever config sees the problem',
    {
      'a.rnn.json': '{ "weights": "other.json", "sequences": "w.json" }',
      'b.rnn.json': '{ "weights": "w.json", "sequences": [[[1]]] }',
      'other.json': '{ "Wx": [[1]], "Wh": [[1]], "b": [0] }',
      'w.json': '{ "Wx": [[0.1], [0.2]], "Wh": [[1, 0], [0, 1]], "b": [0, 0] }',
    },
    '"Wx"',
    'Transpose Wx',
    '{ "Wx": [[0.1, 0.2]], "Wh": [[1, 0], [0, 1]], "b": [0, 0] }',
    'w.json',
  );

  it('make no key twice', async () => {
    const { document } = await openText(
      await writeFiles({ 'a.rnn.json': whole.replace('"sequences"', '"sequenses": 1, "sequences"') }),
    );
    await someProblems(document.uri);
    assert.deepEqual(
      (await actionsAt(document, '"sequenses"', vscode.CodeActionKind.QuickFix))
        .map(({ title }) => title)
        .filter((title) => title.startsWith('Change')),
      [],
    );
  });

  it('turn no recurrent matrix that would not fit either way', async () => {
    const { document } = await openText(
      await writeFiles({ 'a.rnn.json': whole.replace('[[1, 0], [0, 1]]', '[[1, 0, 2], [0, 1, 2]]') }),
    );
    await someProblems(document.uri);
    assert.deepEqual(
      (await actionsAt(document, '"Wh"')).map(({ title }) => title).filter((title) => title.startsWith('Transpose')),
      [],
    );
  });

  mends('add a missing bias', { 'a.rnn.json': whole.replace(', "b": [0, 0]', '') }, '"Wh"', 'Add b of zeros', whole);
  const layerAbove = '"weight_ih_l1": [[1, 0]], "weight_hh_l1": [[1]]';
  const stack =
    '{\n  "cell": "tanh",\n  "weights": { "weight_ih_l0": [[1], [0]], "weight_hh_l0": [[1, 0], [0, 1]], ' +
    `"bias_ih_l0": [0, 0], "bias_hh_l0": [0, 0], ${layerAbove} },\n  "sequences": [[[1]]]\n}\n`;
  mends(
    'add the missing biases of a layer above another one',
    { 'a.rnn.json': stack },
    '"weight_hh_l1"',
    'Add bias_ih_l1, bias_hh_l1 of zeros',
    stack.replace(layerAbove, `${layerAbove}, "bias_ih_l1": [0], "bias_hh_l1": [0]`),
  );
});

describe('A change that cannot be done', () => {
  const { showWarningMessage } = vscode.window;
  afterEach(async () => {
    Object.assign(vscode.window, { showWarningMessage });
    await closeEverything();
  });

  it('is told, when there is nothing to change any more and when the editor refuses it', async () => {
    const said: string[] = [];
    Object.assign(vscode.window, { showWarningMessage: (message: string) => said.push(message) });
    const config = (await writeFiles({ 'a.rnn.json': '{}' })).toString();
    const target = { config, file: config, path: 'weights.Wh', name: 'Wh' };
    const nothing: ChangeOutcome = { ok: false, message: 'There is no matrix here any more.' };
    const refactorings = (outcome: ChangeOutcome): Refactorings =>
      new Refactorings({ change: () => Promise.resolve(outcome) } as unknown as Inspections);
    assert.equal(await refactorings(nothing).editOrWarn(target, { kind: 'transpose' }), null);
    assert.equal(await refactorings(nothing).apply(target, { kind: 'transpose' }), false);
    const start = { line: 0, character: 0 };
    // No editor can write there.
    const elsewhere: ChangeOutcome = {
      ok: true,
      changes: [{ file: 'rnnnowhere:/a.rnn.json', range: { start, end: start }, text: '1' }],
      newFile: null,
    };
    assert.equal(await refactorings(elsewhere).apply(target, { kind: 'transpose' }), false);
    assert.deepEqual(
      said.map((text) => /no matrix|refused/.exec(text)?.[0]),
      ['no matrix', 'no matrix', 'refused'],
    );
  });
});

describe('Refactorings', () => {
  afterEach(closeEverything);

  /** Σ_max and the like, as the hover tells them. */
  const hover = async (document: vscode.TextDocument, needle: string): Promise<string> => {
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      rangeOf(document, needle).start,
    );
    return hovers
      .flatMap(({ contents }) =>
        contents.map((content) => (content instanceof vscode.MarkdownString ? content.value : '')),
      )
      .join('\n');
  };
  const outside = (text: string): string => text.replace(/"Wh": \[[^]*?\]\s*\]/, '').replace(/ *\/\/ Wh: .*\r?\n/, '');

  it('transpose a square matrix', async () => {
    const { document } = await openText(await copyExample('vanishing'));
    const after = await changeAndUndo(document, async () =>
      applyAction(await actionAt(document, '"Wh"', 'Transpose Wh')),
    );
    assert.match(
      after,
      new RegExp(
        String.raw`"Wh": \[\n {6}\[ 0\.25, {2}0\.25, {2}0\.25, {2}0\.25\],\n` +
          String.raw` {6}\[ 0\.25, {2}0\.25, -0\.25, -0\.25\],\n` +
          String.raw` {6}\[-0\.25, {2}0\.25, -0\.25, {2}0\.25\]`,
      ),
    );
    assert.equal(outside(after), outside(document.getText()));
  });

  it('rescale Wh to a spectral radius that is asked for', async () => {
    const { document } = await openText(await copyExample('vanishing'));
    const action = await actionAt(document, '"Wh"', 'Rescale Wh to a spectral radius…');
    const before = document.getText();
    const done = applyAction(action);
    // The question comes with 1 as its answer.
    await until('the rescaled text', async () => {
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return document.getText() === before ? undefined : true;
    });
    await done;
    assert.match(await hover(document, '"Wh"'), /spectral radius 1 /);
    assert.match(document.getText(), /\[ 0\.5, {2}0\.5, -0\.5, -0\.5\]/);
    assert.equal(outside(document.getText()), outside(before));
    await vscode.commands.executeCommand('undo');
    assert.equal(document.getText(), before);
  });

  it('rescale Wh to a largest singular value, in the weights file, from the palette too', async () => {
    const { document } = await openText(sibling(await copyExample('weather'), 'weights.json'));
    const action = await actionAt(document, '"Wh"', 'Rescale Wh to a largest singular value…');
    assert.ok(action.command);
    const [argument] = (action.command.arguments ?? []) as [object];
    const after = await changeAndUndo(document, () =>
      vscode.commands.executeCommand('rnnGradients.rescaleWeights', { ...argument, to: 0.95 }),
    );
    const { Wx, Wh, b } = JSON.parse(after) as { Wx: unknown; Wh: number[][]; b: unknown };
    const original = JSON.parse(document.getText()) as { Wx: unknown; Wh: number[][]; b: unknown };
    assert.deepEqual([Wx, b], [original.Wx, original.b]);
    const factor = (Wh[0]?.[0] ?? 0) / (original.Wh[0]?.[0] ?? 1);
    // 1.426 is its largest singular value as another implementation measured it.
    assert.ok(Math.abs(factor - 0.95 / 1.426) < 1e-3, `${factor}`);
  });

  for (const [title, note, implies] of some(
    [
      ['Replace Wh by an orthogonal matrix…', /\/\/ Wh: orthogonal, seed 5/, /Orthogonal/],
      ["Replace Wh by Glorot's uniform initialisation…", /\/\/ Wh: Glorot uniform, seed 5/, /σ_max/],
      ["Replace Wh by He's normal initialisation…", /\/\/ Wh: He normal, seed 5/, /σ_max/],
      ['Replace Wh by the identity', /\/\/ Wh: identity\n\s*"Wh": \[\s*\[\s*1\.0,\s*0\.0,/, /Orthogonal/],
    ] as const,
    3,
  )) {
    it(`${title.replace('…', '')}, seed and all`, async () => {
      const { document } = await openText(await copyExample('exploding'));
      const action = await actionAt(document, '"Wh"', title);
      const [argument] = (action.command?.arguments ?? []) as [object];
      const command = action.command?.command ?? '';
      const after = await changeAndUndo(document, () =>
        vscode.commands.executeCommand(command, { ...argument, seed: 5 }),
      );
      assert.match(after, note);
      assert.equal(outside(after), outside(document.getText()));
      await vscode.commands.executeCommand('redo');
      assert.equal(document.getText(), after);
      assert.match(await hover(document, '"Wh"'), implies);
      assert.deepEqual(problemsOf(document.uri), []);
    });
  }

  it('replace Wx too, but by no identity', async () => {
    const { document } = await openText(await copyExample('exploding'));
    await actionAt(document, '"Wx"', 'Replace Wx by an orthogonal matrix…');
    const titles = (await actionsAt(document, '"Wx"')).map(({ title }) => title);
    assert.ok(!titles.some((title) => title.includes('identity') || title.startsWith('Rescale')), titles.join(', '));
  });

  it('add an initial state', async () => {
    const { document } = await openText(await copyExample('vanishing'));
    const action = await actionAt(document, '"sequences"', 'Add an initial state of zeros');
    const after = await changeAndUndo(document, () => applyAction(action));
    assert.match(after, /\n {2}\],\n {2}"initialState": \[\[0, 0, 0, 0\]\],\n/);
  });

  it('move the weights into a file of their own, and back', async () => {
    const uri = await copyExample('vanishing');
    const { document } = await openText(uri);
    const before = document.getText();
    const out = await actionAt(document, '"weights"', 'Move the weights to a file of their own');
    assert.equal(out.kind?.value, vscode.CodeActionKind.RefactorExtract.value);
    await applyAction(out);
    assert.match(document.getText(), /"weights": "weights\.jsonc",\n/);
    const file = await vscode.workspace.openTextDocument(sibling(uri, 'weights.jsonc'));
    assert.match(file.getText(), /^\{\n {2}\/\/ \[I\]\[H\] = \[2\]\[4\]\n {2}"Wx": \[\n {4}\[/);
    await openText(uri);
    assert.match(await hover(document, 'weights.jsonc'), /`Wh` \[H, H\] = \[4, 4\]/);
    const back = await actionAt(document, 'weights.jsonc', 'Move the weights into this config');
    const whole = await changeAndUndo(document, () => applyAction(back));
    assert.equal(whole, before);
    // Undoing the first move as well gives back the text that was there.
    await vscode.commands.executeCommand('undo');
    await until('the inline weights', () => (document.getText() === before ? true : undefined));
  });

  it('are offered at the path of the weights file as well', async () => {
    const { document } = await openText(await copyExample('weather'));
    await actionAt(document, 'weights.json', 'Rescale Wh to a spectral radius…');
    assert.deepEqual(await actionsAt(document, '"upstreamGradient"', vscode.CodeActionKind.Refactor), []);
  });
});

describe('A file of tensors that is refused', () => {
  afterEach(closeEverything);

  it('is told where the config names it too, with the lines that export it', async () => {
    const config = await writeFiles({ 'a.rnn.json': '{ "weights": "my model.pt", "sequences": [[[1]]] }' });
    const root = vscode.extensions.getExtension('rnn-gradients.rnn-gradients')?.extensionPath ?? '';
    const bytes = await readFile(path.join(root, 'test', 'fixtures', 'files', 'lstm_module.pt'));
    const model = sibling(config, 'my model.pt');
    await vscode.workspace.fs.writeFile(model, bytes);
    const { document } = await openText(config);
    const [named, more] = await someProblems(config);
    assert.equal(more, undefined);
    assert.equal(document.getText(named?.range), '"my model.pt"');
    assert.match(named?.message ?? '', /^my model\.pt: .*torch\.nn\.modules\.rnn/);
    assert.equal(named?.relatedInformation?.[0]?.location.uri.toString(), model.toString());
    assert.equal(problemsOf(model).length, 1);
    const action = await actionAt(document, '"my model.pt"', 'Copy the Python lines that export safetensors');
    await applyAction(action);
    const lines = (await vscode.env.clipboard.readText()).trimEnd().split('\n');
    assert.equal(lines.length, 3);
    assert.match(lines[1] ?? '', /torch\.load\("my model\.pt", map_location="cpu", weights_only=False\)/);
    assert.match(lines[2] ?? '', /^save_file\(.*"model\.safetensors"\)$/);
  });
});
