// The run on screen with something changed: from the experiment in memory, nothing is read and only norms are kept.
import { t } from '@vscode/l10n';
import { changed, dropSpare, measureRecurrent, recurrentOf, release, runWithin } from '../../engine/index.js';
import type { LayerExperiment, Kernels, VerdictBounds, WhatIf, WhMeasures } from '../../engine/index.js';
import type { WhatIfAnswer } from '../../protocol/index.js';
import { Cancelled, drive } from '../scheduling/scheduler.js';
import { curveForPage } from './seriesDownsampling.js';

/** A matrix that the user tries, with what was measured of it: moving a slider asks for it many times in turn. */
type Recurrent = { readonly key: string; readonly Wh: Float64Array; readonly measures: WhMeasures };

/** The memory of the last what-if is kept so long for the next one, ms. */
const keptFor = 2000;

/** The what-ifs of one finished run. A newer question ends the one before, which is then answered with null. */
export class WhatIfs {
  readonly #experiment: LayerExperiment;
  readonly #bounds: VerdictBounds;
  readonly #kernels: Kernels | null;
  readonly #limit: number;
  readonly #check: () => void;
  #turn = 0;
  #before: Promise<unknown> = Promise.resolve();
  #recurrent: Recurrent | null = null;
  #idle: NodeJS.Timeout | undefined;

  /**
   * `limit`: bytes that may be held at once, see `runWithin`; `check` throws Cancelled when the run is not wanted any
   * more.
   */
  constructor(
    experiment: LayerExperiment,
    bounds: VerdictBounds,
    kernels: Kernels | null,
    check: () => void,
    limit = Infinity,
  ) {
    this.#experiment = experiment;
    this.#bounds = bounds;
    this.#kernels = kernels;
    this.#limit = limit;
    this.#check = check;
  }

  /** Ends the question that is under way. */
  stop(): void {
    this.#turn++;
  }

  async ask(whatIf: WhatIf): Promise<WhatIfAnswer | null> {
    const turn = ++this.#turn;
    const check = (): void => {
      if (turn !== this.#turn) throw new Cancelled();
      this.#check();
    };
    // The kernels have one memory: the question before has to be out of it.
    const answer = this.#before.then(() => this.#run(whatIf, check));
    this.#before = answer.catch(() => undefined);
    try {
      return await answer;
    } catch (error) {
      dropSpare();
      if (error instanceof Cancelled) return null;
      if (error instanceof RangeError)
        return { kind: 'refused', message: t('There is not enough memory to try this beside the run itself.') };
      throw error;
    }
  }

  async #run(whatIf: WhatIf, check: () => void): Promise<WhatIfAnswer> {
    check();
    const started = performance.now();
    const { Wh, measures } = await this.#recurrentFor(whatIf, check);
    const other = await drive(changed(this.#experiment, whatIf, Wh, measures), check, () => undefined);
    if (typeof other === 'string') return { kind: 'refused', message: other };
    const run = await drive(
      runWithin(this.#limit, other.experiment, this.#bounds, this.#kernels),
      check,
      () => undefined,
    );
    const {
      verdict,
      layers: [
        {
          log10Norms: { dh },
          log10SingleSource,
        },
      ],
      clipFactor,
      lossValue,
    } = run;
    // While a slider moves one run follows the other.
    release(run);
    clearTimeout(this.#idle);
    this.#idle = setTimeout(dropSpare, keptFor);
    this.#idle.unref();
    return {
      kind: 'run',
      verdict,
      clipFactor,
      lossValue,
      measures: other.measures,
      T: dh.length,
      ...curveForPage({ dh, singleSource: log10SingleSource }),
      elapsedMs: performance.now() - started,
    };
  }

  async #recurrentFor({ initialise, rescale }: WhatIf, check: () => void): Promise<Recurrent> {
    const key = JSON.stringify(initialise);
    const needed = rescale?.measure ?? null;
    const known = this.#recurrent;
    if (known?.key === key && (needed === null || known.measures[needed] !== null)) return known;
    const Wh = await drive(recurrentOf(this.#experiment, initialise), check, () => undefined);
    const measures = await drive(
      measureRecurrent(Wh, this.#experiment.shapes.H, initialise, needed),
      check,
      () => undefined,
    );
    this.#recurrent = { key, Wh, measures };
    return this.#recurrent;
  }
}
