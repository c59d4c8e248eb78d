// The names on the tabs of panels, where runs have the same.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { distinctNames, distinctParts } from '../../../src/panel/panelTitles.js';

describe('what tells paths apart', () => {
  for (const [paths, parts] of [
    [['a/model.rnn.json'], ['']],
    [
      ['a/model.rnn.json', 'b/model.rnn.json'],
      ['a', 'b'],
    ],
    [
      ['x/a.rnn.json', 'x/b.rnn.json'],
      ['a.rnn.json', 'b.rnn.json'],
    ],
    [
      ['x/a/y/model.rnn.json', 'x/b/y/model.rnn.json', 'x/c/z/model.rnn.json'],
      ['a/y', 'b/y', 'c/z'],
    ],
    [
      ['model.rnn.json', 'a/model.rnn.json'],
      ['./', 'a'],
    ],
    [
      ['a/a/model.rnn.json', 'a/model.rnn.json'],
      ['a', './'],
    ],
    [
      ['a/model.rnn.json', 'a/model.rnn.json'],
      ['', ''],
    ],
  ] as const)
    it(paths.join(' and '), () => assert.deepEqual(distinctParts(paths), parts));
});

describe('the names of runs', () => {
  it('have their folder only where another one is called the same', () => {
    const runs = [
      { name: 'model', path: 'a/model.rnn.json' },
      { name: 'weather', path: 'weather.rnn.json' },
      { name: 'model', path: 'b/model.rnn.json' },
    ];
    assert.deepEqual(distinctNames(runs), ['model (a)', 'weather', 'model (b)']);
    assert.deepEqual(distinctNames(runs.slice(1)), ['weather', 'model']);
  });
});
