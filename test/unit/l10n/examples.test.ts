// What the created examples tell, in every language, with the same numbers.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { languages } from '../../../build/l10n.mjs';
import { retold, toldIn } from '../../../src/config/edit/localisedComments.js';
import { configName, readTexts } from '../config/memory.js';
import { mistranslations } from './terms.js';

const alone = ['vanishing', 'exploding', 'orthogonal', 'lstm-forget-bias', 'stack', 'packed'];
const examples = [...alone.map((name) => `${name}/${name}`), 'weather/weather', 'weather/lstm', 'weather/gru'].map(
  (name) => readFileSync(`examples/${name}.rnn.json`, 'utf8'),
);
/** What the configs of the weather name. */
const beside = Object.fromEntries(
  readdirSync('examples/weather')
    .filter((name) => name.endsWith('.json'))
    .map((name) => [name, readFileSync(`examples/weather/${name}`, 'utf8')]),
);
const read = (config: string) => readTexts({ ...beside, [configName]: config });

for (const language of languages) {
  const table = JSON.parse(readFileSync(`l10n/examples.${language}.json`, 'utf8')) as Record<string, string>;

  describe(`the examples in ${language}`, () => {
    it('have every text that there is, and no other', () =>
      assert.deepEqual(Object.keys(table).sort(), [...new Set(examples.flatMap(toldIn))].sort()));

    it('say them in the words of the field', () => {
      for (const [english, told] of Object.entries(table)) {
        assert.deepEqual(mistranslations(told), []);
        assert.ok(/[가-힣]/.test(told) || /^[^a-z]*$/.test(english), english);
        // Numbers are the same, but for those that are words in English.
        for (const [number] of english.matchAll(/\d[\d,.]*\d/g))
          assert.ok(told.includes(number), `${number} in ${told}`);
      }
    });

    for (const example of examples) {
      it(`run as the English ones do: ${toldIn(example)[1] ?? ''}`, async () => {
        const translated = retold(example, table);
        assert.notEqual(translated, example);
        const [now, before] = await Promise.all([read(translated), read(example)]);
        assert.deepEqual(now.problems, []);
        assert.deepEqual({ ...now.experiment, name: '' }, { ...before.experiment, name: '' });
        assert.equal(now.experiment?.name, table[before.experiment?.name ?? '']);
        assert.ok(translated.split('\n').every((line) => line.length <= 118));
        assert.equal(
          retold(
            translated,
            Object.fromEntries(Object.entries(table).map(([english, told]) => [told, english])),
          ).replaceAll(/\s+(?:\/\/)?\s*/g, ' '),
          example.replaceAll(/\s+(?:\/\/)?\s*/g, ' '),
        );
      });
    }
  });
}
