// Gradient curves of other runs, laid over the run on screen: what is tried, what is pinned, a version from the
// history.
import { t as say } from '../page/l10n.js';
import { formatLog10 } from '../page/format.js';
import { nearestIndex, printNear } from '../page/nearest.js';
import { nearStepValue, stepValue } from '../page/series.js';
import type { Line } from './scene.js';
import type { RunSummary } from '../page/model.js';
import type { Theme } from '../page/theme.js';

export type CurveName = 'dh' | 'singleSource';
/** log10 of norms at the steps `t`, or at all T of them. */
export type Curve = { readonly T: number; readonly t: Float64Array | null } & Readonly<Record<CurveName, Float64Array>>;

export type Overlay = {
  readonly id: string;
  /** As `math` reads it. */
  readonly name: string;
  /** What its columns of a saved table end with. */
  readonly csv: string;
  /** What these columns are of, for the comments above; none where that name says it. */
  readonly csvNote?: string;
  readonly curve: Curve;
  readonly colour: (theme: Theme) => string;
  readonly width: number;
  readonly dash: readonly number[];
  /** Which of its lines are drawn; the table has both. */
  readonly draws: readonly CurveName[];
  /** Decades by which a value that was kept may be off because it was rounded; none unless told. */
  readonly uncertainty?: (log10: number) => number;
};

/** Runs of other lengths meet at their last steps: what counts is the distance that the gradient has come. */
const shiftOf = (curve: Curve, T: number): number => T - curve.T;

/** Steps of the run on screen at which the curve has its values; null for all. */
export function stepsOf(curve: Curve, T: number): Float64Array | null {
  const shift = shiftOf(curve, T);
  if (curve.t === null) return shift === 0 ? null : Float64Array.from({ length: curve.T }, (_, t) => t + shift);
  return shift === 0 ? curve.t : curve.t.map((t) => t + shift);
}

/** Whether the curve has a value of its own at step t of a run of T steps: a long one is kept at some of its steps. */
export function keeps({ t: steps, ...curve }: Curve, t: number, T: number): boolean {
  const own = t - shiftOf({ t: steps, ...curve }, T);
  return own >= 0 && own < curve.T && (steps === null || steps[nearestIndex(steps, own)] === own);
}

/** As many digits of a norm as its rounded logarithm still tells, and one; null for all. */
export function digitsOf({ uncertainty }: Overlay, log10: number): number | null {
  const relative = Math.LN10 * (uncertainty?.(log10) ?? 0);
  return relative > 0 ? Math.max(2, Math.floor(-Math.log10(relative)) + 1) : null;
}

/** The curve at step t of a run of T steps; NaN beyond its ends, and where its value was not kept. */
export const valueAt = (curve: Curve, name: CurveName, t: number, T: number): number =>
  stepValue(curve.t, curve[name], t - shiftOf(curve, T));

/** The same for a picture: the nearest value that is kept. */
export function nearAt(curve: Curve, name: CurveName, t: number, T: number): number {
  const own = t - shiftOf(curve, T);
  return own < 0 || own >= curve.T ? NaN : nearStepValue(curve.t, curve[name], own);
}

export const curveNames: readonly CurveName[] = ['dh', 'singleSource'];

/** As `‖g_t‖ what if`. */
export const overlayColumn = (overlay: Overlay, name: CurveName): string =>
  name === 'dh' ? say('‖g_t‖ {0}', overlay.name) : say('last step alone {0}', overlay.name);

/** A source of overlays, such as the pins. */
export type OverlaySource = { overlays(): readonly Overlay[]; onChange(listener: () => void): void };

/** Everything that lies over the run, and whether it is drawn as it is or as its distance to the run. */
export class Overlays {
  difference = false;
  readonly #sources: OverlaySource[] = [];
  readonly #listeners = new Set<() => void>();

  add(source: OverlaySource): void {
    this.#sources.push(source);
    source.onChange(() => this.changed());
  }

  get all(): readonly Overlay[] {
    return this.#sources.flatMap((source) => source.overlays());
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  changed(): void {
    for (const listener of this.#listeners) listener();
  }
}

/** The lines of an overlay over a run, made by `make` from the dense or decimated values. */
export function overlayLines(
  overlay: Overlay,
  run: RunSummary,
  theme: Theme,
  make: (
    line: Partial<Line> & Pick<Line, 'id' | 'legend' | 'colour'>,
    values: Float64Array,
    steps: Float64Array | null,
  ) => Line,
): Line[] {
  const { T } = run.shapes;
  const t = stepsOf(overlay.curve, T);
  return overlay.draws.map((name) => {
    const values = overlay.curve[name];
    const second = name === 'singleSource' && overlay.draws.length > 1;
    return make(
      {
        id: `${overlay.id} ${name}`,
        legend: overlayColumn(overlay, name),
        colour: overlay.colour(theme),
        width: second ? 1.5 : overlay.width,
        dash: second ? [2, 2] : overlay.dash,
        series: { values, t },
        at: (step) => nearAt(overlay.curve, name, step, T),
        print: printNear(t, formatLog10),
      },
      values,
      t,
    );
  });
}
