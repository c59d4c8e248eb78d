import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { stretches, theilSen } from '../../../src/engine/linalg/slopeFit.js';
import { significant } from '../../../src/engine/verdict/reason.js';
import type { Curve } from '../../../src/engine/linalg/slopeFit.js';
import { finish, runResumably } from '../../../src/engine/index.js';
import { experiment, randomNumbers, scaledIdentity } from './build.js';

const curve = (n: number, y: (x: number) => number): Curve => ({
  x: Float64Array.from({ length: n }, (_, i) => i),
  y: Float64Array.from({ length: n }, (_, i) => y(i)),
});

describe('robust fit', () => {
  for (const n of [2, 60, 20_000]) {
    it(`finds the slope of a line of ${n} points`, () => {
      assert.ok(Math.abs(theilSen(curve(n, (x) => 5 - 0.3 * x)) + 0.3) < 1e-12);
    });
  }

  it('is not moved by a quarter of outliers', () => {
    for (const n of [80, 5000]) {
      const slope = theilSen(curve(n, (x) => (x % 4 === 1 ? 1000 - 3 * x : 0.05 * x)));
      assert.ok(Math.abs(slope - 0.05) < 1e-3, `${slope}`);
    }
  });

  it('is the middle of the sorted slopes, however many there are and whatever they are', () => {
    const next = randomNumbers(5);
    const shapes: readonly ((x: number) => number)[] = [
      () => next(),
      () => Math.round(2 * next()),
      (x) => x * x,
      (x) => -x * x,
      (x) => (x % 7) - 0.01 * x + 1e-3 * next(),
      (x) => (x === 3 ? Infinity : x),
    ];
    for (const y of shapes)
      for (const n of [2, 3, 4, 5, 35, 36, 37, 60, 151, 399, 400]) {
        const points = curve(n, y);
        const slopes: number[] = [];
        for (let i = 0; i < n; i++)
          for (let j = i + 1; j < n; j++) slopes.push((points.y[j]! - points.y[i]!) / (j - i));
        slopes.sort((a, b) => a - b);
        const middle = slopes.length / 2;
        const expected = (slopes[Math.ceil(middle) - 1]! + slopes[Math.floor(middle)]!) / 2;
        assert.equal(theilSen(points), expected, `${n} points`);
      }
  });

  it('has nothing to say about a curve that is no number somewhere', () => {
    for (const n of [5, 400]) assert.ok(Number.isNaN(theilSen(curve(n, (x) => (x === 2 ? NaN : x)))));
  });

  it('has nothing to say about a single point', () => {
    assert.ok(Number.isNaN(theilSen(curve(1, () => 1))));
  });
});

describe('a number in a sentence', () => {
  it('is what the format of the language says, however large it is', () => {
    const next = randomNumbers(12);
    const special = [0, 1e-7, 999.4999, 999.5, 999.95, 1000, 12.5, 0.125, 2.5, 1e21, Infinity, NaN, -3.25];
    const random = Array.from({ length: 3000 }, () => next() * 10 ** Math.round(9 * next()));
    for (const digits of [2, 3, 8, 15]) {
      const format = new Intl.NumberFormat('en', { maximumSignificantDigits: digits });
      for (const value of [...special, ...random, ...random.map(Math.round)])
        assert.equal(significant(value, digits), format.format(value), `${value} with ${digits} digits`);
    }
  });
});

describe('stretches of one rate', () => {
  const bounds = (c: Curve): number[][] => stretches(c).map(({ from, to }) => [from, to]);

  it('a line, a line with noise and a random walk are one', () => {
    const next = randomNumbers(11);
    assert.deepEqual(bounds(curve(100, (x) => -0.2 * x)), [[0, 99]]);
    assert.deepEqual(bounds(curve(500, (x) => -0.2 * x + next())), [[0, 499]]);
    let walk = 0;
    assert.deepEqual(bounds(curve(400, () => (walk += 0.4 * next() - 0.05))), [[0, 399]]);
    assert.deepEqual(bounds(curve(2, (x) => x)), [[0, 1]]);
  });

  it('two rates are two, the border at the kink', () => {
    const [first, second] = stretches(curve(100, (x) => (x < 60 ? -0.05 * x : -3 - 0.6 * (x - 60))));
    assert.ok(first !== undefined && second !== undefined);
    assert.ok(Math.abs(first.to - 60) <= 1 && second.from === first.to + 1 && second.to === 99);
    const long = stretches(curve(20_000, (x) => (x < 5000 ? -0.05 * x : -250)));
    assert.equal(long.length, 2);
    assert.ok(Math.abs(long[0]!.to - 5000) <= 100);
  });

  it('are those of all ways to split, each with its price', () => {
    const next = randomNumbers(13);
    for (let round = 0; round < 40; round++) {
      const n = 8 + (round % 7);
      let level = 0;
      const { x, y } = curve(n, (i) => (level += (i * 3 < n * (1 + (round % 3)) ? -0.1 : -2 * next()) + 0.3 * next()));
      // Squares about the line of least squares, from the textbook.
      const cost = (from: number, to: number): number => {
        const at = Array.from({ length: to - from + 1 }, (_, i) => from + i);
        const mean = (values: Float64Array): number => at.reduce((sum, i) => sum + values[i]!, 0) / at.length;
        const [mx, my] = [mean(x), mean(y)];
        const slope =
          at.reduce((sum, i) => sum + (x[i]! - mx) * (y[i]! - my), 0) /
          at.reduce((sum, i) => sum + (x[i]! - mx) ** 2, 0);
        return at.reduce((sum, i) => sum + (y[i]! - my - slope * (x[i]! - mx)) ** 2, 0);
      };
      const jumps = Array.from({ length: n - 1 }, (_, i) => y[i + 1]! - y[i]!);
      const changes = jumps.slice(1).map((jump, i) => Math.abs(jump - jumps[i]!));
      changes.sort((a, b) => a - b);
      const middle = (changes[Math.floor((changes.length - 1) / 2)]! + changes[changes.length >> 1]!) / 2;
      const sigma = (1.4826 * middle) / Math.SQRT2;
      const visible = Math.max(0.15, 0.03 * (Math.max(...y) - Math.min(...y)));
      const price = Math.max(n * visible ** 2, (3 * n * n * sigma ** 2) / 15);
      const best = (from: number): { readonly total: number; readonly ends: number[] } => {
        if (from === n) return { total: 0, ends: [] };
        let least = { total: Infinity, ends: [] as number[] };
        for (let to = from + 3; to < n; to++) {
          const rest = best(to + 1);
          const total = cost(from, to) + price + rest.total;
          if (total < least.total) least = { total, ends: [to, ...rest.ends] };
        }
        return least;
      };
      assert.deepEqual(
        stretches({ x, y }).map(({ to }) => to),
        best(0).ends,
      );
    }
  });

  it('cover every point once, however few', () => {
    // Level, and ever steeper every five points.
    const bends = (x: number): number => (x % 5) * 4 * Math.floor(x / 5) + 40 * Math.floor(x / 5);
    const most = Array.from({ length: 24 }, (_, i) => {
      const found = stretches(curve(i + 1, bends));
      const ends = found.map(({ to }) => to);
      assert.deepEqual(
        found.map(({ from }) => from),
        [0, ...ends.slice(0, -1).map((to) => to + 1)],
      );
      assert.equal(ends.at(-1), i);
      return found.length;
    });
    assert.deepEqual([most[0], Math.max(...most) > 2], [1, true], most.join());
  });

  it('are told in the verdict, with the rate of each', () => {
    // A scalar cell that an input saturates during the second half: slope 1 before, sech²(z) in it.
    const T = 100;
    const xs = new Float64Array(T).fill(1.5, 50);
    const weights = { Wx: Float64Array.of(1), Wh: Float64Array.of(0.95), b: new Float64Array(1) };
    const { verdict } = finish(runResumably(experiment(1, T, weights.Wh, { weights, chunks: [{ steps: T, xs }] })));
    assert.equal(verdict.segments.length, 2);
    assert.ok(Math.abs(verdict.segments[0]!.perStepFactor - 0.95) < 1e-6);
    let h = 0;
    for (let i = 0; i < 100; i++) h = Math.tanh(0.95 * h + 1.5);
    assert.ok(Math.abs(verdict.segments[1]!.perStepFactor - 0.95 * (1 - h * h)) < 1e-3);
    assert.match(verdict.reason, /The rate changes on the way/);
  });

  it('an orthogonal trip has one', () => {
    assert.equal(finish(runResumably(experiment(2, 500, scaledIdentity(2, 1)))).verdict.segments.length, 1);
  });
});
