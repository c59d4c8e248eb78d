// What-ifs of networks: what is tried is what a run of the files gives after Apply, in every layout; and Apply leaves
// the text of every other number alone.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { asItIs, defaultBounds } from '../../../src/engine/index.js';
import type { WhatIf } from '../../../src/engine/index.js';
import type { ChangeOutcome, WhatIfAnswer } from '../../../src/protocol/messages.js';
import { WhatIfs } from '../../../src/worker/answers/whatIfRuns.js';
import { Desk } from '../../fuzz/desk.js';
import { edited } from '../../support/edited.js';
import { long } from '../../support/long.js';
import { readConfigText, configEntry, configName } from '../config/memory.js';

/** Numbers of a shape that are never the same twice, and in no order that a mistake could keep. */
function numbers(shape: readonly number[], scale = 0.5, from = 1): unknown {
  let at = from;
  const visit = ([length, ...inner]: readonly number[]): unknown =>
    length === undefined
      ? Number((scale * Math.sin(1 + 0.7 * at++ * at)).toPrecision(6))
      : Array.from({ length }, () => visit(inner));
  return visit(shape);
}

const [I, H] = [2, 3];
type Config = Readonly<Record<string, unknown>>;

const pytorch = (G: number, suffixes: readonly string[], biases = true): Record<string, unknown> => {
  const D = suffixes.some((suffix) => suffix.endsWith('reverse')) ? 2 : 1;
  return Object.fromEntries(
    suffixes.flatMap((suffix, i) => [
      [`rnn.weight_ih_${suffix}`, numbers([G * H, suffix.startsWith('l0') ? I : D * H], 0.5, i)],
      [`rnn.weight_hh_${suffix}`, numbers([G * H, H], 0.6, 10 + i)],
      ...(biases
        ? [
            [`rnn.bias_ih_${suffix}`, numbers([G * H], 0.3, 20 + i)],
            [`rnn.bias_hh_${suffix}`, numbers([G * H], 0.3, 30 + i)],
          ]
        : []),
    ]),
  ) as Record<string, unknown>;
};
const keras = (G: number, inputs: number, bias: readonly number[] | null): Config => ({
  kernel: numbers([inputs, G * H]),
  recurrent_kernel: numbers([H, G * H], 0.6, 5),
  ...(bias === null ? {} : { bias: numbers(bias, 0.3, 9) }),
});
const onnx = (G: number, D: number, biases = true): Config => ({
  W: numbers([D, G * H, I]),
  R: numbers([D, G * H, H], 0.6, 5),
  ...(biases ? { B: numbers([D, 2 * G * H], 0.3, 9) } : {}),
});
const both = ['l0', 'l0_reverse', 'l1', 'l1_reverse'];
const even = numbers([2, 6, I], 1);
const ragged = [numbers([4, I], 1), numbers([6, I], 1, 7)];

type Subject = {
  readonly name: string;
  readonly config: Config;
  readonly gates: readonly string[];
  /** Layers counted with their directions, and layers by themselves. */
  readonly layers: number;
  readonly depth: number;
};
const subjects: readonly Subject[] = [
  {
    name: 'an LSTM stack of PyTorch',
    config: { weights: pytorch(4, ['l0', 'l1']), sequences: even },
    gates: ['i', 'f', 'g', 'o'],
    layers: 2,
    depth: 2,
  },
  {
    name: 'a GRU of PyTorch in two directions over ragged sequences',
    config: { weights: pytorch(3, both), sequences: ragged, upstreamGradient: 'final' },
    gates: ['r', 'z', 'n'],
    layers: 4,
    depth: 2,
  },
  {
    name: 'an LSTM of PyTorch without biases',
    config: { weights: pytorch(4, ['l0', 'l1'], false), sequences: even, upstreamGradient: 1 },
    gates: ['i', 'f', 'g', 'o'],
    layers: 2,
    depth: 2,
  },
  {
    name: 'a vanilla stack of PyTorch',
    config: { weights: pytorch(1, ['l0', 'l1']), sequences: even, truncate: 3 },
    gates: ['h'],
    layers: 2,
    depth: 2,
  },
  {
    name: 'an LSTM stack of Keras',
    config: {
      weights: { lstm: keras(4, I, [4 * H]), lstm_1: keras(4, H, [4 * H]) },
      sequences: even,
    },
    gates: ['i', 'f', 'g', 'o'],
    layers: 2,
    depth: 2,
  },
  {
    name: 'a GRU of Keras',
    config: { weights: { gru: keras(3, I, [2, 3 * H]) }, sequences: even },
    gates: ['r', 'z', 'n'],
    layers: 1,
    depth: 1,
  },
  {
    name: 'a GRU of Keras without biases',
    config: { weights: { gru: keras(3, I, null) }, sequences: even },
    gates: ['r', 'z', 'n'],
    layers: 1,
    depth: 1,
  },
  {
    name: 'an LSTM under the names of a tutorial',
    config: {
      weights: { Wx: numbers([I, 4 * H]), Wh: numbers([H, 4 * H], 0.6, 5), b: numbers([4 * H], 0.3, 9) },
      sequences: even,
    },
    gates: ['i', 'f', 'g', 'o'],
    layers: 1,
    depth: 1,
  },
  {
    name: 'an LSTM of ONNX in two directions',
    config: { cell: 'lstm', weights: onnx(4, 2), sequences: ragged },
    gates: ['i', 'f', 'g', 'o'],
    layers: 2,
    depth: 1,
  },
  {
    name: 'an LSTM of ONNX in two directions without biases',
    config: { cell: 'lstm', weights: onnx(4, 2, false), sequences: ragged },
    gates: ['i', 'f', 'g', 'o'],
    layers: 2,
    depth: 1,
  },
  {
    name: 'a GRU of ONNX',
    config: { cell: 'gru', weights: onnx(3, 1), sequences: even },
    gates: ['r', 'z', 'n'],
    layers: 1,
    depth: 1,
  },
];

// Clipped, so that what is tried has as many biases as what is written.
const textOf = (config: Config): string =>
  JSON.stringify({ dtype: 'float64', clip: { norm: 1e-4 }, ...config }, null, 1);

async function desk(text: string, shown: number): Promise<{ readonly desk: Desk; readonly runId: number }> {
  const own = new Desk(null);
  own.files = { [configName]: new TextEncoder().encode(text) };
  const { runId, outcome } = await own.run(configEntry, defaultBounds, shown);
  assert.equal(outcome.kind, 'done', JSON.stringify(outcome.problems));
  return { desk: own, runId };
}
async function tried(text: string, shown: number, part: Partial<WhatIf>): Promise<WhatIfAnswer & { kind: 'run' }> {
  const { desk: own, runId } = await desk(text, shown);
  const answer = await own.ask('whatIf', { runId, whatIf: { ...asItIs, ...part } });
  assert.equal(answer?.kind, 'run', JSON.stringify(answer));
  return answer;
}
async function applied(text: string, part: Partial<WhatIf>): Promise<string> {
  const outcome = await apply(text, part);
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return edited(text, outcome.changes);
}
async function apply(text: string, part: Partial<WhatIf>): Promise<ChangeOutcome> {
  const own = new Desk(null);
  own.files = { [configName]: new TextEncoder().encode(text) };
  return own.ask('applyWhatIf', { entry: configEntry, whatIf: { ...asItIs, ...part }, copyTo: null });
}

function near(actual: Float64Array, expected: Float64Array, what: string): void {
  assert.equal(actual.length, expected.length, what);
  expected.forEach((value, t) => {
    const other = actual[t]!;
    // Logarithms to base 10: 1e-12 relative.
    assert.ok(Object.is(value, other) || Math.abs(other - value) <= 1e-12, `${what} at ${t}: ${other}, not ${value}`);
  });
}

const partsOf = ({ gates, layers, depth }: Subject): readonly Partial<WhatIf>[] => {
  const gate = gates[1] ?? null;
  const last = layers - 1;
  return [
    { layers: last, biasShift: 0.75, biasGate: gate },
    ...gates.map((biasGate) => ({ layers: 0, biasShift: -0.5, biasGate })),
    { layers: 'all', biasShift: 0.25 },
    { layers: last, rescale: { measure: 'sigmaMax', to: 0.9 } },
    { layers: 'all', rescale: { measure: 'spectralRadius', to: 1.1 } },
    ...(gate === null ? [] : [{ layers: 0, rescale: { measure: 'sigmaMax' as const, to: 1.5 }, whGate: gate }]),
    { layers: last, inputScale: 0.5 },
    ...(['orthogonal', 'keras', 'pytorch'] as const).map((way) => ({
      layers: 'all' as const,
      initialise: { way, seed: 3 },
    })),
    {
      layers: last,
      initialise: { way: 'pytorch', seed: 5 },
      rescale: { measure: 'sigmaMax', to: 1.2 },
      inputScale: 2,
      biasShift: 1,
      biasGate: gate,
      truncate: 2,
    },
    { truncate: 2, clipNorm: 1e-3 },
    { lossAt: 'every' },
    { lossAt: 3 },
    ...(depth > 1 ? [{ drop: 'last' as const }, { drop: 'last' as const, layers: 0, biasShift: 1 }] : []),
  ];
};

describe('Apply', () => {
  for (const [s, subject] of subjects.entries())
    for (const part of partsOf(subject).filter((_, p) => long || (s + p) % 2 === 0))
      it(`to ${subject.name} gives files whose run is what was tried: ${JSON.stringify(part)}`, async () => {
        const text = textOf(subject.config);
        const after = await applied(text, part);
        assert.notEqual(after, text);
        for (let shown = 0; shown < subject.layers; shown++) {
          const what = await tried(text, shown, part);
          const { desk: own, runId } = await desk(after, what.layer);
          const same = await own.ask('whatIf', { runId, whatIf: { ...asItIs, layers: what.layer } });
          assert.ok(same?.kind === 'run');
          near(what.log10.dh, same.log10.dh, `dh of ${shown}`);
          near(what.log10.singleSource, same.log10.singleSource, `single source of ${shown}`);
          if (!what.ofNetwork) assert.equal(what.verdict.kind, same.verdict.kind);
          assert.ok(what.clipFactor !== null && what.clipFactor < 1);
          assert.ok(Math.abs(what.clipFactor / same.clipFactor! - 1) < 1e-12);
        }
      });

  for (const [file, part] of [
    ['keras3_lstm.keras', { layers: 'all', initialise: { way: 'pytorch', seed: 3 } }],
    ['keras2_rnn.weights.h5', { layers: 'all', initialise: { way: 'pytorch', seed: 3 } }],
    ['keras3_lstm.keras', { layers: 1, biasShift: 0.5 }],
  ] as const)
    it(`to ${file}, which is copied under PyTorch's names, counts their biases: ${JSON.stringify(part)}`, async () => {
      const text = textOf({ weights: file, sequences: numbers([2, 6, 3], 1) });
      const own = new Desk(null);
      own.files = {
        [configName]: new TextEncoder().encode(text),
        [file]: new Uint8Array(readFileSync(`test/fixtures/files/${file}`)),
      };
      const clipFactor = async (whatIf: Partial<WhatIf>): Promise<number> => {
        const { runId } = await own.run(configEntry, defaultBounds, 0);
        const answer = await own.ask('whatIf', { runId, whatIf: { ...asItIs, ...whatIf } });
        assert.ok(answer?.kind === 'run' && answer.clipFactor !== null && answer.clipFactor < 1);
        return answer.clipFactor;
      };
      const what = await clipFactor(part);
      const request = { entry: configEntry, whatIf: { ...asItIs, ...part }, copyTo: 'copy.json' };
      const outcome = await own.ask('applyWhatIf', request);
      assert.ok(outcome.ok && outcome.newFile !== null, JSON.stringify(outcome));
      own.files = {
        [configName]: new TextEncoder().encode(edited(text, outcome.changes)),
        'copy.json': new TextEncoder().encode(outcome.newFile),
      };
      assert.ok(Math.abs(what / (await clipFactor({ layers: 0 })) - 1) < 1e-12);
    });

  it('tells what the gates of the changed run do, as its files do once they are written', async () => {
    const window = { t0: 0, t1: 6 };
    for (const { config, gates, layers } of subjects.filter(({ gates: all }) => all.length > 1)) {
      const shown = layers - 1;
      const [part, text] = [{ layers: shown, biasShift: 0.75, biasGate: gates[1] ?? null }, textOf(config)];
      const before = await desk(text, shown);
      const gate = gates[1] ?? '';
      const size = { sequence: 1, window, maxColumns: 6, maxRows: 100 };
      const own = await before.desk.ask('heatmap', { runId: before.runId, tensor: 'gate', gate, ...size });
      const H = own?.rows ?? 0;
      // Rows as the picture of the run has them: here backwards.
      const order = Array.from({ length: H }, (_, i) => H - 1 - i);
      const wanted = {
        window,
        maxPoints: 6,
        kept: { sequence: 1, maxUnits: 12 },
        map: { gate, ...size, order },
      };
      const answer = await before.desk.ask('whatIf', {
        runId: before.runId,
        whatIf: { ...asItIs, ...part },
        gates: wanted,
      });
      assert.ok(answer?.kind === 'run' && answer.gates?.kept);
      const after = await desk(await applied(text, part), shown);
      const { runId } = after;
      const series = await after.desk.ask('gateSeries', { runId, window, maxPoints: 6 });
      const kept = await after.desk.ask('kept', { runId, sequence: 1, window, maxPoints: 6, maxUnits: 12 });
      assert.ok(series && kept);
      assert.deepEqual(
        answer.gates.series.gates.map(({ name }) => name),
        gates,
      );
      series.gates.forEach(({ name, mean, closed, open }, g) => {
        const told = answer.gates!.series.gates[g]!;
        near(told.mean, mean, `mean of ${name}`);
        near(told.closed, closed, `closed share of ${name}`);
        near(told.open, open, `open share of ${name}`);
      });
      series.paths.forEach(({ name, ln }, i) => near(answer.gates!.series.paths[i]!.ln, ln, `path ${name}`));
      near(answer.gates.kept.median, kept.median, 'kept median');
      near(answer.gates.kept.halfLives, kept.halfLives, 'half-lives');
      const map = await after.desk.ask('heatmap', { runId, tensor: 'gate', gate, ...size });
      const told = answer.gates.map;
      assert.ok(map && told && H > 1);
      assert.deepEqual([told.gate, told.sequence, [...(told.picture.order ?? [])]], [gate, 1, order]);
      const { columns } = map;
      const backwards = map.values.map(
        (_, i) => told.picture.values[(H - 1 - Math.floor(i / columns)) * columns + (i % columns)] ?? NaN,
      );
      near(Float64Array.from(backwards), Float64Array.from(map.values), 'the map of one gate');
      assert.notDeepEqual(map.values, own?.values);
      const without = await before.desk.ask('whatIf', { runId: before.runId, whatIf: { ...asItIs, ...part } });
      assert.ok(without?.kind === 'run' && without.gates === null);
    }
  });

  it('tells the map of the changed network, as its files do once they are written', async () => {
    const map = { window: { t0: 0, t1: 6 }, maxColumns: 6 };
    for (const { config, layers } of subjects.filter(({ layers: count }) => count > 1)) {
      const [part, text] = [{ layers: 0, inputScale: 3 }, textOf(config)];
      const before = await desk(text, 0);
      const whatIf = { ...asItIs, ...part };
      const answer = await before.desk.ask('whatIf', { runId: before.runId, whatIf, map });
      assert.ok(answer?.kind === 'run' && answer.map);
      const after = await desk(await applied(text, part), 0);
      const expected = await after.desk.ask('networkMap', { runId: after.runId, ...map });
      const own = await before.desk.ask('networkMap', { runId: before.runId, ...map });
      assert.ok(expected && own);
      near(answer.map.picture.values, expected.values, 'values');
      near(answer.map.picture.dx, expected.dx, 'dx');
      assert.notDeepEqual(answer.map.picture.values, own.values);
      assert.equal(answer.map.layers.length, layers);
      const kinds = await Promise.all(
        answer.map.layers.map(async (_, layer) => (await tried(await applied(text, part), layer, {})).verdict.kind),
      );
      assert.deepEqual(
        answer.map.layers.map(({ kind }) => kind),
        kinds,
      );
      // Not asked for, or of other layers than those on screen.
      const without = await before.desk.ask('whatIf', { runId: before.runId, whatIf });
      assert.ok(without?.kind === 'run' && without.map === null);
    }
    const [{ config }] = subjects as [Subject];
    const { desk: own, runId } = await desk(textOf(config), 0);
    const dropped = await own.ask('whatIf', { runId, whatIf: { ...asItIs, drop: 'last' }, map });
    assert.ok(dropped?.kind === 'run' && dropped.map === null);
  });

  it('tells the verdict of the network where all of its layers are changed', async () => {
    const [lstm] = subjects;
    const part = { layers: 'all', biasShift: 6, biasGate: 'f' } as const;
    const text = textOf(lstm!.config);
    const after = await desk(await applied(text, part), 0);
    const json = await after.desk.ask('resultJson', { runId: after.runId });
    const { verdict } = JSON.parse(new TextDecoder().decode(json!)) as { verdict: { kind: string; reason: string } };
    const answer = await tried(text, 1, part);
    assert.equal(answer.ofNetwork, true);
    assert.equal(answer.verdict.kind, verdict.kind);
    assert.match(answer.verdict.reason, /^Through the whole network/);
    assert.equal((await tried(text, 1, { ...part, layers: 1 })).ofNetwork, false);
  });
});

/** Numbers of a text in their order, as they are written. */
const written = (text: string): string[] => text.match(/-?\d[\d.eE+-]*/g) ?? [];

describe('a shift of one gate', () => {
  const list = (values: readonly number[]): string => `[${values.map((value) => value.toFixed(2)).join(', ')}]`;
  const row = (r: number, columns: number): number[] => Array.from({ length: columns }, (_, c) => r + c / 10);
  const rows = (count: number, columns: number): string =>
    `[${Array.from({ length: count }, (_, r) => list(row(r, columns))).join(', ')}]`;
  const counted = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
  const shell = (weights: string): string =>
    `{\n  "dtype": "float64",\n  "weights": {\n    ${weights}\n  }, // mine\n` +
    `  "sequences": [[[1.50, 2], [0.250, 1e0]]]\n}\n`;
  // Where the bias of the forget gate (LSTM) or of the update gate (GRU) begins in the file.
  const cases: readonly (readonly [name: string, weights: string, gate: string, key: string, from: number])[] = [
    [
      'of PyTorch goes to bias_ih, second block',
      `"weight_ih_l0": ${rows(8, 2)}, "weight_hh_l0": ${rows(8, 2)},\n    "bias_ih_l0": ${list(counted(8))}, ` +
        `"bias_hh_l0": ${list(counted(8))}`,
      'f',
      'bias_ih_l0',
      2,
    ],
    [
      'of Keras, i f c o',
      `"kernel": ${rows(2, 8)}, "recurrent_kernel": ${rows(2, 8)}, "bias": ${list(counted(8))}`,
      'f',
      'bias',
      2,
    ],
    [
      "of Keras' GRU, z r h, goes to the row of the input",
      `"kernel": ${rows(2, 6)}, "recurrent_kernel": ${rows(2, 6)}, "bias": [${list(counted(6))}, ${list(counted(6))}]`,
      'z',
      'bias',
      0,
    ],
    ['of a tutorial', `"Wx": ${rows(2, 8)}, "Wh": ${rows(2, 8)}, "b": ${list(counted(8))}`, 'f', 'b', 2],
    ['of ONNX, i o f c', `"W": [${rows(8, 2)}], "R": [${rows(8, 2)}], "B": [${list(counted(16))}]`, 'f', 'B', 4],
  ];
  for (const [name, weights, gate, key, from] of cases)
    it(`${name}: its numbers alone are other ones, every other keeps its text`, async () => {
      const text = shell(weights);
      const { experiment, problems } = await readConfigText(text);
      assert.ok(experiment !== null, JSON.stringify(problems));
      const after = await applied(text, { biasShift: 0.5, biasGate: gate });
      const [start, end] = [text.indexOf(`"${key}": [`), text.indexOf(']', text.indexOf(`"${key}": [`))];
      const first = written(text.slice(0, start)).length + written(`"${key}`).length;
      const [was, is] = [written(text), written(after)];
      assert.equal(is.length, was.length);
      const changed = is.flatMap((number, i) => (number === was[i] ? [] : [i]));
      assert.deepEqual(changed, [first + from, first + from + 1]);
      for (const i of changed) assert.equal(Number(is[i]), Number(was[i]) + 0.5);
      // Nothing else of the text, blanks and comments among it, is another.
      assert.equal(after.slice(0, start), text.slice(0, start));
      assert.ok(after.endsWith(text.slice(end)));
    });
});

describe('the last layer, left out by Apply', () => {
  it('takes its keys and its initial states away, and leaves the comments of the others', async () => {
    const text =
      '{\n  "weights": {\n    // below\n    "weight_ih_l0": [[0.5]], "weight_hh_l0": [[0.25]], // trained\n' +
      '    "weight_ih_l1": [[0.5]],\n    "weight_hh_l1": [[0.25]]\n  },\n  "sequences": [[[1], [2]]],\n' +
      '  "initialState": [[[0.1]], [[0.2]]] // given\n}\n';
    assert.equal(
      await applied(text, { drop: 'last' }),
      '{\n  "weights": {\n    // below\n    "weight_ih_l0": [[0.5]], "weight_hh_l0": [[0.25]] // trained\n' +
        '    \n  },\n  "sequences": [[[1], [2]]],\n  "initialState": [[[0.1]]] // given\n}\n',
    );
  });

  it('goes from the middle of an object', async () => {
    const text =
      '{ "weights": { "weight_ih_l1": [[0.5]], "weight_hh_l1": [[0.25]], /* a */ "weight_ih_l0": [[0.5]], ' +
      '"weight_hh_l0": [[0.25]], "fc.weight": [[1]] }, "sequences": [[[1], [2]]] }';
    assert.equal(
      await applied(text, { drop: 'last' }),
      text.replace('"weight_ih_l1": [[0.5]], "weight_hh_l1": [[0.25]], ', ''),
    );
  });

  it('is refused with the sentence that was told when it was tried', async () => {
    const readout = { Why: [[1], [2], [3]], by: [0] };
    const loss = { kind: 'mse', readout, targets: [[1], [2]], at: 'last' };
    const text = textOf({ ...subjects[0]!.config, loss });
    for (const part of [{ drop: 'last' }, { lossAt: 'every' }, { layers: 7, inputScale: 2 }] as const) {
      const { desk: own, runId } = await desk(text, 0);
      const answer = await own.ask('whatIf', { runId, whatIf: { ...asItIs, ...part } });
      const outcome = await apply(text, part);
      assert.ok(answer?.kind === 'refused' && !outcome.ok);
      assert.equal(outcome.message, answer.message);
      assert.match(outcome.message, /\.$/);
    }
  });

  it('is refused where a layout has no place for a bias of its own', async () => {
    const matrices = { Wx: numbers([I, 3 * H]), Wh: numbers([H, 3 * H], 0.6, 5) };
    for (const b of [{ b: numbers([3 * H], 0.3, 9) }, {}]) {
      const text = textOf({ cell: 'gru', weights: { ...matrices, ...b }, sequences: even });
      const outcome = await apply(text, { initialise: { way: 'pytorch', seed: 1 } });
      assert.ok(!outcome.ok);
      assert.match(outcome.message, /^"b" is the bias of the input alone/);
      assert.ok((await apply(text, { biasGate: 'z', biasShift: 1 })).ok);
    }
  });
});

describe('a what-if of a network', () => {
  it('of a layer that is left out tells the curve of the one below', async () => {
    const text = textOf(subjects[1]!.config);
    const layers: number[] = [];
    for (let shown = 0; shown < 4; shown++) layers.push((await tried(text, shown, { drop: 'last' })).layer);
    assert.deepEqual(layers, [0, 1, 0, 1]);
  });

  it('keeps its own targets and the loss of the readout', async () => {
    const readout = { Why: [[1], [2], [3]], by: [0.5] };
    const loss = { kind: 'binaryCrossEntropy', readout, targets: [[1], [0]], at: 'last' };
    const text = textOf({ weights: pytorch(4, ['l0', 'l1']), sequences: ragged, loss });
    const part = { layers: 'all', biasShift: 1, biasGate: 'f' } as const;
    const answer = await tried(text, 0, part);
    const { desk: own, runId } = await desk(await applied(text, part), 0);
    const json = JSON.parse(new TextDecoder().decode((await own.ask('resultJson', { runId }))!)) as {
      loss: { value: number };
    };
    assert.ok(Math.abs(answer.lossValue! / json.loss.value - 1) < 1e-12);
    assert.notEqual((await tried(text, 0, {})).lossValue, answer.lossValue);
  });

  it('gives way to a newer one in the middle of a long run, without going on with it', async () => {
    const text = textOf({ weights: pytorch(4, both), sequences: numbers([4, 100, I], 1) });
    const { experiment } = await readConfigText(text);
    assert.ok(experiment !== null);
    let [steps, stopAt] = [0, Infinity];
    const newer: Promise<WhatIfAnswer | null>[] = [];
    const ask = (biasShift: number) => whatIfs.ask({ ...asItIs, layers: 'all', biasShift, biasGate: 'f' });
    // Looked at whenever the computation pauses.
    const whatIfs = new WhatIfs({ experiment, shown: 0 }, defaultBounds, null, () => {
      if (++steps === stopAt) newer.push(ask(2));
    });
    assert.equal((await ask(0.5))?.kind, 'run');
    const whole = steps;
    assert.ok(whole > 200, `${whole} pauses`);
    [steps, stopAt] = [0, Math.floor(whole / 2)];
    assert.equal(await ask(1), null);
    // The newer one may have begun by now.
    assert.ok(steps <= stopAt + 1, `${steps} pauses`);
    const [answer] = await Promise.all(newer);
    assert.ok(steps <= stopAt + whole, `${steps} pauses`);
    const alone = new WhatIfs({ experiment, shown: 0 }, defaultBounds, null, () => undefined);
    const same = await alone.ask({ ...asItIs, layers: 'all', biasShift: 2, biasGate: 'f' });
    assert.ok(answer?.kind === 'run' && same?.kind === 'run');
    assert.deepEqual(answer.log10, same.log10);
  });
});
