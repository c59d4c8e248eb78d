// Files as they are on the disk. Those of this machine's disk are read here: vscode.workspace.fs asks the window before
// every single look, and while somebody types each of its answers takes ten milliseconds. All other places (virtual
// workspaces) are VS Code's to read.
import { readFile, stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import type { FileTrouble } from '../../config/read/index.js';

export type DiskStat = {
  /** When it was last written, ms since 1970. */ readonly writtenAt: number;
  readonly bytes: number;
  readonly isFolder: boolean;
};

/** Changes with every write of a file on the disk. */
export const diskVersion = ({ writtenAt, bytes }: DiskStat): string => `${writtenAt} ${bytes}`;

const troubles: Readonly<Record<string, FileTrouble>> = {
  ENOENT: 'missing',
  ENOTDIR: 'missing',
  FileNotFound: 'missing',
  EISDIR: 'folder',
  FileIsADirectory: 'folder',
};

/** Why a file cannot be read. */
export class DiskError extends Error {
  constructor(
    readonly reason: FileTrouble,
    message: string,
  ) {
    super(message);
  }
}

/** @throws DiskError */
async function told<Result>(
  uri: vscode.Uri,
  ofDisk: (path: string) => Promise<Result>,
  ofVsCode: () => Thenable<Result>,
): Promise<Result> {
  try {
    return await (uri.scheme === 'file' ? ofDisk(uri.fsPath) : ofVsCode());
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new DiskError(troubles[code] ?? 'unreadable', error instanceof Error ? error.message : String(error));
  }
}

/** @throws DiskError */
export const statOf = (uri: vscode.Uri): Promise<DiskStat> =>
  told<DiskStat>(
    uri,
    async (path) => {
      const found = await stat(path);
      return { writtenAt: found.mtimeMs, bytes: found.size, isFolder: found.isDirectory() };
    },
    async () => {
      const { mtime, size, type } = await vscode.workspace.fs.stat(uri);
      return { writtenAt: mtime, bytes: size, isFolder: (type & vscode.FileType.Directory) !== 0 };
    },
  );

/** @throws DiskError */
export const bytesOf = (uri: vscode.Uri): Promise<Uint8Array> =>
  told<Uint8Array>(uri, readFile, () => vscode.workspace.fs.readFile(uri));

/** Null when nothing can be read there. */
export async function statIfThere(uri: vscode.Uri): Promise<DiskStat | null> {
  try {
    return await statOf(uri);
  } catch (error) {
    if (error instanceof DiskError) return null;
    throw error;
  }
}

/** As `diskVersion`; null when nothing can be read there. */
export async function versionOnDisk(uri: vscode.Uri): Promise<string | null> {
  const found = await statIfThere(uri);
  return found === null ? null : diskVersion(found);
}
