// The command line reads files with content and nothing else: it never waits for a pipe, never reads without end.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { makeSpecialFiles, specialFiles } from '../../support/specialFiles.js';

type Ran = { readonly code: number | string; readonly stdout: string; readonly stderr: string };
/** A command that never ends is ended after a minute, which is no exit code of its own. */
const cli = (...args: string[]): Promise<Ran> =>
  new Promise((resolve) => {
    execFile(
      process.execPath,
      ['dist/cli.js', ...args],
      { timeout: 60_000, killSignal: 'SIGKILL' },
      (error, stdout, stderr) =>
        resolve({ code: error?.signal ?? (typeof error?.code === 'number' ? error.code : 0), stdout, stderr }),
    );
  });

const sequences = [[1], [2]];
const weights = { Wx: [[1]], Wh: [[0.5]], b: [0] };

describe('rnn-gradients run', { skip: process.platform === 'win32' ? 'no pipes in folders' : false }, () => {
  let folder = '';
  let server: Server | null = null;
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rnn-cli-special-'));
    server = await makeSpecialFiles(folder);
  });
  after(() => {
    server?.close();
    rmSync(folder, { recursive: true });
  });
  const write = (name: string, content: unknown): string => {
    writeFileSync(path.join(folder, name), JSON.stringify(content));
    return path.join(folder, name);
  };

  for (const { name, says } of specialFiles) {
    it(`tells that a config names ${name}, at its place`, async () => {
      const config = write('names.rnn.json', { weights: name, sequences });
      const { code, stdout, stderr } = await cli('run', config);
      assert.equal(code, 2, stderr);
      assert.equal(stdout, '');
      assert.match(stderr, says);
      // What is empty is told in the file itself.
      const place = stderr.includes('is empty') ? `${path.resolve(folder, name)}:1:1: ` : `${config}:1:12: weights: `;
      assert.ok(stderr.startsWith(place), stderr);
    });
  }

  it('tells it of each of several references to one pipe', async () => {
    const config = write('four.rnn.json', {
      weights: 'pipe.json',
      sequences: ['pipe.json', 'link.json'],
      initialState: 'pipe.json',
      upstreamGradient: 'pipe.json',
    });
    const { code, stderr } = await cli('run', config);
    assert.equal(code, 2, stderr);
    assert.equal(stderr.match(/ is a pipe, not a file\./g)?.length, 5, stderr);
  });

  it('tells that the config itself is none', async () => {
    const { code, stderr } = await cli('run', path.join(folder, 'pipe.json'));
    assert.equal(code, 2);
    assert.match(stderr, /pipe\.json:1:1: "pipe\.json" is a pipe, not a file\./);
    const huge = await cli('run', path.join(folder, 'huge.json'));
    assert.equal(huge.code, 2);
    assert.match(huge.stderr, /huge\.json:1:1: The file "huge\.json" is too large to be read\./);
  });

  it('reads files up to --max-text', async () => {
    writeFileSync(path.join(folder, 'padded.json'), JSON.stringify(weights).padEnd(1e6 + 1));
    const config = write('padded.rnn.json', { weights: 'padded.json', sequences });
    assert.equal((await cli('run', config, '--max-text', '2')).code, 0);
    const { code, stderr } = await cli('run', config, '--max-text', '1');
    assert.equal(code, 2);
    assert.match(
      stderr,
      new RegExp(
        String.raw`"padded\.json" is too large to be read\. Expected at most 1 MB, found 1\.1 MB\. ` +
          'The bound is .*--max-text on the com',
      ),
    );
    for (const wrong of ['0', '513', '1.5', 'all', '']) {
      const { code: refused, stderr: why } = await cli('run', config, '--max-text', wrong);
      assert.equal(refused, 2, wrong);
      assert.ok(why.startsWith(`--max-text takes a whole number from 1 to 512, not "${wrong}".`), why);
    }
  });
});
