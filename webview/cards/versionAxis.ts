// What the history is drawn along: the steps of the script that writes the weights, where they tell, else the versions.
import type { HistoryVersion } from '../../src/protocol/index.js';

/** What the axis counts, and where each version stands on it. */
export type VersionAxis = { readonly by: 'version' | 'step' | 'epoch'; readonly at: readonly number[] };

/** By the script's own count where every version has it and it never goes back; else as they came. */
export function versionAxisOf(
  versions: readonly Pick<HistoryVersion, 'training'>[],
  number: (place: number) => number,
): VersionAxis {
  for (const by of ['step', 'epoch'] as const) {
    const at = versions.map(({ training }) => training?.[by] ?? NaN);
    const grows = at.every((value, i) => i === 0 || value >= (at[i - 1] ?? NaN));
    if (grows && (at[0] ?? NaN) < (at.at(-1) ?? NaN)) return { by, at };
  }
  return { by: 'version', at: versions.map((_, i) => number(i)) };
}
