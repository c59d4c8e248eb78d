// The manifest's sentences: every %key% is there in every language, and nothing else is.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { languages, placeholders } from '../../../build/l10n.mjs';
import { mistranslations } from './terms.js';

const read = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const sentences = (file: string): Record<string, string> => read(file) as Record<string, string>;

/** Every text of a JSON value with the keys that lead to it. */
function texts(
  value: unknown,
  path: readonly string[] = [],
): { readonly path: readonly string[]; readonly text: string }[] {
  if (typeof value === 'string') return [{ path, text: value }];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => texts(item, [...path, key]));
}

const keyOf = (text: string): string | null => /^%(.+)%$/.exec(text)?.[1] ?? null;
const english = sentences('package.nls.json');
const manifest = texts(read('package.json'));
const used = new Set(manifest.map(({ text }) => keyOf(text)).filter((key) => key !== null));
/** Fields of `contributes` that a user reads. */
const shown = new Set([
  'title',
  'shortTitle',
  'displayName',
  'userDescription',
  'category',
  'description',
  'markdownDescription',
  'deprecationMessage',
  'markdownDeprecationMessage',
  'enumDescriptions',
  'markdownEnumDescriptions',
  'altText',
  'label',
  'name',
  'contextualTitle',
  'contents',
  'placeholder',
]);
/** Names of products and paths. */
const same = new Set(['displayName', 'command.category', 'configuration.title']);

/** What a language model reads, in English: names of tools, and schemas of their input. */
const isForModels = ([, kind, , field = '']: readonly string[]): boolean =>
  kind === 'languageModelTools' && ['name', 'inputSchema'].includes(field);

describe('the manifest', () => {
  it('says everything that a user reads through a key', () => {
    const plain = manifest.filter(
      ({ path, text }) =>
        path[0] === 'contributes' && path.some((key) => shown.has(key)) && keyOf(text) === null && !isForModels(path),
    );
    assert.deepEqual(
      plain.map(({ path, text }) => `${path.join('.')}: ${text}`),
      [],
    );
  });

  it('has an English sentence for every key and no other', () =>
    assert.deepEqual(Object.keys(english).sort(), [...used].sort()));

  for (const language of languages) {
    const translated = sentences(`package.nls.${language}.json`);

    it(`has the same keys in ${language}`, () => assert.deepEqual(Object.keys(translated), Object.keys(english)));

    it(`is translated in ${language}`, () => {
      assert.deepEqual(
        Object.entries(translated)
          .filter(([key, told]) => told.trim() === '' || (told === english[key] && !same.has(key)))
          .map(([key]) => key),
        [],
      );
    });

    it(`calls the same commands and settings from ${language}`, () => {
      const links = (told: string): string[] => [...told.matchAll(/command:[\w.]+|`#[\w.]+#`/g)].map(([link]) => link);
      for (const [key, told] of Object.entries(english)) {
        assert.deepEqual(links(translated[key] ?? ''), links(told), key);
        assert.deepEqual(placeholders(translated[key] ?? ''), placeholders(told), key);
      }
    });

    it(`names files that are there in ${language}`, () => {
      for (const [key, told] of Object.entries(translated))
        if (told.startsWith('media/')) assert.ok(existsSync(told), `${key}: ${told}`);
    });
  }

  it('quotes in the walkthrough what the product says', () => {
    const bundle = sentences('l10n/bundle.l10n.ko.json');
    const quoted = (told = ''): string[] => [...told.matchAll(/"([^"]+)"/g)].map(([, name = '']) => name);
    const korean = sentences('package.nls.ko.json');
    const described = Object.keys(english).filter((key) => /^walkthrough\..*description$/.test(key));
    const names = described.flatMap((key) => quoted(english[key]));
    assert.ok(names.length > 0);
    assert.deepEqual(
      described.flatMap((key) => quoted(korean[key])),
      names.map((name) => bundle[name]),
    );
  });

  it('uses the words of the field in Korean', () => {
    const files = Object.values(sentences('package.nls.ko.json')).filter((told) => told.startsWith('media/'));
    const told = [
      ...Object.values(sentences('package.nls.ko.json')),
      // A sentence of a picture may stand in several lines.
      ...files.map((file) => readFileSync(file, 'utf8').replaceAll(/<\/text>\s*<text[^>]*>/g, ' ')),
    ];
    assert.deepEqual(
      told.flatMap((text) => mistranslations(text).map((why) => `${text}: ${why}`)),
      [],
    );
  });
});
