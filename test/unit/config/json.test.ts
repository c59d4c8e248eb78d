import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseTree } from 'jsonc-parser';
import type { Node, ParseError } from 'jsonc-parser';
import type { JsonNode, TensorNode } from '../../../src/config/json/node.js';
import { indicesAt, locateLeaves, locateLists, locateRow } from '../../../src/config/json/locateNumbers.js';
import { Lines } from '../../../src/config/json/lineIndex.js';
import { parseJson } from '../../../src/config/json/parse.js';
import { positionIn } from './memory.js';

const quiet = (): void => undefined;
const parse = (text: string): ReturnType<typeof parseJson> => parseJson(text, quiet);

/** Blanks and comments as people put them between the parts of JSON. */
const trivia = fc.constantFrom('', '', '', ' ', '\n', '\r\n', '\t', '  ', '/* [1, "2" */', '// , ]\n', ' /**/ ');

/** JSON text of a value with random trivia and trailing commas, taken from a stream of choices. */
function written(value: unknown, next: () => string, trailing: boolean): string {
  const between = (parts: string[]): string =>
    parts.map((part) => next() + part + next()).join(',') + (trailing && parts.length > 0 ? ',' : '') + next();
  if (Array.isArray(value)) return `[${between(value.map((item) => written(item, next, trailing)))}]`;
  if (typeof value === 'object' && value !== null) {
    const property = ([key, item]: [string, unknown]): string =>
      `${JSON.stringify(key)}${next()}:${next()}${written(item, next, trailing)}`;
    return `{${between(Object.entries(value).map(property))}}`;
  }
  return Object.is(value, -0) ? '-0' : JSON.stringify(value);
}

const decorated = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<{ value: T; text: string }> =>
  fc.tuple(value, fc.infiniteStream(trivia), fc.boolean()).map(([given, stream, trailing]) => ({
    value: given,
    text: written(given, () => String(stream.next().value), trailing),
  }));

const numbers = fc.double({ noNaN: true, noDefaultInfinity: true });
const tensors = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 }))
  .chain(([B, T, I]) =>
    fc.array(fc.array(fc.array(numbers, { minLength: I, maxLength: I }), { minLength: T, maxLength: T }), {
      minLength: B,
      maxLength: B,
    }),
  );

function asTensor(node: JsonNode | null): TensorNode {
  assert.ok(node?.kind === 'tensor');
  return node;
}

/** What a tree says, numbers of collapsed arrays unfolded. */
function plain(node: JsonNode, text: string): unknown {
  switch (node.kind) {
    case 'tensor': {
      const leaves = locateLeaves(
        text,
        node,
        Array.from(node.data, (_, i) => i),
        quiet,
      ).map(({ offset, length }) => JSON.parse(text.slice(offset, offset + length)) as unknown);
      const build = (shape: readonly number[]): unknown => {
        const [size = 0, ...rest] = shape;
        return Array.from({ length: size }, () => (rest.length === 0 ? leaves.shift() : build(rest)));
      };
      return build(node.shape);
    }
    case 'array':
      return node.items.map((item) => plain(item, text));
    case 'object':
      return node.properties.map(({ key, value }) => [key, plain(value, text)]);
    case 'null':
      return null;
    case 'unreadable':
    case 'plain':
      throw new Error('JSON has no such value.');
    default:
      return typeof node.value === 'number' && Number.isNaN(node.value)
        ? (JSON.parse(text.slice(node.offset, node.offset + node.length)) as unknown)
        : node.value;
  }
}

/** The same from jsonc-parser's tree. */
function oracle(node: Node): unknown {
  if (node.type === 'array') return (node.children ?? []).map(oracle);
  if (node.type === 'object')
    return (node.children ?? []).map(({ children = [] }) => [
      children[0]?.value as unknown,
      children[1] === undefined ? undefined : oracle(children[1]),
    ]);
  return node.value as unknown;
}

describe('reading JSON', () => {
  it('a block of numbers comes back bit for bit, whatever stands between them', () => {
    fc.assert(
      fc.property(decorated(tensors), ({ value, text }) => {
        const { root, issueCount } = parse(text);
        const node = asTensor(root);
        const flat = value.flat(2);
        assert.equal(issueCount, 0);
        assert.deepEqual(node.shape, [value.length, value[0]?.length, value[0]?.[0]?.length]);
        assert.ok(flat.every((x, i) => Object.is(x, node.data[i])) && flat.length === node.data.length);
      }),
    );
  });

  it('any JSON means the same as to jsonc-parser, node for node', () => {
    const values = fc.jsonValue({ depthSize: 'medium', noUnicodeString: false }).map((value) => value as unknown);
    fc.assert(
      fc.property(decorated(values), ({ text }) => {
        const { root, issueCount } = parse(text);
        const tree = parseTree(text, [], { allowTrailingComma: true });
        assert.ok(root !== null && tree !== undefined);
        assert.equal(issueCount, 0);
        assert.deepEqual(plain(root, text), oracle(tree));
        assert.deepEqual([root.offset, root.length], [tree.offset, tree.length]);
      }),
    );
  });

  it('whatever jsonc-parser refuses is refused, and nothing else', () => {
    const pieces = fc.array(
      fc.constantFrom(
        '[',
        ']',
        '{',
        '}',
        ',',
        ':',
        '"a"',
        '"b',
        '1',
        '-2.5e3',
        '01',
        '.5',
        '-',
        'null',
        'true',
        'NaN',
        ' ',
        '\n',
        '//x\n',
        '/*y*/',
        '/*',
        "'",
        '\\',
        '§',
        '"\\q"',
        '"k":',
      ),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        pieces.map((list) => list.join('')),
        (text) => {
          const errors: ParseError[] = [];
          parseTree(text, errors, { allowTrailingComma: true, allowEmptyContent: false });
          const { issues, root } = parse(text);
          assert.equal(issues.length > 0, errors.length > 0 || root === null, JSON.stringify(text));
          for (const { offset, length, message, expected, found, advice } of issues) {
            assert.ok(offset >= 0 && length >= 0 && offset + length <= text.length, JSON.stringify(text));
            assert.ok([message, expected, found, advice].every((sentence) => sentence.length > 0));
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  it('no text goes on behind its line, also where a backslash stands before the line break', () => {
    for (const quote of ['"', "'"]) {
      for (const lineBreak of ['\n', '\r\n', '\r']) {
        const text = `[${quote}a\\${lineBreak}b${quote}]`;
        const { issues } = parse(text);
        assert.ok(issues.length > 0);
        for (const { offset, length } of issues)
          assert.doesNotMatch(text.slice(offset, offset + length), /[\r\n]/, JSON.stringify(text));
      }
    }
  });

  it('elements and rows of a block are found again in the text', () => {
    fc.assert(
      fc.property(decorated(tensors), fc.nat(), ({ value, text }, seed) => {
        const node = asTensor(parse(text).root);
        const flat = value.flat(2);
        const index = seed % flat.length;
        const [T = 0, I = 0] = node.shape.slice(1);
        const [leaf] = locateLeaves(text, node, [index], quiet);
        assert.ok(leaf !== undefined);
        assert.ok(Object.is(Number(text.slice(leaf.offset, leaf.offset + leaf.length)), flat[index]));
        const indices = [Math.floor(index / (T * I)), Math.floor(index / I) % T, index % I];
        assert.deepEqual(indicesAt(text, node, [leaf.offset], quiet), [indices]);
        const row = locateRow(text, node, indices.slice(0, 2), quiet);
        const inside = asTensor(parse(text.slice(row.offset, row.offset + row.length)).root);
        assert.deepEqual([...inside.data], value[indices[0] ?? 0]?.[indices[1] ?? 0]);
      }),
    );
  });

  it('lines and columns are those of an editor', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('a', '한', '😀', '\n', '\r\n', '  '), { maxLength: 20 }),
        fc.nat(),
        (list, seed) => {
          const text = list.join('');
          const offset = seed % (text.length + 1);
          assert.deepEqual(new Lines(text, quiet).position(offset), positionIn(text, offset));
        },
      ),
    );
    assert.deepEqual(new Lines('a\rb', quiet).position(2), { line: 1, character: 0 });
  });

  it('a hundred thousand brackets are a problem, not a crash', () => {
    for (const text of ['['.repeat(100_000), '{"a":'.repeat(100_000), ']'.repeat(100_000)])
      assert.ok(parse(text).issueCount > 0);
  });
});

describe('a mark where a value or a key belongs', () => {
  it('is told in quotes, as the end of a sentence', () => {
    for (const [text, found] of [
      ['[1,,2]', '","'],
      ['{,"a":1}', '","'],
      ['{"a"::1}', '":"'],
    ] as const)
      assert.equal(parse(text).issues[0]?.found, found, text);
  });
});

describe('innermost lists of a block', () => {
  it('are found by their numbers, counted through all of it', () => {
    const text = ' [[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 10], [11, 12]]]';
    const { root } = parse(text);
    assert.ok(root?.kind === 'tensor');
    const found = (wanted: readonly number[]): string[] =>
      locateLists(text, root, wanted, quiet).map(({ offset, length }) => text.slice(offset, offset + length));
    assert.deepEqual(found([0, 2, 5]), ['[1, 2]', '[5, 6]', '[11, 12]']);
    assert.deepEqual(found([1, 9]), ['[3, 4]']);
  });
});
