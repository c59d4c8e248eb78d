/**
 * The candidate that was probably meant: at most a third of its letters mistyped, case ignored; null when none is near.
 */
export function nearest(word: string, candidates: readonly string[]): string | null {
  let best: string | null = null;
  let bestDistance = Infinity;
  let lower: string | null = null;
  for (const candidate of candidates) {
    const longest = Math.max(word.length, candidate.length);
    const limit = Math.min(bestDistance - 1, Math.max(1, Math.floor(longest / 3)));
    // Each letter that one has more than the other is a mistake: of most words the lengths tell enough.
    if (longest > longestWord || Math.abs(word.length - candidate.length) > limit) continue;
    const distance = editDistance((lower ??= word.toLowerCase()), candidate.toLowerCase(), limit);
    if (distance > limit) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** Nothing that has a name here is longer. */
const longestWord = 120;

/** Three rows of the table, for words that come by the ten thousand: `before` is two letters of `a` back. */
let [before, previous, current] = [0, 1, 2].map(() => new Uint16Array(longestWord + 2)) as [
  Uint16Array,
  Uint16Array,
  Uint16Array,
];

/**
 * Smallest number of insertions, deletions, substitutions and swaps of neighbours (optimal string alignment distance);
 * any number above `most` where it is larger than that. Words longer than `longestWord` are Infinity apart.
 */
export function editDistance(a: string, b: string, most = Infinity): number {
  if (a.length > longestWord || b.length > longestWord) return Infinity;
  for (let j = 0; j <= b.length; j++) previous[j] = j;
  for (let i = 1; i <= a.length; i++) {
    current[0] = i;
    let least = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a.charCodeAt(i - 1) === b.charCodeAt(j - 1);
      let cost = Math.min(previous[j]! + 1, current[j - 1]! + 1, previous[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a.charCodeAt(i - 1) === b.charCodeAt(j - 2) && a.charCodeAt(i - 2) === b.charCodeAt(j - 1))
        cost = Math.min(cost, before[j - 2]! + 1);
      current[j] = cost;
      least = Math.min(least, cost);
    }
    [before, previous, current] = [previous, current, before];
    // No number of a later row is smaller than the least of this one, swaps included: those cost one more than the row
    // before.
    if (least > most) return least;
  }
  return previous[b.length]!;
}
