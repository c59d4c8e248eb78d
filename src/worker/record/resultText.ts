// A run as plain text: whole for somebody who reads or listens to it, compact for an assistant.
import { t as say } from '@vscode/l10n';
import { cellOf, changesWeights, inPositions, pathMeans, pathWords } from '../../engine/index.js';
import type {
  AnyNetworkRun,
  AnyRun,
  NetworkLayer,
  RateSegment,
  Spectrum,
  Verdict,
  WhatIf,
} from '../../engine/index.js';
import { isUntried, knownEffect, mayHelp } from '../../protocol/index.js';
import type { Advice, WhatIfAnswer } from '../../protocol/index.js';
import { asData } from './asData.js';
import {
  fromLog10,
  layerName,
  layerTable,
  normTables,
  significant,
  sizesOf,
  spectrumLine,
  verdictLines,
} from './runTable.js';

type Layer = NetworkLayer<AnyRun>;

/** `next`: the next thing to try, of the layer `shown`; null where there is none. */
export type ResultParts = {
  readonly run: AnyNetworkRun;
  readonly shown: number;
  readonly next: Advice | null;
};

/** More stretches of one rate are no overview. */
const mostSegments = 6;
/** As many layers are told one by one. */
const mostLayers = 24;

/** A verdict in numbers: `VANISHING, times 0.5000 per step back, times 1.000e-9 in all`. */
const inNumbers = ({
  kind,
  perStepFactor,
  log10Ratio,
}: Pick<Verdict, 'kind' | 'perStepFactor' | 'log10Ratio'>): string =>
  [
    kind.toUpperCase(),
    ...(perStepFactor === null ? [] : [say('times {0} per step back', significant(perStepFactor))]),
    ...(log10Ratio === null ? [] : [say('times {0} in all', fromLog10(log10Ratio))]),
  ].join(', ');

/** The stretches of one rate as the gradient meets them; of a reverse direction it goes to later positions. */
const fromSource = ({ source, first, segments }: Verdict): RateSegment[] =>
  source < first
    ? [...segments]
    : segments.map(({ from, to, perStepFactor }) => ({ from: to, to: from, perStepFactor })).reverse();

/** What was measured, a line each. */
function measured(verdict: Verdict, dtype: string): string[] {
  const { perStepFactor, halfLifeSteps, onePercentSteps, log10Ratio, source, first, segments } = verdict;
  const { crossedAt, zeroAt, infiniteAt } = verdict;
  return [
    ...(log10Ratio === null
      ? []
      : [
          say(
            'From step {0} back to step {1} the gradient is multiplied by {2}.',
            source,
            first,
            fromLog10(log10Ratio),
          ),
        ]),
    ...(perStepFactor === null ? [] : [say('Per step back it is multiplied by {0}.', significant(perStepFactor))]),
    ...(halfLifeSteps === null || onePercentSteps === null || perStepFactor === 0
      ? []
      : [
          say(
            'At this rate half is left after {0} steps, 1 % after {1}.',
            significant(halfLifeSteps),
            significant(onePercentSteps),
          ),
        ]),
    ...(crossedAt === null ? [] : [say('Going back, the bound of the verdict is passed at step {0}.', crossedAt)]),
    ...(zeroAt === null ? [] : [say('Plain {0} arithmetic reaches exactly zero at step {1}.', dtype, zeroAt)]),
    ...(infiniteAt === null ? [] : [say('Plain {0} arithmetic reaches infinity at step {1}.', dtype, infiniteAt)]),
    ...(segments.length < 2
      ? []
      : fromSource(verdict)
          .slice(0, mostSegments)
          .map(({ from, to, perStepFactor: factor }) =>
            say('Steps {0} back to {1}: times {2} per step.', from, to, significant(factor)),
          )),
  ];
}

/** Of a cell with several paths through a step: what each carries of the gradient on its way back. */
function paths({ experiment: { cell }, result }: Layer): string[] {
  const { lnPaths } = result.layers[0];
  return pathMeans(lnPaths ?? {}, result.verdict).map(({ path, factor, share }) =>
    say(
      '{0}: on average {1} of what goes back through a step, times {2} per step as geometric mean.',
      pathWords(cell, path),
      significant(share),
      significant(factor),
    ),
  );
}

function suggestion({ run, shown, next }: ResultParts): string[] {
  const { layers } = run;
  const layer = layers[shown] ?? layers[0];
  if (next === null || !mayHelp(next, layer.result.verdict.log10Ratio)) return [];
  const effect = knownEffect(next);
  return [
    ...(layers.length > 1 ? [say('What to try next, in {0}:', layerName(run, layer))] : [say('What to try next:')]),
    next.step.sentence,
    ...(effect !== null ? [say('Computed with this change: {0}.', inNumbers(effect))] : []),
    ...(isUntried(next) ? [say('What comes of it was not computed: it takes as long as the run.')] : []),
  ];
}

const scalars = ({ lossValue, clipFactor }: AnyNetworkRun): string[] => [
  ...(lossValue === null ? [] : [say('The loss is {0}.', significant(lossValue))]),
  ...(clipFactor === null
    ? []
    : [say('Clipping multiplies the gradients of the parameters by {0}.', significant(clipFactor))]),
];

const pathsOf = (run: AnyNetworkRun): string[] =>
  run.layers.flatMap((layer) => {
    const told = paths(layer);
    return told.length === 0 || run.layers.length === 1 ? told : [`${layerName(run, layer)}:`, ...told];
  });

const joined = (blocks: readonly (readonly string[])[]): string =>
  `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n').trimEnd())
    .join('\n\n')}\n`;

/** Verdict, numbers and the tables that the command line prints, in an order that can be listened to. */
export const wholeText = (parts: ResultParts, spectrumOf: (layer: Layer) => Spectrum): string => {
  const { run } = parts;
  return joined([
    verdictLines(run),
    [...measured(run.verdict, run.experiment.dtype), ...scalars(run)],
    pathsOf(run),
    suggestion(parts),
    normTables(run, null),
    run.layers.map((layer) => spectrumLine(run, layer, spectrumOf(layer)).trimEnd()),
  ]);
};

/** The same for an assistant: the layer that is worst in full, of the others a line each; names as quoted data. */
export function compactText(parts: ResultParts): string {
  const { run, shown } = parts;
  const { layers, verdict, experiment } = run;
  const layer = layers[shown] ?? layers[0];
  const more = layers.length - mostLayers;
  return joined([
    [`${verdict.kind.toUpperCase()}  ${asData(experiment.name)}  (${sizesOf(run)})`, verdict.reason],
    [...measured(verdict, experiment.dtype), ...scalars(run)],
    layers.length === 1
      ? []
      : [
          say('Each layer by itself:'),
          ...layers
            .slice(0, mostLayers)
            .map((one) => `${layerName(run, one)}: ${inNumbers(one.result.positionVerdict)}`),
          ...(more > 0 ? [say('and {0} more', more)] : []),
        ],
    [
      ...(layers.length === 1 ? [] : [`${layerName(run, layer)}: ${layer.result.positionVerdict.reason}`]),
      ...paths(layer),
    ],
    suggestion(parts),
    // Columns need no room where nobody looks at them.
    layerTable(layer, layers.length === 1 ? run.log10Norms.dx : null).map((line) =>
      line.trim().replaceAll(/ {2,}/g, ' '),
    ),
  ]);
}

/** What the verdict does not stand on, so that a change of it alone leaves both verdicts the same. */
const isBesideVerdict = ({ truncate, clipNorm, lossAt }: WhatIf): boolean =>
  truncate !== null || clipNorm !== null || lossAt !== null;

/** The position of the step that the gradient reaches last. */
const lastReached = ({ experiment, result }: Layer): number =>
  inPositions(experiment, Float64Array.from(Array(result.shapes.T).keys())).indexOf(0);

/** A what-if beside the run as it is, in numbers. */
export function triedText(run: AnyNetworkRun, whatIf: WhatIf, answer: WhatIfAnswer & { readonly kind: 'run' }): string {
  const layer = run.layers[answer.layer] ?? run.layers[0];
  const { gates } = cellOf(run.experiment.cell);
  const number = (value: number | null): string => (value === null ? say('not computed') : significant(value));
  const ofLayer = (text: string): string => (run.layers.length === 1 ? text : `${layerName(run, layer)}: ${text}`);
  const total = ({ dh }: { readonly dh: Float64Array }): string => fromLog10(dh[0] ?? NaN);
  const measures = changesWeights(whatIf) ? answer.measures : [];
  return joined([
    [say('Nothing was written: the run was repeated with the change, in memory.')],
    [
      answer.ofNetwork || run.layers.length === 1 ? say('The network:') : `${layerName(run, layer)}:`,
      say('as it is: {0}', inNumbers(answer.ofNetwork ? run.verdict : layer.result.verdict)),
      say('with the change: {0}', inNumbers(answer.verdict)),
      answer.verdict.reason,
      ...(isBesideVerdict(whatIf)
        ? [
            say(
              'The verdict stands on a single loss at the last step, without truncation and clipping: these, and ' +
                'where the loss sits, do not change it.',
            ),
          ]
        : []),
    ],
    [
      ofLayer(
        say(
          'The norm of the whole gradient at step {0} goes from {1} to {2}.',
          lastReached(layer),
          total(layer.result.layers[0].log10Norms),
          total(answer.log10),
        ),
      ),
      ...measures.map(({ spectralRadius, sigmaMax }, gate) =>
        ofLayer(
          say(
            '{0} with the change: spectral radius {1}, largest singular value {2}.',
            gates.length > 1 ? say('Wh of {0}', gates[gate] ?? gate) : 'Wh',
            number(spectralRadius),
            number(sigmaMax),
          ),
        ),
      ),
      ...(whatIf.clipNorm === null || answer.clipFactor === null
        ? []
        : [say('Clipping multiplies the gradients of the parameters by {0}.', significant(answer.clipFactor))]),
      ...(answer.lossValue === null || run.lossValue === null
        ? []
        : [say('The loss goes from {0} to {1}.', significant(run.lossValue), significant(answer.lossValue))]),
    ],
  ]);
}
