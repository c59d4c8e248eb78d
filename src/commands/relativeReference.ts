import path from 'node:path';
import type * as vscode from 'vscode';

/**
 * A path from the folder of `config` to `file` with forward slashes; the full path when they are on different drives.
 */
export function relativeReference(config: vscode.Uri, file: vscode.Uri): string {
  const relative = path.relative(path.dirname(config.fsPath), file.fsPath);
  return path.isAbsolute(relative) ? file.fsPath : relative.split(path.sep).join('/');
}
