// Under which names the files of an output are written: of two names of which neither is another's file.
import * as vscode from 'vscode';
import { isTaken, statIfThere } from '../editor/files/index.js';

type Files = { readonly config: Uint8Array; readonly tensors: Uint8Array };

const isSame = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, i) => byte === other[i]);

/** Whether this very content stands there; null where nothing does. */
async function holds(uri: vscode.Uri, content: Uint8Array): Promise<boolean | null> {
  if (!(await isTaken(uri))) return null;
  const found = await statIfThere(uri);
  return found?.bytes === content.length && isSame(await vscode.workspace.fs.readFile(uri), content);
}

/**
 * The first of `name`, `name-2`, … under which nothing stands in the folder, or just these files (`isThere`), as after
 * an earlier click.
 */
export async function freeNames(
  folder: vscode.Uri,
  name: string,
  filesNamed: (name: string) => Files,
): Promise<{ readonly name: string; readonly isThere: boolean }> {
  for (let i = 1; ; i++) {
    const other = i === 1 ? name : `${name}-${i}`;
    const { config, tensors } = filesNamed(other);
    const standing = await Promise.all([
      holds(vscode.Uri.joinPath(folder, `${other}.rnn.json`), config),
      holds(vscode.Uri.joinPath(folder, `${other}.safetensors`), tensors),
    ]);
    if (standing.every((held) => held === true)) return { name: other, isThere: true };
    if (standing.every((held) => held === null)) return { name: other, isThere: false };
  }
}
