// What the float64 pass of a gated layer takes of the kernels' memory, and how it is cut into blocks.
import { cellOf } from '../cells/index.js';
import { sharedNumbers } from './abi.js';
import { formSizes } from './formedNorm.js';
import type { GatedLayerShape } from './gatedLayout.js';
import { gatedWeightSizes, leastStagingOf, panelsOf } from './gatedWeights.js';
import { pitchOf, rowBytes } from './instance.js';
import type { Kernels, Team } from './instance.js';
import type { Room } from './layer.js';
import { structBytes } from './struct.js';
import type { Fields } from './struct.js';

/** Numbers of a gate at a step: Σ of its values, and how many are closed and open. */
export const gateNumbers = 3;

/** Rows of a block; nothing here is summed over them, so they only have to be enough to make calls rare. */
const blockRows = 64;
/** Floating-point operations of a block, a few milliseconds. */
const blockWork = 5e7;
/** A run of fewer operations is over before a second thread has woken up. */
const worthSharing = 1e7;
/** Numbers that cross between JavaScript's arrays and the packed layout at once, at least. */
const leastStaging = 32768;

/** The fields of the kernels' GatedFlowJob that are no addresses. */
export type FlowNumbers = Pick<
  Fields<'GatedFlowJob'>,
  'B' | 'I' | 'H' | 'cell' | 'blockSteps' | 'rows' | 'scratchBytes'
>;
type Buffer = Exclude<keyof Fields<'GatedFlowJob'>, keyof FlowNumbers>;
export type FlowAddresses = Readonly<
  Record<Buffer | 'job' | 'staging' | 'normJob' | 'partials' | 'beside' | 'besideFlowing' | 'besideExponents', number>
>;

export type FlowLayout = {
  readonly kernels: Kernels;
  readonly team: Team | null;
  readonly threads: number;
  readonly sizes: FlowAddresses;
  readonly stagingLength: number;
  readonly blockSteps: number;
  readonly scratchBytes: number;
};

type FlowShape = Pick<GatedLayerShape, 'cell' | 'B' | 'I' | 'H' | 'steps'>;

/** @throws for a cell that the kernels of gated cells do not know, which must not get there */
export function flowShapeOf({ cell: name, I, H }: Pick<FlowShape, 'cell' | 'I' | 'H'>) {
  const cell = cellOf(name);
  if (cell.gated === undefined) throw new Error(`The kernels of gated cells do not know the cell ${name}.`);
  return { cell, gated: cell.gated, dtype: 'float64', I, H } as const;
}

/** Floating-point operations of a step's pre-activations. */
const workOf = ({ B, I, H }: Pick<FlowShape, 'B' | 'I' | 'H'>, gates: number): number => 2 * B * gates * H * (H + I);

/** Steps of a block. */
export const flowBlockSteps = (flow: FlowShape): number => {
  const work = workOf(flow, cellOf(flow.cell).gates.length);
  return Math.max(1, Math.min(flow.steps, Math.floor(blockRows / flow.B), Math.floor(blockWork / work)));
};

export function measureFlow(own: Kernels, flow: FlowShape, team: Team | null): FlowLayout {
  const { B, I, H, steps: longest } = flow;
  const shape = flowShapeOf(flow);
  const { width, hPanels, iPanels, gatePanels } = panelsOf(shape);
  const [S, G] = [shape.cell.states.length, shape.cell.gates.length];
  const work = workOf(flow, G);
  const most = team === null || 4 * longest * work < worthSharing ? 1 : team.most;
  const threads = team === null || most === 1 ? 1 : team.size;
  const blockSteps = flowBlockSteps(flow);
  const stagingLength = Math.max(leastStaging, leastStagingOf(shape), (blockSteps + 1) * Math.max(S * H, I));
  const scratchBytes =
    (Math.max(hPanels, iPanels) * width + gatePanels + sharedNumbers.BLOCKS * hPanels + B) * rowBytes;
  const rows = blockSteps * B * rowBytes;
  const numbers = (count: number): number => count * Float64Array.BYTES_PER_ELEMENT;
  return {
    kernels: team === null || most === 1 ? own : team.kernels,
    team: threads === 1 ? null : team,
    threads,
    stagingLength,
    blockSteps,
    scratchBytes,
    sizes: {
      job: structBytes('GatedFlowJob'),
      staging: numbers(stagingLength),
      ...gatedWeightSizes(shape),
      hs: hPanels * (rows + B * rowBytes),
      cs: S === 1 ? 0 : hPanels * (rows + B * rowBytes),
      xs: iPanels * rows,
      z: sharedNumbers.BLOCKS * rows,
      slopes: shape.gated.slopes * hPanels * rows,
      values: gatePanels * rows,
      g: hPanels * rows,
      entering: numbers(blockSteps),
      flowing: S * hPanels * 2 * B * rowBytes,
      next: hPanels * 2 * B * rowBytes,
      part: hPanels * 2 * B * rowBytes,
      d: sharedNumbers.BLOCKS * hPanels * pitchOf(2 * blockSteps * B),
      aligned: sharedNumbers.BLOCKS * hPanels * pitchOf(blockSteps * B),
      dx: iPanels * rows,
      scratch: most * scratchBytes,
      exponents: numbers(2 * B),
      rowStats: numbers(blockSteps * 2 * B * sharedNumbers.FLOWSTATS),
      stats: numbers(blockSteps * sharedNumbers.STEPSTATS),
      gateStats: numbers(blockSteps * G * gateNumbers),
      failed: 2 * Int32Array.BYTES_PER_ELEMENT,
      // What the network's single source has for itself.
      beside: structBytes('GatedFlowJob'),
      besideFlowing: S * hPanels * B * rowBytes,
      besideExponents: numbers(B),
      spans: 2 * B * Int32Array.BYTES_PER_ELEMENT,
      ...formSizes(gatePanels, structBytes('NormJob')),
    },
  };
}

/** What this pass takes; without `team` on one thread. */
export function gatedFlowRoom(own: Kernels, shape: FlowShape, team = own.team): Room {
  const { kernels, sizes } = measureFlow(own, shape, team);
  return { kernels, bytes: kernels.bytesFor(Object.values(sizes)) };
}
