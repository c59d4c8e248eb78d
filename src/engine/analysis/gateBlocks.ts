// What the recurrent weights of each gate say by themselves.
import { cellOf } from '../cells/index.js';
import type { FloatArray } from '../core/dtypes.js';
import type { Resumable } from '../core/resumable.js';
import { part } from '../core/resumable.js';
import { allFinite } from '../core/scan.js';
import { eigenvaluesOf } from '../linalg/eigenvalues.js';
import { sigmaMaxOf } from '../linalg/lanczos.js';
import type { LayerExperiment } from '../network/experiment.js';
import { mostDecomposed } from './spectrum.js';

/** Of a gate's [H,H] block of Wh; the radius is NaN where eigenvalues are not computed: beyond H = 1,024. */
export type BlockMeasures = { readonly spectralRadius: number; readonly sigmaMax: number };

/** Of one gate's block, the largest modulus first: real and imaginary part. */
export type GateEigenvalues = { readonly gate: string; readonly values: readonly (readonly [number, number])[] };

/** Gate g's block of Wh [H,G·H]. */
function blockOf(Wh: FloatArray, H: number, N: number, g: number): Float64Array {
  const block = new Float64Array(H * H);
  for (let k = 0; k < H; k++) block.set(Wh.subarray(k * N + g * H, k * N + (g + 1) * H), k * H);
  return block;
}

/**
 * The eigenvalues of each gate's block; `found` grows gate by gate, and stays empty beyond H = 1,024 and where a weight
 * is not finite.
 */
export function gateEigenvalues({ cell, shapes: { H }, layers: [{ parameters }] }: LayerExperiment): {
  readonly found: GateEigenvalues[];
  readonly steps: Resumable<void>;
} {
  const { gates } = cellOf(cell);
  const { Wh } = parameters;
  const found: GateEigenvalues[] = [];
  function* steps(): Resumable<void> {
    if (H > mostDecomposed || !(yield* allFinite([Wh]))) return;
    for (const [g, gate] of gates.entries()) {
      const block = blockOf(Wh, H, gates.length * H, g);
      found.push({ gate, values: yield* part(eigenvaluesOf(block, H), g / gates.length, (g + 1) / gates.length) });
    }
  }
  return { found, steps: steps() };
}

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
    const block = blockOf(Wh, H, N, g);
    const [from, to] = [g / gates.length, (g + 1) / gates.length];
    const all = !finite || H > mostDecomposed ? [] : yield* part(eigenvaluesOf(block, H), from, to);
    blocks[name] = {
      spectralRadius: all[0] === undefined ? NaN : Math.hypot(...all[0]),
      sigmaMax: finite ? yield* part(sigmaMaxOf(block, H), to, to) : NaN,
    };
  }
  return blocks;
}
