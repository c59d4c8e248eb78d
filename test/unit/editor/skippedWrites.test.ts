// Writes of a training script that no run has shown: never more are told than there were.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SkippedWrites } from '../../../src/editor/following/skippedWrites.js';
import type { Look } from '../../../src/editor/following/skippedWrites.js';

/** A file that is replaced by another one each time. */
const replaced = (version: number): Look => ({ inode: version, writtenAt: 100 * version, bytes: 500 });

describe('skipped writes', () => {
  it('are none where every write has a run', () => {
    const writes = new SkippedWrites();
    for (let version = 1; version <= 5; version++) {
      writes.note('w', replaced(version));
      writes.began();
      writes.shown();
    }
    assert.deepEqual([writes.skipped, writes.rewrites], [0, 5]);
    // An edit of the user.
    writes.began();
    writes.shown();
    assert.equal(writes.rewrites, 5);
  });

  it('are all but the one that a run reads', () => {
    const writes = new SkippedWrites();
    for (let version = 1; version <= 5; version++) writes.note('w', replaced(version));
    assert.equal(writes.unread, 5);
    writes.began();
    // These belong to the next run.
    writes.note('w', replaced(6));
    writes.shown();
    assert.deepEqual([writes.skipped, writes.unread], [4, 1]);
    writes.began();
    writes.shown();
    assert.equal(writes.skipped, 4);
  });

  it('are counted with the next result where a run shows nothing', () => {
    const writes = new SkippedWrites();
    for (let version = 1; version <= 4; version++) {
      writes.note('w', replaced(version));
      writes.began();
    }
    assert.equal(writes.skipped, 0);
    writes.shown();
    assert.equal(writes.skipped, 3);
  });

  it('of two files are each file’s own: one run reads one version of both', () => {
    const writes = new SkippedWrites();
    writes.note('w', replaced(1));
    writes.note('s', replaced(2));
    writes.note('w', replaced(3));
    writes.began();
    writes.shown();
    assert.equal(writes.skipped, 1);
  });

  it('are not what several sources tell of the same write, nor a file that is gone for a moment', () => {
    const writes = new SkippedWrites();
    for (let i = 0; i < 3; i++) writes.note('w', replaced(1));
    writes.note('w', null);
    writes.note('w', replaced(1));
    assert.equal(writes.unread, 1);
  });

  it('are not the pieces of one write: a file that grows in place', () => {
    const writes = new SkippedWrites();
    for (const [at, bytes] of [
      [0, 100],
      [20, 4_000],
      [40, 9_000],
    ] as const)
      writes.note('w', { inode: 7, writtenAt: at, bytes });
    assert.equal(writes.unread, 1);
    // Emptied and written again, and long after that a longer one.
    writes.note('w', { inode: 7, writtenAt: 60, bytes: 0 });
    writes.note('w', { inode: 7, writtenAt: 80, bytes: 9_000 });
    writes.note('w', { inode: 7, writtenAt: 5_000, bytes: 9_100 });
    assert.equal(writes.unread, 3);
  });

  it('are counted where the clock goes back between two of them', () => {
    const writes = new SkippedWrites();
    writes.note('w', { inode: 7, writtenAt: 36e5, bytes: 100 });
    writes.note('w', { inode: 7, writtenAt: 20, bytes: 200 });
    assert.equal(writes.unread, 2);
  });

  it('are not what the editor saves itself', () => {
    const writes = new SkippedWrites();
    writes.saved('w');
    writes.note('w', replaced(1));
    assert.equal(writes.unread, 0);
    writes.note('w', replaced(2));
    assert.equal(writes.unread, 1);
  });
});
