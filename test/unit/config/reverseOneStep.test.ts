// Two directions read at the last position: the note, where it stands and where it does not.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Problem } from '../../../src/config/index.js';
import { configName, readTexts, withoutAssumedCell } from './memory.js';

type Weights = Readonly<Record<string, number[] | number[][]>>;
const weights: Weights = Object.fromEntries<number[] | number[][]>(
  ['', '_reverse'].flatMap((way) => [
    [`weight_ih_l0${way}`, [[0.5], [0.4]]],
    [
      `weight_hh_l0${way}`,
      [
        [0.3, 0.1],
        [0.2, 0.6],
      ],
    ],
    [`bias_ih_l0${way}`, [0, 0]],
    [`bias_hh_l0${way}`, [0, 0]],
  ]),
);
const sequences = [[[1], [0.5], [-1]]];
const loss = { kind: 'mse', readout: { weight: [[1, 1, 1, 1]], bias: [0] }, targets: [[1]] };
const config = { cell: 'tanh', weights, sequences };

async function toldOf(text: string): Promise<Problem[]> {
  const { experiment, problems } = await readTexts({ [configName]: text });
  assert.ok(experiment !== null);
  return withoutAssumedCell(problems);
}
const told = (rest: object): Promise<Problem[]> => toldOf(JSON.stringify({ ...config, ...rest }));

describe('the reverse direction at the last position', () => {
  for (const [where, rest, path] of [
    ['where nothing says how the gradient enters', {}, 'weights'],
    ['at the word', { upstreamGradient: 'last' }, 'upstreamGradient'],
    ['at the word of a loss', { loss: { ...loss, at: 'last' } }, 'loss.at'],
    ['of a loss without one', { loss }, 'weights'],
    ['beside longer sequences', { sequences: [...sequences, [[1]]] }, 'weights'],
  ] as const)
    it(`is a note ${where}`, async () => {
      const problems = await told(rest);
      assert.deepEqual(
        problems.map((problem) => [problem.severity, problem.code, problem.path]),
        [['info', 'reverse-one-step', path]],
      );
      assert.match(problems[0]?.message ?? '', /its recurrent weights learn nothing from the sequence/);
      const key = 'loss' in rest ? '"at"' : '"upstreamGradient"';
      assert.ok(problems[0]?.advice.includes(`${key}: "final"`));
    });

  it('is mended at its word', async () => {
    const text = JSON.stringify({ ...config, upstreamGradient: 'last' });
    const [problem] = await toldOf(text);
    assert.ok(problem?.fix?.kind === 'replace');
    const { start, end } = problem.range;
    const mended = text.slice(0, start.character) + problem.fix.text + text.slice(end.character);
    assert.equal((JSON.parse(mended) as { upstreamGradient: unknown }).upstreamGradient, 'final');
    assert.deepEqual(await toldOf(mended), []);
  });

  for (const [where, rest] of [
    ['the last state of each direction is read', { upstreamGradient: 'final' }],
    ['every position is read', { upstreamGradient: 'every' }],
    ['another position is read', { upstreamGradient: 1 }],
    ['a loss takes the last state of each direction', { loss: { ...loss, at: 'final' } }],
    ['there is one step', { sequences: [[[1]]] }],
    [
      'there is one direction',
      { weights: Object.fromEntries(Object.entries(weights).filter(([name]) => !name.endsWith('_reverse'))) },
    ],
  ] as const)
    it(`is no note where ${where}`, async () => assert.deepEqual(await told(rest), []));

  it('is a note of two files without a config', async () => {
    const texts = { 'w.json': JSON.stringify(weights), 'x.json': JSON.stringify(sequences) };
    const { problems } = await readTexts(texts, { kind: 'pair', weights: 'w.json', sequences: 'x.json' });
    const [problem, ...others] = withoutAssumedCell(problems);
    assert.deepEqual([problem?.code, problem?.file, others], ['reverse-one-step', 'w.json', []]);
    assert.match(problem?.advice ?? '', /^Save the two files as a config and write "upstreamGradient": "final" there/);
  });

  it("learns nothing by PyTorch's gradients", () => {
    type Case = {
      readonly upstreamGradient: unknown;
      readonly expected: { readonly parameters: Readonly<Record<string, number[][]>> };
    };
    const stored = JSON.parse(readFileSync('test/fixtures/reference/networks/tanh_bi_last.json', 'utf8')) as Case;
    assert.equal(stored.upstreamGradient, 'last');
    const { weight_hh_l0: forward = [], weight_hh_l0_reverse: reverse = [] } = stored.expected.parameters;
    assert.ok(reverse.length > 0 && reverse.flat().every((value) => value === 0));
    assert.ok(forward.flat().every((value) => value !== 0));
  });
});
