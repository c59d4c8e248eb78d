// The verdict and its reason from norms that are written down: geometric curves, whose rates are known, told in whole
// sentences.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { finish } from '../../../src/engine/index.js';
import { defaultBounds } from '../../../src/engine/verdict/evidence.js';
import type { Evidence, Overflow } from '../../../src/engine/verdict/evidence.js';
import { meanOver, pathWords, reasonOf, significant, steps } from '../../../src/engine/verdict/reason.js';
import { measure } from '../../../src/engine/verdict/verdict.js';
import type { Measured } from '../../../src/engine/verdict/verdict.js';

const times = (count: number, factor: number): number[] => new Array<number>(count).fill(factor);

type Given = Partial<Omit<Evidence, 'layer'>> & {
  readonly B?: number;
  readonly layer?: number;
  readonly cell?: Evidence['experiment']['cell'];
  readonly dtype?: Evidence['experiment']['dtype'];
  /** ln of what slopes and Wh do at each step; at the first one, which leads out of the trip, something else. */
  readonly lnSlope?: number;
  readonly lnWh?: number;
  readonly lnPaths?: Evidence['single']['lnPaths'];
  readonly segments?: Measured['segments'];
};

/** Factors from step to step, going back from the source; steps lie at 100 and on in the sequence. */
function evidenceOf(factors: readonly number[], given: Given = {}): Evidence {
  const { cell = 'tanh', dtype = 'float64', lnSlope = 0, lnWh = 0, lnPaths = null, B = 1, layer = 0, ...rest } = given;
  const source = factors.length;
  const log10 = new Float64Array(source + 1);
  factors.forEach((factor, i) => (log10[source - 1 - i] = log10[source - i]! + Math.log10(factor)));
  const each = (value: number): Float64Array => Float64Array.from(log10, (_, t) => (t === 0 ? -5 : value));
  return {
    experiment: { cell, dtype, truncate: null, shapes: { B, T: source + 1, I: 1, H: 1 } },
    layer: { layer },
    bounds: defaultBounds,
    single: { log10, lnSlope: each(lnSlope), lnWh: each(lnWh), bySource: null, lnPaths },
    positionOf: (t: number) => t + 100,
    first: 0,
    source,
    earlier: null,
    nonFinite: null,
    zeroAt: null,
    infiniteAt: null,
    closedShare: null,
    ...rest,
  } as Evidence;
}

function told(factors: readonly number[], given: Given = {}): string {
  const evidence = evidenceOf(factors, given);
  const measured = finish(measure(evidence));
  return reasonOf({ ...measured, segments: given.segments ?? measured.segments }, evidence);
}

/** A text that begins so. */
const beginning = (text: string): RegExp => new RegExp(`^${text.replaceAll(/[.^+()]/g, String.raw`\$&`)}`);

const saturation = '(hardly any |h| is above 0.97)';

describe('a number in a sentence', () => {
  it('is rounded as its shortest text, grouped from a thousand on, and never has an exponent', () => {
    const format = (value: number, digits: number): string =>
      new Intl.NumberFormat('en', { maximumSignificantDigits: digits }).format(value);
    for (const [value, digits, text] of [
      [0.5, 2, '0.5'],
      // 1.005 is a little less in binary, and 0.000001 the first that has no exponent as text.
      [1.005, 3, '1.01'],
      [999.96, 4, '1,000'],
      [999.4, 3, '999'],
      [1000, 2, '1,000'],
      [123456, 2, '120,000'],
      [1e-6, 2, '0.000001'],
      [7e-7, 2, '0.0000007'],
      [7e-7, 1, '0.0000007'],
      [0, 2, '0'],
      [-3.14159, 3, '-3.14'],
      [2.25, 2, '2.3'],
      [52.9, 2, '53'],
    ] as const) {
      assert.equal(significant(value, digits), text);
      assert.equal(significant(value, digits), format(value, digits));
    }
  });

  it('of steps has a digit after the point below ten, and one of one', () => {
    assert.deepEqual([0.96, 1, 1.04, 1.06, 9.94, 10.4, 12345.6].map(steps), [
      '0.96 steps',
      '1 step',
      '1 step',
      '1.1 steps',
      '9.9 steps',
      '10 steps',
      '12,346 steps',
    ]);
  });
});

describe('the rate and its distance', () => {
  it('of what neither grows nor shrinks', () => {
    assert.equal(
      told(times(10, 1)),
      'The gradient keeps its size at each step back: all of it arrives at t = 100, 10 steps from its source.',
    );
    assert.equal(
      told(times(10, 1), { bounds: { vanishing: 2, fading: 3, exploding: 70 }, lnSlope: 0.1 }),
      'The gradient keeps its size at each step back: all of it arrives at t = 100, 10 steps from its source, and ' +
        `the bound is passed at t = 110. The recurrent weights drive it: Wh changes nothing, and the slope of tanh ` +
        `multiplies it by 1.11 per step ${saturation}.`,
    );
  });

  it('of what shrinks a little, with as many digits as tell it from 100 %', () => {
    assert.equal(
      told(times(10, 0.98)),
      'The gradient keeps 98 % per step back: 82 % of it arrives at t = 100, 10 steps from its source.',
    );
    assert.equal(
      told(times(10, 0.9999)),
      'The gradient keeps 99.99 % per step back: 99.9 % of it arrives at t = 100, 10 steps from its source.',
    );
    assert.equal(
      told([0.5, 0.5]),
      'The gradient keeps 50 % per step back: 25 % of it arrives at t = 100, 2 steps from its source. ' +
        'Healthy over 2 steps, but at this rate less than 0.1 % is left after 10 steps.',
    );
    assert.ok(told([0.2]).endsWith('Healthy over 1 step, but at this rate less than 0.1 % is left after 5 steps.'));
  });

  it('of what would have vanished on a longer trip', () => {
    assert.equal(
      told(times(5, 0.9)),
      'The gradient keeps 90 % per step back: 59 % of it arrives at t = 100, 5 steps from its source. ' +
        'Healthy over 5 steps, but this rate would leave only 0.0027 % over 100.',
    );
    // Exactly at a bound nothing is said.
    assert.equal(
      told([1, 1], { bounds: { vanishing: 1, fading: 1, exploding: 1 } }),
      'The gradient keeps its size at each step back: all of it arrives at t = 100, 2 steps from its source.',
    );
  });

  it('of what grows a little', () => {
    assert.equal(
      told(times(5, 1.1)),
      'The gradient is multiplied by 1.1 per step back: it arrives 1.6 times as large at t = 100, 5 steps from its ' +
        'source. Healthy over 5 steps, but this rate would make it 10^4 times as large over 100.',
    );
    assert.ok(
      told([8]).endsWith('Healthy over 1 step, but at this rate it is more than 70 times as large after 3 steps.'),
      told([8]),
    );
    assert.equal(
      told(times(10, 1.0001)),
      'The gradient is multiplied by 1.0001 per step back: it arrives 1 times as large at t = 100, 10 steps from its ' +
        'source.',
    );
  });

  it('of what vanishes', () => {
    assert.match(
      told(times(20, 0.5)),
      beginning(
        'The gradient keeps 50 % per step back: half is gone after 1 step, 1 % is left after 6.6; ' +
          'what happened before t = 113 is hardly learned. The rec',
      ),
    );
    assert.match(
      told(times(10, 0.9), { bounds: { vanishing: 0.5, fading: 0.6, exploding: 70 } }),
      /^The gradient keeps 90 % per step back: half is gone after 6\.6 steps, 1 % is left after 44\. /,
    );
    assert.match(
      told(times(20, 0.5), { earlier: 'losses' }),
      beginning(
        'Each loss teaches the 6.6 steps before it: the gradient keeps 50 % per step back, half is ' +
          'gone after 1 step. ',
      ),
    );
    assert.match(
      told(times(10, 0.9), { earlier: 'losses', bounds: { vanishing: 0.5, fading: 0.6, exploding: 70 } }),
      /^The gradient keeps 90 % per step back: half is gone after 6\.6 steps, 1 % is left after 44\. /,
    );
    assert.match(
      told(times(3, 1e-9)),
      /^The gradient keeps 10\^-7 % per step back: half is gone after 0\.033 steps, 1 % is left after 0\.22; what /,
    );
  });

  it('of what loses more at its source than the rate says: as far as it is measured', () => {
    // A tenth is left after the first step, and 98 % of that at each one after it.
    const steep = [0.1, ...times(200, 0.98)];
    assert.match(
      told(steep),
      /^Over most of the trip the gradient keeps 98 % per step back; less than 1 % of it arrives before t = 187, and /,
    );
    assert.ok(
      told(steep, { earlier: 'losses' }).startsWith(
        'Each loss teaches the 114 steps before it: from one at the last step, over most of the trip the gradient ' +
          'keeps 98 % ',
      ),
    );
  });

  it('of what fades: how much arrives, and where the bound is passed', () => {
    assert.equal(
      told(times(30, 0.9)),
      'The gradient keeps 90 % per step back: 4.2 % of it arrives at t = 100, 30 steps from its source, and the ' +
        `bound is passed at t = 108. The recurrent weights take the most: Wh changes nothing, the ` +
        `slope of tanh changes ` +
        `nothing ${saturation}.`,
    );
    assert.match(
      told(times(20, 0.5), { bounds: { vanishing: 1e-9, fading: 0.1, exploding: 70 } }),
      /^The gradient keeps 50 % per step back: half is gone after 1 step, 1 % is left after 6\.6; what happened /,
    );
  });

  it('of what explodes', () => {
    assert.match(
      told(times(10, 2)),
      beginning(
        'The gradient is multiplied by 2 per step back: ten times as large after 3.3 steps, 1,000 ' +
          'times as large over the 10 steps back to t = 100. ',
      ),
    );
    assert.match(
      told(times(4, 1e7)),
      /^The gradient is multiplied by 10\^7 per step back: ten .*, 10\^28 times as large/,
    );
    assert.equal(
      told([1e4, ...times(20, 0.9)], { segments: [] }),
      'The gradient arrives 1,200 times as large at t = 100, 21 steps from its source, and the bound is passed at ' +
        't = 120. The recurrent weights take the most: Wh changes nothing, the slope of tanh changes nothing ' +
        `${saturation}.`,
    );
  });

  it('of a short trip is not told where one step does what the others do not', () => {
    const cause =
      ' The recurrent weights take the most: Wh changes nothing, the slope of tanh changes nothing ' + `${saturation}.`;
    assert.equal(
      told([0.02, ...times(3, 0.9)]),
      '1.5 % of the gradient arrives at t = 100, 4 steps from its source, and the bound is passed at t = 103. One ' +
        `step does more than all others: from t = 104 back to t = 103, 2 % of it is left.${cause}`,
    );
    assert.equal(
      told([1e3, ...times(3, 0.8)]),
      'The gradient arrives 510 times as large at t = 100, 4 steps from its source, and the bound is passed at ' +
        't = 103. One step does more than all others: from t = 104 back to t = 103 it becomes 1,000 times as ' +
        `large.${cause}`,
    );
    // Nor what it would do over a longer one.
    assert.equal(
      told([12, ...times(3, 0.5)]),
      'The gradient arrives 1.5 times as large at t = 100, 4 steps from its source. One step does more than all ' +
        'others: from t = 104 back to t = 103 it becomes 12 times as large.',
    );
    assert.match(told([1.6, ...times(3, 0.8)]), beginning('The gradient keeps 80 % per step back: 82 % of it arrives'));
  });

  it('that changes at every step is none, also where what arrives leaves the range of float64', () => {
    assert.match(told([1e-305, ...times(3, 0.9)]), /: from t = 104 back to t = 103, 10\^-303 % of it is left\./);
    assert.equal(
      told([1e-4, ...times(3, 0.2), ...times(3, 5), 1e4], { segments: [] }),
      'All of the gradient arrives at t = 100, 8 steps from its source.',
    );
  });

  it('leaves out steps without a number', () => {
    assert.equal(meanOver(Float64Array.of(9, NaN, 1, 3), 1, 3), 2);
    assert.equal(meanOver(Float64Array.of(9, NaN, -Infinity), 1, 2), NaN);
  });

  it('of losses that reach no step but their own is told without a number of steps', () => {
    assert.match(
      told(times(9, 1e-3), { earlier: 'losses' }),
      beginning(
        'Each loss teaches hardly more than its own step: the gradient keeps 0.1 % per step back, half is gone after ' +
          '0.1 steps. ',
      ),
    );
    const segments = [
      { from: 0, to: 9, perStepFactor: 0.9 },
      { from: 10, to: 20, perStepFactor: 1e-9 },
    ];
    assert.match(
      told([...times(10, 1e-9), ...times(10, 0.9)], { earlier: 'losses', segments }),
      /^Each loss teaches hardly more than its own step: over most of the trip the gradient keeps 10\^-7 % per step/,
    );
    assert.match(told([...times(10, 1e-9), ...times(10, 0.9)], { segments }), /: × 10\^-9 per step from t = 120 back/);
  });

  it('of a sequence of one step is none', () => {
    assert.equal(
      told([]),
      'There is a single step, so the gradient makes no trip back through time and there is no rate to measure.',
    );
  });
});

describe('a rate that changes', () => {
  const two = [...times(20, 0.9), ...times(20, 0.5)];
  const segments = [
    { from: 0, to: 19, perStepFactor: 0.5 },
    { from: 20, to: 40, perStepFactor: 0.9 },
  ];
  const rates =
    'The rate changes on the way: × 0.9 per step from t = 140 back to t = 120, then × 0.5 per step from t = 119 ' +
    'back to t = 100.';

  it('is told as that of most of the trip, with the step from which less than 1 % arrives', () => {
    // 0.9^20 = 12 %; three steps of a half later 1.5 %, and the fourth is below 1 %.
    const cause =
      ' The recurrent weights take the most: Wh changes nothing, the slope of tanh changes nothing ' + `${saturation}.`;
    assert.equal(
      told(two, { segments }),
      'Over most of the trip the gradient keeps 90 % per step back; less than 1 % of it arrives before t = 117, and ' +
        `what happened there is hardly learned. ${rates}${cause}`,
    );
    assert.equal(
      told(two, { segments, earlier: 'losses' }),
      'Each loss teaches the 23 steps before it: from one at the last step, over most of the trip the gradient keeps ' +
        `90 % per step back, and less than 1 % of it arrives before t = 117. ${rates}${cause}`,
    );
    for (const [other, usual] of [
      [[0.5, 5], 'keeps 70 %'],
      [[1, 5], 'keeps 90 %'],
      [[1.5, 12], 'is multiplied by 1.5'],
    ] as const)
      assert.ok(
        told(two, {
          segments: [
            { from: 0, to: 3, perStepFactor: 0.9 },
            { from: 4, to: 7, perStepFactor: 0.7 },
            { from: 8, to: 7 + other[1], perStepFactor: other[0] },
          ],
        }).startsWith(`Over most of the trip the gradient ${usual} per step back; `),
        usual,
      );
    assert.match(
      told(two, { segments: segments.map((segment) => ({ ...segment, perStepFactor: 1 })) }),
      /^Over most of the trip the gradient keeps its size at each step back; /,
    );
  });

  it('is told as how much arrives where that is more than 1 %', () => {
    assert.ok(
      told([...times(10, 1), ...times(10, 0.8)], {
        segments,
        earlier: 'losses',
        bounds: { vanishing: 0.5, fading: 0.6, exploding: 70 },
      }).startsWith(
        '11 % of the gradient arrives at t = 100, 20 steps from its source, and the bound is passed at t = 106. ',
      ),
    );
  });

  it('is told without one rate, which would not lead to what arrives', () => {
    const bounds = { vanishing: 1e-9, fading: 1e-8, exploding: 1e9 };
    const arrival = (...factors: readonly number[]): string =>
      /^.*? from its source[^.]*\./.exec(told(factors, { segments, bounds }))?.[0] ?? '';
    assert.equal(
      arrival(...times(2, 0.5), ...times(8, 0.9)),
      '11 % of the gradient arrives at t = 100, 10 steps from its source.',
    );
    assert.equal(
      arrival(...times(2, 0.5), ...times(2, 2)),
      'All of the gradient arrives at t = 100, 4 steps from its source.',
    );
    assert.equal(
      arrival(...times(2, 1), ...times(4, 2)),
      'The gradient arrives 16 times as large at t = 100, 6 steps from its source.',
    );
    const wide = told([...times(2, 0.5), ...times(2, 2)], { segments, bounds: { ...bounds, vanishing: 2, fading: 3 } });
    assert.ok(
      wide.startsWith(
        'All of the gradient arrives at t = 100, 4 steps from its source, and the bound is passed at t = ',
      ),
      wide,
    );
    const exploding = told([...times(2, 1), ...times(4, 2)], { segments, bounds: { ...bounds, exploding: 10 } });
    assert.ok(
      exploding.startsWith(
        'The gradient arrives 16 times as large at t = 100, 6 steps from its source, and the bound is passed at ' +
          't = 100. ',
      ),
      exploding,
    );
  });

  it('is told by three stretches, or by the one that does most of many', () => {
    const third = { from: 5, to: 9, perStepFactor: 1.25 };
    assert.ok(
      told(two, { segments: [{ ...segments[0]!, to: 4 }, third, segments[1]!] }).includes(
        'The rate changes on the way: × 0.9 per step from t = 140 back to t = 120, then × 1.25 per step from t = 109 ' +
          'back to t = 105, then × 0.5 per step from t = 104 back to t = 100. ',
      ),
    );
    // |ln 0.5|·3 > |ln 0.9|·15 > |ln 1.25|·4
    const many = [
      { from: 0, to: 3, perStepFactor: 0.5 },
      { from: 4, to: 4, perStepFactor: 1e-9 },
      third,
      { from: 10, to: 25, perStepFactor: 0.9 },
    ];
    assert.ok(
      told(two, { segments: many }).includes(
        'The rate changes 3 times on the way; most happens × 0.5 per step from t = 103 back to t = 100. ',
      ),
    );
    // Of zeros there is no rate, and of equals the first counts.
    assert.ok(
      told(two, { segments: [{ from: 0, to: 3, perStepFactor: 0 }, ...segments] }).includes(`learned. ${rates} `),
    );
    const equal = { from: 30, to: 33, perStepFactor: 2 };
    assert.match(told(two, { segments: [...many, equal] }), / 4 times on the way; most happens × 0\.5 per step /);
  });

  it('is told by one step that does more than all others', () => {
    const jump = [...times(10, 0.99), 1e-5, ...times(10, 0.99)];
    assert.ok(
      told(jump, { segments }).includes(
        'One step does more than all others: from t = 111 back to t = 110, 0.001 % of it is left. ',
      ),
    );
    assert.ok(
      told([...times(10, 0.99), 1e5, ...times(10, 0.99)], { segments }).includes(
        'One step does more than all others: from t = 111 back to t = 110 it becomes 10^5 times as large. ',
      ),
    );
    // One of two equal steps is not more than the others, and what lies behind a zero counts not.
    assert.doesNotMatch(told([1, 0.001, 1, 0.001, 1], { segments }), /One step/);
    assert.ok(
      told([1, 0.1, 1, 0, 1], { segments }).includes(
        'One step does more than all others: from t = 104 back to t = 103, 10 % ',
      ),
    );
  });
});

describe('a direction that goes back to later positions', () => {
  /** As reverse directions have them: the source at 100, and the way back from there on. */
  const toldOn = (factors: readonly number[], given: Given = {}): string =>
    told(factors, { positionOf: (t) => 100 + factors.length - t, ...given });
  const bounds = { vanishing: 1e-9, fading: 0.1, exploding: 70 };

  it('loses what lies behind a step, not what lies before it', () => {
    assert.match(toldOn(times(20, 0.5)), /, 1 % is left after 6\.6; what happened after t = 107 is hardly learned\. /);
    assert.match(toldOn(times(20, 0.5), { earlier: 'losses' }), /^Each loss teaches the 6\.6 steps after it: /);
    const two = [...times(20, 0.9), ...times(20, 0.5)];
    const segments = [
      { from: 0, to: 19, perStepFactor: 0.5 },
      { from: 20, to: 40, perStepFactor: 0.9 },
    ];
    assert.match(
      toldOn(two, { segments }),
      /; less than 1 % of it arrives after t = 123, and what happened there is hardly learned\. /,
    );
    assert.match(
      toldOn(two, { segments, earlier: 'losses' }),
      /^Each loss teaches the 23 steps after it: from one at the first step, .* arrives after t = 123\. /,
    );
    assert.match(toldOn(times(10, 2)), / times as large over the 10 steps back to t = 110\. /);
  });

  it('counts from every step below a layer, which sends its own gradient to each', () => {
    const above = { earlier: 'above' } as const;
    const two = [...times(20, 0.9), ...times(20, 0.5)];
    const segments = [
      { from: 0, to: 19, perStepFactor: 0.9 },
      { from: 20, to: 40, perStepFactor: 0.5 },
    ];
    const losses = { earlier: 'losses' } as const;
    // As each loss does, under another name: it is no loss that enters there.
    for (const [factors, given] of [
      [times(20, 0.5), {}],
      [times(9, 1e-3), {}],
      [two, { segments }],
      [[...times(10, 1e-9), ...times(10, 0.9)], { segments: [{ from: 0, to: 10, perStepFactor: 1e-9 }] }],
    ] as const)
      for (const tell of [told, toldOn]) {
        const ofLosses = tell(factors, { ...given, ...losses });
        assert.match(ofLosses, /^Each loss teaches /);
        assert.equal(
          tell(factors, { ...given, ...above }),
          ofLosses
            .replace(/^Each loss teaches/, 'What comes from above teaches')
            .replace(/: from one at the (first|last) step,/, ': from the $1 step,'),
        );
      }
    assert.match(told([0, 1, 1], above), /^The gradient is exactly zero one step away: what comes from above teaches /);
  });

  it('reaches zero from a step on', () => {
    assert.match(
      toldOn([1, 1, 1, 0, 1, 1]),
      /^Up to t = 103 the gradient keeps its size at each step back\. From t = 104 on it is exactly zero: /,
    );
    assert.match(
      toldOn([0, 1, 1]),
      /^The gradient is exactly zero from t = 101 on: nothing after t = 100 is learned\. /,
    );
    assert.match(
      toldOn(times(20, 0.5), { zeroAt: 4, dtype: 'float32', bounds }),
      / Plain float32 has nothing but zeros from t = 116 on\. /,
    );
  });

  it('carries what is not finite to earlier steps', () => {
    assert.match(
      toldOn(times(10, 1), { nonFinite: { what: 'inputs', t: 3, sequence: 0, unit: 0, value: NaN } }),
      /^The forward pass is not finite from t = 107 back: input 0 is NaN there\. /,
    );
  });
});

describe('a rate and what arrives', () => {
  it('are not told together where one grows and the other shrinks', () => {
    // The last step alone takes what the others give.
    const told59 = told([0.55, ...times(9, 1.005)]);
    assert.match(told59, /^58 % of the gradient arrives at t = 100, 10 steps from its source\. /);
    assert.doesNotMatch(told59, /multiplied by/);
    assert.match(told(times(10, 0.95)), /^The gradient keeps 95 % per step back: 60 % of it arrives /);
  });
});

describe('the cause', () => {
  const cause = (given: Given): string => told(times(20, 0.5), given).replace(/^.* is hardly learned\. /, '');
  const [half, most] = [Math.log(0.5), Math.log(0.9)];

  it('is the larger loss, of the slopes or of the recurrent weights', () => {
    assert.equal(
      cause({ lnWh: half }),
      `The recurrent weights take the most: Wh keeps 50 % per step, the slope of tanh changes nothing ${saturation}.`,
    );
    assert.equal(
      cause({ lnSlope: half, closedShare: 0.05 }),
      'The activation takes the most: the slope of tanh keeps 50 % per step (5 % of all |h| are above 0.97), Wh ' +
        'changes nothing.',
    );
    assert.equal(
      cause({ lnSlope: half, lnWh: most, closedShare: 0.1 }),
      'Saturation takes the most: the slope of tanh keeps 50 % per step (10 % of all |h| are above 0.97), Wh keeps ' +
        '90 % per step.',
    );
    assert.equal(
      cause({ lnSlope: half, lnWh: half, closedShare: 0.5 }),
      'The recurrent weights take the most: Wh keeps 50 % per step, the slope of tanh keeps 50 % per step (50 % of ' +
        'all |h| are above 0.97).',
    );
    assert.equal(
      cause({ cell: 'relu', lnSlope: half, closedShare: 0.75 }),
      'Units that are off take the most: the slope of relu keeps 50 % per step (75 % of the units are off), Wh ' +
        'changes nothing.',
    );
  });

  it('is Wh where both together enlarge, and Wh alone where there is no activation', () => {
    assert.equal(
      cause({ lnSlope: Math.log(0.8), lnWh: Math.log(2.5) }),
      'The recurrent weights drive it: Wh multiplies it by 2.5 per step, and the slope of tanh keeps 80 % per step ' +
        `${saturation}.`,
    );
    assert.equal(cause({ cell: 'identity' }), 'The cell has no activation, so this is the work of Wh alone.');
    assert.match(told(times(20, 0.5), { cell: 'lstm' }), /is hardly learned\.$/);
  });

  it('of zeros is what sends nothing back', () => {
    const zero = (given: Given, lnSlopeAt: number): string => {
      const factors = [1, 1, 1, 0, 1, 1];
      const evidence = evidenceOf(factors, given);
      evidence.single.lnSlope[lnSlopeAt] = -Infinity;
      return reasonOf(finish(measure(evidence)), evidence);
    };
    const down =
      'Down to t = 103 the gradient keeps its size at each step back. From t = 102 back it is exactly zero: ';
    assert.equal(
      zero({}, 3),
      `${down}every unit that the gradient could pass at t = 103 is so saturated that its slope is below 10^-323.`,
    );
    assert.equal(
      zero({ cell: 'relu' }, 3),
      `${down}every relu that the gradient could pass at t = 103 is off (h = 0).`,
    );
    assert.equal(zero({}, 4), `${down}the recurrent weights send nothing back.`);
    assert.equal(zero({ cell: 'identity' }, 3), `${down}the recurrent weights send nothing back.`);
    assert.equal(
      told([0, 1, 1]),
      'The gradient is exactly zero from t = 102 back: nothing before the last step is learned. ' +
        'The cause: the recurrent weights send nothing back.',
    );
    assert.match(
      told([0, 1, 1], { earlier: 'losses' }),
      /^The gradient is exactly zero one step away from its loss: each loss teaches its own step alone\. The cause: /,
    );
    // At the first step itself, too.
    assert.match(told([1, 1, 0]), /From t = 100 back it is exactly zero: /);
  });
});

describe('what carries the gradient of a cell of gates', () => {
  const lnPaths = (paths: Readonly<Record<string, number>>, length = 11): Record<string, Float64Array> =>
    Object.fromEntries(
      // The first step leads out of the trip.
      Object.entries(paths).map(([path, factor]) => [
        path,
        Float64Array.from({ length }, (_, t) => (t === 0 ? 9 : Math.log(factor))),
      ]),
    );
  const start = 'The gradient keeps 98 % per step back: 82 % of it arrives at t = 100, 10 steps from its source.';
  const carried = (given: Given): string => told(times(10, 0.98), given).replace(`${start} `, '');

  it('is the path that keeps most, with the next', () => {
    assert.equal(
      carried({ cell: 'lstm', lnPaths: lnPaths({ i: 0.2, beside: 0.9, f: 0.1, o: NaN }) }),
      'What carries most is the forget gate (through c), which keeps 90 % per step; next is the path through h by i ' +
        'with 20 %.',
    );
    assert.equal(
      carried({ cell: 'gru', lnPaths: lnPaths({ n: 1.2, beside: 1, r: 0.001 }) }),
      'What carries most is the path through h by n, which keeps 1.2 times per step; next is the update gate with ' +
        '100 %.',
    );
    assert.equal(
      carried({ cell: 'gru', lnPaths: lnPaths({ n: 0.0009, beside: 0.9 }) }),
      'What carries is the update gate, which keeps 90 % per step; every other path is dead.',
    );
    assert.equal(carried({ cell: 'gru', lnPaths: lnPaths({ n: NaN, beside: 0.9 }) }), start);
    assert.equal(carried({ cell: 'gru', lnPaths: {} }), start);
    assert.equal(
      told([0, 1, 1], { cell: 'gru', lnPaths: lnPaths({ n: 0.5, beside: 0.9 }, 4) }).includes('carries'),
      false,
    );
  });

  it('keeps what it does without the step of the source, as the rate', () => {
    const paths = lnPaths({ i: 0.1, beside: 0.98 });
    paths['beside']![10] = Math.log(0.3);
    paths['i']![10] = Math.log(0.9);
    const sentence = (keeps: string, next: string): string =>
      `What carries most is the forget gate (through c), which keeps ${keeps} per step; next is the path through h ` +
      `by i with ${next}.`;
    assert.equal(carried({ cell: 'lstm', lnPaths: paths }), sentence('98 %', '10 %'));
    // Of two steps the rate counts both: √(0.98·0.9) and √(0.1·0.9).
    const short = lnPaths({ i: 0.1, beside: 0.98 }, 3);
    short['beside']![2] = Math.log(0.9);
    short['i']![2] = Math.log(0.9);
    assert.ok(told([0.9, 0.98], { cell: 'lstm', lnPaths: short }).endsWith(sentence('94 %', '30 %')));
  });

  it('is told by shares where no path keeps at every step what the gradient does', () => {
    const shares = (one: string, carried: string, other: string, next: string): string =>
      `Of what goes back through a step ${one} carries ${carried} on average, ${other} ${next}.`;
    const [h, forget] = ['the path through h by i', 'the forget gate (through c)'];
    // Both at once: 0.3 and 0.6 of 0.9.
    assert.equal(
      carried({ cell: 'lstm', lnPaths: lnPaths({ i: 0.3, beside: 0.6 }) }),
      shares(forget, '67 %', h, '33 %'),
    );
    // In turns: of each the geometric mean is 1.2 %.
    const turns = { i: lnPaths({ i: 0.98 })['i']!, beside: lnPaths({ beside: 0.98 })['beside']! };
    for (let t = 1; t <= 10; t++) turns[t % 2 === 0 && t !== 2 ? 'i' : 'beside'][t] = Math.log(0.00015);
    assert.equal(carried({ cell: 'lstm', lnPaths: turns }), shares(h, '60 %', forget, '40 %'));
    // At one step the forget gate is shut to the last bit.
    const shut = lnPaths({ i: 0.02, beside: 0.98 });
    shut['beside']![4] = -Infinity;
    assert.equal(carried({ cell: 'lstm', lnPaths: shut }), shares(forget, '88 %', h, '12 %'));
    // They enlarge and cancel each other.
    assert.equal(carried({ cell: 'lstm', lnPaths: lnPaths({ i: 3, beside: 2 }) }), shares(h, '60 %', forget, '40 %'));
  });

  it('has words of its own', () => {
    assert.deepEqual(
      [pathWords('lstm', 'beside'), pathWords('gru', 'beside'), pathWords('gru', 'r')],
      ['the forget gate (through c)', 'the update gate', 'the path through h by r'],
    );
  });
});

describe('what plain arithmetic makes of it', () => {
  it('is told where the dtype alone loses it', () => {
    const { log10 } = evidenceOf(times(10, 1)).single;
    assert.equal(log10.length, 11);
    const dtype = (given: Given): string =>
      told(times(10, 1), { dtype: 'float32', ...given }).replace(/^.* from its source\.? ?/, '');
    assert.equal(dtype({ infiniteAt: 3 }), 'Plain float32 overflows to infinity at t = 103.');
    assert.equal(dtype({ zeroAt: 4 }), 'Plain float32 has nothing but zeros from t = 104 back.');
    assert.equal(dtype({ zeroAt: 0 }), 'Plain float32 has nothing but zeros from t = 100 back.');
    assert.equal(dtype({ zeroAt: -1 }), '');
    assert.doesNotMatch(told([1, 1, 0, 1], { zeroAt: 1 }), /Plain/);
  });

  it('is told of float32 where a run in float64 leaves its range', () => {
    const of = (factors: readonly number[], given: Given = {}): string[] =>
      told(factors, { dtype: 'float64', ...given }).match(/[^.]*(?:float32|float64)[^.]*\./g) ?? [];
    // 2^−149 is the smallest number of float32; every step back halves.
    assert.deepEqual(of(times(160, 0.5)), [' From t = 110 back its norm is below the smallest number of float32.']);
    assert.deepEqual(of(times(149, 0.5)), []);
    assert.deepEqual(of(times(150, 2)), [' At t = 122 its norm is above the largest number of float32.']);
    assert.deepEqual(of(times(127, 2)), []);
    assert.deepEqual(of([1, ...times(160, 0.5), 0]).length, 1);
    assert.deepEqual(of([...times(20, 0), ...times(100, 0.5)]), []);
    // What float64 itself loses is told instead, and a run in float32 tells its own range.
    assert.deepEqual(of(times(1100, 0.5), { zeroAt: 25 }), [' Plain float64 has nothing but zeros from t = 125 back.']);
    assert.deepEqual(of(times(160, 0.5), { dtype: 'float32' }), []);
    const on = { positionOf: (t: number): number => 260 - t };
    assert.deepEqual(of(times(160, 0.5), on), [' From t = 250 on its norm is below the smallest number of float32.']);
  });
});

describe('a number that is not finite', () => {
  it('is told by where it is', () => {
    const at = (nonFinite: NonNullable<Evidence['nonFinite']>): string => told(times(10, 1), { nonFinite });
    const untold = 'So no rate of the gradient can be told.';
    const rest =
      'The gradient keeps its size at each step back: all of it arrives at t = 100, 10 steps from its source. ' +
      `The recurrent weights take the most: Wh changes nothing, the slope of tanh changes nothing ${saturation}.`;
    assert.equal(
      at({ what: 'weights', t: null, parameter: 'Wh', value: Infinity }),
      `The forward pass is not finite: Wh holds ∞. ${untold}`,
    );
    const input = { what: 'inputs', t: 2, sequence: 2, unit: 3, value: NaN } as const;
    assert.equal(at(input), `The forward pass is not finite from t = 102 on: input 3 is NaN there. ${untold}`);
    assert.equal(
      told(times(10, 1), { nonFinite: input, B: 3, layer: 1 }),
      'The forward pass is not finite from t = 102 on: input 3 (from the layer below) in sequence 3 is NaN there. ' +
        untold,
    );
    const state = (overflow: Overflow, given: Given = {}): string =>
      told(times(10, 1), {
        nonFinite: { what: 'state', t: 5, sequence: 0, unit: 1, value: -Infinity, overflow },
        ...given,
      });
    const stops = `The forward pass is not finite from t = 105 on: h of unit 1 is -∞ there. ${untold} Most of it comes`;
    const before = { t: 4, size: 3e37 };
    assert.equal(
      state({ part: 'state', before, from: { t: 1, size: 30000 }, weight: 2 }, { dtype: 'float32' }),
      `${stops} from h·Wh: the largest |h| has grown from 30,000 at t = 101 to 3.0e37 at t = 104, 10^11 times per ` +
        'step, and float32 ends at 3.4e38.',
    );
    assert.equal(
      state({ part: 'state', before, from: null, weight: 2 }),
      `${stops} from h·Wh: |h| is up to 3.0e37 before this step, |Wh| up to 2, and float64 ends at 1.8e308.`,
    );
    assert.equal(
      state({ part: 'input', largest: 1e300, weight: 0.5 }),
      `${stops} from x·Wx: |x| is up to 1.0e300 at this step, |Wx| up to 0.5, and float64 ends at 1.8e308.`,
    );
    assert.equal(state({ part: 'bias', weight: 2 }), `${stops} from b: |b| is up to 2, and float64 ends at 1.8e308.`);
    assert.equal(
      at({ what: 'upstream', t: 2 }),
      'The gradient that enters from above stops being finite at t = 102, going back.',
    );
    assert.equal(at({ what: 'gradient', t: null }), `The gradient stops being finite, going back. ${rest}`);
    assert.equal(
      told(times(10, 1), { nonFinite: { what: 'gradient', t: 2 }, zeroAt: 4 }),
      `The gradient stops being finite at t = 102, going back. ${rest}`,
    );
  });
});
