import { visit } from 'jsonc-parser';
import * as vscode from 'vscode';
import { keyOf } from '../../config/read/index.js';

/** Larger documents are not looked through in the extension host, characters. */
const longest = 1_000_000;

export const isLong = (document: vscode.TextDocument): boolean =>
  document.offsetAt(document.lineAt(document.lineCount - 1).range.end) > longest;

const known = new WeakMap<
  vscode.TextDocument,
  { readonly version: number; readonly keys: ReadonlyMap<string, vscode.Range> }
>();

/**
 * Where the keys of a config's outermost object stand; null when the document is too large to be looked through here.
 */
export function configKeys(document: vscode.TextDocument): ReadonlyMap<string, vscode.Range> | null {
  const before = known.get(document);
  if (before?.version === document.version) return before.keys;
  if (isLong(document)) return null;
  const keys = new Map<string, vscode.Range>();
  let depth = 0;
  visit(document.getText(), {
    onObjectBegin: () => {
      depth++;
    },
    onObjectEnd: () => {
      depth--;
    },
    // Nothing inside a list is a key of the outermost object. Without a handler for its end the rest of the text would
    // be passed over too.
    onArrayBegin: () => false,
    onArrayEnd: () => undefined,
    onObjectProperty: (key, _offset, length, line, character) => {
      if (depth === 1 && (keyOf(key) === key || !keys.has(keyOf(key))))
        keys.set(keyOf(key), new vscode.Range(line, character, line, character + length));
    },
  });
  known.set(document, { version: document.version, keys });
  return keys;
}
