// Files that are replaced whole: what is new is written beside the old file and takes its name when it is complete. An
// interrupt, a crash or a full disk leaves the old file as it was. The panel and the command line write what they save
// of a run in this way.
import { randomBytes } from 'node:crypto';
import { closeSync, fchown, fchmod, fsync, openSync, rmSync, writeFile } from 'node:fs';
import type { Stats } from 'node:fs';
import { open, readlink, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const filesystem = {
  chown: promisify(fchown),
  chmod: promisify(fchmod),
  sync: promisify(fsync),
  write: promisify(writeFile),
};

/** Characters that are written at once; between two writes the process hears signals. */
const atOnce = 2 ** 18;
const permissions = 0o777;

/** Where a result goes: the file itself behind all links, and what stands there now. */
export type Place = { readonly file: string; readonly before: Stats | null };

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Null when nothing is there. */
async function statIfThere(file: string): Promise<Stats | null> {
  try {
    return await stat(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** What a link points at; null when `file` is no link. */
async function linkedFrom(file: string): Promise<string | null> {
  try {
    return await readlink(file);
  } catch (error) {
    // EINVAL: not a link; Windows also says UNKNOWN.
    if (['EINVAL', 'ENOENT', 'UNKNOWN'].includes(codeOf(error) ?? '')) return null;
    throw error;
  }
}

/** Where open files of a process have names: `/dev/stdout` leads there. */
const openFiles = /^\/(?:dev|proc\/.+)\/fd$/;

/**
 * The file that `target` names, through links and also through a link to nothing. Null when it cannot be replaced by
 * another file of the same name: a device, a pipe, a folder, or an open file such as `/dev/stdout`.
 * @throws when its folder does not exist or cannot be entered
 */
export async function placeOf(target: string): Promise<Place | null> {
  // Links that lead in a circle end here, with ELOOP.
  const before = await statIfThere(target);
  if (before !== null && !before.isFile()) return null;
  let file = path.resolve(target);
  for (;;) {
    const folder = await realpath(path.dirname(file));
    if (openFiles.test(folder)) return null;
    file = path.join(folder, path.basename(file));
    const next = await linkedFrom(file);
    if (next === null) return { file, before };
    file = path.resolve(folder, next);
  }
}

/** Many small pieces as few large ones. */
export function* batches(pieces: Iterable<string>): Generator<string, void, void> {
  let waiting: string[] = [];
  let length = 0;
  for (const piece of pieces) {
    waiting.push(piece);
    length += piece.length;
    if (length < atOnce) continue;
    yield waiting.join('');
    waiting = [];
    length = 0;
  }
  if (length > 0) yield waiting.join('');
}

/** Temporary files of this process that have not got their names yet. */
const unfinished = new Set<string>();

/** For a process that is about to end: what is half written goes. At once, because nothing runs after it. */
export function removeUnfinished(): void {
  for (const temporary of unfinished) rmSync(temporary, { force: true });
  unfinished.clear();
}

/** The new file belongs to whom the old one belonged and may be read by whom the old one might be read. */
async function makeAlike(descriptor: number, made: Stats, before: Stats): Promise<void> {
  if (made.uid !== before.uid || made.gid !== before.gid) {
    try {
      await filesystem.chown(descriptor, before.uid, before.gid);
    } catch (error) {
      // Only the superuser gives files away: then the file belongs to who has written it.
      if (codeOf(error) !== 'EPERM') throw error;
    }
  }
  // Asked for only where it differs: some file systems have one mode for all files and refuse every other.
  if ((made.mode & permissions) !== (before.mode & permissions))
    await filesystem.chmod(descriptor, before.mode & permissions);
}

async function fill(temporary: string, before: Stats | null, pieces: Iterable<string | Uint8Array>): Promise<void> {
  // Opened at once: an interrupt finds the file and its name in `unfinished`, or neither.
  const descriptor = openSync(temporary, 'wx', before === null ? 0o666 : before.mode & permissions);
  try {
    if (before !== null) await makeAlike(descriptor, await stat(temporary), before);
    for (const piece of pieces) await filesystem.write(descriptor, piece);
    // Before the name: after a power failure the name must not stand at a file that never reached the disk.
    await filesystem.sync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes `pieces` as the whole content of `target`: afterwards it holds all of them, or after an error what it held
 * before.
 * Links are followed, mode and owner stay. What cannot be replaced (see `placeOf`) is written as it is.
 * @throws as the file system does
 */
export async function writeWhole(target: string, pieces: Iterable<string | Uint8Array>): Promise<void> {
  const place = await placeOf(target);
  if (place === null) {
    const handle = await open(target, 'w');
    try {
      for (const piece of pieces) await handle.writeFile(piece);
    } finally {
      await handle.close();
    }
    return;
  }
  // In the same folder, because only inside one file system a file gets its name in one step.
  const temporary = path.join(path.dirname(place.file), `.rnn-gradients-${randomBytes(12).toString('hex')}.tmp`);
  unfinished.add(temporary);
  try {
    await fill(temporary, place.before, pieces);
    await rename(temporary, place.file);
  } catch (error) {
    // What went wrong first is what the user has to hear of.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    unfinished.delete(temporary);
  }
}
