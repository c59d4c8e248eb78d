// What an experiment's files say by names alone, before anything is checked: keys under the names of today, the files
// that they lead to, and the layers that the names of the weights make. `readExperiment` checks it, `findParts` tells
// the editor where it stands, and a what-if is written into it: none of them resolves a name or a path itself.
import { cellNames } from '../../engine/index.js';
import type { CellName, DType } from '../../engine/index.js';
import type { Value } from '../json/jsonValue.js';
import type { Entry, Files } from './fileAccess.js';
import { underItsKeys } from './keyNames.js';
import type { OlderName } from './keyNames.js';
import { OpenFiles } from './openFiles.js';
import type { ReadOptions } from './openFiles.js';

/** Files are opened when they are asked for: a run does not look for what its reader has refused before. */
export type OpenEntry = {
  readonly entry: Entry;
  readonly files: OpenFiles;
  /** The root of the config as it stands; null where it cannot be read, and for a pair of files. */
  readonly root: Value | null;
  /** The config with each key under its name of today; null where it is no object. */
  readonly config: Value | null;
  /** Keys that stand there under older names. */
  readonly older: readonly OlderName[];
  /** Null where the config names none that there is. */
  readonly cell: CellName | null;
  readonly dtype: DType;
  /** Whether options of the command line say what a config would. */
  readonly byOption: boolean;
  /** Whether it is run from the command line. */
  readonly atCommandLine: boolean;
};

export async function openEntry(entry: Entry, files: Files, options: ReadOptions = {}): Promise<OpenEntry> {
  const open = new OpenFiles(files, options);
  const root = entry.kind === 'config' ? (await open.root(entry.config, null)).root : null;
  const { config, older } = root?.node.kind === 'object' ? underItsKeys(root) : { config: null, older: [] };
  const word = (key: string): string | null => {
    const node = config?.get(key)?.node;
    return node?.kind === 'string' ? node.value : null;
  };
  const cell = word('cell');
  return {
    entry,
    files: open,
    root,
    config,
    older,
    cell: cellNames.find((name) => name === cell) ?? null,
    dtype: word('dtype') === 'float64' ? 'float64' : 'float32',
    byOption: entry.kind === 'pair' && options.byOption === true,
    atCommandLine: options.byOption === true,
  };
}

/** The root of the weights, wherever they stand; null where they cannot be read. */
export async function weightsOf({ entry, files, config }: OpenEntry): Promise<Value | null> {
  if (entry.kind === 'config') return files.follow(config?.get('weights') ?? null);
  const { root } = await files.root(entry.weights, null);
  return root === null || entry.network === undefined ? root : files.part(root, entry.network);
}
