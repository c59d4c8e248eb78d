// Of two directions the reverse one begins where the sequences end: read at the last position, it has seen one step.
import { t } from '@vscode/l10n';
import type { Experiment } from '../../engine/index.js';
import type { Report } from '../problems/problemReport.js';
import type { Value } from '../json/jsonValue.js';

/** Where the gradient enters, as it is written; null where nothing says it. */
export type Entrance = { readonly key: '"upstreamGradient"' | '"at"'; readonly value: Value | null };

/**
 * A note where the output of two directions is read at each sequence's last position alone (`output[:, -1]` in PyTorch,
 * whose `h_n` holds the last state of each direction). `whole`: what stands for the experiment; `entrance`: null for
 * files without a config.
 */
export function noteReverseStep(
  { loss, upstream, layers, shapes }: Experiment,
  whole: Value,
  entrance: Entrance | null,
  report: Report,
): void {
  const isLast = loss === null ? upstream.kind === 'last' : loss.at === 'last';
  if (!isLast || shapes.T === 1 || layers.every(({ direction }) => direction === 'forward')) return;
  report.info(entrance?.value?.itself() ?? whole.itself(), {
    code: 'reverse-one-step',
    message: t(
      'At the last position the reverse direction of the last layer has made one step only: its recurrent weights ' +
        'learn nothing from the sequence.',
    ),
    expected: t('the last state of each direction'),
    found: '"last"',
    advice:
      entrance === null
        ? t(
            'Save the two files as a config and write {0} there, unless the network is read at the last position.',
            '"upstreamGradient": "final"',
          )
        : t(
            'Write {0} for the last state of each direction, unless the network is read at the last position.',
            `${entrance.key}: "final"`,
          ),
    ...(entrance?.value === null || entrance === null
      ? {}
      : { fix: { kind: 'replace', text: '"final"', title: t('Take the last state of each direction') } }),
  });
}
