// What the paths through a step carry of the gradient, over the steps of a trip.
import { lastRated } from './verdict.js';
import type { Measured } from './verdict.js';

/** Of one path: what it keeps per step, as geometric mean, and its mean share of what all paths of a step keep. */
export type PathMean = { readonly path: string; readonly factor: number; readonly share: number };

/**
 * From ln of what each path keeps at each step back from `source` to `first`. The factor of a path is that of the
 * gradient only where it carries at every step that the verdict's rate counts: a single step at which others do brings
 * it near 0. The share, over all steps, has no such steps.
 */
export function pathMeans(
  lnPaths: Readonly<Record<string, Float64Array>>,
  { first, source }: Pick<Measured, 'first' | 'source'>,
): readonly PathMean[] {
  const rated = lastRated(first, source);
  const paths = Object.entries(lnPaths).map(([path, series]) => ({ path, series, ln: 0, share: 0, count: 0 }));
  let shared = 0;
  for (let t = first + 1; t <= source; t++) {
    let most = -Infinity;
    for (const path of paths) {
      const ln = path.series[t]!;
      if (Number.isNaN(ln)) continue;
      most = Math.max(most, ln);
      // The source's own step counts where nothing else is known.
      if (t > rated && path.count > 0) continue;
      path.ln += ln;
      path.count++;
    }
    // Nothing goes through this step, or nothing is known of it.
    if (most === -Infinity) continue;
    shared++;
    let whole = 0;
    for (const { series } of paths) if (!Number.isNaN(series[t]!)) whole += Math.exp(series[t]! - most);
    for (const path of paths)
      if (!Number.isNaN(path.series[t]!)) path.share += Math.exp(path.series[t]! - most) / whole;
  }
  return paths
    .filter(({ count }) => count > 0)
    .map(({ path, ln, share, count }) => ({
      path,
      factor: Math.exp(ln / count),
      share: shared === 0 ? 0 : share / shared,
    }));
}
