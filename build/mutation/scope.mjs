// What is mutated, and which tests have to notice.

export const mutated = ['src/engine/cells/**/*.ts', 'src/engine/verdict/**/*.ts', 'src/config/formats/**/*.ts'];

/**
 * Tests of these rooms, without those that hold something else than what a format, a cell or a verdict says: mutated
 * files (nothing crashes), memory, work that is counted, and large networks that take seconds each.
 */
export const rooms = [
  /^test\/unit\/engine\/(?!networkMemory|networkProperties|exactExponents)/,
  /^test\/unit\/config\/(?!formatsFuzz|linear|random|ranges)/,
  /^test\/unit\/worker\/(?:binaryWeights|tensorFiles|gateEdits|locateWeight|unitSlices|resultText)/,
];

/** Tests of those rooms that take seconds where mutants are counted: others try what they reach. */
const slow = [
  ['engine/networkAttribution', 'gathers losses where there are many, and takes them in several passes where one would hold too much'],
  ['engine/bothDirections', 'counts the way of a loss through all of a layer that it reaches from both sides'],
  ['config/refusedFormats', 'in ranges hold what is packed in the size that they say, as far as it is asked for'],
];

export const isSlow = (file, names) =>
  slow.some(([place, name]) => file === `test/unit/${place}.test.ts` && names.at(-1) === name);
