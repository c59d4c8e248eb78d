import path from 'node:path';
import * as vscode from 'vscode';
import type { ConfigIndex } from '../following/configIndex.js';
import { toRange } from './diagnostics.js';
import { resolveReference } from '../files/editorFiles.js';
import { after } from '../files/fileMoves.js';
import type { Move } from '../files/fileMoves.js';

/** The path that leads from a config to a file, in the style of the old one. */
function referenceTo(file: vscode.Uri, config: vscode.Uri, old: string): string {
  if (old.startsWith('/') || /^[a-zA-Z]:[\\/]/.test(old)) return file.scheme === 'file' ? file.fsPath : file.path;
  const relative = path.posix.relative(path.posix.dirname(config.path), file.path);
  return old.startsWith('./') && !relative.startsWith('../') ? `./${relative}` : relative;
}

/**
 * The references that would lead nowhere after the moves, led to the new places. VS Code asks the user before it
 * applies them.
 */
async function editForMoves(index: ConfigIndex, moves: readonly Move[]): Promise<vscode.WorkspaceEdit> {
  const edit = new vscode.WorkspaceEdit();
  for (const { config, links } of await index.references()) {
    const movedConfig = after(config, moves);
    for (const { range, target, reference } of links) {
      const place = vscode.Uri.parse(target, true);
      const movedTarget = after(place, moves);
      // Whoever neither moves nor names what moves is left alone, and may be gone.
      if (movedConfig.toString() === config.toString() && movedTarget.toString() === place.toString()) continue;
      if (resolveReference(reference, movedConfig)?.toString() === movedTarget.toString()) continue;
      edit.replace(
        config,
        toRange(range),
        JSON.stringify(referenceTo(movedTarget, movedConfig, reference)).slice(1, -1),
      );
    }
  }
  return edit;
}

/** Renaming or moving a file that configs name, or a config, offers to update the references. */
export const registerRenames = (index: ConfigIndex): vscode.Disposable =>
  vscode.workspace.onWillRenameFiles((event) => {
    event.waitUntil(editForMoves(index, event.files));
  });
