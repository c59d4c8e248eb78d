// Files as they are saved: on this machine's disk, or wherever else VS Code reads them (virtual workspaces).
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { FileTrouble, SentBytes } from '../../config/read/index.js';
import { specialFile, tooLargeFile, troubleByCode, troubleOf } from '../../worker/thread/index.js';
import type { ReadFile, ReadOptions } from '../../worker/thread/index.js';
import { diskOf } from '../context/localDisk.js';
import type { DiskStat, LocalDisk } from '../context/localDisk.js';

/** Changes with every write of a file on the disk, and when another one is renamed over it, as its stamp does. */
export const diskVersion = ({ writtenAt, changedAt, bytes, inode }: DiskStat): string =>
  `${writtenAt} ${changedAt} ${bytes} ${inode}`;

/** Why a file cannot be read. */
export class DiskError extends Error {
  constructor(readonly trouble: FileTrouble) {
    super(trouble.detail);
  }
}

/** @throws DiskError; what is no refusal of a file passes on */
async function told<Result>(
  uri: vscode.Uri,
  ofDisk: (disk: LocalDisk, path: string) => Promise<Result>,
  ofVsCode: () => Thenable<Result>,
): Promise<Result> {
  try {
    const disk = diskOf(uri);
    return await (disk === null ? ofVsCode() : ofDisk(disk, uri.fsPath));
  } catch (error) {
    throw new DiskError(error instanceof vscode.FileSystemError ? troubleByCode(error) : troubleOf(error));
  }
}

/** @throws DiskError */
export const statOf = (uri: vscode.Uri): Promise<DiskStat> =>
  told<DiskStat>(
    uri,
    (disk, path) => disk.stat(path),
    async () => {
      const { mtime, size, type } = await vscode.workspace.fs.stat(uri);
      const isFolder = (type & vscode.FileType.Directory) !== 0;
      return { writtenAt: mtime, changedAt: 0, bytes: size, isFolder, inode: 0 };
    },
  );

/** What VS Code reads it hands over in one piece, so its size is asked for before. */
async function readByVsCode(uri: vscode.Uri, bound: number): Promise<ReadFile> {
  const { type, size } = await vscode.workspace.fs.stat(uri);
  if ((type & vscode.FileType.Directory) !== 0) return { ok: false, reason: 'folder', detail: t('it is a folder') };
  if ((type & vscode.FileType.File) === 0) return { ok: false, ...specialFile('other') };
  if (size > bound) return { ok: false, ...tooLargeFile(size, bound) };
  const bytes = await vscode.workspace.fs.readFile(uri);
  return bytes.byteLength > bound ? { ok: false, ...tooLargeFile(bytes.byteLength, bound) } : { ok: true, bytes };
}

/** @throws DiskError */
export async function bytesOf(uri: vscode.Uri, options: ReadOptions): Promise<SentBytes> {
  const read = await told<ReadFile>(
    uri,
    (disk, path) => disk.read(path, options),
    () => readByVsCode(uri, options.bound),
  );
  if (read.ok) return read.bytes;
  throw new DiskError(read);
}

/** Null when nothing can be read there. */
export async function statIfThere(uri: vscode.Uri): Promise<DiskStat | null> {
  try {
    return await statOf(uri);
  } catch (error) {
    if (error instanceof DiskError) return null;
    throw error;
  }
}

/**
 * Whether something has this name, be it a link that leads nowhere. @throws as VS Code does where that cannot be told:
 * a name that nobody could look at is not free
 */
export async function isTaken(uri: vscode.Uri): Promise<boolean> {
  try {
    await vscode.workspace.fs.stat(uri);
    return true;
  } catch (error) {
    if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') return false;
    throw error;
  }
}

/** As `diskVersion`; null when nothing can be read there. */
export async function versionOnDisk(uri: vscode.Uri): Promise<string | null> {
  const found = await statIfThere(uri);
  return found === null ? null : diskVersion(found);
}
