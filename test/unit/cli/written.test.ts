// Whose fault it is that nothing was written: the system's, which is told, or ours, which is not called by its name.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { written } from '../../../src/cli/outputs.js';

describe('what writes a result', () => {
  it('tells what the system refuses', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rnn-gradients-written-'));
    try {
      const file = path.join(folder, 'no', 'such', 'folder');
      assert.equal(await written(file, () => writeFile(file, '')), 2);
      assert.equal(await written(file, () => Promise.resolve()), null);
      const refused = new RangeError('Array buffer allocation failed');
      assert.equal(await written(file, () => Promise.reject(refused)), 2);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('does not call a fault of ours a file that could not be written', async () => {
    const fault = new TypeError('Cannot read properties of undefined');
    await assert.rejects(
      written('out.json', () => Promise.reject(fault)),
      fault,
    );
  });
});
