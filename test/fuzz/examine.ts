// One mutation through everything that the product does with files. What has to be true after each stage is checked
// there.
import { isDeepStrictEqual } from 'node:util';
import { readExperiment } from '../../src/config/index.js';
import type { Problem, ReadResult } from '../../src/config/index.js';
import { cellOf } from '../../src/engine/index.js';
import { sizeOf } from '../../src/engine/cells/cell.js';
import type { Experiment, Kernels } from '../../src/engine/index.js';
import { setLanguage } from '../../src/l10n.js';
import type { Language } from '../../src/l10n.js';
import { pack } from '../../src/worker/record/typedArrayJson.js';
import { Texts, wrongOrder, wrongWith } from './checks.js';
import { Desk, memoryFiles } from './desk.js';
import type { Bytes } from './desk.js';
import { Dice } from './dice.js';
import { checkChanges, checkFixes, checkWhatIf } from './edits.js';
import { checkInspection } from './inspection.js';
import { streams } from './mutate.js';
import type { Mutation } from './mutate.js';
import { checkRun } from './running.js';

export const stages = [
  'read',
  'read again',
  'kinds and references',
  'inspection',
  'facts',
  'changes',
  'fixes',
  'run',
  'result as JSON',
  'slices',
  'what-if',
  'record and report',
  'the desk that stays',
] as const;
export type Stage = (typeof stages)[number];

/**
 * Something that must not be: where it was noticed, which kind it is (the same for many mutations), and what it was
 * this time.
 */
export type Fault = { readonly stage: Stage; readonly kind: string; readonly told: string };

export type Outcome = {
  readonly kind: 'ran' | 'sound' | 'refused';
  readonly problems: readonly Problem[];
  readonly faults: readonly Fault[];
  /** Milliseconds of the processor for each stage that there was: other programs on the machine do not count. */
  readonly times: readonly (readonly [stage: Stage, ms: number])[];
  /** Everything that was answered, when it was asked for; the same for the same mutation. */
  readonly answers: string;
};

/** What lasts longer than a mutation, as it does in the product. */
export type Tools = {
  readonly kernels: Kernels | null;
  /** A desk that has seen all mutations before. */
  readonly staying: Desk;
  readonly korean: Language;
  /** Told before a stage begins, so that one that never ends is known. */
  readonly onStage: (stage: Stage) => void;
};

/** What the stages share. */
export type Walk = {
  readonly mutation: Mutation;
  readonly dice: Dice;
  readonly desk: Desk;
  readonly texts: Texts;
  readonly read: ReadResult;
  readonly tools: Tools;
  /** Work of a stage; what it throws is a fault. Null when it threw. */
  readonly stage: <Result>(stage: Stage, work: () => Result | Promise<Result>) => Promise<Result | null>;
  readonly fault: (stage: Stage, kind: string, told?: string) => void;
  /** Keeps an answer, to hold it against that of a second time. */
  readonly answer: (value: unknown) => void;
};

/** Larger experiments are read but not run. */
const mostMultiplications = 400_000;
const mostSteps = 500;
const largestH = 64;
/** One mutation in so many is checked by what takes as long as everything else. */
const inKorean = 10;
const twice = 16;
const staying = 8;

/** Products of a run are counted by the numbers of its layers' matrices. */
function isSmall({ shapes: { B, T }, layers }: Experiment): boolean {
  const products = layers.reduce((sum, { parameters: { Wx, Wh } }) => sum + Wx.length + Wh.length, 0);
  return T <= mostSteps && layers.every(({ H }) => H <= largestH) && B * T * products <= mostMultiplications;
}
export const readFiles = ({ entry }: Pick<Mutation, 'entry'>, files: Bytes): Promise<ReadResult> =>
  readExperiment(entry, memoryFiles(files));

function checkRead(
  { texts, fault, mutation: { entry } }: Pick<Walk, 'texts' | 'fault' | 'mutation'>,
  { experiment, problems, files }: ReadResult,
): void {
  for (const problem of problems)
    for (const wrong of wrongWith(problem, files, texts))
      fault(
        'read',
        `a problem ${wrong.replaceAll(/\d+/g, 'N').slice(0, 80)}`,
        `${problem.code} at ${problem.path.slice(0, 200)}: ${wrong}; ${problem.message.slice(0, 300)}`,
      );
  const order = wrongOrder(problems, files);
  if (order !== null) fault('read', 'problems out of order', order);
  if (files[0] !== (entry.kind === 'config' ? entry.config : entry.weights))
    fault('read', 'the entry is not the first file', files.join(', ').slice(0, 200));
  const errors = problems.filter(({ severity }) => severity === 'error').length;
  if ((experiment === null) !== errors > 0)
    fault('read', experiment === null ? 'neither an experiment nor an error' : 'an experiment in spite of errors');
  if (experiment !== null) checkExperiment(experiment, fault);
}

function checkExperiment(
  { cell, shapes, layers, chunks, upstream, loss, clipNorm, truncate, dtype }: Experiment,
  fault: Walk['fault'],
): void {
  const { B, T, I, H } = shapes;
  const directions = layers.some(({ direction }) => direction === 'reverse') ? 2 : 1;
  const widthOf = (layer: number): number => layers.reduce((sum, one) => (one.layer === layer ? sum + one.H : sum), 0);
  const output = widthOf(layers.length / directions - 1);
  const places = loss === null ? 0 : loss.at === 'every' ? T : typeof loss.at === 'string' ? 1 : loss.at.length;
  const targets = loss === null ? 0 : B * places * (loss.kind === 'crossEntropy' ? 1 : loss.by.length);
  const sizes = [
    ...layers.flatMap(({ layer, H: units, parameters, initial }) => [
      ...cellOf(cell).parameters.map(
        (spec) => (parameters[spec.name]?.length ?? -1) - sizeOf(spec, layer === 0 ? I : widthOf(layer - 1), units),
      ),
      ...cellOf(cell).states.map((state) => (initial[state]?.length ?? B * units) - B * units),
    ]),
    chunks.reduce((sum, { steps }) => sum + steps, 0) - T,
    chunks.reduce((sum, { xs }) => sum + xs.length, 0) - B * T * I,
    upstream.kind === 'given' ? upstream.dhs.length - B * T * output : 0,
    loss === null ? 0 : loss.Why.length - output * loss.by.length,
    loss === null ? 0 : loss.targets.length - targets,
    (loss?.present?.length ?? B * places) - B * places,
    ...chunks.map(({ steps, lengths }) => (lengths === undefined ? 0 : Math.max(...lengths) - steps)),
  ];
  if (
    sizes.some((difference) => difference !== 0) ||
    ![B, T, I, H].every((size) => Number.isSafeInteger(size) && size > 0)
  )
    fault('read', 'an experiment of wrong sizes', JSON.stringify({ shapes, sizes }));
  const all = [
    ...layers.flatMap(({ parameters, initial }) => [...Object.values(parameters), ...Object.values(initial)]),
    ...chunks.map(({ xs }) => xs),
    ...(upstream.kind === 'given' ? [upstream.dhs] : []),
    ...(loss === null ? [] : [loss.Why, loss.by, loss.targets]),
  ];
  if (!all.every((values) => values?.every((x) => Number.isFinite(dtype === 'float32' ? Math.fround(x) : x)) ?? true))
    fault('read', 'an experiment with a number that is not finite');
  if (clipNorm !== null && !(clipNorm > 0)) fault('read', 'an experiment with a wrong clip norm', String(clipNorm));
  if (truncate !== null && !(Number.isSafeInteger(truncate) && truncate > 0))
    fault('read', 'an experiment with a wrong truncation', String(truncate));
}

/** The first line of ours in a stack. */
function reasonOf(error: unknown): { readonly kind: string; readonly told: string } {
  if (!(error instanceof Error)) return { kind: `threw ${typeof error}`, told: String(error) };
  const lines = (error.stack ?? '').split('\n').slice(1);
  const place = lines
    .map((line) => /at (\S+ )?.*?\/(src|test)\/(.*?):\d+:\d+/.exec(line))
    .find((match) => match !== null);
  const where = place?.[3] === undefined ? '' : ` in ${place[1] ?? ''}${place[3]}`;
  return {
    kind: `threw ${error.name}: ${error.message.replaceAll(/\d+/g, 'N').slice(0, 100)}${where}`,
    told: (error.stack ?? error.message).slice(0, 1500),
  };
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** @param keep whether `answers` is wanted, which takes its time */
export async function examine(mutation: Mutation, tools: Tools, keep = false): Promise<Outcome> {
  const faults: Fault[] = [];
  const times: [Stage, number][] = [];
  const answers: string[] = [];
  const dice = new Dice(mutation.seed, mutation.number, streams.walk);
  const told = new Set<string>();
  const fault = (stage: Stage, kind: string, more = ''): void => {
    // A file with a thousand problems of one kind has one fault.
    if (told.size < 20 && !told.has(kind)) faults.push({ stage, kind, told: more });
    told.add(kind);
  };
  const stage = async <Result>(name: Stage, work: () => Result | Promise<Result>): Promise<Result | null> => {
    tools.onStage(name);
    const start = cpuMs();
    try {
      return await work();
    } catch (error) {
      const { kind, told: more } = reasonOf(error);
      fault(name, kind, more);
      return null;
    } finally {
      times.push([name, cpuMs() - start]);
    }
  };
  const answer = (value: unknown): void => {
    if (keep) answers.push(typeof value === 'string' ? value : pack(value));
  };
  const over = (kind: Outcome['kind'], problems: readonly Problem[]): Outcome => ({
    kind,
    problems,
    faults,
    times,
    answers: answers.join('\n').replaceAll(/"elapsedMs":[\d.e+-]+/g, ''),
  });

  // Which of the rarer checks there are is decided first, so that it depends on nothing that follows.
  const [korean, again, kept] = [dice.chance(1 / inKorean), dice.chance(1 / twice), dice.chance(1 / staying)];
  const texts = new Texts(mutation.files);
  const desk = new Desk(tools.kernels);
  desk.files = mutation.files;
  setLanguage(korean ? tools.korean : undefined);
  try {
    const read = await stage('read', () => readFiles(mutation, mutation.files));
    if (read === null) return over('refused', []);
    answer({ problems: read.problems, files: read.files, sizes: read.experiment?.shapes ?? null });
    const walk: Walk = { mutation, dice, desk, texts, read, tools, stage, fault, answer };
    checkRead(walk, read);
    if (again)
      await stage('read again', async () => {
        if (!isDeepStrictEqual(await readFiles(mutation, mutation.files), read))
          fault('read again', 'another outcome the second time');
      });
    const inspection = await checkInspection(walk);
    if (inspection !== null) await checkChanges(walk, inspection);
    const { experiment } = read;
    await checkWhatIf(walk);
    await checkFixes(walk);
    const runs = experiment !== null && isSmall(experiment);
    if (runs) await checkRun(walk, experiment);
    // What a worker keeps of a text is in its language, which is the same for all of its life.
    if (kept && !korean && inspection !== null && mutation.entry.kind === 'config') {
      const { config } = mutation.entry;
      await stage('the desk that stays', async () => {
        tools.staying.files = mutation.files;
        const late = await tools.staying.ask('inspect', { config, cancel: null });
        if (!isDeepStrictEqual(late, inspection))
          fault('the desk that stays', 'another inspection from a worker that has seen other texts');
      });
    }
    return over(runs ? 'ran' : read.experiment === null ? 'refused' : 'sound', read.problems);
  } finally {
    desk.close();
    setLanguage();
  }
}
