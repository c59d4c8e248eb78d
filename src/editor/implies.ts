// What the numbers of a matrix or of sequences imply for the gradient, in a sentence or two.
import type { Inspection, PartFacts } from '../protocol/messages.js';

/** Distance from orthogonality, per unit, below which a matrix counts as orthogonal: rounding to float32 stays far below. */
const nearlyOrthogonal = 1e-4;
/** Standardised inputs hardly ever go beyond this. */
const largeInput = 10;

export const round = (x: number): string => {
  if (!Number.isFinite(x)) return String(x);
  const text = String(Number(x.toPrecision(4)));
  return text.replace(/e\+?(-?\d+)$/, 'e$1');
};

export const listed = (indices: readonly number[]): string => (indices.length > 8 ? `${indices.slice(0, 8).join(', ')}, … (${indices.length})` : indices.join(', '));

export function implications(facts: PartFacts, { cell, shapes }: Pick<Inspection, 'cell' | 'shapes'>): string[] {
  const { part, zeros, inputs, saturating } = facts;
  const told: string[] = [];
  if (part.numbers !== null && part.numbers.notFinite > 0) told.push(`${part.numbers.notFinite} of its numbers are not finite: nothing that they reach can be computed.`);
  switch (part.role) {
    case 'recurrent':
      told.push(...recurrent(facts, cell, shapes.T));
      break;
    case 'input':
      if (zeros !== null && zeros.from.length > 0) told.push(`Inputs ${listed(zeros.from)} have zero weights only: they reach no hidden unit, and no gradient reaches them.`);
      if (zeros !== null && zeros.to.length > 0) told.push(`Units ${listed(zeros.to)} hear no input directly.`);
      break;
    case 'bias':
      if (saturating > 0 && cell === 'tanh') told.push(`${saturating} of ${part.shape?.at(-1) ?? 0} units are pushed into saturation by the bias alone (|b| > 2.09, slope below 0.06), unless their inputs pull them back.`);
      break;
    case 'sequences':
      if (inputs !== null && inputs.dead.length > 0) told.push(`Inputs ${listed(inputs.dead)} are 0 at every step: their weights in Wx never get a gradient.`);
      if (inputs !== null && inputs.constant.length > 0) told.push(`Inputs ${listed(inputs.constant)} never change: they act as a second bias.`);
      if (part.numbers !== null && Math.max(-part.numbers.min, part.numbers.max) > largeInput && cell === 'tanh') told.push('Inputs this large drive tanh into saturation, where the gradient dies; standardise them.');
      break;
    case 'initialState':
      if (saturating > 0) told.push(`${saturating} of its numbers are beyond ±2.09; a tanh state stays inside ±1.`);
      break;
    case 'upstreamGradient':
      if (part.numbers?.frobenius === 0) told.push('It is 0 throughout: every gradient of the run will be 0.');
      break;
    case 'readout':
    case 'readoutBias':
    case 'targets':
  }
  return told;
}

/**
 * σ_max is a guarantee: ‖∂h_{k+l}/∂h_k‖ ≤ (σ_max·γ)^l with γ = 1 for tanh, relu and identity (Pascanu et al. 2013, for the 2-norm).
 * The spectral radius guarantees nothing over a finite distance, so it is only ever named beside σ_max.
 */
function recurrent({ part, matrix, zeros }: PartFacts, cell: Inspection['cell'], T: number | null): string[] {
  const H = part.shape?.[0] ?? 0;
  if (matrix === null) return part.shape?.length === 2 && H > 512 ? ['The matrix is too large to decompose while you read; Run RNN does.'] : [];
  const { sigmaMax, spectralRadius, orthogonalityError } = matrix;
  if (Number.isNaN(sigmaMax)) return [];
  const told: string[] = [];
  const slopes = cell === 'identity' ? 'there are no slopes to shrink it' : cell === 'relu' ? 'only inactive units take from it' : 'only saturation takes from it';
  if (orthogonalityError !== null && orthogonalityError < nearlyOrthogonal * Math.sqrt(H)) {
    told.push(`Orthogonal: a step back through it keeps the length of the gradient exactly; ${slopes}.`);
  } else if (sigmaMax < 1) {
    const steps = T === null || T < 2 ? null : T - 1;
    const left = steps === null ? '' : ` After ${steps} steps at most ${round(sigmaMax ** steps)} of it is left.`;
    told.push(`σ_max < 1: every step back keeps at most ${round(sigmaMax)} of the gradient's norm, whatever the inputs.${left}`);
  } else if (spectralRadius !== null && spectralRadius < 1) {
    told.push(`σ_max > 1 allows the gradient to grow for a while, but powers of the matrix die out (spectral radius < 1). Run RNN measures which of the two your sequences see.`);
  } else {
    told.push(`σ_max > 1: the gradient can explode; ${cell === 'tanh' ? 'saturation of tanh may still hold it back' : 'nothing but inactive or small slopes holds it back'}. Run RNN measures it.`);
  }
  if (zeros !== null && zeros.from.length > 0 && zeros.from.length < H) told.push(`Units ${listed(zeros.from)} feed nothing back: the gradient does not return through them.`);
  return told;
}
