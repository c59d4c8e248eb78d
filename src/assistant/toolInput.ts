// The check of what an assistant sends, and what it means.
import { t } from '@vscode/l10n';
import type { SequenceOrder } from '../config/read/index.js';
import type { Start } from '../engine/index.js';
import type { WhatIf } from '../protocol/index.js';
import { either, flag, integer, number, object, oneOf, optional, positive, shown, text } from '../protocol/index.js';
import type { Check } from '../protocol/index.js';
import { whatIfCheck } from '../worker/thread/index.js';
import { changeProperties, starts, subjectProperties } from './forModels.js';
import { ToolError } from './toolHost.js';

/** What to run. */
export type Subject = {
  readonly path: string;
  readonly sequences?: string;
  readonly network?: string;
  readonly array?: string;
  readonly order?: SequenceOrder;
};

/** What is another than in the files. */
type Change = {
  readonly layer?: number | 'all';
  readonly cell?: string;
  readonly initialise?: Start;
  readonly seed?: number;
  readonly spectralRadius?: number;
  readonly sigmaMax?: number;
  readonly gate?: string;
  readonly inputScale?: number;
  readonly biasShift?: number;
  readonly clipNorm?: number | 'off';
  readonly truncate?: number | 'off';
  readonly lossAt?: 'last' | 'every' | number;
  readonly dropLastLayer?: boolean;
};

const subjectCheck = {
  path: text,
  sequences: optional(text),
  network: optional(text),
  array: optional(text),
  order: optional(oneOf(['BTI', 'TBI'])),
};
const changeCheck = object<Change>({
  layer: optional(either(oneOf(['all']), integer(0))),
  cell: optional(text),
  initialise: optional(oneOf(starts)),
  seed: optional(integer(0)),
  spectralRadius: optional(number(0)),
  sigmaMax: optional(number(0)),
  gate: optional(text),
  inputScale: optional(number(0)),
  biasShift: optional(number()),
  clipNorm: optional(either(oneOf(['off']), positive)),
  truncate: optional(either(oneOf(['off']), integer(1))),
  lossAt: optional(either(oneOf(['last', 'every']), integer(0))),
  dropLastLayer: optional(flag),
});

const refuse = (place: string, expected: string, found: string): never => {
  throw new ToolError(
    t('The input at {0}: expected {1}, found {2}. Call the tool again with that.', place, expected, found),
  );
};

/** The first key that nothing reads; a change under a mistyped name would be no change. */
function refuseOthers(value: unknown, known: readonly string[], place: string): void {
  const strange = Object.keys(value ?? {}).find((key) => !known.includes(key));
  if (strange !== undefined) refuse(place, t('one of {0}', known.join(', ')), JSON.stringify(strange.slice(0, 40)));
}

function checked<T>(value: unknown, check: Check<T>): T {
  const fault = check(value);
  if (fault !== null) refuse(`input${fault.at}`, fault.expected, shown(fault.found));
  return value as T;
}

/** @throws ToolError */
export function readSubject(input: unknown): Subject {
  const subject = checked(input, object<Subject>(subjectCheck));
  refuseOthers(input, Object.keys(subjectProperties), 'input');
  return nonEmpty(subject);
}

function nonEmpty(subject: Subject): Subject {
  for (const key of ['path', 'sequences'] as const)
    if (subject[key] === '') refuse(`input.${key}`, t('the path of a file'), '""');
  return subject;
}

/** A key that only says more of others: without them it would be passed over, and another change tried. */
function refuseAlone(change: Change, key: keyof Change, others: readonly (keyof Change)[]): void {
  if (change[key] !== undefined && others.every((other) => change[other] === undefined))
    throw new ToolError(
      t(
        '"{0}" changes nothing by itself. Call the tool again with it beside one of {1}, or without it.',
        key,
        others.join(', '),
      ),
    );
}

/** @throws ToolError */
export function readChange(input: unknown): { readonly subject: Subject; readonly change: Change } {
  const { change, ...subject } = checked(
    input,
    object<Subject & { readonly change: Change }>({ ...subjectCheck, change: changeCheck }),
  );
  refuseOthers(input, [...Object.keys(subjectProperties), 'change'], 'input');
  refuseOthers(change, Object.keys(changeProperties), 'input.change');
  const changes = Object.entries(change).flatMap(([key, value]) =>
    ['layer', 'seed', 'gate'].includes(key) || value === false ? [] : [key],
  );
  if (changes.length === 0) refuse('input.change', t('something to change, such as "sigmaMax": 1'), t('nothing'));
  if (change.spectralRadius !== undefined && change.sigmaMax !== undefined)
    refuse('input.change', t('one of spectralRadius and sigmaMax'), t('both'));
  refuseAlone(change, 'gate', ['biasShift', 'spectralRadius', 'sigmaMax']);
  refuseAlone(change, 'seed', ['initialise']);
  return { subject: nonEmpty(subject), change };
}

/** `layers`: whose weights are changed where the change does not say. @throws ToolError */
export function whatIfOf(change: Change, layers: number | null): WhatIf {
  const { initialise, seed = 1, spectralRadius, sigmaMax, gate = null, biasShift = null } = change;
  const rescale: WhatIf['rescale'] =
    spectralRadius !== undefined
      ? { measure: 'spectralRadius', to: spectralRadius }
      : sigmaMax !== undefined
        ? { measure: 'sigmaMax', to: sigmaMax }
        : null;
  const whatIf = {
    layers: change.layer ?? layers,
    cell: change.cell ?? null,
    initialise: initialise === undefined ? null : { way: initialise, seed },
    rescale,
    whGate: rescale === null ? null : gate,
    inputScale: change.inputScale ?? null,
    biasShift,
    biasGate: biasShift === null ? null : gate,
    clipNorm: change.clipNorm ?? null,
    truncate: change.truncate ?? null,
    lossAt: change.lossAt ?? null,
    drop: change.dropLastLayer === true ? 'last' : null,
  };
  // Names of cells and gates: the worker knows which there are.
  const fault = whatIfCheck(whatIf);
  if (fault !== null) {
    const place = fault.at.replace(/^\.(?:wh|bias)Gate/, '.gate');
    refuse(`input.change${place}`, fault.expected, shown(fault.found));
  }
  return whatIf as WhatIf;
}
