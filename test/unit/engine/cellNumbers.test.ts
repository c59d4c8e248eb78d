// Numbers of the cells where float64 ends, the sizes of what they write, and what is told of each.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { emptySlopes, sizeOf } from '../../../src/engine/cells/cell.js';
import { activationOf, kernelOf } from '../../../src/engine/cells/index.js';
import { lnOf, logistic, logisticSlope, tanhSlope } from '../../../src/engine/cells/logistic.js';
import { throughSlopes } from '../../../src/engine/cells/slopes.js';
import { cellNames, cellOf, factsOf } from '../../../src/engine/index.js';
import type { CellName } from '../../../src/engine/index.js';
import { filled, randomNumbers } from './build.js';

const near = (actual: number, expected: number): void =>
  assert.ok(Math.abs(actual / expected - 1) < 1e-14, `${actual}, not ${expected}`);

/** z is asked for only where h alone has lost the digits. */
const never = (): number => assert.fail('z is not needed');

describe('the logistic function', () => {
  it('keeps its digits as far down as float64 goes, and is 1 far up', () => {
    assert.equal(logistic(0), 0.5);
    // e^740 is beyond float64, e^−740 is not.
    assert.equal(logistic(-740), Math.exp(-740));
    assert.equal(logistic(800), 1);
    near(logisticSlope(-700), Math.exp(-700));
    near(logisticSlope(700), Math.exp(-700));
    near(logisticSlope(1), Math.E / (1 + Math.E) ** 2);
  });
});

describe('the slope of tanh', () => {
  it('is 1/cosh²z also where 1 − tanh²z is 0 and where cosh²z overflows', () => {
    assert.equal(tanhSlope(0), 1);
    for (const z of [0.5, 3, 18]) for (const sign of [1, -1]) near(tanhSlope(sign * z), 1 / Math.cosh(z) ** 2);
    // 4·e^−40/(1 + e^−40)²
    near(tanhSlope(20), 4 * Math.exp(-40));
    near(tanhSlope(-20), 4 * Math.exp(-40));
    near(tanhSlope(354), 4 * Math.exp(-708));
    // Subnormal: 4·e^−720 in steps of 2^−1074.
    assert.ok(Math.abs(tanhSlope(360) - 4 * Math.exp(-720)) <= 2 ** -1070);
    assert.ok(tanhSlope(360) > 0);
    assert.equal(tanhSlope(380), 0);
  });

  it('has its logarithm taken from z where the slope is subnormal, and only there', () => {
    assert.equal(lnOf(2 ** -1022, never), Math.log(2 ** -1022));
    assert.equal(lnOf(0.5, never), Math.log(0.5));
    assert.equal(
      lnOf(2 ** -1023, () => -7),
      -7,
    );
  });
});

describe('slopes of the cells of one gate', () => {
  it('are taken from h as long as it has the digits, and from z beyond', () => {
    const [tanh, sigmoid] = [activationOf('tanh'), activationOf('sigmoid')];
    for (const sign of [1, -1]) {
      assert.equal(tanh.exactSlope(sign * 0.97, never), 1 - 0.97 * 0.97);
      assert.equal(
        tanh.exactSlope(sign * 0.9701, () => sign * 20),
        tanhSlope(20),
      );
    }
    assert.equal(sigmoid.exactSlope(0.5, never), 0.25);
    assert.equal(
      sigmoid.exactSlope(0.6, () => 30),
      logisticSlope(30),
    );
  });

  it('have a logarithm where no float64 holds the slope', () => {
    for (const z of [900, -900]) {
      near(
        activationOf('tanh').lnSlope(0, () => z),
        2 * Math.log(2) - 1800,
      );
      near(
        activationOf('sigmoid').lnSlope(0, () => z),
        -900,
      );
    }
    assert.equal(activationOf('relu').lnSlope(0, never), -Infinity);
    assert.equal(activationOf('identity').lnSlope(1, never), 0);
  });

  it('of relu are none where h is no number', () => {
    const { slope, value } = activationOf('relu');
    assert.deepEqual([slope(NaN), slope(0), slope(2), value(NaN)], [NaN, 0, 1, NaN]);
  });
});

describe('a step of a cell', () => {
  it('takes exact slopes from z, in its own units alone', () => {
    for (const name of ['tanh', 'sigmoid'] as const) {
      const [H, own] = [2, Float64Array.of(25, 0.5)];
      const { value, slope } = activationOf(name);
      const step = { H, previous: new Float64Array(H), z: () => own, fromInput: () => own, fromState: () => own };
      const weights = { Wx: own, Wh: own, b: own };
      const next = new Float64Array(H + 1).fill(7);
      cellOf(name).forward({ ...step, parameters: weights }, next);
      assert.deepEqual([...next], [value(25), value(0.5), 7]);
      const slopes = { ...emptySlopes(cellOf(name), H), A: new Float64Array(H + 1).fill(7) };
      cellOf(name).slopes({ ...step, parameters: weights }, next, true, slopes);
      near(slopes.A[0]!, name === 'tanh' ? tanhSlope(25) : logisticSlope(25));
      near(slopes.A[1]!, slope(next[1]!));
      cellOf(name).slopes({ ...step, parameters: weights }, next, false, slopes);
      assert.deepEqual([...slopes.A], [slope(next[0]!), slope(next[1]!), 7]);
    }
  });

  it('has slopes for each state through each gate, and beside the weights where the cell has them', () => {
    const sizes = (name: CellName): number[] => Object.values(emptySlopes(cellOf(name), 5)).map(({ length }) => length);
    assert.deepEqual(sizes('tanh'), [5, 0, 0]);
    assert.deepEqual(sizes('lstm'), [40, 20, 0]);
    assert.deepEqual(sizes('gru'), [15, 5, 15]);
  });

  it('has parameters of these sizes', () => {
    const told = (name: CellName): string[] =>
      cellOf(name).parameters.map((spec) => `${spec.name} ${spec.shape(2, 5).join('×')} ${sizeOf(spec, 2, 5)}`);
    assert.deepEqual(told('sigmoid'), ['Wx 2×5 10', 'Wh 5×5 25', 'b 1×5 5']);
    assert.deepEqual(told('lstm'), ['Wx 2×20 40', 'Wh 5×20 100', 'b 1×20 20']);
    assert.deepEqual(told('gru'), ['Wx 2×15 30', 'Wh 5×15 75', 'b 1×15 15', 'bh 1×15 15']);
  });
});

describe('a step of a cell of gates', () => {
  // Pre-activations are given, so that one alone can be moved.
  const H = 2;
  type Given = {
    readonly input: number[];
    readonly state: number[];
    readonly previous: number[];
    readonly bh: number[];
  };
  const randoms = (seed: number, count: number): number[] => [...filled(count, randomNumbers(seed))];
  const givenOf = (name: CellName): Given => {
    const { states, gates } = cellOf(name);
    const N = gates.length * H;
    return { input: randoms(1, N), state: randoms(2, N), previous: randoms(3, states.length * H), bh: randoms(4, N) };
  };
  const stepOf = ({ input, state, previous, bh }: Given) => {
    const none = new Float64Array(0);
    return {
      H,
      parameters: { Wx: none, Wh: none, b: none, bh: Float64Array.from(bh) },
      previous: Float64Array.from(previous),
      z: () => Float64Array.from(input, (value, i) => value + state[i]!),
      fromInput: () => Float64Array.from(input),
      fromState: () => Float64Array.from(state),
    };
  };
  const forward = (name: CellName, given: Given): number[] => {
    const S = cellOf(name).states.length;
    const next = new Float64Array(S * H + 1).fill(7);
    cellOf(name).forward(stepOf(given), next);
    assert.equal(next[S * H], 7, 'nothing is written behind the states');
    return [...next.subarray(0, S * H)];
  };
  const d = 1e-5;
  /** The derivatives of the states by one of the numbers that are given. */
  const moved = (name: CellName, key: keyof Given, at: number): number[] => {
    const given = givenOf(name);
    const by = (sign: number) =>
      forward(name, { ...given, [key]: given[key].map((value, i) => (i === at ? value + sign * d : value)) });
    const [up, down] = [by(1), by(-1)];
    return up.map((value, i) => (value - down[i]!) / (2 * d));
  };
  const about = (actual: number, expected: number, what: string): void =>
    assert.ok(Math.abs(actual - expected) < 1e-9, `${what}: ${actual}, not ${expected}`);

  for (const name of ['lstm', 'gru'] as const) {
    const { states, gates } = cellOf(name);
    const [S, G] = [states.length, gates.length];

    it(`of ${name} has slopes that are the derivatives of its states, unit by unit`, () => {
      const given = givenOf(name);
      const own = emptySlopes(cellOf(name), H);
      const [A, D] = [new Float64Array(own.A.length + H).fill(7), new Float64Array(own.D.length + H).fill(7)];
      const Ax = own.Ax.length === 0 ? own.Ax : new Float64Array(own.Ax.length + H).fill(7);
      cellOf(name).slopes(stepOf(given), Float64Array.from(forward(name, given)), false, { A, D, Ax });
      for (const slopes of [A, D, Ax]) assert.ok(slopes.subarray(-H).every((value) => value === 7));
      for (let j = 0; j < H; j++)
        for (let s = 0; s < S; s++) {
          for (let g = 0; g < G; g++) {
            const at = (s * G + g) * H + j;
            about(A[at]!, moved(name, 'state', g * H + j)[s * H + j]!, `A of ${gates[g]} ${j}`);
            if (Ax.length > 0) about(Ax[at]!, moved(name, 'input', g * H + j)[s * H + j]!, `Ax of ${gates[g]} ${j}`);
          }
          for (let r = 0; r < S; r++)
            about(D[(s * S + r) * H + j]!, moved(name, 'previous', r * H + j)[s * H + j]!, `D of ${states[r]} ${j}`);
        }
    });

    it(`of ${name} has the gates of its equations`, () => {
      const given = givenOf(name);
      const values = new Float64Array(G * H + 1).fill(7);
      cellOf(name).gateValues!(stepOf(given), values);
      const { input, state, bh } = given;
      const wanted = input.map((value, i) => {
        const gate = Math.floor(i / H);
        if (name === 'lstm') return gate === 2 ? Math.tanh(value + state[i]!) : logistic(value + state[i]!);
        const r = logistic(input[i % H]! + state[i % H]! + bh[i % H]!);
        return gate === 2 ? Math.tanh(value + r * (state[i]! + bh[i]!)) : logistic(value + state[i]! + bh[i]!);
      });
      [...wanted, 7].forEach((value, i) => about(values[i]!, value, `gate ${i}`));
    });
  }

  it('of gru adds the gradient of its own bias', () => {
    const ds = Float64Array.of(0.7, -1.3);
    const given = givenOf('gru');
    const bh = new Float64Array(3 * H + 1).fill(5);
    cellOf('gru').addGradients!(stepOf(given), Float64Array.from(forward('gru', given)), ds, { bh });
    for (let i = 0; i < 3 * H; i++) about(bh[i]! - 5, ds[i % H]! * moved('gru', 'bh', i)[i % H]!, `bh[${i}]`);
    assert.equal(bh[3 * H], 5);
  });

  it('of lstm tells how c reaches h within the step', () => {
    const given = givenOf('lstm');
    const next = Float64Array.from(forward('lstm', given));
    const slopes = new Float64Array(H + 1).fill(7);
    cellOf('lstm').within!(stepOf(given), next, slopes);
    for (let j = 0; j < H; j++)
      about(
        slopes[j]!,
        logistic(given.input[3 * H + j]! + given.state[3 * H + j]!) / Math.cosh(next[H + j]!) ** 2,
        `unit ${j}`,
      );
    assert.equal(slopes[H], 7);
  });
});

describe('a vector through slopes', () => {
  it('is a sum over the blocks that it comes from, unit by unit, and nothing behind its own units', () => {
    const [from, to, H] = [2, 3, 2];
    const d = Float64Array.of(1, 2, 10, 20);
    const slopes = Float64Array.from({ length: from * to * H }, (_, i) => i + 1);
    const out = new Float64Array(to * H + 2).fill(-1);
    throughSlopes(d, slopes, from, to, H, out);
    // d[0·H + j]·slopes[(0·3 + g)·2 + j] + d[1·H + j]·slopes[(1·3 + g)·2 + j]
    assert.deepEqual([...out], [1 + 70, 4 + 160, 3 + 90, 8 + 200, 5 + 110, 12 + 240, -1, -1]);
  });
});

describe('what a cell says', () => {
  it('is how a step goes forward and back, in formulas', () => {
    const told = Object.fromEntries(
      cellNames.map((name) => {
        const { forward, backward } = factsOf(name);
        return [name, [forward, backward]];
      }),
    );
    assert.deepEqual(told, {
      tanh: ['h_t = tanh(z)', 'dz = g ⊙ (1 − h^2)'],
      relu: ['h_t = relu(z)', 'dz = g where h > 0, else 0'],
      identity: ['h_t = z', 'dz = g'],
      sigmoid: ['h_t = σ(z)', 'dz = g ⊙ h ⊙ (1 − h)'],
      lstm: ['c_t = f ⊙ c_{t−1} + i ⊙ g, h_t = o ⊙ tanh(c_t)', 'dc = dc + dh ⊙ o ⊙ tanh′(c)'],
      gru: ['h_t = (1 − z) ⊙ n + z ⊙ h_{t−1}', 'dn = g ⊙ (1 − z), dz = g ⊙ (h_{t−1} − n)'],
    });
  });

  it('are the parameters that it has, and the cells that take the same weights', () => {
    const { parameters, alternatives } = factsOf('gru');
    assert.deepEqual(parameters, [
      { name: 'Wx', role: 'input' },
      { name: 'Wh', role: 'recurrent' },
      { name: 'b', role: 'bias' },
      { name: 'bh', role: 'other' },
    ]);
    assert.deepEqual(alternatives, ['gru']);
    assert.deepEqual(factsOf('lstm').alternatives, ['lstm']);
    assert.deepEqual(factsOf('sigmoid').alternatives, ['tanh', 'relu', 'identity', 'sigmoid']);
  });

  it('is what a higher bias of its keeping gate does to the reach', () => {
    const told = (name: CellName, after: string | null): string | undefined =>
      cellOf(name).keeper?.raised('0.3', 2, '4 steps', after);
    assert.equal(
      told('lstm', '9 steps'),
      'The forget gates are at 0.3 on average. Try a forget bias of +2: the 1 % horizon grows from 4 steps to 9 steps.',
    );
    assert.equal(
      told('lstm', null),
      'The forget gates are at 0.3 on average. Try a forget bias of +2: the gradient then does not shrink; ' +
        'now the 1 % horizon is 4 steps.',
    );
    assert.equal(
      told('gru', '9 steps'),
      'The update gates are at 0.3 on average. Try an update bias of +2: the 1 % horizon grows from 4 steps to 9 steps.',
    );
    assert.equal(
      told('gru', null),
      'The update gates are at 0.3 on average. Try an update bias of +2: the gradient then does not shrink; ' +
        'now the 1 % horizon is 4 steps.',
    );
  });

  it('is refused where the kernels or an activation are asked for that it has not', () => {
    assert.deepEqual(['tanh' as const, 'relu' as const, 'identity' as const].map(kernelOf), [0, 1, 2]);
    assert.throws(() => kernelOf('lstm'), { message: 'The kernels do not know the cell lstm.' });
    assert.throws(() => activationOf('gru'), {
      message: 'The cell gru is not h = f(z), and the kernels run no other.',
    });
  });
});
