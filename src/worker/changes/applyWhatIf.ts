// A what-if made true: the same change, written into the config and the files that hold the weights.
import { t } from '@vscode/l10n';
import { checkExperiment, openEntry } from '../../config/index.js';
import type { OpenEntry } from '../../config/index.js';
import { UnreadableNumbers } from '../../config/json/index.js';
import { storedNetwork } from '../../config/read/index.js';
import type { Entry, StoredNetwork } from '../../config/read/index.js';
import { insertAfter, lineBreak, removeLastItems, removeProperties, replaceSpan } from '../../config/edit/index.js';
import type { TextChange } from '../../config/edit/index.js';
import { changesWeights, whatIfObstacle, withoutLast } from '../../engine/index.js';
import type { WhatIf } from '../../engine/index.js';
import type { ChangeOutcome } from '../../protocol/index.js';
import { copyBeside, CopiedWeights, copyReference, Unwritable } from './copyOfWeights.js';
import type { Read } from './copyOfWeights.js';
import { binaryRefusal, NoConfig, Refusal } from './layerWrites.js';
import { weightChanges } from './weightChanges.js';

/**
 * The changes that make `whatIf` the state of the files as they are now; numbers keep the style of their neighbours,
 * and those that stay the same their text. Refuses with a sentence. `copyTo`: what stands in a file that is never
 * changed goes, changed, into a new JSON file of that reference, and the config names that.
 */
export async function applyWhatIf(
  entry: Entry,
  whatIf: WhatIf,
  readFile: Read,
  copyTo: string | null = null,
): Promise<ChangeOutcome> {
  try {
    const read = await readStored(entry, readFile);
    if (copyTo === null || read.network.root.document.binary === null) {
      const changes = await changesOf(read, whatIf);
      return changes.length === 0
        ? { ok: false, message: t('Everything is already as it would be written.') }
        : { ok: true, changes, newFile: null };
    }
    const copy = await CopiedWeights.of(read.open, read.network, copyTo, readFile);
    const copied = await readStored(entry, copy.read);
    // What only the checkpoint has told, the config tells.
    const cell = copied.network.cell === read.network.cell ? null : read.network.cell;
    return copy.outcome(await changesOf(copied, { ...whatIf, cell: whatIf.cell ?? cell }));
  } catch (error) {
    const withoutConfig = entry.kind === 'pair' ? { needsConfig: true as const } : {};
    if (error instanceof Unwritable && error.copy !== null)
      return { ok: false, message: error.message, copy: error.copy, ...withoutConfig };
    if (error instanceof NoConfig) return { ok: false, message: error.message, ...withoutConfig };
    if (error instanceof Refusal || error instanceof UnreadableNumbers) return { ok: false, message: error.message };
    throw error;
  }
}

type ReadStored = { readonly open: OpenEntry; readonly network: StoredNetwork };

async function readStored(entry: Entry, readFile: Read): Promise<ReadStored> {
  const open = await openEntry(entry, { read: (reference, from) => readFile({ reference, from }) });
  const network = await storedNetwork(open);
  if (network === null)
    throw new Refusal(
      t(
        'The config or its weights cannot be read as they are now. Mend what the Problems panel lists, then ' +
          'apply again.',
      ),
    );
  return { open, network };
}

async function changesOf({ open, network }: ReadStored, whatIf: WhatIf): Promise<TextChange[]> {
  const { experiment } = await checkExperiment(open);
  // What has problems elsewhere is judged by its weights alone.
  const layers = network.layers.map(({ weights }) => weights);
  const known = experiment ?? {
    cell: network.cell,
    layers,
    shapes: { T: Infinity },
    loss: null,
    upstream: { kind: 'last' },
  };
  const obstacle = whatIfObstacle(known, whatIf);
  if (obstacle !== null) throw new Refusal(obstacle);
  const { binary } = network.root.document;
  if (binary !== null && (changesWeights(whatIf) || whatIf.drop !== null))
    throw new Unwritable(binary, open.entry.kind === 'pair' ? copyBeside(open.entry.weights) : copyReference(open));
  return [
    ...(await weightChanges(network, whatIf, open.config, open.dtype)),
    ...(await dropChanges(open, network, whatIf)),
    ...keyChanges(open, whatIf),
  ];
}

/** The weights of the last layer out of their file, and the states that it begins with. */
async function dropChanges(
  { config, files }: OpenEntry,
  { root, layers }: StoredNetwork,
  { drop }: WhatIf,
): Promise<TextChange[]> {
  if (drop === null) return [];
  const kept = withoutLast(layers.map(({ weights }) => weights)).length;
  const gone = layers
    .slice(kept)
    .flatMap(({ group: { input, recurrent, biases } }) => [input, recurrent, ...biases])
    .flatMap((value) => (value === null ? [] : [value.node]));
  const state = await files.follow(config?.get('initialState') ?? null);
  const lists =
    state === null ? [] : state.node.kind === 'object' ? state.entries().map(([, value]) => value) : [state];
  const states: TextChange[] = [];
  for (const list of lists) {
    const followed = await files.follow(list);
    if (followed !== null && followed.document.binary !== null)
      throw new Refusal(binaryRefusal(followed.document.binary));
    if (followed !== null) states.push(...removeLastItems(followed, layers.length - kept));
  }
  return [...removeProperties(root, new Set(gone)), ...states];
}

/** Keys of the config: those that stand there get a new value, the others follow the last known key. */
function keyChanges({ config }: Pick<OpenEntry, 'config'>, { cell, clipNorm, truncate, lossAt }: WhatIf): TextChange[] {
  const wanted: (readonly [key: string, text: string])[] = [
    ...(cell === null ? [] : [['cell', JSON.stringify(cell)] as const]),
    ...(lossAt === null ? [] : [['upstreamGradient', JSON.stringify(lossAt)] as const]),
    ...(clipNorm === null ? [] : [['clip', clipNorm === 'off' ? 'null' : `{ "norm": ${clipNorm} }`] as const]),
    ...(truncate === null ? [] : [['truncate', truncate === 'off' ? 'null' : String(truncate)] as const]),
  ];
  if (wanted.length === 0) return [];
  if (config === null)
    throw new NoConfig(
      t(
        'The activation, the loss, clipping and truncation stand in a config, and there is none here. Save ' +
          'these two files as a config first.',
      ),
    );
  const loss = config.get('loss')?.node.kind ?? 'null';
  if (lossAt !== null && loss !== 'null')
    throw new Refusal(t('The loss of this experiment has targets for its own steps, so it cannot be moved.'));
  const changes: TextChange[] = [];
  const missing: string[] = [];
  for (const [key, text] of wanted) {
    const value = config.get(key);
    const norm = key === 'clip' && clipNorm !== 'off' ? (value?.get('norm') ?? null) : null;
    if (norm !== null) changes.push(replaceSpan(norm.document, norm.node, String(clipNorm)));
    else if (value !== null) changes.push(replaceSpan(value.document, value.node, text));
    // What is not there needs no null.
    else if (text !== 'null') missing.push(`${JSON.stringify(key)}: ${text}`);
  }
  const last = config.entries().at(-1)?.[1] ?? null;
  if (missing.length > 0 && last !== null)
    changes.push(
      ...insertAfter(last, (indent) =>
        missing.join(indent === null ? ', ' : `,${lineBreak(config.document.text)}${indent}`),
      ),
    );
  return changes;
}
