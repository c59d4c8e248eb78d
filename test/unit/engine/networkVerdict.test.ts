// The verdict of one source, and that of a network, from curves that are written down.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish, runNetwork } from '../../../src/engine/index.js';
import type { Experiment, Verdict } from '../../../src/engine/index.js';
import { defaultBounds } from '../../../src/engine/verdict/evidence.js';
import { networkVerdict } from '../../../src/engine/verdict/networkVerdict.js';
import { measure } from '../../../src/engine/verdict/verdict.js';
import type { Sourced } from '../../../src/engine/verdict/verdict.js';
import { scaledIdentity } from './build.js';
import { randomNetwork } from './networks.js';

const none = new Float64Array(0);

/** What is measured of norms that are given as log10, the source last. */
const measured = (log10: readonly number[], given: Partial<Sourced> = {}) =>
  finish(
    measure({
      single: { log10: Float64Array.from(log10), lnSlope: none, lnWh: none, bySource: null, lnPaths: null },
      first: 0,
      source: log10.length - 1,
      bounds: defaultBounds,
      nonFinite: null,
      zeroAt: null,
      infiniteAt: null,
      ...given,
    }),
  );

/** log10 of norms that a step back multiplies by 10^slope. */
const line = (steps: number, slope: number): number[] =>
  Array.from({ length: steps + 1 }, (_, t) => (steps - t) * slope);

const near = (actual: number | null, expected: number): void =>
  assert.ok(actual !== null && Math.abs(actual - expected) <= 1e-12 * Math.abs(expected), `${actual}, not ${expected}`);

describe('what is measured of one source', () => {
  it('is the rate, and how far a half and 1 % get', () => {
    const { kind, perStepFactor, halfLifeSteps, onePercentSteps, log10Ratio, crossedAt, segments } = measured(
      line(8, -0.5),
    );
    assert.deepEqual([kind, log10Ratio, crossedAt], ['vanishing', -4, 1]);
    near(perStepFactor, 10 ** -0.5);
    near(halfLifeSteps, Math.log10(2) / 0.5);
    near(onePercentSteps, 4);
    assert.deepEqual(segments, [{ from: 0, to: 8, perStepFactor }]);
    for (const slope of [0, 0.1]) {
      const grown = measured(line(8, slope));
      near(grown.perStepFactor, 10 ** slope);
      assert.deepEqual(
        [grown.kind, grown.halfLifeSteps, grown.onePercentSteps, grown.crossedAt],
        ['healthy', null, null, null],
      );
    }
  });

  it('has its kind by the bounds, which belong to what is better', () => {
    const bounds = { vanishing: 0.01, fading: 0.1, exploding: 100 };
    const kinds = (ratio: number): string => measured([ratio, 0], { bounds }).kind;
    assert.deepEqual([-2.1, -2, -1.1, -1, 0, 2, 2.1].map(kinds), [
      'vanishing',
      'fading',
      'fading',
      'healthy',
      'healthy',
      'healthy',
      'exploding',
    ]);
    const crossed = (log10: number[]): number | null => measured(log10, { bounds }).crossedAt;
    assert.equal(crossed([-2.1, -2, 0]), 0);
    assert.equal(crossed([-1.1, -1, 0]), 0);
    assert.equal(crossed([2.1, 2, 0]), 0);
    assert.equal(crossed([2.2, 2.1, 0]), 1);
    assert.equal(measured([-3, 0], { nonFinite: { what: 'gradient', t: 0 }, bounds }).kind, 'nonfinite');
    assert.equal(measured([-3, 0], { nonFinite: { what: 'gradient', t: 0 }, bounds }).crossedAt, null);
  });

  it('leaves out the source where there is more than a little else', () => {
    // The first step back is another than those that follow.
    near(measured([-3, -2, -1, 0]).perStepFactor, 0.1);
    near(measured([-7, -6, -5, 0]).perStepFactor, 0.1);
    near(measured([-9, -7, -5, -3, 0]).perStepFactor, 0.01);
    // Of two steps both count: slopes of 1, 5 and their mean 3.
    near(measured([-6, -5, 0]).perStepFactor, 10 ** -3);
    near(measured([-5, 0]).perStepFactor, 10 ** -5);
    // A trip of three steps inside a longer axis.
    near(measured([9, 9, -7, -6, -5, 0], { first: 2 }).perStepFactor, 0.1);
    assert.equal(measured([9, 9, -7, -6, -5, 0], { first: 2 }).log10Ratio, -7);
  });

  it('has no rate where there is none to measure, and zero behind a zero', () => {
    const { perStepFactor, log10Ratio, kind, segments } = measured([0]);
    assert.deepEqual([perStepFactor, log10Ratio, kind, segments], [null, null, 'healthy', []]);
    assert.equal(measured([0], { infiniteAt: 0 }).kind, 'exploding');
    const broken = measured([NaN, NaN, 0]);
    assert.deepEqual([broken.perStepFactor, broken.log10Ratio, broken.segments], [null, null, []]);
    const infinite = measured([Infinity, 0, 0], { infiniteAt: 0 });
    assert.deepEqual([infinite.log10Ratio, infinite.kind, infinite.perStepFactor], [null, 'exploding', 1]);
    const lost = measured([-Infinity, -Infinity, 0]);
    assert.deepEqual([lost.perStepFactor, lost.log10Ratio, lost.kind, lost.crossedAt], [0, -Infinity, 'vanishing', 1]);
    assert.deepEqual(lost.segments, [{ from: 0, to: 1, perStepFactor: 0 }]);
    assert.equal(measured([1, Infinity, 0]).perStepFactor, null);
    const later = measured([-Infinity, -Infinity, -2, -1, 0]);
    near(later.perStepFactor, 0.1);
    assert.deepEqual(
      later.segments.map(({ from, to }) => [from, to]),
      [
        [0, 1],
        [2, 4],
      ],
    );
    // What lies before the trip is no part of it.
    assert.equal(measured([-Infinity, -2, -1, 0], { first: 1 }).segments.length, 1);
    assert.deepEqual(
      measured([1, NaN, -2, -1, 0]).segments.map(({ from }) => from),
      [2],
    );
  });

  it('has a stretch for each rate', () => {
    const log10 = [...line(20, -1).map((value) => value - 2), ...line(20, -0.1)];
    const { segments } = measured(log10);
    assert.equal(segments.length, 2);
    const [early, late] = segments;
    assert.equal(early!.from, 0);
    assert.equal(late!.to, log10.length - 1);
    assert.ok(Math.abs(late!.from - 21) <= 1 && early!.to === late!.from - 1);
    near(early!.perStepFactor, 0.1);
    assert.ok(Math.abs(late!.perStepFactor - 10 ** -0.1) < 1e-3);
  });
});

type Judged = Parameters<typeof networkVerdict>[2][number];

const judged = (
  layer: number,
  kind: Verdict['kind'],
  log10Ratio: number | null,
  direction: 'forward' | 'reverse' = 'forward',
  what: 'inputs' | 'gradient' = 'inputs',
): Judged => {
  const nonFinite = kind === 'nonfinite' ? { what, t: 3 } : null;
  const verdict = { ...measured(line(10, -0.5)), kind, log10Ratio, nonFinite, reason: `It is ${kind}.` };
  return {
    experiment: { cell: 'tanh', dtype: 'float64', truncate: null, layers: [{ layer, direction }] },
    result: { verdict, positionVerdict: { ...verdict, reason: `${verdict.reason.slice(0, -1)} there.` } },
  } as unknown as Judged;
};

const told = (layers: readonly Judged[], log10: readonly number[] | null, given: Partial<Experiment> = {}) =>
  finish(
    networkVerdict(
      { layers, upstream: { kind: 'final' }, loss: null, ...given } as unknown as Experiment,
      defaultBounds,
      layers,
      log10 === null ? null : { log10: Float64Array.from(log10), bySource: null },
    ),
  );

describe('the verdict of a network', () => {
  it('of one layer is its own, in the order of the sequence', () => {
    const { kind, reason, layer, direction } = told([judged(0, 'fading', -1, 'reverse')], line(10, 0));
    assert.deepEqual([kind, reason, layer, direction], ['fading', 'It is fading there.', 0, 'reverse']);
  });

  it('names the layer that is worst, and of several the one that changes most', () => {
    const worst = (...layers: readonly Judged[]): unknown[] => {
      const { layer, direction, kind, reason } = told(layers, null);
      return [layer, direction, kind, reason];
    };
    assert.deepEqual(worst(judged(0, 'healthy', 0), judged(1, 'vanishing', -4, 'reverse'), judged(2, 'fading', -9)), [
      1,
      'reverse',
      'vanishing',
      'Worst is layer 1, reverse. It is vanishing there.',
    ]);
    assert.deepEqual(worst(judged(0, 'exploding', 2), judged(1, 'vanishing', -4, 'reverse')), [
      0,
      'forward',
      'exploding',
      'Worst is layer 0, forward. It is exploding there.',
    ]);
    const [name] = worst(judged(0, 'vanishing', -4), judged(1, 'vanishing', -5), judged(2, 'vanishing', 5));
    assert.equal(name, 1, 'the first of those that change alike');
    assert.equal(worst(judged(0, 'vanishing', -5), judged(1, 'vanishing', -4))[0], 0);
    assert.equal(worst(judged(0, 'nonfinite', null), judged(1, 'nonfinite', 0))[0], 0);
    assert.equal(worst(judged(0, 'healthy', null), judged(1, 'nonfinite', null), judged(2, 'exploding', 9))[0], 1);
    assert.equal(worst(judged(0, 'healthy', 1), judged(1, 'fading', -1), judged(2, 'healthy', 9))[0], 1);
  });

  it('calls no layer the worst where all are healthy', () => {
    assert.equal(
      told([judged(0, 'healthy', -0.1, 'reverse'), judged(1, 'healthy', 0.5)], null).reason,
      'Every layer is healthy. The gradient changes most in layer 1, forward. It is healthy there.',
    );
  });

  it('that is not finite is told of its layer, also where a source goes through all of them', () => {
    const { kind, reason } = told([judged(0, 'healthy', 0), judged(1, 'nonfinite', null)], line(10, 0));
    assert.deepEqual([kind, reason], ['nonfinite', 'It begins in layer 1. It is nonfinite there.']);
  });

  it('that is not finite names the layer that is so first: forward from the lowest, back from the highest', () => {
    const broken = (layer: number, what: 'inputs' | 'gradient') => judged(layer, 'nonfinite', null, 'forward', what);
    const first = (...layers: readonly Judged[]): number => told(layers, line(10, 0)).layer;
    assert.equal(first(judged(0, 'exploding', 9), broken(1, 'inputs'), broken(2, 'inputs')), 1);
    assert.equal(first(broken(0, 'gradient'), broken(1, 'gradient'), judged(2, 'healthy', 0)), 1);
    assert.equal(first(broken(0, 'gradient'), broken(1, 'gradient'), broken(2, 'inputs')), 2);
  });

  it('of a single step says so, and does not call every layer healthy', () => {
    const step = (layer: number): Judged => {
      const own = judged(layer, 'healthy', null);
      const verdict = { ...own.result.verdict, source: 0, first: 0, reason: 'There is a single step.' };
      return { ...own, result: { ...own.result, verdict, positionVerdict: verdict } };
    };
    assert.equal(told([step(0), step(1)], [0]).reason, 'There is a single step.');
    assert.equal(told([step(0), step(1)], null).reason, 'There is a single step.');
  });

  it('is measured through all layers, with the worst of them by itself', () => {
    const rate = 'The gradient keeps 32 % per step back: half is gone after 0.6 steps, 1 % is left after 4; what ';
    const vanishing = told([judged(0, 'healthy', 0), judged(1, 'fading', -1)], line(10, -0.5));
    assert.deepEqual([vanishing.kind, vanishing.log10Ratio, vanishing.layer], ['vanishing', -5, 1]);
    assert.equal(
      vanishing.reason,
      `Through the whole network: ${rate}happened before t = 6 is hardly learned. By itself, layer 1 is worst. ` +
        'It is fading there.',
    );
    const keeps =
      'The gradient keeps its size at each step back: all of it arrives at t = 0, 10 steps from its source.';
    const healthy = [judged(0, 'healthy', 0), judged(1, 'healthy', 0.5)];
    assert.equal(
      told(healthy, line(10, 0)).reason,
      `Through the whole network: ${keeps} Every layer is healthy by itself.`,
    );
    assert.equal(
      told([...healthy, judged(2, 'fading', -1)], line(10, 0)).reason,
      `Through the whole network: ${keeps} By itself, layer 2 is worst. It is fading there.`,
    );
    assert.ok(told(healthy, line(10, -0.5)).reason.endsWith(' Every layer is healthy by itself.'));
    // Without a rate there is nothing to tell of the way through all.
    assert.equal(told(healthy, [...new Array<number>(10).fill(NaN), 0]).reason, 'Every layer is healthy by itself.');
  });

  it('that is healthy through all layers says so of each of them only where it is', () => {
    const through = (...kinds: readonly Verdict['kind'][]): string =>
      told(
        kinds.map((kind, layer) => judged(layer, kind, -1)),
        line(10, 0),
      ).reason;
    assert.match(through('healthy', 'healthy'), /Every layer is healthy by itself\.$/);
    assert.match(through('vanishing', 'vanishing'), /By itself, layer 0 is worst. It is vanishing there\.$/);
  });

  it('with losses before the last step tells how far each of them teaches', () => {
    const layers = [judged(0, 'healthy', 0), judged(1, 'fading', -1)];
    const teaches = (given: Partial<Experiment>): boolean =>
      told(layers, line(10, -0.5), given).reason.startsWith(
        'Through the whole network: Each loss teaches the 4 steps before it: ',
      );
    const loss = (at: unknown) => ({ loss: { at } }) as unknown as Partial<Experiment>;
    assert.equal(teaches({ upstream: { kind: 'every' } }), true);
    assert.equal(teaches({ upstream: { kind: 'final' } }), false);
    assert.equal(teaches(loss('every')), true);
    assert.equal(teaches(loss('final')), false);
    assert.equal(teaches(loss([3, 7])), true);
    assert.equal(teaches(loss([7])), true);
    assert.equal(teaches(loss([10])), false);
    assert.equal(teaches({ ...loss('final'), upstream: { kind: 'every' } }), false);
  });

  it('of a given gradient counts the steps at which it is not 0', () => {
    const reasonOf = (...steps: readonly number[]): string => {
      const [B, T] = [2, 12];
      const network = randomNetwork({ seed: 5, cell: 'tanh', B, T, I: 1, widths: [2, 2], directions: ['forward'] });
      // Wh = I/10 and h = 0: of each layer's own way back every step keeps a tenth.
      const layers = network.layers.map((layer) => ({
        ...layer,
        initial: { h: null },
        parameters: { ...layer.parameters, Wh: scaledIdentity(2, 0.1), b: new Float64Array(2) },
      })) as unknown as Experiment['layers'];
      const dhs = new Float64Array(B * T * 2);
      for (const t of steps) dhs[2 * (T + t)] = 1;
      const chunks = [{ steps: T, xs: new Float64Array(B * T) }];
      return finish(runNetwork({ ...network, layers, chunks, upstream: { kind: 'given', dhs } })).verdict.reason;
    };
    const teaches = /^Through the whole network: Each loss teaches /;
    assert.match(reasonOf(2, 7, 11), teaches);
    // What it does not reach begins before it, not before the last step's horizon.
    assert.match(reasonOf(7), teaches);
    assert.match(reasonOf(...Array.from({ length: 12 }, (_, t) => t)), teaches);
    const reason = reasonOf(11);
    assert.doesNotMatch(reason, teaches);
    assert.match(reason, /^Through the whole network: .* hardly learned\. By itself, layer [01] is worst\./);
  });
});
