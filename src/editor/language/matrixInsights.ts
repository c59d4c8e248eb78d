// What the numbers of a matrix or of sequences imply for the gradient, in a sentence or two.
import { t } from '@vscode/l10n';
import type { Inspection, PartFacts } from '../../protocol/index.js';

/**
 * Distance from orthogonality, per unit, below which a matrix counts as orthogonal: rounding to float32 stays far
 * below.
 */
const nearlyOrthogonal = 1e-4;
/** Standardised inputs hardly ever go beyond this. */
const largeInput = 10;

export const round = (x: number): string => {
  if (!Number.isFinite(x)) return String(x);
  const text = String(Number(x.toPrecision(4)));
  return text.replace(/e\+?(-?\d+)$/, 'e$1');
};

export const listed = (indices: readonly number[]): string =>
  indices.length > 8 ? `${indices.slice(0, 8).join(', ')}, … (${indices.length})` : indices.join(', ');

export function implications(facts: PartFacts, { cell, shapes }: Pick<Inspection, 'cell' | 'shapes'>): string[] {
  const { part, zeros, inputs, saturating } = facts;
  const told: string[] = [];
  if (part.numbers?.notFinite === 1)
    told.push(t('One of its numbers is not finite: nothing that it reaches can be computed.'));
  else if (part.numbers !== null && part.numbers.notFinite > 0)
    told.push(t('{0} of its numbers are not finite: nothing that they reach can be computed.', part.numbers.notFinite));
  switch (part.role) {
    case 'recurrent':
      told.push(...recurrent(facts, cell, shapes.T));
      break;
    case 'input':
      if (zeros !== null && zeros.from.length > 0)
        told.push(
          t(
            'Inputs {0} have zero weights only: they reach no hidden unit, and no gradient reaches them.',
            listed(zeros.from),
          ),
        );
      if (zeros !== null && zeros.to.length > 0) told.push(t('Units {0} hear no input directly.', listed(zeros.to)));
      break;
    case 'bias':
      if (saturating > 0 && saturatesAsTanh(cell))
        told.push(
          t(
            '{0} of {1} units are pushed into saturation by the bias alone (|b| > 2.09, slope below 0.06), ' +
              'unless their inputs pull them back.',
            saturating,
            part.shape?.at(-1) ?? 0,
          ),
        );
      break;
    case 'sequences':
      if (inputs !== null && inputs.dead.length > 0)
        told.push(t('Inputs {0} are 0 at every step: their weights in Wx never get a gradient.', listed(inputs.dead)));
      if (inputs !== null && inputs.constant.length > 0)
        told.push(t('Inputs {0} never change: they act as a second bias.', listed(inputs.constant)));
      if (part.numbers !== null && Math.max(-part.numbers.min, part.numbers.max) > largeInput && saturatesAsTanh(cell))
        told.push(t('Inputs this large drive tanh into saturation, where the gradient dies; standardise them.'));
      break;
    case 'initialState':
      if (saturating > 0 && saturatesAsTanh(cell))
        told.push(t('{0} of its numbers are beyond ±2.09; a tanh state stays inside ±1.', saturating));
      break;
    case 'upstreamGradient':
      if (part.numbers?.frobenius === 0) told.push(t('It is 0 throughout: every gradient of the run will be 0.'));
      break;
    case 'parameter':
    case 'readout':
    case 'readoutBias':
    case 'targets':
  }
  return told;
}

/** Slopes of tanh and their bounds are told of tanh alone: those of a logistic unit are others. */
const saturatesAsTanh = (cell: Inspection['cell']): boolean => cell?.closing === 'saturated' && cell.gamma === 1;

const orthogonalSentence = (cell: Inspection['cell']): string => {
  if (cell?.closing === null)
    return t(
      'Orthogonal: a step back through it keeps the length of the gradient exactly; there are no slopes to shrink it.',
    );
  return cell?.closing === 'off'
    ? t(
        'Orthogonal: a step back through it keeps the length of the gradient exactly; only inactive units take ' +
          'from it.',
      )
    : t('Orthogonal: a step back through it keeps the length of the gradient exactly; only saturation takes from it.');
};

/**
 * σ_max is a guarantee: ‖∂h_{k+l}/∂h_k‖ ≤ (σ_max·γ)^l with γ = 1 for tanh, relu and identity, 1/4 for sigmoid (Pascanu
 * et al. 2013, for the 2-norm). A gated cell has no such bound, and nothing is said of it.
 * The spectral radius guarantees nothing over a finite distance, so it is only ever named beside σ_max.
 */
function recurrent({ part, matrix, zeros }: PartFacts, cell: Inspection['cell'], T: number | null): string[] {
  const H = part.blocks?.H ?? part.shape?.[0] ?? 0;
  const several = (part.blocks?.gates.length ?? 1) > 1;
  const silent =
    zeros !== null && zeros.from.length > 0 && zeros.from.length < H
      ? [t('Units {0} feed nothing back: the gradient does not return through them.', listed(zeros.from))]
      : [];
  if (matrix === null)
    return !several && part.shape?.length === 2 && H > 512
      ? [t('The matrix is too large to decompose while you read; Run RNN does.')]
      : several
        ? gated(zeros)
        : [];
  if (cell !== null && cell.gamma === null)
    return [
      t('This cell is more than f(z): the size of the matrix alone bounds no gradient. Run RNN measures what it does.'),
      ...silent,
    ];
  const { spectralRadius, orthogonalityError } = matrix;
  const gamma = cell?.gamma ?? 1;
  const sigmaMax = matrix.sigmaMax * gamma;
  if (Number.isNaN(sigmaMax)) return [];
  const told: string[] = [];
  if (gamma < 1) return [...bounded(sigmaMax, gamma, T), ...silent];
  if (orthogonalityError !== null && orthogonalityError < nearlyOrthogonal * Math.sqrt(H)) {
    told.push(orthogonalSentence(cell));
  } else if (sigmaMax < 1) {
    const steps = T === null || T < 2 ? null : T - 1;
    told.push(
      t("σ_max < 1: every step back keeps at most {0} of the gradient's norm, whatever the inputs.", round(sigmaMax)) +
        (steps === null || steps === 1
          ? ''
          : ` ${t('After {0} steps at most {1} of it is left.', steps, round(sigmaMax ** steps))}`),
    );
  } else if (spectralRadius !== null && spectralRadius < 1) {
    told.push(
      t(
        'σ_max > 1 allows the gradient to grow for a while, but powers of the matrix die out (spectral radius ' +
          '< 1). Run RNN measures which of the two your sequences see.',
      ),
    );
  } else {
    told.push(
      cell?.closing === 'saturated'
        ? t('σ_max > 1: the gradient can explode; saturation of tanh may still hold it back. Run RNN measures it.')
        : t(
            'σ_max > 1: the gradient can explode; nothing but inactive or small slopes holds it back. Run RNN ' +
              'measures it.',
          ),
    );
  }
  return [...told, ...silent];
}

/** Beside the weights a gated cell has another way back, so that zeros say less. */
const gated = (zeros: PartFacts['zeros']): string[] =>
  zeros === null || zeros.from.length === 0
    ? []
    : [t('Units {0} reach no gate: no gradient returns to their h through the weights.', listed(zeros.from))];

/** Of a cell whose slopes stay below 1. */
function bounded(most: number, gamma: number, T: number | null): string[] {
  if (most >= 1)
    return [
      t(
        'γ·σ_max > 1: the gradient can explode, though no slope is above {0}. Run RNN measures what ' +
          'your sequences see.',
        round(gamma),
      ),
    ];
  const kept = t(
    "No slope is above {0}: every step back keeps at most {1} of the gradient's norm, whatever the inputs.",
    round(gamma),
    round(most),
  );
  const steps = T === null || T < 3 ? null : T - 1;
  return [
    steps === null ? kept : `${kept} ${t('After {0} steps at most {1} of it is left.', steps, round(most ** steps))}`,
  ];
}
