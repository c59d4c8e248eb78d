// Every sentence of the product exists in every language, and nothing else does.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { bundlePath, collect, collectFrom, languages, placeholders, readBundle, unsaid } from '../../../build/l10n.mjs';
import { mistranslations, sameInBoth } from './terms.js';

const inOrder = (sentence: string): string[] => placeholders(sentence);

/** What looks like a sentence and is none that is translated. */
const staysEnglish = [
  // Python code for the clipboard, a name as an example, an exception that never leaves the thread.
  ': import json',
  ': tanh RNN on daily weather',
  'src/worker/scheduling/scheduler.ts',
  // What a maintainer reads, whatever the user's language.
  'src/commands/copyDiagnostics.ts',
  // What a check says of a message that only a broken page sends.
  'src/protocol/checks.ts',
  // A language that is not known cannot be spoken.
  'src/notebook/renderer.ts',
  ': --language takes en or ko',
  // What a language model reads, an exception that never leaves its room, and a call that no model was told of.
  'src/assistant/forModels.ts',
  ': The call was cancelled.',
  ': There is no tool',
  // Notes beside numbers in the user's files: a later change reads them again.
  ': largest singular value',
];

describe('the sentences', () => {
  const { sentences, faults } = collect();

  it('stand as literals inside functions, with as many values as placeholders', () => assert.deepEqual(faults, []));

  it('are said through t: no literal of three words or more stands beside it', () => {
    assert.deepEqual(
      unsaid().filter((found) => !staysEnglish.some((start) => found.includes(start))),
      [],
    );
  });

  for (const language of languages) {
    const bundle = readBundle(language);

    it(`are all there in ${language} (npm run l10n adds the missing ones, to be translated)`, () => {
      const missing = [...sentences]
        .filter(([key]) => (bundle[key] ?? '').trim() === '')
        .map(([key, places]) => `${places.join(', ')}: ${JSON.stringify(key)}`);
      assert.deepEqual(missing, []);
    });

    it(`are all said somewhere: ${language} holds no other (npm run l10n drops them)`, () => {
      assert.deepEqual(
        Object.keys(bundle).filter((key) => !sentences.has(key)),
        [],
      );
    });

    it(`call only the run on the screen "this run" (${language})`, () => {
      const others = Object.keys(bundle).filter((key) => key.startsWith('Both meet at their last steps'));
      assert.equal(others.length, 3);
      assert.deepEqual(
        others.filter((key) => bundle[key]?.includes(bundle['this run'] ?? '') !== false),
        [],
      );
    });

    it(`stand in order in ${language}, each once, so that changes meet rarely`, () => {
      const keys = readFileSync(bundlePath(language), 'utf8').matchAll(/^ {2}("(?:[^"\\]|\\.)*"): /gm);
      assert.deepEqual(
        [...keys].map(([, key]) => JSON.parse(key!) as string),
        Object.keys(bundle).sort(),
      );
    });

    it(`have the same placeholders in ${language}`, () => {
      assert.deepEqual(
        Object.entries(bundle)
          .filter(([key, told]) => told !== '' && inOrder(key).join() !== inOrder(told).join())
          .map(([key]) => key),
        [],
      );
    });

    it(`are translated in ${language}, but for those that are the same in both`, () => {
      assert.deepEqual(
        Object.entries(bundle)
          .filter(([key, told]) => key === told && !sameInBoth.has(key))
          .map(([key]) => key),
        [],
      );
      assert.deepEqual(
        [...sameInBoth].filter((key) => sentences.has(key) && bundle[key] !== key),
        [],
      );
    });
  }

  it('use the words of the field in Korean', () => {
    const wrong = Object.values(readBundle('ko')).flatMap((told) =>
      mistranslations(told).map((why) => `${told}: ${why}`),
    );
    assert.deepEqual(wrong, []);
  });

  it('leave no space before the percent sign in Korean', () => {
    const spaced = Object.values(readBundle('ko')).filter((told) => /[\d}] %/.test(told));
    assert.deepEqual(spaced, []);
  });
});

describe('the search for sentences', () => {
  const faultsOf = (text: string): readonly string[] =>
    collectFrom('src/a.ts', `import { t } from '@vscode/l10n';\n${text}`).faults;

  it('finds a sentence, under another local name too', () => {
    const { found, faults } = collectFrom(
      'webview/a.ts',
      "import { t as say } from './l10n.js';\nexport const told = (n: number) => say('Step {0} of {1}.', n, 2);",
    );
    assert.deepEqual(found, [{ key: 'Step {0} of {1}.', place: 'webview/a.ts:2' }]);
    assert.deepEqual(faults, []);
  });

  it('reads literals that a plus joins as one', () => {
    const { found, faults } = collectFrom(
      'webview/a.ts',
      "import { t } from './l10n.js';\nexport const told = (n: number) => t('One ' +\n 'of {0} ' + 'lines.', n);",
    );
    assert.deepEqual(found, [{ key: 'One of {0} lines.', place: 'webview/a.ts:2' }]);
    assert.deepEqual(faults, []);
  });

  it('leaves other functions of that name alone', () => {
    assert.deepEqual(
      collectFrom('src/a.ts', "const t = (x: string) => x;\nexport const a = () => t('Not ours.');").found,
      [],
    );
  });

  const refused: readonly (readonly [what: string, text: string, told: RegExp])[] = [
    ['a sentence that is no literal', 'export const a = (text: string) => t(text);', /literal/],
    ['a sentence that is glued', "export const a = (text: string) => t('One ' + text);", /literal/],
    ['a template with values', 'export const a = (n: number) => t`Step ${n}.`;', /hides its key/],
    ['a sentence said while the module loads', "export const a = t('Too early.');", /while a module loads/],
    ['a missing value', "export const a = () => t('Step {0}.');", /wants \{0\}/],
    ['a value too much', "export const a = () => t('Step.', 1);", /given 1/],
    ['placeholders out of number', "export const a = () => t('Step {1}.', 1);", /wants \{1\}/],
  ];
  for (const [what, text, told] of refused) {
    it(`refuses ${what}`, () => {
      const faults = faultsOf(text);
      assert.equal(faults.length, 1);
      assert.match(faults[0] ?? '', told);
    });
  }
});
