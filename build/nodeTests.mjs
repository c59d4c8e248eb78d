// Suites of node:test files: which files there are, how they are dealt out to processes, and what came of them.
import { globSync, readFileSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { root } from './modules.mjs';

const group = path.join(root, 'build', 'testGroup.mjs');
const durationsFile = path.join(root, 'out', 'durations.json');
/** What files took once on two busy processors, for those that have never run here: `out/durations.json` of a run. */
const firstDurationsFile = path.join(root, 'build', 'durations.json');

/** The bundle of a test file. */
const bundleOf = (file) => path.join(root, 'out', file.replace(/\.ts$/, '.mjs'));

/** Test files of a folder, as they lie in the project; in the short form without those of the long one. */
export const testFiles = (folder) =>
  globSync(`test/${folder}/**/*.test.ts`, { cwd: root })
    .map((file) => file.replaceAll(path.sep, '/'))
    .filter((file) => process.env.RNN_LONG_TESTS === '1' || !file.endsWith('.long.test.ts'))
    .sort();

const readDurations = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return {};
    throw error;
  }
};

/**
 * Seconds that each file took the last time, here or elsewhere; a guess by its length where it is new. They decide the
 * order alone.
 */
export function estimates(files) {
  const known = { ...readDurations(firstDurationsFile), ...readDurations(durationsFile) };
  return new Map(files.map((file) => [file, known[file] ?? statSync(path.join(root, file)).size / 1000]));
}

export async function keepDurations(durations) {
  await mkdir(path.dirname(durationsFile), { recursive: true });
  await writeFile(
    durationsFile,
    JSON.stringify({ ...readDurations(durationsFile), ...Object.fromEntries(durations) }, null, 1),
  );
}

/**
 * Deals files out to `count` groups that take about as long as each other: the longest first, each to the group with
 * least to do.
 */
export function deal(files, count, seconds) {
  const groups = Array.from({ length: Math.min(count, files.length) }, () => ({ files: [], seconds: 0 }));
  for (const file of files.toSorted((a, b) => seconds.get(b) - seconds.get(a))) {
    const least = groups.reduce((a, b) => (b.seconds < a.seconds ? b : a));
    least.files.push(file);
    least.seconds += seconds.get(file);
  }
  return groups;
}

/** node:test ends each run with its own counts, which a sum over all processes replaces. */
const isCount = ({ type, data }) =>
  type === 'test:diagnostic' &&
  data.nesting === 0 &&
  /^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /.test(data.message);

async function* withoutCounts(events) {
  for await (const event of events) if (!isCount(event)) yield event;
}

/** What a failed test is told as at the end of a run: where it stands, and the first lines of why it failed. */
export const failureText = (names, why) => [names.join(' › '), ...why.trim().split('\n').slice(0, 12)].join('\n    ');

/**
 * Runs files in one process of their own; what it says goes to `write`, what each file took to `durations`. The counts,
 * and each failure's text.
 */
export async function runGroup(files, { minutes, write, durations = new Map() }) {
  const events = run({ files: [group], argv: files.map(bundleOf), timeout: minutes * 60_000, cwd: root });
  let counts = null;
  let own = 0;
  let ofGroup = 0;
  const met = new Map();
  let tests = 0;
  const failures = [];
  /** Names of the suites around the test that is told of, and its own. */
  const names = [];
  const ended = ({ nesting, name, details }, failed) => {
    // A process that ends before it has told of any test counts as one test of its own name.
    if (nesting === 0 && path.resolve(root, name) === group) {
      if (!failed) ofGroup++;
      return;
    }
    const suite = details.type === 'suite';
    if (failed && !(suite && details.error?.failureType === 'subtestsFailed'))
      failures.push(failureText(names.slice(0, nesting + 1), String(details.error?.cause?.stack ?? details.error)));
    if (!suite) {
      tests++;
      return;
    }
    // A file that cannot be loaded, or a hook that fails: no test of it needs to have failed.
    if (failed && details.error?.failureType !== 'subtestsFailed') own++;
    if (nesting > 0) return;
    met.set(name, failed ? Infinity : tests);
    tests = 0;
    durations.set(`test/${name}.ts`, details.duration_ms / 1000);
  };
  events.on('test:start', ({ nesting, name }) => names.splice(nesting, names.length, name));
  events.on('test:pass', (data) => ended(data, false));
  events.on('test:fail', (data) => ended(data, true));
  events.on('test:summary', (summary) => {
    if (summary.file === undefined) counts = summary.counts;
  });
  for await (const text of events.compose(withoutCounts).compose(spec)) write(text);
  const silent = files.filter((file) => (met.get(file.slice('test/'.length, -'.ts'.length)) ?? 0) === 0);
  for (const file of silent) {
    write(`${file}: no test of it ran.\n`);
    failures.push(`${file}: no test of it ran.`);
  }
  if (counts === null) return { passed: 0, failed: 1, skipped: 0, failures };
  return {
    passed: counts.passed - ofGroup,
    failed: counts.failed + counts.cancelled + own + silent.length,
    skipped: counts.skipped + counts.todo,
    failures,
  };
}
