import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { openText, until } from './support.js';

/** Files in a fresh folder; the URI of the first. */
export async function writeFiles(files: Readonly<Record<string, string>>): Promise<vscode.Uri> {
  const folder = await mkdtemp(path.join(tmpdir(), 'rnn-gradients-'));
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, name), text);
  return vscode.Uri.file(path.join(folder, Object.keys(files)[0] ?? ''));
}

export const sibling = (uri: vscode.Uri, name: string): vscode.Uri => vscode.Uri.joinPath(uri, '..', name);

/** The range of the first occurrence of some text. */
export function rangeOf(document: vscode.TextDocument, needle: string): vscode.Range {
  const start = document.getText().indexOf(needle);
  assert.ok(start >= 0, `${needle} is not in ${document.uri.path}`);
  return new vscode.Range(document.positionAt(start), document.positionAt(start + needle.length));
}

/** This extension's problems: JSON's own schema check speaks of some too. */
export const problemsOf = (uri: vscode.Uri): vscode.Diagnostic[] =>
  vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'Run RNN');

/** VS Code gives up on its own question where the problems of a file change meanwhile: then it is asked again. */
export async function actionsAt(
  document: vscode.TextDocument,
  needle: string,
  kind?: vscode.CodeActionKind,
): Promise<vscode.CodeAction[]> {
  for (;;)
    try {
      const actions = await vscode.commands.executeCommand<(vscode.CodeAction | vscode.Command)[]>(
        'vscode.executeCodeActionProvider',
        document.uri,
        rangeOf(document, needle),
        kind?.value,
        50,
      );
      return actions.filter(
        (action): action is vscode.CodeAction => 'edit' in action || action.command instanceof Object,
      );
    } catch (error) {
      if (!(error instanceof Error && error.name === 'Canceled')) throw error;
    }
}

/** An action by its title, with its edit. */
export const actionAt = (document: vscode.TextDocument, needle: string, title: string): Promise<vscode.CodeAction> =>
  until(`the action "${title}" at ${needle}`, async () =>
    (await actionsAt(document, needle)).find((action) => action.title === title),
  );

/**
 * Does something that changes the document, undoes it and checks that the text is what it was, byte for byte; gives the
 * changed text.
 */
export async function changeAndUndo(document: vscode.TextDocument, change: () => Thenable<unknown>): Promise<string> {
  const before = document.getText();
  await change();
  const after = document.getText();
  assert.notEqual(after, before, 'the text has not changed');
  await openText(document.uri);
  await vscode.commands.executeCommand('undo');
  await until('the text from before', () => (document.getText() === before ? true : undefined));
  assert.equal(document.getText(), before);
  return after;
}

export async function applyAction({ title, edit, command }: vscode.CodeAction): Promise<void> {
  if (edit !== undefined) assert.ok(await vscode.workspace.applyEdit(edit), `${title} was refused`);
  if (command !== undefined)
    await vscode.commands.executeCommand(command.command, ...((command.arguments ?? []) as unknown[]));
}
