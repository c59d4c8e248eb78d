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
    const told = new Error('It was not read.', { cause: error });
    assert.match(errorStack(told), /^Error: It was not read\.\n +at [^]*\nCaused by: TypeError: no file\n +at /);
    error.message = 'There is no file.';
    assert.match(errorStack(error), /^There is no file\.\nTypeError: no file\n +at /, 'told in other words');
    error.message = 'no file';
    delete error.stack;
    assert.equal(errorStack(error), 'no file');
    assert.equal(errorStack('no file'), 'no file');
  });
});
