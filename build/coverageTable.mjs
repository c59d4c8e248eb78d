// What `npm run coverage` tells: branches of each file, what is left out and why, and whether the goals are reached.

/** Which sources are counted, and which share of their branches some test takes at least. */
export const goals = [
  {
    title: 'the config and its formats (src/config)',
    share: 1,
    matches: (file) => /^src\/config\/.*\.ts$/.test(file) && !file.includes('/kernels/'),
  },
  {
    title: "the engine's plain path (src/engine without its kernels)",
    share: 0.98,
    matches: (file) => /^src\/engine\/(?!wasm\/|kernels\/).*\.ts$/.test(file),
  },
];
export const isCounted = (file) => goals.some(({ matches }) => matches(file));

/** Tests that start the product as it was built, which has no counters: they would take time and no branch. */
export const runsTheBuild = (file) => /^test\/unit\/(?:cli|faults|fuzz)\/|\/assistant\/tools\.test/.test(file);

/** `istanbul ignore next -- why`: what is left out of a source, where, and why. @throws where no reason stands there */
export function hintsOf(file, text) {
  return text.split('\n').flatMap((line, i) => {
    const [, what, why] = /istanbul\s+ignore\s+(\w+)(?:\s+--\s+(.*?))?\s*(?:\*\/|$)/.exec(line) ?? [];
    if (what === undefined) return [];
    if (why === undefined || why.length < 10)
      throw new Error(
        `${file}:${i + 1}: expected a reason behind what coverage leaves out, found none. Write ` +
          `/* istanbul ignore ${what} -- why no test can take it */.`,
      );
    return [{ file, line: i + 1, why }];
  });
}

/** Arms of branches of one file: all of them, and those that nothing took with their places. */
export function branchesOf({ branchMap, b }) {
  const arms = Object.entries(branchMap).flatMap(([id, { type, loc, locations }]) =>
    locations.map((own, i) => {
      // An `else` that is not written has no place of its own.
      const { line, column } = own.start.line === undefined ? loc.start : own.start;
      return { type, arm: i, line, column: column + 1, taken: b[id][i] > 0 };
    }),
  );
  return { all: arms.length, missed: arms.filter(({ taken }) => !taken) };
}

/**
 * The table of all files with what is missed, and what is wrong: goals that are not reached. `files`: name, branches
 * (`branchesOf`) and hints of each.
 */
export function tableOf(files, { only = '', places = false } = {}) {
  const wrong = [];
  const lines = [];
  for (const { title, share, matches } of goals) {
    const own = files.filter(({ file }) => matches(file));
    const all = own.reduce((sum, { branches }) => sum + branches.all, 0);
    const covered = all - own.reduce((sum, { branches }) => sum + branches.missed.length, 0);
    const told = `${covered} of ${all} branches, ${((100 * covered) / all).toFixed(2)} %`;
    lines.push('', `${title}: ${told} (goal ${100 * share} %)`);
    for (const { file, branches, hints } of own.filter(({ file: name }) => name.startsWith(only))) {
      const count = `${branches.all - branches.missed.length}/${branches.all}`;
      lines.push(`${branches.missed.length > 0 ? '-' : ' '} ${file.padEnd(52)} ${count.padStart(9)}`);
      for (const { line, why } of hints) lines.push(`      left out at ${line}: ${why}`);
      if (!places) continue;
      for (const { line, column, type, arm } of branches.missed)
        lines.push(`      ${file}:${line}:${column} ${type} ${arm}`);
    }
    if (covered < share * all) wrong.push(`${title}: ${told}, expected ${100 * share} % at least.`);
  }
  return { text: lines.slice(1).join('\n'), wrong };
}
