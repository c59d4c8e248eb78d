// The server for assistants: a bundle of its own, because nothing else needs what it is made of.
import path from 'node:path';
import type { VerdictBounds } from './engine/index.js';
import { setLanguage } from './l10n.js';
import type { Language } from './l10n.js';
import { RootFiles, serve } from './mcp/index.js';

export type ServerOptions = {
  readonly roots: readonly [string, ...string[]];
  /** A bundle has a language of its own. Undefined: English. */
  readonly language: Language | undefined;
  readonly bounds: VerdictBounds;
  readonly threads: number;
  /** Bytes of the largest file that is read whole. */
  readonly longestText: number;
};

/** A sentence says why there is no server; null once it has ended. */
export async function serveAssistants({
  roots,
  language,
  bounds,
  threads,
  longestText,
}: ServerOptions): Promise<string | null> {
  setLanguage(language);
  const files = await RootFiles.open(roots, longestText);
  if (typeof files === 'string') return files;
  await serve({
    workerPath: path.join(__dirname, 'worker.js'),
    bounds,
    threads: () => threads,
    place: (input) => files.place(input),
    readFile: (request) => files.read(request),
    nameOf: (id) => files.nameOf(id),
  });
  return null;
}
