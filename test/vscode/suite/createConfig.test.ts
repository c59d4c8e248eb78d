import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { configOf } from '../../../src/commands/configAnswers.js';
import type { Answers } from '../../../src/commands/configAnswers.js';
import { nextRowItems, settledColumns, settledReading, tableQuestion } from '../../../src/commands/tableQuestions.js';
import { newConfigText } from '../../../src/config/edit/index.js';
import { surveyFile } from '../../../src/config/read/index.js';
import { actionAt } from './editorSupport.js';
import { closeEverything, lensSays, panelTabs, until } from './support.js';

/** Creates a config with the answer that each question offers first. */
async function createWithDefaults(): Promise<vscode.Uri> {
  const over = new AbortController();
  const created = vscode.commands.executeCommand<vscode.Uri | undefined>('rnnGradients.createConfig').then((uri) => {
    over.abort();
    return uri;
  });
  while (!over.signal.aborted) {
    await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const uri = await created;
  assert.ok(uri, 'a config was created');
  return uri;
}

const textOf = async (uri: vscode.Uri): Promise<string> => (await vscode.workspace.openTextDocument(uri)).getText();

describe('Create RNN Config…', () => {
  afterEach(closeEverything);

  it('opens a commented config that runs as it is, with nothing written', async () => {
    const uri = await createWithDefaults();
    assert.equal(uri.scheme, 'untitled');
    const document = vscode.window.activeTextEditor?.document;
    assert.equal(document?.uri.toString(), uri.toString());
    assert.equal(document.languageId, 'jsonc');
    assert.match(document.getText(), /"cell": "tanh"/);
    assert.match(document.getText(), /\/\/ \[H\]\[H\] = \[16\]\[16\]\n {4}\/\/ Wh: orthogonal, seed 1\n {4}"Wh": \[/);
    assert.equal(
      await vscode.workspace.fs.stat(uri.with({ scheme: 'file' })).then(
        () => 'written',
        () => 'not written',
      ),
      'not written',
    );
    // It runs without being asked to.
    await lensSays(uri, /(vanishing|fading|healthy|exploding), ×\d/);
    assert.deepEqual(vscode.languages.getDiagnostics(uri), []);
  });

  it('stands beside panels, those of earlier configs too', async () => {
    const first = await createWithDefaults();
    await lensSays(first, /(vanishing|fading|healthy|exploding), ×\d/);
    const [panel] = panelTabs();
    assert.ok(panel);
    const columnOf = (uri: vscode.Uri): vscode.ViewColumn | undefined =>
      vscode.window.tabGroups.all.find(({ tabs }) =>
        tabs.some(({ input }) => input instanceof vscode.TabInputText && input.uri.toString() === uri.toString()),
      )?.viewColumn;
    assert.notEqual(columnOf(first), panel.group.viewColumn);
    await vscode.commands.executeCommand('workbench.action.focusSecondEditorGroup');
    await until('the panel to be in front', () =>
      vscode.window.tabGroups.activeTabGroup.viewColumn === panel.group.viewColumn ? true : undefined,
    );
    const second = await createWithDefaults();
    await lensSays(second, /(vanishing|fading|healthy|exploding), ×\d/);
    assert.equal(columnOf(second), columnOf(first));
    assert.deepEqual(
      panelTabs().map(({ group }) => group.viewColumn),
      [panel.group.viewColumn, panel.group.viewColumn],
    );
  });

  it('tells the truth about Wh after it was rescaled, and after it was made anew', async () => {
    const uri = await createWithDefaults();
    const document = await vscode.workspace.openTextDocument(uri);
    const notes = (): string[] => document.getText().match(/\/\/ Wh: .*(?=\n)/g) ?? [];
    const argumentOf = async (title: string): Promise<object> =>
      ((await actionAt(document, '"Wh"', title)).command?.arguments ?? [])[0] as object;
    await vscode.commands.executeCommand('rnnGradients.rescaleWeights', {
      ...(await argumentOf('Rescale Wh to a spectral radius…')),
      to: 0.5,
    });
    assert.deepEqual(notes(), ['// Wh: orthogonal, seed 1, rescaled to spectral radius 0.5']);
    await vscode.commands.executeCommand('rnnGradients.initialiseWeights', {
      ...(await argumentOf("Replace Wh by He's normal initialisation…")),
      seed: 9,
    });
    assert.deepEqual(notes(), ['// Wh: He normal, seed 9']);
    await vscode.commands.executeCommand(
      'rnnGradients.initialiseWeights',
      await argumentOf('Replace Wh by the identity'),
    );
    assert.deepEqual(notes(), ['// Wh: identity']);
    assert.match(document.getText(), /\/\/ \[H\]\[H\] = \[16\]\[16\]\n {4}\/\/ Wh: identity\n {4}"Wh"/);
    for (const earlier of [
      '// Wh: He normal, seed 9',
      '// Wh: orthogonal, seed 1, rescaled to spectral radius 0.5',
      '// Wh: orthogonal, seed 1',
    ]) {
      await vscode.commands.executeCommand('undo');
      await until('the earlier note', () => (notes().join() === earlier ? true : undefined));
    }
  });

  it('completes keys in it by the schema', async () => {
    const uri = await createWithDefaults();
    const document = await vscode.workspace.openTextDocument(uri);
    const edit = new vscode.WorkspaceEdit();
    const at = document.positionAt(document.getText().indexOf('  "cell"'));
    edit.insert(uri, at, '  \n');
    await vscode.workspace.applyEdit(edit);
    const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      uri,
      at.translate(0, 2),
    );
    assert.ok(items.some(({ label }) => (typeof label === 'string' ? label : label.label).includes('stateful')));
  });

  it('gives the same numbers for the same answers, under a name that is free', async () => {
    const [first, second] = [await createWithDefaults(), await createWithDefaults()];
    assert.notEqual(second.toString(), first.toString());
    assert.equal(await textOf(second), await textOf(first));
  });
});

describe('Create RNN Config… of a table', () => {
  const file = vscode.Uri.file('/tables/weather.csv');
  const made = (rows: number): Uint8Array => {
    const lines = Array.from({ length: rows }, (_, i) => `d${i},${50 + (i % 16)},${i % 2 === 0 ? -1 : 1}`);
    return new TextEncoder().encode(['day,humidity,wind', ...lines].join('\n'));
  };
  const chosen = (rows: number): Answers['sequences'] => {
    const survey = surveyFile(made(rows), () => undefined, 'weather.csv');
    return { kind: 'block', file, block: survey.blocks[0] ?? null, isPlain: survey.isPlain };
  };
  const network = { name: null, cell: null, layers: 1, directions: 1, I: 2, widths: [4] } as const;
  const weights = { weights: vscode.Uri.file('/tables/w.pt'), network };
  type Choice = ReturnType<Parameters<typeof settledReading>[1]['choiceFor']>;
  const previews = (choice: Choice) => ({ choiceFor: () => choice });
  /** Whatever an answer opens, it is asked in the window. */
  const nobody = { previews: previews(null) } as unknown as Parameters<typeof tableQuestion>[0];
  const base = { kind: 'files', cell: 'tanh', weights, state: null } as const;
  const textOfAnswers = (answers: Partial<Answers>): string => {
    const config = configOf(answers);
    assert.ok(config !== null);
    return newConfigText(config).replaceAll(/"file": "[^"]*[/\\\\](?=[^"/\\\\]+")/g, '"file": "');
  };

  it('takes the choices of an open preview, and asks nothing more of it', () => {
    const sequences = chosen(400);
    const options = { window: 30, stride: 20, normalise: 'zScore', columns: ['humidity', 'wind'] } as const;
    const answers = { ...base, sequences, ...settledReading(sequences, previews({ options, array: null })) };
    assert.equal(tableQuestion(nobody, answers), null);
    assert.match(
      textOfAnswers({ ...answers, above: { kind: 'ones', at: 'last' } }),
      /"weather\.csv", "window": 30, "stride": 20, "normalise": "zScore", "columns": \["humidity", "wind"\] \}/,
    );
  });

  it('asks how a long table is read, and of inputs that are not normalised how they were', () => {
    const asks = (rows: number, more: Partial<Answers> = {}): boolean => {
      const sequences = chosen(rows);
      const answers = { ...base, sequences, ...settledReading(sequences, previews(null)), ...more };
      return tableQuestion(nobody, answers) !== null;
    };
    assert.ok(asks(400));
    // Then whether humidity, around 57, was normalised.
    assert.ok(asks(400, { reading: { window: 24 } }));
    assert.ok(!asks(400, { reading: { window: 24 }, normalise: 'zScore' }));
    // The other column has mean 0 and deviation 1.
    assert.ok(!asks(400, { reading: { window: 24, columns: ['wind'] } }));
    assert.ok(asks(100));
    assert.ok(!asks(100, { normalise: 'none' }));
    // The weights take fewer columns than there are.
    const one = { ...weights, network: { ...network, I: 1 } };
    assert.ok(asks(100, { normalise: 'none', weights: one }));
    assert.ok(!asks(100, { normalise: 'none', weights: one, reading: { columns: ['wind'] } }));
  });

  it('offers the next row of the table as the targets of a forecast', () => {
    const sequences = chosen(400);
    const readout = (O: number): Answers['readout'] => ({ file: vscode.Uri.file('/tables/w.pt'), O });
    const above = { kind: 'loss', loss: 'mse', at: 'last' } as const;
    const reading = { window: 24 };
    const known = { ...base, sequences, reading, normalise: 'zScore', above } as const;
    // As many columns as the readout has outputs: nothing to choose.
    const two = { ...known, readout: readout(2) };
    assert.equal(nextRowItems(two)[0]?.description, 'humidity, wind');
    assert.deepEqual(settledColumns(two), { targetColumns: ['humidity', 'wind'] });
    // One of the two: the question is still to come.
    const one = { ...known, readout: readout(1) };
    assert.equal(nextRowItems(one).length, 1);
    assert.deepEqual(settledColumns(one), {});
    assert.deepEqual(nextRowItems({ ...known, readout: readout(3) }), []);
    const targets = { targets: { kind: 'nextRow' }, targetColumns: ['humidity'] } as const;
    assert.match(
      textOfAnswers({ ...one, ...targets }),
      /"targets": \{ "file": "weather\.csv", "columns": \["humidity"\], "ahead": 1, "normalise": "zScore" \}/,
    );
    // Behind the last row there is none: of the whole table that one is the target.
    assert.match(
      textOfAnswers({ ...one, ...targets, reading: {}, normalise: 'none' }),
      /"sequences": \{ "file": "weather\.csv", "normalise": "none", "window": 399 \}/,
    );
  });
});
