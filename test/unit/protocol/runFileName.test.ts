// Names of the files of a run, as every system and every disk takes them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { runFileName } from '../../../src/protocol/index.js';

describe('a file of a run', () => {
  it('is called after it, in letters and digits of any language, and is no longer than a disk takes', () => {
    assert.equal(runFileName('vanishing: half, lost', 'report', 'html'), 'vanishing-half-lost-report.html');
    assert.equal(runFileName('기울기 소실: 절반', 'result', 'json'), '기울기-소실-절반-result.json');
    assert.equal(runFileName('../?*', 'flow', 'csv'), 'run-flow.csv');
    const long = runFileName('기울기 '.repeat(100), 'result', 'json');
    assert.ok(Buffer.byteLength(long) <= 255, long);
    assert.doesNotMatch(long, /--/);
  });
});
