import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { describeProblem, problemCodes } from '../../../src/config/index.js';
import type { ReadResult } from '../../../src/config/index.js';
import { configName, readConfigText, readTexts } from './memory.js';

const valid = `{
  // all keys
  "name": "random", "cell": "tanh", "dtype": "float64",
  "weights": { "Wx": [[1, -2.5e-1]], "Wh": [[0.5, 0], [0.25, 1]], "b": [0, 3] },
  "sequences": [[[1], [2]], [[3], [4]]],
  "initialState": [[1, 2], [3, 4]], "stateful": true,
  "loss": {
    "kind": "crossEntropy", "readout": { "Why": [[1, 0], [0, 1]], "by": [0, 0] },
    "targets": [[0, 1], [1, 0]], "at": "every"
  },
  "clip": { "norm": 1.5 }, "truncate": 2,
}`;

/** Never both silent and empty-handed, and every problem complete and inside the text. */
function assertSound({ experiment, problems, files }: ReadResult, text: string): void {
  const lines = text.split(/\r\n|\r|\n/);
  assert.equal(
    experiment === null,
    problems.some(({ severity }) => severity === 'error'),
    problems.map(describeProblem).join('\n'),
  );
  for (const problem of problems) {
    const { start, end } = problem.range;
    assert.ok(problemCodes.includes(problem.code));
    assert.ok(
      [problem.message, problem.expected, problem.found, problem.advice].every(
        (sentence) => sentence.trim().length > 0,
      ),
      describeProblem(problem),
    );
    assert.ok(files.includes(problem.file));
    if (problem.file !== configName) continue;
    assert.ok(start.line < end.line || (start.line === end.line && start.character <= end.character));
    assert.ok(
      end.line < lines.length && end.character <= (lines[end.line] ?? '').length,
      `${describeProblem(problem)} at ${end.line}:${end.character}`,
    );
  }
  if (experiment === null) return;
  const { B, T, I, H } = experiment.shapes;
  const [{ parameters: weights, initial }] = experiment.layers;
  assert.deepEqual([weights.Wx.length, weights.Wh.length, weights.b.length], [I * H, H * H, H]);
  assert.equal(
    experiment.chunks.reduce((sum, { xs }) => sum + xs.length, 0),
    B * T * I,
  );
  assert.ok(initial.h === null || initial.h.length === B * H);
}

describe('any input gives an experiment or problems', () => {
  it('the config that is broken below is sound itself', async () => {
    const result = await readConfigText(valid);
    assert.deepEqual(result.problems, []);
    assertSound(result, valid);
  });

  const junk = fc.oneof(
    fc.constantFrom(
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
      '{}',
      '1e999',
      '/*',
      '//',
      '\\',
      '\n',
      '"x"',
      'true',
      '[1]',
      '\u0000',
      '한',
    ),
    fc.string({ maxLength: 4 }),
  );

  it('after a random corruption', async () => {
    const edits = fc.array(
      fc.record({ at: fc.nat(valid.length), remove: fc.integer({ min: 0, max: 12 }), insert: junk }),
      { minLength: 1, maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(edits, async (list) => {
        const text = list.reduce(
          (given, { at, remove, insert }) => given.slice(0, at) + insert + given.slice(at + remove),
          valid,
        );
        assertSound(await readConfigText(text), text);
      }),
      { numRuns: 3000 },
    );
  });

  it('when it is cut off anywhere', async () => {
    for (let end = 0; end < valid.length; end++) {
      const result = await readConfigText(valid.slice(0, end));
      assertSound(result, valid.slice(0, end));
      assert.equal(result.experiment, null);
    }
  });

  it('when any value stands at any key', async () => {
    const keys = [
      'weights',
      'sequences',
      'cell',
      'dtype',
      'name',
      'initialState',
      'stateful',
      'upstreamGradient',
      'loss',
      'clip',
      'truncate',
    ];
    const base: Record<string, unknown> = {
      weights: {
        Wx: [[1, 2]],
        Wh: [
          [1, 0],
          [0, 1],
        ],
        b: [0, 0],
      },
      sequences: [[1], [2]],
    };
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 4 }), async (key, value) => {
        const text = JSON.stringify({ ...base, [key]: value }, null, 1);
        assertSound(await readConfigText(text), text);
      }),
      { numRuns: 1000 },
    );
  });

  it('whatever bytes a data file holds', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 40 }), async (bytes) => {
        const text = '{"weights":"w.json","sequences":[[1]]}';
        const result = await readTexts({ [configName]: text, 'w.json': bytes });
        assertSound(result, text);
        assert.equal(result.experiment, null);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a ragged block is told at its odd row', () => {
  const size = fc.integer({ min: 1, max: 4 });
  it('for any shape, row and length', async () => {
    const cases = fc
      .tuple(size, fc.integer({ min: 3, max: 6 }), size, fc.nat(), fc.integer({ min: 1, max: 7 }))
      .filter(([, , I, , length]) => length !== I);
    await fc.assert(
      fc.asyncProperty(cases, async ([B, T, I, seed, length]) => {
        const row = seed % (B * T);
        const [n, t] = [Math.floor(row / T), row % T];
        const xs = Array.from({ length: B }, (_, i) =>
          Array.from({ length: T }, (__, j) =>
            Array.from({ length: i === n && j === t ? length : I }, (___, k) => i + j + k + 0.5),
          ),
        );
        const weights = { Wx: Array.from({ length: I }, () => [1]), Wh: [[1]], b: [0] };
        const odd = JSON.stringify(xs[n]?.[t]);
        const lines = xs
          .map((sequence) => sequence.map((step) => JSON.stringify(step)).join(',\n'))
          .map((sequence) => `[\n${sequence}\n]`);
        const text = `{"weights":${JSON.stringify(weights)},"sequences":[${lines.join(',')}]}`;
        const { problems } = await readConfigText(text);
        assert.equal(problems.length, 1, problems.map(describeProblem).join('\n'));
        const [problem] = problems;
        assert.ok(problem !== undefined);
        assert.equal(problem.code, 'ragged-array');
        assert.equal(problem.path, `sequences[${n}][${t}]`);
        const { start, end } = problem.range;
        assert.equal(text.split('\n')[start.line]?.slice(start.character, end.character), odd);
        assert.equal(end.line, start.line);
      }),
      { numRuns: 300 },
    );
  });
});
