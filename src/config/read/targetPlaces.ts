// Where the loss sits: which steps have a target, and where each of them stands in the file.
import { t as say } from '@vscode/l10n';
import type { Loss } from '../../engine/index.js';
import { describeNode } from '../json/node.js';
import { cut } from '../json/problem.js';
import type { Report } from '../problems/problemReport.js';
import { ownStepsOf } from './knownSizes.js';
import type { KnownSizes } from './knownSizes.js';
import type { Value } from '../json/jsonValue.js';

/** The places of the targets [B,S,…]. */
export type Places = {
  /** How many there are for each sequence; null where the sequences could not be read. */
  readonly S: number | null;
  /** Whether S is 1 whatever the sequences are, so that its brackets are usually left out. */
  readonly isSingle: boolean;
  /** `[T]`, `[S]` or nothing: how S is written. */
  readonly form: string;
  /** Of each sequence the places that are real, ascending, and how many the file has for it; null where all are. */
  readonly own: readonly { readonly slots: Int32Array; readonly listed: number }[] | null;
  /**
   * Lists of as many steps are padded as the sequences are, and what stands behind the end of a sequence is not read;
   * null where it is to be nothing.
   */
  readonly padded: number | null;
};

export function placesOf(at: Loss['at'], sizes: KnownSizes): Places {
  const { T, padded } = sizes;
  if (at === 'last' || at === 'final') return { S: 1, isSingle: true, form: '', own: null, padded };
  const realSteps = ownStepsOf(sizes);
  if (at === 'every') {
    const own = realSteps?.map((slots) => ({ slots, listed: slots.length })) ?? null;
    return { S: T, isSingle: false, form: '[T]', own, padded };
  }
  const own = realSteps?.map((steps) => {
    const real = new Set(steps);
    return { slots: Int32Array.from(at.flatMap((step, s) => (real.has(step) ? [s] : []))), listed: at.length };
  });
  return { S: at.length, isSingle: at.length === 1, form: at.length === 1 ? '' : '[S]', own: own ?? null, padded };
}

/** The steps of a loss: a word, or a list of steps in order. Null after a report. */
export function readAt(value: Value, { T, directions }: KnownSizes, report: Report): Loss['at'] | null {
  const { node } = value;
  if (node.kind === 'string') {
    // Other words have been refused, and so has what is neither a text nor a list.
    const word = node.value as 'last' | 'final' | 'every';
    // In one direction the last processed step of a sequence is its last one.
    return word === 'final' && directions === 1 ? 'last' : word;
  }
  if (node.kind !== 'tensor' || node.shape.length !== 1 || node.data.length === 0) {
    report.error(value, {
      code: 'wrong-value',
      message: say('The steps of the loss are no list of steps.'),
      expected: say('a list of step numbers such as [2, 5, 11]'),
      found: describeNode(node),
      advice: say('Write each step once, in order, counted from 0.'),
    });
    return null;
  }
  const { data } = node;
  const wrong = data.findIndex(
    (step, i) => !Number.isInteger(step) || step < 0 || (T !== null && step >= T) || (i > 0 && step <= data[i - 1]!),
  );
  if (wrong < 0) return [...data];
  for (const { where, text } of value.leaves(node, [wrong]))
    report.error(where, {
      code: 'wrong-value',
      message: say('{0} is no step that can follow here.', cut(text, 38)),
      expected: T === null ? say('steps from 0, in order') : say('steps from 0 to {0}, in order', T - 1),
      found: cut(text, 38),
      advice: say('Write each step once, in order, counted from 0.'),
    });
  return null;
}
