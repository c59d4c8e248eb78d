import type { Entry, Problem, ReadResult } from '../../../src/config/index.js';
import type { SentFile } from '../../../src/config/read/index.js';
import { readExperiment } from '../../../src/config/index.js';
import type { Experiment } from '../../../src/engine/index.js';
import { zipOf } from '../../support/zipWriter.js';

export type Texts = Readonly<Record<string, string | Uint8Array>>;

export type InMemory =
  (Extract<SentFile, { ok: true }> & { readonly bytes: Uint8Array }) | Extract<SentFile, { ok: false }>;

/** Files as a map from their names to their content; a name that ends in a slash is a folder. */
export function memoryFiles(texts: Texts): {
  read: (reference: string, from: string | null) => Promise<InMemory>;
} {
  return {
    read: (reference) => {
      const id = reference.replace(/^\.\//, '');
      // Any text may be a name: `valueOf` is no file.
      const content = Object.hasOwn(texts, id) ? texts[id] : undefined;
      if (content !== undefined)
        return Promise.resolve({
          ok: true,
          id,
          bytes: typeof content === 'string' ? new TextEncoder().encode(content) : content,
        });
      return Promise.resolve({
        ok: false,
        id,
        reason: Object.hasOwn(texts, `${id}/`) ? 'folder' : 'missing',
        detail: '',
      });
    },
  };
}

export const configName = 'test.rnn.json';
export const configEntry: Entry = { kind: 'config', config: configName };

export const readTexts = (texts: Texts, entry: Entry = configEntry): Promise<ReadResult> =>
  readExperiment(entry, memoryFiles(texts));
export const readConfigText = (text: string): Promise<ReadResult> => readTexts({ [configName]: text });

/** All but the note that tanh is assumed, which a framework's network of one gate has where nothing names a cell. */
export const withoutAssumedCell = (problems: readonly Problem[]): Problem[] =>
  problems.filter(({ code, severity }) => code !== 'unsupported-cell' || severity !== 'info');

/** A NumPy file of float64; `descr` names another type. */
export function npyOf(shape: readonly number[], numbers: readonly number[], descr = '<f8'): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.map((n) => `${n},`).join('')}), }\n`;
  return new Uint8Array(
    Buffer.concat([
      Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, header.length, 0]),
      Buffer.from(header),
      Buffer.from(Float64Array.from(numbers).buffer),
    ]),
  );
}
export const npzOf = (arrays: Readonly<Record<string, Uint8Array>>): Uint8Array =>
  zipOf(Object.entries(arrays).map(([name, content]) => ({ name: `${name}.npy`, content })));

/** Line and column as an editor counts them, found by walking the text. */
export function positionIn(text: string, offset: number): { line: number; character: number } {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length - 1, character: before.at(-1)?.length ?? 0 };
}

export type Marked = { readonly texts: Texts; readonly file: string | null; readonly range: Problem['range'] | null };

/** Takes the marks « » out of the one file that has them: they say where a problem is expected. */
export function unmark(texts: Readonly<Record<string, string>>): Marked {
  const plain: Record<string, string> = {};
  let file: string | null = null;
  let range: Problem['range'] | null = null;
  for (const [name, text] of Object.entries(texts)) {
    const start = text.indexOf('«');
    const end = text.indexOf('»') - 1;
    const clean = text.replace(/[«»]/g, '');
    plain[name] = clean;
    if (start < 0) continue;
    file = name;
    range = { start: positionIn(clean, start), end: positionIn(clean, end) };
  }
  return { texts: plain, file, range };
}

/** An experiment without which biases its layout holds, which is all that tells the layouts apart. */
export const withoutBiases = ({ layers, ...rest }: Experiment): unknown => ({
  ...rest,
  layers: layers.map((layer) => ({ ...layer, biases: null })),
});
