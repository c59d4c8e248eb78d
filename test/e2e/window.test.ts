// The window itself: that the extension is there the way a person meets it, before any run.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';

describe('a window with the examples', () => {
  scenario('offers Run RNN first to whoever types those words', {}, async (workbench) => {
    const [first] = await workbench.offers('Run RNN');
    assert.equal(first, 'Run RNN');
  });
});
