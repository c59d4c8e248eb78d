// Every node of an opened step of LSTM and GRU: against the reference classes, against each other, and by finite
// differences of the step's equations, written down here once more.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  asLayer,
  finish,
  openGates,
  openStep,
  runNetwork,
  runResumably,
  stateGradients,
} from '../../../src/engine/index.js';
import type { LayerExperiment, OpenedGates } from '../../../src/engine/index.js';
import { filled, randomNumbers } from './build.js';
import { gatedSteps, matrixOf, stepOf } from './gatedReference.js';
import { randomNetwork } from './networks.js';

const near = (actual: number | undefined, expected: number, bound: number, what: string): void =>
  assert.ok(Math.abs((actual ?? NaN) - expected) <= bound, `${what}: ${actual}, not ${expected}`);

const [B, T, I, H] = [2, 7, 3, 4];
const σ = (z: number): number => 1 / (1 + Math.exp(-z));

function opened(experiment: LayerExperiment, t: number, item: number): OpenedGates {
  const result = finish(runResumably(experiment));
  const { gradients, steps } = stateGradients(experiment, result, item);
  finish(steps);
  return openGates(experiment, result, gradients, t, item);
}

const nodesOf = ({ nodes, exponent }: OpenedGates) =>
  new Map(
    nodes.map(({ name, value, gradient }) => [name, { value, gradient: gradient.map((g) => g * 2 ** exponent) }]),
  );

/** A vector that may be moved a little on its way. */
type Move = (name: string, values: readonly number[]) => readonly number[];
type States = { readonly h: readonly number[]; readonly c: readonly number[] };

/** One step of one sequence by its equations. */
function step(experiment: LayerExperiment, x: readonly number[], before: States, move: Move): States {
  const { Wx, Wh, b, bh } = experiment.layers[0].parameters;
  const N = b.length;
  const xt = move('x_t', x);
  const [h, c] = [move('h_{t−1}', before.h), move('c_{t−1}', before.c)];
  const columns = (g: number, of: (column: number) => number): number[] =>
    Array.from({ length: H }, (_, j) => of(g * H + j));
  const input = (g: number): number[] =>
    columns(g, (column) => xt.reduce((sum, value, i) => sum + value * Wx[i * N + column]!, b[column]!));
  const state = (g: number): number[] =>
    columns(g, (column) => h.reduce((sum, value, k) => sum + value * Wh[k * N + column]!, bh?.[column] ?? 0));
  const plus = (a: readonly number[], d: readonly number[]): number[] => a.map((value, j) => value + d[j]!);
  const times = (a: readonly number[], d: readonly number[]): number[] => a.map((value, j) => value * d[j]!);
  const z = (name: string, g: number): readonly number[] => move(`z_${name}`, plus(input(g), state(g)));
  if (bh === undefined) {
    const i = move('i', z('i', 0).map(σ));
    const f = move('f', z('f', 1).map(σ));
    const g = move('g', z('g', 2).map(Math.tanh));
    const o = move('o', z('o', 3).map(σ));
    const kept = move('f ⊙ c_{t−1}', times(f, c));
    const cNext = move('c_t', plus(kept, move('i ⊙ g', times(i, g))));
    return { c: cNext, h: move('h_t', times(o, move('tanh(c_t)', cNext.map(Math.tanh)))) };
  }
  const r = move('r', z('r', 0).map(σ));
  const gate = move('z', z('z', 1).map(σ));
  const q = move('q', state(2));
  const n = move('n', move('z_n', plus(move('x_t·Wx_n', input(2)), move('r ⊙ q', times(r, q)))).map(Math.tanh));
  const fresh = times(
    gate.map((value) => 1 - value),
    n,
  );
  const kept = times(gate, h);
  return { c: [], h: move('h_t', plus(move('(1 − z) ⊙ n', fresh), move('z ⊙ h_{t−1}', kept))) };
}

for (const cell of ['lstm', 'gru'] as const)
  describe(`an opened step of ${cell}`, () => {
    const dhs = filled(B * T * H, randomNumbers(77));
    const experiment =
      asLayer({
        ...randomNetwork({ seed: 12, cell, B, T, I, widths: [H], directions: ['forward'] }),
        upstream: { kind: 'given', dhs },
      }) ?? assert.fail();
    const steps = gatedSteps(experiment);
    /** ∂L/∂h_t and ∂L/∂c_t (without the path through h_t) of every step, by the reference classes. */
    const arriving: { dh: Float64Array; dc: Float64Array }[] = [];
    let [dh, dc] = [new Float64Array(B * H), new Float64Array(B * H)];
    for (let t = T - 1; t >= 0; t--) {
      dh = dh.map((value, i) => value + stepOf(dhs, B, T, H, t).data[i]!);
      arriving[t] = { dh, dc };
      const { dhPrev, dcPrev } = steps[t]!.back(matrixOf(B, H, dh), matrixOf(B, H, dc));
      [dh, dc] = [Float64Array.from(dhPrev.data), Float64Array.from(dcPrev?.data ?? dc)];
    }
    const own = (data: ArrayLike<number>, item: number, width = H): number[] =>
      Array.from({ length: width }, (_, j) => data[item * width + j]!);

    for (const t of [0, 3, T - 1])
      for (const item of [0, 1]) {
        const parts = () => {
          const at = opened(experiment, t, item);
          const nodes = nodesOf(at);
          return {
            at,
            nodes,
            node: (name: string) => nodes.get(name) ?? assert.fail(name),
            real: (values: Float64Array): number[] => [...values].map((value) => value * 2 ** at.exponent),
          };
        };

        it(`t ${t} of sequence ${item}: has the states and gradients of the reference class`, () => {
          const { at, node, real } = parts();
          const { h, c, back } = steps[t]!;
          const all = arriving[t]!;
          const { dhPrev, dcPrev, dx } = back(matrixOf(B, H, all.dh), matrixOf(B, H, all.dc));
          const same = (name: string, values: ArrayLike<number>, wanted: readonly number[]): void =>
            wanted.forEach((value, j) => near(values[j], value, 1e-13, `${name}[${j}]`));
          same('h', node('h_t').value, own(h.data, item));
          same('dh', node('h_t').gradient, own(all.dh, item));
          same('dhPrev', node('h_{t−1}').gradient, own(dhPrev.data, item));
          same('dx', node('x_t').gradient, own(dx.data, item, I));
          if (c !== null) {
            same('c', node('c_t').value, own(c.data, item));
            same('dcPrev', node('c_{t−1}').gradient, own(dcPrev!.data, item));
            same('dc of the next', real(at.fromNext).slice(H), own(all.dc, item));
          }
          if (t > 0) same('hPrev', node('h_{t−1}').value, own(steps[t - 1]!.h.data, item));
        });

        it(`t ${t} of sequence ${item}: its parts add up`, () => {
          const { at, nodes, node, real } = parts();
          for (let j = 0; j < H; j++) {
            near(at.dhs[j]! * 2 ** at.exponent, dhs[(item * T + t) * H + j]!, 1e-14, 'dhs');
            near(real(at.fromNext)[j]! + real(at.dhs)[j]!, node('h_t').gradient[j]!, 1e-13, 'dh');
          }
          // Beside h_t and c_t, which also get what comes from outside, a node's gradient is what its edges bring.
          for (const [name, { gradient }] of nodes) {
            const incoming = at.edges.filter(({ to }) => to === name);
            const isLast = name === 'h_t' || name === 'c_t';
            assert.equal(incoming.length > 0, name !== 'h_t', name);
            gradient.forEach((value, j) => {
              const outside = !isLast ? 0 : name === 'c_t' ? real(at.fromNext)[H + j]! : value;
              near(
                incoming.reduce((sum, edge) => sum + real(edge.gradient)[j]!, outside),
                value,
                1e-13,
                `edges to ${name}[${j}]`,
              );
            });
          }
        });

        it(`t ${t} of sequence ${item}: an edge has what its node's formula says`, () => {
          const { at, node, real } = parts();
          const product = (a: Float64Array, b: Float64Array): number[] => [...a].map((value, j) => value * b[j]!);
          const edge = (from: string, to: string): number[] =>
            real(at.edges.find((one) => one.from === from && one.to === to)?.gradient ?? assert.fail(`${from} ${to}`));
          const [state, gate, kept] = cell === 'lstm' ? ['c', 'f', 'f ⊙ c_{t−1}'] : ['h', 'z', 'z ⊙ h_{t−1}'];
          const arrives = node(`${state}_t`).gradient;
          edge(kept, `${state}_{t−1}`).forEach((value, j) =>
            near(value, product(arrives, node(gate).value)[j]!, 1e-14, `kept ${j}`),
          );
          edge(kept, gate).forEach((value, j) =>
            near(value, product(arrives, node(`${state}_{t−1}`).value)[j]!, 1e-14, `to the gate ${j}`),
          );
          const { Wx, Wh, b } = experiment.layers[0].parameters;
          for (const [g, name] of (cell === 'lstm' ? ['i', 'f', 'g', 'o'] : ['r', 'z']).entries()) {
            const dz = node(`z_${name}`).gradient;
            for (const [to, weights] of [
              ['h_{t−1}', Wh],
              ['x_t', Wx],
            ] as const)
              edge(`z_${name}`, to).forEach((value, k) =>
                near(
                  value,
                  dz.reduce((sum, d, j) => sum + d * weights[k * b.length + g * H + j]!, 0),
                  1e-13,
                  `z_${name} to ${to}[${k}]`,
                ),
              );
          }
        });

        it(`t ${t} of sequence ${item}: every gradient is the derivative of the loss`, () => {
          const { nodes } = parts();
          const { initial } = experiment.layers[0];
          const start: States = {
            h: own(initial.h!, item),
            c: cell === 'lstm' ? own(initial['c']!, item) : [],
          };
          const lossWith = (name: string, index: number, by: number): number => {
            let states = start;
            let loss = 0;
            for (let s = 0; s < T; s++) {
              const x = own(stepOf(experiment.chunks[0]!.xs, B, T, I, s).data, item, I);
              states = step(experiment, x, states, (at, values) =>
                s === t && at === name ? values.map((value, j) => (j === index ? value + by : value)) : values,
              );
              loss += states.h.reduce((sum, value, j) => sum + value * dhs[(item * T + s) * H + j]!, 0);
            }
            return loss;
          };
          const seen = new Set<string>();
          step(experiment, own(stepOf(experiment.chunks[0]!.xs, B, T, I, t).data, item, I), start, (name, values) => {
            seen.add(name);
            return values;
          });
          if (cell === 'gru') seen.delete('c_{t−1}');
          assert.deepEqual([...nodes.keys()].toSorted(), [...seen].toSorted());
          const d = 1e-5;
          for (const [name, { gradient }] of nodes)
            gradient.forEach((value, j) =>
              near((lossWith(name, j, d) - lossWith(name, j, -d)) / (2 * d), value, 1e-8, `${name}[${j}]`),
            );
        });
      }
  });

describe('an opened step', () => {
  it('is found between the steps that are kept, beyond the range of a double, and behind cuts', () => {
    const long = 400;
    for (const truncate of [null, 7]) {
      const experiment =
        asLayer(
          randomNetwork({ seed: 2, cell: 'lstm', B: 1, T: long, I, widths: [H], directions: ['forward'], truncate }),
        ) ?? assert.fail();
      const result = finish(runResumably(experiment));
      const { gradients, steps } = stateGradients(experiment, result, 0);
      finish(steps);
      const { ds } = result.layers[0].log10Norms;
      for (let t = 0; t < long; t += 17) {
        const { whole } = gradients.at(t);
        const log10 = Math.log10(Math.hypot(...whole.values)) + whole.exponent * Math.log10(2);
        if (ds![t] === -Infinity) assert.equal(log10, -Infinity, `t ${t}`);
        else near(log10, ds![t]!, 1e-10, `t ${t}`);
      }
    }
  });

  it('of a reverse direction begins where its sequence does', () => {
    const run = finish(
      runNetwork({
        ...randomNetwork({
          seed: 9,
          cell: 'gru',
          B,
          T,
          I,
          widths: [H],
          directions: ['forward', 'reverse'],
          lengths: [T, 3],
        }),
        upstream: { kind: 'every' },
      }),
    );
    const { experiment, result } = run.layers[1]!;
    const { gradients, steps } = stateGradients(experiment, result, 1);
    finish(steps);
    // In its own order the shorter sequence is there at the last three steps.
    assert.ok(gradients.at(T - 3).whole.values.some((value) => value !== 0));
    assert.ok(gradients.at(T - 4).whole.values.every((value) => value === 0));
    const { nodes } = openGates(experiment, result, gradients, T - 3, 1);
    assert.deepEqual(
      [...nodes.find(({ name }) => name === 'h_{t−1}')!.value],
      [...experiment.layers[0].initial.h!.subarray(H)],
    );
  });

  it('of one gate gets nothing from behind the begin of its sequence either', () => {
    const shape = { seed: 9, B, T, I, widths: [H], directions: ['forward', 'reverse'], lengths: [T, 3] } as const;
    const run = finish(runNetwork({ ...randomNetwork({ ...shape, cell: 'tanh' }), upstream: { kind: 'every' } }));
    const { experiment, result } = run.layers[1]!;
    const before = openStep(experiment, result, T - 4, 1);
    assert.deepEqual([...before.fromNext, ...before.dhs], new Array(2 * H).fill(0));
    assert.ok(openStep(experiment, result, T - 3, 1).fromNext.some((value) => value !== 0));
  });
});
