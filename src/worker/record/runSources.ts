// What a run has read, as a report tells it.
import { areHere, sizeOf } from '../../config/formats/index.js';
import type { Entry, FileContent } from '../../config/read/index.js';
import type { ReportData } from '../../protocol/index.js';

/** More of a config than this tells nobody anything: then its numbers stand inside it. */
const longestConfig = 20_000;

export class ReadSources {
  config: ReportData['config'] = null;
  readonly #sizes = new Map<string, number>();

  get files(): ReportData['files'] {
    return [...this.#sizes].map(([id, bytes]) => ({ id, bytes }));
  }

  /** Keeps the size of a file, and of the config its text. */
  note(entry: Entry, from: string | null, content: FileContent): void {
    if (!content.ok) return;
    this.#sizes.set(content.id, sizeOf(content.bytes));
    if (entry.kind !== 'config' || from !== null || !areHere(content.bytes)) return;
    const text = new TextDecoder().decode(content.bytes);
    this.config = { text: text.slice(0, longestConfig), characters: text.length };
  }
}
