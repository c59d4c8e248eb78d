import { getLocation } from 'jsonc-parser';
import * as vscode from 'vscode';
import { fileKeys, keyOf } from '../config/names.js';
import { configSelector } from './codeLens.js';
import { listFolder } from './search.js';

/** Larger documents are not looked through in the extension host, characters. */
const longest = 1_000_000;

const likely: Readonly<Record<string, RegExp>> = { weights: /weight|state|model|param/i, sequences: /seq|xs|input/i, upstreamGradient: /dhs|grad/i };

/** Offers the JSON files and folders beside a config where a path belongs, those with a likely name first. */
class PathCompletion implements vscode.CompletionItemProvider {
  async provideCompletionItems(document: vscode.TextDocument, position: vscode.Position): Promise<vscode.CompletionItem[]> {
    if (document.isUntitled || document.offsetAt(document.lineAt(document.lineCount - 1).range.end) > longest) return [];
    const text = document.getText();
    const at = document.offsetAt(position);
    const { path: segments, previousNode, isAtPropertyKey } = getLocation(text, at);
    const key = segments.filter((segment) => typeof segment === 'string').map((name, i) => (i === 0 ? keyOf(name) : name)).join('.');
    if (isAtPropertyKey || !fileKeys().some((known) => known.path.join('.') === key)) return [];
    const typed = previousNode?.type === 'string' && previousNode.offset < at && at < previousNode.offset + previousNode.length ? previousNode : null;
    // Inside a list of numbers no text belongs.
    if (typed === null && segments.some((segment) => typeof segment === 'number')) return [];
    const before = typed === null ? '' : text.slice(typed.offset + 1, at);
    const inside = before.slice(0, before.lastIndexOf('/') + 1);
    if (inside.startsWith('/') || before.includes('\\')) return [];
    const range = typed === null ? undefined : new vscode.Range(document.positionAt(typed.offset + 1 + inside.length), document.positionAt(typed.offset + typed.length - 1));
    return (await entries(vscode.Uri.joinPath(document.uri, '..', inside))).map(([name, type]) => {
      const isFolder = (type & vscode.FileType.Directory) !== 0;
      const shown = isFolder ? `${name}/` : name;
      const item = new vscode.CompletionItem(typed === null ? JSON.stringify(inside + shown) : shown, isFolder ? vscode.CompletionItemKind.Folder : vscode.CompletionItemKind.File);
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
async function entries(folder: vscode.Uri): Promise<[string, vscode.FileType][]> {
  return (await listFolder(folder)).filter(([name, type]) => !name.startsWith('.') && name !== 'node_modules' && ((type & vscode.FileType.Directory) !== 0 || (/\.jsonc?$/.test(name) && !name.endsWith('.rnn.json'))));
}

export const registerPaths = (): vscode.Disposable => vscode.languages.registerCompletionItemProvider(configSelector, new PathCompletion(), '"', '/');
