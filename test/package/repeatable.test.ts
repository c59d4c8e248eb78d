// Two checkouts in two folders, on machines with other clocks, languages and modes of files, give the same package,
// byte for byte.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import JSZip from 'jszip';

const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly name: string;
  readonly version: string;
};
const vsix = `${name}-${version}.vsix`;
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

async function contentOf(bytes: Uint8Array): Promise<Record<string, string>> {
  const files = Object.values((await JSZip.loadAsync(bytes)).files);
  return Object.fromEntries(
    await Promise.all(files.map(async (file) => [file.name, sha256(await file.async('nodebuffer'))] as const)),
  );
}

describe('the build', () => {
  const folders: string[] = [];
  after(() => {
    for (const folder of folders) rmSync(folder, { recursive: true });
  });

  /** Copies the sources, builds and packs them there: kernels, bundles, schemas, notices and all. */
  function packedIn(prefix: string, env: NodeJS.ProcessEnv, prepare: (folder: string) => void): Uint8Array {
    const folder = mkdtempSync(path.join(tmpdir(), prefix));
    folders.push(folder);
    const left = new Set(
      ['node_modules', '.git', '.vscode-test', 'out', 'dist', vsix].map((file) => path.resolve(file)),
    );
    cpSync('.', folder, { recursive: true, filter: (file) => !left.has(path.resolve(file)) });
    symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction');
    prepare(folder);
    execFileSync(process.execPath, ['build/package.mjs'], {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: 'pipe',
    });
    return readFileSync(path.join(folder, vsix));
  }

  it('gives the same bytes in two folders', async () => {
    const one = packedIn('rnn-build-', { TZ: 'UTC', LC_ALL: 'C' }, () => undefined);
    const other = packedIn('rnn-another-longer-name-', { TZ: 'Asia/Seoul', LC_ALL: 'ko_KR.UTF-8' }, (folder) => {
      chmodSync(path.join(folder, 'README.md'), 0o600);
      utimesSync(path.join(folder, 'media', 'icon.png'), 1e9, 1e9);
    });
    // The content first, because it tells which file it is.
    assert.deepEqual(await contentOf(other), await contentOf(one));
    assert.equal(sha256(other), sha256(one));
    assert.equal(sha256(readFileSync(vsix)), sha256(one), 'the package of this checkout');
  });
});
