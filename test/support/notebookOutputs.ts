// Outputs of show_gradients.py as the host reads them, and how far the engine is from what torch's autograd found of
// the same call (test/notebook/torch_cases.py).
import assert from 'node:assert/strict';
import { describeProblem, readExperiment } from '../../src/config/index.js';
import type { ReadResult } from '../../src/config/index.js';
import { finish, runNetwork, spectrumResumably } from '../../src/engine/index.js';
import type { DType, Experiment, Kernels } from '../../src/engine/index.js';
import { isBeside, OutputFiles } from '../../src/notebook/index.js';
import { contentOf } from '../../src/notebook/outputContent.js';
import { resultJson, withGateBlocks } from '../../src/worker/record/resultJson.js';

export const mime = 'application/vnd.rnn-gradients+json';

/** What a cell displays, by the type of each form. */
export type Displayed = Readonly<Record<string, unknown>>;
/** What the call has written beside the notebook, by name. */
export type Written = (name: string) => Uint8Array;

type Nested = number | readonly Nested[];
type Gradients = Readonly<Record<string, Nested>>;

export type TorchCase = {
  readonly name: string;
  readonly dtype: DType;
  readonly call: unknown;
  readonly output: Displayed;
  /** Names and shapes of the result's JSON. */
  readonly expected: {
    readonly hs: Nested;
    readonly dxs: Nested;
    readonly dh0: Nested;
    readonly dc0?: Nested;
    readonly parameters: Gradients;
    readonly loss: { readonly value: number; readonly readout: Gradients } | null;
  };
};

const nothingWritten: Written = (name) => assert.fail(`${name} was not written`);

/** What is read from a config and its files in one folder. */
const readFolder = (config: string, written: Written): Promise<ReadResult> =>
  readExperiment(
    { kind: 'config', config },
    { read: (id: string) => Promise.resolve({ ok: true as const, id, bytes: written(id) }) },
  );

/** What the engine reads from an output: from what it holds, or from the files that it names. */
export function readOutput(output: Displayed | undefined, written: Written = nothingWritten): Promise<ReadResult> {
  const content = contentOf(output?.[mime]);
  if (content.kind === 'beside') {
    assert.ok(isBeside(content.file), content.file);
    return readFolder(content.file, written);
  }
  assert.ok(content.kind === 'inside', JSON.stringify(content).slice(0, 200));
  const files = new OutputFiles(content);
  return readExperiment(
    { kind: 'config', config: files.config },
    {
      read: (reference, from) => {
        const found = files.read({ reference, from });
        assert.ok(found.ok && found.bytes instanceof Uint8Array, reference);
        return Promise.resolve({ ...found, bytes: found.bytes });
      },
    },
  );
}

/** The same from the files that "Open in Panel" writes of what an output holds; null where it holds nothing. */
export function readOpened(output: Displayed): Promise<ReadResult> | null {
  const content = contentOf(output[mime]);
  if (content.kind !== 'inside') return null;
  const { config, tensors } = OutputFiles.named(content, 'opened');
  const files: Readonly<Record<string, Uint8Array>> = { 'opened.rnn.json': config, 'opened.safetensors': tensors };
  return readFolder('opened.rnn.json', (name) => files[name] ?? nothingWritten(name));
}

export async function experimentOf(output: Displayed | undefined, written?: Written): Promise<Experiment> {
  const { experiment, problems } = await readOutput(output, written);
  // A layer that was made without a bias is told to have none.
  const wrong = problems.filter(({ severity, found }) => severity !== 'info' && found !== 'no bias');
  const told = wrong.map((problem) => describeProblem(problem));
  assert.ok(experiment !== null && told.length === 0, told.join('\n'));
  return experiment;
}

const shapeOf = (nested: Nested | undefined): readonly number[] =>
  typeof nested === 'object' ? [nested.length, ...shapeOf(nested[0])] : [];
const flat = (nested: Nested): readonly number[] =>
  typeof nested === 'object' ? ((nested as readonly unknown[]).flat(Infinity) as number[]) : [nested];

/** Largest difference over the largest magnitude that is expected; infinite between different shapes. */
function distance(actual: Nested | null | undefined, expected: Nested): number {
  if (actual === null || actual === undefined || String(shapeOf(actual)) !== String(shapeOf(expected))) return Infinity;
  const [ours, theirs] = [flat(actual), flat(expected)];
  const largest = theirs.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = theirs.reduce((most, value, i) => {
    const difference = Math.abs((ours[i] ?? NaN) - value);
    return Math.max(most, Number.isNaN(difference) ? Infinity : difference);
  }, 0);
  return largest === 0 ? worst : worst / largest;
}

/** How far each tensor of the engine's run is from torch's. */
export async function distances(
  { dtype, output, expected }: Omit<TorchCase, 'name' | 'call'>,
  kernels: Kernels | null,
  written?: Written,
): Promise<Map<string, number>> {
  const experiment = await experimentOf(output, written);
  assert.equal(experiment.dtype, dtype);
  const run = finish(runNetwork(experiment, undefined, kernels));
  const text = resultJson(run, (layer) =>
    finish(withGateBlocks(layer.experiment, finish(spectrumResumably(layer.experiment, layer.result)))),
  );
  const told = JSON.parse([...text].join('')) as Readonly<Record<'hs' | 'dxs' | 'dh0' | 'dc0', Nested | null>> &
    Pick<TorchCase['expected'], 'parameters' | 'loss'>;
  const { hs, dxs, dh0, dc0, parameters, loss } = expected;
  const pairs: [string, Nested | null | undefined, Nested][] = [
    ['hs', told.hs, hs],
    ['dxs', told.dxs, dxs],
    ['dh0', told.dh0, dh0],
  ];
  if (dc0 !== undefined) pairs.push(['dc0', told.dc0, dc0]);
  for (const [name, gradient] of Object.entries(parameters)) pairs.push([name, told.parameters[name], gradient]);
  if (loss === null) assert.equal(told.loss, null);
  else {
    pairs.push(['loss', told.loss?.value, loss.value]);
    for (const [name, gradient] of Object.entries(loss.readout))
      pairs.push([`readout ${name}`, told.loss?.readout[name], gradient]);
  }
  return new Map(pairs.map(([name, ours, theirs]) => [name, distance(ours, theirs)]));
}

/** What the engine may be off, in a dtype that torch has computed in too. */
export const allowed: Readonly<Record<DType, number>> = { float32: 1e-5, float64: 1e-10 };
