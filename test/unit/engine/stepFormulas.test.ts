// The formulas of an opened step are read and computed: each has to give the number that stands beside it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asLayer, cellOf, finish, openGates, runResumably, stateGradients } from '../../../src/engine/index.js';
import { filled, randomNumbers } from './build.js';
import { randomNetwork } from './networks.js';

const [B, T, I, H] = [1, 5, 2, 3];

const σ = (z: number): number => 1 / (1 + Math.exp(-z));
const functions: Readonly<Record<string, (z: number) => number>> = {
  σ,
  'σ′': (z) => σ(z) * (1 - σ(z)),
  tanh: Math.tanh,
  'tanh′': (z) => 1 - Math.tanh(z) ** 2,
};

/** A formula of sums, products unit by unit, functions, the number 1, and names, at one unit. */
function computed(formula: string, valueOf: (name: string) => number): number {
  const tokens = formula.match(/[+−⊙()]|1|[\p{L}]+(?:_\{t[−+]1\}|_\w+)?′?/gu) ?? [];
  assert.equal(tokens.join(''), formula.replaceAll(' ', ''), `all of ${formula} is read`);
  let at = 0;
  const atom = (): number => {
    const token = tokens[at++] ?? assert.fail(`${formula} ends too early`);
    if (token === '1') return 1;
    const isCall = token !== '(' && tokens[at] === '(';
    if (isCall) at++;
    if (token !== '(' && !isCall) return valueOf(token);
    const inside = sum();
    assert.equal(tokens[at++], ')', formula);
    return isCall ? (functions[token] ?? assert.fail(`${token} of ${formula}`))(inside) : inside;
  };
  const product = (): number => {
    let value = atom();
    while (tokens[at] === '⊙') {
      at++;
      value *= atom();
    }
    return value;
  };
  function sum(): number {
    let value = product();
    while (tokens[at] === '+' || tokens[at] === '−') value += tokens[at++] === '+' ? product() : -product();
    return value;
  }
  const value = sum();
  assert.equal(at, tokens.length, formula);
  return value;
}

for (const [cell, fromWeights] of [
  [
    'lstm',
    {
      z_i: 'x_t·Wx_i + h_{t−1}·Wh_i + b_i',
      z_f: 'x_t·Wx_f + h_{t−1}·Wh_f + b_f',
      z_g: 'x_t·Wx_g + h_{t−1}·Wh_g + b_g',
      z_o: 'x_t·Wx_o + h_{t−1}·Wh_o + b_o',
    },
  ],
  [
    'gru',
    {
      z_r: 'x_t·Wx_r + b_r + h_{t−1}·Wh_r + bh_r',
      z_z: 'x_t·Wx_z + b_z + h_{t−1}·Wh_z + bh_z',
      q: 'h_{t−1}·Wh_n + bh_n',
      'x_t·Wx_n': 'x_t·Wx_n + b_n',
    },
  ],
] as const)
  describe(`the formulas of an opened step of ${cell}`, () => {
    const dhs = filled(B * T * H, randomNumbers(31));
    const opened = () => {
      const experiment =
        asLayer({
          ...randomNetwork({ seed: 8, cell, B, T, I, widths: [H], directions: ['forward'] }),
          upstream: { kind: 'given', dhs },
        }) ?? assert.fail();
      const result = finish(runResumably(experiment));
      const { gradients, steps } = stateGradients(experiment, result, 0);
      finish(steps);
      const step = openGates(experiment, result, gradients, 2, 0);
      const { nodes } = step;
      return {
        ...step,
        node: (name: string) => nodes.find((one) => one.name === name) ?? assert.fail(`there is no node ${name}`),
        inner: nodes.filter(({ name }) => !/^x_t$|_\{t−1\}$/.test(name) || / /.test(name)),
      };
    };
    const near = (formula: string, values: Float64Array, valueOf: (name: string, j: number) => number): void =>
      values.forEach((value, j) => {
        const wanted = computed(formula, (name) => valueOf(name, j));
        assert.ok(Math.abs(value - wanted) <= 1e-13 * Math.max(1, Math.abs(wanted)), `${formula}: ${value}, ${wanted}`);
      });

    it('say what each node is, by the names of others', () => {
      const { node, inner } = opened();
      const told: Record<string, string> = {};
      for (const { name, forward, value } of inner) {
        if (/^h_\{t−1\}·|^x_t·/.test(forward) && name !== 'z_n') told[name] = forward;
        // The sum of x_t·Wx_n and b_n is one node.
        else
          near(
            forward.replace('x_t·Wx_n + b_n', 'xn'),
            value,
            (own, j) => node(own === 'xn' ? 'x_t·Wx_n' : own).value[j]!,
          );
      }
      assert.deepEqual(told, fromWeights);
    });

    it('say what gradient arrives at each node', () => {
      const { node, inner, dhs: entering, fromNext } = opened();
      for (const { backward, gradient } of inner)
        near(backward, gradient, (name, j) => {
          if (name === 'dhs') return entering[j]!;
          if (name === 'dh_{t+1}') return fromNext[j]!;
          if (name === 'dc_{t+1}') return fromNext[H + j]!;
          // `dh` and `dc` are what arrives at the states; `dy` at a node y.
          const of = /^d(\p{L}.*)$/u.exec(name)?.[1];
          if (of !== undefined) return node(of === 'h' || of === 'c' ? `${of}_t` : of).gradient[j]!;
          return node(name).value[j]!;
        });
    });

    it('stand each in a place of its own, before what they are made into', () => {
      const { node, nodes, edges } = opened();
      const places = nodes.map(({ place }) => place);
      for (const [column, row] of places) assert.ok(Number.isInteger(column) && Number.isInteger(row));
      assert.equal(new Set(places.map((place) => place.join(' '))).size, nodes.length);
      for (const { from, to } of edges) {
        const [[a, rowA], [b, rowB]] = [node(from).place, node(to).place];
        assert.ok(a > b || (a === b && rowA !== rowB), `${to} stands behind ${from}`);
      }
      assert.deepEqual(node('h_t').place[0], Math.max(...places.map(([column]) => column)));
    });

    it('name the gates whose weights they are made with, and the way on which a state is kept', () => {
      const { inner } = opened();
      const ofInput = new Map(inner.map(({ name, ofInput: gate }) => [gate, name]));
      const ofState = new Map(inner.map(({ name, ofState: gate }) => [gate, name]));
      const { gates } = cellOf(cell);
      for (const gate of gates) {
        const isSplit = cell === 'gru' && gate === 'n';
        assert.equal(ofInput.get(gate), isSplit ? 'x_t·Wx_n' : `z_${gate}`);
        assert.equal(ofState.get(gate), isSplit ? 'q' : `z_${gate}`);
      }
      assert.deepEqual(
        inner.filter(({ keeps }) => keeps === true).map(({ name }) => name),
        [cell === 'lstm' ? 'f ⊙ c_{t−1}' : 'z ⊙ h_{t−1}'],
      );
    });
  });
