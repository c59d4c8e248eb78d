// `npm run mutate`: mutants of the cells, the verdict and the formats, and how many of them some unit test notices.
//   --only src/config/formats/npy.ts   mutates this file alone (a glob is as good, and so are several)
//   --sample 0.1                       tries that share of them, the same ones each time (usual: see `usualShare`)
//   --again                            tries those alone that survived the last run
//   --survivors                        tells each mutant that no test noticed
// Stryker puts all mutants into one build and chooses one at run time; build/mutation/runner.mjs runs the tests.
import path from 'node:path';
import { mkdir, writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { ensureModules, root, underNode24 } from './modules.mjs';

ensureModules();
await underNode24();
const { Stryker } = await import('@stryker-mutator/core');
const { buildKernels } = await import('./kernels.mjs');
const { choice } = await import('./mutation/sample.mjs');
const { mutated } = await import('./mutation/scope.mjs');
const { mutantTable } = await import('./mutation/table.mjs');

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    sample: { type: 'string' },
    again: { type: 'boolean' },
    survivors: { type: 'boolean' },
  },
});
/** All mutants of all files take hours; of one file all are tried. */
const usualShare = flags.only === undefined ? 0.1 : 1;
const share = flags.sample === undefined ? usualShare : Number(flags.sample);
if (!(share > 0 && share <= 1)) throw new Error(`--sample takes a share above 0 and up to 1, not "${flags.sample}".`);
const survivorsFile = path.join(root, 'out', 'mutation', 'survivors.txt');
const chosen = flags.again === true ? { from: survivorsFile } : { share };
const isChosen = choice(chosen);
process.env.RNN_MUTANTS = JSON.stringify(chosen);
const patterns = flags.only ?? mutated;
process.chdir(root);
await buildKernels();
await mkdir(path.join('out', 'mutation'), { recursive: true });
const results = await new Stryker({
  mutate: patterns,
  testRunner: 'mutants',
  plugins: [path.join(root, 'build', 'mutation', 'runner.mjs')],
  ignorers: ['sentences'],
  ignoreStatic: true,
  buildCommand: `node build/mutation/bundle.mjs ${patterns.join(' ')}`,
  coverageAnalysis: 'perTest',
  concurrency: 2,
  maxTestRunnerReuse: 1_500,
  testRunnerNodeArgs: ['--max-old-space-size=1500'],
  // The runner has limits of its own; this one ends what they do not.
  timeoutMS: 60_000,
  timeoutFactor: 2,
  dryRunTimeoutMinutes: 10,
  disableTypeChecks: false,
  ignorePatterns: ['/dist', '/out/*', '!/out/kernels', '/.vscode-test', '*.vsix', '/media', '/test/fixtures/pictures'],
  tempDirName: 'out/mutation/sandbox',
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: 'out/mutation/report.json' },
  allowConsoleColors: false,
  // A process that an endless mutant ends is no news.
  logLevel: 'error',
  thresholds: { high: 95, low: 90, break: null },
}).runMutationTest();

const { text, noticed, survivors } = mutantTable(results, root, isChosen);
await writeFile(survivorsFile, `${survivors.join('\n')}\n`);
if (flags.survivors === true) console.log(survivors.join('\n'));
console.log(text);
const goal = 0.85;
if (!(noticed >= goal)) {
  console.error(`${(100 * noticed).toFixed(1)} % of the mutants were noticed, expected ${100 * goal} % at least.`);
  process.exitCode = 1;
}
