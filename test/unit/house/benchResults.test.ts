// What the benchmark writes: an entry for each contestant, the table on top, and sections in the place of older ones.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { entriesOf, tellUsers, usersTitle } from '../../bench/entries.js';
import type { Measured } from '../../bench/entries.js';
import type { Contestant } from '../../bench/contestants.js';
import { inTurn } from '../../bench/measure.js';
import { withFirstSection, withHead, withSection } from '../../bench/results.js';

const lstm = { section: 'cells', row: 'M', cell: 'lstm', layers: 1, at: 'every', threads: 1 } as const;
const whole: Measured = { ...lstm, contestant: 'the whole run, float32', times: [8, 4, 5], rival: [20, 10, 8] };
const torch: Measured = { ...lstm, contestant: 'torch nn.LSTM', times: [20, 10, 8], rival: [20, 10, 8] };

describe('the results of the benchmark', () => {
  it('are of nobody where nobody can run, and of three rounds at least of those who take turns', async () => {
    const row = { name: 'M', B: 8, T: 100, I: 16, H: 64 };
    const contestant = (canRun: boolean): Contestant => ({
      name: String(canRun),
      threads: 1,
      dtype: 'float32',
      prepare: () => Promise.resolve(canRun),
      run: () => Promise.resolve(50),
      memory: () => Promise.resolve(null),
      stop: () => undefined,
    });
    assert.equal((await inTurn(row, [contestant(false)], 100, true)).size, 0);
    const [one, other] = [contestant(true), contestant(true)];
    const times = await inTurn(row, [one, other], 10, true);
    assert.deepEqual([times.get(one), times.get(other)], [Array(3).fill(50), Array(3).fill(50)]);
  });

  it('have an entry for each contestant with its median, its best and its runs', () => {
    assert.deepEqual(entriesOf([torch]), [
      {
        section: 'cells',
        row: 'M',
        cell: 'lstm',
        layers: 1,
        at: 'every',
        contestant: 'torch nn.LSTM',
        threads: 1,
        medianMs: 10,
        bestMs: 8,
        runs: 3,
      },
    ]);
  });

  it('tell users how long a run takes, and how many times as long torch took in the same turns', () => {
    const rows = [
      { name: 'S', B: 1, T: 50, I: 8, H: 16 },
      { name: 'M', B: 8, T: 100, I: 16, H: 64 },
    ];
    const stack: Measured = { ...whole, layers: 3, row: 'S', times: [2], rival: [1] };
    const vanishing: Measured = { ...whole, at: 'last', times: [1], rival: [6] };
    const several: Measured = { ...whole, threads: 2, times: [1] };
    assert.deepEqual(tellUsers([whole, torch, stack, vanishing, several], rows, 'Then.').slice(-5), [
      '| B, T, I, H | LSTM | LSTM, 3 layers | LSTM, vanishing |',
      '| --- | --- | --- | --- |',
      '| 1, 50, 8, 16 | – | 2.00 (0.50 ×) | – |',
      '| 8, 100, 16, 64 | 5.00 (2.00 ×) | – | 1.00 (6.00 ×) |',
      '',
    ]);
    assert.deepEqual(tellUsers([{ ...whole, rival: null }], rows, ''), []);
  });

  it('stand in the place of older ones of the same title, new ones behind, and the table of users before all', () => {
    const text = '# Measured\n\nHere.\n\n## S: one\n\nold\n\n## S\n\nkept\n';
    const renewed = withSection(text, '## S: one', 'new');
    assert.equal(renewed, '# Measured\n\nHere.\n\n## S: one\n\nnew\n\n## S\n\nkept\n');
    assert.equal(withSection(renewed, '## S', 'changed'), renewed.replace('kept', 'changed'));
    assert.equal(withSection(text, '## Z', 'last'), `${text}\n## Z\n\nlast\n`);
    const first = withFirstSection(text, usersTitle, 'a table');
    assert.equal(first, text.replace('\n## S: one', `\n${usersTitle}\n\na table\n\n## S: one`));
    assert.equal(withFirstSection(first, usersTitle, 'another'), first.replace('a table', 'another'));
    assert.equal(withHead(text, '# Measured\n\nThere.\n\n'), text.replace('Here', 'There'));
  });
});
