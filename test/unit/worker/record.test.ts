// What a report keeps of a run: the same answers as from the run itself where all is kept, and a bounded size where it
// is not.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import {
  defaultBounds,
  finish,
  openStep,
  runResumably,
  spectrumResumably,
  Workspaces,
} from '../../../src/engine/index.js';
import type { LayerExperiment } from '../../../src/engine/index.js';
import { Analyses } from '../../../src/worker/answers/analyses.js';
import { pack, unpack } from '../../../src/worker/record/typedArrayJson.js';
import { makeRecord } from '../../../src/worker/record/reportRecord.js';
import type { RunRecord } from '../../../src/worker/record/reportRecord.js';
import { replay } from '../../../src/worker/record/reportReplay.js';
import { heatmap, sequenceLines, stepValues, unitLines } from '../../../src/worker/answers/slices.js';
import type { KeptRun } from '../../../src/worker/answers/keptRun.js';
import { summarise } from '../../../src/worker/answers/summary.js';
import { band, spread } from '../../../src/worker/answers/unitSlices.js';
import { nested } from '../engine/build.js';
import { long } from '../../support/long.js';
import { leakyInTheTable } from '../engine/leaky.js';
import type { FlatExperiment } from '../engine/build.js';
import { kernelsOf, variants } from '../wasm/support.js';

/** Those of this machine; the oracle of what is kept is the run itself. */
const kernels = kernelsOf(variants[0]);
const workspaces = new Workspaces(kernels);

function experimentOf(B: number, T: number, H: number, more: Partial<FlatExperiment> = {}): LayerExperiment {
  const wave = (n: number, scale: number): Float64Array =>
    Float64Array.from({ length: n }, (_, i) => scale * Math.sin(1 + 0.7 * i));
  return nested({
    name: 'waves',
    cell: 'tanh',
    dtype: 'float64',
    shapes: { B, T, I: 1, H },
    weights: { Wx: wave(H, 1), Wh: wave(H * H, 1 / Math.sqrt(H)), b: wave(H, 0.1) },
    chunks: [{ steps: T, xs: wave(B * T, 1) }],
    h0: null,
    stateful: false,
    upstream: { kind: 'last' },
    loss: null,
    clipNorm: null,
    truncate: null,
    ...more,
  });
}

async function recordOf(
  experiment: LayerExperiment,
): Promise<{ readonly run: KeptRun; readonly record: RunRecord; readonly bytes: number }> {
  const result = finish(runResumably(experiment, defaultBounds, kernels));
  const run: KeptRun = { runId: 1, experiment, result };
  const made = await makeRecord(
    run,
    summarise(1, experiment, result, 0),
    finish(spectrumResumably(experiment, result, workspaces)),
    new Analyses(run, result.shapes, () => undefined, null, workspaces),
    null,
  );
  const text = pack(made);
  return { run, record: unpack(text) as RunRecord, bytes: text.length };
}

const everything = (T: number) => ({ runId: 1, window: { t0: 0, t1: T } });

describe('a packed value', () => {
  it('comes back bit for bit, with no < on the way', () => {
    const value = {
      text: '</script><!--',
      numbers: [1, NaN, -Infinity, -0.5],
      wide: Float64Array.of(0.1, NaN, -0, 1e300),
      narrow: Float64Array.of(0.5, -0, Infinity),
      units: Uint32Array.of(1, 4294967295),
      nothing: null,
      flag: true,
    };
    const text = pack(value);
    assert.ok(!text.includes('<'));
    assert.deepEqual(unpack(text), value);
    // What float32 holds exactly takes half the room.
    assert.ok(pack(new Float64Array(3000)).length < 0.6 * pack(Float64Array.from({ length: 3000 }, () => 0.1)).length);
  });

  it('may come from another frame, whose arrays are of classes of their own', () => {
    const foreign = runInNewContext('[new Float64Array([1, 0.1, NaN]), new Uint8Array([1, 255])]') as unknown[];
    assert.ok(!(foreign[0] instanceof Float64Array));
    assert.deepEqual(unpack(pack([...foreign])), [Float64Array.of(1, 0.1, NaN), Uint8Array.of(1, 255)]);
  });

  it('refuses what it has no name for', () => {
    assert.throws(() => pack(new BigInt64Array(1)), /BigInt64Array/);
  });
});

describe('the record of a small run', () => {
  for (const [name, more] of [
    ['last', {}],
    [
      'a loss',
      {
        loss: {
          kind: 'mse' as const,
          at: 'every' as const,
          Why: Float64Array.of(1, -1, 0.5),
          by: Float64Array.of(0.1),
          targets: Float64Array.from({ length: 2 * 40 }, (_, i) => Math.cos(i)),
        },
      },
    ],
  ] as const) {
    it(`answers like the run itself (${name})`, async () => {
      const { run, record } = await recordOf(experimentOf(2, 40, 3, more));
      assert.deepEqual(record.extent, { kind: 'everything' });
      const answers = replay(record);
      const all = everything(40);
      for (const tensor of ['hs', 'dh', 'z'] as const) {
        const request = {
          ...all,
          tensor,
          sequence: 1,
          window: { t0: 7, t1: 31 },
          maxColumns: 10,
          maxRows: 2,
          order: 'similarity' as const,
        };
        assert.deepEqual(await answers.heatmap(request), heatmap(run, request));
      }
      assert.deepEqual(
        await answers.step({ runId: 1, t: 17, sequence: 1 }),
        stepValues(run, { runId: 1, t: 17, sequence: 1 }),
      );
      assert.deepEqual(
        await answers.unitLines({ ...all, sequence: 1, units: [2, 0], maxPoints: 12 }),
        unitLines(run, { ...all, sequence: 1, units: [2, 0], maxPoints: 12 }),
      );
      assert.deepEqual(await answers.band({ ...all, maxPoints: 12 }), band(run, { ...all, maxPoints: 12 }));
      assert.deepEqual(
        await answers.activations({ ...all, sequence: null, maxColumns: 9, bins: 5 }),
        spread(run, { ...all, sequence: null, maxColumns: 9, bins: 5 }),
      );
      // dz and what it sends back follow from the kept numbers; what the loss sends is kept instead of the loss.
      const unit = await answers.openedStep({ runId: 1, t: 39, sequence: 1 });
      const g = stepValues(run, { runId: 1, t: 39, sequence: 1 });
      unit?.dhs.forEach((value, i) =>
        assert.ok(Math.abs(value * 2 ** unit.exponent - (g.g[i] ?? NaN) * 10 ** g.gLog10) < 1e-12),
      );
    });
  }
});

describe('the record of a run in chunks', () => {
  it('opens every unit as the run does, with the gradient that enters there', async () => {
    const [B, T, H] = [2, 12, 3];
    const chunks = [5, 7].map((steps) => ({
      steps,
      xs: Float64Array.from({ length: B * steps }, (_, i) => Math.cos(i)),
    }));
    const dhs = Float64Array.from({ length: B * T * H }, (_, i) => Math.sin(3 * i));
    for (const stateful of [false, true]) {
      const {
        run: { experiment, result },
        record,
      } = await recordOf(experimentOf(B, T, H, { chunks, stateful, upstream: { kind: 'given', dhs } }));
      const answers = replay(record);
      for (let t = 0; t < T; t++)
        assert.deepEqual(
          await answers.openedStep({ runId: 1, t, sequence: 1 }),
          openStep(experiment, result, t, 1),
          `t = ${t}`,
        );
    }
  });
});

describe('the record of a large batch', () => {
  it('keeps as many whole sequences as fit, and what needs all of them', async () => {
    const [B, T, H] = [400, 60, 24];
    const { run, record, bytes } = await recordOf(experimentOf(B, T, H));
    assert.equal(record.extent.kind, 'sequences');
    const kept = record.extent.sequences;
    assert.ok(kept > 10 && kept < B, `${kept} sequences`);
    assert.ok(bytes < 4.5e6, `${bytes} bytes`);
    const answers = replay(record);
    const all = everything(T);
    const last = await answers.step({ runId: 1, t: 30, sequence: kept - 1 });
    stepValues(run, { runId: 1, t: 30, sequence: kept - 1 }).h.forEach((value, i) =>
      assert.ok(Math.abs((last?.h[i] ?? NaN) - value) < 1e-7),
    );
    assert.equal(await answers.step({ runId: 1, t: 30, sequence: kept }), null);
    assert.deepEqual(await answers.band({ ...all, maxPoints: 5000 }), band(run, { ...all, maxPoints: 5000 }));
    assert.equal((await answers.activations({ ...all, sequence: null, maxColumns: 1000, bins: 48 }))?.columns, T);
    const lines = await answers.sequenceLines({ ...all, first: 3, count: 2, maxPoints: 500 });
    const expected = sequenceLines(run, { ...all, first: 3, count: 2, maxPoints: 500 });
    assert.equal(lines?.values.length, 2);
    lines.values[0]?.forEach((value, i) => assert.ok(Math.abs(value - (expected.values[0]?.[i] ?? NaN)) < 1e-5));
  });

  it('has a line for every sequence that can be chosen, also where the batch has fewer', async () => {
    const [B, T] = [60, 2000];
    const { run, record } = await recordOf(experimentOf(B, T, 3));
    assert.equal(record.extent.kind, 'sequences');
    const request = { ...everything(T), first: record.extent.sequences - 1, count: 1, maxPoints: 500 };
    assert.ok(request.first >= (record.batch?.sequenceLines.values.length ?? Infinity), `${request.first}`);
    assert.deepEqual(await replay(record).sequenceLines(request), sequenceLines(run, request));
  });
});

describe('the record of a long, wide sequence', () => {
  it('keeps pictures, every norm, and the numbers of some steps', async () => {
    const [T, H] = [9000, 48];
    const { run, record, bytes } = await recordOf(experimentOf(1, T, H));
    assert.equal(record.extent.kind, 'pictures');
    assert.ok(bytes < 4.5e6, `${bytes} bytes`);
    const answers = replay(record);
    assert.deepEqual(record.summary.layers[0].log10.dh, run.result.layers[0].log10Norms.dh);
    for (const order of ['index', 'saturation'] as const) {
      const request = { ...everything(T), tensor: 'hs' as const, sequence: 0, order, maxColumns: 1024, maxRows: 96 };
      const [kept, whole] = [await answers.heatmap(request), heatmap(run, request)];
      assert.deepEqual(kept?.order ?? null, whole.order);
      kept?.values.forEach((value, i) => assert.ok(Math.abs(value - (whole.values[i] ?? NaN)) < 1e-4));
    }
    assert.equal((await answers.step({ runId: 1, t: T - 1, sequence: 0 }))?.t, T - 1);
    const near = await answers.openedStep({ runId: 1, t: 4321, sequence: 0 });
    assert.ok(near !== null && Math.abs(near.t - 4321) < T / 20);
    const lines = await answers.unitLines({ ...everything(T), sequence: 0, units: [40, 3], maxPoints: 100 });
    assert.ok(lines?.values[0]?.every(Number.isNaN) === true, 'unit 40 is not among those that are kept');
    assert.ok(lines.values[1]?.every((value) => Math.abs(value) <= 1));
    assert.equal((await answers.attribution({ ...everything(T), maxColumns: 100, maxRows: 100 }))?.fraction, 1);
    assert.equal((await answers.reach({ runId: 1 }))?.steps, T);
  });
});

describe('the record of a cell with a parameter of its own', () => {
  const waves = (count: number, scale: number): Float64Array =>
    Float64Array.from({ length: count }, (_, i) => scale * Math.sin(2 + 0.3 * i));

  for (const [kind, T, H] of [
    ['everything', 40, 3],
    ['pictures', 26_000, 3],
  ] as const)
    it(`has it in opened steps and among the weights (${kind})`, async () => {
      const { run, record } = await recordOf(
        experimentOf(1, T, H, {
          cell: leakyInTheTable(),
          // How far each gradient reaches is not what is asked here, and takes longest.
          truncate: 50,
          weights: {
            Wx: waves(H, 1),
            Wh: waves(H * H, 1 / Math.sqrt(H)),
            b: waves(H, 0.1),
            alpha: waves(H, 0.3).map((value) => 0.5 + value),
          },
        }),
      );
      assert.equal(record.extent.kind, kind);
      const answers = replay(record);
      const unit = (await answers.openedStep({ runId: 1, t: T - 1, sequence: 0 })) ?? assert.fail();
      assert.equal(unit.t, T - 1);
      const { own, carry } = openStep(run.experiment, run.result, T - 1, 0);
      assert.ok((own['alpha'] ?? assert.fail()).some((value) => value !== 0));
      own['alpha']?.forEach((value, j) => assert.ok(Math.abs((unit.own['alpha']?.[j] ?? NaN) - value) < 1e-6));
      carry.forEach((value, j) => assert.ok(Math.abs((unit.carry[j] ?? NaN) - value) < 1e-6));
      const picture = await answers.weights({ runId: 1, tensor: 'alpha', maxRows: 9, maxColumns: 99 });
      assert.deepEqual(picture?.shape, [1, H]);
    });
});

/** An identity cell that grows by a tenth a step: no float64 holds it from about t = 7,450 on. */
const overflowing = (T: number, H: number): LayerExperiment =>
  experimentOf(1, T, H, {
    cell: 'identity',
    weights: {
      Wx: new Float64Array(H).fill(1),
      Wh: Float64Array.from({ length: H * H }, (_, i) => (i % (H + 1) === 0 ? 1.1 : 0)),
      b: new Float64Array(H),
    },
  });

describe('a window of the record of a long, wide sequence', () => {
  it('is told what is not finite in it, and its largest value, as far as columns tell', async () => {
    const [T, H] = [9000, 48];
    const { run, record } = await recordOf(overflowing(T, H));
    assert.equal(record.extent.kind, 'pictures');
    const answers = replay(record);
    const ofWindow = (t0: number, t1: number) => ({
      runId: 1,
      tensor: 'hs' as const,
      sequence: 0,
      window: { t0, t1 },
      maxColumns: 1024,
      maxRows: 96,
    });
    const first =
      Array.from({ length: T }, (_, t) => t).find((t) => !Number.isFinite(run.result.layers[0].states.h.at(t * H))) ??
      T;
    assert.ok(first > 7000 && first < 8000, String(first));
    const before = await answers.heatmap(ofWindow(100, 7000));
    const across = await answers.heatmap(ofWindow(first - 200, first + 200));
    const after = await answers.heatmap(ofWindow(first + 20, T));
    const all = await answers.heatmap(ofWindow(0, T));
    assert.equal(before?.notFinite, 0);
    const known = heatmap(run, ofWindow(100, 7000));
    assert.ok(before.peak >= known.peak && before.peak < known.peak * 1.1 ** 9, `${before.peak} for ${known.peak}`);
    // Columns of eight or nine steps each.
    assert.ok((across?.notFinite ?? 0) >= 200 * H && (across?.notFinite ?? 0) < 209 * H, String(across?.notFinite));
    assert.ok(Number.isNaN(after?.peak));
    assert.equal(all?.notFinite, heatmap(run, ofWindow(0, T)).notFinite);
    // Beyond the range of float32 too, a number that was kept is that number.
    const { t, h } = record.first?.steps.findLast((step) => step.t < first) ?? { t: NaN, h: [] };
    assert.ok((h[0] ?? NaN) > 1e200 && h[0] === run.result.layers[0].states.h.at(t * H), `${h[0]} at t = ${t}`);
    // The only sequence is the whole batch: it is kept once.
    assert.equal(record.batch, null);
    assert.deepEqual(
      await answers.activations({ ...everything(T), sequence: null, maxColumns: 512, bins: 28 }),
      spread(run, { ...everything(T), sequence: null, maxColumns: 512, bins: 28 }),
    );
  });
});

describe('the record of a very long sequence', () => {
  it('is no larger for more steps, and tells the verdict and the extremes of every norm with all digits', async () => {
    const sizes: number[] = [];
    for (const T of [40_000, long ? 240_000 : 80_000]) {
      const {
        run: { result },
        record,
        bytes,
      } = await recordOf(experimentOf(1, T, 2));
      sizes.push(bytes);
      const {
        summary: { steps, log10: network, layers, verdict },
      } = record;
      const [{ log10, hNorm }] = layers;
      const [{ log10Norms }] = result.layers;
      const kept = { dx: network.dx, dh: log10.dh, ...log10.parameters };
      const whole = { dx: result.log10Norms.dx, dh: log10Norms.dh, ...log10Norms.parameters };
      assert.ok(steps !== null);
      assert.deepEqual(record.extent, { kind: 'pictures', steps: record.first?.steps.length, norms: steps.length });
      assert.deepEqual(verdict, result.verdict);
      assert.deepEqual(Object.keys(kept), ['dx', 'dh', 'Wx', 'Wh', 'b']);
      for (const [name, values] of Object.entries(whole)) {
        const told = kept[name as keyof typeof kept];
        assert.deepEqual(
          told,
          steps.map((t) => values[t] ?? NaN),
        );
        for (const pick of [Math.min, Math.max])
          assert.equal(
            told.reduce((a, b) => pick(a, b)),
            values.reduce((a, b) => pick(a, b)),
            name,
          );
      }
      // Steps that have more numbers have their norms too.
      for (const { t } of record.first?.steps ?? []) assert.ok(steps.includes(t), String(t));
      const window = { t0: 1000, t1: 9000 };
      const answer = await replay(record).series({ runId: 1, window });
      assert.deepEqual(answer?.window, window);
      assert.deepEqual(
        answer.steps,
        steps.filter((t) => t >= 1000 && t < 9000),
      );
      assert.deepEqual(
        answer.layers[0].hNorm,
        hNorm.filter((_, i) => (steps[i] ?? 0) >= 1000 && (steps[i] ?? 0) < 9000),
      );
      assert.equal(answer.jacobianSigmaMax.length, answer.steps.length);
    }
    const [few = NaN, many = NaN] = sizes;
    assert.ok(many < 5e6 && many < 1.2 * few, `${few} and ${many} bytes`);
  });
});
