// What the user tries without touching the files: the changed parts, and what the worker says of them.
import { onFrame } from '../widgets/dom.js';
import { t } from '../page/l10n.js';
import type { Model, RunSummary } from '../page/model.js';
import type { GateSource } from '../page/gateSource.js';
import type { MapSource } from '../page/mapSource.js';
import type { Overlay } from '../chart/overlay.js';
import type { WhatIf, WhatIfAnswer, WhatIfRequest } from '../../src/protocol/index.js';

export type { WhatIf };
export type TriedRun = WhatIfAnswer & { readonly kind: 'run' };

export const asItIs: WhatIf = {
  layers: null,
  cell: null,
  initialise: null,
  rescale: null,
  whGate: null,
  inputScale: null,
  biasShift: null,
  biasGate: null,
  clipNorm: null,
  truncate: null,
  lossAt: null,
  drop: null,
};
/** What says which part a change is of; by themselves they change nothing. */
const selectors: readonly (keyof WhatIf)[] = ['layers', 'whGate', 'biasGate'];
const keys = (Object.keys(asItIs) as (keyof WhatIf)[]).filter((key) => !selectors.includes(key));

/** The cell and the layers that a run has, as far as what is tried depends on them. */
export type Has = Pick<RunSummary, 'cell' | 'network'>;
export const layersIn = ({ network }: Pick<Has, 'network'>): number => network?.layers.length ?? 1;

/**
 * A question that takes longer is given up for a newer one; a shorter one is waited for, so that every drag shows
 * pictures.
 */
const patience = 2_000;

export class WhatIfState {
  whatIf: WhatIf = asItIs;
  /** The last answer, also while the next one is on its way; null before the first. */
  run: TriedRun | null = null;
  /** Why it cannot be tried. */
  refusal: string | null = null;
  /** Written into the files: the next run of the experiment shows it, and nothing is tried any more. */
  applied = false;
  /** The measures of what is in the files, as the last answer told them, and of which layers. */
  #inFiles: { readonly of: WhatIf['layers']; readonly measures: TriedRun['measures'] } | null = null;
  /** Number of answers so far. */
  answers = 0;
  readonly #model: Model;
  readonly #gates: GateSource;
  readonly #map: MapSource;
  readonly #listeners = new Set<() => void>();
  readonly #soon = onFrame(() => this.#ask());
  #turn = 0;
  #askedAt: number | null = null;
  #waiting = false;

  constructor(model: Model, gates: GateSource, map: MapSource) {
    this.#model = model;
    this.#gates = gates;
    this.#map = map;
    for (const source of [gates, map])
      source.onAsk(() => {
        if (this.active) this.#soon();
      });
    model.onChange((change) => {
      if (change !== 'run') return;
      this.#inFiles = null;
      if (this.applied) this.reset();
      else if (this.run !== null || this.active) this.#soon();
    });
  }

  /** What is asked for and written: of a network that of the layer that is looked at, where none was chosen. */
  get asked(): WhatIf {
    return { ...this.whatIf, layers: this.whatIf.layers ?? this.#model.run?.network?.shown ?? null };
  }

  /** Whether anything is another than in the files. */
  get active(): boolean {
    return keys.some((key) => this.whatIf[key] !== null);
  }

  /** The changed run, when there is something to show beside the run itself. */
  get shown(): TriedRun | null {
    return this.active ? this.run : null;
  }

  /** Of Wh as it is tried; as soon as nothing is, that of the files, and not what the answer before said. */
  get measures(): TriedRun['measures'] {
    const known = this.active || this.#inFiles?.of !== this.asked.layers ? null : this.#inFiles;
    return known?.measures ?? this.run?.measures ?? [];
  }

  overlays(): readonly Overlay[] {
    const { shown } = this;
    if (shown === null) return [];
    return [
      {
        id: 'whatIf',
        name: t('what if'),
        csv: 'what_if',
        curve: { T: shown.T, t: shown.steps, ...shown.log10 },
        colour: ({ purple }) => purple,
        width: 2.5,
        dash: [],
        draws: ['dh', 'singleSource'],
      },
    ];
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** What is changed first is changed of the layer that is looked at, and stays that one's. */
  change(part: Partial<WhatIf>): void {
    const whatIf = { ...this.whatIf, ...part };
    const shown = this.#model.run?.network?.shown ?? 0;
    const isOne = layersIn(this.#model.run ?? { network: null }) === 1;
    this.whatIf =
      whatIf.layers === null && !isOne && keys.some((key) => whatIf[key] !== null)
        ? { ...whatIf, layers: shown }
        : whatIf;
    this.applied = false;
    this.#tell();
    this.#soon();
  }

  reset(): void {
    this.applied = false;
    this.change(asItIs);
  }

  /** Asks for the measures of what is there, before anything is changed. */
  start(): void {
    if (this.run === null) this.#soon();
  }

  /** Nobody looks any more. */
  stop(): void {
    this.#turn++;
    this.#askedAt = null;
    this.#waiting = false;
    this.whatIf = asItIs;
    this.run = null;
    this.#inFiles = null;
    this.refusal = null;
    this.applied = false;
    void this.#model.slice('whatIf', { whatIf: null });
    this.#tell();
  }

  markApplied(): void {
    this.applied = true;
    this.#tell();
  }

  #ask(): void {
    if (this.#askedAt !== null && performance.now() - this.#askedAt < patience) {
      this.#waiting = true;
      return;
    }
    const turn = ++this.#turn;
    this.#askedAt = performance.now();
    this.#waiting = false;
    // A question that nothing follows may take its time.
    const later = setTimeout(() => {
      if (turn === this.#turn && this.#waiting) this.#ask();
    }, patience);
    const { active } = this;
    const of = this.asked.layers;
    void this.#model.slice('whatIf', this.#question()).then((answer) => {
      clearTimeout(later);
      if (turn !== this.#turn) return;
      this.#askedAt = null;
      if (answer?.kind === 'run' && !active) this.#inFiles = { of, measures: answer.measures };
      if (answer?.kind === 'run') [this.run, this.refusal] = [answer, null];
      else if (answer?.kind === 'refused') [this.run, this.refusal] = [null, answer.message];
      if (answer !== null) this.answers++;
      if (this.#waiting) this.#soon();
      this.#tell();
    });
  }

  #question(): Omit<WhatIfRequest, 'runId'> {
    const { wanted: gates } = this.#gates;
    const { wanted: map } = this.#map;
    return {
      whatIf: this.asked,
      ...(gates === null ? {} : { gates }),
      ...(map === null ? {} : { map }),
    };
  }

  #tell(): void {
    this.#gates.tried = this.shown?.gates ?? null;
    this.#map.tried = this.shown?.map ?? null;
    for (const listener of this.#listeners) listener();
  }
}
