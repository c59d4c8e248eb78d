// Where the command line writes to, and where it refuses to.
import assert from 'node:assert/strict';
import { chmod, link, lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { cli, leftIn, needsPosix, ran, shell } from './support.js';

const config = JSON.stringify({ name: 'small', weights: 'w.json', sequences: [[1], [1], [1]] });
const weights = JSON.stringify({ Wx: [[1]], Wh: [[0.5]], b: [0] });

let folder = '';
const at = (name: string): string => path.join(folder, name);
const read = (name: string): Promise<string> => readFile(at(name), 'utf8');
const schemaOf = (text: string): number => (JSON.parse(text) as { schema: number }).schema;
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rnn-gradients-outputs-'));
});
beforeEach(async () => {
  await rm(folder, { recursive: true });
  await mkdir(folder);
  await writeFile(at('c.rnn.json'), config);
  await writeFile(at('w.json'), weights);
});
after(() => rm(folder, { recursive: true }));

describe('a target that the run reads', () => {
  const refused = async (why: RegExp, ...args: readonly string[]): Promise<void> => {
    const { code, stdout, stderr } = await cli('run', at('c.rnn.json'), ...args);
    assert.equal(code, 2, args.join(' '));
    assert.equal(stdout, '', 'told before the run');
    assert.match(stderr, /^[^\n]+:1:1: The result could not be written: [^\n]+\n$/);
    assert.match(stderr, why);
    assert.equal(await read('c.rnn.json'), config);
    assert.equal(await read('w.json'), weights);
  };

  it('is refused by its name and by another path to it', async () => {
    for (const option of ['--json', '--html']) {
      for (const name of ['c.rnn.json', 'w.json']) {
        await refused(/the run reads this file \(".*(c\.rnn|w)\.json"\)/, option, at(name));
        await refused(/the run reads this file/, option, path.relative('', at(name)));
      }
    }
  });

  it('is refused through links, symbolic and hard', { skip: needsPosix }, async () => {
    await symlink('c.rnn.json', at('link'));
    await symlink('.', at('folder'));
    await link(at('w.json'), at('hard.json'));
    for (const name of ['link', 'folder/c.rnn.json', 'folder/link', 'hard.json'])
      await refused(/the run reads this file/, '--html', at(name));
    assert.ok((await lstat(at('link'))).isSymbolicLink());
  });

  it('is refused when the config itself is named through a link', { skip: needsPosix }, async () => {
    await symlink('c.rnn.json', at('link'));
    const { code, stderr } = await cli('run', at('link'), '--json', at('c.rnn.json'));
    assert.equal(code, 2);
    assert.match(stderr, /the run reads this file/);
    assert.equal(await read('c.rnn.json'), config);
  });

  it('is not a file of the same content elsewhere', async () => {
    await mkdir(at('other'));
    await writeFile(at('other/w.json'), weights);
    assert.equal((await cli('run', at('c.rnn.json'), '--json', at('other/w.json'))).code, 0);
    assert.equal(schemaOf(await read('other/w.json')), 2);
  });
});

describe('one file for both outputs', () => {
  const refused = async (json: string, html: string): Promise<void> => {
    const { code, stdout, stderr } = await cli('run', at('c.rnn.json'), '--json', json, '--html', html);
    assert.equal(code, 2, `${json} ${html}`);
    assert.equal(stdout, '');
    assert.match(stderr, /The result could not be written: --json and --html name the same file\. Name two\.\n$/);
  };

  it('is refused, there or not', async () => {
    await refused(at('x'), at('x'));
    await refused(at('x'), path.join(folder, 'none', '..', 'x'));
    await writeFile(at('x'), 'old');
    await refused(at('x'), path.relative('', at('x')));
    assert.equal(await read('x'), 'old');
  });

  it('is refused through links, also to nothing', { skip: needsPosix }, async () => {
    await symlink('x', at('link'));
    await symlink('.', at('folder'));
    await refused(at('link'), at('x'));
    await refused(at('x'), at('folder/x'));
    assert.deepEqual(await leftIn(folder, 'c.rnn.json', 'w.json', 'link', 'folder'), []);
  });

  it('may be what keeps nothing', { skip: needsPosix }, async () => {
    assert.equal((await cli('run', at('c.rnn.json'), '--json', '/dev/null', '--html', '/dev/null')).code, 0);
  });
});

describe('the name of a target', () => {
  it('may not be empty', async () => {
    for (const args of [['--json', ''], ['--json='], ['--html', ''], ['--html=']]) {
      const { code, stdout, stderr } = await cli('run', at('c.rnn.json'), ...args);
      assert.equal(code, 2, args.join(' '));
      assert.equal(stdout, '');
      assert.match(stderr, /^--(json|html) takes the name of a file, and it is empty\.\n/);
    }
    assert.match((await cli('run', '')).stderr, /^The config to run is missing\.\n/);
  });

  it('may not be that of a folder that is not there', async () => {
    const { code, stdout, stderr } = await cli('run', at('c.rnn.json'), '--json', `${at('new')}/`);
    assert.equal(code, 2);
    assert.equal(stdout, '');
    assert.match(stderr, /it is a folder/);
  });
});

describe('what is written', () => {
  it('replaces the old file and leaves nothing beside it', async () => {
    await writeFile(at('r.json'), 'old');
    await writeFile(at('r.html'), 'old');
    assert.equal((await cli('run', at('c.rnn.json'), '--json', at('r.json'), '--html', at('r.html'))).code, 0);
    assert.equal(schemaOf(await read('r.json')), 2);
    assert.match(await read('r.html'), /^<!DOCTYPE html>/);
    assert.deepEqual(await leftIn(folder, 'c.rnn.json', 'w.json', 'r.json', 'r.html'), []);
  });

  it('has the mode of the old file, and without one that of any new file', { skip: needsPosix }, async () => {
    for (const mode of [0o600, 0o664, 0o666]) {
      await writeFile(at('r.json'), 'old');
      await chmod(at('r.json'), mode);
      assert.equal((await shell('umask 077; CLI run "$1" --json "$2"', at('c.rnn.json'), at('r.json'))).code, 0);
      assert.equal(((await stat(at('r.json'))).mode & 0o777).toString(8), mode.toString(8));
    }
    assert.equal((await shell('umask 027; CLI run "$1" --json "$2"', at('c.rnn.json'), at('new.json'))).code, 0);
    assert.equal(((await stat(at('new.json'))).mode & 0o777).toString(8), '640');
  });

  it(
    'goes where links lead, which stay links, also to nothing and in several steps',
    { skip: needsPosix },
    async () => {
      await mkdir(at('far'));
      await writeFile(at('far/there.json'), 'old');
      await symlink('far/there.json', at('link'));
      await symlink('link', at('second'));
      await symlink('far/none.json', at('dangling'));
      for (const [name, file] of [
        ['second', 'far/there.json'],
        ['dangling', 'far/none.json'],
      ] as const) {
        assert.equal((await cli('run', at('c.rnn.json'), '--json', at(name))).code, 0);
        assert.equal(schemaOf(await read(file)), 2);
      }
      for (const name of ['link', 'second', 'dangling']) assert.ok((await lstat(at(name))).isSymbolicLink(), name);
      assert.deepEqual(await leftIn(at('far'), 'there.json', 'none.json'), []);
      await symlink('circle', at('circle'));
      assert.match(
        (await cli('run', at('c.rnn.json'), '--json', at('circle'))).stderr,
        /^[^\n]*circle:1:1: The result could not be written: ELOOP[^\n]* The links go round in a circle: [^\n]*\n$/,
      );
    },
  );

  it('goes into pipes and open files as they are', { skip: needsPosix }, async () => {
    assert.equal((await ran('mkfifo', [at('pipe')])).code, 0);
    const piped = await shell(
      'cat "$2" & CLI run "$1" --json "$2" > "$3"; code=$?; wait; exit $code',
      at('c.rnn.json'),
      at('pipe'),
      '/dev/null',
    );
    assert.equal(piped.code, 0, piped.stderr);
    assert.equal(schemaOf(piped.stdout), 2);
    assert.ok((await lstat(at('pipe'))).isFIFO());
    const open = await shell('CLI run "$1" --html /dev/stdout | cat', at('c.rnn.json'));
    assert.match(open.stdout, /<!DOCTYPE html>/);
    // The shell holds this file open: another of its name would not be the one that it goes on writing to.
    const number = async (): Promise<number> => (await stat(at('shell.txt'))).ino;
    await writeFile(at('shell.txt'), '');
    const before = await number();
    assert.equal((await shell('CLI run "$1" --json /dev/stdout > "$2"', at('c.rnn.json'), at('shell.txt'))).code, 0);
    assert.equal(await number(), before);
  });

  it(
    'is refused before the run where the folder takes no new file',
    { skip: process.getuid?.() === 0 ? 'the superuser may write everywhere' : needsPosix },
    async () => {
      await mkdir(at('closed'));
      await writeFile(at('closed/r.json'), 'old');
      await chmod(at('closed'), 0o555);
      const { code, stdout, stderr } = await cli('run', at('c.rnn.json'), '--json', at('closed/r.json'));
      await chmod(at('closed'), 0o755);
      assert.equal(code, 2);
      assert.equal(stdout, '');
      assert.match(stderr, /this folder takes no new file \(EACCES[^\n]*Name a file in another folder\.\n$/);
      assert.equal(await read('closed/r.json'), 'old');
    },
  );
});
