// Kernels that count what they are asked for, so that a test can say how much lies between two pauses without a clock.
import { cellOf } from '../../../src/engine/index.js';
import type { DType, LayerExperiment, Kernels, Resumable } from '../../../src/engine/index.js';
import { perform } from '../../../src/engine/wasm/team.js';

/**
 * Multiplications, one of float64 as two of float32. About ten milliseconds on one slow core, half of what a cancelled
 * run may take.
 */
export const most = 1.2e8;
/** A number that is moved goes through the memory, once or twice, and takes as long as so many multiplications. */
const moving = 32;

/** Counts in these kernels and those made from them; `sharedBy` threads, whose calls go on at the same time. */
export class Counted {
  readonly kernels: Kernels;
  readonly #experiment: LayerExperiment;
  #work = 0;

  constructor(kernels: Kernels, experiment: LayerExperiment, sharedBy = 1) {
    this.#experiment = experiment;
    this.kernels = this.#counting(kernels);
    if (sharedBy === 1) return;
    this.kernels.team = {
      kernels: this.kernels,
      size: sharedBy,
      most: sharedBy,
      up: () => Promise.resolve(),
      fit: () => undefined,
      beside: () => null,
      elsewhere: () => null,
      run: (tasks) => {
        const before = this.#work;
        let longest = 0;
        for (const task of tasks) {
          if (task === null) continue;
          this.#work = 0;
          perform(this.kernels.exports, task);
          longest = Math.max(longest, this.#work);
        }
        this.#work = before + longest;
      },
    };
  }

  /** Work of every stretch of `steps` between two pauses; given up at `enough` in all. */
  drive<R>(
    steps: Resumable<R>,
    enough = Infinity,
  ): {
    readonly stretches: readonly number[];
    readonly largest: number;
    readonly total: number;
    readonly result: R | null;
  } {
    const stretches: number[] = [];
    let [largest, total] = [0, 0];
    while (total < enough) {
      this.#work = 0;
      const step = steps.next();
      stretches.push(this.#work);
      largest = Math.max(largest, this.#work);
      total += this.#work;
      if (step.done === true) return { stretches, largest, total, result: step.value };
    }
    return { stretches, largest, total, result: null };
  }

  #counting(kernels: Kernels): Kernels {
    const {
      dtype,
      shapes: { B, I, H },
    } = this.#experiment;
    const own = kernels.exports;
    const add = (work: number, type: DType = 'float64'): void => {
      this.#work += type === 'float64' ? 2 * work : work;
    };
    const [dx, dots] = [H * I, (B * B * (2 * H + I)) / 2];
    const gates = cellOf(this.#experiment.cell).gates.length;
    const [gatedDx, gatedDots, gatedForms] = [
      gates * H * I,
      (B * B * (2 * gates * H + H + I)) / 2,
      gates * B * H * (H + I),
    ];
    const panels = (N: number): number => Math.ceil(N / (dtype === 'float32' ? 16 : 8));
    const ofType = { 32: 'float32', 64: 'float64' } as const;
    const layer = (bits: 32 | 64) => {
      const type = ofType[bits];
      const counted =
        <Args extends readonly number[], R>(run: (...args: Args) => R, work: (...args: Args) => number) =>
        (...args: Args): R => {
          add(work(...args), type);
          return run(...args);
        };
      return {
        [`input${bits}`]: counted(own[`input${bits}`], (_, t0, t1) => (t1 - t0) * I * H),
        [`forward${bits}`]: counted(
          own[`forward${bits}`],
          (_, t0, t1, b0, b1) => (t1 - t0) * (b1 - b0) * H * (H + (B === 1 ? 0 : I)),
        ),
        [`backward${bits}`]: counted(own[`backward${bits}`], (_, t0, t1, b0, b1) => (t1 - t0) * (b1 - b0) * H * H),
        [`sums${bits}`]: counted(own[`sums${bits}`], (_, t0, t1, __, part, parts, ___, withOwn) => {
          const share = (count: number): number =>
            Math.floor((count * (part + 1)) / parts) - Math.floor((count * part) / parts);
          return (
            share(t1 - t0) * ((withOwn & 1) * B * dx + ((withOwn >> 1) & 1) * dots) +
            (share(panels(H) + panels(I)) / (panels(H) + panels(I))) * (t1 - t0) * B * H * (H + I)
          );
        }),
        [`inputGradient${bits}`]: counted(own[`inputGradient${bits}`], (_, __, ___, r0, r1) => (r1 - r0) * dx),
        [`gatedForward${bits}`]: counted(
          own[`gatedForward${bits}`],
          (_, t0, t1, b0, b1) => (t1 - t0) * (b1 - b0) * gates * H * (H + I),
        ),
        [`gatedBackward${bits}`]: counted(
          own[`gatedBackward${bits}`],
          (_, t0, t1, b0, b1) => (t1 - t0) * (b1 - b0) * gates * H * H,
        ),
        [`gatedInputs${bits}`]: counted(own[`gatedInputs${bits}`], (_, __, ___, r0, r1) => (r1 - r0) * gatedDx),
        [`gatedSums${bits}`]: counted(own[`gatedSums${bits}`], (_, t0, t1, __, part, parts, ___, withOwn) => {
          const share = (count: number): number =>
            Math.floor((count * (part + 1)) / parts) - Math.floor((count * part) / parts);
          const norms = ((withOwn >> 1) & 1) * gatedDots + (withOwn >> 2) * gatedForms;
          return (
            share(t1 - t0) * ((withOwn & 1) * B * gatedDx + norms) +
            (share(panels(H) + panels(I)) / (panels(H) + panels(I))) * (t1 - t0) * gatedForms
          );
        }),
        [`whole${bits}`]: counted(own[`whole${bits}`], () => 3 * this.#experiment.shapes.T * B * H * (H + I)),
        [`gatedWholeForward${bits}`]: counted(
          own[`gatedWholeForward${bits}`],
          () => this.#experiment.shapes.T * gatedForms,
        ),
        [`gatedWholeBackward${bits}`]: counted(
          own[`gatedWholeBackward${bits}`],
          () => this.#experiment.shapes.T * (2 * gatedForms + gatedDots + gatedForms),
        ),
        [`plainBack${bits}`]: counted(own[`plainBack${bits}`], (...args) => args[8] * (args[10] - args[9]) * H * H),
        [`pack${bits}`]: counted(own[`pack${bits}`], (_, rows, N) => moving * rows * N),
        [`packColumns${bits}`]: counted(own[`packColumns${bits}`], (_, __, rows, N) => moving * rows * N),
        [`packTransposed${bits}`]: counted(own[`packTransposed${bits}`], (_, N, K) => moving * N * K),
        [`packGates${bits}`]: counted(own[`packGates${bits}`], (...args) => 2 * moving * args[4] * gates * args[6]),
        [`unpackGates${bits}`]: counted(own[`unpackGates${bits}`], (...args) => moving * args[4] * gates * args[6]),
        [`unpack${bits}`]: counted(own[`unpack${bits}`], (_, __, ___, rows, N) => moving * rows * N),
        [`fill${bits}`]: counted(own[`fill${bits}`], (_, N, __, ___, rows) => moving * rows * N),
        [`gramRows${bits}`]: counted(
          own[`gramRows${bits}`],
          (_, first, end, wide) => (end - first) * 2 * B * (2 * H + I) * (wide === 1 ? 4 : 1),
        ),
        [`formPanels${bits}`]: counted(
          own[`formPanels${bits}`],
          // Of gated cells x stands for the state too; the job says how wide it is.
          (job, recurrent, first, end) =>
            (end - first) *
            (bits === 32 ? 16 : 8) *
            B *
            (recurrent === 1 ? H : (new Int32Array(kernels.memory.buffer, job, 2)[1] ?? I)),
        ),
      };
    };
    const exports: typeof own = {
      ...own,
      ...layer(32),
      ...layer(64),
      clear: (at, bytes) => {
        add((moving * bytes) / 16);
        own.clear(at, bytes);
      },
      flowSlopes: (...args) => {
        add((args[2] - args[1]) * H * (H + I));
        own.flowSlopes(...args);
      },
      flowRows: (...args) => {
        add(args[1] * (args[5] - args[4]) * H * H);
        own.flowRows(...args);
      },
      flowInputs: (...args) => {
        add((args[2] - args[1]) * dx);
        own.flowInputs(...args);
      },
      flowNorms: (...args) => {
        add((args[2] - args[1]) * ((args[4] & 1) * B * dx + (args[4] >> 1) * dots));
        own.flowNorms(...args);
      },
      gatedFlowSlopes: (...args) => {
        add((args[2] - args[1]) * gates * H * (H + I));
        own.gatedFlowSlopes(...args);
      },
      gatedFlowRows: (...args) => {
        add(args[1] * (args[5] - args[4]) * gates * H * H);
        own.gatedFlowRows(...args);
      },
      gatedFlowInputs: (...args) => {
        add((args[2] - args[1]) * gatedDx);
        own.gatedFlowInputs(...args);
      },
      gatedFlowNorms: (...args) => {
        const [steps, withOwn] = [args[2] - args[1], args[4]];
        add(steps * (((withOwn >> 1) & 1) * gatedDots + (withOwn >> 2) * gatedForms));
        own.gatedFlowNorms(...args);
      },
      multiplyRows: (...args) => {
        add(args[2] * args[4] * args[7]);
        own.multiplyRows(...args);
      },
      triangularProduct: (...args) => {
        add(((args[5] - args[4]) * args[2] ** 2) / 2);
        own.triangularProduct(...args);
      },
      rowsAmong: (...args) => {
        add(2 * args[4] ** 2 * args[1]);
        return own.rowsAmong(...args);
      },
      rowsEnd: (...args) => {
        add(args[5] ** 2 * (args[6] * 2 * args[2] + args[4]));
        own.rowsEnd(...args);
      },
      eliminateRows: (...args) => {
        add((args[5] - args[4]) * args[5] * args[2]);
        own.eliminateRows(...args);
      },
      lanczosStep: (...args) => {
        add((args[10] - args[9]) * args[4] ** 2);
        own.lanczosStep(...args);
      },
      jacobiRound: (...args) => {
        add(5 * (args[8] - args[7]) * (args[2] / args[5]) ** 2 * (args[1] / 8));
        own.jacobiRound(...args);
      },
      projectDots: (...args) => {
        add(args[4] * (args[6] - args[5]) * args[1]);
        own.projectDots(...args);
      },
      projectPanels: (...args) => {
        add(args[3] * (args[5] - args[4]) * 8 * args[2]);
        own.projectPanels(...args);
      },
      addOuter: (...args) => {
        add(args[6] * 8 * args[5] * args[4]);
        own.addOuter(...args);
      },
    };
    const apart = kernels.apart.bind(kernels);
    return Object.assign(kernels, {
      exports,
      apart: () => {
        const other = apart();
        return other === null ? null : this.#counting(other);
      },
    });
  }
}
