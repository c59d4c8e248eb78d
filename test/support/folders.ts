// Folders that are brought back to what they were, so that a window that shows them need not be opened anew.
import { cp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const filesOf = async (folder: string): Promise<string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));

/** Makes `folder` hold what `source` holds. Files that are right are left alone: whoever watches them hears nothing. */
export async function refill(folder: string, source: string): Promise<void> {
  const wanted = new Set(await filesOf(source));
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const full = path.join(entry.parentPath, entry.name);
    const name = path.relative(folder, full);
    const isWanted = entry.isDirectory()
      ? [...wanted].some((file) => file.startsWith(name + path.sep))
      : wanted.has(name);
    if (!isWanted) await rm(full, { recursive: true, force: true });
  }
  const present = new Set(await filesOf(folder));
  for (const name of wanted) {
    const [from, to] = [path.join(source, name), path.join(folder, name)];
    if (!present.has(name)) await cp(from, to);
    else {
      const bytes = await readFile(from);
      if (!bytes.equals(await readFile(to))) await writeFile(to, bytes);
    }
  }
}
