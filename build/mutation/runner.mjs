// Stryker's way to the tests: they are loaded once and run again for each mutant that they reach, the quickest first,
// until one fails. Each has a limit, so that a loop without an end costs seconds.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { commonTokens, declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';

import { choice } from './sample.mjs';
import { isSlow } from './scope.mjs';

/** A mutant is tried by the quickest tests that reach it, until they together have taken this long without mutants. */
const longestTried = 1_000;
/** So often may a mutant be reached in a test: this, and this many times what is usual in that test. */
const [fewHits, timesHits] = [10_000, 100];
/** Such processor time may a test take, in milliseconds: this, and this many times the usual one. */
const [littleTime, timesTime] = [2_000, 10];
/** So long may a test wait for what never comes. */
const longestWait = 20_000;

const outdir = path.join('out', 'mutants');
const knownFile = path.join(outdir, 'known.json');
const marks = path.join(outdir, 'running');

/** What the bundles of bundle.mjs ask. */
const mutants = {
  active: -1,
  left: 0,
  hits: new Float64Array(0),
  reached() {
    if (--this.left < 0) throw new Error('The mutant was reached too often.');
    return true;
  },
};

const until = new Float64Array(new SharedArrayBuffer(8));
const processorTime = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/** That of the sandbox, which is where the bundles have it from. */
let closeSuites, declaredBy, runTest;

class MutantTests {
  static inject = [commonTokens.options];
  #isChosen = choice(JSON.parse(process.env.RNN_MUTANTS));
  #bundles = new Map();
  /** Of each test by its id: how long it takes, and how often it reaches which mutant. */
  #known = new Map();
  /** Of each source, the tests that noticed a mutant of it, the last one first. */
  #noticed = new Map();
  #watchdog;

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    const place = pathToFileURL(path.resolve('build', 'mutation', 'nodeTest.mjs')).href;
    ({ closeSuites, declaredBy, runTest } = await import(place));
    const { bundles, mutants: count } = JSON.parse(readFileSync(path.join(outdir, 'tests.json'), 'utf8'));
    for (const bundle of bundles) this.#bundles.set(bundle.file, bundle);
    mutants.hits = new Float64Array(count);
    globalThis.mutantsInTests = mutants;
    this.#watchdog = new Worker(new URL('watchdog.mjs', import.meta.url), { workerData: until.buffer });
    this.#watchdog.unref();
    mkdirSync(marks, { recursive: true });
  }

  async #testsOf(file) {
    const bundle = this.#bundles.get(file);
    if (bundle.tests === undefined) {
      const declared = await declaredBy(() => import(pathToFileURL(path.resolve(bundle.bundle)).href));
      bundle.tests = declared.map((test, i) => ({ ...test, id: `${file} ${i}`, file }));
    }
    return bundle.tests;
  }

  async dryRun() {
    const coverage = { static: {}, perTest: {} };
    const tests = [];
    const hitsOf = () => {
      const hits = {};
      for (const [id, count] of mutants.hits.entries()) if (count > 0) hits[id] = count;
      mutants.hits.fill(0);
      return hits;
    };
    for (const file of this.#bundles.keys()) await this.#testsOf(file);
    coverage.static = hitsOf();
    for (const { file, tests: all } of this.#bundles.values()) {
      for (const test of all) {
        if (isSlow(file, test.names)) continue;
        const from = processorTime();
        const failure = await failureOf(test);
        const timeSpentMs = processorTime() - from;
        const hits = hitsOf();
        coverage.perTest[test.id] = hits;
        tests.push({
          id: test.id,
          name: [file, ...test.names].join(' › '),
          fileName: path.resolve(file),
          timeSpentMs,
          ...(failure === null ? { status: 0 } : { status: 1, failureMessage: failure }),
        });
        this.#known.set(test.id, { file, took: timeSpentMs, hits });
      }
    }
    writeFileSync(knownFile, JSON.stringify([...this.#known]));
    return { status: 'complete', tests, mutantCoverage: coverage };
  }

  /** Of several processes one has run them all before. */
  #readKnown() {
    if (this.#known.size === 0) this.#known = new Map(JSON.parse(readFileSync(knownFile, 'utf8')));
  }

  async mutantRun({ activeMutant, testFilter, sandboxFileName }) {
    const source = path.relative(process.cwd(), sandboxFileName).replaceAll(path.sep, '/');
    // Stryker knows no samples: what is not in this one is told as no result, and counted nowhere.
    if (!this.#isChosen(source, { ...activeMutant, location: counted(activeMutant.location) }))
      return { status: 'error', errorMessage: 'not in the sample' };
    this.#readKnown();
    const mark = path.join(marks, activeMutant.id);
    const before = existsSync(mark) ? readFileSync(mark, 'utf8') : '';
    if (before === 'running') return { status: 'timeout', reason: 'a test took so long that its process was ended' };
    writeFileSync(mark, 'running');
    const told = await this.#firstFailure(this.#triedBy(testFilter, source), activeMutant.id, mark, before);
    if (told.status === 'killed') this.#remember(source, told.killedBy[0]);
    rmSync(mark);
    return told;
  }

  /** The quickest ones, those first that noticed other mutants of this source. */
  #triedBy(ids, source) {
    let sum = 0;
    const tried = ids
      .map((id) => ({ id, ...this.#known.get(id) }))
      .sort((a, b) => a.took - b.took)
      .filter(({ took }, i) => (sum += took) <= longestTried || i === 0);
    const last = this.#noticed.get(source) ?? [];
    const rank = ({ id }) => (last.includes(id) ? last.indexOf(id) : Infinity);
    return tried.sort((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)));
  }

  #remember(source, id) {
    const others = (this.#noticed.get(source) ?? []).filter((other) => other !== id);
    this.#noticed.set(source, [id, ...others].slice(0, 20));
  }

  async #firstFailure(tried, mutant, mark, before) {
    for (const [i, { id, file, took, hits }] of tried.entries()) {
      const test = (await this.#testsOf(file)).find((one) => one.id === id);
      mutants.left = fewHits + timesHits * hits[mutant];
      until[0] = processorTime() + littleTime + timesTime * took;
      mutants.active = Number(mutant);
      const failure = await failureOf(test);
      mutants.active = -1;
      until[0] = 0;
      if (failure === null) continue;
      if (mutants.left < 0 || failure === waitedInVain) return { status: 'timeout', reason: failure };
      // What a mutant has left behind must not be told of the next one: the test has to pass without it.
      if (before === '' && (await failureOf(test)) !== null) {
        writeFileSync(mark, 'left something behind');
        process.exit(1);
      }
      return { status: 'killed', killedBy: [id], failureMessage: failure, nrOfTests: i + 1 };
    }
    return { status: 'survived', nrOfTests: tried.length };
  }

  async dispose() {
    for (const { tests } of this.#bundles.values()) if (tests !== undefined) await closeSuites(tests);
    await this.#watchdog?.terminate();
  }
}

/** Reports count lines and columns from one, mutants that are run from zero. */
const counted = ({ start, end }) => ({
  start: { line: start.line + 1, column: start.column + 1 },
  end: { line: end.line + 1, column: end.column + 1 },
});

const waitedInVain = 'The test waited in vain.';

async function failureOf(test) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(waitedInVain), longestWait);
  });
  try {
    await Promise.race([runTest(test), late]);
    return null;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    clearTimeout(timer);
  }
}

/** The sentences that `t` says are held by the tests of languages: any other one is as good to what is computed. */
class Sentences {
  shouldIgnore(path) {
    if (path.node.type !== 'StringLiteral') return undefined;
    // A long sentence is joined of several literals.
    let whole = path;
    while (whole.parent?.type === 'BinaryExpression') whole = whole.parentPath;
    const { listKey, key, parent } = whole;
    const isSaid =
      listKey === 'arguments' &&
      key === 0 &&
      parent?.type === 'CallExpression' &&
      ['t', 'say'].includes(parent.callee.name);
    return isSaid ? 'a sentence to the user, held by test/unit/l10n' : undefined;
  }
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, 'mutants', MutantTests),
  declareClassPlugin(PluginKind.Ignore, 'sentences', Sentences),
];
