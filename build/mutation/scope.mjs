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
