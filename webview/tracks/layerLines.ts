// The lines of all layers over one another: how large the gradient of the state is in each of them, from the rows of
// the network map. One layer of them is looked at; these show where the others keep or lose it.
import { fromLch, fromOklab } from '../page/colourMaths.js';
import { exactLog10, formatLog10 } from '../page/format.js';
import { t as say } from '../page/l10n.js';
import { inReport } from '../page/inReport.js';
import { csvLayer, layerName, layersFromTop } from '../page/layerNames.js';
import { Latest } from '../page/model.js';
import { nearest, printNear } from '../page/nearest.js';
import { emptyField } from '../page/tablePlan.js';
import { columnAt, stepsOf } from '../chart/scene.js';
import { textButton } from '../widgets/dom.js';
import { logLine } from './logLines.js';
import type { Model, NetworkMap, RunSummary, TimeWindow } from '../page/model.js';
import type { Line } from '../chart/scene.js';
import type { Page } from '../chart/trackView.js';
import type { Field, Heading } from '../page/tablePlan.js';
import type { Theme } from '../page/theme.js';

/** A window of so many steps has each of them, whatever the screen can show: its readings are then exact. */
const mostSteps = 4096;

/** Lightness of neighbours: layers that follow each other differ in hue and in lightness. */
const lightness: Readonly<Record<Theme['kind'], readonly [number, number]>> = {
  light: [0.46, 0.6],
  dark: [0.68, 0.82],
  'high-contrast': [0.74, 0.88],
  'high-contrast-light': [0.38, 0.5],
};
const chroma = 0.15;
/** From blue, the first layer, by way of green and yellow to red and purple. */
const [firstHue, allHues] = [255, -300];

/** Of the layer's number, of so many. */
function layerColour(layer: number, count: number, { kind }: Theme): string {
  const light = lightness[kind][layer % 2] ?? 0.6;
  const hue = firstHue + (allHues * layer) / Math.max(4, count);
  return `rgb(${fromOklab(fromLch([light, chroma, hue])).join(', ')})`;
}

/** Where colours are few every line has a pattern; elsewhere a pattern tells the direction. */
const patterns: readonly (readonly number[])[] = [
  [],
  [8, 3],
  [2, 2],
  [8, 3, 2, 3],
  [14, 4],
  [4, 4],
  [2, 5],
  [14, 3, 2, 3, 2, 3],
];
const dashOf = (line: number, isReverse: boolean, { highContrast }: Theme): readonly number[] =>
  highContrast ? (patterns[line % patterns.length] ?? []) : isReverse ? [6, 3] : [];

type Known = { readonly runId: number; readonly map: NetworkMap; readonly t: Float64Array };

const rowOf = ({ values, columns }: NetworkMap, row: number): Float64Array =>
  values.subarray(row * columns, (row + 1) * columns);

export class LayerLines {
  readonly element: HTMLElement;
  readonly #model: Model;
  readonly #latest: Latest<
    { readonly runId: number; readonly window: TimeWindow; readonly maxColumns: number },
    NetworkMap | null
  >;
  #wanted: boolean;
  #inView: { readonly window: TimeWindow; readonly columns: number } | null = null;
  #known: Known | null = null;

  /** `changed`: other lines are there, or others are wanted. */
  constructor({ model, memory }: Page, changed: () => void) {
    this.#model = model;
    this.#wanted = memory.chosen('all layers') === true;
    this.#latest = new Latest(
      ({ window, maxColumns }) => model.slice('networkMap', { window, maxColumns }),
      (map, { runId }) => {
        if (map === null || runId !== model.run?.runId) return;
        // A column of several steps holds the largest of them, which stands between them.
        const t = Float64Array.from({ length: map.columns }, (_, column) => {
          const { from, to } = stepsOf(map, column);
          return from === to ? from : Math.floor((from + to) / 2) + 0.5;
        });
        this.#known = { runId, map, t };
        changed();
      },
    );
    const button = textButton(say('All layers'), say('Lines of all layers'), () => {
      this.#wanted = !this.#wanted;
      memory.choose('all layers', this.#wanted);
      this.#mark();
      if (this.#inView !== null) this.ask(this.#inView.window, this.#inView.columns);
      changed();
    });
    button.classList.add('all-layers');
    this.element = button;
    this.#mark();
  }

  /** Only a network of several layers or directions has them. */
  static of({ network }: RunSummary): boolean {
    return (network?.layers.length ?? 0) > 1;
  }

  on(run: RunSummary | null): boolean {
    return this.#wanted && run !== null && LayerLines.of(run);
  }

  show(run: RunSummary): void {
    this.element.hidden = !LayerLines.of(run);
  }

  ask(window: TimeWindow, columns: number): void {
    this.#inView = { window, columns };
    const { run } = this.#model;
    if (run === null || !this.on(run)) return;
    this.#latest.request({
      runId: run.runId,
      window,
      maxColumns: Math.max(columns, Math.min(window.t1 - window.t0, mostSteps)),
    });
  }

  lines(run: RunSummary, theme: Theme): Line[] {
    const { network } = run;
    if (network === null) return [];
    const known = this.#known?.runId === run.runId ? this.#known : null;
    const t = known?.t ?? new Float64Array(0);
    const count = 1 + Math.max(...network.layers.map(({ layer }) => layer));
    return layersFromTop(network).map((index, line) => {
      const { layer = 0, direction = 'forward' } = network.layers[index] ?? {};
      const values = known === null ? new Float64Array(0) : rowOf(known.map, index);
      return logLine(
        {
          id: `layer ${index}`,
          legend: layerName(network, index),
          colour: layerColour(layer, count, theme),
          width: index === network.shown ? 3 : 1.5,
          dash: dashOf(line, direction === 'reverse', theme),
          at: (step) => (values.length === 0 ? NaN : nearest(t, values, step)),
          print: printNear(t, formatLog10),
        },
        values,
        t,
      );
    });
  }

  /** As a tooltip tells them. */
  readings(run: RunSummary, theme: Theme, step: number): string[] {
    return this.lines(run, theme).map((line) => `${line.legend ?? ''}: ${line.print(line.at?.(step) ?? NaN, step)}`);
  }

  headings(run: RunSummary): readonly Heading[] {
    return this.on(run) ? layerHeadings(run) : [];
  }

  #mark(): void {
    this.element.setAttribute('aria-pressed', String(this.#wanted));
  }
}

/** A long run's report has other steps of the layers than of the layer that is looked at: no columns then. */
export function layerHeadings({ network, steps }: RunSummary): readonly Heading[] {
  if (network === null || network.layers.length === 1 || (inReport && steps !== null)) return [];
  return layersFromTop(network).map((index) => ({
    title: `‖ds_t‖ ${layerName(network, index)}`,
    csv: `ds_norm_${csvLayer(network, index)}`,
  }));
}

/** Of steps from ≤ t < to; of a report that kept fewer columns, those of single steps. */
export async function layerCells(
  model: Model,
  run: RunSummary,
  from: number,
  to: number,
): Promise<readonly (readonly Field[])[]> {
  const { network } = run;
  if (network === null || layerHeadings(run).length === 0) return [];
  const map = await model.sliceOf(run, 'networkMap', { window: { t0: from, t1: to }, maxColumns: to - from });
  const rows = layersFromTop(network);
  return Array.from({ length: to - from }, (_, i) => {
    const at = map === null ? null : columnAt(map, from + i);
    return rows.map((row) => {
      if (map === null || at === null || at.from !== at.to) return emptyField;
      const value = rowOf(map, row)[at.column] ?? NaN;
      return { text: formatLog10(value), exact: exactLog10(value) };
    });
  });
}
