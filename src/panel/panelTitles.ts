// What stands on the tabs of panels: the name of the run, and where two have the same, what tells their files apart.

/** How many segments all rows begin with. */
function sharedBy(rows: readonly (readonly string[])[], most: number): number {
  const [first = []] = rows;
  let count = 0;
  while (count < most && rows.every((row) => row[count] === first[count])) count++;
  return count;
}

/**
 * Of each path what the others do not have: without the segments with which all of them end, then without those with
 * which all begin. Empty where nothing tells them apart, `./` where there is less than in the others.
 */
export function distinctParts(paths: readonly string[]): string[] {
  const rows = paths.map((path) => path.split('/'));
  const shortest = Math.min(...rows.map(({ length }) => length));
  const ends = sharedBy(
    rows.map((row) => row.toReversed()),
    shortest,
  );
  const begins = sharedBy(rows, shortest - ends);
  const parts = rows.map((row) => row.slice(begins, row.length - ends).join('/'));
  return parts.every((part) => part === '') ? parts : parts.map((part) => (part === '' ? './' : part));
}

/** The names for tabs of runs with these names, from these paths. */
export const distinctNames = (runs: readonly { readonly name: string; readonly path: string }[]): string[] =>
  runs.map(({ name, path }) => {
    const paths = runs.filter((other) => other.name === name).map((other) => other.path);
    const part = distinctParts(paths)[paths.indexOf(path)] ?? '';
    return part === '' ? name : `${name} (${part})`;
  });
