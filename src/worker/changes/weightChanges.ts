// A what-if written into the weights: the numbers that a run of it has, each at the place where its file keeps it.
import type { TensorNode, Value } from '../../config/json/index.js';
import { andThen, annotate, origin, rescaledTo } from '../../config/edit/index.js';
import type { TextChange } from '../../config/edit/index.js';
import type { StoredLayer, StoredNetwork } from '../../config/read/index.js';
import {
  cellOf,
  changedLayer,
  changesWeights,
  chosenLayers,
  measureRecurrent,
  recurrentOf,
  withoutLast,
} from '../../engine/index.js';
import type { Cell, ChangedLayer, DType, WhatIf } from '../../engine/index.js';
import { LayerWrites, Refusal, toItsEnd } from './layerWrites.js';

const round = (x: number): number => Number(x.toPrecision(6));

/** The changes of the weights that make the what-if true. @throws Refusal */
export async function weightChanges(
  { cell: name, layers }: StoredNetwork,
  whatIf: WhatIf,
  config: Value | null,
  dtype: DType,
): Promise<TextChange[]> {
  if (!changesWeights(whatIf)) return [];
  const cell = cellOf(name);
  const kept = whatIf.drop === null ? layers.length : withoutLast(layers.map(({ weights }) => weights)).length;
  const writes = new LayerWrites(cell);
  const notes: TextChange[] = [];
  const told = new Set<TensorNode | Value>();
  for (const index of chosenLayers(whatIf, layers.length)) {
    const layer = layers[index];
    if (layer === undefined || index >= kept) continue;
    writes.write(layer, await computed(cell, layer, index, whatIf));
    // Both directions of a stacked layout are one tensor with one story.
    if (told.has(layer.Wh.where)) continue;
    told.add(layer.Wh.where);
    notes.push(...notesOf(layer, config, whatIf));
  }
  // A comma behind the matrix may go together with the layer that goes.
  const { biases, numbers } = writes.changes(dtype, whatIf.drop === null ? 'behind' : 'before');
  return [...biases, ...notes, ...numbers];
}

/** As the run has it: the same arithmetic over the same numbers. */
async function computed(cell: Cell, { weights }: StoredLayer, index: number, whatIf: WhatIf): Promise<ChangedLayer> {
  const Wh = await toItsEnd(recurrentOf(cell, weights, index, whatIf.initialise));
  const gates = whatIf.rescale === null ? null : await toItsEnd(measureRecurrent(cell, Wh, weights.H, whatIf));
  const other = await toItsEnd(changedLayer(cell, weights, index, whatIf, { Wh, gates }));
  if (typeof other === 'string') throw new Refusal(other);
  return other;
}

/** Where fresh numbers come from, above them. */
function notesOf(
  { group: { layout }, Wx, Wh }: StoredLayer,
  config: Value | null,
  { initialise, rescale, whGate, inputScale }: WhatIf,
): TextChange[] {
  const start = initialise === null ? null : origin(initialise.way, initialise.seed);
  const wholeLayer = initialise?.way === 'keras' || initialise?.way === 'pytorch';
  const story = (first: string | null, then: string | null) => (earlier: string | null) =>
    then === null ? (first ?? earlier) : andThen(then)(first ?? earlier);
  const sized = rescale === null ? null : rescaledTo(rescale.measure, round(rescale.to));
  const scaled = inputScale === null || inputScale === 1 ? null : `times ${round(inputScale)}`;
  return [
    ...(initialise === null && rescale === null
      ? []
      : annotate(
          Wh.where,
          layout.recurrent,
          config,
          story(start, sized === null || whGate === null ? sized : `gate ${whGate} ${sized}`),
        )),
    ...(!wholeLayer && scaled === null
      ? []
      : annotate(Wx.where, layout.input, config, story(wholeLayer ? start : null, scaled))),
  ];
}
