// What the command line prints: to a terminal that obeys control characters, to a disk that is full.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { escapeControls, escapeControlsOfLines } from '../../../src/worker/record/escapeControls.js';
import { cli, needsPosix, shell } from './support.js';

/** Sets a title, rings, erases a line, ends one, opens a sequence in one character (C1), turns the direction. */
const hostile = 'a\u001b]0;owned\u0007\u007f\r\u001b[2K\n\tVANISHING\u009b31m\u0085\u202egnp.\u2066\u200f\u061cz';
/** What a terminal obeys: C0, delete and C1, and the signs of direction. Line ends are ours as well. */
const obeyedRanges = [
  [0, 0x1f],
  [0x7f, 0x9f],
  [0x61c, 0x61c],
  [0x200e, 0x200f],
  [0x202a, 0x202e],
  [0x2066, 0x2069],
] as const;
const isObeyed = (character: string): boolean =>
  obeyedRanges.some(([from, to]) => character >= String.fromCharCode(from) && character <= String.fromCharCode(to));
const obeyedIn = (text: string): string[] =>
  Array.from(text).filter((character) => character !== '\n' && isObeyed(character));
const shownHostile =
  String.raw`a\u001b]0;owned\u0007\u007f\u000d\u001b[2K\u000a\u0009VANISHING` +
  String.raw`\u009b31m\u0085\u202egnp.\u2066\u200f\u061cz`;

let folder = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rnn-gradients-terminal-'));
});
after(() => rm(folder, { recursive: true }));
const write = async (name: string, content: unknown): Promise<string> => {
  const file = path.join(folder, name);
  await writeFile(file, JSON.stringify(content));
  return file;
};
const small = { weights: { Wx: [[1]], Wh: [[0.5]], b: [0] }, sequences: [[1], [1], [1]] };

describe('control characters', () => {
  it('are shown, each as JSON writes it, and nothing else changes', () => {
    assert.equal(escapeControls(hostile), shownHostile);
    assert.equal(escapeControlsOfLines('one\ntwo\u001b\n'), 'one\ntwo\\u001b\n');
    const plain = 'weights.Wh[3] "가중치" ∂L/∂h → é \\u001b 👩‍🔬';
    assert.equal(escapeControls(plain), plain);
    for (let code = 0; code < 0x10000; code++) {
      const character = String.fromCharCode(code);
      assert.equal(escapeControls(character) !== character, isObeyed(character), `U+${code.toString(16)}`);
    }
  });

  it('of a name do not reach the terminal, and stand in the result as they were', async () => {
    const config = await write('named.rnn.json', { name: hostile, ...small });
    const { code, stdout } = await cli('run', config);
    assert.equal(code, 0);
    assert.deepEqual(obeyedIn(stdout), []);
    assert.ok(stdout.split('\n')[0]?.includes(`  ${shownHostile}  (tanh`), stdout);
    const json = await cli('run', config, '--json', '-');
    assert.deepEqual(obeyedIn(json.stdout), []);
    assert.equal((JSON.parse(json.stdout) as { name: string }).name, hostile);
    const target = path.join(folder, 'named.json');
    assert.equal((await cli('run', config, '--json', target)).code, 0);
    assert.equal(await readFile(target, 'utf8'), json.stdout);
  });

  it('of keys, values, paths and arguments are shown in one line each', async () => {
    const config = await write('keys.rnn.json', {
      ...small,
      [hostile]: 1,
      cell: hostile,
      initialState: `${hostile}.json`,
    });
    const { code, stdout, stderr } = await cli('run', config);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.deepEqual(obeyedIn(stderr), []);
    const lines = stderr.trimEnd().split('\n');
    assert.ok(lines.length >= 3 && lines.every((line) => line.startsWith(`${config}:1:`)), stderr);
    for (const args of [
      ['run', `${hostile}.rnn.json`],
      [hostile],
      ['run', config, `--${hostile}`],
      ['run', 'a', hostile],
      ['run', config, '--fail-on', hostile],
      ['run', config, '--language', hostile],
      ['run', config, '--json', path.join(hostile, 'x')],
    ]) {
      const refused = await cli(...args);
      assert.equal(refused.code, 2);
      assert.deepEqual(obeyedIn(refused.stderr), [], args.join(' '));
      assert.match(refused.stderr, /\\u001b/);
    }
  });
});

describe('standard output that is full', { skip: needsPosix }, () => {
  const sentence = new RegExp(
    String.raw`^Standard output could not be written to its end: E(NOSPC|FBIG)[^\n]*\. ` +
      String.raw`Make room where it goes, or send it elsewhere\.\n$`,
  );

  it(
    'exits with 2 and one sentence',
    { skip: process.platform === 'linux' ? false : 'only Linux has /dev/full' },
    async () => {
      const config = await write('full.rnn.json', small);
      for (const words of ['run "$1"', 'run "$1" --json -', 'run "$1" --fail-on vanishing', '--help']) {
        const { code, stderr } = await shell(`CLI ${words} > /dev/full`, config);
        assert.match(stderr, sentence, words);
        assert.equal(code, 2, words);
      }
    },
  );

  it('still gets its files', { skip: process.platform === 'linux' ? false : 'only Linux has /dev/full' }, async () => {
    const target = path.join(folder, 'full.json');
    const { code } = await shell('CLI run "$1" --json "$2" > /dev/full', await write('full.rnn.json', small), target);
    assert.equal(code, 2);
    assert.equal((JSON.parse(await readFile(target, 'utf8')) as { schema: number }).schema, 2);
  });

  it('is noticed where the disk keeps a part of a text and reports no error', async () => {
    // One block is 512 or 1024 bytes: less than the words of --help, more than nothing.
    const { code, stderr } = await shell('ulimit -f 1; CLI --help > "$1"', path.join(folder, 'short.txt'));
    const { length } = await readFile(path.join(folder, 'short.txt'));
    assert.ok(length === 512 || length === 1024, `${length} bytes were kept`);
    assert.match(stderr, sentence);
    assert.equal(code, 2);
  });

  it(
    'is told by the exit code alone when errors cannot be printed either',
    { skip: process.platform === 'linux' ? false : 'only Linux has /dev/full' },
    async () => {
      const warned = await write('warned.rnn.json', { ...small, extra: 1 });
      const { code, stdout } = await shell('CLI run "$1" 2> /dev/full', warned);
      assert.equal(code, 2);
      assert.match(stdout, /VANISHING|FADING|STABLE|spectral radius/);
    },
  );
});
