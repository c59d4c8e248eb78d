// What can be tried of an experiment to see what the gradient would do; the files it came from know nothing of it.
import { t as say } from '@vscode/l10n';
import { factsOf } from '../cells/index.js';
import type { CellName } from '../cells/index.js';
import type { Experiment, LayerSpec } from './experiment.js';
import { initialisations } from './initialise.js';
import type { Initialisation } from './initialise.js';

/** Two measures of a square matrix, each of which a factor can set. */
export type Measure = 'spectralRadius' | 'sigmaMax';

/** Ways to start a layer: those of a matrix for Wh alone, and those in which frameworks start all of its weights. */
export const starts = [...initialisations, 'keras', 'pytorch'] as const;
export type Start = Initialisation | 'keras' | 'pytorch';

/** What is another than in the files; null: as it is there. Wh is initialised first and rescaled then. */
export type WhatIf = {
  /** Whose weights are changed: those of one layer, counted with its directions, or of all. Null: of the first. */
  readonly layers: number | 'all' | null;
  readonly cell: CellName | null;
  /**
   * Each gate's block of Wh anew. `keras` (input Glorot uniform, Wh orthogonal, bias 0, of a forget gate 1) and
   * `pytorch` (everything uniform in ±1/√H) also Wx and the biases.
   */
  readonly initialise: { readonly way: Start; readonly seed: number } | null;
  /** Each gate's block of Wh, or that of `whGate` alone, times the factor that gives it this measure. */
  readonly rescale: { readonly measure: Measure; readonly to: number } | null;
  readonly whGate: string | null;
  /** Wx times this. */
  readonly inputScale: number | null;
  /** Added to every b_j, or to those of `biasGate` alone. */
  readonly biasShift: number | null;
  readonly biasGate: string | null;
  readonly clipNorm: number | 'off' | null;
  readonly truncate: number | 'off' | null;
  /** Ones flow in from above at the last step of every chunk, at each step, or at this step t alone. */
  readonly lossAt: 'last' | 'every' | number | null;
  /** The stack without its last layer. */
  readonly drop: 'last' | null;
};

/** Nothing changed. */
export const asItIs: WhatIf = {
  layers: null,
  cell: null,
  initialise: null,
  rescale: null,
  whGate: null,
  inputScale: null,
  biasShift: null,
  biasGate: null,
  clipNorm: null,
  truncate: null,
  lossAt: null,
  drop: null,
};

/** Numbers of the layers that are changed, counted with their directions, of those that there are. */
export const chosenLayers = ({ layers }: Pick<WhatIf, 'layers'>, count: number): readonly number[] =>
  [...Array(count).keys()].filter((index) => layers === 'all' || index === (layers ?? 0));

/** Whether anything is asked of the weights of a layer. */
export const changesWeights = ({ initialise, rescale, inputScale, biasShift }: WhatIf): boolean =>
  initialise !== null || rescale !== null || inputScale !== null || biasShift !== null;

type Changeable = Pick<Experiment, 'cell' | 'upstream' | 'loss'> & {
  readonly layers: readonly Pick<LayerSpec, 'layer'>[];
  readonly shapes: Pick<Experiment['shapes'], 'T'>;
};

/** Why an experiment cannot be changed so, in a sentence; null where it can. */
export function whatIfObstacle(experiment: Changeable, whatIf: WhatIf): string | null {
  const { cell, layers, loss, shapes } = experiment;
  const { gates, alternatives } = factsOf(cell);
  const { lossAt } = whatIf;
  if (whatIf.cell !== null && !alternatives.includes(whatIf.cell))
    return say('The weights are those of {0}; "{1}" takes others.', alternatives.join(', '), whatIf.cell);
  if (changesWeights(whatIf) && chosenLayers(whatIf, layers.length).length === 0)
    return say('The layer that was to be changed is not there any more. Choose another one.');
  const [whGate, biasGate] = [whatIf.rescale && whatIf.whGate, whatIf.biasShift === null ? null : whatIf.biasGate];
  const strange = [whGate, biasGate].find((gate) => gate !== null && !gates.includes(gate)) ?? null;
  if (strange !== null)
    return say('The cell "{0}" has no gate "{1}": its gates are {2}.', cell, strange, gates.join(', '));
  if (lossAt !== null && loss !== null)
    return say('The loss of this experiment has targets for its own steps, so it cannot be moved.');
  if (typeof lossAt === 'number' && !(lossAt >= 0 && lossAt < shapes.T))
    return say('There is no step {0}: the steps are 0 to {1}.', lossAt, shapes.T - 1);
  return whatIf.drop === null ? null : dropObstacle(experiment, whatIf);
}

/** Another layer gives another output: what was made for the old one does not fit it. */
function dropObstacle({ layers, loss, upstream }: Changeable, { lossAt }: WhatIf): string | null {
  if (layers.every(({ layer }) => layer === 0))
    return say('There is only one layer: without it there would be no network.');
  if (loss !== null)
    return say('The readout belongs to the output of the last layer, so that layer cannot be dropped.');
  return upstream.kind === 'given' && lossAt === null
    ? say(
        'The upstream gradient is given for the output of the last layer, so that layer cannot be dropped. Choose ' +
          'where the loss sits instead.',
      )
    : null;
}

/** Layers and directions that are left without those of the last layer. */
export const withoutLast = <Layer extends Pick<LayerSpec, 'layer'>>(layers: readonly Layer[]): Layer[] => {
  const last = Math.max(...layers.map(({ layer }) => layer));
  return layers.filter(({ layer }) => layer < last);
};
