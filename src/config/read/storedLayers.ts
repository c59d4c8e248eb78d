// The layers of a network with the places of their numbers in the files, for edits that change both.
import type { CellName } from '../../engine/index.js';
import type { Value } from '../json/jsonValue.js';
import { layersOf } from '../layouts/weightNames.js';
import { Report } from '../problems/problemReport.js';
import type { Stored } from './gateBlocks.js';
import { weightsOf } from './openEntry.js';
import type { OpenEntry } from './openEntry.js';
import type { StoredBiases } from './readBiases.js';
import { readWeights } from './readWeights.js';
import type { LayerWeights } from './readWeights.js';
import { weightLayers } from './weightShapes.js';
import type { WeightLayer } from './weightShapes.js';

export type StoredLayer = WeightLayer & {
  readonly weights: LayerWeights;
  readonly Wx: Stored;
  readonly Wh: Stored;
  readonly biases: StoredBiases;
};
export type StoredNetwork = {
  /** What holds the weights. */
  readonly root: Value;
  readonly cell: CellName;
  /** From the input up, `forward` before `reverse`. */
  readonly layers: readonly StoredLayer[];
};

/** Null where the weights cannot be read as they are now. */
export async function storedNetwork(open: OpenEntry): Promise<StoredNetwork | null> {
  const root = await weightsOf(open);
  // Problems are the run's to tell.
  const read = root === null ? null : readWeights(root, { ...open, inputs: null }, new Report());
  if (root === null || !read?.layers) return null;
  const places = weightLayers(layersOf(root));
  const layers: StoredLayer[] = [];
  for (const [i, weights] of read.layers.entries()) {
    // What could be read stands somewhere.
    const [place, numbers, biases] = [places[i]!, read.places[i]!, read.biases[i]!];
    layers.push({ ...place, weights, Wx: numbers.get('Wx')!, Wh: numbers.get('Wh')!, biases });
  }
  return { root, cell: read.cell, layers };
}
