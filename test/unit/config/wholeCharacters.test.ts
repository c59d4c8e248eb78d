// A character may take two code units, and JSON can write one of the two alone: no sentence shows half of one.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { outlineOf } from '../../../src/config/index.js';
import { readDocument } from '../../../src/config/json/jsonDocument.js';
import { Value } from '../../../src/config/json/jsonValue.js';
import { configName, readConfigText } from './memory.js';

const W = '"weights":{"Wx":[[1,2]],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]}';
const X = '"sequences":[[[1],[2]]]';

// Each takes two code units; the letter before them puts the cut between the two, or not.
const pairs = '𝒽'.repeat(400);
const half = '\\ud83d';
const words = [pairs, `a${pairs}`, half, `\\udc00${half}`, half.repeat(300)];

const assertWhole = (part: string): void =>
  assert.doesNotMatch(part, /\p{Surrogate}|\ufffd|\\ud835/u, JSON.stringify(part));

describe('a problem carries whole characters', () => {
  const table: Record<string, (word: string) => string> = {
    'an unknown key': (word) => `{${W},${X},"${word}":1}`,
    'keys of an object that is no config': (word) => `{"${word}":1}`,
    'a mistyped key': (word) => `{"weigh${word.slice(-half.length)}ts":1,${X}}`,
    'a choice': (word) => `{${W},${X},"cell":"${word}"}`,
    'the path of a file': (word) => `{"weights":"${word}",${X}}`,
    'a text among numbers': (word) => `{${W},"sequences":[["${word}"]]}`,
    'a text in single quotes': (word) => `['${word}']`,
    'a key that stands twice': (word) => `{"${word}":1,"${word}":2}`,
    'a word': (word) => `[${word}]`,
    'an object for numbers': (word) => `{${W},"sequences":{"${word}":[[1]]}}`,
    'names of weights': (word) => `{${X},"weights":{"${word}.Wx":[[1]],"a.Wh":[[1]]}}`,
  };
  for (const [title, text] of Object.entries(table)) {
    it(title, async () => {
      for (const word of words) {
        const { problems } = await readConfigText(text(word));
        assert.ok(problems.length > 0);
        for (const { message, expected, found, advice, path } of problems) {
          [message, expected, found, advice, path].forEach(assertWhole);
        }
      }
    });
  }

  it('half of one is told as the file writes it', async () => {
    const { problems } = await readConfigText(`{"weights":"\\udc00${half}.json",${X}}`);
    assert.deepEqual(
      problems.map(({ found }) => found),
      [`nothing at \\udc00${half}.json`],
    );
  });
});

describe('an outline', () => {
  it('has whole characters in its names and details', () => {
    for (const word of words) {
      const text = `{"${word}":1,"text":"${word}","texts":["${word}","${word}"]}`;
      const root = Value.root(readDocument(configName, new TextEncoder().encode(text), () => undefined));
      assert.ok(root !== null);
      const entries = outlineOf(root);
      assert.equal(entries.length, 3);
      for (const { name, detail } of entries) [name, detail].forEach(assertWhole);
    }
  });
});
