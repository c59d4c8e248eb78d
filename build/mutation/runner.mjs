// Stryker's way to the tests: they are loaded once and run again for each mutant that they reach, the quickest first,
// until one fails. A mutant of what is computed while a module loads needs the bundles loaded anew.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { commonTokens, declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { INSTRUMENTER_CONSTANTS } from '@stryker-mutator/api/core';

import { isInSample } from './sample.mjs';

const namespace = (globalThis[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {});

/** Within this time a mutant is tried with tests that load it anew; those that take longer are left out. */
const longestLoaded = 2_000;
const tookFile = path.join('out', 'mutants', 'took.json');

/** That of the sandbox, which is where the bundles have it from. */
let closeSuites, declaredBy, runTest;

class MutantTests {
  static inject = [commonTokens.options];
  /** By their ids: the tests, each with its bundle. */
  #tests = new Map();
  #took = new Map();
  #loads = 0;
  #bundles;

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init() {
    const place = pathToFileURL(path.resolve('build', 'mutation', 'nodeTest.mjs')).href;
    ({ closeSuites, declaredBy, runTest } = await import(place));
    this.#bundles = JSON.parse(readFileSync(path.join('out', 'mutants', 'tests.json'), 'utf8'));
    for (const bundle of this.#bundles) for (const test of await this.#load(bundle)) this.#tests.set(test.id, test);
  }

  async #load({ bundle, file, sources }) {
    const url = `${pathToFileURL(path.resolve(bundle)).href}?${this.#loads++}`;
    const tests = await declaredBy(() => import(url));
    return tests.map((test, i) => ({ ...test, id: `${file} ${i}`, file, sources }));
  }

  async dryRun() {
    const tests = [];
    for (const test of this.#tests.values()) {
      const { id, names, file } = test;
      const from = performance.now();
      namespace.currentTestId = id;
      const failure = await failureOf(test);
      namespace.currentTestId = undefined;
      const timeSpentMs = performance.now() - from;
      this.#took.set(id, timeSpentMs);
      tests.push({
        id,
        name: [file, ...names].join(' › '),
        fileName: path.resolve(file),
        timeSpentMs,
        ...(failure === null ? { status: 0 } : { status: 1, failureMessage: failure }),
      });
    }
    writeFileSync(tookFile, JSON.stringify([...this.#took]));
    return { status: 'complete', tests, mutantCoverage: namespace.mutantCoverage };
  }

  /** Of several processes one has run them all before. */
  #readTook() {
    if (this.#took.size === 0 && existsSync(tookFile)) this.#took = new Map(JSON.parse(readFileSync(tookFile, 'utf8')));
  }

  async mutantRun({ activeMutant, testFilter, hitLimit, mutantActivation, sandboxFileName }) {
    this.#readTook();
    const source = path.relative(process.cwd(), sandboxFileName).replaceAll(path.sep, '/');
    // Stryker knows no samples: what is not in this one is told as no result, and counted nowhere.
    const { location, replacement } = activeMutant;
    if (!isInSample(Number(process.env.RNN_MUTANTS ?? 1), source, counted(location), replacement))
      return { status: 'error', errorMessage: 'not in the sample' };
    namespace.hitCount = hitLimit === undefined ? undefined : 0;
    namespace.hitLimit = hitLimit;
    namespace.activeMutant = activeMutant.id;
    try {
      if (mutantActivation === 'static') return await this.#loadedAnew(source);
      const ids = testFilter ?? [...this.#tests.keys()];
      const tests = ids.map((id) => this.#tests.get(id)).filter((test) => test?.sources.includes(source));
      return await this.#firstFailure(tests);
    } finally {
      namespace.activeMutant = undefined;
    }
  }

  /** Bundle by bundle: what fails while it loads is noticed, too. */
  async #loadedAnew(source) {
    let nrOfTests = 0;
    for (const bundle of this.#bundles.filter(({ sources }) => sources.includes(source))) {
      let tests = [];
      try {
        tests = await this.#load(bundle);
      } catch (error) {
        return { status: 'killed', killedBy: [`${bundle.file} 0`], failureMessage: String(error), nrOfTests };
      }
      const told = await this.#firstFailure(tests.filter(({ id }) => (this.#took.get(id) ?? 0) < longestLoaded));
      await closeSuites(tests);
      if (told.status !== 'survived') return told;
      nrOfTests += told.nrOfTests;
    }
    return { status: 'survived', nrOfTests };
  }

  async #firstFailure(tests) {
    const quickest = tests.toSorted((a, b) => (this.#took.get(a.id) ?? 0) - (this.#took.get(b.id) ?? 0));
    for (const [i, test] of quickest.entries()) {
      const failure = await failureOf(test);
      if (namespace.hitLimit !== undefined && namespace.hitCount > namespace.hitLimit)
        return { status: 'timeout', reason: `the mutant was reached ${namespace.hitCount} times` };
      if (failure !== null) return { status: 'killed', killedBy: [test.id], failureMessage: failure, nrOfTests: i + 1 };
    }
    return { status: 'survived', nrOfTests: quickest.length };
  }

  async dispose() {
    await closeSuites([...this.#tests.values()]);
  }
}

/** Reports count lines and columns from one, mutants that are run from zero. */
const counted = ({ start, end }) => ({
  start: { line: start.line + 1, column: start.column + 1 },
  end: { line: end.line + 1, column: end.column + 1 },
});

async function failureOf(test) {
  try {
    await runTest(test);
    return null;
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
}

/** The sentences that `t` says are held by the tests of languages: any other one is as good to what is computed. */
class Sentences {
  shouldIgnore({ node, parent, key, listKey }) {
    const isSaid =
      node.type === 'StringLiteral' &&
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
