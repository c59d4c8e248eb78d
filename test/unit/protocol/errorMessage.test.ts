import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { errorMessage, errorStack } from '../../../src/protocol/errorMessage.js';

describe('what was thrown', () => {
  it('is told by its message, or as it is where it is no error', () => {
    assert.equal(errorMessage(new TypeError('no file')), 'no file');
    assert.equal(errorMessage('no file'), 'no file');
    assert.equal(errorMessage(undefined), 'undefined');
  });

  it('is told with its place where there is one', () => {
    const error = new TypeError('no file');
    assert.match(errorStack(error), /^TypeError: no file\n +at .*errorMessage\.test/);
    delete error.stack;
    assert.equal(errorStack(error), 'no file');
    assert.equal(errorStack('no file'), 'no file');
  });
});
