// What the workflows of GitHub Actions may do: the commands of the README, with pinned actions and the least of rights.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { serverVersions } from '../../../build/vscode-server.mjs';

const folder = '.github/workflows';
const files = readdirSync(folder);
const textOf = (file: string): string => readFileSync(path.join(folder, file), 'utf8');
const all = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, found = '']) => found);
const whole = files.map(textOf).join('\n');
const suites = all(readFileSync('build/suites.mjs', 'utf8'), /^ {2}(\w+): \{/gm);

describe('the workflows', () => {
  it('are those of the tests and of the release', () => assert.deepEqual(files.sort(), ['release.yml', 'tests.yml']));

  it('pin each action by its commit, with its version beside it, and everywhere the same', () => {
    const used = all(whole, /^\s*(?:- )?uses: (.*)$/gm);
    assert.ok(used.length >= 4);
    for (const action of used) assert.match(action, /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    const names = new Set(used.map((action) => action.replace(/@.*/, '')));
    assert.equal(new Set(used).size, names.size, used.join('\n'));
  });

  it('run nothing but the two commands and the release, and name suites that there are', () => {
    const commands = all(whole, /^\s*(?:- )?run: (.*)$/gm);
    assert.equal(commands.length, all(whole, /\b(run):/g).length, 'each in one line');
    for (const command of commands)
      assert.match(command, /^npm (?:start|test|run release)(?: -- [-\w ]+(?:\$\{\{ matrix\.vscode \}\})?)?$/);
    const named = commands.flatMap((command) => all(command.replace(/ --vscode.*/, ''), /(?<= )(\w+)(?= |$)/g));
    const words = new Set(['test', 'run', 'release', 'start', ...suites]);
    assert.ok(suites.includes('vscode') && suites.includes('unit'), suites.join(' '));
    assert.deepEqual(
      named.filter((word) => !words.has(word)),
      [],
    );
  });

  it('test on three systems, in the oldest and the newest VS Code, and package', () => {
    const tests = textOf('tests.yml');
    for (const system of ['ubuntu', 'macos', 'windows']) assert.match(tests, new RegExp(`\\b${system}-\\d`));
    for (const version of Object.keys(serverVersions)) assert.match(tests, new RegExp(`\\b${version}\\b`));
    assert.match(tests, /npm run release -- --dry-run/);
  });

  it('may read, and only the release may write: a tag, and its identity', () => {
    for (const file of files) {
      const text = textOf(file);
      assert.match(text, /^permissions:\n {2}contents: read\n\n/m, file);
      const writes = all(text, /^ *([\w-]+): write\b/gm);
      assert.deepEqual(writes, file === 'release.yml' ? ['contents', 'id-token'] : [], file);
      assert.doesNotMatch(text, /pull_request_target|write-all/, file);
    }
    assert.deepEqual(all(whole, /secrets\.(\w+)/g), ['OVSX_PAT']);
  });

  it('name no place to fetch anything from', () => {
    assert.doesNotMatch(whole, /https?:|registry|npmjs|curl|wget/);
  });
});

describe('the oldest VS Code of the tests', () => {
  it('is the one that the manifest promises, and that the types are of', () => {
    const { engines, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      readonly engines: { readonly vscode: string };
      readonly devDependencies: Readonly<Record<string, string>>;
    };
    const [, minor = ''] = /^\^1\.(\d+)\.0$/.exec(engines.vscode) ?? [];
    assert.match(serverVersions.oldest, new RegExp(`^4\\.${minor}\\.`));
    assert.equal(devDependencies['@types/vscode'], `1.${minor}.0`);
  });
});
