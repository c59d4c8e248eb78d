// The menu of the explorer knows weights by the names that the product knows them by, until it has looked into them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { likelyWeights } from '../../../src/config/read/index.js';

type Manifest = {
  readonly contributes: {
    readonly menus: Record<string, readonly { readonly command: string; readonly when: string }[]>;
  };
};

describe('Run RNN in the explorer', () => {
  const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
  const when = contributes.menus['explorer/context']?.find(({ command }) => command === 'rnnGradients.run')?.when ?? '';

  it('goes by names only until files have been looked into', () => {
    assert.ok(when.includes(`!rnnGradients.filesKnown && resourceFilename =~ /${likelyWeights.source}/i`), when);
    assert.ok(when.includes('resourcePath in rnnGradients.weightFiles'), when);
  });

  it('takes the names that weights often have', () => {
    for (const name of ['weights.json', 'state_dict.jsonc', 'my-LSTM.json', 'a.safetensors', 'b.pt', 'c.pth', 'd.npz'])
      assert.ok(likelyWeights.test(name), name);
    for (const name of ['sequences.json', 'xs.npy', 'weights.txt', 'package.json'])
      assert.ok(!likelyWeights.test(name), name);
  });
});
