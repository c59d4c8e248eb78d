// What was tried in an earlier page of the same panel.
import { asItIs, layersIn } from './whatIfState.js';
import type { Has, WhatIf } from './whatIfState.js';

export const ways = [
  'orthogonal',
  'identity',
  'glorot',
  'he',
  'keras',
  'pytorch',
] as const satisfies readonly NonNullable<WhatIf['initialise']>['way'][];

/** What an earlier page wrote into its memory, as far as it still means something for this run. */
export function whatIfFrom(kept: unknown, run: Has): WhatIf {
  if (typeof kept !== 'object' || kept === null) return asItIs;
  const parts = kept as Partial<Record<keyof WhatIf, unknown>>;
  const word = <const W extends string>(value: unknown, words: readonly W[]): W | null =>
    words.find((other) => other === value) ?? null;
  const number = (value: unknown): number | null =>
    typeof value === 'number' && Number.isFinite(value) ? value : null;
  const record = (value: unknown): Record<string, unknown> =>
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const [anew, rescaled] = [record(parts.initialise), record(parts.rescale)];
  const [way, seed] = [word(anew['way'], ways), number(anew['seed'])];
  const [measure, to] = [word(rescaled['measure'], ['spectralRadius', 'sigmaMax'] as const), number(rescaled['to'])];
  const { gates, alternatives } = run.cell;
  const layer = number(parts.layers);
  const several = layersIn(run) > 1;
  return {
    layers: several ? (word(parts.layers, ['all']) ?? (layer !== null && layer < layersIn(run) ? layer : null)) : null,
    cell: word(parts.cell, alternatives),
    initialise: way === null || seed === null ? null : { way, seed },
    rescale: measure === null || to === null ? null : { measure, to },
    whGate: word(parts.whGate, gates),
    inputScale: number(parts.inputScale),
    biasShift: number(parts.biasShift),
    biasGate: word(parts.biasGate, gates),
    clipNorm: word(parts.clipNorm, ['off'] as const) ?? number(parts.clipNorm),
    truncate: word(parts.truncate, ['off'] as const) ?? number(parts.truncate),
    lossAt: word(parts.lossAt, ['last', 'every'] as const) ?? number(parts.lossAt),
    drop: several ? word(parts.drop, ['last'] as const) : null,
  };
}
