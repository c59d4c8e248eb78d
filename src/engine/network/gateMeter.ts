// How far the gates of a cell are open at every step.
import type { Cell } from '../cells/cell.js';
import type { CellRow } from './cellRows.js';
import type { GateMeasures } from './result.js';
import { isThere } from './runChunk.js';
import type { RunChunk } from './runChunk.js';

/** A gate below the first counts as closed, one above the second as open. */
export const [closedBelow, openAbove] = [0.1, 0.9];

/** Collects mean, closed and open share of every gate over the sequences that have a step, and their units. */
export class GateMeter {
  readonly #measures: Readonly<Record<string, GateMeasures>> | null;
  readonly #cell: Cell;
  readonly #values: Float64Array;
  readonly #H: number;

  /** Adds to `measures`, which begin with zeros; null for a cell without gates that open and close. */
  constructor(cell: Cell, H: number, measures: Readonly<Record<string, GateMeasures>> | null) {
    this.#cell = cell;
    this.#H = H;
    this.#values = new Float64Array(cell.gates.length * H);
    this.#measures = measures;
  }

  /** Step t of a chunk. */
  measure(chunk: RunChunk, t: number, rows: readonly CellRow[]): void {
    if (this.#measures === null) return;
    const H = this.#H;
    const there = rows.filter((_, b) => isThere(chunk, b, t));
    for (const { step } of there) {
      this.#cell.gateValues?.(step, this.#values);
      for (const [g, name] of this.#cell.gates.entries()) {
        const { mean, closed, open } = this.#measures[name]!;
        for (let j = 0; j < H; j++) {
          const value = this.#values[g * H + j]!;
          const size = this.#cell.gateKinds?.[g] === 'candidate' ? Math.abs(value) : value;
          const share = 1 / (there.length * H);
          const at = chunk.start + t;
          mean[at] = mean[at]! + value * share;
          if (size < closedBelow) closed[at] = closed[at]! + share;
          if (size > openAbove) open[at] = open[at]! + share;
        }
      }
    }
  }
}
