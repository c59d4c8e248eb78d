// Files of the disk that are read in ranges: what of them is read, and that it belongs to one writing of the file.
import assert from 'node:assert/strict';
import fs, { mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { after, before, describe, it, mock } from 'node:test';
import { readExperiment } from '../../../src/config/index.js';
import type { FileContent, SentFile } from '../../../src/config/read/index.js';
import { defaultBounds } from '../../../src/engine/index.js';
import { EngineClient } from '../../../src/worker/thread/client.js';
import { openedFile } from '../../../src/worker/thread/diskSource.js';
import { readRegularFile } from '../../../src/worker/thread/regularFile.js';
import { floats, safetensorsParts, torchParts, writeParts } from '../../support/largeFiles.js';
import type { Tensor } from '../../support/largeFiles.js';
import { long } from '../../support/long.js';

const bound = 512e6;
/** A layer of 4 MB. */
const [I, H] = [24, 1000];
const layer: readonly Tensor[] = [
  { name: 'rnn.weight_ih_l0', shape: [H, I], data: floats(H * I, (i) => Math.sin(i) / I) },
  { name: 'rnn.weight_hh_l0', shape: [H, H], data: floats(H * H, (i) => Math.sin(i) / H) },
  { name: 'rnn.bias_ih_l0', shape: [H], data: floats(H, () => 0.1) },
  { name: 'rnn.bias_hh_l0', shape: [H], data: floats(H, () => 0) },
];
const layerBytes = 4 * (H * I + H * H + 2 * H);
/** Tensors around the layer, of so many numbers all together. */
const around = (count: number): Tensor[] => [
  { name: 'embedding.weight', shape: [count / 40, 10], data: count },
  ...layer,
  ...[0, 1, 2].map((i) => ({ name: `head.${i}.weight`, shape: [count / 40, 10], data: count })),
];
const numbers = long ? 240e6 : 16e6;
const torchNumbers = long ? 48e6 : 8e6;

describe('a large file of the disk', () => {
  let folder = '';
  const at = (name: string): string => path.join(folder, name);
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'rnn-large-'));
    writeParts(at('model.safetensors'), safetensorsParts(around(numbers)).parts);
    writeParts(at('layer.safetensors'), safetensorsParts(layer).parts);
    writeParts(at('model.pt'), torchParts(around(torchNumbers)));
  });
  after(() => rmSync(folder, { recursive: true }));

  const pair = (name: string) =>
    ({ kind: 'pair', weights: at(name), sequences: { made: 'random', B: 1, T: 10, seed: 1 } }) as const;
  const sent = async (id: string): Promise<SentFile> => ({ id, ...(await readRegularFile(id, { bound })) });
  const files = {
    read: async (id: string): Promise<FileContent> => openedFile(await sent(id)),
  };

  /** What `work` reads of files, in bytes. */
  async function readBy(work: () => Promise<void>): Promise<number> {
    let bytes = 0;
    const { readSync } = fs;
    const count = (...args: Parameters<typeof readSync>): number => {
      const read = readSync(...args);
      bytes += read;
      return read;
    };
    const spy = mock.method(fs, 'readSync', count as typeof readSync);
    syncBuiltinESMExports();
    try {
      await work();
    } finally {
      spy.mock.restore();
      syncBuiltinESMExports();
    }
    return bytes;
  }

  for (const name of ['model.safetensors', 'model.pt']) {
    it(`${name}: the layer is read, and little else`, async () => {
      assert.ok(statSync(at(name)).size > 8 * layerBytes - 1e6);
      const bytes = await readBy(async () => {
        const { experiment, problems } = await readExperiment(pair(name), files);
        assert.deepEqual(
          problems.filter(({ severity }) => severity === 'error'),
          [],
        );
        const Wh = experiment?.layers[0]?.parameters.Wh;
        assert.equal(Wh?.length, H * H);
        // Row vectors: Wh is the transpose of what the file holds.
        assert.equal(Wh[H], Math.fround(Math.sin(1) / H));
      });
      assert.ok(bytes >= layerBytes && bytes < layerBytes + 70_000, `${bytes} bytes for ${layerBytes}`);
    });
  }

  // The layer in a file of its own tells what a run of it takes anyway.
  for (const name of ['layer.safetensors', 'model.safetensors', 'model.pt']) {
    it(`${name}: a run in a thread of its own, which opens what is large itself`, async (test) => {
      const delay = monitorEventLoopDelay({ resolution: 1 });
      const usual = process.memoryUsage().rss;
      let most = 0;
      const sampling = setInterval(() => {
        most = Math.max(most, process.memoryUsage().rss);
      }, 5);
      let told = 0;
      const sentBytes: number[] = [];
      const client = new EngineClient({
        workerPath: path.resolve('dist/worker.js'),
        readFile: async ({ reference }) => {
          const file = await sent(reference);
          if (file.ok && file.bytes instanceof Uint8Array) sentBytes.push(file.bytes.length);
          return file;
        },
        events: {
          progress: () => undefined,
          problems: () => undefined,
          summary: () => {
            told = performance.now();
            delay.disable();
            void client.cancel();
          },
          spectrum: () => undefined,
          failed: ({ message }) => assert.fail(message),
        },
        onCrash: (message) => assert.fail(message),
      });
      try {
        delay.enable();
        const started = performance.now();
        await client.run(pair(name), defaultBounds);
        assert.ok(told > 0);
        assert.equal(sentBytes.length, name.startsWith('layer') ? 1 : 0);
        test.diagnostic(
          `${Math.round(statSync(at(name)).size / 1e6)} MB: summary after ${Math.round(told - started)} ms, ` +
            `memory at most ${Math.round((most - usual) / 1e6)} MB more, ` +
            `host held up for ${Math.round(delay.max / 1e6)} ms at most`,
        );
      } finally {
        clearInterval(sampling);
        client.dispose();
      }
    });
  }

  it('the bound is that of files that are read at once', async () => {
    const small = await readRegularFile(at('model.safetensors'), { bound: 1e6 });
    assert.ok(small.ok && !(small.bytes instanceof Uint8Array));
    writeParts(at('large.json'), [new TextEncoder().encode('[1'), 9_000_000]);
    const text = await readRegularFile(at('large.json'), { bound: 1e6 });
    assert.ok(!text.ok && text.reason === 'large');
  });

  const moved: readonly (readonly [string, (file: string) => void])[] = [
    ['written again', (file) => utimesSync(file, new Date(), new Date(Date.now() + 2_000))],
    [
      'written again with the size, the place and the time that it had',
      (file) => {
        const { atime, mtime, size } = statSync(file);
        const descriptor = fs.openSync(file, 'r+');
        fs.writeSync(descriptor, new Uint8Array(8), 0, 8, size - 8);
        fs.closeSync(descriptor);
        utimesSync(file, atime, mtime);
      },
    ],
    ['cut off', (file) => writeFileSync(file, 'short')],
    [
      'replaced by another one',
      (file) => {
        writeParts(`${file}.new`, safetensorsParts(around(8e6)).parts);
        renameSync(`${file}.new`, file);
      },
    ],
    ['removed', (file) => rmSync(file)],
  ];
  for (const [title, move] of moved) {
    it(`is half-written when it is ${title} between two ranges`, async () => {
      const file = at('moving.safetensors');
      writeParts(file, safetensorsParts(around(8e6)).parts);
      // A time that can be set again to the last digit.
      utimesSync(file, 1e9, 1e9);
      const content = await files.read(file);
      assert.ok(content.ok && !(content.bytes instanceof Uint8Array));
      assert.equal(content.bytes.read(0, 8).length, 8);
      // The thread comes to rest, as it does while a run waits for another file.
      await new Promise((resolve) => setTimeout(resolve, 1));
      move(file);
      const { experiment, problems } = await readExperiment(
        { ...pair('moving.safetensors') },
        { read: () => Promise.resolve(content) },
      );
      assert.ok(experiment === null);
      assert.deepEqual(
        problems.map(({ file: id, code, message }) => [id, code, message]),
        [[file, 'unreadable-file', 'The file was written while it was read.']],
      );
    });
  }

  /** What is told of a file whose every read by `method` ends with an error of the system. */
  async function toldOf(method: 'openSync' | 'readSync' | 'closeSync', code: string, file: string) {
    const content = await files.read(file);
    const refuse = (): never => {
      throw Object.assign(new Error(`${code}: refused`), { code, errno: -1, syscall: method });
    };
    const spy = mock.method(fs, method, refuse);
    syncBuiltinESMExports();
    try {
      const { problems } = await readExperiment(pair(file), { read: () => Promise.resolve(content) });
      // The file is closed when the thread comes to rest.
      await new Promise((resolve) => setTimeout(resolve, 5));
      assert.ok(spy.mock.callCount() > 0);
      return problems.filter(({ severity }) => severity === 'error').map(({ message, found }) => [message, found]);
    } finally {
      spy.mock.restore();
      syncBuiltinESMExports();
    }
  }

  it('that the system does not read: its reason is told, not that somebody wrote', async () => {
    const file = at('model.safetensors');
    for (const [method, code, message] of [
      ['openSync', 'EACCES', 'The file "model.safetensors" may not be read.'],
      ['openSync', 'EMFILE', 'The file "model.safetensors" cannot be read at the moment.'],
      ['readSync', 'EIO', 'The file "model.safetensors" cannot be read.'],
    ] as const)
      assert.deepEqual(await toldOf(method, code, file), [[message, `${code}: refused`]]);
    for (const code of ['ENOENT', 'ESTALE']) {
      const [told] = await toldOf('openSync', code, file);
      assert.equal(told?.[0], 'The file was written while it was read.');
    }
  });

  it('whose closing fails was read all the same', async () => {
    assert.deepEqual(await toldOf('closeSync', 'EIO', at('model.safetensors')), []);
  });

  it('no read of the system is of more than 2 GiB', () => {
    const asked: number[] = [];
    const file = at('huge.safetensors');
    writeFileSync(file, 'opened only');
    const stop = new Error('enough');
    const opened = openedFile({ ok: true, id: file, bytes: { path: file, size: 2 ** 32, stamp: '' } });
    const spy = mock.method(fs, 'readSync', (...args: readonly unknown[]): never => {
      asked.push(Number(args[3]));
      throw stop;
    });
    syncBuiltinESMExports();
    try {
      assert.ok(opened.ok && !(opened.bytes instanceof Uint8Array));
      const { bytes } = opened;
      assert.throws(() => bytes.read(0, 2 ** 31 + 1), stop);
      assert.ok((asked[0] ?? Infinity) < 2 ** 31, `${asked.join()} bytes`);
    } finally {
      spy.mock.restore();
      syncBuiltinESMExports();
    }
  });
});
