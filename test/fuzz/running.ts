// A run of what a mutation has left sound, and everything that is made of a run.
import { isDeepStrictEqual } from 'node:util';
import { cellOf, defaultBounds, isOneVanillaLayer } from '../../src/engine/index.js';
import type { Experiment, LayerSpec } from '../../src/engine/index.js';
import { languageInUse } from '../../src/l10n.js';
import { reportHtml } from '../../src/report/reportHtml.js';
import { replay } from '../../src/worker/record/reportReplay.js';
import { pack, unpack } from '../../src/worker/record/typedArrayJson.js';
import type { RunRecord } from '../../src/worker/record/reportRecord.js';
import type { Texts } from './checks.js';
import { someWhatIf } from './edits.js';
import type { Walk } from './examine.js';

/** Of the runs, one in so many. */
const sliced = 4;
const recorded = 4;
const asked = 4;
const located = 2;
/** Numbers of a config below this leave no tanh unit without a finite state. */
const tame = 1e12;

type Series = Readonly<Record<string, readonly unknown[] | null>>;
type Verdict = { readonly kind: string; readonly reason: string };
type Result = {
  readonly schema: number;
  /** Of one vanilla layer. */
  readonly shapes?: Experiment['shapes'];
  readonly dWh?: readonly (readonly unknown[])[];
  readonly network: Readonly<Record<string, unknown>>;
  readonly hs: readonly (readonly (readonly unknown[])[])[];
  readonly dxs: readonly (readonly (readonly unknown[])[])[];
  readonly norms: Series;
  readonly layers: readonly { readonly norms: Series; readonly verdict: Verdict }[];
  readonly verdict: Verdict;
};

export async function checkRun(walk: Walk, experiment: Experiment): Promise<void> {
  const {
    mutation: { entry },
    dice,
    desk,
    read,
    stage,
    fault,
    answer,
  } = walk;
  const { layers } = experiment;
  const shown = layers.length === 1 ? 0 : dice.below(layers.length);
  const run = await stage('run', () => desk.run(entry, defaultBounds, shown));
  if (run === null) return;
  const { runId, outcome } = run;
  answer(outcome);
  if (outcome.kind !== 'done') {
    fault('run', `a run that is ${outcome.kind}`);
    return;
  }
  if (!isDeepStrictEqual(outcome.problems, read.problems)) fault('run', 'other problems than a reading tells');
  await stage('result as JSON', async () => checkResult(walk, experiment, await desk.ask('resultJson', { runId })));
  if (dice.chance(1 / sliced)) await stage('slices', () => askForSlices(walk, experiment, shown, runId));
  if (dice.chance(1 / located)) await stage('slices', () => locate(walk, experiment, shown));
  if (dice.chance(1 / asked))
    await stage('what-if', async () => {
      const result = await desk.ask('whatIf', { runId, whatIf: someWhatIf(dice) });
      if (result === null) fault('what-if', 'a what-if without an answer');
      else if (result.kind === 'refused' && result.message.trim() === '')
        fault('what-if', 'a what-if is refused without a word');
      else answer({ ...result, elapsedMs: 0 });
    });
  if (dice.chance(1 / recorded)) await stage('record and report', () => checkRecord(walk, runId));
}

function checkResult({ fault, answer }: Walk, experiment: Experiment, bytes: Uint8Array | null): void {
  if (bytes === null) {
    fault('result as JSON', 'a result that is gone');
    return;
  }
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  answer(text);
  // Takes no bare NaN or Infinity.
  const result = JSON.parse(text) as Result;
  const { shapes, cell, layers, chunks } = experiment;
  const { B, T, I, H } = shapes;
  const output = layers.reduce((sum, one) => (one.layer === layers.at(-1)?.layer ? sum + one.H : sum), 0);
  const shapeOf = (value: unknown): number[] => (Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : []);
  const series = [result.norms, ...result.layers.map(({ norms }) => norms)].flatMap((norms) => Object.values(norms));
  const vanilla = isOneVanillaLayer(experiment);
  const found = [
    shapeOf(result.hs),
    shapeOf(result.dxs),
    shapeOf(result.dWh),
    [result.layers.length],
    ...series.map((values) => [values?.length ?? T]),
  ];
  const wanted = [[B, T, output], [B, T, I], vanilla ? [H, H] : [], [layers.length], ...series.map(() => [T])];
  if (
    result.schema !== 2 ||
    !isDeepStrictEqual(result.shapes, vanilla ? shapes : undefined) ||
    !isDeepStrictEqual(found, wanted)
  )
    fault('result as JSON', 'a result of wrong shapes', JSON.stringify([result.network, found, wanted]));
  if ([result.verdict, ...result.layers.map(({ verdict }) => verdict)].some(({ reason }) => reason.trim() === ''))
    fault('result as JSON', 'a verdict without a reason');
  const numbers = [
    ...layers.flatMap(({ parameters, initial }) => [...Object.values(parameters), ...Object.values(initial)]),
    ...chunks.map(({ xs }) => xs),
  ];
  if (cell !== 'tanh' || !numbers.every((values) => values?.every((x) => Math.abs(x) < tame) ?? true)) return;
  if (!result.hs.flat(2).every((h) => typeof h === 'number' && Math.abs(h) <= 1))
    fault('result as JSON', 'states of tanh that are not within 1');
}

async function askForSlices(
  { desk, dice, fault, answer }: Walk,
  { cell, shapes: { B, T }, layers }: Experiment,
  shown: number,
  runId: number,
): Promise<void> {
  const { H, parameters } = layers[shown] ?? layers[0];
  const sequence = dice.below(B);
  const [one, other] = [dice.below(T), dice.below(T)];
  const window = { t0: Math.min(one, other), t1: Math.max(one, other) + 1 };
  const whole = { t0: 0, t1: T };
  const { gates, parameters: specs } = cellOf(cell);
  const { name: tensor } = dice.pick(specs);
  const oneGate = gates.length === 1;
  const answers = await Promise.all([
    desk.ask('heatmap', {
      runId,
      sequence,
      window,
      tensor: dice.pick(oneGate ? (['hs', 'dh', 'z'] as const) : (['hs', 'dh'] as const)),
      order: dice.pick(['index', 'similarity', 'saturation'] as const),
      maxColumns: dice.between(1, 9),
      maxRows: dice.between(1, 9),
    }),
    desk.ask('unitLines', { runId, sequence, window, units: [dice.below(H)], maxPoints: dice.between(4, 20) }),
    desk.ask('sequenceLines', { runId, first: sequence, count: 1, window, maxPoints: 12 }),
    desk.ask('step', { runId, sequence, t: dice.below(T) }),
    desk.ask('steps', {
      runId,
      sequence,
      tensor: oneGate ? dice.pick(['hs', 'z'] as const) : 'hs',
      from: window.t0,
      to: window.t1,
    }),
    oneGate ? desk.ask('openedStep', { runId, sequence, t: dice.below(T) }) : refused(desk, runId, sequence),
    desk.ask('weights', { runId, tensor, maxRows: 8, maxColumns: 8 }),
    desk.ask('weightCells', { runId, tensor, from: 0, to: parameters[tensor]?.length ?? 0 }),
    desk.ask('activations', { runId, sequence: dice.chance(0.5) ? null : sequence, window, maxColumns: 8, bins: 5 }),
    desk.ask('band', { runId, window, maxPoints: 12 }),
    desk.ask('series', { runId, window: whole }),
    desk.ask('attribution', { runId, window, maxColumns: 8, maxRows: 8 }),
    desk.ask('reach', { runId }),
    desk.ask('jacobians', { runId, sequence, window }),
  ]);
  answers.forEach((result, i) => {
    if (result === null) fault('slices', 'a slice without an answer', String(i));
  });
  // The last three say how far they have come, which is another each time.
  answer(answers.slice(0, -3));
}

/** What a cell of several gates does not have is refused with a sentence; null where it is not. */
async function refused(desk: Walk['desk'], runId: number, sequence: number): Promise<string | null> {
  const window = { t0: 0, t1: 1 };
  const told = await Promise.allSettled([
    desk.ask('openedStep', { runId, sequence, t: 0 }),
    desk.ask('steps', { runId, sequence, tensor: 'z', from: 0, to: 1 }),
    desk.ask('heatmap', { runId, sequence, window, tensor: 'z', maxColumns: 1, maxRows: 1 }),
  ]);
  const sentences = told.map((one) =>
    one.status === 'rejected' && one.reason instanceof Error ? one.reason.message : '',
  );
  return sentences.every((sentence) => sentence.endsWith('.')) ? sentences.join(' ') : null;
}

/** A number of the weights is found again in the text that it was read from. */
async function locate(
  { mutation: { entry }, desk, dice, texts, fault, answer }: Walk,
  { cell, layers }: Experiment,
  shown: number,
): Promise<void> {
  const layer: LayerSpec = layers[shown] ?? layers[0];
  const spec = dice.pick(cellOf(cell).parameters);
  const values = layer.parameters[spec.name] ?? new Float64Array();
  const columns = cellOf(cell).gates.length * layer.H;
  const [row, column] = [dice.below(values.length / columns), dice.below(columns)];
  const place = { tensor: spec.name, row, column };
  const found = await desk.ask('locateWeight', { entry, place, layer: shown });
  answer(found);
  if (found === null) {
    if (spec.role === 'input' || spec.role === 'recurrent')
      fault('slices', 'a weight that is not found again', JSON.stringify(place));
    return;
  }
  const { file, range } = found;
  const wrong = texts.of(file).wrongRange(range);
  if (wrong !== null) {
    fault('slices', 'a weight outside of its file', wrong);
    return;
  }
  const written = texts.of(file).slice(range);
  const value = values[row * columns + column] ?? NaN;
  // float32 is rounded from the text at once, and not from its float64.
  const apart = Math.abs(Number(written) - value);
  // A bias is the sum of two numbers of the text, one of which is found.
  const isOwn = spec.role === 'input' || spec.role === 'recurrent';
  if (isOwn && !(apart <= 2 ** -24 * Math.abs(value) || apart <= 2 ** -149))
    fault('slices', 'a weight that is another in the text', `${written.slice(0, 40)} is not ${value}`);
}

const scripts = 4;

async function checkRecord(
  { desk, fault, answer, texts, mutation: { entry, number } }: Walk,
  runId: number,
): Promise<void> {
  const data = await desk.ask('reportData', { runId });
  if (data === null) {
    fault('record and report', 'a record that is gone');
    return;
  }
  const packed = new TextDecoder('utf-8', { fatal: true }).decode(data.record);
  answer(packed);
  const record = unpack(packed) as RunRecord;
  if (pack(record) !== packed) fault('record and report', 'a record that is another when it is read again');
  const { summary } = record;
  const { T } = summary.shapes;
  const answers = replay(record);
  const window = { t0: 0, t1: T };
  const replayed = [
    await answers.heatmap({ runId, tensor: 'hs', sequence: 0, window, maxColumns: 9, maxRows: 9 }),
    await answers.step({ runId, sequence: 0, t: T - 1 }),
    ...(summary.cell.gates.length === 1 ? [await answers.openedStep({ runId, sequence: 0, t: 0 })] : []),
    await answers.weights({ runId, tensor: 'Wh', maxRows: 8, maxColumns: 8 }),
    await answers.activations({ runId, sequence: 0, window, maxColumns: 8, bins: 28 }),
    await answers.attribution({ runId, window, maxColumns: 8, maxRows: 8 }),
    await answers.reach({ runId }),
  ];
  replayed.forEach((result, i) => {
    if (result === null) fault('record and report', 'a report without an answer', String(i));
  });
  const html = await reportHtml({
    title: entry.kind === 'config' ? entry.config : entry.weights,
    summary,
    record: packed,
    extent: record.extent,
    config: data.config,
    files: data.files.map(({ id, bytes }) => ({ name: id, bytes })),
    warnings: [],
    date: new Date(number),
    language: languageInUse(),
    assets: { page: '"page"', style: 'a {}', host: '"host"', theme: 'b {}', notices: 'N' },
  });
  answer(html);
  checkHtml(html, texts, fault);
}

/** Nothing of a file becomes part of the page. */
function checkHtml(html: string, texts: Texts, fault: Walk['fault']): void {
  const count = html.match(/<script\b/gi)?.length ?? 0;
  if (count !== scripts || html.match(/<\/script\b/gi)?.length !== scripts)
    fault('record and report', 'a report with other scripts than its own', String(count));
  if (/<(?:img|iframe|a)\b/i.test(html))
    fault('record and report', 'a report with an element of a file', texts.names.join(', '));
}
