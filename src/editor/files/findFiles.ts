// Looking for files without waiting for ever: where nobody can search, such as in most folders of no disk, VS Code
// never answers.
import * as vscode from 'vscode';
import { patience, within } from './timeouts.js';

/** A search is given up after this time, ms; whoever asks meanwhile waits less. */
export const longestSearch = 60_000;

/** Files of the workspace; what is not found in time is left out. */
export async function searchFiles(
  pattern: vscode.GlobPattern,
  ignored: string,
  most: number | undefined,
  limit: number,
): Promise<vscode.Uri[]> {
  const source = new vscode.CancellationTokenSource();
  const timer = setTimeout(() => source.cancel(), limit);
  try {
    return (
      (await within(Promise.resolve(vscode.workspace.findFiles(pattern, ignored, most, source.token)), limit)) ?? []
    );
  } finally {
    clearTimeout(timer);
    source.dispose();
  }
}

/** Names in a folder with what they are; empty when it cannot be listed, or not in time. */
export async function listFolder(folder: vscode.Uri): Promise<[string, vscode.FileType][]> {
  try {
    return (await within(Promise.resolve(vscode.workspace.fs.readDirectory(folder)), patience)) ?? [];
  } catch (error) {
    if (error instanceof vscode.FileSystemError) return [];
    throw error;
  }
}
