// Of a new file that VS Code could not write nothing is left, and the user hears why.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { whyNotMade } from '../../../src/editor/language/newFile.js';
import type { NewFile } from '../../../src/editor/language/newFile.js';
import { mounted, noMounts } from '../../support/mounts.js';

const folder = mkdtempSync(path.join(tmpdir(), 'rnn-new-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const bytes = new TextEncoder().encode(JSON.stringify(Array.from({ length: 50_000 }, (_, i) => i)));
const newFile = (fsPath: string, scheme = 'file'): NewFile =>
  ({ uri: { scheme, fsPath }, bytes }) as unknown as NewFile;

describe('a new file that an edit could not make', () => {
  it('goes where a part of it was written, or all of it, and nothing is said where it can be written', async () => {
    const target = path.join(folder, 'part.json');
    for (const length of [0, 4096, bytes.length]) {
      writeFileSync(target, bytes.subarray(0, length));
      assert.equal(await whyNotMade(newFile(target)), null);
      assert.deepEqual(readdirSync(folder), []);
    }
  });

  it('is left alone where it is another one, or on no disk', async () => {
    const target = path.join(folder, 'other.json');
    for (const content of ['[0,1,3', `${new TextDecoder().decode(bytes)} `]) {
      writeFileSync(target, content);
      assert.equal(await whyNotMade(newFile(target)), null);
      assert.equal(readFileSync(target, 'utf8'), content);
    }
    rmSync(target);
    mkdirSync(target);
    assert.equal(await whyNotMade(newFile(target)), null);
    assert.equal(await whyNotMade(newFile(target, 'memory')), null);
    assert.deepEqual(readdirSync(folder), ['other.json']);
    rmSync(target, { recursive: true });
  });

  it('is told with its place and a remedy on a disk that is full or takes nothing', { skip: noMounts() }, async () => {
    const disk = mounted(folder, 'disk', { kilobytes: 64 });
    try {
      const target = path.join(disk.folder, 'lstm.json');
      writeFileSync(target, bytes.subarray(0, 8192));
      const full = await whyNotMade(newFile(target));
      assert.equal(
        full,
        `${target} could not be written: ENOSPC: no space left on device, write. Make room there, or save elsewhere.`,
      );
      assert.deepEqual(readdirSync(disk.folder), []);
      disk.makeReadOnly();
      const shut = (await whyNotMade(newFile(target))) ?? '';
      assert.ok(shut.startsWith(`${target} could not be written: EROFS: `), shut);
      assert.ok(shut.endsWith('Nothing may be written there: choose another folder, or allow it.'), shut);
    } finally {
      disk.unmount();
    }
  });
});
