// Two checkouts in two folders, on machines with other clocks, languages and modes of files, give the same package,
// byte for byte; one of them by a dry run of the release.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import JSZip from 'jszip';
import { long } from '../support/long.js';

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

  /**
   * A copy of the sources, from which everything is built anew: bundles, schemas, notices and all, in the long form the
   * kernels too.
   */
  function copiedInto(prefix: string): string {
    const folder = mkdtempSync(path.join(tmpdir(), prefix));
    folders.push(folder);
    const left = new Set(
      ['node_modules', '.git', '.vscode-test', 'out', 'dist', vsix].map((file) => path.resolve(file)),
    );
    cpSync('.', folder, { recursive: true, filter: (file) => !left.has(path.resolve(file)) });
    if (!long) cpSync(path.join('out', 'kernels'), path.join(folder, 'out', 'kernels'), { recursive: true });
    symlinkSync(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction');
    return folder;
  }
  const run = (folder: string, env: NodeJS.ProcessEnv, ...args: readonly string[]) =>
    spawnSync(process.execPath, args, { cwd: folder, env: { ...process.env, ...env }, encoding: 'utf8' });
  const packageOf = (folder: string): Uint8Array => readFileSync(path.join(folder, vsix));

  it('gives the same bytes in two folders, one by a dry run of the release, which publishes nothing', async () => {
    const one = readFileSync(vsix);
    const second = copiedInto('rnn-another-longer-name-');
    chmodSync(path.join(second, 'README.md'), 0o600);
    utimesSync(path.join(second, 'media', 'icon.png'), 1e9, 1e9);
    const env = { TZ: 'Asia/Seoul', LC_ALL: 'ko_KR.UTF-8', OVSX_PAT: '' };
    const dry = run(second, env, 'build/release.mjs', '--dry-run', '--skip-tests');
    assert.equal(dry.status, 0, dry.stderr);
    const other = packageOf(second);
    // The content first, because it tells which file it is.
    assert.deepEqual(await contentOf(other), await contentOf(one));
    assert.equal(sha256(other), sha256(one));
    assert.ok(
      dry.stdout.includes(`Packaged twice, the same bytes: ${vsix}, ${one.length} bytes, sha256 ${sha256(one)}`),
    );
    assert.ok(dry.stdout.includes(`vsce publish --azure-credential --skip-duplicate --packagePath ${vsix}`));
    assert.match(dry.stdout, /to Open VSX: open-vsx\.org[^]*nothing was published or tagged/);
    const sums = readFileSync(path.join(second, 'out', 'release', `${name}-${version}.sha256`), 'utf8');
    const written = sums
      .trim()
      .split('\n')
      .map((line) => line.split('  ').reverse());
    assert.deepEqual(Object.fromEntries(written), await contentOf(one));

    // Without --dry-run nothing begins while a maintainer has not said who publishes from where.
    rmSync(path.join(second, vsix));
    const unset = { publisher: null, repository: null, bugs: null, homepage: null, qna: null };
    const configure = (config: object): void =>
      writeFileSync(path.join(second, 'build', 'release.config.mjs'), `export default ${JSON.stringify(config)};\n`);
    configure(unset);
    const refused = run(second, env, 'build/release.mjs', '--skip-tests');
    assert.equal(refused.status, 1);
    for (const told of ['publisher is not set', 'repository is not set', 'no git checkout', 'no OVSX_PAT'])
      assert.ok(refused.stderr.includes(told), `${told} is not in ${refused.stderr}`);
    assert.equal(existsSync(path.join(second, vsix)), false);

    if (!long) return;
    // What he says stands in the manifest of the package, and pictures of the README come from the repository.
    configure({ ...unset, publisher: 'someone', repository: 'https://example.com/someone/rnn' });
    const set = run(second, env, 'build/package.mjs', '--no-build');
    assert.equal(set.status, 0, set.stderr);
    const zip = await JSZip.loadAsync(packageOf(second));
    const inside = async (file: string): Promise<string> => (await zip.file(file)?.async('string')) ?? '';
    assert.match(
      await inside('extension.vsixmanifest'),
      /Publisher="someone"[^]*Links\.Source" Value="https:\/\/example\.com/,
    );
    const pictures = [...(await inside('extension/readme.md')).matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)];
    assert.ok(pictures.length > 0);
    for (const [, address = ''] of pictures)
      assert.match(address, /^https:\/\/example\.com\/someone\/rnn\/raw\/HEAD\/media/);
  });
});
