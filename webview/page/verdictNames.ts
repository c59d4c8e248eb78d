// The words of the verdicts.
import { t } from './l10n.js';
import type { RunSummary } from './model.js';

export type Kind = RunSummary['verdict']['kind'];
const names: Readonly<Record<Kind, () => string>> = {
  vanishing: () => t('VANISHING'),
  fading: () => t('FADING'),
  healthy: () => t('HEALTHY'),
  exploding: () => t('EXPLODING'),
  nonfinite: () => t('NOT FINITE'),
};

export const verdictName = (kind: Kind): string => names[kind]();
