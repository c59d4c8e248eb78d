// What-ifs against whole runs of configs that say the same, and what Apply writes against what was tried.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readExperiment } from '../../../src/config/index.js';
import type { Entry, FileContent, Files } from '../../../src/config/read/fileAccess.js';
import {
  asItIs,
  defaultBounds,
  finish,
  initialise,
  nextStepOf,
  runResumably,
  runWithin,
} from '../../../src/engine/index.js';
import type { LayerExperiment, RunResult, WhatIf } from '../../../src/engine/index.js';
import type { FileRequest, WhatIfAnswer } from '../../../src/protocol/messages.js';
import { applyWhatIf } from '../../../src/worker/changes/applyWhatIf.js';
import { Cancelled } from '../../../src/worker/scheduling/scheduler.js';
import { loadKernels } from '../../../src/worker/thread/loadKernels.js';
import { ended, WhatIfs } from '../../../src/worker/answers/whatIfRuns.js';
import { edited } from '../../support/edited.js';
import { readFixture } from '../../support/experiments.js';
import { flatRun, weightsOf, withLayer } from '../engine/build.js';
import type { FlatRun } from '../engine/build.js';
import { oneLayer } from '../../support/oneLayer.js';

type Weights = { Wx: number[][]; Wh: number[][]; b: number[] | number[][] };
const weights = readFixture('weather/weights.json') as Weights;
const sequences = (readFixture('weather/sequences.json') as number[][][]).map((sequence) => sequence.slice(0, 40));
const H = weights.Wh.length;
const config = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
  dtype: 'float64',
  weights,
  sequences,
  upstreamGradient: 'last',
  ...more,
});

type TestFiles = Files & { readonly readFile: (request: FileRequest) => Promise<FileContent> };
const filesOf = (texts: Readonly<Record<string, string>>): TestFiles => {
  const read = (reference: string): Promise<FileContent> => {
    const text = texts[reference];
    return Promise.resolve(
      text === undefined
        ? { ok: false, id: reference, reason: 'missing', detail: 'not there' }
        : { ok: true, id: reference, bytes: new TextEncoder().encode(text) },
    );
  };
  return { read, readFile: ({ reference }) => read(reference) };
};
const entry: Entry = { kind: 'config', config: 'a.rnn.json' };

async function experimentOf(texts: Readonly<Record<string, string>>, of: Entry = entry): Promise<LayerExperiment> {
  const { experiment, problems } = await readExperiment(of, filesOf(texts));
  assert.ok(experiment !== null, JSON.stringify(problems));
  return oneLayer(experiment);
}
const fromConfig = (object: Record<string, unknown>): Promise<LayerExperiment> =>
  experimentOf({ 'a.rnn.json': JSON.stringify(object) });
const whole = (experiment: LayerExperiment): FlatRun<RunResult> => flatRun(finish(runResumably(experiment)));

type Run = WhatIfAnswer & { kind: 'run' };
async function tried(experiment: LayerExperiment, whatIf: Partial<WhatIf>): Promise<Run> {
  const answer = await new WhatIfs({ experiment, shown: 0 }, defaultBounds, loadKernels(), () => undefined).ask({
    ...asItIs,
    ...whatIf,
  });
  assert.equal(answer?.kind, 'run', JSON.stringify(answer));
  return answer;
}
async function refusal(experiment: LayerExperiment, whatIf: Partial<WhatIf>): Promise<string> {
  const answer = await new WhatIfs({ experiment, shown: 0 }, defaultBounds, null, () => undefined).ask({
    ...asItIs,
    ...whatIf,
  });
  assert.equal(answer?.kind, 'refused');
  return answer.message;
}

function assertSame(actual: Run, expected: FlatRun<RunResult>, tolerance = 1e-9): void {
  for (const [name, values, wanted] of [
    ['dh', actual.log10.dh, expected.log10Norms.dh],
    ['singleSource', actual.log10.singleSource, expected.log10SingleSource],
  ] as const) {
    assert.equal(values.length, wanted.length);
    values.forEach((value, t) => {
      const other = wanted[t]!;
      assert.ok(
        Object.is(value, other) || Math.abs(value - other) < tolerance,
        `${name}[${t}] is ${value}, a run of its own gives ${other}`,
      );
    });
  }
  assert.equal(actual.verdict.kind, expected.verdict.kind);
  assert.ok(Math.abs(actual.verdict.perStepFactor! - expected.verdict.perStepFactor!) < 1e-7);
}

const matrixOf = (data: Float64Array): number[][] =>
  Array.from({ length: H }, (_, i) => [...data.subarray(i * H, (i + 1) * H)]);
/** σ_max and spectral radius of the weather network's Wh, as NumPy measured them. */
const measured = { sigmaMax: 1.4261, spectralRadius: 0.978 };

describe('a what-if', () => {
  const cases: readonly (readonly [what: string, whatIf: Partial<WhatIf>, edited: Record<string, unknown>])[] = [
    ['another activation', { cell: 'relu' }, { cell: 'relu' }],
    ['no activation', { cell: 'identity' }, { cell: 'identity' }],
    [
      'smaller inputs',
      { inputScale: 0.25 },
      { weights: { ...weights, Wx: weights.Wx.map((row) => row.map((x) => x * 0.25)) } },
    ],
    ['a shifted bias', { biasShift: -0.5 }, { weights: { ...weights, b: weights.b.flat().map((x) => x - 0.5) } }],
    [
      'an orthogonal Wh',
      { initialise: { way: 'orthogonal', seed: 7 } },
      { weights: { ...weights, Wh: matrixOf(initialise('orthogonal', H, H, 7)!) } },
    ],
    [
      'the identity as Wh',
      { initialise: { way: 'identity', seed: 0 } },
      { weights: { ...weights, Wh: matrixOf(initialise('identity', H, H, 0)!) } },
    ],
    [
      "Glorot's Wh",
      { initialise: { way: 'glorot', seed: 3 } },
      { weights: { ...weights, Wh: matrixOf(initialise('glorot', H, H, 3)!) } },
    ],
    ['truncation', { truncate: 7 }, { truncate: 7 }],
    ['a loss at each step', { lossAt: 'every' }, { upstreamGradient: 'every' }],
    ['a loss at one step', { lossAt: 17 }, { upstreamGradient: 17 }],
    [
      'several at once',
      { cell: 'relu', biasShift: 0.1, initialise: { way: 'he', seed: 1 }, truncate: 11, lossAt: 'every' },
      {
        cell: 'relu',
        truncate: 11,
        upstreamGradient: 'every',
        weights: { ...weights, b: weights.b.flat().map((x) => x + 0.1), Wh: matrixOf(initialise('he', H, H, 1)!) },
      },
    ],
  ];
  for (const [what, whatIf, edited] of cases) {
    it(`of ${what} is a run of a config that says so`, async () =>
      assertSame(await tried(await fromConfig(config()), whatIf), whole(await fromConfig(config(edited)))));
  }

  it('of a single layer is the same bits as a run by the kernels, whatever is changed', async () => {
    const kernels = loadKernels();
    const factor = 0.25;
    for (const dtype of ['float32', 'float64'] as const) {
      const experiment = await fromConfig(config({ dtype }));
      const before = weightsOf(experiment);
      const anew = (weights: Partial<ReturnType<typeof weightsOf>>): LayerExperiment =>
        withLayer(experiment, { weights: { ...before, ...weights } as ReturnType<typeof weightsOf> });
      const cases: readonly (readonly [Partial<WhatIf>, LayerExperiment])[] = [
        [{ inputScale: factor }, anew({ Wx: before.Wx.map((x) => x * factor) })],
        [{ biasShift: -0.5 }, anew({ b: before.b.map((x) => x - 0.5) })],
        [{ initialise: { way: 'orthogonal', seed: 7 } }, anew({ Wh: initialise('orthogonal', H, H, 7)! })],
        [
          { initialise: { way: 'orthogonal', seed: 7 }, rescale: { measure: 'sigmaMax', to: factor } },
          anew({ Wh: initialise('orthogonal', H, H, 7)!.map((x) => x * factor) }),
        ],
        [
          { cell: 'relu', truncate: 9 },
          { ...experiment, cell: 'relu', truncate: 9 },
        ],
        [
          { lossAt: 'every', clipNorm: 1e-3 },
          { ...experiment, upstream: { kind: 'every' }, clipNorm: 1e-3 },
        ],
      ];
      for (const [whatIf, changed] of cases) {
        const { log10, verdict, clipFactor } = await tried(experiment, whatIf);
        const expected = finish(runWithin(Infinity, changed, defaultBounds, kernels));
        assert.deepEqual(log10.dh, expected.layers[0].log10Norms.dh, JSON.stringify(whatIf));
        assert.deepEqual(log10.singleSource, expected.layers[0].log10SingleSource);
        assert.deepEqual(verdict, expected.verdict);
        assert.equal(clipFactor, expected.clipFactor);
      }
    }
  });

  it('of nothing is the run itself', async () =>
    assertSame(await tried(await fromConfig(config()), {}), whole(await fromConfig(config()))));

  it('of no truncation undoes that of the config', async () =>
    assertSame(
      await tried(await fromConfig(config({ truncate: 5 })), { truncate: 'off' }),
      whole(await fromConfig(config())),
    ));

  it('of clipping tells its factor', async () => {
    const { clipFactor } = await tried(await fromConfig(config()), { clipNorm: 1e-3 });
    const expected = whole(await fromConfig(config({ clip: { norm: 1e-3 } }))).clipFactor;
    assert.ok(clipFactor !== null && expected !== null && clipFactor < 1 && Math.abs(clipFactor / expected - 1) < 1e-9);
    assert.equal(
      (await tried(await fromConfig(config({ clip: { norm: 1e-3 } })), { clipNorm: 'off' })).clipFactor,
      null,
    );
  });

  for (const measure of ['spectralRadius', 'sigmaMax'] as const) {
    it(`rescales Wh to a ${measure}`, async () => {
      const { log10, verdict, measures } = await tried(await fromConfig(config()), { rescale: { measure, to: 1.2 } });
      assert.ok(Math.abs(measures[0]![measure]! - 1.2) < 1e-9);
      const factor = 1.2 / measured[measure];
      const other = measure === 'sigmaMax' ? 'spectralRadius' : 'sigmaMax';
      assert.ok(Math.abs(measures[0]![other]! - measured[other] * factor) < 2e-3);
      const expected = whole(
        await fromConfig(config({ weights: { ...weights, Wh: weights.Wh.map((row) => row.map((x) => x * factor)) } })),
      );
      // The reference measures carry four digits.
      log10.dh.forEach((value, t) => assert.ok(Math.abs(value - expected.log10Norms.dh[t]!) < 0.05));
      assert.equal(verdict.kind, expected.verdict.kind);
    });
  }

  it('in closed form: Wh = Q·ρ without input loses exactly ρ per step', async () => {
    const zeros = {
      Wx: [new Array<number>(8).fill(0)],
      Wh: Array.from({ length: 8 }, (_, i) => Array.from({ length: 8 }, (__, j) => (j === (i + 1) % 8 ? 0.3 : 0))),
      b: new Array<number>(8).fill(0),
    };
    const base = await fromConfig({
      dtype: 'float64',
      weights: zeros,
      sequences: [Array.from({ length: 50 }, () => [0])],
    });
    for (const whatIf of [
      { rescale: { measure: 'sigmaMax' as const, to: 0.8 } },
      { initialise: { way: 'orthogonal' as const, seed: 2 }, rescale: { measure: 'spectralRadius' as const, to: 0.8 } },
    ]) {
      const { verdict } = await tried(base, whatIf);
      assert.ok(Math.abs(verdict.log10Ratio! - 49 * Math.log10(0.8)) < 1e-9, `${verdict.log10Ratio}`);
    }
  });

  it('measures the spectral radius of a large Wh once it is asked for', async () => {
    const [wide, rho] = [260, 0.4];
    const base = await fromConfig(config());
    const experiment: LayerExperiment = withLayer(
      {
        ...base,
        shapes: { B: 1, T: 4, I: 1, H: wide },
        layers: [{ ...base.layers[0], H: wide }],
        chunks: [{ steps: 4, xs: new Float64Array(4) }],
      },
      {
        weights: {
          Wx: new Float64Array(wide),
          Wh: initialise('identity', wide, wide, 0)!.map((x) => rho * x),
          b: new Float64Array(wide),
        },
      },
    );
    const whatIfs = new WhatIfs({ experiment, shown: 0 }, defaultBounds, null, () => undefined);
    const before = await whatIfs.ask(asItIs);
    assert.ok(
      before?.kind === 'run' &&
        before.measures[0]!.spectralRadius === null &&
        Math.abs(before.measures[0]!.sigmaMax! - rho) < 1e-12,
    );
    const after = await whatIfs.ask({ ...asItIs, rescale: { measure: 'spectralRadius', to: 0.8 } });
    assert.ok(
      after?.kind === 'run' &&
        Math.abs(after.measures[0]!.spectralRadius! - 0.8) < 1e-12 &&
        Math.abs(after.verdict.perStepFactor! - 0.8) < 1e-9,
      JSON.stringify(after),
    );
  });

  it('leaves the experiment as it was', async () => {
    const experiment = await fromConfig(config());
    const before = structuredClone(experiment);
    await tried(experiment, {
      cell: 'relu',
      inputScale: 2,
      biasShift: 1,
      initialise: { way: 'he', seed: 1 },
      rescale: { measure: 'sigmaMax', to: 1 },
      truncate: 3,
      clipNorm: 1,
      lossAt: 3,
    });
    assert.deepEqual(experiment, before);
  });

  it('works on chunks with a carried state', async () => {
    const chunks = {
      's1.json': JSON.stringify(sequences.map((s) => s.slice(0, 15))),
      's2.json': JSON.stringify(sequences.map((s) => s.slice(15))),
    };
    const read = (more: Record<string, unknown>): Promise<LayerExperiment> =>
      experimentOf({
        ...chunks,
        'a.rnn.json': JSON.stringify(config({ sequences: ['s1.json', 's2.json'], stateful: true, ...more })),
      });
    assertSame(
      await tried(await read({}), { cell: 'identity', lossAt: 4 }),
      whole(await read({ cell: 'identity', upstreamGradient: 4 })),
    );
  });

  it('says why it cannot be done', async () => {
    const experiment = await fromConfig(config());
    assert.match(await refusal(experiment, { lossAt: 40 }), /no step 40: the steps are 0 to 39/);
    const zero = withLayer(experiment, { weights: { ...weightsOf(experiment), Wh: new Float64Array(H * H) } });
    assert.match(
      await refusal(zero, { rescale: { measure: 'spectralRadius', to: 1 } }),
      /is 0, and no factor changes that/,
    );
    const broken = withLayer(experiment, {
      weights: { ...weightsOf(experiment), Wh: weightsOf(experiment).Wh.map((x, i) => (i === 3 ? NaN : x)) },
    });
    assert.match(await refusal(broken, { rescale: { measure: 'sigmaMax', to: 1 } }), /not finite/);
    assert.match(
      await refusal(
        {
          ...experiment,
          loss: {
            kind: 'mse',
            at: 'last',
            Why: new Float64Array(H),
            by: new Float64Array(1),
            targets: new Float64Array(4),
          },
        },
        { lossAt: 3 },
      ),
      /cannot be moved/,
    );
  });

  it('mends weights that are not finite by initialising them anew', async () => {
    const experiment = await fromConfig(config());
    const broken = withLayer(experiment, {
      weights: { ...weightsOf(experiment), Wh: weightsOf(experiment).Wh.map((x, i) => (i === 3 ? Infinity : x)) },
    });
    assert.equal((await tried(broken, {})).verdict.kind, 'nonfinite');
    assert.notEqual((await tried(broken, { initialise: { way: 'orthogonal', seed: 1 } })).verdict.kind, 'nonfinite');
  });

  it('gives way to a newer one and to a newer run', async () => {
    const experiment = await fromConfig(
      config({ sequences: [Array.from({ length: 4000 }, (_, t) => [Math.sin(t), 0, 0, 1])] }),
    );
    let wanted = true;
    const whatIfs = new WhatIfs({ experiment, shown: 0 }, defaultBounds, null, () => {
      if (!wanted) throw new Cancelled();
    });
    const [older, newer] = await Promise.all([
      whatIfs.ask({ ...asItIs, biasShift: 1 }),
      whatIfs.ask({ ...asItIs, biasShift: 2 }),
    ]);
    assert.equal(older, null);
    assert.equal(newer?.kind, 'run');
    const last = whatIfs.ask(asItIs);
    whatIfs.stop();
    assert.equal(await last, null);
    wanted = false;
    assert.equal(await whatIfs.ask(asItIs), null);
  });

  it('ends the search for the next thing to try, which ends nothing', async () => {
    const experiment = await fromConfig(config());
    const whatIfs = new WhatIfs({ experiment, shown: 0 }, defaultBounds, null, () => undefined);
    const asked = whatIfs.ask(asItIs);
    function* endless(): Generator<number, null> {
      while (experiment.shapes.T > 0) yield 0;
      return null;
    }
    const search = whatIfs.nextStep(endless);
    assert.equal((await asked)?.kind, 'run');
    assert.equal((await whatIfs.ask(asItIs))?.kind, 'run');
    assert.equal(await search, ended);
    const run = finish(runResumably(experiment));
    const step = await whatIfs.nextStep(() => nextStepOf(run));
    assert.ok(step !== ended && step !== null);
    const effect = await whatIfs.effectOf(step);
    assert.ok(effect !== ended && effect !== null);
    assert.ok(Math.abs(effect.log10Ratio ?? NaN) < Math.abs(run.verdict.log10Ratio ?? NaN));
  });

  it('runs nothing a second time unasked that takes more than 10⁹ products', async () => {
    const experiment = await fromConfig(config());
    const [{ parameters }] = experiment.layers;
    const perStep = parameters.Wx.length + parameters.Wh.length;
    const step = finish(nextStepOf(finish(runResumably(experiment))));
    assert.ok(step !== null);
    const asked: number[] = [];
    for (const T of [Math.floor(1e9 / perStep), Math.floor(1e9 / perStep) + 1]) {
      const large = { ...experiment, shapes: { ...experiment.shapes, B: 1, T } };
      const whatIfs = new WhatIfs({ experiment: large, shown: 0 }, defaultBounds, null, () => {
        asked.push(T);
        throw new Cancelled();
      });
      await whatIfs.effectOf(step);
    }
    assert.deepEqual(asked, [Math.floor(1e9 / perStep)]);
  });

  it('is quick enough to be dragged', async () => {
    const [B, T, size] = [8, 100, 64];
    const next = Math.sin;
    const base = await fromConfig(config());
    const experiment: LayerExperiment = withLayer(
      {
        ...base,
        dtype: 'float32',
        shapes: { B, T, I: 4, H: size },
        layers: [{ ...base.layers[0], H: size }],
        chunks: [{ steps: T, xs: new Float64Array(B * T * 4).map((_, i) => next(i * i)) }],
      },
      {
        weights: {
          Wx: new Float64Array(4 * size).map((_, i) => 0.5 * next(i)),
          Wh: initialise('orthogonal', size, size, 1)!,
          b: new Float64Array(size),
        },
      },
    );
    const whatIfs = new WhatIfs({ experiment, shown: 0 }, defaultBounds, loadKernels(), () => undefined);
    const times: number[] = [];
    for (let i = 0; i < 60; i++) {
      const from = performance.now();
      assert.equal(
        (await whatIfs.ask({ ...asItIs, rescale: { measure: 'spectralRadius', to: 0.5 + i / 100 } }))?.kind,
        'run',
      );
      times.push(performance.now() - from);
    }
    times.sort((a, b) => a - b);
    console.log(
      `      B ${B}, T ${T}, H ${size}: ${times[30]?.toFixed(1)} ms in the middle, ${times[59]?.toFixed(1)} ms at most`,
    );
  });
});

async function applied(
  texts: Readonly<Record<string, string>>,
  whatIf: Partial<WhatIf>,
  of: Entry = entry,
): Promise<Record<string, string>> {
  const outcome = await applyWhatIf(of, { ...asItIs, ...whatIf }, filesOf(texts).readFile);
  assert.ok(outcome.ok, JSON.stringify(outcome));
  return Object.fromEntries(
    Object.entries(texts).map(([file, text]) => [
      file,
      edited(
        text,
        outcome.changes.filter((change) => change.file === file),
      ),
    ]),
  );
}
async function refused(
  texts: Readonly<Record<string, string>>,
  whatIf: Partial<WhatIf>,
  of: Entry = entry,
): Promise<string> {
  const outcome = await applyWhatIf(of, { ...asItIs, ...whatIf }, filesOf(texts).readFile);
  return outcome.ok ? assert.fail('It was not refused.') : outcome.message;
}

describe('Apply', () => {
  const inline =
    '{\n  // mine\n  "dtype": "float64",\n  "weights": { "Wx": [[0.5, -0.5]], "Wh": [[0.6, 0.2], [0.0, 0.3]], ' +
    '"b": [0.1, 0.2] }, // trained\n  "sequences": [[[1.0], [0.5], [0.25], [1.0]]]\n}\n';
  const split = {
    'a.rnn.json': '{ "weights": "w.json", "sequences": "s.json" }\n',
    'w.json': JSON.stringify({ ...weights }),
    's.json': JSON.stringify(sequences),
  };
  const torch = {
    weight_ih_l0: weights.Wh.map((_, j) => weights.Wx.map((row) => row[j] ?? 0)),
    weight_hh_l0: weights.Wh.map((_, j) => weights.Wh.map((row) => row[j] ?? 0)),
    bias_ih_l0: weights.b.flat(),
    bias_hh_l0: weights.b.flat().map(() => 0),
  };

  it('writes keys where they stand, and where there are none yet, and keeps every comment', async () => {
    const text =
      '{\n  // mine\n  "cell": "tanh", // for now\n  "weights": { "Wx": [[1]], "Wh": [[0.5]], "b": [0] },\n  ' +
      '"sequences": [[[1], [1]]],\n  "clip": {\n    "norm": 5.0 // enough\n  }\n  // the end\n}\n';
    const { 'a.rnn.json': after } = await applied(
      { 'a.rnn.json': text },
      { cell: 'relu', clipNorm: 2, truncate: 1, lossAt: 'every' },
    );
    assert.equal(
      after,
      text
        .replace('"tanh"', '"relu"')
        .replace('5.0', '2')
        .replace('  }\n  // the end', '  },\n  "upstreamGradient": "every",\n  "truncate": 1\n  // the end'),
    );
  });

  it('takes clipping and truncation away', async () => {
    const text =
      '{ "weights": { "Wx": [[1]], "Wh": [[0.5]], "b": [0] }, "sequences": [[[1], [1]]], "clip": { "norm": 5 ' +
      '}, "truncate": 1 }';
    assert.equal(
      (await applied({ 'a.rnn.json': text }, { clipNorm: 'off', truncate: 'off' }))['a.rnn.json'],
      text.replace('{ "norm": 5 }', 'null').replace('"truncate": 1', '"truncate": null'),
    );
    assert.match(await refused({ 'a.rnn.json': inline }, { clipNorm: 'off' }), /already/);
  });

  const everything: Partial<WhatIf> = {
    cell: 'relu',
    initialise: { way: 'orthogonal', seed: 9 },
    rescale: { measure: 'spectralRadius', to: 1.1 },
    inputScale: 0.5,
    biasShift: 0.25,
    clipNorm: 1,
    truncate: 2,
    lossAt: 2,
  };
  const parts: readonly Partial<WhatIf>[] = [
    { rescale: { measure: 'sigmaMax', to: 0.9 } },
    { rescale: { measure: 'spectralRadius', to: 1.3 } },
    { initialise: { way: 'glorot', seed: 4 } },
    { initialise: { way: 'identity', seed: 0 } },
    { biasShift: -0.125 },
    { inputScale: 2 },
    { lossAt: 'every' },
    { lossAt: 3 },
    everything,
  ];
  for (const [layout, texts] of [
    ['inline weights', { 'a.rnn.json': inline }],
    ['a weights file', split],
    ["PyTorch's layout", { ...split, 'w.json': JSON.stringify(torch) }],
    [
      'a Keras file without bias',
      { ...split, 'w.json': JSON.stringify({ kernel: weights.Wx, recurrent_kernel: weights.Wh }) },
    ],
    [
      'a prefix that holds a name, without bias',
      { ...split, 'w.json': JSON.stringify({ 'netWh.Wx': weights.Wx, 'netWh.Wh': weights.Wh }) },
    ],
  ] as const) {
    for (const whatIf of parts) {
      it(
        `to ${layout} gives files whose run is what was tried: ${Object.keys(whatIf).join(', ')} ` +
          JSON.stringify(Object.values(whatIf)[0]),
        async () => {
          const after = await applied(texts, whatIf);
          const double = (files: Readonly<Record<string, string>>): Promise<LayerExperiment> =>
            experimentOf(files).then((experiment) => ({ ...experiment, dtype: 'float64' }));
          // Files of float32 keep nine digits.
          assertSame(await tried(await double(texts), whatIf), whole(await double(after)), 2e-5);
        },
      );
    }
  }

  it('writes down where a fresh matrix comes from', async () => {
    const { 'a.rnn.json': after } = await applied(
      { 'a.rnn.json': inline },
      { initialise: { way: 'orthogonal', seed: 9 }, rescale: { measure: 'spectralRadius', to: 0.95 } },
    );
    assert.match(after ?? '', /Wh: orthogonal, seed 9, rescaled to spectral radius 0\.95/);
  });

  it('to a pair of files writes the weights, and refuses what only a config can say', async () => {
    const pair: Entry = { kind: 'pair', weights: 'w.json', sequences: 's.json' };
    const after = await applied(split, { rescale: { measure: 'sigmaMax', to: 1 }, biasShift: 0.5 }, pair);
    assertSame(
      await tried(await experimentOf(split, pair), { rescale: { measure: 'sigmaMax', to: 1 }, biasShift: 0.5 }),
      whole(await experimentOf(after, pair)),
      1e-4,
    );
    assert.match(await refused(split, { cell: 'relu' }, pair), /Save these two files as a config first/);
  });

  it('to a pair of files is refused where the weights are those of several networks', async () => {
    const pair: Entry = { kind: 'pair', weights: 'w.json', sequences: 's.json' };
    const texts = { ...split, 'w.json': JSON.stringify({ one: weights, other: weights }) };
    assert.match(await refused(texts, { inputScale: 0.5 }, pair), /cannot be read as they are now/);
  });

  it('leaves the loss of a config where it is', async () => {
    const loss = '{ "kind": "mse", "readout": { "Why": [[1], [1]], "by": [0] }, "targets": [[1]] }';
    const own = { 'a.rnn.json': inline.replace(/\n}\n$/, `,\n  "loss": ${loss}\n}\n`) };
    assert.match(await refused(own, { lossAt: 'every' }), /cannot be moved/);
    assert.match(await refused(own, { cell: 'relu', lossAt: 0 }), /cannot be moved/);
    assert.match((await applied(own, { cell: 'relu' }))['a.rnn.json'] ?? '', /"cell": "relu"/);
    assert.match(
      (await applied({ 'a.rnn.json': own['a.rnn.json'].replace(loss, 'null') }, { lossAt: 0 }))['a.rnn.json'] ?? '',
      /"upstreamGradient": 0/,
    );
  });

  it('refuses what cannot be read or does not fit', async () => {
    assert.match(await refused({ 'a.rnn.json': '{ "weights": ' }, { cell: 'relu' }), /cannot be read/);
    assert.match(await refused({ ...split, 'w.json': '{' }, { biasShift: 1 }), /cannot be read/);
    assert.match(await refused(split, { inputScale: 1e39 }), /do not fit into float32/);
  });
});

describe('the upstream gradient at one step', () => {
  it('is that of ones at this step', async () => {
    const given = sequences.map((sequence) => sequence.map((_, t) => new Array<number>(H).fill(t === 12 ? 1 : 0)));
    const [step, numbers] = [
      whole(await fromConfig(config({ upstreamGradient: 12 }))),
      whole(await fromConfig(config({ upstreamGradient: given }))),
    ];
    assert.deepEqual(step.log10Norms.dh, numbers.log10Norms.dh);
    assert.equal(step.log10Norms.dh[13], -Infinity);
  });

  it('has to be one of the steps', async () => {
    for (const [step, found] of [
      [40, /no step 40/],
      [-1, /-1 is no value/],
      [1.5, /1\.5 is no value/],
    ] as const) {
      const { experiment, problems } = await readExperiment(
        entry,
        filesOf({ 'a.rnn.json': JSON.stringify(config({ upstreamGradient: step })) }),
      );
      assert.equal(experiment, null);
      assert.match(problems[0]?.message ?? '', found);
      assert.equal(problems[0]?.path, 'upstreamGradient');
    }
  });
});
