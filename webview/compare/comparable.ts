// What makes runs of different configs comparable, and what has to be said of it.
import { t } from '../page/l10n.js';
import { layerName } from '../page/layerNames.js';
import { positionOf } from '../page/stepLabels.js';
import type { ComparedRun } from '../../src/protocol/index.js';
import type { Curve, CurveName } from '../chart/overlay.js';
import type { RunSummary } from '../page/model.js';

type LayerNames = Parameters<typeof layerName>[0];

/** The last of the values that is a size: where a loss last enters, and the way back begins. */
const sourceOf = (log10: Float64Array): number => log10.findLast(Number.isFinite) ?? NaN;

/**
 * The same curve, moved so that it begins where the other one does: what is left of the gradient compares, whatever
 * size it has at its source. As it is where one of them has no source.
 */
export function fromSameSource(curve: Curve, other: Pick<Curve, CurveName>): Curve {
  const moved = (name: CurveName): Float64Array => {
    const by = sourceOf(other[name]) - sourceOf(curve[name]);
    return Number.isFinite(by) ? curve[name].map((log10) => log10 + by) : curve[name];
  };
  return { ...curve, dh: moved('dh'), singleSource: moved('singleSource') };
}

/** Norms over other states are of another size from the start. */
export const needsSameSource = (run: RunSummary, { cell }: NonNullable<ComparedRun['run']>): boolean =>
  run.cell.name !== cell;

/** Of a network with several layers the one whose curve and verdict are told; else ''. */
export const toldLayer = ({
  network,
}: {
  readonly network: (LayerNames & { readonly shown: number }) | null;
}): string => (network !== null && network.layers.length > 1 ? layerName(network, network.shown) : '');

/** Their names; two of the same with their files too, and of a network with the layer. */
export function namesOf(compared: readonly ComparedRun[]): readonly string[] {
  return compared.map(({ name, config, run }) => {
    const file = decodeURIComponent(config.slice(config.lastIndexOf('/') + 1));
    const twins = compared.filter((other) => other.name === name).length > 1;
    const layer = run === null ? '' : toldLayer(run);
    return [twins ? `${name} (${file})` : name, ...(layer === '' ? [] : [layer])].join(', ');
  });
}

/** What a reader has to know of a compared run besides its numbers. */
export function notesOf({ running, problem, run }: ComparedRun, own: RunSummary): readonly string[] {
  const beyond = run === null ? 0 : run.curve.T - own.shapes.T;
  return [
    ...(running ? [t('running')] : []),
    ...(problem === null ? [] : [run === null ? problem : t('As it was before: {0}', problem)]),
    ...(run !== null && needsSameSource(own, run)
      ? [
          t(
            'Another cell ({0}): its curve is moved to begin where this run’s does, because norms over other states ' +
              'differ in size. What is left of the gradient compares.',
            run.cell,
          ),
        ]
      : []),
    ...(beyond > 0
      ? [
          beyond === 1
            ? t('Both meet at their last steps: the first step of this one lies outside of the axis.')
            : t('Both meet at their last steps: the first {0} of this one lie outside of the axis.', beyond),
        ]
      : []),
    ...(beyond < 0 ? [t('Both meet at their last steps: this one begins at t = {0}.', positionOf(own, -beyond))] : []),
  ];
}
