import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { closeEverything, lensSays } from './support.js';

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
    assert.match(document.getText(), /\/\/ \[H\]\[H\] = \[16\]\[16\], orthogonal .*, seed 1\n/);
    assert.equal(await vscode.workspace.fs.stat(uri.with({ scheme: 'file' })).then(() => 'written', () => 'not written'), 'not written');
    await lensSays(uri, /Preview/);
    await vscode.commands.executeCommand('rnnGradients.run');
    await lensSays(uri, /(vanishing|healthy|exploding), ×\d/);
    assert.deepEqual(vscode.languages.getDiagnostics(uri), []);
  });

  it('completes keys in it by the schema', async () => {
    const uri = await createWithDefaults();
    const document = await vscode.workspace.openTextDocument(uri);
    const edit = new vscode.WorkspaceEdit();
    const at = document.positionAt(document.getText().indexOf('  "cell"'));
    edit.insert(uri, at, '  \n');
    await vscode.workspace.applyEdit(edit);
    const { items } = await vscode.commands.executeCommand<vscode.CompletionList>('vscode.executeCompletionItemProvider', uri, at.translate(0, 2));
    assert.ok(items.some(({ label }) => (typeof label === 'string' ? label : label.label).includes('stateful')));
  });

  it('gives the same numbers for the same answers, under a name that is free', async () => {
    const [first, second] = [await createWithDefaults(), await createWithDefaults()];
    assert.notEqual(second.toString(), first.toString());
    assert.equal(await textOf(second), await textOf(first));
  });
});
