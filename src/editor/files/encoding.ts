import * as vscode from 'vscode';
import { afterMessages, joinBytes, unlessEnded } from '../../worker/scheduling/index.js';

const encoder = new TextEncoder();
/**
 * Unsaved text is taken over in pieces of about so many characters, so that a huge document never holds the extension
 * host for long.
 */
const atOnce = 256 * 1024;
/** Everyone who follows a text asks for it at about the same time, ms. */
const kept = 1_000;

const encoded = new WeakMap<vscode.TextDocument, { readonly version: number; readonly bytes: Promise<Uint8Array> }>();

/** The text of a document in UTF-8, in bytes that belong to the caller: they may move to another thread. */
export async function encodeText(document: vscode.TextDocument): Promise<Uint8Array> {
  const { version } = document;
  let known = encoded.get(document);
  if (known?.version !== version) {
    known = { version, bytes: encodeAll(document) };
    encoded.set(document, known);
    const mine = known;
    unlessEnded(() => {
      if (encoded.get(document) === mine) encoded.delete(document);
    }, kept);
  }
  const bytes = await known.bytes;
  return document.version === version ? new Uint8Array(bytes) : encodeText(document);
}

/** Of the version that the document has now; what comes back is of no use once it has another. */
async function encodeAll(document: vscode.TextDocument): Promise<Uint8Array> {
  const { version } = document;
  const pieces: Uint8Array[] = [];
  for (const piece of textPieces(document)) {
    pieces.push(encoder.encode(piece));
    await new Promise<void>((resolve) => afterMessages(resolve));
    if (document.version !== version) break;
  }
  return joinBytes(pieces);
}

/** All of the text: whole lines together, long lines by slices. */
function* textPieces(document: vscode.TextDocument): Generator<string> {
  const lineBreak = document.eol === vscode.EndOfLine.LF ? '\n' : '\r\n';
  let lines: string[] = [];
  let length = 0;
  for (let i = 0; i < document.lineCount; i++) {
    const { text } = document.lineAt(i);
    lines.push(i + 1 < document.lineCount ? text + lineBreak : text);
    length += text.length + lineBreak.length;
    if (length < atOnce) continue;
    yield* slices(lines.join(''));
    lines = [];
    length = 0;
  }
  yield* slices(lines.join(''));
}

function* slices(text: string): Generator<string> {
  for (let from = 0; from < text.length;) {
    const end = Math.min(from + atOnce, text.length);
    // The two halves of a character stay together.
    const to = end < text.length && isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end;
    yield text.slice(from, to);
    from = to;
  }
}

const isHighSurrogate = (code: number): boolean => code >= 0xd800 && code < 0xdc00;
