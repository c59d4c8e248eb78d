// Pinned runs: their norms stay over whatever runs next, also when the window is loaded again.
import { literal } from '../widgets/dom.js';
import { formatSetting } from '../page/format.js';
import { t } from '../page/l10n.js';
import { layerName } from '../page/layerNames.js';
import { curveNames } from '../chart/overlay.js';
import type { Curve, CurveName, Overlay } from '../chart/overlay.js';
import type { PageState } from '../page/pageState.js';
import type { RunSummary } from '../page/model.js';
import type { Theme } from '../page/theme.js';
import type { TriedRun, WhatIf } from './whatIfState.js';

type Kind = RunSummary['verdict']['kind'];
export type Pin = {
  readonly id: number;
  readonly name: string;
  readonly kind: Kind;
  readonly perStepFactor: number | null;
  readonly log10Ratio: number | null;
  readonly curve: Curve;
};

/** More lines than these cannot be told apart. */
export const mostPins = 6;
/** Points of a kept curve: the page's memory is written as text on every change. */
const mostPoints = 1024;
const longestName = 40;
const kinds: readonly Kind[] = ['vanishing', 'fading', 'healthy', 'exploding', 'nonfinite'];
const dashes: readonly (readonly number[])[] = [
  [7, 3],
  [2, 2],
  [9, 3, 2, 3],
  [4, 2],
  [12, 4],
  [1, 3],
];
/** Hues that the run's own lines leave free: teal, pink, olive. Pins of the same hue differ by their dashes. */
const hues = [195, 345, 100] as const;
const lightness: Readonly<Record<Theme['kind'], number>> = {
  dark: 0.78,
  light: 0.52,
  'high-contrast': 0.86,
  'high-contrast-light': 0.42,
};
/** Of the first, second, … line over the run. */
export const colourOf = (id: number, { kind }: Theme): string =>
  `oklch(${lightness[kind]} 0.13 ${hues[(id - 1) % hues.length] ?? 0})`;

/** At most `mostPoints` steps, smallest and largest of each bin, so that no spike is lost. */
function thin({ T, t, dh, singleSource }: Curve): Curve {
  const count = dh.length;
  if (count <= mostPoints) return { T, t, dh, singleSource };
  const places = new Set<number>([0, count - 1]);
  const bins = mostPoints / 2 - 1;
  for (let bin = 0; bin < bins; bin++) {
    const [start, end] = [Math.floor((bin * count) / bins), Math.floor(((bin + 1) * count) / bins)];
    let [low, high] = [start, start];
    for (let i = start; i < end; i++) {
      if ((dh[i] ?? NaN) < (dh[low] ?? NaN)) low = i;
      if ((dh[i] ?? NaN) > (dh[high] ?? NaN)) high = i;
    }
    places.add(low);
    places.add(high);
  }
  const at = Float64Array.from([...places].sort((a, b) => a - b));
  return {
    T,
    t: at.map((place) => t?.[place] ?? place),
    dh: at.map((place) => dh[place] ?? NaN),
    singleSource: at.map((place) => singleSource[place] ?? NaN),
  };
}

/** Of a kept logarithm. */
const decimals = 7;
/** JSON has no word for what is not finite; logs of norms never come near these. */
const zero = -1e9;
const write = (values: Float64Array): (number | null)[] =>
  [...values].map((value) =>
    value === -Infinity
      ? zero
      : value === Infinity
        ? -zero
        : Number.isFinite(value)
          ? Number(value.toFixed(decimals))
          : null,
  );
function read(values: unknown): Float64Array | null {
  if (!Array.isArray(values) || !values.every((value) => value === null || typeof value === 'number')) return null;
  return Float64Array.from(values as (number | null)[], (value) =>
    value === null ? NaN : value === zero ? -Infinity : value === -zero ? Infinity : value,
  );
}
const numberOrNull = (value: unknown): number | null =>
  typeof value === 'number' ? value : value === '-Infinity' ? -Infinity : null;

function pinFrom(kept: unknown): Pin | null {
  if (typeof kept !== 'object' || kept === null) return null;
  const { id, name, kind, perStepFactor, log10Ratio, T, t: at, dh, singleSource } = kept as Record<string, unknown>;
  const known = kinds.find((other) => other === kind);
  const [steps, total, single] = [at === null ? null : read(at), read(dh), read(singleSource)];
  if (
    typeof id !== 'number' ||
    typeof name !== 'string' ||
    known === undefined ||
    typeof T !== 'number' ||
    total === null ||
    single === null ||
    (at !== null && steps === null)
  )
    return null;
  return {
    id,
    name,
    kind: known,
    perStepFactor: numberOrNull(perStepFactor),
    log10Ratio: numberOrNull(log10Ratio),
    curve: { T, t: steps, dh: total, singleSource: single },
  };
}

/** What is tried, in symbols: `σ_max 0.9, relu, b + 0.25`; of one gate `b(f) + 1`. */
function briefly(
  {
    layers,
    cell,
    initialise,
    rescale,
    whGate,
    inputScale,
    biasShift,
    biasGate,
    clipNorm,
    truncate,
    lossAt,
    drop,
  }: WhatIf,
  network: RunSummary['network'],
): string {
  const of = (gate: string | null): string => (gate === null ? '' : `(${gate})`);
  return [
    initialise === null ? null : `Wh ${initialise.way} ${initialise.seed}`,
    rescale === null
      ? null
      : `${rescale.measure === 'sigmaMax' ? 'σ_max' : 'ρ'}${of(whGate)} ${formatSetting(rescale.to)}`,
    cell,
    inputScale === null ? null : `Wx × ${formatSetting(inputScale)}`,
    biasShift === null ? null : `b${of(biasGate)} + ${formatSetting(biasShift)}`,
    clipNorm === null ? null : `clip ${clipNorm}`,
    truncate === null ? null : `k ${truncate}`,
    lossAt === null ? null : `t = ${lossAt}`,
    drop === null ? null : `L − 1`,
    network === null || layers === null ? null : layers === 'all' ? t('all layers') : layerName(network, layers),
  ]
    .filter((part) => part !== null)
    .join(', ');
}

export class Pins {
  pins: readonly Pin[] = [];
  /** Which of the two curves of a pin is drawn. */
  draws: CurveName = 'dh';
  readonly #memory: PageState;
  readonly #listeners = new Set<() => void>();

  constructor(memory: PageState) {
    this.#memory = memory;
    const kept = memory.read('pins');
    this.draws = curveNames.find((name) => name === kept['draws']) ?? 'dh';
    if (Array.isArray(kept['pins']))
      this.pins = kept['pins']
        .map(pinFrom)
        .filter((pin) => pin !== null)
        .slice(0, mostPins);
  }

  get full(): boolean {
    return this.pins.length >= mostPins;
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** Keeps a run, or what is tried of it. */
  add(run: RunSummary, tried: TriedRun | null, whatIf: WhatIf): void {
    if (this.full) return;
    const { steps } = tried ?? run;
    const { dh, singleSource } = (tried ?? run.layers[0]).log10;
    const id = [1, 2, 3, 4, 5, 6].find((free) => this.pins.every((pin) => pin.id !== free)) ?? 0;
    const { name, network } = run;
    const layer = tried?.layer ?? network?.shown ?? 0;
    // A name that is too long loses its end, and pins of two layers of one run would be called the same.
    const isOne = network === null || network.layers.length === 1;
    const whose = isOne || (tried !== null && whatIf.layers === layer) ? '' : `${layerName(network, layer)}: `;
    const called = whose + (tried === null ? name : briefly(whatIf, network));
    const { kind, perStepFactor, log10Ratio } = tried?.layerVerdict ?? run.verdict;
    this.#set([
      ...this.pins,
      {
        id,
        name: called.length > longestName ? `${called.slice(0, longestName - 1)}…` : called,
        kind,
        perStepFactor,
        log10Ratio,
        curve: thin({ T: tried?.T ?? run.shapes.T, t: steps, dh, singleSource }),
      },
    ]);
  }

  rename(id: number, name: string): void {
    this.#set(this.pins.map((pin) => (pin.id === id ? { ...pin, name } : pin)));
  }

  remove(id: number): void {
    this.#set(this.pins.filter((pin) => pin.id !== id));
  }

  draw(name: CurveName): void {
    this.draws = name;
    this.#set(this.pins);
  }

  look({ id }: Pin, theme: Theme): { readonly colour: string; readonly dash: readonly number[] } {
    return { colour: colourOf(id, theme), dash: dashes[id - 1] ?? [] };
  }

  overlays(): readonly Overlay[] {
    return this.pins.map((pin) => ({
      id: `pin ${pin.id}`,
      name: `#${pin.id} ${literal(pin.name)}`,
      csv: `pin${pin.id}`,
      csvNote: pin.name,
      curve: pin.curve,
      colour: (theme) => this.look(pin, theme).colour,
      width: 1.5,
      dash: dashes[pin.id - 1] ?? [],
      draws: [this.draws],
      uncertainty: () => 0.5 * 10 ** -decimals,
    }));
  }

  #set(pins: readonly Pin[]): void {
    this.pins = pins;
    this.#memory.write('pins', {
      draws: this.draws,
      pins: pins.map(({ curve: { T, t: at, dh, singleSource }, log10Ratio, ...rest }) => ({
        ...rest,
        log10Ratio: log10Ratio === -Infinity ? '-Infinity' : log10Ratio,
        T,
        t: at === null ? null : [...at],
        dh: write(dh),
        singleSource: write(singleSource),
      })),
    });
    for (const listener of this.#listeners) listener();
  }
}
