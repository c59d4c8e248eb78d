import { getLocation } from 'jsonc-parser';
import * as vscode from 'vscode';
import { fileKeys, keyOf, mayHoldNumbers } from '../../config/read/index.js';
import { configSelector } from './codeLens.js';
import { isConfig } from '../context/configFiles.js';
import { isLong } from './topLevelKeys.js';
import { folderOf } from '../files/editorFiles.js';
import { listFolder } from '../files/findFiles.js';

/** Of a long document so much before the cursor says what is typed there, characters. */
const longestValue = 2_000;

/** Keys whose value can be the path of a file. */
const naming = (): string[] => fileKeys().map(({ path }) => path.join('.'));
/** Where a text may be named. */
const textKeys = /^(?:sequences|loss\.targets)\.(?:file|vocabulary)$/;
const likely: Readonly<Record<string, RegExp>> = {
  weights: /weight|state|model|param/i,
  sequences: /seq|xs|input/i,
  upstreamGradient: /dhs|grad/i,
};

/**
 * A value that may name a file: its key, the text between its quotes (null when there are none yet), and what of it
 * stands before the cursor. `takesText`: a .txt may be meant, which otherwise may be anything.
 */
type Place = {
  readonly key: string;
  readonly typed: vscode.Range | null;
  readonly before: string;
  readonly takesText: boolean;
};

function placeInText(document: vscode.TextDocument, position: vscode.Position): Place | null {
  const text = document.getText();
  const at = document.offsetAt(position);
  const { path: segments, previousNode, isAtPropertyKey } = getLocation(text, at);
  const full = segments
    .filter((segment) => typeof segment === 'string')
    .map((name, i) => (i === 0 ? keyOf(name) : name))
    .join('.');
  const key = full.replace(/\.file$/, '');
  const takesText = textKeys.test(full);
  if (isAtPropertyKey || !naming().includes(key)) return null;
  const typed =
    previousNode?.type === 'string' && previousNode.offset < at && at < previousNode.offset + previousNode.length
      ? previousNode
      : null;
  // Inside a list of numbers no text belongs.
  if (typed === null && segments.some((segment) => typeof segment === 'number')) return null;
  if (typed === null) return { key, typed, before: '', takesText };
  return {
    key,
    typed: new vscode.Range(
      document.positionAt(typed.offset + 1),
      document.positionAt(typed.offset + typed.length - 1),
    ),
    before: text.slice(typed.offset + 1, at),
    takesText,
  };
}

/** The same from one line of a long document: a key and a text after it, both in sight. */
function placeInLine(document: vscode.TextDocument, position: vscode.Position): Place | null {
  const { text } = document.lineAt(position.line);
  const [, name = '', before = ''] =
    /"([^"\\]*)"\s*:\s*"([^"\\]*)$/.exec(
      text.slice(Math.max(0, position.character - longestValue), position.character),
    ) ?? [];
  const rest = /^[^"\\]*(?=")/.exec(text.slice(position.character, position.character + longestValue));
  const key = naming().find((known) => known.split('.').at(-1) === keyOf(name));
  return key === undefined || rest === null
    ? null
    : {
        key,
        typed: new vscode.Range(position.translate(0, -before.length), position.translate(0, rest[0].length)),
        before,
        takesText: false,
      };
}

/** Offers the files of numbers and the folders beside a config where a path belongs, those with a likely name first. */
class PathCompletion implements vscode.CompletionItemProvider {
  async provideCompletionItems(
    document: vscode.TextDocument,
    position: vscode.Position,
  ): Promise<vscode.CompletionItem[]> {
    const folder = folderOf(document.uri);
    const place =
      folder === null || !isConfig(document.uri)
        ? null
        : isLong(document)
          ? placeInLine(document, position)
          : placeInText(document, position);
    if (place === null || folder === null) return [];
    const { key, typed, before, takesText } = place;
    const inside = before.slice(0, before.lastIndexOf('/') + 1);
    if (inside.startsWith('/') || before.includes('\\')) return [];
    const range = typed?.with(typed.start.translate(0, inside.length));
    return (await entries(vscode.Uri.joinPath(folder, inside), takesText)).map(([name, type]) => {
      const isFolder = (type & vscode.FileType.Directory) !== 0;
      const shown = isFolder ? `${name}/` : name;
      const item = new vscode.CompletionItem(
        typed === null ? JSON.stringify(inside + shown) : shown,
        isFolder ? vscode.CompletionItemKind.Folder : vscode.CompletionItemKind.File,
      );
      item.insertText = typed === null ? JSON.stringify(inside + shown) : JSON.stringify(shown).slice(1, -1);
      item.filterText = item.insertText;
      item.sortText = `${isFolder ? '2' : likely[key]?.test(name) === true ? '0' : '1'} ${name}`;
      if (range !== undefined) item.range = range;
      if (isFolder && typed !== null) item.command = { title: '', command: 'editor.action.triggerSuggest' };
      return item;
    });
  }
}

/** What a config can name in a folder; nothing when there is no such folder. */
async function entries(folder: vscode.Uri, takesText: boolean): Promise<[string, vscode.FileType][]> {
  return (await listFolder(folder)).filter(
    ([name, type]) =>
      !name.startsWith('.') &&
      name !== 'node_modules' &&
      ((type & vscode.FileType.Directory) !== 0 || mayHoldNumbers(name) || (takesText && /\.txt$/i.test(name))),
  );
}

export const registerPaths = (): vscode.Disposable =>
  vscode.languages.registerCompletionItemProvider(configSelector, new PathCompletion(), '"', '/');
