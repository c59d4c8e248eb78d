// The extension hosts of a VS Code server as the system sees them: processes with threads and open files. Linux tells.
import { readFileSync, readdirSync } from 'node:fs';

export type HostProcess = { readonly pid: number; readonly threads: number; readonly files: readonly string[] };

export const noProcesses = process.platform === 'linux' ? false : 'only Linux tells of processes in files';

/** Null when there is nothing of that name any more. */
function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** 0 when the process has ended. */
const parentOf = (pid: number): number => {
  // The name of a process may hold anything, even a bracket.
  const [state, ppid = '0'] = (read(`/proc/${pid}/stat`) ?? '').replace(/^.*\) /s, '').split(' ');
  return state === 'Z' ? 0 : Number(ppid);
};

export const isAlive = (pid: number): boolean => parentOf(pid) > 0;

/** Extension hosts that the server has started and that are still there. */
export const extensionHosts = (server: number): readonly HostProcess[] =>
  list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => parentOf(pid) === server && read(`/proc/${pid}/cmdline`)?.includes('extensionHost') === true)
    .map((pid) => ({
      pid,
      threads: list(`/proc/${pid}/task`).length,
      files: list(`/proc/${pid}/fd`),
    }));
