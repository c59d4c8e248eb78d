// `npm test`: everything that is checked, in the order in which a failure is cheapest to learn; `npm test -- unit page`
// runs the named suites with what they need. A failed suite does not stop the others. The last line counts all of them.
import { spawn } from 'node:child_process';
import { globSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { prepareChromium } from './chromium.mjs';
import { node24, root } from './modules.mjs';
import { ensureServer } from './vscode-server.mjs';

const passed = { passed: 1, failed: 0, skipped: 0 };
const failed = { passed: 0, failed: 1, skipped: 0 };

/** A suite that is one program: it passes when the program ends with 0. */
const program =
  (...args) =>
  async () => {
    const child = spawn(node24, args, { cwd: root, stdio: 'inherit' });
    const code = await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (status, signal) => resolve(status ?? signal));
    });
    return code === 0 ? passed : failed;
  };

/** A suite of node:test files: every test/FOLDER/**\/*.test.ts, as esbuild bundled it. */
const nodeTests =
  (folder, { concurrency, minutes }) =>
  async () => {
    const files = globSync(`test/${folder}/**/*.test.ts`, { cwd: root })
      .map((file) => path.join(root, 'out', file.replace(/\.ts$/, '.mjs')))
      .sort();
    if (files.length === 0) {
      console.error(`There is no file test/${folder}/**/*.test.ts.`);
      return failed;
    }
    const events = run({
      files,
      concurrency: Math.min(concurrency, availableParallelism()),
      timeout: minutes * 60_000,
      cwd: root,
    });
    let counts = null;
    const empty = [];
    events.on('test:summary', (summary) => {
      if (summary.file === undefined) counts = summary.counts;
    });
    // A file without tests counts as one passed test of its own name.
    events.on('test:pass', ({ name, nesting }) => {
      if (nesting === 0 && files.includes(path.resolve(root, name))) empty.push(name);
    });
    for await (const text of events.compose(spec)) process.stdout.write(text);
    for (const file of empty) console.error(`${file} holds no test.`);
    if (counts === null) return failed;
    return {
      passed: counts.passed - empty.length,
      failed: counts.failed + counts.cancelled + empty.length,
      skipped: counts.skipped + counts.todo,
    };
  };

const suites = {
  typecheck: { needs: [], run: program('node_modules/typescript/bin/tsc', '--noEmit') },
  lint: {
    needs: [],
    run: async () => {
      const [rules, format] = [
        program('node_modules/eslint/bin/eslint.js', '.'),
        program('build/format.mjs', '--check'),
      ];
      const results = [await rules(), await format()];
      return results.find(({ failed: count }) => count > 0) ?? passed;
    },
  },
  build: {
    needs: [],
    run: async () => {
      // Bundles of tests that no longer exist must not run.
      await rm(path.join(root, 'out', 'test'), { recursive: true, force: true });
      return program('build/esbuild.mjs', '--tests')();
    },
  },
  unit: { needs: ['build'], run: nodeTests('unit', { concurrency: 2, minutes: 10 }) },
  page: {
    needs: ['build'],
    run: async () => {
      // A browser that is missing is installed once, before several tests need it at the same time.
      prepareChromium();
      return nodeTests('page', { concurrency: 2, minutes: 10 })();
    },
  },
  // From here on, dist holds the production build that the .vsix was made of: VS Code is tested with what users get.
  vsix: { needs: ['build'], run: program('build/package.mjs') },
  package: { needs: ['vsix'], run: nodeTests('package', { concurrency: 1, minutes: 10 }) },
  vscode: { needs: ['vsix'], run: async () => (await import('../test/vscode/run.mjs')).runVscodeSuite() },
  e2e: {
    needs: ['vsix'],
    run: async () => {
      prepareChromium();
      await ensureServer();
      return nodeTests('e2e', { concurrency: 2, minutes: 20 })();
    },
  },
  // Last, because it builds anew.
  start: { needs: ['build'], run: nodeTests('start', { concurrency: 1, minutes: 10 }) },
};

const chosen = (names) => {
  const unknown = names.find((name) => !(name in suites));
  if (unknown !== undefined)
    throw new Error(`There is no suite "${unknown}"; there are ${Object.keys(suites).join(', ')}.`);
  const wanted = new Set(names);
  const add = (name) =>
    suites[name].needs.forEach((need) => {
      wanted.add(need);
      add(need);
    });
  names.forEach(add);
  return Object.keys(suites).filter((name) => names.length === 0 || wanted.has(name));
};

/** Runs the suites of these names (all of them when there are none); the exit code. */
export async function test(names) {
  const results = new Map();
  for (const name of chosen(names)) {
    console.log(`\n━━ ${name} ━━`);
    const start = performance.now();
    const broken = suites[name].needs.find((need) => results.get(need).failed > 0);
    let counts = failed;
    if (broken === undefined) {
      counts = await suites[name].run().catch((error) => {
        console.error(error.stack);
        return failed;
      });
      if (counts.passed + counts.failed === 0) {
        console.error(`No test of ${name} ran.`);
        counts = { ...counts, failed: 1 };
      }
    } else console.error(`Not run, which counts as a failure: ${broken} failed.`);
    results.set(name, { ...counts, seconds: (performance.now() - start) / 1000 });
  }
  const sum = { passed: 0, failed: 0, skipped: 0 };
  console.log('');
  for (const [name, counts] of results) {
    for (const key of Object.keys(sum)) sum[key] += counts[key];
    console.log(`${name.padEnd(10)} ${line(counts)} (${counts.seconds.toFixed(1)} s)`);
  }
  console.log(`\n${line(sum)}`);
  return sum.failed === 0 ? 0 : 1;
}

const line = ({ passed: good, failed: bad, skipped }) =>
  `${good} passed, ${bad} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
