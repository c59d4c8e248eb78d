// What examines mutations, in a thread or without one.
import { loadKernels } from '../../src/worker/thread/loadKernels.js';
import { korean } from '../support/languages.js';
import { Desk } from './desk.js';
import { examine } from './examine.js';
import type { Outcome, Tools } from './examine.js';
import type { Mutation } from './mutate.js';

/** How long a mutation took, and its longest stage. */
export type Timed = { readonly number: number; readonly ms: number; readonly stage: string; readonly stageMs: number };

/** One mutation in so many is examined twice from the beginning, and has to give the same answers. */
const perTwice = 20;

export function makeTools(onStage: Tools['onStage']): Tools {
  const kernels = loadKernels(null);
  return { kernels, staying: new Desk(kernels), korean: korean(), onStage };
}

/** With the faults that only show when a mutation is examined a second time. */
export async function examineFully(mutation: Mutation, tools: Tools): Promise<Outcome> {
  const twice = mutation.number % perTwice === 0;
  const outcome = await examine(mutation, tools, twice);
  if (!twice) return outcome;
  const again = await examine(mutation, tools, true);
  if (again.answers === outcome.answers) return outcome;
  let at = 0;
  while (outcome.answers[at] === again.answers[at]) at++;
  const around = ({ answers }: Outcome): string => `…${answers.slice(Math.max(0, at - 100), at + 100)}…`;
  const told = `${around(outcome)} and ${around(again)}`;
  return {
    ...outcome,
    faults: [...outcome.faults, { stage: 'read again', kind: 'other answers the second time', told }],
  };
}

const timeOf = ({ times }: Outcome): number => times.reduce((sum, [, ms]) => sum + ms, 0);

export function timed(number: number, outcome: Outcome): Timed {
  const [stage, stageMs] = outcome.times.reduce<readonly [string, number]>(
    (most, one) => (one[1] > most[1] ? one : most),
    ['read', 0],
  );
  return { number, ms: timeOf(outcome), stage, stageMs };
}
