// The built command line, run as a shell would.
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';

export const program = path.resolve('dist/cli.js');
export type Ran = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** Any program with its arguments. */
export const ran = (file: string, args: readonly string[], cwd?: string): Promise<Ran> =>
  new Promise((resolve) => {
    const child = execFile(file, args, { maxBuffer: 1 << 26, cwd }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr }),
    );
  });

export const cli = (...args: readonly string[]): Promise<Ran> => ran(process.execPath, [program, ...args]);

/** A line of the shell in which "$CLI" runs the command line; `args` are its $1, $2, … */
export const shell = (line: string, ...args: readonly string[]): Promise<Ran> =>
  ran('sh', ['-c', `CLI() { "$0" "${program}" "$@"; }; ${line}`, process.execPath, ...args]);

/** Why a test of what only POSIX systems have cannot be made here; false where it can. */
export const needsPosix = process.platform === 'win32' ? 'Windows has no such files and signals' : false;

/** What a run has left in a folder beside the files that belong there. */
export const leftIn = async (folder: string, ...known: readonly string[]): Promise<string[]> =>
  (await readdir(folder)).filter((name) => !known.includes(name));

/** A config whose result is about 2 MB of JSON, so that it is written in several pieces. */
export function longConfig(): string {
  const [T, I, H] = [2000, 32, 16];
  let state = 1;
  const next = (scale: number): number =>
    (Math.round(((state = (state * 48271) % 2147483647) / 2147483647 - 0.5) * 1000) / 1000) * scale;
  const block = (rows: number, columns: number, scale: number): number[][] =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => next(scale)));
  return JSON.stringify({
    name: 'long',
    dtype: 'float64',
    weights: { Wx: block(I, H, 1), Wh: block(H, H, 0.5), b: block(1, H, 0.1) },
    sequences: [block(T, I, 1)],
  });
}
