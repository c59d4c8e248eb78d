// Tests with a long form: `npm run test:long` runs it, `npm test` a short one that asserts the same of less.
// CONTRIBUTING lists them.

/** True in `npm run test:long`. */
export const long = process.env['RNN_LONG_TESTS'] === '1';
