// What the product writes into a text reads again: refactorings, what-ifs made true, and fixes of problems.
import type { Problem } from '../../src/config/index.js';
import type { TextChange } from '../../src/config/edit/textEdits.js';
import type { Change, ChangeOutcome, Inspection, Offer } from '../../src/protocol/messages.js';
import { cellNames, initialisations, starts } from '../../src/engine/index.js';
import type { WhatIf } from '../../src/engine/index.js';
import type { Texts } from './checks.js';
import type { Bytes } from './desk.js';
import type { Dice } from './dice.js';
import { readFiles } from './examine.js';
import type { Stage, Walk } from './examine.js';

const mostOffers = 3;
const mostFixes = 2;
/** One mutation in so many has a what-if made true. */
const madeTrue = 3;
const newFile = 'moved.json';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

function applied(files: Bytes, texts: Texts, changes: readonly TextChange[], added: Bytes = {}): Bytes {
  const changed = [...new Set(changes.map(({ file }) => file))].map(
    (file) => [file, encode(texts.of(file).changed(changes.filter((change) => change.file === file)))] as const,
  );
  return { ...files, ...Object.fromEntries(changed), ...added };
}

/** Of many such places most are only counted, under the code of one of them. */
const isBroken = ({ code }: Problem): boolean => code === 'not-json' || code === 'not-a-number';

function changeOf({ kind, name, square, gates, layer }: Offer, dice: Dice): Change {
  switch (kind) {
    case 'rescale':
      return {
        kind,
        quantity: square ? dice.pick(['spectralRadius', 'sigmaMax'] as const) : 'sigmaMax',
        to: dice.pick([0.5, 1, 1.25, 1e-20, 1e30]),
      };
    case 'initialise':
      return { kind, way: dice.pick(initialisations), seed: dice.below(1000), gain: dice.pick([1, 0.5, 2 ** 0.5]) };
    case 'initialiseGates':
      return {
        kind,
        way: dice.pick(initialisations),
        seed: dice.below(1000),
        gate: dice.pick([null, ...gates]),
        direction: layer?.direction === null ? dice.pick([null, 'forward', 'reverse'] as const) : null,
      };
    case 'forgetBias':
      return { kind, layers: layer === null ? null : [layer.index] };
    case 'moveToFile':
    case 'copyToJson':
      return { kind, reference: newFile };
    case 'transpose':
    case 'addBias':
    case 'addInitialState':
    case 'moveInline':
      return { kind };
    default:
      throw new Error(`Nobody knows how ${name} is changed by ${String(kind)}.`);
  }
}

/** `runs`: whether what ran before has to run after it. */
async function checkOutcome(
  { mutation, texts, read, fault, answer }: Walk,
  stage: Stage,
  what: string,
  outcome: ChangeOutcome,
  runs: boolean,
): Promise<void> {
  answer(outcome);
  if (!outcome.ok) {
    if (outcome.message.trim() === '') fault(stage, `${what} is refused without a word`);
    return;
  }
  const files = applied(
    mutation.files,
    texts,
    outcome.changes,
    outcome.newFile === null ? {} : { [newFile]: encode(outcome.newFile) },
  );
  const after = await readFiles(mutation, files);
  const told = (): string =>
    JSON.stringify({ changes: outcome.changes, problems: after.problems.slice(0, 3) }).slice(0, 1500);
  if (!read.problems.some(isBroken) && after.problems.some(isBroken))
    fault(stage, `${what} leaves text that is no JSON`, told());
  else if (runs && read.experiment !== null && after.experiment === null)
    fault(stage, `${what} leaves what cannot be run`, told());
}

/** Refactorings that an inspection offers. */
export async function checkChanges(walk: Walk, { config, offers }: Inspection): Promise<void> {
  const { dice, desk, stage } = walk;
  if (offers.length > 0)
    await stage('changes', async () => {
      for (let i = Math.min(mostOffers, offers.length); i > 0; i--) {
        const offer = dice.pick(offers);
        const change = changeOf(offer, dice);
        await checkOutcome(
          walk,
          'changes',
          `the change "${offer.kind}"`,
          await desk.ask('change', { config, file: offer.file, path: offer.path, change }),
          offer.kind !== 'transpose' || offer.square,
        );
      }
    });
}

export async function checkWhatIf(walk: Walk): Promise<void> {
  const {
    mutation: { entry },
    dice,
    desk,
    stage,
  } = walk;
  if (dice.chance(1 / madeTrue))
    await stage('what-if', async () =>
      checkOutcome(
        walk,
        'what-if',
        'a what-if made true',
        await desk.ask('applyWhatIf', { entry, whatIf: someWhatIf(dice), copyTo: null }),
        true,
      ),
    );
}

export function someWhatIf(dice: Dice): WhatIf {
  const maybe = <Value>(make: () => Value): Value | null => (dice.chance(0.4) ? make() : null);
  const gates = ['h', 'i', 'f', 'z', 'n'] as const;
  return {
    layers: maybe(() => dice.pick(['all', 0, 1] as const)),
    // Most of the others are of other weights, which is a refusal and nothing else.
    cell: dice.chance(0.2) ? dice.pick(cellNames) : null,
    initialise: maybe(() => ({ way: dice.pick(starts), seed: dice.below(1000) })),
    rescale: maybe(() => ({
      measure: dice.pick(['spectralRadius', 'sigmaMax'] as const),
      to: dice.pick([0, 0.5, 1, 3]),
    })),
    whGate: dice.chance(0.1) ? dice.pick(gates) : null,
    inputScale: maybe(() => dice.pick([0, 0.1, 10])),
    biasShift: maybe(() => dice.pick([-1, 0.5])),
    biasGate: dice.chance(0.1) ? dice.pick(gates) : null,
    clipNorm: maybe(() => dice.pick(['off', 0.5] as const)),
    truncate: maybe(() => dice.pick(['off', 1, 4] as const)),
    lossAt: maybe(() => dice.pick(['last', 'every', 0] as const)),
    drop: dice.chance(0.2) ? 'last' : null,
  };
}

/** A fix mends the problem that offers it. */
export async function checkFixes({ mutation, dice, texts, read, stage, fault }: Walk): Promise<void> {
  const fixable = read.problems.filter(({ fix }) => fix?.kind === 'replace');
  if (fixable.length === 0) return;
  await stage('fixes', async () => {
    for (let i = Math.min(mostFixes, fixable.length); i > 0; i--) {
      const { file, range, fix, code, path, message } = dice.pick(fixable);
      if (fix?.kind !== 'replace') continue;
      const after = await readFiles(mutation, applied(mutation.files, texts, [{ file, range, text: fix.text }]));
      const stays = after.problems.some(
        (problem) =>
          problem.file === file &&
          problem.code === code &&
          problem.message === message &&
          problem.path === path &&
          problem.range.start.line === range.start.line &&
          problem.range.start.character === range.start.character,
      );
      if (stays)
        fault(
          'fixes',
          `a fix of ${code} that mends nothing`,
          `${path}: ${message.slice(0, 200)} → ${fix.text.slice(0, 100)}`,
        );
      // A key by its right name may be the first that names a file, and that one may be broken.
      const breaks = (problem: Problem): boolean => isBroken(problem) && problem.file === file;
      if (!read.problems.some(breaks) && after.problems.some(breaks))
        fault(
          'fixes',
          `a fix of ${code} that leaves no JSON`,
          `${path}: ${message.slice(0, 200)} → ${fix.text.slice(0, 100)}`,
        );
    }
  });
}
