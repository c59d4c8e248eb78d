// Groups of test files: what counts as failed, so that no test gets lost without anybody hearing of it.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';

type Counts = {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly failures: readonly string[];
};

const folder = mkdtempSync(path.join('out', 'test', 'scratch-'));
after(() => rmSync(folder, { recursive: true }));

const files: Readonly<Record<string, string>> = {
  good: "import { it } from 'node:test'; it('one', () => {}); it('two', () => {}); it.skip('three', () => {});",
  bad: "import { it } from 'node:test'; it('one', () => {}); it('two', () => { throw new Error('two is bad'); });",
  empty: 'export {};',
  broken: "throw new Error('broken at load');",
  hook: "import { after, it } from 'node:test'; after(() => { throw new Error('bad hook'); }); it('one', () => {});",
  dying: "import { it } from 'node:test'; it('one', () => { process.exit(0); });",
};

/** Runs these files as one group, in a process that is no test itself. */
function runGroup(names: readonly string[]): { readonly counts: Counts; readonly said: string } {
  for (const name of names) writeFileSync(path.join(folder, `${name}.test.mjs`), files[name] ?? '');
  const wanted = names.map((name) => `${path.relative('out', folder).replaceAll(path.sep, '/')}/${name}.test.ts`);
  const script = path.join(folder, 'run.mjs');
  writeFileSync(
    script,
    `import { runGroup } from '../../../build/nodeTests.mjs';
    let said = '';
    const counts = await runGroup(${JSON.stringify(wanted)}, { minutes: 1, write: (text) => { said += text; } });
    console.log(JSON.stringify({ counts, said }));`,
  );
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NODE_TEST_CONTEXT'));
  const { stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', env });
  assert.notEqual(stdout, '', stderr);
  return JSON.parse(stdout) as { counts: Counts; said: string };
}

describe('a group of test files', () => {
  const cases: readonly (readonly [names: readonly string[], counts: Omit<Counts, 'failures'>, says: RegExp])[] = [
    [['good'], { passed: 2, failed: 0, skipped: 1 }, /one/],
    [['bad', 'good'], { passed: 3, failed: 1, skipped: 1 }, /two is bad/],
    [['empty', 'good'], { passed: 2, failed: 1, skipped: 1 }, /empty\.test\.ts: no test of it ran/],
    [['broken', 'good'], { passed: 2, failed: 1, skipped: 1 }, /broken at load/],
    [['hook', 'good'], { passed: 3, failed: 1, skipped: 1 }, /bad hook/],
    // The process ends, with success, before the second file: neither has told what came of it.
    [['dying', 'good'], { passed: 0, failed: 2, skipped: 0 }, /good\.test\.ts: no test of it ran/],
  ];
  for (const [names, counts, says] of cases) {
    it(`of ${names.join(' and ')} counts ${counts.failed} failed`, () => {
      const run = runGroup(names);
      assert.match(run.said, says);
      const { failures, ...told } = run.counts;
      assert.deepEqual(told, counts);
      // What is told once more at the end of `npm test`.
      if (counts.failed > 0) assert.match(failures.join('\n'), says);
      else assert.deepEqual(failures, []);
    });
  }
});
