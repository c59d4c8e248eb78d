import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
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
