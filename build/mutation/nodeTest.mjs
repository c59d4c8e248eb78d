// In the place of node:test while mutants are tried: keeps the tests of a bundle instead of running them, so that one
// process can run any of them again and again with another mutant. It has what the tests of the mutated rooms use.
export { mock } from 'node:test';

/** Tests with the names of the suites around them, and the hooks of those suites, the outermost first. */
let tests = [];
let suite = { names: [], hooks: [] };

/** What a bundle declares while it is loaded. */
export async function declaredBy(load) {
  tests = [];
  suite = { names: [], hooks: [], opened: false };
  suite.hooks = [suite];
  Object.assign(suite, hooksOfSuite());
  await load();
  const declared = tests;
  tests = [];
  return declared;
}

const hooksOfSuite = () => ({ before: [], after: [], beforeEach: [], afterEach: [], opened: false });

const parts = (given) => {
  const [name, options, body] = [
    given.find((part) => typeof part === 'string') ?? '',
    given.find((part) => typeof part === 'object') ?? {},
    given.find((part) => typeof part === 'function'),
  ];
  return { name, skipped: options.skip !== undefined && options.skip !== false, body };
};

export function describe(...given) {
  const { name, skipped, body } = parts(given);
  if (skipped || body === undefined) return;
  const outer = suite;
  const own = { names: [...outer.names, name], ...hooksOfSuite() };
  own.hooks = [...outer.hooks, own];
  suite = own;
  try {
    const given = body({ name });
    if (given instanceof Promise) throw new Error(`${name}: a suite whose body waits is not declared at once.`);
  } finally {
    suite = outer;
  }
}

export function it(...given) {
  const { name, skipped, body } = parts(given);
  if (skipped || body === undefined) return;
  tests.push({ names: [...suite.names, name], suites: suite.hooks, body });
}
export const [test, suiteOf] = [it, describe];
export { suiteOf as suite };

const hook = (kind) => (body) => {
  suite[kind].push(body);
};
export const [before, after, beforeEach, afterEach] = ['before', 'after', 'beforeEach', 'afterEach'].map(hook);

/** What a test may ask its context for. */
function contextOf(name, ends) {
  return {
    name,
    diagnostic: () => undefined,
    after: (body) => ends.push(body),
    test: async (inner, ...rest) => {
      const { body } = parts([inner, ...rest]);
      await runBody(inner, body);
    },
  };
}

async function runBody(name, body) {
  const ends = [];
  try {
    await body(contextOf(name, ends));
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

/** Runs a test with the hooks of its suites, each suite's first ones once. @throws what the test throws */
export async function runTest({ names, suites, body }) {
  for (const own of suites) {
    if (own.opened) continue;
    own.opened = true;
    for (const first of own.before) await first();
  }
  try {
    for (const own of suites) for (const first of own.beforeEach) await first();
    await runBody(names.at(-1), body);
  } finally {
    for (const own of suites.toReversed()) for (const last of own.afterEach) await last();
  }
}

/** Ends the suites of these tests: what their hooks have opened is closed. */
export async function closeSuites(of) {
  for (const own of new Set(of.flatMap(({ suites }) => suites))) {
    if (!own.opened) continue;
    for (const last of own.after) await last();
  }
}
