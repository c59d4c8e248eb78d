// Shares of other computers are read only where VS Code would read them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mayReach } from '../../../src/editor/context/networkHosts.js';

describe('a share of another computer', () => {
  it('is not read when nobody has allowed its host', () => {
    const rules = { restrict: true, allowed: ['files.example'], known: ['home', ''] };
    for (const host of ['evil.example', 'files.example.evil', 'example', '.', '?', 'files.example@SSL@443'])
      assert.equal(mayReach(host, rules), false, host);
  });

  it('is read from hosts that are allowed, or that VS Code has opened something from, in capitals or not', () => {
    const rules = { restrict: true, allowed: ['files.example'], known: ['Home'] };
    for (const host of ['files.example', 'FILES.example', 'home']) assert.equal(mayReach(host, rules), true, host);
  });

  it('is read from anywhere when the user has lifted the restriction', () => {
    assert.equal(mayReach('evil.example', { restrict: false, allowed: [], known: [] }), true);
  });
});
