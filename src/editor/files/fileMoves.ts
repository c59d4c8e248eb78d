import type * as vscode from 'vscode';

export type Move = { readonly oldUri: vscode.Uri; readonly newUri: vscode.Uri };

/** Whether it is the file or folder `place`, or stands somewhere inside it. */
export const isUnder = (uri: vscode.Uri, place: vscode.Uri): boolean =>
  uri.scheme === place.scheme &&
  uri.authority === place.authority &&
  (uri.path === place.path || uri.path.startsWith(`${place.path}/`));

/** Where a file is after the moves, of itself or of a folder that it is in. */
export function after(uri: vscode.Uri, moves: readonly Move[]): vscode.Uri {
  const move = moves.find(({ oldUri }) => isUnder(uri, oldUri));
  return move === undefined
    ? uri
    : move.newUri.with({ path: move.newUri.path + uri.path.slice(move.oldUri.path.length) });
}
