// The menu of the explorer knows weights by the names that the product knows them by, until it has looked into them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { checkpointEnding, likelyWeights } from '../../../src/config/read/index.js';

type Manifest = {
  readonly contributes: {
    readonly menus: Record<string, readonly { readonly command: string; readonly when: string }[]>;
    readonly customEditors: readonly {
      readonly viewType: string;
      readonly selector: readonly { readonly filenamePattern: string }[];
    }[];
  };
};

describe('Run RNN in the explorer', () => {
  const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
  const whenOf = (command: string): string =>
    contributes.menus['explorer/context']?.find((item) => item.command === `rnnGradients.${command}`)?.when ?? '';
  const when = whenOf('run');

  it('goes by names only until files have been looked into', () => {
    assert.ok(when.includes(`!rnnGradients.filesKnown && resourceFilename =~ /${likelyWeights.source}/i`), when);
    assert.ok(when.includes('resourcePath in rnnGradients.weightFiles'), when);
  });

  it('stays on checkpoints that nobody can read: running one says why', () => {
    assert.ok(when.includes(`|| resourceFilename =~ /${checkpointEnding.source}/i ||`), when);
    for (const name of ['model.pt', 'a.pth', 'B.CKPT', 'c.h5', 'd.onnx']) assert.ok(checkpointEnding.test(name), name);
    // An archive of arrays may hold sequences alone.
    for (const name of ['a.npz', 'a.json', 'pt', 'a.pt.txt']) assert.ok(!checkpointEnding.test(name), name);
  });

  it('stands beside the preview of sequences, which goes by names before anything is known', () => {
    const preview = whenOf('previewSequences');
    assert.doesNotMatch(preview, /filesKnown/);
    const [, ending = ''] = /resourceFilename =~ \/([^/]*txt[^/]*)\/i/.exec(preview) ?? [];
    for (const name of ['weather.csv', 'a.TSV', 'xs.npy', 'xs.npz', 'book.txt'])
      assert.ok(new RegExp(ending, 'i').test(name), name);
    assert.ok(!new RegExp(ending, 'i').test('weights.json'));
  });

  it('stands beside the viewer of weights, which opens every checkpoint that it is on', () => {
    const viewer = contributes.customEditors.find(({ viewType }) => viewType === 'rnnGradients.tensors');
    const opened = viewer?.selector.map(({ filenamePattern }) => filenamePattern.replace('*.', ''));
    for (const ending of ['safetensors', 'pt', 'pth', 'ckpt', 'h5', 'hdf5', 'keras', 'onnx']) {
      assert.ok(checkpointEnding.test(`a.${ending}`), ending);
      assert.ok(opened?.includes(ending), ending);
    }
  });

  it('takes the names that weights often have', () => {
    for (const name of ['weights.json', 'state_dict.jsonc', 'my-LSTM.json', 'a.safetensors', 'b.pt', 'c.pth', 'd.npz'])
      assert.ok(likelyWeights.test(name), name);
    for (const name of ['sequences.json', 'xs.npy', 'weights.txt', 'package.json'])
      assert.ok(!likelyWeights.test(name), name);
  });
});
