// This machine's disk, which VS Code's own file system is too slow for: it asks the window before every single look,
// and while somebody types each of its answers takes ten milliseconds. A browser has no disk: there its twin
// (localDisk.web.ts) stands in this place, and VS Code reads and writes everything.
import { mkdir, realpath, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import type * as vscode from 'vscode';
import { removeUnfinished, writeWhole } from '../../report/index.js';
import { readRegularFile } from '../../worker/thread/index.js';
import type { ReadFile, ReadOptions } from '../../worker/thread/index.js';

export type DiskStat = {
  /** When it was last written, ms since 1970: as a program may have set it. */
  readonly writtenAt: number;
  /** When anything of it last changed, ms since 1970, which no program can set; 0 where nobody tells. */
  readonly changedAt: number;
  readonly bytes: number;
  readonly isFolder: boolean;
  /** Another one when the file was replaced by another; 0 where there is none. */
  readonly inode: number;
};

/** All of it throws as the system does; reading tells what stands in the way. */
export type LocalDisk = {
  stat(file: string): Promise<DiskStat>;
  read(file: string, options: ReadOptions): Promise<ReadFile>;
  /** Where a file is when all links are followed. */
  realPlace(file: string): Promise<string>;
  /** The old file stays until the new one is whole. Missing folders are made, as VS Code does. */
  write(file: string, bytes: Uint8Array): Promise<void>;
  remove(file: string): Promise<void>;
};

const disk: LocalDisk = {
  stat: async (file) => {
    const found = await stat(file);
    // The time of a device or a pipe is that of whoever used it last: it has no content that could have changed.
    if (!found.isFile() && !found.isDirectory())
      return { writtenAt: 0, changedAt: 0, bytes: 0, isFolder: false, inode: 0 };
    const { mtimeMs, ctimeMs, size, ino } = found;
    return { writtenAt: mtimeMs, changedAt: ctimeMs, bytes: size, isFolder: found.isDirectory(), inode: ino };
  },
  read: readRegularFile,
  realPlace: (file) => realpath(file),
  write: async (file, bytes) => {
    await mkdir(path.dirname(file), { recursive: true });
    await writeWhole(file, [bytes]);
  },
  remove: (file) => rm(file),
};

/** The extension is shut down: what is half written goes, and the old files stay as they are. */
export const endWriting = (): void => removeUnfinished();

/** The user's own folder, for what belongs to no other; null where there is no disk. */
export const homeFolder = (): string | null => homedir();

/** The disk that a file lies on, by its `fsPath`; null for all that VS Code reads by itself (virtual workspaces). */
export const diskOf = ({ scheme }: vscode.Uri): LocalDisk | null => (scheme === 'file' ? disk : null);
