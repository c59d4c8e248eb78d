// A run of what a mutation has left sound, and everything that is made of a run.
import { isDeepStrictEqual } from 'node:util';
import { defaultBounds } from '../../src/engine/index.js';
import type { LayerExperiment } from '../../src/engine/index.js';
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

type Result = {
  readonly schema: number;
  readonly shapes: { readonly B: number; readonly T: number; readonly I: number; readonly H: number };
  readonly hs: readonly (readonly (readonly unknown[])[])[];
  readonly dxs: readonly (readonly (readonly unknown[])[])[];
  readonly dWh: readonly (readonly unknown[])[];
  readonly norms: Readonly<Record<string, readonly unknown[]>>;
  readonly verdict: { readonly kind: string; readonly reason: string };
};

export async function checkRun(walk: Walk, experiment: LayerExperiment): Promise<void> {
  const {
    mutation: { entry },
    dice,
    desk,
    read,
    stage,
    fault,
    answer,
  } = walk;
  const run = await stage('run', () => desk.run(entry, defaultBounds));
  if (run === null) return;
  const { runId, outcome } = run;
  answer(outcome);
  if (outcome.kind !== 'done') {
    fault('run', `a run that is ${outcome.kind}`);
    return;
  }
  if (!isDeepStrictEqual(outcome.problems, read.problems)) fault('run', 'other problems than a reading tells');
  await stage('result as JSON', async () => checkResult(walk, experiment, await desk.ask('resultJson', { runId })));
  if (dice.chance(1 / sliced)) await stage('slices', () => askForSlices(walk, experiment, runId));
  if (dice.chance(1 / located)) await stage('slices', () => locate(walk, experiment));
  if (dice.chance(1 / asked))
    await stage('what-if', async () => {
      const result = await desk.ask('whatIf', { runId, whatIf: someWhatIf(dice) });
      if (result === null) fault('what-if', 'a what-if without an answer');
      else answer({ ...result, elapsedMs: 0 });
    });
  if (dice.chance(1 / recorded)) await stage('record and report', () => checkRecord(walk, runId));
}

function checkResult(
  { fault, answer }: Walk,
  { shapes, cell, layers: [{ parameters: weights, initial }], chunks }: LayerExperiment,
  bytes: Uint8Array | null,
): void {
  if (bytes === null) {
    fault('result as JSON', 'a result that is gone');
    return;
  }
  const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  answer(text);
  // Takes no bare NaN or Infinity.
  const result = JSON.parse(text) as Result;
  const { B, T, I, H } = shapes;
  const shapeOf = (value: unknown): number[] => (Array.isArray(value) ? [value.length, ...shapeOf(value[0])] : []);
  const found = [
    shapeOf(result.hs),
    shapeOf(result.dxs),
    shapeOf(result.dWh),
    ...Object.values(result.norms).map((series) => [series.length]),
  ];
  if (
    result.schema !== 2 ||
    !isDeepStrictEqual(result.shapes, shapes) ||
    !isDeepStrictEqual(found, [[B, T, H], [B, T, I], [H, H], ...Object.keys(result.norms).map(() => [T])])
  )
    fault('result as JSON', 'a result of wrong shapes', JSON.stringify([result.shapes, found]));
  if (result.verdict.reason.trim() === '') fault('result as JSON', 'a verdict without a reason');
  const { h: h0 } = initial;
  const numbers = [weights.Wx, weights.Wh, weights.b, ...chunks.map(({ xs }) => xs), ...(h0 === null ? [] : [h0])];
  if (cell !== 'tanh' || !numbers.every((values) => values.every((x) => Math.abs(x) < tame))) return;
  if (!result.hs.flat(2).every((h) => typeof h === 'number' && Math.abs(h) <= 1))
    fault('result as JSON', 'states of tanh that are not within 1');
}

async function askForSlices(
  { desk, dice, fault, answer }: Walk,
  { shapes: { B, T, I, H } }: LayerExperiment,
  runId: number,
): Promise<void> {
  const sequence = dice.below(B);
  const [one, other] = [dice.below(T), dice.below(T)];
  const window = { t0: Math.min(one, other), t1: Math.max(one, other) + 1 };
  const whole = { t0: 0, t1: T };
  const tensor = dice.pick(['Wx', 'Wh', 'b'] as const);
  const answers = await Promise.all([
    desk.ask('heatmap', {
      runId,
      sequence,
      window,
      tensor: dice.pick(['hs', 'dh', 'z'] as const),
      order: dice.pick(['index', 'similarity', 'saturation'] as const),
      maxColumns: dice.between(1, 9),
      maxRows: dice.between(1, 9),
    }),
    desk.ask('unitLines', { runId, sequence, window, units: [dice.below(H)], maxPoints: dice.between(4, 20) }),
    desk.ask('sequenceLines', { runId, first: sequence, count: 1, window, maxPoints: 12 }),
    desk.ask('step', { runId, sequence, t: dice.below(T) }),
    desk.ask('steps', { runId, sequence, tensor: dice.pick(['hs', 'z'] as const), from: window.t0, to: window.t1 }),
    desk.ask('unit', { runId, sequence, t: dice.below(T) }),
    desk.ask('weights', { runId, tensor, maxRows: 8, maxColumns: 8 }),
    desk.ask('weightCells', { runId, tensor, from: 0, to: tensor === 'Wx' ? I * H : tensor === 'Wh' ? H * H : H }),
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

/** A number of the weights is found again in the text that it was read from. */
async function locate(
  { mutation: { entry }, desk, dice, texts, fault, answer }: Walk,
  {
    shapes: { I, H },
    layers: [
      {
        parameters: { Wh },
      },
    ],
  }: LayerExperiment,
): Promise<void> {
  const place = dice.pick([
    { tensor: 'Wh', row: dice.below(H), column: dice.below(H) },
    { tensor: 'Wx', row: dice.below(I), column: dice.below(H) },
    { tensor: 'b', row: 0, column: dice.below(H) },
  ] as const);
  const found = await desk.ask('locateWeight', { entry, place, layer: 0 });
  answer(found);
  if (found === null) {
    if (place.tensor !== 'b') fault('slices', 'a weight that is not found again', JSON.stringify(place));
    return;
  }
  const { file, range } = found;
  const wrong = texts.of(file).wrongRange(range);
  if (wrong !== null) {
    fault('slices', 'a weight outside of its file', wrong);
    return;
  }
  const written = texts.of(file).slice(range);
  const value = Wh[place.row * H + place.column] ?? NaN;
  // float32 is rounded from the text at once, and not from its float64.
  const apart = Math.abs(Number(written) - value);
  if (place.tensor === 'Wh' && !(apart <= 2 ** -24 * Math.abs(value) || apart <= 2 ** -149))
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
    await answers.unit({ runId, sequence: 0, t: 0 }),
    await answers.weights({ runId, tensor: 'Wh', maxRows: 8, maxColumns: 8 }),
    await answers.activations({ runId, sequence: 0, window, maxColumns: 8, bins: 28 }),
    await answers.attribution({ runId, window, maxColumns: 8, maxRows: 8 }),
    await answers.reach({ runId }),
  ];
  replayed.forEach((result, i) => {
    if (result === null) fault('record and report', 'a report without an answer', String(i));
  });
  const html = reportHtml({
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
