// What a step is called: by its position in the sequence, and by what the file of the sequences calls it: a date, a
// word, a character.
//
// All that the page holds of a run counts steps in the order in which the layer that is shown computes: series, the
// window, the cursor, and what is asked of the host. A reverse direction begins with the last position of each chunk.
// What a user reads or types is a position, and comes from here.
import type { RunSummary } from './model.js';

type Placed = {
  readonly layers: readonly [{ readonly direction: 'forward' | 'reverse' }, ...unknown[]];
} & Pick<RunSummary, 'chunkStarts' | 'shapes'>;

export const isReverse = ({ layers: [{ direction }] }: Pick<Placed, 'layers'>): boolean => direction === 'reverse';

/** The chunk of step t: from ≤ t < to. */
export function chunkAt({ chunkStarts, shapes: { T } }: Omit<Placed, 'layers'>, t: number): readonly [number, number] {
  return [chunkStarts.findLast((start) => start <= t) ?? 0, chunkStarts.find((start) => start > t) ?? T];
}

/** The step of the other direction that lies at the same position; both ways. */
export function turned(run: Omit<Placed, 'layers'>, t: number): number {
  const [from, to] = chunkAt(run, t);
  return from + to - 1 - t;
}

/** Where step t lies in the sequence, and the step at a position: each is the other's way back. */
export const positionOf = (run: Placed, t: number): number => (isReverse(run) ? turned(run, t) : t);

/** The positions of the steps from … to, both ends included: the lowest and the highest. */
export function positionsOf(run: Placed, from: number, to: number): readonly [low: number, high: number] {
  if (!isReverse(run)) return [from, to];
  const [start, end] = [chunkAt(run, from), chunkAt(run, to)];
  return start[0] === end[0] ? [turned(run, to), turned(run, from)] : [start[0], end[1] - 1];
}

/** `t = 7`, or `t = 7 … 12`. */
export function stepsName(run: Placed, from: number, to: number, name = 't'): string {
  const [low, high] = positionsOf(run, from, to);
  return low === high ? `${name} = ${low}` : `${name} = ${low} … ${high}`;
}

/** `t = 7` */
export const stepName = (run: Placed, t: number): string => `t = ${positionOf(run, t)}`;

/**
 * A formula of a step and its neighbours, which is written as a forward direction has it. In a reverse one the step
 * before is the next position, and what comes later lies before.
 */
export function formulaOf(run: Pick<Placed, 'layers'> | null, formula: string): string {
  if (run === null || !isReverse(run)) return formula;
  const turns: Readonly<Record<string, string>> = { '−': '+', '+': '−', 's ≥ t': 's ≤ t', 'τ>t': 'τ<t' };
  return formula
    .replace(/\bt( ?)([−+])( ?)(?=[1kl]\b)/g, (_, before: string, sign: string, behind: string) =>
      ['t', before, turns[sign] ?? sign, behind].join(''),
    )
    .replace(/s ≥ t|τ>t/g, (order) => turns[order] ?? order)
    .replace(/g_0|g_\{T−1\}/g, (end) => (end === 'g_0' ? 'g_{T−1}' : 'g_0'))
    .replace(/([hs])_\{T−1\}\/∂\1_\{−1\}/, '$1_0/∂$1_T');
}

/** Blanks of a text are seen. */
const seen: Readonly<Record<string, string>> = { ' ': '␣', '\n': '↵', '\r': '↵', '\t': '⇥' };

/** Empty where it has no name. */
export function stepLabel(run: RunSummary, t: number, sequence: number): string {
  const { labels } = run;
  if (labels === null) return '';
  const text = labels.texts[sequence * labels.stride + positionOf(run, t)] ?? '';
  return seen[text] ?? text;
}

/** `t = 7 · 2010-03-04`. */
export function namedStep(run: RunSummary | null, t: number, sequence: number): string {
  if (run === null) return `t = ${t}`;
  const label = stepLabel(run, t, sequence);
  return label === '' ? stepName(run, t) : `${stepName(run, t)} · ${label}`;
}
