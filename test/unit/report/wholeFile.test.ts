import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { batches, removeUnfinished, writeWhole } from '../../../src/report/wholeFile.js';

let folder = '';
let target = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rnn-gradients-whole-'));
  target = path.join(folder, 'file');
});
after(() => rm(folder, { recursive: true }));

describe('writeWhole', () => {
  it('shows the old file until the last piece is there', async () => {
    await writeFile(target, 'old');
    const seen: string[] = [];
    const pieces = function* (): Generator<string | Uint8Array, void, void> {
      for (const piece of ['one ', new TextEncoder().encode('두 '), 'three']) {
        // Read as another program would, in the middle of the writing.
        seen.push(readFileSync(target, 'utf8'));
        yield piece;
      }
    };
    await writeWhole(target, pieces());
    assert.deepEqual(seen, ['old', 'old', 'old']);
    assert.equal(await readFile(target, 'utf8'), 'one 두 three');
  });

  it('keeps the old file and removes its own when a piece cannot be made', async () => {
    await writeFile(target, 'old');
    await assert.rejects(
      writeWhole(
        target,
        (function* () {
          yield 'half';
          throw new Error('no more');
        })(),
      ),
      /no more/,
    );
    assert.equal(await readFile(target, 'utf8'), 'old');
    assert.deepEqual(await readdir(folder), ['file']);
  });

  it('removes what is half written when the process is about to end', async () => {
    await writeFile(target, 'old');
    const pieces = function* (): Generator<string, void, void> {
      yield 'half';
      removeUnfinished();
      yield 'rest';
    };
    await assert.rejects(writeWhole(target, pieces()), { code: 'ENOENT' });
    assert.equal(await readFile(target, 'utf8'), 'old');
    assert.deepEqual(await readdir(folder), ['file']);
  });

  it('writes two at a time without mixing them', async () => {
    const texts = ['a', 'b', 'c'].map((letter) => letter.repeat(1000));
    await Promise.all(texts.map((text) => writeWhole(target, Array.from(text))));
    assert.ok(texts.includes(await readFile(target, 'utf8')));
    assert.deepEqual(await readdir(folder), ['file']);
  });
});

describe('batches', () => {
  it('hold the same text in fewer pieces', () => {
    const pieces = Array.from({ length: 100_000 }, (_, i) => `${i},`);
    const joined = [...batches(pieces)];
    assert.equal(joined.join(''), pieces.join(''));
    assert.ok(joined.length > 1 && joined.length < 10, `${joined.length} batches`);
    assert.deepEqual([...batches([])], []);
  });
});
