import type { Session } from './session.js';

/** The verdict as lenses and the status bar tell it. */
export type VerdictWords = {
  readonly glyph: string;
  readonly kind: string;
  /** What every step back multiplies the gradient by; empty when it was not measured. */
  readonly factor: string;
  readonly stale: boolean;
  readonly reason: string;
};

const glyphs = { vanishing: '$(arrow-down)', healthy: '$(check)', exploding: '$(arrow-up)', nonfinite: '$(error)' } as const;

/** Null before the first run. */
export function verdictWords({ summary, stale }: Session): VerdictWords | null {
  if (summary === null) return null;
  const { kind, perStepFactor, reason } = summary.verdict;
  return { glyph: glyphs[kind], kind: kind === 'nonfinite' ? 'not finite' : kind, factor: perStepFactor === null ? '' : `×${perStepFactor.toPrecision(3)}`, stale: stale !== null, reason };
}

/** In one line, as above a config. */
export const verdictLine = ({ glyph, kind, factor, stale }: VerdictWords): string =>
  `${glyph} ${kind}${factor === '' ? '' : `, ${factor} per step back`}${stale ? ' (of the last good run)' : ''}`;

/** A power of ten that may lie outside of what a number can hold. */
function power(log10: number): string {
  if (log10 === -Infinity) return '0';
  if (log10 > -3 && log10 < 4) return String(Number((10 ** log10).toPrecision(2)));
  const exponent = Math.floor(log10);
  const digit = (10 ** (log10 - exponent)).toFixed(1);
  return digit === '10.0' ? `1.0e${exponent + 1}` : `${digit}e${exponent}`;
}

/** How much of the gradient the whole trip leaves; null when it was not measured. */
export function tripLine({ summary, stale }: Session): string | null {
  if (summary === null) return null;
  const { log10Ratio, source, first } = summary.verdict;
  if (log10Ratio === null) return null;
  return `$(history) ×${power(log10Ratio)} from t = ${source} back to t = ${first}${stale === null ? '' : ' (of the last good run)'}`;
}
