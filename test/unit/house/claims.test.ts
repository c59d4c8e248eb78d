// Each claim of the README has tests that hold it: the table in CONTRIBUTING names them.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

type Row = { readonly words: string; readonly tests: readonly string[] };

/** Without what Markdown adds to it. */
const plain = (text: string): string =>
  text
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[*`]/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim();

/** Paragraphs, items of lists and tables (by their head) of a text; not its headings, pictures and code. */
function blocksOf(markdown: string): string[] {
  const blocks: string[] = [];
  for (const part of markdown.replaceAll(/^```[^]*?^```$/gm, '').split(/\n{2,}|\n(?=- |\d+\. )/)) {
    const text = part.trim();
    if (text === '' || /^(?:#|!\[|English · )/.test(text)) continue;
    blocks.push(plain(text.startsWith('|') ? (text.split('|')[1] ?? '') : text));
  }
  return blocks;
}

/** Where a sentence, or a part of one, may begin. */
const beginnings = (block: string): number[] => [0, ...[...block.matchAll(/[.!?;:…] /g)].map(({ index }) => index + 2)];

/** In either form. */
const isThere = (test: string): boolean => ['', '.long'].some((form) => existsSync(`test/${test}${form}.test.ts`));

/** What is wrong with a table of claims. */
function faults(readme: string, rows: readonly Row[], isThere: (test: string) => boolean): string[] {
  const found: string[] = [];
  const blocks = blocksOf(readme);
  let [block, from] = [-1, 0];
  for (const { words, tests } of rows) {
    if (tests.length === 0) found.push(`no test: ${words}`);
    for (const test of tests) if (!isThere(test)) found.push(`${test} is not there: ${words}`);
    const text = plain(words);
    const at = beginnings(blocks[block] ?? '').find((place) => place >= from && blocks[block]?.startsWith(text, place));
    if (at !== undefined) from = at + text.length;
    else if (blocks[block + 1]?.startsWith(text) === true) [block, from] = [block + 1, text.length];
    else {
      found.push(`expected a row for "${blocks[block + 1]?.slice(0, 60) ?? 'nothing more'}", found "${words}"`);
      const next = blocks.findIndex((one, i) => i > block && one.startsWith(text));
      if (next >= 0) [block, from] = [next, text.length];
    }
  }
  for (const left of blocks.slice(block + 1)) found.push(`no row for "${left.slice(0, 60)}"`);
  return found;
}

const rowsOf = (contributing: string): Row[] => {
  const [, table = ''] = /^### What holds the README$([^]*?)^#/m.exec(contributing) ?? [];
  return [...table.matchAll(/^\| (?!claim \||---)(.*) \| ([^|]*) \|$/gm)].map(([, words = '', tests = '']) => ({
    words,
    tests: [...tests.matchAll(/`([^`]+)`/g)].map(([, test = '']) => test),
  }));
};

describe('the claims of the README', () => {
  it('have tests that hold them, and each test is there', () => {
    const rows = rowsOf(readFileSync('CONTRIBUTING.md', 'utf8'));
    assert.ok(rows.length >= 80, `${rows.length} rows`);
    assert.deepEqual(faults(readFileSync('README.md', 'utf8'), rows, isThere), []);
  });

  it('are missed when a row, its words or its test are gone', () => {
    const list = '- **One**: two\n  three\n- Four\n';
    const table = '| a | b |\n| --- | --- |\n';
    const readme = `# A\n\n![x](y)\n\nIt runs. It *stops*: \`at once\`.\n\n${list}\n${table}`;
    const row = (words: string, ...tests: readonly string[]): Row => ({ words, tests });
    const rows = [
      row('It runs.', 'a'),
      row('It stops', 'a'),
      row('at once', 'a'),
      row('- One', 'b'),
      row('- Four', 'a'),
      row('a', 'a'),
    ];
    const told = (given: readonly Row[]): string[] => faults(readme, given, (test) => test !== 'gone');
    assert.deepEqual(told(rows), []);
    assert.deepEqual(told(rows.filter(({ words }) => words !== 'It stops')), []);
    assert.deepEqual(told(rows.filter(({ words }) => words !== '- One')), [
      'expected a row for "- One: two three", found "- Four"',
    ]);
    assert.deepEqual(told(rows.slice(0, -1)), ['no row for "a"']);
    assert.deepEqual(told([row('It runs.', 'gone'), ...rows.slice(1)]), ['gone is not there: It runs.']);
    assert.deepEqual(told([row('It runs.'), ...rows.slice(1)]), ['no test: It runs.']);
    assert.equal(
      told([row('It walks.', 'a'), ...rows.slice(1)])[0],
      'expected a row for "It runs. It stops: at once.", found "It walks."',
    );
  });
});
