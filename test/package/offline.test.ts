// Nothing leaves the machine: no bundle loads what opens a connection, and the command line does its work where every
// way to open one is refused.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What the product asks of Node: files, threads, unpacking and arithmetic. */
const wanted = new Set([
  'crypto',
  'events',
  'fs',
  'fs/promises',
  'os',
  'path',
  'stream',
  'util',
  'worker_threads',
  'process',
  'zlib',
]);

const bundles = ['dist', path.join('dist', 'parts')].flatMap((folder) =>
  readdirSync(folder)
    .filter((file) => /\.c?js$/.test(file))
    .map((file) => path.join(folder, file)),
);

const loaded = (file: string): string[] => [
  ...new Set(
    [...readFileSync(file, 'utf8').matchAll(/\b(?:require|import)\("([^"]+)"\)/g)].map(([, name = '']) => name),
  ),
];

describe('the product', () => {
  for (const file of bundles)
    it(`${file} loads no part of Node that opens a connection or starts a program`, () => {
      const builtin = loaded(file)
        .map((name) => name.replace(/^node:/, ''))
        .filter((name) => builtinModules.includes(name));
      assert.deepEqual(
        builtin.filter((name) => !wanted.has(name)),
        [],
      );
    });

  it('has bundles for the host, the thread, a browser and the command line', () => {
    for (const name of ['extension.js', 'assemble.js', 'worker.js', 'web.js', 'cli.js'])
      assert.ok(bundles.includes(path.join('dist', name)), name);
    // The thread reads files in ranges and starts helpers: the look into a bundle finds what it loads.
    const shared = loaded(path.join('dist', 'worker.js')).filter((name) => name.startsWith('./parts/'));
    const ofThread = ['./worker.js', ...shared].flatMap((name) => loaded(path.join('dist', name)));
    assert.ok(ofThread.includes('node:worker_threads'));
  });

  it('asks a browser for nothing that only Node has', () => {
    const text = readFileSync(path.join('dist', 'web.js'), 'utf8');
    assert.deepEqual(loaded(path.join('dist', 'web.js')), ['vscode']);
    // The banner of the bundle stands in for these.
    const known = /\bprocess\.(?:platform|arch|versions\.node|cwd)\b/g;
    assert.deepEqual(
      text.replaceAll(known, '').match(/\b(?:process\.\w+|Buffer\.(?:from|alloc)|__dirname|__filename)/g),
      null,
    );
  });

  it('runs on the command line with every socket, look-up and request refused', async () => {
    const refused = path.resolve('test/support/noNetwork.cjs');
    const args = ['--require', refused, 'dist/cli.js', 'run', 'examples/weather/lstm.rnn.json', '--json', '-'];
    const { stdout } = await run(process.execPath, args, { maxBuffer: 1e9 });
    assert.equal((JSON.parse(stdout) as { readonly schema: number }).schema, 2);
  });

  it('is refused there what would open a connection', async () => {
    const refused = path.resolve('test/support/noNetwork.cjs');
    for (const call of [
      "require('node:net').connect(1)",
      "fetch('http://127.0.0.1:1')",
      "require('node:dns').lookup('localhost', () => 0)",
    ])
      await assert.rejects(run(process.execPath, ['--require', refused, '--eval', call]), /is refused here/, call);
  });
});
