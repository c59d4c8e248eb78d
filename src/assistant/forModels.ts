// What a language model is told of the tools, in English as its other instructions are.
import type { Start } from '../engine/index.js';

/** All of them, or this does not compile. */
export const starts = Object.keys({
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

export const subjectProperties = {
  path: {
    type: 'string',
    description:
      'Path of a config (*.rnn.json) or of a file of weights (.safetensors, .npz, .pt, .pth, .ckpt, .h5, .hdf5, ' +
      '.keras, .onnx or .json), absolute or relative to the folder that is open.',
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

export const changeProperties = {
  layer: {
    anyOf: [{ type: 'integer', minimum: 0 }, { const: 'all' }],
    description:
      'Whose weights are changed, counted from 0 with directions (of two, layer l is 2·l and its reverse 2·l + 1), ' +
      'or "all". Default: the worst layer.',
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
      description: 'What differs from the files; everything that is left out stays as it is.',
    },
  },
  required: ['path', 'change'],
};

export const descriptions = {
  analyse:
    'Runs a recurrent network (RNN, LSTM, GRU, stacks, both directions) forward and backward through time from its ' +
    'weights and sequences, and tells how the gradient survives the trip back: the verdict (vanishing, fading, ' +
    'healthy, exploding, nonfinite), rates and half-life per step, at which steps, in which layer and by which path ' +
    'of a step it is lost, and the next change to try with its computed effect. Use it for questions on vanishing or ' +
    'exploding gradients, long-range dependencies or BPTT truncation. Reads files only, writes nothing.',
  tryChange:
    'Repeats the run of a recurrent network with one change (another initialisation, spectral radius or largest ' +
    'singular value of Wh, forget bias, input scale, activation, truncation, clipping, where the loss sits) and ' +
    'tells the verdict and rates before and after. Use it to check advice before files are changed. Writes nothing.',
} as const;

export const serverInstructions = 'Files are read below the folders of the server; nothing is written.';
