// Tests with a long form: `npm run test:long` runs it, `npm test` a short one that asserts the same of less.
// CONTRIBUTING lists them.

/** True in `npm run test:long`. */
export const long = process.env['RNN_LONG_TESTS'] === '1';

/** All of `cases` in the long form; in the short one every `every`-th, from the one that stands at `first`. */
export const some = <T>(cases: readonly T[], every = 2, first = 0): readonly T[] =>
  long ? cases : cases.filter((_, i) => i % every === first);
