// A file that is not written is told with a remedy, by what the system itself says.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { whyNotWritten, writeWhole } from '../../../src/report/index.js';
import { mounted, noMounts } from '../../support/mounts.js';

const folder = mkdtempSync(path.join(tmpdir(), 'rnn-trouble-'));
after(() => rmSync(folder, { recursive: true, force: true }));

async function why(target: string, content = 'new'): Promise<string> {
  try {
    await writeWhole(target, [content]);
  } catch (error) {
    return whyNotWritten(error);
  }
  throw new Error(`${target} was written`);
}

describe('why a file is not written', { skip: process.platform === 'win32' ? 'links need rights' : false }, () => {
  it('is told with a remedy: a folder, links in a circle, a file instead of a folder', async () => {
    const at = (name: string): string => path.join(folder, name);
    mkdirSync(at('folder'));
    symlinkSync('circle', at('circle'));
    writeFileSync(at('file'), '');
    assert.match(await why(at('folder')), /^EISDIR: [^]*\. There is a folder of that name: choose another name\.$/);
    assert.match(await why(at('circle')), /^ELOOP: [^]*\. The links go round in a circle: choose another place/);
    assert.match(await why(at('file/x')), /^ENOTDIR: [^]*\. A file stands where a folder is needed/);
    assert.equal(whyNotWritten(Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })), 'EIO: i/o error');
  });

  it(
    'is told with a remedy of a full disk and of one that takes nothing; the old file is whole',
    { skip: noMounts() },
    async () => {
      const full = mounted(folder, 'full', { kilobytes: 64 });
      try {
        const target = path.join(full.folder, 'old.json');
        writeFileSync(target, 'old');
        assert.match(
          await why(target, 'x'.repeat(1e6)),
          /^ENOSPC: no space left on device, write\. Make room there, or save elsewhere\.$/,
        );
        assert.deepEqual(readdirSync(full.folder), ['old.json']);
        assert.equal(readFileSync(target, 'utf8'), 'old');
        full.makeReadOnly();
        assert.match(
          await why(target),
          /^EROFS: [^]*\. Nothing may be written there: choose another folder, or allow it\.$/,
        );
        assert.equal(readFileSync(target, 'utf8'), 'old');
      } finally {
        full.unmount();
      }
    },
  );
});
