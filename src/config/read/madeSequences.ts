// Sequences that no file holds, as somebody who has weights alone wants them first.
import { Random } from '../../engine/index.js';
import type { MadeSequences } from './fileAccess.js';

/** [B,T,I], the same for the same seed. */
export function makeSequences({ made, B, T, seed }: MadeSequences, I: number): Float64Array {
  const xs = new Float64Array(B * T * I);
  if (made === 'zeros') return xs;
  const random = new Random(seed);
  // As a config keeps them, with nine digits.
  for (let i = 0; i < xs.length; i++) xs[i] = Number(random.normal().toPrecision(9));
  return xs;
}
