import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { BlockReader } from '../../../src/config/json/numberBlocks.js';
import { readDocument } from '../../../src/config/json/jsonDocument.js';
import { parseJson } from '../../../src/config/json/parse.js';
import { parseBytes } from '../../../src/config/json/fastParse.js';

const quiet = (): void => undefined;
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const reader = new BlockReader();

/** Every number as JavaScript reads it, bit for bit. */
function assertNumbers(texts: readonly string[]): void {
  const block = reader.read(bytesOf(`[${texts.join(',')}]`), 0, quiet);
  assert.ok(block !== null, texts.join(','));
  assert.deepEqual(block.shape, [texts.length]);
  for (const [i, text] of texts.entries())
    assert.ok(Object.is(block.data[i], Number(JSON.parse(text))), `${text} gives ${block.data[i]}`);
}

/** The decimal digits of mantissa·2^exponent in full, exponent ≤ 0. */
function exactDecimal(mantissa: bigint, exponent: number): string {
  const digits = (mantissa * 5n ** BigInt(-exponent)).toString().padStart(1 - exponent, '0');
  return exponent === 0 ? digits : `${digits.slice(0, exponent)}.${digits.slice(exponent)}`;
}

const digits = (most: number): fc.Arbitrary<string> =>
  fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: most }).map((list) => list.join(''));
const whole = digits(24).map((text) => text.replace(/^0+(?=\d)/, ''));
const written = fc
  .tuple(
    fc.constantFrom('', '-'),
    whole,
    fc.option(digits(30)),
    fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'E-', 'e-'), fc.integer({ min: 0, max: 360 }).map(String))),
  )
  .map(
    ([sign, integer, fraction, exponent]) =>
      `${sign}${integer}${fraction === null ? '' : `.${fraction}`}${exponent === null ? '' : exponent.join('')}`,
  );

describe('numbers of a block', () => {
  it('are those of JSON.parse, however they are written', () => {
    fc.assert(fc.property(fc.array(written, { minLength: 1, maxLength: 20 }), assertNumbers), { numRuns: 3000 });
  });

  it('are those of JSON.parse for every float64 in its shortest form and in others', () => {
    const doubles = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(fc.array(doubles, { minLength: 1 }), (values) => {
        assertNumbers(
          values.flatMap((x) => [
            Object.is(x, -0) ? '-0' : JSON.stringify(x),
            x.toExponential(20),
            x.toPrecision(17),
            String(Math.fround(x)).replace(/-?Infinity/, '0'),
          ]),
        );
      }),
      { numRuns: 1000 },
    );
  });

  it('are those of JSON.parse for every power of ten that float64 has, and beyond', () => {
    for (let q = -400; q <= 400; q++)
      assertNumbers([
        `1e${q}`,
        `-9007199254740993e${q}`,
        `9999999999999999999e${q}`,
        `0.00123e${q}`,
        `1.7976931348623157e${q}`,
        `4.9406564584124654e${q}`,
      ]);
  });

  it('exactly between two float64 go to the even one, and next to the middle to the nearer one', () => {
    const mantissas = fc.bigInt({ min: 1n << 52n, max: (1n << 53n) - 1n });
    fc.assert(
      fc.property(mantissas, fc.integer({ min: -120, max: 0 }), (mantissa, exponent) => {
        const middle = exactDecimal(2n * mantissa + 1n, exponent - 1);
        const below = middle.replace(/5$/, '49999');
        assertNumbers([middle, `${middle}000`, `${middle}0001`, below, `-${middle}`]);
      }),
      { numRuns: 1000 },
    );
  });

  it('of which very many need all of their digits are read to the last one', () => {
    // The kernel leaves each of them to the caller, and pauses where it cannot keep more of them.
    const middle = (i: number): string => exactDecimal(2n * ((1n << 52n) + BigInt(i)) + 1n, -60);
    assertNumbers(Array.from({ length: 300 }, (_, i) => middle(i)));
  });

  it('named cases: zeros, the ends of the range, long zeros, signs of exponents', () => {
    assertNumbers([
      '0',
      '-0',
      '0.0',
      '-0.0e5',
      '0e999',
      '1E+5',
      '1e999',
      '-1e999',
      '0.1e-400',
      '5e-324',
      '2e-324',
      '3e-324',
      '2.2250738585072011e-308',
      '2.2250738585072014e-308',
      '1.7976931348623157e308',
      '1.7976931348623159e308',
      '9007199254740993',
      '9007199254740992.9',
      `0.${'0'.repeat(100)}1`,
      `0.${'0'.repeat(330)}5`,
      `1${'0'.repeat(300)}`,
      `${'1234567890'.repeat(20)}.5`,
      `0.${'123456789'.repeat(20)}`,
      '1e00000000000000000001',
      '1e-99999999999',
      '8.41e21',
      '2.0743e-315',
      '6.9294956446009195e15',
      '3.0e-2',
    ]);
  });
});

describe('a block', () => {
  it('has the shape of its lists, through windows, blanks, comments and commas at the end', () => {
    const blank = fc.constantFrom('', ' ', '\n', '\r\n\t', `\n${' '.repeat(20)}`, '/* [1] ä😀 */', '// ]\n');
    const sizes = fc.tuple(
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 20 }),
    );
    fc.assert(
      fc.property(sizes, fc.infiniteStream(blank), fc.boolean(), ([B, T, I], stream, trailing) => {
        const next = (): string => String(stream.next().value);
        const list = (items: string[]): string =>
          `[${items.map((item) => next() + item + next()).join(',')}${trailing ? ',' : ''}${next()}]`;
        const values = Array.from({ length: B }, (_, b) =>
          Array.from({ length: T }, (__, t) => Array.from({ length: I }, (___, i) => (b - t) / (i + 7))),
        );
        const text = list(values.map((rows) => list(rows.map((row) => list(row.map(String))))));
        const before = '{"ключ": ';
        const bytes = bytesOf(`${before}${text}}`);
        const block = reader.read(bytes, bytesOf(before).length, quiet);
        assert.ok(block !== null);
        assert.deepEqual(block.shape, [B, T, I]);
        assert.deepEqual([...block.data], values.flat(2));
        assert.equal(block.end, bytes.length - 1);
        assert.equal(block.textLength, text.length);
      }),
      { numRuns: 150 },
    );
  });

  it('that is irregular, empty or no JSON is left to others', () => {
    for (const text of [
      '[]',
      '[[]]',
      '[1,[2]]',
      '[[1],2]',
      '[[1,2],[3]]',
      '[[1],[[2]]]',
      '[,]',
      '[1,,2]',
      '[1 2]',
      '[01]',
      '[1.]',
      '[.5]',
      '[+1]',
      '[-]',
      '[1e]',
      '[1e+]',
      '[0x1]',
      '[1.5f]',
      '[NaN]',
      '[null]',
      '["1"]',
      '[{}]',
      '[1}',
      '[1',
      '[1,',
      '[1/',
      '[1/*',
      '[1\u00a0]',
      '[1_0]',
      '[--1]',
      '[1-2]',
      '[1.2.3]',
      '[1e5.5]',
      '[[[[[[[[[1]]]]]]]]]',
    ]) {
      assert.equal(reader.read(bytesOf(text), 0, quiet), null, text);
    }
  });

  it('of thousands of digits in one number is left to others or read rightly', () => {
    for (const length of [1000, 60_000, 200_000]) {
      const text = `1.${'3'.repeat(length)}`;
      const block = reader.read(bytesOf(`[0,${text}]`), 0, quiet);
      assert.ok(block === null ? length > 65_000 : block.data[1] === Number(text));
    }
  });
});

describe('a whole file', () => {
  const numbers = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer());
  const block = fc
    .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 5 }))
    .chain(([rows, columns]) =>
      fc.array(fc.array(numbers, { minLength: columns, maxLength: columns }), { minLength: rows, maxLength: rows }),
    );
  const anything = fc
    .oneof(
      { weight: 3, arbitrary: block },
      { weight: 1, arbitrary: fc.jsonValue() },
      { weight: 1, arbitrary: fc.array(block, { maxLength: 3 }) },
    )
    .map((value) => value as unknown);
  const keyed = fc.dictionary(
    fc.string({ unit: 'grapheme' }),
    fc.oneof(anything, fc.dictionary(fc.string(), anything)),
  );

  it('gives the tree of the parser, place for place, or nothing', () => {
    fc.assert(
      fc.property(
        fc.oneof(anything, keyed),
        fc.constantFrom(undefined, 1, '\t'),
        fc.constantFrom('', '\ufeff', '// ä\n', '/* 😀[1] */ '),
        (value, indent, before) => {
          const text = `${before}${JSON.stringify(value, null, indent)}\n`;
          const slow = parseJson(text.replace(/^\ufeff/, ''), quiet);
          assert.equal(slow.issueCount, 0);
          assert.deepEqual(parseBytes(bytesOf(text), quiet), slow);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('with anything out of order is left to the parser', () => {
    const junk = fc.constantFrom(
      '',
      ',',
      ':',
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '1',
      '-',
      '.',
      'e',
      'null',
      'NaN',
      '[]',
      '/*',
      '//',
      '\\',
      '\n',
      '\u0000',
      '한',
      '"a":',
      '[1]',
    );
    const valid = '{"a": [[1, 2], [3, 4]], /* b */ "b": [0.5, 1], "c": {"d": [[[7]]], "é": ["x", [1, 2]]}}';
    fc.assert(
      fc.property(fc.nat(valid.length), fc.integer({ min: 0, max: 6 }), junk, (at, remove, insert) => {
        const text = valid.slice(0, at) + insert + valid.slice(at + remove);
        const slow = parseJson(text, quiet);
        const quick = parseBytes(bytesOf(text), quiet);
        if (slow.issueCount > 0 || slow.duplicates.length > 0) assert.equal(quick, null, text);
        else assert.deepEqual(quick, slow, text);
      }),
      { numRuns: 5000 },
    );
  });

  it('that is no UTF-8 is nothing, wherever the wrong byte stands', () => {
    const text = bytesOf('{"ä": [[1, 2], [3, 4]], "b": [0.5 /* c */, 1]}');
    for (let at = 0; at < text.length; at++) {
      for (const byte of [0xff, 0xc3, 0x80]) {
        const bytes = text.slice();
        bytes[at] = byte;
        const { problems, root } = readDocument('', bytes, quiet);
        const sound = (() => {
          try {
            return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
          } catch {
            return null;
          }
        })();
        assert.equal(
          root === null && problems.some(({ message }) => message === 'The file is not UTF-8 text.'),
          sound === null,
          `${byte} at ${at}`,
        );
      }
    }
  });

  it('asks to go on for every window, and stops where it is told to', () => {
    const bytes = bytesOf(`{"Wh": [${Array.from({ length: 30_000 }, (_, i) => `[${i}.125, -${i}e-3]`).join(',\n')}]}`);
    let ticks = 0;
    parseBytes(bytes, () => ticks++);
    assert.ok(ticks >= bytes.length / 65536, `${ticks} for ${bytes.length} bytes`);
    const stop = new Error('stop');
    for (let left = 1; left <= ticks; left++) {
      let count = left;
      assert.throws(
        () =>
          parseBytes(bytes, () => {
            if (--count === 0) throw stop;
          }),
        (error) => error === stop,
      );
    }
    assert.equal(parseBytes(bytes, quiet)?.root?.kind, 'object');
  });
});
