// What every track's view can do; the stack of tracks knows views only through this.
import { formatFactor, formatNumber } from '../page/format.js';
import { t } from '../page/l10n.js';
import { isReverse, positionOf } from '../page/stepLabels.js';
import { timeTicks } from './axis.js';
import type { Groups } from '../page/groups.js';
import type { PageState } from '../page/pageState.js';
import type { Failure, Model, RunSummary, TimeWindow } from '../page/model.js';
import type { Scene } from './scene.js';
import type { TablePlan } from '../page/tablePlan.js';
import type { Theme, ThemeWatch } from '../page/theme.js';
import type { Timeline } from '../page/timeline.js';
import type { ColourMap } from '../page/colours.js';
import type { Help } from '../widgets/popover.js';

/** What the whole page shares. */
export type Page = {
  readonly model: Model;
  readonly timeline: Timeline;
  readonly themes: ThemeWatch;
  readonly memory: PageState;
  readonly groups: Groups;
};

/** Size of the plot in device pixels: how much detail is worth asking for. */
export type PlotSize = { readonly columns: number; readonly rows: number };

/** A bar that explains the colours: values −1 … 1 of the map and what its ends and middle mean. */
export type ColourBar = {
  readonly map: ColourMap;
  readonly low: string;
  readonly middle: string;
  readonly high: string;
  /** −1 unless the bar shows the upper half of the map only. */ readonly from?: 0 | -1;
};

export type View = {
  readonly id: string;
  readonly title: string;
  /** One line under the title, as `math` reads it. */
  formula(): string;
  readonly help: Help;
  readonly height: number;
  /** Folded until the user unfolds it: not everybody needs it. */
  readonly folded?: true;
  /** Lines that are drawn only when the user wants them: their ids. */
  hiddenAtFirst?(run: RunSummary | null): readonly string[];
  /** Its numbers are an analysis of the whole run: not asked for while it is folded or far out of sight. */
  readonly costly?: true;
  /** Of a costly one: whether what it was asked for is still to come. */
  pending?(): boolean;
  /** Of a costly one: why it has no numbers, if it has failed to get them. */
  failure?(): Failure | null;
  /** Of a costly one: what it shows is still of the run before. */
  older?(): boolean;
  /** Controls that stand with the legend. */
  readonly controls?: HTMLElement;
  /** False: the run has nothing to show here (saturation of a relu cell). */
  available(run: RunSummary): boolean;
  /** What says as much as the picture would, in its place; null: the picture is drawn. */
  inWords?(run: RunSummary): string | null;
  /** Asks for what the window needs; calls `changed` when a later `scene` would differ. */
  refresh(window: TimeWindow, size: PlotSize, changed: () => void): void;
  /**
   * `hidden`: ids of lines that the user does not want to see; they stay in the scene, for the legend, but nothing else
   * of them does.
   */
  scene(run: RunSummary, window: TimeWindow, theme: Theme, hidden: ReadonlySet<string>): Scene;
  colourBar(theme: Theme): ColourBar | null;
  /** What has the colour of values that are not finite; null where nothing in view has. */
  notFinite?(): string | null;
  /** `across`: from 0 at the left edge of the plot to 1 at the right one. */
  readout(run: RunSummary, t: number, value: number, across: number): readonly string[];
  /** The picture in words, for those who do not see it. */
  summary(run: RunSummary): string;
  /** `shown`: as many columns as a reader can take in; `all`: for saving. */
  table(run: RunSummary, columns: 'shown' | 'all'): TablePlan;
  /** What the plot tells besides its curves, as a small table of its own. */
  readonly details?: { readonly title: string; table(run: RunSummary): Promise<TablePlan> };
  /** The step at a place of the canvas, where that is not the step of the time axis; null: it is. */
  stepAt?(x: number, y: number): number | null;
  /** What is set for the run and belongs to this picture. */
  facts?(run: RunSummary, hidden: ReadonlySet<string>): readonly Fact[];
  /** A click at height `value` of the axis. */
  click(value: number): void;
};

/**
 * What is set for the whole run and shows in a track: a word in its legend, with the sign that it has in the plot, if
 * it has one.
 */
export type Fact = { readonly id: 'clip' | 'cut' | 'source'; readonly text: string; readonly title: string };

/** Clipping and truncation, where they are set. */
export function limits({ truncate, clipNorm, clipFactor }: RunSummary): Fact[] {
  return [
    ...(truncate === null
      ? []
      : [
          {
            id: 'cut' as const,
            text: t('cut every {0}', truncate),
            title: t(
              'Truncated backpropagation: no gradient passes from the step after a dotted line to the one before it.',
            ),
          },
        ]),
    ...(clipFactor === null
      ? []
      : [
          clipFactor < 1
            ? {
                id: 'clip' as const,
                text: t('clip ×{0}', formatFactor(clipFactor)),
                title: t(
                  'The gradient of all weights together is longer than {0} and is shortened by this factor, ' +
                    'after the sum over all steps. The curves show it before that.',
                  formatNumber(clipNorm ?? NaN),
                ),
              }
            : {
                id: 'clip' as const,
                text: t('clip {0}: not reached', formatNumber(clipNorm ?? NaN)),
                title: t(
                  'The gradient of all weights together is no longer than {0}, so nothing is clipped.',
                  formatNumber(clipNorm ?? NaN),
                ),
              },
        ]),
  ];
}

/**
 * What every track shows of time: its numbers, and borders of chunks and of truncated backpropagation inside each
 * chunk, which counts positions.
 */
export function borders(
  run: RunSummary,
  window: TimeWindow,
): Pick<Scene, 'timeTicks' | 'timeLabel' | 'borders' | 'cuts'> {
  const inView = (step: number): boolean => step > window.t0 && step < window.t1;
  const cuts: number[] = [];
  const {
    truncate,
    chunkStarts,
    shapes: { T },
  } = run;
  if (truncate !== null) {
    chunkStarts.forEach((start, i) => {
      const next = chunkStarts[i + 1] ?? T;
      const end = Math.min(next, window.t1 + 2 * truncate);
      const first = start + (isReverse(run) ? (next - start) % truncate || truncate : truncate);
      // Two at a time, so that every other stretch stays the same one when the window moves.
      const before = 2 * Math.max(0, Math.floor((window.t0 - start) / (2 * truncate)) - 1);
      for (let step = first + before * truncate; step < end; step += truncate) cuts.push(step);
    });
  }
  return {
    timeTicks: (view, width) => timeTicks(run, view, width),
    timeLabel: (step) => String(positionOf(run, step)),
    borders: run.chunkStarts.filter((step) => step > 0 && inView(step)),
    cuts,
  };
}
