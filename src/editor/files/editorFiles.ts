import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { SentBytes, SentFile } from '../../config/read/index.js';
import type { CancelFlag, FileRequest } from '../../protocol/index.js';
import { raised } from '../../worker/scheduling/index.js';
import { bytesOf, DiskError, diskVersion, statIfThere, statOf } from './disk.js';
import type { Doors } from '../context/doors.js';
import { encodeText } from './encoding.js';
import { readSettings } from '../context/settings.js';

const windowsAbsolute = /^[a-zA-Z]:[\\/]/;

/** The path of a file in its workspace, from its URI as problems name it. */
export const nameInWorkspace = (id: string): string => vscode.workspace.asRelativePath(vscode.Uri.parse(id), false);

/** No name of a file holds half a character, which no URI can hold, or a zero, which no system takes. */
const isPath = (reference: string): boolean => !/\p{Surrogate}/u.test(reference) && !reference.includes('\0');

/**
 * The folder that a file stands in; an untitled one in that of the path that it will be saved under, without one in the
 * first workspace folder. Null when there is none.
 */
export function folderOf(file: vscode.Uri): vscode.Uri | null {
  if (file.scheme !== 'untitled') return vscode.Uri.joinPath(file, '..');
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  if (file.path.startsWith('/'))
    return vscode.Uri.joinPath((folder ?? vscode.Uri.file('/')).with({ path: file.path }), '..');
  return folder ?? null;
}

/**
 * The file that `reference` means when it stands in the file `from`. Null when it is relative to nothing, or no path at
 * all.
 */
export function resolveReference(reference: string, from: vscode.Uri): vscode.Uri | null {
  if (!isPath(reference)) return null;
  const portable = process.platform === 'win32' ? reference.replaceAll('\\', '/') : reference;
  // With two slashes begins a share of Windows' networks; everywhere else they are one.
  if (windowsAbsolute.test(reference) || (process.platform === 'win32' && portable.startsWith('//')))
    return vscode.Uri.file(reference);
  const absolute = portable.replace(/^\/+/, '/');
  if (absolute.startsWith('/'))
    return from.scheme === 'untitled' ? vscode.Uri.file(absolute) : from.with({ path: absolute });
  const folder = folderOf(from);
  return folder === null ? null : vscode.Uri.joinPath(folder, portable);
}

/** The open document of a file, whether saved or not. */
export const openDocument = (file: string): vscode.TextDocument | undefined =>
  vscode.workspace.textDocuments.find(({ uri }) => uri.toString() === file);

/** Of the open document of a file, whether saved or not; undefined when none is open. */
export const versionOf = (file: string): number | undefined => openDocument(file)?.version;

/** Text of an open document whose content is not what the disk holds; undefined when the disk is right. */
function unsavedDocument(uri: vscode.Uri): vscode.TextDocument | undefined {
  const id = uri.toString();
  return vscode.workspace.textDocuments.find(
    (document) => (document.isDirty || document.isUntitled) && document.uri.toString() === id,
  );
}

/** Whether the text in the editor stands for the file, not the disk. */
export const isUnsaved = (uri: vscode.Uri): boolean => uri.scheme === 'untitled' || unsavedDocument(uri) !== undefined;

/** Small Node buffers share one pool; only a buffer that is all ours may move to another thread. */
const ownBuffer = (bytes: Uint8Array): Uint8Array =>
  bytes.byteLength === bytes.buffer.byteLength ? bytes : new Uint8Array(bytes);

/** A file that changes while it is read is read again, this many times at most. */
const mostReads = 4;

/** Hears which version of a file on the disk was read; null when it was not there. */
export type OnRead = (uri: vscode.Uri, version: string | null) => void;

/** `real`: where the file is read when a link leads there. `cancel`: nobody waits for the bytes any more. */
export type Reading = {
  readonly real?: vscode.Uri;
  readonly onRead?: OnRead;
  readonly cancel?: CancelFlag;
};

/**
 * The bytes of one moment: a program that writes while we read would else leave us with the start of one text and the
 * end of another.
 */
async function readWhole(uri: vscode.Uri, { real = uri, onRead, cancel = null }: Reading): Promise<SentBytes> {
  const options = { bound: readSettings().longestText, isCancelled: raised(cancel) };
  for (let reads = 1; ; reads++) {
    const before = diskVersion(await statOf(real));
    const bytes = await bytesOf(real, options);
    const after = diskVersion(await statOf(real));
    if (before !== after && reads < mostReads) continue;
    onRead?.(uri, before);
    return bytes;
  }
}

/** When the file on the disk was last written, ms since 1970; null when it is not there. */
export const writtenAt = async (uri: vscode.Uri): Promise<number | null> => (await statIfThere(uri))?.writtenAt ?? null;

export async function readUri(uri: vscode.Uri, reading: Reading = {}): Promise<SentFile> {
  const id = uri.toString();
  const document = unsavedDocument(uri);
  if (document !== undefined) return { ok: true, id, bytes: await encodeText(document) };
  if (uri.scheme === 'untitled')
    return { ok: false, id, reason: 'missing', detail: t('it was closed without being saved') };
  try {
    const bytes = await readWhole(uri, reading);
    return { ok: true, id, bytes: bytes instanceof Uint8Array ? ownBuffer(bytes) : bytes };
  } catch (error) {
    if (!(error instanceof DiskError)) throw error;
    if (error.trouble.reason === 'missing') reading.onRead?.(uri, null);
    return { ...error.trouble, ok: false, id };
  }
}

/**
 * Documents by when they were first asked about: one that is opened again counts its versions from 1 again, whatever
 * its text.
 */
const numbers = new WeakMap<vscode.TextDocument, number>();
let documents = 0;

function numberOf(document: vscode.TextDocument): number {
  const number = numbers.get(document) ?? ++documents;
  numbers.set(document, number);
  return number;
}

/**
 * The times of a file system go in steps of some ms: a file that is no older may be written again and have the same
 * times.
 */
const step = 50;

/**
 * Changes whenever the content of a file does: of unsaved text its version, of the disk its times and size. Null when
 * the file cannot be told about, or has just been written.
 */
export async function fileVersion(uri: vscode.Uri): Promise<string | null> {
  const document = unsavedDocument(uri);
  if (document !== undefined) return `${uri.toString()} text ${numberOf(document)} ${document.version}`;
  const found = await statIfThere(uri);
  if (found === null || Math.abs(Date.now() - Math.max(found.writtenAt, found.changedAt)) < step) return null;
  return `${uri.toString()} disk ${diskVersion(found)}`;
}

/** What a config names, as far as it may be looked at: unsaved text first. Ids are URIs as strings. */
export type Found =
  | { readonly ok: true; readonly uri: vscode.Uri; readonly real: vscode.Uri; readonly guarded: boolean }
  | (SentFile & { readonly ok: false });

/** An id alone is that of a file which the user has opened himself. */
export async function findReference({ reference, from }: FileRequest, doors: Doors): Promise<Found> {
  if (from === null) {
    const uri = vscode.Uri.parse(reference, true);
    return { ok: true, uri, real: uri, guarded: false };
  }
  const origin = vscode.Uri.parse(from, true);
  const uri = resolveReference(reference, origin);
  if (uri === null) return { ok: false, id: reference, reason: isPath(reference) ? 'unplaced' : 'missing', detail: '' };
  return throughDoors(uri, origin, reference, doors);
}

/** `reference`: how the file is called by `origin`. */
export async function throughDoors(
  uri: vscode.Uri,
  origin: vscode.Uri,
  reference: string,
  doors: Doors,
): Promise<Found> {
  const refusal = doors.refusal(uri, origin);
  // Under its URI others would look whether it has changed.
  if (refusal !== null) return { ...refusal, ok: false, id: reference };
  const way = await doors.way(uri, isUnsaved(uri));
  return way.open ? { ok: true, uri, real: way.real, guarded: way.guarded } : { ...way, ok: false, id: uri.toString() };
}

export const asFound = (content: SentFile, guarded: boolean): SentFile =>
  content.ok && guarded ? { ...content, guarded: true } : content;

export async function readReference(request: FileRequest, doors: Doors, onRead: OnRead): Promise<SentFile> {
  const found = await findReference(request, doors);
  if (!found.ok) return found;
  return asFound(await readUri(found.uri, { real: found.real, onRead, cancel: request.cancel ?? null }), found.guarded);
}
