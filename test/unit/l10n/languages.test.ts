// What the parts below the editor say in Korean: the verdict, problems, the schema that the build makes.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { describeProblem, readExperiment } from '../../../src/config/index.js';
import { defaultBounds, finish, nextStepOf, runNetwork, runResumably } from '../../../src/engine/index.js';
import { setLanguage } from '../../../src/l10n.js';
import { compactText } from '../../../src/worker/record/index.js';
import { englishWords, korean } from '../../support/languages.js';
import { mistranslations } from './terms.js';
import { oneLayer } from '../../support/oneLayer.js';

const read = (config: unknown): ReturnType<typeof readExperiment> =>
  readExperiment(
    { kind: 'config', config: 'a.rnn.json' },
    {
      read: (id) =>
        Promise.resolve({
          ok: true,
          id,
          bytes: new TextEncoder().encode(typeof config === 'string' ? config : JSON.stringify(config)),
        }),
    },
  );
const ring = (factor: number, cell = 'tanh', T = 60): unknown => ({
  cell,
  dtype: 'float64',
  weights: { Wx: [[0]], Wh: [[factor]], b: [0] },
  sequences: Array.from({ length: T }, () => [0]),
});

describe('in Korean', () => {
  before(() => setLanguage(korean()));
  after(() => setLanguage());

  for (const [what, config, told] of [
    ['vanishing', ring(0.5), /절반이 사라지고/],
    ['healthy', ring(1), /전부 도달합니다/],
    ['exploding', ring(1.5), /열 배로 커지고/],
    ['zero', ring(0), /정확히 0입니다/],
    ['linear', ring(0.5, 'identity'), /활성화 함수가 없으므로/],
    ['a single step', ring(0.5, 'tanh', 1), /시점이 하나뿐이라/],
  ] as const) {
    it(`the verdict on a ${what} run is Korean to the last word`, async () => {
      const { experiment } = await read(config);
      assert.ok(experiment !== null);
      const { reason } = finish(runResumably(oneLayer(experiment), defaultBounds)).verdict;
      assert.match(reason, told);
      assert.deepEqual(englishWords(reason), []);
      assert.deepEqual(mistranslations(reason), []);
    });
  }

  for (const example of ['lstm-forget-bias', 'packed', 'stack', 'vanishing', 'exploding'])
    it(`the verdict and the advice on ${example} read as sentences, without two particles for one place`, async () => {
      const config = readFileSync(`examples/${example}/${example}.rnn.json`, 'utf8');
      for (const text of [config, config.replace('"upstreamGradient": "last"', '"upstreamGradient": "every"')]) {
        const { experiment } = await read(text);
        assert.ok(experiment !== null);
        const run = finish(runNetwork(experiment, defaultBounds));
        const [first] = run.layers;
        const advice = finish(nextStepOf(first.result))?.sentence ?? '';
        const told = compactText({ run, shown: 0, next: null });
        for (const sentence of [run.verdict.reason, advice, told]) {
          assert.doesNotMatch(sentence, /[가-힣]*\([가-힣]\)|\([가-힣]\)[가-힣]/);
          // Two sentences are not joined by a comma.
          assert.doesNotMatch(sentence, /니다, /);
        }
      }
    });

  for (const config of [
    '{',
    '[1]',
    { weights: { Wx: [[0]], Wh: [[0, 1]], b: [0] }, sequences: [[0]] },
    { weights: { Wx: [[0]], Wh: [['x']], b: [0, 1] }, sequences: [[0], [0, 1]], celll: 1, clip: {}, truncate: 0 },
    { weights: { Wx: [[0]], Wh: [[0]], b: [0] }, xs: [[0]], activation: 'relu' },
  ]) {
    it(`the problems of ${JSON.stringify(config)} are Korean`, async () => {
      const { problems } = await read(config);
      assert.ok(problems.length > 0);
      for (const problem of problems) assert.match(describeProblem(problem), /[가-힣].* 기대: .*, 실제: .*[가-힣]/);
    });
  }

  it('the schema has the same keys, and Korean words on each', () => {
    type Schema = {
      readonly properties?: Readonly<Record<string, Schema>>;
      readonly markdownDescription?: string;
      readonly deprecationMessage?: string;
    };
    const [english, translated] = ['dist/rnn.schema.json', 'dist/rnn.schema.ko.json'].map(
      (file) => JSON.parse(readFileSync(file, 'utf8')) as Schema,
    );
    const docs = (schema: Schema | undefined): [string, string][] =>
      Object.entries(schema?.properties ?? {}).flatMap(([key, inner]): [string, string][] => [
        [key, inner.markdownDescription ?? ''],
        ...docs(inner),
      ]);
    assert.deepEqual(
      docs(translated).map(([key]) => key),
      docs(english).map(([key]) => key),
    );
    for (const [key, text] of docs(translated)) assert.match(text, /[가-힣]/, key);
    assert.equal(
      translated?.properties?.['h0']?.deprecationMessage,
      '설정에서는 "h0" 대신 "initialState" 키를 씁니다.',
    );
  });
});
