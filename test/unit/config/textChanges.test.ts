// Changes in a text that leave everything else as it is, held against the whole text that comes of them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cellOf } from '../../../src/engine/index.js';
import { applied } from '../../../src/config/edit/appliedEdits.js';
import { retold } from '../../../src/config/edit/localisedComments.js';
import { weightsText } from '../../../src/config/edit/madeWeights.js';
import { annotate } from '../../../src/config/edit/provenanceNotes.js';
import { removeLastItems, removeProperties } from '../../../src/config/edit/removals.js';
import { insertAfter, replaceNumbers, takesComments, transposeText } from '../../../src/config/edit/textEdits.js';
import type { TextChange } from '../../../src/config/edit/textEdits.js';
import { readDocument } from '../../../src/config/formats/index.js';
import type { TensorNode } from '../../../src/config/json/node.js';
import { Value } from '../../../src/config/json/jsonValue.js';

const quiet = (): void => undefined;
const rootOf = (text: string, id = 'a.json'): Value => {
  const root = Value.root(readDocument(id, new TextEncoder().encode(text), quiet));
  assert.ok(root !== null, text);
  return root;
};
const at = (root: Value, key: string): Value => {
  const value = root.get(key);
  assert.ok(value !== null, key);
  return value;
};
const block = ({ node }: Value): TensorNode => {
  assert.ok(node.kind === 'tensor');
  return node;
};
const after = (text: string, make: (root: Value) => readonly TextChange[]): string => applied(text, make(rootOf(text)));

describe('changes that are made in a text', () => {
  const insert = (line: number, character: number, text: string): TextChange => ({
    file: '',
    range: { start: { line, character }, end: { line, character } },
    text,
  });

  it('at one place stand in the order in which they were given', () => {
    assert.equal(applied('ab', [insert(0, 1, '1'), insert(0, 1, '2'), insert(0, 1, '3')]), 'a123b');
  });

  it('behind the last line stand at the end of the text', () => {
    assert.equal(applied('a\nb', [insert(7, 3, '!')]), 'a\nb!');
    assert.equal(applied('a\nb', [insert(0, 9, '!')]), 'a\n!b');
  });
});

describe('properties that go', () => {
  const without = (text: string, ...keys: readonly string[]): string =>
    after(text, (root) => removeProperties(root, new Set(keys.map((key) => at(root, key).node))));

  it('take their commas with them, and leave the comments of those that stay', () => {
    for (const [text, keys, wanted] of [
      ['{"a":1,"b":2,"c":3}', ['b'], '{"a":1,"c":3}'],
      ['{"a":1,"b":2,"c":3}', ['a', 'b'], '{"c":3}'],
      ['{"a":1,"b":2,"c":3}', ['b', 'c'], '{"a":1}'],
      ['{"a":1,"b":2,}', ['b'], '{"a":1}'],
      ['{"a":1}', ['a'], '{}'],
      ['{"a":1/* mine */,"b":2}', ['a'], '{"b":2}'],
      ['{"a":1/* mine */,"b":2}', ['b'], '{"a":1/* mine */}'],
    ] as const)
      assert.equal(without(text, ...keys), wanted, text);
  });
});

describe('the last elements of a list', () => {
  const shorter = (text: string, count: number): string => after(text, (root) => removeLastItems(root, count));

  it('go from blocks and from other lists, and never all of them', () => {
    assert.equal(shorter('[[1, 2], [3, 4], [5, 6]]', 2), '[[1, 2]]');
    assert.equal(shorter('[[1, 2], {}, [5]]', 1), '[[1, 2], {}]');
    assert.equal(shorter('[[1, 2], {}, [5]]', 2), '[[1, 2]]');
    assert.equal(shorter('[[1, 2], [3, 4]]', 2), '[[1, 2], [3, 4]]');
    assert.equal(shorter('[[1, 2], [3, 4]]', 0), '[[1, 2], [3, 4]]');
  });
});

describe('a property behind another one', () => {
  const added = (text: string): string => after(text, (root) => insertAfter(at(root, 'a'), () => '"b": 2'));

  it('stands on a line of its own where that has one, and comments stay with what they belong to', () => {
    assert.equal(added('{ "a": 1 }'), '{ "a": 1, "b": 2 }');
    assert.equal(added('{\n  "a": 1\n}'), '{\n  "a": 1,\n  "b": 2\n}');
    assert.equal(added('{\n  "a": 1 // mine\n}'), '{\n  "a": 1, // mine\n  "b": 2\n}');
    assert.equal(added('{\n  "a": 1 /* mine */ }'), '{\n  "a": 1,\n  "b": 2 /* mine */ }');
    assert.equal(added('{\n  "a": 1 /* mine\n */ }'), '{\n  "a": 1,\n  "b": 2 /* mine\n */ }');
    assert.equal(added('{\n  "a": 1 }'), '{\n  "a": 1,\n  "b": 2 }');
    assert.equal(added('{\n  "a": 1, // mine\n  "c": 3\n}'), '{\n  "a": 1, // mine\n  "b": 2,\n  "c": 3\n}');
  });
});

describe('other numbers in the place of those that stand there', () => {
  const replaced = (text: string, numbers: readonly number[]): string =>
    after(text, (root) => [replaceNumbers(root, block(root), Float64Array.from(numbers), 'float64')]);

  it('keep aligned columns, with room for the sign that the old ones had', () => {
    assert.equal(replaced('[[ -1,   2],\n [ 10,  20]]', [1, 2, 10, 20]), '[[  1,   2],\n [ 10,  20]]');
    assert.equal(replaced('[[ 1,  2],\n [10, 20]]', [-1, 2, 10, 20]), '[[ -1,   2],\n [ 10,  20]]');
  });

  it('are written as the first thousands of them are', () => {
    const many = Array.from({ length: 5_000 }, (_, i) => i + 0.5);
    const text = `[${many.join(', ')}]`;
    assert.equal(replaced(text, [7, ...many.slice(1)]), text.replace('0.5', '7.0'));
  });
});

describe('a matrix that is turned', () => {
  const turned = (text: string): string => after(text, (root) => [transposeText(root, block(root))]);

  it('has its numbers as they were written, in the lines of its rows', () => {
    assert.equal(turned('[[1.0, 2], [3, 4], [5, 6]]'), '[[1.0, 3, 5], [2, 4, 6]]');
    assert.equal(turned('[[1, 2, 3]]'), '[[1], [2], [3]]');
    assert.equal(turned('[[1], [2], [3]]'), '[[1, 2, 3]]');
    assert.equal(turned('[\n  [1, 2, 3]\n]'), '[\n  [1],\n  [2],\n  [3]\n]');
    assert.equal(turned('[[1, 2, /* mine */ 3]]'), '[\n/* mine */\n[1], [2], [3]]');
  });
});

describe('comments', () => {
  it('are taken by a config, and by a file that holds one', () => {
    for (const [id, text, wanted] of [
      ['a.json', '{"a": "http://b"}', false],
      ['a.json', '{"a": 1 /* b */}', true],
      ['a.json', '{"a": 1}', false],
      ['a.rnn.json', '{"a": 1}', true],
      ['a.jsonc', '{"a": 1}', true],
    ] as const)
      assert.equal(takesComments(rootOf(text, id).document), wanted, text);
  });

  it('that say where numbers come from are none in a line that is longer than any, and none where none may stand', () => {
    const story = 'Wh: orthogonal, seed 5';
    const noted = (above: string): string => {
      const text = `{\n${above}  "Wh": [[1]]\n}`;
      const root = rootOf(text, 'a.jsonc');
      return applied(
        text,
        annotate(at(root, 'Wh'), 'Wh', null, (earlier) => earlier ?? 'new'),
      );
    };
    assert.equal(noted(`  // ${story}\n`), `{\n  // ${story}\n  "Wh": [[1]]\n}`);
    const long = `  // ${'x'.repeat(2_000)}\n`;
    assert.equal(noted(long), `{\n${long}  // Wh: new\n  "Wh": [[1]]\n}`);
    // Neither the file of the numbers nor the name in the config takes a note.
    const weights = rootOf('{"Wh":[[1]]}', 'w.json');
    const config = rootOf('{"weights":{"file":"w.json","name":"w"}}', 'a.rnn.json');
    assert.deepEqual(
      annotate(at(weights, 'Wh'), 'Wh', config, () => 'new'),
      [],
    );
  });
});

describe('a config in another language', () => {
  const text = '{\n  // One line\n  // of two.\n  "name": "weather",\n  // Alone.\n  "a": 1\n}';

  it('has those of its texts that the table has, broken into lines that fit', () => {
    const long = 'word '.repeat(40).trim();
    assert.equal(
      retold(text, { weather: '날씨', 'One line of two.': long }),
      `{\n  // ${'word '.repeat(22).trim()}\n  // ${'word '.repeat(18).trim()}\n  "name": "날씨",\n  // Alone.\n  "a": 1\n}`,
    );
    assert.equal(retold(text, {}), text);
  });
});

describe('a config that is made', () => {
  it('has what a cell needs besides its matrices, a row or several', () => {
    const { gates, parameters } = cellOf('tanh');
    const own = [
      ...parameters,
      { name: 'P', role: 'other', shape: (_: number, H: number) => [2, H] as const, start: 0.5 },
      { name: 'q', role: 'other', shape: (_: number, H: number) => [1, H] as const },
    ] as const;
    const wanted = { shapes: { I: 1, H: 2 }, layers: 1, directions: 1, initialisation: 'identity', seed: 1 } as const;
    for (const layers of [1, 2]) {
      const text = weightsText({ gates, parameters: own }, { ...wanted, layers });
      const made = JSON.parse(`{${text.replace(/^\s*\/\/.*$/gm, '')}}`) as Record<string, unknown>;
      assert.deepEqual(made['P'], [
        [0.5, 0.5],
        [0.5, 0.5],
      ]);
      assert.deepEqual(made['q'], [0, 0]);
      assert.match(text, /\/\/ \[2\]\[2\]\n {4}"P": \[/);
      assert.match(text, /\/\/ \[2\]\n {4}"q": \[/);
    }
  });
});
