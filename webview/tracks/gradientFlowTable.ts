// The numbers of the gradient flow: every curve step by step.
import { exactLog10, formatLog10 } from '../page/format.js';
import { t as say } from '../page/l10n.js';
import { logTable, normColumn } from './logLines.js';
import { dxHeading } from '../page/layerNames.js';
import { log10Of, stepValue } from '../page/series.js';
import type { LogColumn } from './logLines.js';
import { curveNames, digitsOf, keeps, overlayColumn, valueAt } from '../chart/overlay.js';
import { emptyField } from '../page/tablePlan.js';
import { layerCells } from './layerLines.js';
import type { LayerLines } from './layerLines.js';
import type { CurveName, Overlay, Overlays } from '../chart/overlay.js';
import type { Model, RunSeries, RunSummary } from '../page/model.js';
import type { TablePlan } from '../page/tablePlan.js';
import type { Field, Heading } from '../page/tablePlan.js';

/** More lines than these cannot be told apart; the band stands for all of them. */
export const mostSequences = 16;

/** Of a cell that carries c beside h: the gradient of c, and that of both as the next step receives them. */
export const stateNorms = ({ cell }: RunSummary) =>
  cell.states.length === 1
    ? []
    : [{ id: 'dc', legend: '‖∂L/∂c_t‖' } as const, { id: 'ds', legend: say('‖∂L/∂s_t‖: h and c') } as const];

/** An overlay's norm over the run's own, as log10: 0 where they are the same. */
export function ratioAt({ curve }: Overlay, series: RunSeries, T: number, name: CurveName, t: number): number {
  const [other, own] = [valueAt(curve, name, t, T), stepValue(series.steps, log10Of(series, name), t)];
  // Both exactly zero: there is no ratio.
  return other === -Infinity && own === -Infinity ? NaN : other - own;
}

/** A number of another run: none where it was not kept, and no more digits than were. */
function overlayCell(overlay: Overlay, value: number, rounded: number, t: number, T: number): Field {
  if (!keeps(overlay.curve, t, T)) return emptyField;
  const digits = digitsOf(overlay, rounded);
  if (digits === null || !Number.isFinite(value)) return { text: formatLog10(value), exact: exactLog10(value) };
  return { text: formatLog10(value, Math.min(4, digits)), exact: formatLog10(value, digits) };
}

const csvOf: Readonly<Record<CurveName, string>> = { dh: 'g_norm', singleSource: 'single_source_norm' };

function overlayColumns({ all, difference }: Overlays, T: number): LogColumn[] {
  return [
    ...all.flatMap((overlay) =>
      curveNames.map((name): LogColumn => ({
        heading: { title: overlayColumn(overlay, name), csv: `${csvOf[name]}_${overlay.csv}` },
        at: (_, t) => valueAt(overlay.curve, name, t, T),
        cell: (value, t) => overlayCell(overlay, value, value, t, T),
      })),
    ),
    ...(difference
      ? all.map((overlay): LogColumn => ({
          heading: { title: `‖g_t‖ ${overlay.name} / ‖g_t‖`, csv: `g_norm_${overlay.csv}_ratio` },
          at: (series, t) => ratioAt(overlay, series, T, 'dh', t),
          cell: (value, t) => overlayCell(overlay, value, valueAt(overlay.curve, 'dh', t, T), t, T),
        }))
      : []),
  ];
}

/** None where a report has the norms of single sequences at some steps only. */
const batchColumns = ({ status }: Model, B: number): Heading[] =>
  B === 1 || status?.recordedNorms === false
    ? []
    : B <= mostSequences
      ? Array.from({ length: B }, (_, b) => ({
          title: say('‖g_t‖ sequence {0}', b + 1),
          csv: `g_norm_seq${b + 1}`,
        }))
      : [
          { title: say('‖g_t‖ smallest of the batch'), csv: 'g_norm_smallest_seq' },
          { title: say('‖g_t‖ median of the batch'), csv: 'g_norm_median_seq' },
          { title: say('‖g_t‖ largest of the batch'), csv: 'g_norm_largest_seq' },
        ];

/** The norms of the batch's sequences, or their band, at steps from ≤ t < to. */
async function batchCells(model: Model, run: RunSummary, from: number, to: number): Promise<Field[][]> {
  const { B } = run.shapes;
  const columns = batchColumns(model, B).length;
  const cells = Array.from({ length: to - from }, () => new Array<Field>(columns).fill(emptyField));
  if (columns === 0) return cells;
  const window = { t0: from, t1: to };
  const maxPoints = Math.max(2, to - from);
  let answer: { readonly t: Float64Array; readonly values: readonly Float64Array[] } | null;
  if (B <= mostSequences) answer = await model.sliceOf(run, 'sequenceLines', { first: 0, count: B, window, maxPoints });
  else {
    const band = await model.sliceOf(run, 'band', { window, maxPoints });
    answer = band === null ? null : { t: band.t, values: [band.low, band.median, band.high] };
  }
  // Decimated values are the extremes of their neighbours.
  if (answer === null || answer.t.some((t, i) => i > 0 && t !== (answer.t[i - 1] ?? NaN) + 1)) return cells;
  const { t, values } = answer;
  t.forEach((step, i) => {
    if (step >= from && step < to)
      cells[step - from] = values.map((series) => ({
        text: formatLog10(series[i] ?? NaN),
        exact: exactLog10(series[i] ?? NaN),
      }));
  });
  return cells;
}

export function flowTable(model: Model, run: RunSummary, overlays: Overlays, layers: LayerLines): TablePlan {
  const { T, B } = run.shapes;
  // As it is now, also while rows are gathered.
  const headings = layers.headings(run);
  const whole = logTable(model, run, [
    normColumn({ title: '‖g_t‖', csv: csvOf.dh }, 'dh'),
    ...stateNorms(run).map(({ id, legend }) => normColumn({ title: legend, csv: `${id}_norm` }, id)),
    normColumn({ title: say('last step alone'), csv: csvOf.singleSource }, 'singleSource'),
    normColumn(dxHeading(run), 'dx'),
    ...overlayColumns(overlays, T),
  ]);
  return {
    ...whole,
    columns: [...whole.columns, ...batchColumns(model, B), ...headings],
    csvNotes: overlays.all.flatMap(({ csv, csvNote }) =>
      csvNote === undefined ? [] : [`${csvOf.dh}_${csv}: ${csvNote}`],
    ),
    async rows(from, to) {
      const [own, batch, ofLayers] = await Promise.all([
        whole.rows(from, to),
        batchCells(model, run, from, to),
        headings.length === 0 ? [] : layerCells(model, run, from, to),
      ]);
      return own.map((cells, i) => [...cells, ...(batch[i] ?? []), ...(ofLayers[i] ?? [])]);
    },
  };
}
