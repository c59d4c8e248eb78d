// The parts that checks are built from: what they take, what they say, and that the compiler holds them to their types.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  arrayOf,
  byKind,
  either,
  flag,
  instance,
  integer,
  nothing,
  nullable,
  number,
  object,
  oneOf,
  optional,
  positive,
  shown,
  text,
} from '../../../src/protocol/checks.js';
import type { Check, Fault } from '../../../src/protocol/checks.js';

type Shape =
  { readonly kind: 'circle'; readonly radius: number } | { readonly kind: 'square' | 'diamond'; readonly side: number };
const sided = object<Extract<Shape, { readonly side: number }>>({
  kind: oneOf(['square', 'diamond']),
  side: number(0),
});
const shape = byKind<Shape>({
  circle: object({ kind: oneOf(['circle']), radius: number(0) }),
  square: sided,
  diamond: sided,
});

describe('a check', () => {
  const cases: readonly (readonly [
    what: string,
    check: (value: unknown) => Fault | null,
    taken: readonly unknown[],
    refused: readonly unknown[],
  ])[] = [
    ['a number', number(), [0, -5, 1e300], [Number.NaN, Infinity, -Infinity, '5', null, undefined, {}, [5], true, 5n]],
    ['a number with a least one', number(0), [0, 0.1], [-5, -Number.MIN_VALUE, Number.NaN]],
    ['a number above 0', positive, [Number.MIN_VALUE, 1], [0, -5, Infinity, Number.NaN, '1']],
    ['a whole number', integer(0, 9), [0, 9], [-1, 10, 0.5, Number.NaN, '5', 2 ** 60]],
    ['a text', text, ['', 'x'], [5, null, undefined, ['x'], {}]],
    ['a flag', flag, [true, false], [0, 1, 'true', null]],
    ['nothing', nothing, [null], [undefined, 0, '', {}]],
    ['a word', oneOf(['a', 'b']), ['a', 'b'], ['c', '', 0, null, ['a']]],
    ['a number or null', nullable(number()), [null, 1], [undefined, 'x', Number.NaN]],
    ['a number or nothing at all', optional(number()), [undefined, 1], [null, 'x']],
    ['a word or a number', either(oneOf(['off']), positive), ['off', 3], ['on', -5, Number.NaN, null]],
    [
      'a list',
      arrayOf(integer(0), 3),
      [[], [1, 2, 3]],
      [[1, 2, 3, 4], [-1], ['x'], { length: 1 }, 'abc', new Uint8Array(2)],
    ],
    [
      'bytes',
      instance('Uint8Array'),
      [new Uint8Array(3), Buffer.from('x')],
      [[1], new Uint16Array(1), new ArrayBuffer(1), 'x', null],
    ],
    [
      'shared memory',
      instance('SharedArrayBuffer'),
      [new SharedArrayBuffer(4)],
      [new ArrayBuffer(4), new Int32Array(1), {}, null],
    ],
    [
      'an object',
      object<{ a: number }>({ a: number() }),
      [{ a: 1 }, { a: 1, more: 'x' }],
      [{}, { a: 'x' }, [1], null, 'a', Object.create({ a: 1 })],
    ],
    [
      'one of several objects',
      shape,
      [
        { kind: 'circle', radius: 1 },
        { kind: 'diamond', side: 2 },
      ],
      [
        { kind: 'circle' },
        { kind: 'square', radius: 1 },
        { kind: 'oval' },
        { kind: 'constructor' },
        { kind: ['circle'], radius: 1 },
        {},
        null,
        'circle',
      ],
    ],
  ];
  for (const [what, check, taken, refused] of cases) {
    it(`for ${what} takes what fits, and nothing else`, () => {
      for (const value of taken) assert.equal(check(value), null, shown(value));
      for (const value of refused) assert.notEqual(check(value), null, shown(value));
    });
  }

  it('says where in the value the fault is, what belongs there and what was found', () => {
    const nested = object<{ list: readonly { n: number | 'off' }[] }>({
      list: arrayOf(object({ n: either(oneOf(['off']), positive) }), 5),
    });
    assert.deepEqual(nested({ list: [{ n: 'off' }, { n: -5 }] }), {
      at: '.list[1].n',
      expected: '"off" or a finite number above 0',
      found: -5,
    });
    assert.deepEqual(shape({ kind: 'square', side: 'x' }), {
      at: '.side',
      expected: 'a finite number of at least 0',
      found: 'x',
    });
    assert.deepEqual(shape({ kind: 'oval' }), {
      at: '.kind',
      expected: '"circle" or "square" or "diamond"',
      found: 'oval',
    });
  });

  it('of bytes looks at their class alone, however many they are', () => {
    let looks = 0;
    const bytes = new Proxy(new Uint8Array(1e6), {
      get: (target, key): unknown => {
        looks++;
        return Reflect.get(target, key, target);
      },
    });
    instance('Uint8Array')(bytes);
    assert.ok(looks <= 1, `${looks} looks`);
  });

  it("shows somebody else's value in a few characters", () => {
    for (const value of ['x'.repeat(1e5), Array(1e5).fill(0), { a: 'x'.repeat(1e5) }, Symbol('x'), () => 0, 5n])
      assert.ok(shown(value).length <= 60, shown(value));
  });
});

// Each of these lines is an error to the compiler; where it were none, the comment above it would be one.
export const notTheTypeOfTheContract = [
  // @ts-expect-error a wider contract
  ((): Check<number | null> => number())(),
  // @ts-expect-error a narrower contract
  ((): Check<'a'> => oneOf(['a', 'b']))(),
  // @ts-expect-error a field without its check
  ((): Check<{ a: number; b: number }> => object({ a: number() }))(),
  // @ts-expect-error a field that may be left out, without its check
  ((): Check<{ a: number; b?: number }> => object({ a: number() }))(),
  // @ts-expect-error a check for a field that is gone
  ((): Check<{ a: number }> => object({ a: number(), b: number() }))(),
  // @ts-expect-error a kind without its check
  ((): Check<Shape> => byKind({ circle: object({ kind: oneOf(['circle']), radius: number() }), square: sided }))(),
];
