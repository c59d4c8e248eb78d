import { visit } from 'jsonc-parser';
import * as vscode from 'vscode';
import { keyOf } from '../config/names.js';

/** Larger documents are not looked through in the extension host, characters. */
const longest = 1_000_000;

const known = new WeakMap<vscode.TextDocument, { readonly version: number; readonly keys: ReadonlyMap<string, vscode.Range> }>();

/** Where the keys of a config's outermost object stand; none when the document is large. */
export function configKeys(document: vscode.TextDocument): ReadonlyMap<string, vscode.Range> {
  const before = known.get(document);
  if (before?.version === document.version) return before.keys;
  const keys = new Map<string, vscode.Range>();
  if (document.offsetAt(document.lineAt(document.lineCount - 1).range.end) <= longest) {
    let depth = 0;
    visit(document.getText(), {
      onObjectBegin: () => {
        depth++;
      },
      onObjectEnd: () => {
        depth--;
      },
      // Nothing inside a list is a key of the outermost object. Without a handler for its end the rest of the text would be passed over too.
      onArrayBegin: () => false,
      onArrayEnd: () => undefined,
      onObjectProperty: (key, _offset, length, line, character) => {
        if (depth === 1 && (keyOf(key) === key || !keys.has(keyOf(key)))) keys.set(keyOf(key), new vscode.Range(line, character, line, character + length));
      },
    });
  }
  known.set(document, { version: document.version, keys });
  return keys;
}
