// The command line on a folder as a training leaves it: a checkpoint, an array, and a config that names both.
import assert from 'node:assert/strict';
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cli } from './support.js';

describe('a folder with model.pt and data.npy', () => {
  let folder = '';
  const copies: Readonly<Record<string, string>> = {
    'model.pt': 'lstm_checkpoint.pth',
    'two.pt': 'two_networks.pt',
    'evil.pt': 'hostile/os_system.pt',
    'data.npy': 'seq_f4.npy',
  };
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'rnn-gradients-files-'));
    for (const [name, fixture] of Object.entries(copies))
      await copyFile(path.join('test', 'fixtures', 'files', fixture), path.join(folder, name));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const run = async (weights: unknown, ...args: readonly string[]) => {
    const config = path.join(folder, 'a.rnn.json');
    await writeFile(config, JSON.stringify({ weights, sequences: 'data.npy' }));
    return cli('run', config, ...args);
  };

  it('becomes a verdict', async () => {
    const { code, stdout, stderr } = await run('model.pt');
    assert.equal(code, 0, stderr);
    assert.match(stdout, /\(lstm, 2 layers, B 2, T 6, I 3, H 5, float32\)/);
  });

  it('becomes the result of the network that is named', async () => {
    const file = path.join(folder, 'result.json');
    const { code, stderr } = await run({ file: 'two.pt', name: 'decoder' }, '--json', file);
    assert.equal(code, 0, stderr);
    const { network } = JSON.parse(await readFile(file, 'utf8')) as { network: Record<string, unknown> };
    assert.deepEqual([network['cell'], network['directions'], network['H']], ['gru', 2, 4]);
  });

  it('asks by exit code 2 which network is meant', async () => {
    const { code, stderr } = await run('two.pt');
    assert.equal(code, 2);
    assert.match(stderr, /encoder: LSTM \[20, 5\], 2 layers; decoder: GRU \[12, 4\]/);
  });

  it('is refused with exit code 2 where a pickle calls something, which is named', async () => {
    const { code, stderr } = await run('evil.pt');
    assert.equal(code, 2);
    assert.match(stderr, /evil\.pt:1:1: .*os\.system/);
    assert.match(stderr, /weights_only=False.*save_file/);
  });
});
