import { t } from '@vscode/l10n';
import type { Direction, VerdictKind } from '../../engine/index.js';
import type { RunSummary } from '../../protocol/index.js';
import type { Session } from '../following/session.js';

/** The verdict as lenses and the status bar tell it. */
export type VerdictWords = {
  readonly glyph: string;
  readonly kind: VerdictKind;
  /** That in the user's language. */
  readonly word: string;
  /** What every step back multiplies the gradient by; empty when it was not measured. */
  readonly factor: string;
  readonly stale: boolean;
  readonly reason: string;
};

const words: Readonly<Record<VerdictKind, () => string>> = {
  vanishing: () => t('vanishing'),
  fading: () => t('fading'),
  healthy: () => t('healthy'),
  exploding: () => t('exploding'),
  nonfinite: () => t('not finite'),
};
const glyphs = {
  vanishing: '$(arrow-down)',
  fading: '$(chevron-down)',
  healthy: '$(check)',
  exploding: '$(arrow-up)',
  nonfinite: '$(error)',
} as const;

/** So many digits that it does not become 1, unless it is nearer than the verdict tells it from 1. */
function times(factor: number): string {
  const off = Math.abs(factor - 1);
  const digits = off < 1e-6 ? 0 : Math.ceil(-Math.log10(off)) + (factor > 1 ? 1 : 0);
  return `×${factor.toPrecision(Math.max(3, digits))}`;
}

function wordsOf(kind: VerdictKind, factor: number | null, stale: boolean, reason = ''): VerdictWords {
  return {
    glyph: glyphs[kind],
    kind,
    word: words[kind](),
    factor: factor === null ? '' : times(factor),
    stale,
    reason,
  };
}

/** Of several layers the verdict is that of all of them, which has no one factor and no one trip: each has its own. */
const isOneLayer = ({ network }: RunSummary): boolean => network === null || network.layers.length === 1;

/** Null before the first run. */
export function verdictWords({ summary, stale }: Session): VerdictWords | null {
  if (summary === null) return null;
  const { kind, reason } = summary.network?.verdict ?? summary.verdict;
  return wordsOf(kind, isOneLayer(summary) ? summary.verdict.perStepFactor : null, stale !== null, reason);
}

/** Behind what is told of a run that a config has left behind. */
const age = (stale: boolean): string => (stale ? ` (${t('of the last good run')})` : '');

/** Of each layer of a network, in the order of the run; none of one layer in one direction. */
export function layerVerdicts({ summary, stale }: Session): LayerVerdict[] {
  const layers = summary?.network?.layers ?? [];
  if (layers.length < 2) return [];
  return layers.map(({ layer, direction, kind, perStepFactor }) => ({
    layer,
    direction,
    words: wordsOf(kind, perStepFactor, stale !== null),
  }));
}
export type LayerVerdict = {
  readonly layer: number;
  readonly direction: Direction;
  readonly words: VerdictWords;
};

/** In one line, as above a config. */
export function verdictLine({ glyph, word, factor, stale }: VerdictWords): string {
  const rate = factor === '' ? '' : `, ${t('{0} per step back', factor)}`;
  return `${glyph} ${word}${rate}${age(stale)}`;
}

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
  if (summary === null || !isOneLayer(summary)) return null;
  const { log10Ratio, source, first } = summary.verdict;
  if (log10Ratio === null) return null;
  const trip = t('×{0} from t = {1} back to t = {2}', power(log10Ratio), source, first);
  return `$(history) ${trip}${age(stale !== null)}`;
}
