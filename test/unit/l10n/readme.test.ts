// Both READMEs tell the same.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import { mistranslations } from './terms.js';

const english = readFileSync('README.md', 'utf8');
const korean = readFileSync('README.ko.md', 'utf8');

const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? match[0]);
const parts: Readonly<Record<string, (text: string) => unknown>> = {
  'levels of headings': (text) => all(text, /^(#+) /gm),
  pictures: (text) => all(text, /!\[[^\]]+\]\(([^)]+)\)/g),
  'links, but for the other language': (text) =>
    all(text, /(?<!!)\[[^\]]+\]\(([^)]+)\)/g).filter((link) => !link.startsWith('README')),
  'rows of tables': (text) => all(text, /^\| (`[^`]+`)? ?.*$/gm).length,
  'items of lists': (text) => all(text, /^(-|\d+\.) /gm),
  'code without its comments': (text) =>
    all(text, /^```(?:sh|jsonc)\n([^]*?)^```/gm).map((code) => code.replaceAll(/ *(?:#|\/\/).*$/gm, '')),
  'names of keys, files and options': (text) =>
    [...new Set(all(text, /`([\w.\-/*,:"{}[\] ]*[._\-*"][\w.\-/*,:"{}[\] ]*)`/g))].sort(),
};

describe('README.ko.md', () => {
  for (const [what, of] of Object.entries(parts))
    it(`has the same ${what}`, () => assert.deepEqual(of(korean), of(english)));

  it('leads to the English one and back', () => {
    assert.match(korean, /\[English\]\(README\.md\)/);
    assert.match(english, /\[한국어\]\(README\.ko\.md\)/);
  });

  it('is Korean, in the words of the field', () => {
    assert.deepEqual(mistranslations(korean), []);
    const prose = korean
      .replaceAll(/^```[^]*?^```/gm, '')
      .split(/\n{2,}/)
      .filter((paragraph) => !/^(?:[#|]|!\[)/.test(paragraph) && paragraph.length > 80);
    assert.deepEqual(
      prose.filter((paragraph) => !/[가-힣]/.test(paragraph)),
      [],
    );
    for (const term of ['순전파', '역전파', '은닉 상태', '기울기 소실', '기울기 폭발'])
      assert.ok(korean.includes(term), term);
  });
});

const pages = [
  'README.md',
  'README.ko.md',
  ...readdirSync('media/walkthrough').map((name) => `media/walkthrough/${name}`),
];

/**
 * Stars that a reader of Markdown shows as stars, by CommonMark's rule of flanking: where bold text ends in a mark, as
 * in "**What if…**", a Korean particle must not follow at once.
 */
const bareStars = (markdown: string): string[] => {
  const prose = markdown
    .replaceAll(/^```[^]*?^```/gm, '')
    .replaceAll(/`[^`\n]*`/g, (code) => `\`${'x'.repeat(code.length - 2)}\``);
  return prose.split('\n').flatMap((line) =>
    [...line.matchAll(/\*+/g)].flatMap(({ 0: run, index }, nth) => {
      const before = line[index - 1] ?? ' ';
      const after = line[index + run.length] ?? ' ';
      const [inner, outer] = nth % 2 === 0 ? [after, before] : [before, after];
      const works = !/\s/.test(inner) && (!/[\p{P}\p{S}]/u.test(inner) || /[\s\p{P}\p{S}]/u.test(outer));
      return works ? [] : [line.slice(Math.max(0, index - 20), index + 20)];
    }),
  );
};

describe('a page in Markdown', () => {
  for (const page of pages.filter((name) => name.endsWith('.md')))
    it(`shows no star that was meant as bold or italic (${page})`, () =>
      assert.deepEqual(bareStars(readFileSync(page, 'utf8')), []));
});

type Manifest = {
  readonly contributes: {
    readonly commands: readonly { readonly title: string; readonly category?: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, { readonly default: unknown }>> };
  };
};

describe('each README', () => {
  const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
  for (const [text, words] of [
    [english, 'package.nls.json'],
    [korean, 'package.nls.ko.json'],
  ] as const) {
    const said = JSON.parse(readFileSync(words, 'utf8')) as Readonly<Record<string, string>>;
    const word = (key: string): string => said[key.slice(1, -1)] ?? key;

    it(`tells every command under its name, and no other (${words})`, () => {
      const commands = contributes.commands.map(({ title, category }) =>
        category === undefined ? word(title) : `${word(category)}: ${word(title)}`,
      );
      const told = all(text, /^\| `((?:RNN|Run)[^`]*)` \|/gm);
      assert.deepEqual(told.toSorted(), commands.toSorted());
    });

    it(`tells every setting with its default, and no other (${words})`, () => {
      const told = [...text.matchAll(/^\| `(rnnGradients\.[\w.]+)` \| `([^`]+)` \|/gm)].map(
        ([, key = '', value = '']) => [key, value],
      );
      assert.deepEqual(
        told.toSorted(),
        Object.entries(contributes.configuration.properties)
          .map(([key, { default: value }]) => [key, JSON.stringify(value)])
          .toSorted(),
      );
    });
  }
});
