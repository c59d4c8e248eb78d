// The table of branches: what is counted, what is left out with its reason, and when a goal is missed.
import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { describe, it } from 'node:test';
import { hintsOf, isCounted, runsTheBuild, tableOf } from '../../../build/coverageTable.mjs';

const hintWord = ['istan', 'bul'].join('');

describe('coverage', () => {
  it('counts the readers and the plain engine, and no kernels', () => {
    for (const file of ['src/config/formats/npy.ts', 'src/engine/cells/gru.ts', 'src/engine/index.ts'])
      assert.equal(isCounted(file), true, file);
    for (const file of [
      'src/engine/kernels/gates.ts',
      'src/engine/wasm/abi.ts',
      'src/config/json/kernels/numbers.ts',
      'src/worker/thread/entry.ts',
    ])
      assert.equal(isCounted(file), false, file);
  });

  it('leaves out the tests that start what is built, and no others', () => {
    const files = globSync('test/unit/**/*.test.ts').map((file) => file.replaceAll('\\', '/'));
    const folders = [...new Set(files.filter(runsTheBuild).map((file) => file.split('/')[2]))];
    assert.deepEqual(folders.sort(), ['assistant', 'cli', 'faults', 'fuzz']);
    for (const file of ['test/unit/assistant/skill.test.ts', 'test/unit/worker/client.test.ts'])
      assert.ok(files.includes(file) && !runsTheBuild(file), file);
  });

  it('leaves a branch out for a reason alone', () => {
    // Put together, so that this line is no hint itself.
    const hint = (rest: string): string => `if (a) /* ${hintWord} ignore next${rest} */`;
    assert.deepEqual(hintsOf('a.ts', `\n${hint(' -- the lint wants a default')}`), [
      { file: 'a.ts', line: 2, why: 'the lint wants a default' },
    ]);
    for (const rest of ['', ' --', ' -- no'])
      assert.throws(() => hintsOf('a.ts', hint(rest)), /a\.ts:1: expected a reason behind what coverage leaves out/);
    assert.deepEqual(hintsOf('a.ts', '// nothing'), []);
  });

  it('tells each file, where it misses a branch, and which goal is not reached', () => {
    const missed = [{ type: 'if', arm: 0, line: 7, column: 3 }];
    const config = { file: 'src/config/a.ts', branches: { all: 4, missed }, hints: [] };
    const engine = (all: number) => ({ file: 'src/engine/b.ts', branches: { all, missed }, hints: [] });
    const { text, wrong } = tableOf([config, engine(50)], { places: true });
    assert.match(text, /3 of 4 branches, 75\.00 % \(goal 100 %\)/);
    assert.match(text, /- src\/config\/a\.ts +3\/4\n +src\/config\/a\.ts:7:3 if 0/);
    assert.equal(wrong.length, 1);
    assert.match(wrong[0] ?? '', /the config and its formats .* expected 100 % at least/);
    // 48 of 49 are less than 98 %.
    assert.equal(tableOf([config, engine(49)]).wrong.length, 2);
    assert.equal(tableOf([{ ...config, branches: { all: 4, missed: [] } }, engine(50)]).wrong.length, 0);
  });
});
