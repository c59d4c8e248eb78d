// Which files of the built page lead to which.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const folder = 'dist/webview';

/** What stands in a file as `from "./a.js"` or `import "./a.js"`, and what as `import("./a.js")`. */
function importsOf(text: string): { readonly needed: readonly string[]; readonly later: readonly string[] } {
  const names = (pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, name]) => name ?? '');
  return {
    needed: names(/(?:\bfrom|\bimport)\s*"(\.{1,2}\/[\w./-]+\.js)"/g),
    later: names(/\bimport\(\s*"(\.{1,2}\/[\w./-]+\.js)"\s*\)/g),
  };
}

/** Each file with its text that `entry` needs before it runs; with `all`, also what it may load later. */
export async function partsFrom(entry: string, all = false): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const visit = async (file: string): Promise<void> => {
    if (found.has(file)) return;
    const text = await readFile(path.join(folder, file), 'utf8');
    found.set(file, text);
    const { needed, later } = importsOf(text);
    for (const name of [...needed, ...(all ? later : [])]) await visit(path.posix.join(path.posix.dirname(file), name));
  };
  await visit(entry);
  return found;
}
