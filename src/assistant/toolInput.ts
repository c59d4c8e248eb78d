// What the tools take: the JSON schema that tells an assistant, and the check of what it sends.
import { t } from '@vscode/l10n';
import type { SequenceOrder } from '../config/read/index.js';
import type { Start } from '../engine/index.js';
import type { WhatIf } from '../protocol/index.js';
import { either, flag, integer, number, object, oneOf, optional, positive, shown, text } from '../protocol/index.js';
import type { Check } from '../protocol/index.js';
import { whatIfCheck } from '../worker/thread/index.js';
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

/** All of them, or this does not compile. */
const starts = Object.keys({
  orthogonal: true,
  identity: true,
  glorot: true,
  he: true,
  keras: true,
  pytorch: true,
} satisfies Readonly<Record<Start, true>>) as Start[];

/** A JSON schema, as far as the tools need one. */
export type InputSchema = {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, object>>;
  readonly required: string[];
  readonly additionalProperties: false;
};

/** What a model reads stays English, as its other instructions are. */
const subjectProperties = {
  path: {
    type: 'string',
    description:
      'Path of a config (*.rnn.json) or of a file of weights (.safetensors, .npz, .pt, .pth, .ckpt, .h5, .keras, ' +
      '.onnx or .json), absolute or relative to the folder that is open.',
  },
  sequences: {
    type: 'string',
    description:
      'Only with a file of weights: path of the input sequences, [B][T][I] or [T][I]. Without it random ones are ' +
      'run (B 4, T 100).',
  },
  network: { type: 'string', description: 'Only with a file of weights that holds several networks: the name of one.' },
  array: { type: 'string', description: 'Only with a file of sequences that holds several arrays: the name of one.' },
  order: { type: 'string', enum: ['BTI', 'TBI'], description: 'Only with sequences: which axes come first.' },
} as const;

const changeProperties = {
  layer: {
    anyOf: [{ type: 'integer', minimum: 0 }, { const: 'all' }],
    description: 'Whose weights are changed, counted from 0 with directions, or "all". Default: the worst layer.',
  },
  cell: {
    type: 'string',
    description: 'Another activation that takes the same weights: tanh, relu, identity, sigmoid.',
  },
  initialise: { enum: starts, description: 'New numbers for Wh; keras and pytorch: for all weights of the layer.' },
  seed: { type: 'integer', minimum: 0, description: 'Of initialise. Default 1.' },
  spectralRadius: { type: 'number', minimum: 0, description: 'Wh is rescaled to this spectral radius.' },
  sigmaMax: { type: 'number', minimum: 0, description: 'Wh is rescaled to this largest singular value.' },
  gate: {
    type: 'string',
    description: 'Of LSTM and GRU: the gate that biasShift or the rescaling is for. Default: all.',
  },
  inputScale: { type: 'number', minimum: 0, description: 'Wx is multiplied by this.' },
  biasShift: { type: 'number', description: 'Is added to every bias, or to those of gate.' },
  clipNorm: { anyOf: [{ type: 'number', exclusiveMinimum: 0 }, { const: 'off' }], description: 'Clipping by norm.' },
  truncate: { anyOf: [{ type: 'integer', minimum: 1 }, { const: 'off' }], description: 'Truncated BPTT, steps.' },
  lossAt: {
    anyOf: [{ enum: ['last', 'every'] }, { type: 'integer', minimum: 0 }],
    description: 'Where the gradient enters: the last step, every step, or step number t.',
  },
  dropLastLayer: { type: 'boolean', description: 'The stack without its last layer.' },
} as const;

export const subjectSchema: InputSchema = {
  type: 'object',
  properties: subjectProperties,
  required: ['path'],
  additionalProperties: false,
};

export const changeSchema: InputSchema = {
  ...subjectSchema,
  properties: {
    ...subjectProperties,
    change: {
      type: 'object',
      properties: changeProperties,
      additionalProperties: false,
      minProperties: 1,
      description: 'What is another than in the files; everything that is left out stays as it is.',
    },
  },
  required: ['path', 'change'],
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
  if (strange !== undefined) refuse(place, `one of ${known.join(', ')}`, JSON.stringify(strange.slice(0, 40)));
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
    if (subject[key] === '') refuse(`input.${key}`, 'the path of a file', '""');
  return subject;
}

/** @throws ToolError */
export function readChange(input: unknown): { readonly subject: Subject; readonly change: Change } {
  const { change, ...subject } = checked(
    input,
    object<Subject & { readonly change: Change }>({ ...subjectCheck, change: changeCheck }),
  );
  refuseOthers(input, [...Object.keys(subjectProperties), 'change'], 'input');
  refuseOthers(change, Object.keys(changeProperties), 'input.change');
  const changes = Object.keys(change).filter((key) => !['layer', 'seed', 'gate'].includes(key));
  if (changes.length === 0) refuse('input.change', 'something to change, such as "sigmaMax": 1', 'nothing');
  if (change.spectralRadius !== undefined && change.sigmaMax !== undefined)
    refuse('input.change', 'spectralRadius or sigmaMax, one of them', 'both');
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
