// One mistake in a text is one problem; what a reader stumbles over because of it is counted there.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readDocument } from '../../../src/config/json/jsonDocument.js';
import { describeProblem } from '../../../src/config/json/problem.js';

const sound = `{
  "cell": "tanh",
  "weights": {
    "Wx": [[1, 2], [3, 4]],
    "Wh": [[1, 2], [3, 4]],
    "b": [0, 0]
  },
  "sequences": [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]
}
`;
const problemsOf = (before: string, after: string): string[] => {
  assert.ok(sound.includes(before), before);
  const { problems } = readDocument('a.json', new TextEncoder().encode(sound.replace(before, after)), () => undefined);
  return problems.map(
    (problem) => `${problem.range.start.line + 1}:${problem.range.start.character + 1} ${describeProblem(problem)}`,
  );
};

describe('one mistake', () => {
  for (const [name, before, after, told] of [
    [
      'a bracket that is missing',
      '[3, 4]],\n    "Wh"',
      '[3, 4],\n    "Wh"',
      /^5:9 A colon stands where .* Expected .*\. \(4 more follow from it\)$/,
    ],
    [
      'a quote that is missing at the end',
      '"tanh",',
      '"tanh,',
      /^2:11 A text has no closing quote\. Expected .*\. \(1 more follows from it\)$/,
    ],
    [
      'a quote that is missing at the start',
      '"tanh"',
      'tanh"',
      /^2:11 tanh is no JSON value; .* Expected .*\. \(\d+ more follow from it\)$/,
    ],
    [
      'words that make no sense',
      '"tanh",',
      '"tanh", , some words that make no sense',
      /^2:19 .* Expected .*\. \(1\d more follow from it\)$/,
    ],
    [
      'a sign of another language',
      '"cell":',
      '"cell"=',
      /^2:9 = has no meaning in JSON\. Expected .*\. \(1 more follows from it\)$/,
    ],
    [
      'a brace that is missing',
      '},\n  "seq',
      '\n  "seq',
      /^8:3 A comma is missing\. Expected .*\. \(1 more follows from it\)$/,
    ],
    ['a comma that is missing', '"tanh",', '"tanh"', /^3:3 A comma is missing\. Expected [^()]*$/],
  ] as const)
    it(`${name} is one problem`, () => {
      const problems = problemsOf(before, after);
      assert.equal(problems.length, 1, problems.join('\n'));
      assert.match(problems[0] ?? '', told);
    });

  it('leaves each of several that have nothing to do with each other', () => {
    const problems = problemsOf('[[1, 2], [3, 4]],\n    "Wh"', '[[NaN, 2], [None, 4]],\n    "Wh"');
    assert.deepEqual(
      problems.map((text) => text.split(' ')[0]),
      ['4:13', '4:23'],
    );
  });

  it('leaves what stands before it', () => {
    const problems = problemsOf('[[1, 2], [3, 4]],\n    "Wh"', '[[NaN, 2], [3, 4],\n    "Wh"');
    assert.match(problems.join('\n'), /^4:13 NaN is .*\n5:9 A colon .*more follow from it\)$/);
  });
});
