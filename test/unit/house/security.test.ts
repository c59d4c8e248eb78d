// SECURITY.md names a test for each promise; a test that is gone takes its promise with it.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

describe('SECURITY.md', () => {
  const rows = readFileSync('SECURITY.md', 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !line.startsWith('| promise') && !line.startsWith('| ---'));

  it('has a test for each promise, and each is there', () => {
    assert.ok(rows.length >= 8, `${rows.length} promises`);
    for (const row of rows) {
      const named = [...row.matchAll(/`(test\/[^`]+)`/g)].map(([, file = '']) => file);
      assert.ok(
        named.some((file) => file.endsWith('.test.ts')),
        row,
      );
      assert.deepEqual(
        named.filter((file) => !existsSync(file)),
        [],
        row,
      );
    }
  });
});
