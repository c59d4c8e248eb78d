// What must hold of any network, without numbers from elsewhere: centred differences, closed forms, sums.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  attribute,
  finish,
  GruCell,
  LstmCell,
  runNetwork,
  runResumably,
  spectrumResumably,
} from '../../../src/engine/index.js';
import type { CellName, Direction, Experiment, LayerExperiment, Loss, Matrix } from '../../../src/engine/index.js';
import { filled, randomNumbers } from './build.js';
import { randomLoss, randomNetwork } from './networks.js';
import { oneLayer } from '../../support/oneLayer.js';

const cells: readonly CellName[] = ['tanh', 'sigmoid', 'identity', 'lstm', 'gru'];
const oneWay: readonly Direction[] = ['forward'];
const bothWays: readonly Direction[] = ['forward', 'reverse'];

const valueOf = (experiment: Experiment): number => finish(runNetwork(experiment)).lossValue ?? NaN;

/** Every number of every parameter and initial state, where it stands. */
const numbersOf = (experiment: Experiment): Float64Array[] =>
  experiment.layers.flatMap(({ parameters, initial }) => [
    ...Object.values(parameters),
    ...Object.values(initial).filter((values) => values !== null),
  ]);

/** The gradients in the same order. */
const gradientsOf = (experiment: Experiment): Float64Array[] =>
  finish(runNetwork(experiment)).layers.flatMap(
    ({ result: { layers } }) =>
      [...Object.values(layers[0].gradients), ...Object.values(layers[0].dInitial)] as Float64Array[],
  );

/** Worst difference between some gradients and centred differences, over the largest gradient. */
function worstDifference(experiment: Experiment, seed: number): number {
  const next = randomNumbers(seed);
  const [numbers, gradients] = [numbersOf(experiment), gradientsOf(experiment)];
  const largest = gradients.flatMap((values) => [...values]).reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  let worst = 0;
  for (let i = 0; i < 10; i++) {
    const draw = (length: number): number => Math.floor(((next() + 1) / 2) * length) % length;
    const k = draw(numbers.length);
    const values = numbers[k]!;
    const at = draw(values.length);
    const [own, h] = [values[at]!, 1e-5];
    values[at] = own + h;
    const above = valueOf(experiment);
    values[at] = own - h;
    const below = valueOf(experiment);
    values[at] = own;
    worst = Math.max(worst, Math.abs((above - below) / (2 * h) - gradients[k]![at]!));
  }
  return worst / largest;
}

describe('gradients of networks agree with centred differences', () => {
  let seed = 1;
  for (const cell of cells) {
    for (const widths of [[3], [3, 4], [2, 3, 2]]) {
      for (const directions of [oneWay, bothWays]) {
        for (const kind of ['mse', 'crossEntropy', 'binaryCrossEntropy'] as const) {
          const at: Loss['at'] = (['last', 'every', 'final', [1, 3]] as const)[seed % 4]!;
          const lengths = seed % 3 === 0 ? [5, 2, 4] : undefined;
          const own = seed++;
          const told = `${cell} [${widths.join(',')}] × ${directions.length}, ${kind} at ${String(at)}`;
          it(`${told}${lengths === undefined ? '' : ', lengths 5, 2, 4'}`, () => {
            const bare = randomNetwork({
              seed: own,
              cell,
              B: 3,
              T: 5,
              I: 2,
              widths,
              directions,
              ...(lengths === undefined ? {} : { lengths }),
            });
            const experiment = { ...bare, loss: randomLoss(bare, kind, at, own + 1000) };
            const worst = worstDifference(experiment, own);
            assert.ok(worst < 1e-7, String(worst));
          });
        }
      }
    }
  }
});

it('truncation cuts between m·k and m·k − 1 in every layer and direction, and nothing else', () => {
  for (const cell of cells) {
    const shape = { seed: 5, cell, B: 2, T: 6, I: 2, widths: [3, 3], directions: bothWays };
    const upstream = { kind: 'step', t: 4 } as const;
    const cut = finish(runNetwork({ ...randomNetwork({ ...shape, truncate: 3 }), upstream }));
    const [forward0, reverse0, forward1, reverse1] = cut.layers.map(({ result }) => result.layers[0].norms.dh);
    // From t = 4 of the upper layer: forward in time nothing comes before 3, in reverse nothing behind 5.
    assert.deepEqual(
      [...forward1!].map((norm) => norm > 0),
      [false, false, false, true, true, false],
      cell,
    );
    // A reverse direction computes 5, 4, 3 …: its steps 0 and 1 lie at t = 5 and 4.
    assert.deepEqual(
      [...reverse1!].map((norm) => norm > 0),
      [true, true, false, false, false, false],
      cell,
    );
    // Steps 3 … 5 send it down, where it stays on this side of the border.
    assert.deepEqual(
      [...forward0!].map((norm) => norm > 0),
      [false, false, false, true, true, true],
      cell,
    );
    assert.deepEqual(
      [...reverse0!].map((norm) => norm > 0),
      [true, true, true, false, false, false],
      cell,
    );
  }
});

const matrixOf = (rows: number, cols: number, data: Float64Array): Matrix => ({ rows, cols, data });
/** Columns of gate g of a matrix with H columns a gate. */
function gate(all: Float64Array, rows: number, H: number, g: number): Matrix {
  const width = all.length / rows;
  const out = new Float64Array(rows * H);
  for (let i = 0; i < rows; i++) out.set(all.subarray(i * width + g * H, i * width + (g + 1) * H), i * H);
  return matrixOf(rows, H, out);
}
const close = (actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void => {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++)
    assert.ok(Math.abs(actual[i]! - expected[i]!) < 1e-13, `${what}[${i}]: ${actual[i]} and ${expected[i]}`);
};

describe('one step of the gated cells agrees with the cell that is written out', () => {
  const [B, I, H] = [3, 4, 5];
  const next = randomNumbers(9);
  const dh = filled(B * H, next);

  it('LSTM', () => {
    const experiment = randomNetwork({ seed: 3, cell: 'lstm', B, T: 1, I, widths: [H], directions: oneWay });
    const layer = oneLayer({ ...experiment, upstream: { kind: 'given', dhs: dh } });
    const { layers, dxs } = finish(runResumably(layer));
    const { parameters, initial } = layer.layers[0];
    const of = (g: number) => ({
      Wx: gate(parameters.Wx, I, H, g),
      Wh: gate(parameters.Wh, H, H, g),
      b: gate(parameters.b, 1, H, g),
    });
    const cell = new LstmCell({ i: of(0), f: of(1), g: of(2), o: of(3) });
    const before = (state: string): Matrix => matrixOf(B, H, initial[state]!);
    const { h, c } = cell.forward(matrixOf(B, I, layer.chunks[0]!.xs), before('h'), before('c'));
    const back = cell.backward(matrixOf(B, H, dh), matrixOf(B, H, new Float64Array(B * H)));
    const [{ states, gradients, dInitial }] = layers;
    close(states.h.subarray(0, B * H), h.data, 'h');
    close(states['c']!.subarray(0, B * H), c.data, 'c');
    close(dxs, back.dx.data, 'dx');
    close(dInitial.h, back.dhPrev.data, 'dh0');
    close(dInitial['c']!, back.dcPrev.data, 'dc0');
    for (const [g, name] of (['i', 'f', 'g', 'o'] as const).entries()) {
      close(gate(gradients.Wx as Float64Array, I, H, g).data, back.weights[name].Wx.data, `dWx ${name}`);
      close(gate(gradients.Wh as Float64Array, H, H, g).data, back.weights[name].Wh.data, `dWh ${name}`);
      close(gate(gradients.b as Float64Array, 1, H, g).data, back.weights[name].b.data, `db ${name}`);
    }
  });

  it('GRU', () => {
    const experiment = randomNetwork({ seed: 4, cell: 'gru', B, T: 1, I, widths: [H], directions: oneWay });
    const layer = oneLayer({ ...experiment, upstream: { kind: 'given', dhs: dh } });
    const { layers, dxs } = finish(runResumably(layer));
    const { parameters, initial } = layer.layers[0];
    const of = (g: number) => ({
      Wx: gate(parameters.Wx, I, H, g),
      Wh: gate(parameters.Wh, H, H, g),
      bx: gate(parameters.b, 1, H, g),
      bh: gate(parameters['bh']!, 1, H, g),
    });
    const cell = new GruCell({ r: of(0), z: of(1), n: of(2) });
    const h = cell.forward(matrixOf(B, I, layer.chunks[0]!.xs), matrixOf(B, H, initial.h!));
    const back = cell.backward(matrixOf(B, H, dh));
    const [{ states, gradients, dInitial }] = layers;
    close(states.h.subarray(0, B * H), h.data, 'h');
    close(dxs, back.dx.data, 'dx');
    close(dInitial.h, back.dhPrev.data, 'dh0');
    for (const [g, name] of (['r', 'z', 'n'] as const).entries()) {
      close(gate(gradients.Wx as Float64Array, I, H, g).data, back.weights[name].Wx.data, `dWx ${name}`);
      close(gate(gradients.Wh as Float64Array, H, H, g).data, back.weights[name].Wh.data, `dWh ${name}`);
      close(gate(gradients.b as Float64Array, 1, H, g).data, back.weights[name].bx.data, `dbx ${name}`);
      close(gate(gradients['bh'] as Float64Array, 1, H, g).data, back.weights[name].bh.data, `dbh ${name}`);
    }
  });

  it('refuses to go back before it has gone forward', () => {
    const nothing = matrixOf(1, 1, new Float64Array(1));
    const gateOf = { Wx: nothing, Wh: nothing, b: nothing, bx: nothing, bh: nothing };
    assert.throws(
      () => new LstmCell({ i: gateOf, f: gateOf, g: gateOf, o: gateOf }).backward(nothing, nothing),
      /forward first/,
    );
    assert.throws(() => new GruCell({ r: gateOf, z: gateOf, n: gateOf }).backward(nothing), /forward first/);
  });
});

describe('closed forms', () => {
  it('a stack of identity layers whose Wh is I carries the gradient exactly', () => {
    const [H, T] = [3, 40];
    const plain = randomNetwork({ seed: 1, cell: 'identity', B: 1, T, I: H, widths: [H, H], directions: oneWay });
    const eye = Float64Array.from({ length: H * H }, (_, i) => (i % (H + 1) === 0 ? 1 : 0));
    const layers = plain.layers.map((layer) => ({
      ...layer,
      parameters: { ...layer.parameters, Wh: eye, Wx: eye },
    })) as unknown as Experiment['layers'];
    const run = finish(runNetwork({ ...plain, layers }));
    for (const { result } of run.layers)
      for (const value of result.layers[0].log10SingleSource) assert.ok(Math.abs(value - 0.5 * Math.log10(H)) < 1e-15);
    // The lower layer gets one unit more of it at every step back.
    const lower = run.layers[0].result.layers[0].norms.dh;
    for (let t = 0; t < T; t++) assert.ok(Math.abs(lower[t]! - (T - t) * Math.sqrt(H)) < 1e-12 * T);
    assert.equal(run.verdict.kind, 'healthy');
  });

  /** One layer with a bias that shuts or opens gates, without weights. */
  function gated(cell: CellName, T: number, bias: readonly number[]): Experiment {
    const H = 2;
    const e = randomNetwork({ seed: 2, cell, B: 1, T, I: 1, widths: [H], directions: oneWay });
    const parameters = Object.fromEntries(
      Object.entries(e.layers[0].parameters).map(([name, values]) => [
        name,
        name === 'b' ? Float64Array.from(values, (_, i) => bias[Math.floor(i / H)]!) : new Float64Array(values.length),
      ]),
    ) as unknown as Experiment['layers'][0]['parameters'];
    return { ...e, layers: [{ ...e.layers[0], parameters }] };
  }

  it('an LSTM with f = 1 and i = 0 hands dc on from step to step', () => {
    const T = 300;
    const run = finish(runNetwork(gated('lstm', T, [-800, 800, 0, 0])));
    const { log10Norms, norms, log10SingleSource } = run.layers[0].result.layers[0];
    assert.ok(log10Norms.ds !== undefined && norms.dc !== undefined);
    for (let t = 0; t < T - 1; t++) {
      assert.equal(log10Norms.ds[t], log10Norms.ds[T - 2], `step ${t}`);
      assert.equal(norms.dc[t], norms.dc[T - 2]);
      assert.equal(log10SingleSource[t], log10SingleSource[T - 2]);
    }
    assert.equal(run.verdict.kind, 'healthy');
  });

  it('a GRU with z = 1 hands dh on from step to step', () => {
    const run = finish(runNetwork(gated('gru', 200, [0, 800, 0])));
    const { norms } = run.layers[0].result.layers[0];
    for (const norm of norms.dh) assert.equal(norm, Math.sqrt(2));
    assert.equal(run.verdict.kind, 'healthy');
  });
});

describe('sums', () => {
  for (const cell of ['lstm', 'gru', 'sigmoid'] as const) {
    it(`of ${cell}: exponents add up to the mean of ln|det J|, and a single loss is all of the attribution`, () => {
      const e = randomNetwork({ seed: 8, cell, B: 2, T: 12, I: 3, widths: [4], directions: oneWay });
      const layer = oneLayer({ ...e, upstream: { kind: 'every' } });
      const result = finish(runResumably(layer));
      const spectrum = finish(spectrumResumably(layer, result));
      assert.ok(spectrum.lyapunovSumError !== null && spectrum.lyapunovSumError < 1e-10);
      // What enters at one step alone is all of the gradient before it.
      const dhs = new Float64Array(2 * 12 * 4);
      for (const b of [0, 1]) dhs.fill(1, (b * 12 + 7) * 4, (b * 12 + 8) * 4);
      const one: LayerExperiment = { ...layer, upstream: { kind: 'given', dhs } };
      const run = finish(runResumably(one));
      const { attribution, steps } = attribute(one, run);
      finish(steps);
      const { log10Norms } = run.layers[0];
      const expected = log10Norms.ds ?? log10Norms.dh;
      assert.equal(attribution.sources.length, 1);
      for (let t = 0; t <= 7; t++) assert.ok(Math.abs(attribution.log10[t]! - expected[t]!) < 1e-12, `t = ${t}`);
    });
  }
});
