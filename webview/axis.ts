// Where ticks stand. All tracks and the ruler ask here, so that their lines meet.

/** 1, 2, 5, 10, 20, 50 …: the first step that gives at most `most` intervals over `range`. */
export function niceStep(range: number, most: number, least = 0): number {
  const rough = Math.max(range / Math.max(1, most), least, Number.MIN_VALUE);
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((factor) => factor * decade >= rough * (1 - 1e-9)) ?? 10;
  return step * decade;
}

/** Multiples of a nice step inside [min, max]. */
export function ticksBetween(min: number, max: number, most: number, least = 0): number[] {
  if (!(max > min)) return [min];
  const step = niceStep(max - min, most, least);
  const first = Math.ceil(min / step - 1e-9);
  const last = Math.floor(max / step + 1e-9);
  // Dividing by the whole 1/step keeps 0.3 from becoming 0.30000000000000004.
  const inverse = Math.round(1 / step);
  return Array.from({ length: last - first + 1 }, (_, i) => (step < 1 ? (first + i) / inverse : (first + i) * step));
}

/** log10 of round numbers (1, 2, 5 or all digits of a decade) inside a range of less than two decades, at most `most` of them. */
export function ticksInDecade(min: number, max: number, most: number): number[] {
  for (const digits of [[1, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9], [1, 2, 3, 4, 5, 6, 7, 8, 9], [1, 2, 5]]) {
    const ticks: number[] = [];
    for (let decade = Math.floor(min); decade <= Math.ceil(max); decade++) ticks.push(...digits.map((digit) => decade + Math.log10(digit)).filter((tick) => tick >= min && tick <= max));
    if (ticks.length <= most) return ticks;
  }
  return ticksBetween(min, max, most);
}

/** Steps with a label: about one every 60 pixels. */
export const timeTicks = (t0: number, t1: number, width: number): number[] => ticksBetween(t0, t1 - 1, Math.max(2, width / 60), 1);

/** Units with a label: the first, the last and nice ones between that leave them room. */
export function unitTicks(H: number, height: number): number[] {
  if (H === 1) return [0];
  const step = niceStep(H - 1, Math.max(1, height / 26), 1);
  const inner = ticksBetween(0, H - 1, Math.max(1, height / 26), 1).filter((unit) => unit === 0 || H - 1 - unit >= step * 0.6);
  return [...inner, H - 1];
}
