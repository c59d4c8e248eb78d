// `npm run coverage`: which branches of the config's readers and of the engine's plain path the unit tests take.
//   --only src/config/formats   tells these files alone; the goals are those of all files all the same
//   --missed                    tells where each branch stands that no test takes
//   --tests 'config/|engine/'   runs the test files that this expression fits: no goal is asked of a part
// Istanbul's counters are written into the sources before they are bundled. Each test file is a bundle of its own, so
// one source stands in a hundred bundles: its counters are the same in each and are added up, while what V8 tells of a
// bundle has other places and other ranges in each of them.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { ensureModules, node24, root, underNode24 } from './modules.mjs';

ensureModules();
await underNode24();
const { testFiles } = await import('./nodeTests.mjs');
const { bundleTests } = await import('./rewrittenTests.mjs');
const { branchesOf, hintsOf, isCounted, runsTheBuild, tableOf } = await import('./coverageTable.mjs');
const { default: instrumentation } = await import('istanbul-lib-instrument');
const { default: coverage } = await import('istanbul-lib-coverage');

const { values: flags } = parseArgs({
  options: { only: { type: 'string' }, missed: { type: 'boolean' }, tests: { type: 'string' } },
});
const folder = path.join(root, 'out', 'coverage');
const counters = path.join(folder, 'counters');
await rm(folder, { recursive: true, force: true });
await mkdir(counters, { recursive: true });

const instrumenter = instrumentation.createInstrumenter({
  esModules: true,
  compact: false,
  parserPlugins: ['typescript'],
});
const sources = globSync('src/**/*.ts', { cwd: root })
  .map((file) => file.replaceAll(path.sep, '/'))
  .filter(isCounted)
  .sort();
const map = coverage.createCoverageMap({});
const hints = [];
const rewritten = new Map();
for (const file of sources) {
  const text = await readFile(path.join(root, file), 'utf8');
  rewritten.set(file, instrumenter.instrumentSync(text, file));
  // A file that no test loads has branches, too.
  map.addFileCoverage(instrumenter.lastFileCoverage());
  hints.push(...hintsOf(file, text));
}

const tests = testFiles('unit').filter((file) => !runsTheBuild(file) && new RegExp(flags.tests ?? '').test(file));
if (tests.length === 0) throw new Error(`--tests ${flags.tests}: expected a part of a name in test/unit, found none.`);
// Threads that a test starts, and schemas that it compares, are those of the build.
const building = spawn(node24, ['build/esbuild.mjs', '--tests'], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
const [status] = await once(building, 'close');
if (status !== 0) throw new Error(`The build ended (${status}).`);
const bundles = await bundleTests({
  files: tests,
  outdir: 'out/coverage/test',
  matches: isCounted,
  rewrite: (file) => rewritten.get(file),
});
// What only looks at the project's own files takes no branch of it.
const files = bundles
  .filter(({ sources: used }) => used.some((source) => rewritten.has(source)))
  .map(({ file }) => path.join(folder, file.replace(/\.ts$/, '.mjs')));

let failed = 0;
const events = run({
  files,
  cwd: root,
  concurrency: 2,
  execArgv: ['--import', pathToFileURL(path.join(root, 'build', 'countedBranches.mjs')).href],
  env: { ...process.env, RNN_COVERAGE: counters },
});
events.on('test:fail', () => failed++);
for await (const text of events.compose(spec)) if (/✖/.test(text)) process.stdout.write(text);

for (const file of await readdir(counters)) map.merge(JSON.parse(await readFile(path.join(counters, file), 'utf8')));
const told = map.files().map((file) => ({
  file,
  branches: branchesOf(map.fileCoverageFor(file).toJSON()),
  hints: hints.filter((hint) => hint.file === file),
}));
const { text, wrong } = tableOf(told, { only: flags.only, places: flags.missed === true });
console.log(text);
if (failed > 0) wrong.push(`${failed} tests failed under the counters; without them \`npm test\` tells more.`);
for (const line of wrong) console.error(line);
process.exitCode = wrong.length === 0 || (flags.tests !== undefined && failed === 0) ? 0 : 1;
