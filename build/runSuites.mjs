// `npm test`: everything that is checked; `npm test -- unit page` runs the named suites with what they need. A failed
// suite does not stop the others. The last line counts all of them.
//   --changed   only what the changes since the branch main, and those that are not committed, can break
//               (build/changed.mjs)
//   --long      the long forms of the tests that have one (test/support/long.ts)
//   --vscode oldest|newest
//               in which VS Code its windows run: that of `engines.vscode`, or the newest (build/vscode-server.mjs)
import { parseArgs } from 'node:util';
import { changedFiles, testsThatMayBreak } from './changed.mjs';
import { Lanes, Speakers } from './lanes.mjs';
import { keepDurations } from './nodeTests.mjs';

const line = ({ passed, failed: bad, skipped }) =>
  `${passed} passed, ${bad} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
const sum = (all) => ({
  passed: all.reduce((count, { passed }) => count + passed, 0),
  failed: all.reduce((count, { failed: bad }) => count + bad, 0),
  skipped: all.reduce((count, { skipped }) => count + skipped, 0),
  failures: all.flatMap(({ failures = [] }) => failures),
});

/** The named suites and those that they need, in the order of the table; all of them without names. */
const chosen = (suites, names) => {
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

const flags = {
  changed: { type: 'boolean' },
  long: { type: 'boolean' },
  vscode: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
};

const usage = (suites) => `npm test [-- [SUITE]… [--changed] [--long] [--vscode oldest|newest]]

Without a name everything is tested; a suite also runs those that it needs. The last line counts all tests.

  ${Object.keys(suites).join(', ')}

  --changed   only what the changes since the branch main, and those that are not committed, can break
  --long      the long forms of the tests that have one
  --vscode    in which VS Code windows run: the oldest that is supported, or the newest (also without this flag)`;

/** What the arguments of `npm test` ask for: names of suites, and flags. */
const readArguments = (args) => {
  const { values, positionals } = parseArgs({ args, options: flags, allowPositionals: true });
  return {
    names: positionals,
    help: values.help === true,
    onlyChanged: values.changed === true,
    long: values.long === true,
    vscode: values.vscode,
  };
};

/** Runs what the arguments of `npm test` ask for; the exit code. */
export async function test(args) {
  const { names, help, onlyChanged, long, vscode } = readArguments(args);
  if (long) process.env.RNN_LONG_TESTS = '1';
  if (vscode !== undefined) process.env.RNN_TEST_VSCODE = vscode;
  // The servers of windows read the version that was asked for when they are loaded.
  const { suites } = await import('./suites.mjs');
  if (help) {
    console.log(usage(suites));
    return 0;
  }
  const running = new Map();
  const wanted = chosen(suites, names);
  const lanes = new Lanes();
  const speakers = new Speakers();
  const durations = new Map();
  /**
   * Of some test files those that are to run. What can break is known once the build has told which bundle is made of
   * which files.
   */
  let breakable = null;
  const pick = async (files) => {
    if (!onlyChanged) return files;
    breakable ??= changedFiles().then(testsThatMayBreak);
    const may = await breakable;
    return files.filter((file) => may.has(file));
  };

  const runSuite = async (name) => {
    const { needs, after = [], rank, prepare = () => Promise.resolve(), jobs } = suites[name];
    const results = new Map();
    // What is to be installed comes while others compute; whether it could be is asked below.
    const prepared = prepare();
    prepared.catch(() => undefined);
    for (const other of [...needs, ...after].filter((one) => running.has(one)))
      results.set(other, await running.get(other));
    // It begins with its first job: a suite that still waits for a lane must not keep the others from speaking.
    let begun = null;
    const begin = () => {
      if (begun !== null) return begun;
      begun = { from: performance.now(), speaker: speakers.open() };
      begun.speaker.write(`\n━━ ${name} ━━\n`);
      return begun;
    };
    const write = (text) => begin().speaker.write(text);
    const complain = (text) => {
      write(`${text}\n`);
      return { passed: 0, failed: 1, skipped: 0, failures: [text] };
    };
    const start = (job) => {
      begin();
      return job.run({ write }).catch((error) => complain(error.stack));
    };
    const run = async () => {
      const broken = needs.find((need) => results.get(need).failed > 0);
      if (broken !== undefined) return complain(`Not run, which counts as a failure: ${broken} failed.`);
      await prepared;
      const list = await jobs({ picked: pick, durations });
      if (list.length === 0 && onlyChanged) {
        write('Nothing of it can be broken by what has changed.\n');
        return sum([]);
      }
      const told = await Promise.all(list.map((job) => lanes.add(() => start(job), rank * 10_000 + job.seconds)));
      const counts = sum(told);
      return counts.passed + counts.failed === 0 ? complain(`No test of ${name} ran.`) : counts;
    };
    const counts = await run().catch((error) => complain(error.stack));
    const { from, speaker } = begin();
    speaker.end();
    return { ...counts, seconds: (performance.now() - from) / 1000 };
  };
  for (const name of wanted) running.set(name, runSuite(name));
  const results = [];
  for (const [name, result] of running) results.push([name, await result]);
  await keepDurations(durations);

  // Once more at the end, where one looks first: a long run's output is often cut to its last lines.
  for (const [name, { failures }] of results) for (const text of failures) console.log(`\n✖ ${name}: ${text}`);
  console.log('');
  for (const [name, counts] of results)
    console.log(`${name.padEnd(10)} ${line(counts)} (${counts.seconds.toFixed(1)} s)`);
  const total = sum(results.map(([, counts]) => counts));
  console.log(`\n${line(total)}`);
  return total.failed === 0 ? 0 : 1;
}
