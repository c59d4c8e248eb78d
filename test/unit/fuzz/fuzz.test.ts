// The fuzzer in short, and that it finds what it looks for. `npm run fuzz` does the same for hours.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it } from 'node:test';
import type { Problem } from '../../../src/config/index.js';
import { campaign } from '../../fuzz/campaign.js';
import { Text, Texts, wrongOrder, wrongWith } from '../../fuzz/checks.js';
import { Mutations } from '../../fuzz/mutate.js';
import { failed, memoryGrowth, newTotals, summary } from '../../fuzz/totals.js';
import type { Totals } from '../../fuzz/totals.js';
import { long, onlyLong } from '../../support/long.js';

const thread = path.resolve('out/test/fuzz/thread.mjs');
const stubborn = path.resolve('test/fixtures/fuzz/stubborn.cjs');
/** Time decides nothing here; what has not ended after this never does. */
const limits = { slowMs: Infinity, hangMs: 120_000 };
const silent = { onFound: (): void => undefined, onProgress: (): void => undefined };

/** Faults of the reader that are being mended elsewhere. */
const known = ['too long', 'half a character'];

/** Mutations of the first test, and how many of them are to run and to be refused. */
const campaignOf = long ? { to: 1500, ran: 300, refused: 600 } : { to: 300, ran: 60, refused: 120 };

describe('mutated experiments', () => {
  it('are read, inspected, changed and run without a fault', async (context) => {
    const totals = newTotals(11, 0, campaignOf.to);
    await campaign(totals, thread, limits, silent);
    context.diagnostic(`the longest took ${(totals.longest[0]?.ms ?? NaN).toFixed(0)} ms`);
    const groups = totals.groups.filter(({ kind }) => !known.some((words) => kind.includes(words)));
    assert.ok(groups.length === 0 && totals.troubles.length === 0, summary(totals));
    assert.equal(totals.next, campaignOf.to);
    // Enough gets past the parser, and enough does not.
    assert.ok(totals.kinds.ran > campaignOf.ran, `${totals.kinds.ran} ran`);
    assert.ok(totals.kinds.refused > campaignOf.refused, `${totals.kinds.refused} were refused`);
    assert.ok(Object.keys(totals.codes).length > 14, Object.keys(totals.codes).join(', '));
    assert.ok(Object.keys(totals.mutators).length > 60, Object.keys(totals.mutators).join(', '));
  });
});

describe('a mutation', () => {
  it('is made from its seed and number alone, and is another for each', () => {
    const numbers = Array.from({ length: 300 }, (_, i) => 1000 + i);
    const forwards = new Mutations(5);
    const made = new Map(numbers.map((number) => [number, forwards.of(number)]));
    const backwards = new Mutations(5);
    for (const number of numbers.toReversed()) assert.deepEqual(backwards.of(number), made.get(number));
    const texts = (mutations: Mutations): string[] =>
      numbers.map((number) => Object.entries(mutations.of(number).files).join('\n'));
    assert.ok(new Set(texts(forwards)).size > 290);
    const other = new Set(texts(new Mutations(6)));
    assert.ok(texts(forwards).filter((text) => other.has(text)).length < 10);
  });
});

describe('a campaign', () => {
  const counts = ({ kinds, codes, mutators, next }: Totals): unknown => ({ kinds, codes, mutators, next });

  onlyLong(it)('that goes on later comes to the same as one that never stopped', async () => {
    const whole = newTotals(3, 50, 170);
    await campaign(whole, thread, limits, silent);
    const half = newTotals(3, 50, 90);
    await campaign(half, thread, limits, silent);
    const later: Totals = { ...(JSON.parse(JSON.stringify(half)) as Totals), to: 170 };
    await campaign(later, thread, limits, silent);
    assert.deepEqual(counts(later), counts(whole));
  });

  it('that is stopped ends in the middle of a mutation, and has nothing against it', async () => {
    const totals = newTotals(1, 3, 10);
    let looks = 0;
    await campaign(totals, stubborn, limits, silent, () => ++looks > 3);
    assert.deepEqual([totals.next, totals.troubles], [3, []]);
  });

  it('notes a mutation that never ends and one that ends the thread, and goes on behind them', async () => {
    const totals = newTotals(1, 0, 10);
    const found: number[] = [];
    const onFound = (number: number): void => {
      found.push(number);
    };
    await campaign(totals, stubborn, { ...limits, hangMs: 300 }, { ...silent, onFound });
    assert.deepEqual(
      totals.troubles.map(({ number, what }) => [number, what]),
      [
        [3, 'hangs'],
        [5, 'ends the thread'],
      ],
    );
    assert.match(totals.troubles[0]?.told ?? '', /in inspection/);
    assert.match(totals.troubles[1]?.told ?? '', /of its own accord/);
    assert.deepEqual(found, [3, 5]);
    assert.equal(totals.next, 10);
    assert.ok(failed(totals));
    assert.match(summary(totals), /3 hangs: not over after 0 s; in inspection\n5 ends the thread/);
  });

  it('refuses a thread that cannot begin', async () => {
    const nowhere = path.resolve('out/test/fuzz/absent.mjs');
    await assert.rejects(campaign(newTotals(1, 0, 10), nowhere, limits, silent), /did not begin/);
  });

  it('tells memory that grows from memory that does not', () => {
    const sampled = (size: (i: number) => number): Totals => {
      const totals = newTotals(1, 0, 1);
      totals.memory.push(...Array.from({ length: 40 }, (_, i) => size(i) * 2 ** 20));
      return totals;
    };
    assert.equal(memoryGrowth(sampled((i) => 60 + (i % 7)))?.grown, false);
    assert.equal(memoryGrowth(sampled((i) => 60 + i))?.grown, true);
    assert.ok(failed(sampled((i) => 60 + i)));
    assert.equal(memoryGrowth(newTotals(1, 0, 1)), null);
  });
});

describe('a check', () => {
  const text = '{\r\n  "a": 1,\r  "b": 2\n}';
  const texts = new Texts({ 'a.json': new TextEncoder().encode(text) });
  const range = (line: number, from: number, to: number): Problem['range'] => ({
    start: { line, character: from },
    end: { line, character: to },
  });
  const good: Problem = {
    file: 'a.json',
    range: range(1, 2, 5),
    path: 'a',
    severity: 'error',
    code: 'wrong-type',
    message: 'It is wrong.',
    expected: 'a text',
    found: 'the number 1',
    advice: 'Write a text.',
  };
  const wrong = (more: Partial<Problem>, files = texts): string[] => [
    ...wrongWith({ ...good, ...more }, ['a.json'], files),
  ];

  it('passes a sound problem', () => {
    assert.deepEqual(wrong({}), []);
    assert.deepEqual(wrong({ range: range(3, 1, 1) }), []);
  });

  it('sees each fault of a problem', () => {
    assert.match(wrong({ range: range(4, 0, 0) }).join(), /outside of the file of 4 lines/);
    // Line breaks belong to no line.
    assert.match(wrong({ range: range(1, 2, 10) }).join(), /outside/);
    assert.match(wrong({ range: range(1, 2, -1) }).join(), /outside/);
    assert.match(wrong({ range: range(1, 5, 2) }).join(), /ends before it begins/);
    assert.match(wrong({ file: 'b.json' }).join(), /was not read/);
    assert.match(wrong({ code: 'odd' as Problem['code'] }).join(), /unknown code odd/);
    assert.match(wrong({ advice: ' ' }).join(), /no advice/);
    assert.match(wrong({ found: '\u2028' }).join(), /no found/);
    assert.match(wrong({ expected: 'half a \ud800' }).join(), /half a character/);
    assert.match(wrong({ message: 'The key {0} is wrong.' }).join(), /"\{0\}" in its message/);
    assert.match(wrong({ message: 'It is undefined.' }).join(), /"undefined" in its message/);
  });

  it('sees more than 200 characters of a file, wherever they stand', () => {
    const long = `${'0123456789'.repeat(20)}x`;
    const files = new Texts({ 'a.json': new TextEncoder().encode(`["${long}"]`) });
    for (const part of ['message', 'expected', 'found', 'advice', 'path'] as const) {
      assert.match(
        wrong({ range: range(0, 0, 1), [part]: `It is ${long}.` }, files).join(),
        new RegExp(`a ${part} that is too long`),
      );
      assert.deepEqual(wrong({ range: range(0, 0, 1), [part]: `It is ${long.slice(1)}.` }, files), []);
    }
    assert.match(
      wrong({ range: range(0, 0, 1), fix: { kind: 'replace', text: long } }, files).join(),
      /a fix that is too long/,
    );
    assert.match(wrong({ found: 'y'.repeat(601) }).join(), /601 characters long/);
  });

  it('sees problems that are out of order', () => {
    const at = (file: string, line: number): Problem => ({ ...good, file, range: range(line, 0, 0) });
    assert.equal(wrongOrder([at('a', 1), at('a', 1), at('a', 2), at('b', 0)], ['a', 'b']), null);
    assert.match(wrongOrder([at('a', 2), at('a', 1)], ['a', 'b']) ?? '', /problem 1/);
    assert.match(wrongOrder([at('b', 0), at('a', 1)], ['a', 'b']) ?? '', /problem 1/);
  });

  it('makes changes as an editor does, and refuses those that it would refuse', () => {
    const file = new Text(new TextEncoder().encode(text));
    const change = (at: Problem['range'], by: string) => ({ file: 'a.json', range: at, text: by });
    assert.equal(
      file.changed([change(range(2, 2, 5), '"c"'), change(range(0, 1, 1), ' '), change(range(1, 7, 8), '3')]),
      '{ \r\n  "a": 3,\r  "c": 2\n}',
    );
    assert.throws(() => file.changed([change(range(1, 2, 5), ''), change(range(1, 4, 6), '')]), /overlap/);
    assert.throws(() => file.changed([change(range(1, 2, 99), '')]), /outside/);
  });
});
