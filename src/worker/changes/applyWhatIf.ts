// A what-if made true: the same change, written into the config and the files that hold the weights.
import { t } from '@vscode/l10n';
import { checkExperiment, layersIn, openEntry } from '../../config/index.js';
import type { OpenEntry } from '../../config/index.js';
import type { TensorNode, Value } from '../../config/json/index.js';
import type { Entry, FileContent } from '../../config/read/index.js';
import { onlyLayer, writtenWithEscapes } from '../../config/layouts/index.js';
import type { Group } from '../../config/layouts/index.js';
import {
  andThen,
  annotate,
  insertAfter,
  lineBreak,
  origin,
  replaceNumbers,
  replaceSpan,
  rescaledTo,
} from '../../config/edit/index.js';
import type { TextChange } from '../../config/edit/index.js';
import { blocksOf, filledShape, transpose } from '../../config/read/index.js';
import { factorFor, finish, initialise, measureRecurrent } from '../../engine/index.js';
import type { DType, WhatIf } from '../../engine/index.js';
import type { ChangeOutcome, FileRequest } from '../../protocol/index.js';
import { addedBiases } from './refactorings.js';
import { whatIfObstacle } from './whatIfObstacle.js';

type Read = (request: FileRequest) => Promise<FileContent>;
type Tensor = { readonly value: Value; readonly node: TensorNode };
/** What the change is written into. `config` is null for a pair of files. */
type Subject = { readonly config: Value | null; readonly group: Group; readonly dtype: DType };

/** Why there are no changes: what a person reads. */
class Refusal extends Error {}

/**
 * The changes that make `whatIf` the state of the files as they are now; numbers keep the style of their neighbours.
 * Refuses with a sentence.
 */
export async function applyWhatIf(entry: Entry, whatIf: WhatIf, readFile: Read): Promise<ChangeOutcome> {
  try {
    const open = await openEntry(entry, { read: (reference, from) => readFile({ reference, from }) });
    const { experiment } = await checkExperiment(open);
    const obstacle = experiment === null ? null : whatIfObstacle(experiment, whatIf);
    if (obstacle !== null) throw new Refusal(obstacle);
    const subject = await find(open);
    const changes = [
      ...recurrentChanges(subject, whatIf),
      ...inputChanges(subject, whatIf),
      ...biasChanges(subject, whatIf),
      ...keyChanges(subject, whatIf),
    ];
    return changes.length === 0
      ? { ok: false, message: t('Everything is already as it would be written.') }
      : { ok: true, changes, newFile: null };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, message: error.message };
    throw error;
  }
}

async function find(open: OpenEntry): Promise<Subject> {
  const group = onlyLayer(await layersIn(open));
  if (group === null)
    throw new Refusal(
      t(
        'The config or its weights cannot be read as they are now. Mend what the Problems panel lists, then ' +
          'apply again.',
      ),
    );
  return { config: open.config, group, dtype: open.dtype };
}

function tensorOf(value: Value | null, name: string): Tensor {
  if (value?.node.kind !== 'tensor') throw new Refusal(t('{0} cannot be read as it is now.', name));
  return { value, node: value.node };
}

function written({ value, node }: Tensor, name: string, data: Float64Array, dtype: DType): TextChange {
  const fits = data.every((x) => Number.isFinite(dtype === 'float32' ? Math.fround(x) : x));
  if (!fits) throw new Refusal(t('The changed {0} would hold numbers that do not fit into {1}.', name, dtype));
  return replaceNumbers(value, node, data, dtype);
}

const round = (x: number): number => Number(x.toPrecision(6));

function recurrentChanges({ config, group, dtype }: Subject, { initialise: anew, rescale }: WhatIf): TextChange[] {
  if (anew === null && rescale === null) return [];
  const { layout } = group;
  const tensor = tensorOf(group.recurrent, layout.recurrent);
  const shape = filledShape(tensor.value, group);
  const [H = 0, columns = 0] = shape ?? [];
  if (shape?.length !== 2 || H !== columns) throw new Refusal(t('{0} is not square as it is now.', layout.recurrent));
  const fresh = anew === null ? null : initialise(anew.way, H, H, anew.seed);
  const start = fresh === null ? tensor.node.data : layout.transposed ? transpose(fresh, H, H) : fresh;
  // Turned around, a matrix keeps both measures.
  const factor = rescale === null ? 1 : factorFor(rescale, finish(measureRecurrent(start, H, anew, rescale.measure)));
  if (typeof factor === 'string') throw new Refusal(factor);
  const note = annotate(tensor.value, layout.recurrent, config, (earlier) => {
    const start = anew === null ? earlier : origin(anew.way, anew.seed);
    return rescale === null ? start : andThen(rescaledTo(rescale.measure, round(rescale.to)))(start);
  });
  return [
    ...note,
    written(
      tensor,
      layout.recurrent,
      start.map((x) => x * factor),
      dtype,
    ),
  ];
}

function inputChanges({ config, group, dtype }: Subject, { inputScale }: WhatIf): TextChange[] {
  if (inputScale === null || inputScale === 1) return [];
  const { layout } = group;
  const tensor = tensorOf(group.input, layout.input);
  const note = annotate(tensor.value, layout.input, config, andThen(`times ${round(inputScale)}`));
  return [
    ...note,
    written(
      tensor,
      layout.input,
      tensor.node.data.map((x) => x * inputScale),
      dtype,
    ),
  ];
}

/** A layout with two biases adds them up, so one of them takes the shift. */
function biasChanges({ group, dtype }: Subject, { biasShift }: WhatIf): TextChange[] {
  if (biasShift === null || biasShift === 0) return [];
  const { layout, biases } = group;
  const at = biases.findIndex((bias) => bias !== null);
  if (at >= 0) {
    const tensor = tensorOf(biases[at] ?? null, layout.biases[at] ?? 'b');
    // Both biases of a stacked layout stand in one row.
    const own = layout.stacked ? tensor.node.data.length / 2 : tensor.node.data.length;
    return [
      written(
        tensor,
        layout.biases[at] ?? 'b',
        tensor.node.data.map((x, i) => (i < own ? x + biasShift : x)),
        dtype,
      ),
    ];
  }
  const { value } = tensorOf(group.recurrent, layout.recurrent);
  const blocks = blocksOf(group);
  if (blocks === null) throw new Refusal(t('{0} is not square as it is now.', layout.recurrent));
  const added = addedBiases(value, group, blocks, biasShift);
  if (added === null) throw new Refusal(writtenWithEscapes(layout.recurrent));
  return added;
}

/** Keys of the config: those that stand there get a new value, the others follow the last known key. */
function keyChanges({ config }: Subject, { cell, clipNorm, truncate, lossAt }: WhatIf): TextChange[] {
  const wanted: (readonly [key: string, text: string])[] = [
    ...(cell === null ? [] : [['cell', JSON.stringify(cell)] as const]),
    ...(lossAt === null ? [] : [['upstreamGradient', JSON.stringify(lossAt)] as const]),
    ...(clipNorm === null ? [] : [['clip', clipNorm === 'off' ? 'null' : `{ "norm": ${clipNorm} }`] as const]),
    ...(truncate === null ? [] : [['truncate', truncate === 'off' ? 'null' : String(truncate)] as const]),
  ];
  if (wanted.length === 0) return [];
  if (config === null)
    throw new Refusal(
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
