import * as vscode from 'vscode';

/** The file in front; one that is too large for a text editor, or no text, has a tab without an editor. */
export function fileInFront(): vscode.Uri | undefined {
  const { activeTextEditor, tabGroups } = vscode.window;
  if (activeTextEditor !== undefined) return activeTextEditor.document.uri;
  const input: unknown = tabGroups.activeTabGroup.activeTab?.input;
  return input instanceof vscode.TabInputCustom || input instanceof vscode.TabInputText ? input.uri : undefined;
}
