// What is asked of somebody who wants fresh weights.
import { t } from '@vscode/l10n';
import type * as vscode from 'vscode';
import type { Initialisation } from '../engine/index.js';

export const wholeNumber = (text: string): string | null =>
  /^\d+$/.test(text.trim()) && Number.isSafeInteger(Number(text))
    ? null
    : t('A whole number from 0; the same seed gives the same matrix.');

export const ways = (): readonly (vscode.QuickPickItem & { readonly way: Initialisation })[] => [
  {
    label: t('Orthogonal'),
    way: 'orthogonal',
    detail: t('Keeps the length of the gradient: all singular values are 1.'),
  },
  {
    label: t('Identity'),
    way: 'identity',
    detail: t('With relu units the state is copied from step to step (IRNN, Le et al. 2015).'),
  },
  { label: t('Glorot uniform'), way: 'glorot', detail: t('Variance 2 / (fan in + fan out) (Glorot & Bengio 2010).') },
  { label: t('He normal'), way: 'he', detail: t('Variance 2 / fan in, for relu (He et al. 2015).') },
];
