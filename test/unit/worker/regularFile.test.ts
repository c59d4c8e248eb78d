// Only regular files are read, up to a bound, in pieces that can be stopped.
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it, mock } from 'node:test';
import { readRegularFile } from '../../../src/worker/thread/regularFile.js';
import type { ReadFile } from '../../../src/worker/thread/regularFile.js';
import { makeSpecialFiles } from '../../support/specialFiles.js';

const bound = 512e6;
const piece = 4 * 1024 * 1024;

function bytesIn(read: ReadFile): Uint8Array {
  assert.ok(read.ok && read.bytes instanceof Uint8Array);
  return read.bytes;
}

describe('a file is read', { skip: process.platform === 'win32' ? 'no pipes in folders' : false }, () => {
  let folder = '';
  let server: Awaited<ReturnType<typeof makeSpecialFiles>> | null = null;
  const at = (name: string): string => path.resolve(folder, name);
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rnn-regular-'));
    server = await makeSpecialFiles(folder);
  });
  after(() => {
    server?.close();
    rmSync(folder, { recursive: true });
  });

  /** What came back, and how often the reader asked whether it is still wanted: once before each piece. */
  async function read(
    name: string,
    stopAt = Infinity,
    meanwhile: (asked: number) => void = () => undefined,
  ): Promise<{ readonly told: ReadFile; readonly pieces: number }> {
    let pieces = 0;
    const told = await readRegularFile(at(name), {
      bound,
      isCancelled: () => {
        meanwhile(++pieces);
        return pieces >= stopAt;
      },
    });
    return { told, pieces };
  }
  const write = (name: string, bytes: number): Buffer => {
    const content = Buffer.alloc(bytes);
    for (let i = 0; i < bytes; i += 1000) content[i] = i / 1000;
    writeFileSync(at(name), content);
    return content;
  };

  it('whole, in pieces, with bytes that may move to another thread', async () => {
    const content = write('whole.json', 2.5 * piece);
    const { told, pieces } = await read('whole.json');
    assert.equal(pieces, 3);
    const bytes = bytesIn(told);
    assert.ok(content.equals(bytes));
    assert.equal(bytes.byteLength, bytes.buffer.byteLength);
  });

  it('no further than to the piece before which it was cancelled', async () => {
    write('long.json', 8 * piece);
    const { told, pieces } = await read('long.json', 3);
    assert.equal(pieces, 3);
    assert.deepEqual(told, { ok: false, reason: 'unreadable', detail: 'the reading was cancelled' });
  });

  for (const [name, kind] of [
    ['/dev/zero', 'device'],
    ['pipe.json', 'pipe'],
    ['link.json', 'pipe'],
    ['socket.json', 'socket'],
  ] as const) {
    it(`not when it is a ${kind}: ${name}`, async () => {
      const { told, pieces } = await read(name);
      assert.deepEqual(told, { ok: false, reason: 'special', kind, detail: 'it is no file with content' });
      assert.equal(pieces, 0);
    });
  }

  it('not when it is a folder, or not there, or links lead in a circle', async () => {
    assert.deepEqual(await read('folder.json'), {
      told: { ok: false, reason: 'folder', detail: 'it is a folder' },
      pieces: 0,
    });
    for (const [name, reason] of [
      ['none.json', 'missing'],
      ['huge.json/none.json', 'missing'],
      ['circle.json', 'loop'],
    ] as const) {
      const { told } = await read(name);
      assert.equal(told.ok ? 'read' : told.reason, reason, name);
    }
  });

  /** What is read where the first look at the file ends so. */
  async function readAfter(error: Error): Promise<ReadFile> {
    const look = mock.method(fs, 'stat', () => Promise.reject(error));
    syncBuiltinESMExports();
    try {
      return (await read('huge.json')).told;
    } finally {
      look.mock.restore();
      syncBuiltinESMExports();
    }
  }
  const ofSystem = (code: string): Error =>
    Object.assign(new Error(`${code}: no`), { code, errno: -1, syscall: 'stat' });

  it('not when the system refuses it: why is told apart, with the words of the system', async () => {
    for (const [code, reason] of [
      ['EACCES', 'denied'],
      ['EPERM', 'denied'],
      ['EBUSY', 'busy'],
      ['EMFILE', 'busy'],
      ['EIO', 'unreadable'],
      // No name of a reason, though every object has something of that name.
      ['toString', 'unreadable'],
    ] as const)
      assert.deepEqual(await readAfter(ofSystem(code)), { ok: false, reason, detail: `${code}: no` });
    const { told } = await read(`${'x'.repeat(5000)}.json`);
    assert.ok(!told.ok && told.detail.startsWith('ENAMETOOLONG: '));
    assert.equal(told.reason, 'long');
    const none = new RangeError('Array buffer allocation failed');
    assert.deepEqual(await readAfter(none), { ok: false, reason: 'memory', detail: none.message });
  });

  it('without a word against the file where the fault is ours', async () => {
    for (const fault of [new TypeError('undefined is no function'), Object.assign(new Error('x'), { code: 'ERR_X' })])
      await assert.rejects(readAfter(fault), fault);
  });

  for (const [name, kind] of [
    ['pipe.json', 'pipe'],
    ['/dev/zero', 'device'],
  ] as const) {
    it(`by what was opened, whatever a look before has told: ${kind}`, async () => {
      const regular = statSync(at('huge.json'));
      Object.assign(regular, { size: 1000 });
      const look = mock.method(fs, 'stat', () => Promise.resolve(regular));
      syncBuiltinESMExports();
      try {
        const { told, pieces } = await read(name);
        assert.equal(look.mock.callCount(), 1);
        assert.deepEqual(told, { ok: false, reason: 'special', kind, detail: 'it is no file with content' });
        assert.equal(pieces, 0);
      } finally {
        look.mock.restore();
        syncBuiltinESMExports();
      }
    });
  }

  it('not when it is larger than the bound, of which nothing is read then', async () => {
    const { told, pieces } = await read('huge.json');
    assert.deepEqual(told, {
      ok: false,
      reason: 'large',
      bytes: 600e6,
      bound,
      detail: 'it has 600 MB, and at most 512 MB are read',
    });
    assert.equal(pieces, 0);
    const small = write('small.json', 1001);
    assert.equal((await readRegularFile(at('small.json'), { bound: 1000 })).ok, false);
    const whole = await readRegularFile(at('small.json'), { bound: 1001 });
    assert.ok(small.equals(bytesIn(whole)));
  });

  it(
    'as far as it says that it goes: what the system makes up while it is read is left alone',
    { skip: process.platform === 'linux' ? false : 'no /proc' },
    async () => {
      const { told } = await read('/proc/version');
      assert.equal(bytesIn(told).length, 0);
      // It waits for the next line of the kernel, when it may be opened at all.
      const { told: log } = await read('/proc/kmsg');
      assert.ok(log.ok ? bytesIn(log).length === 0 : log.reason === 'denied' || log.reason === 'missing');
    },
  );

  it('to its old end when it becomes longer, to its new one when it becomes shorter', async () => {
    const content = write('moving.json', 2 * piece);
    const longer = await read('moving.json', Infinity, (asked) => {
      if (asked === 2) appendFileSync(at('moving.json'), 'more');
    });
    assert.ok(content.equals(bytesIn(longer.told)));
    const shorter = await read('moving.json', Infinity, (asked) => {
      if (asked === 2) truncateSync(at('moving.json'), piece + 5);
    });
    assert.ok(content.subarray(0, piece + 5).equals(bytesIn(shorter.told)));
  });
});
