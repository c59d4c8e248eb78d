// What the recurrent weights of each gate say by themselves.
import { cellOf } from '../cells/index.js';
import type { Resumable } from '../core/resumable.js';
import { part } from '../core/resumable.js';
import { allFinite } from '../core/scan.js';
import { eigenvaluesOf } from '../linalg/eigenvalues.js';
import { sigmaMaxOf } from '../linalg/lanczos.js';
import type { LayerExperiment } from '../network/experiment.js';
import { mostDecomposed } from './spectrum.js';

/** Of a gate's [H,H] block of Wh; the radius is NaN where eigenvalues are not computed: beyond H = 1,024. */
export type BlockMeasures = { readonly spectralRadius: number; readonly sigmaMax: number };

/** By the names of the gates. */
export function* gateBlocks({
  cell,
  shapes: { H },
  layers: [
    {
      parameters: { Wh },
    },
  ],
}: LayerExperiment): Resumable<Readonly<Record<string, BlockMeasures>>> {
  const { gates } = cellOf(cell);
  const N = gates.length * H;
  const blocks: Record<string, BlockMeasures> = {};
  const finite = yield* allFinite([Wh]);
  for (const [g, name] of gates.entries()) {
    const block = new Float64Array(H * H);
    for (let k = 0; k < H; k++) block.set(Wh.subarray(k * N + g * H, k * N + (g + 1) * H), k * H);
    const [from, to] = [g / gates.length, (g + 1) / gates.length];
    const all = !finite || H > mostDecomposed ? [] : yield* part(eigenvaluesOf(block, H), from, to);
    blocks[name] = {
      spectralRadius: all[0] === undefined ? NaN : Math.hypot(...all[0]),
      sigmaMax: finite ? yield* part(sigmaMaxOf(block, H), to, to) : NaN,
    };
  }
  return blocks;
}
