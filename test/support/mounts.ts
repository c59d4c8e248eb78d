// Small disks for tests of what a full one does, or one that takes nothing: only the superuser of Linux makes them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export type Mount = {
  readonly folder: string;
  /** Nothing can be written from now on: permissions would not hold the superuser back. */
  makeReadOnly(): void;
  makeWritable(): void;
  unmount(): void;
};

/** A disk in memory that holds so much, in a new folder of this name. */
export function mounted(parent: string, name: string, { kilobytes }: { readonly kilobytes: number }): Mount {
  const folder = path.join(parent, name);
  mkdirSync(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${kilobytes}k`, 'tmpfs', folder], { stdio: 'pipe' });
  const remount = (how: string): void =>
    void execFileSync('mount', ['-o', `remount,${how}`, folder], { stdio: 'pipe' });
  return {
    folder,
    makeReadOnly: () => remount('ro'),
    makeWritable: () => remount('rw'),
    unmount: () => {
      // Lazily: a watcher of the editor may still look.
      execFileSync('umount', ['-l', folder], { stdio: 'pipe' });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

let reason: string | false | null = null;

/** Why no disk can be mounted here; false where one can. */
export function noMounts(): string | false {
  if (reason !== null) return reason;
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return (reason = 'only the superuser of Linux mounts');
  const parent = mkdtempSync(path.join(tmpdir(), 'rnn-mount-'));
  try {
    mounted(parent, 'tried', { kilobytes: 64 }).unmount();
    reason = false;
  } catch (error) {
    reason = `nothing can be mounted here: ${error instanceof Error ? error.message : String(error)}`;
  }
  rmSync(parent, { recursive: true, force: true });
  return reason;
}
