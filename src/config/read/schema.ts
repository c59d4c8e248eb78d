import { t } from '@vscode/l10n';
import { cellNames, cellOf, defaultCell } from '../../engine/index.js';
import type { DType } from '../../engine/index.js';
import type { JsonType, KeySpec, KeyTable, Snippet } from './keySpec.js';
import { partKeys, sequencePartKeys, targetPartKeys } from './partKeys.js';

const numbers: readonly JsonType[] = ['string', 'array'];

export const lossKeys = () =>
  ({
    kind: {
      docs: t(
        '`mse`: the mean of `(y − target)²`. `crossEntropy`: the mean of `−log softmax(y)[class]`. ' +
          '`binaryCrossEntropy`: the mean of `−target·log σ(y) − (1 − target)·log(1 − σ(y))`, of logits. The mean is ' +
          'over all places that have a target (for `mse` and `binaryCrossEntropy` over the outputs too).',
      ),
      types: ['string'],
      expected: t('"mse", "crossEntropy" or "binaryCrossEntropy"'),
      choices: {
        mse: t('Mean squared error.'),
        crossEntropy: t('Cross entropy of a softmax, for classes.'),
        binaryCrossEntropy: t('Cross entropy of a logistic function for each output, for several labels at once.'),
      },
    },
    readout: {
      docs: t(
        'The linear layer above the RNN, `y_t = h_t·Why + by`: an object or the path of a file with `Why` ' +
          "[H,O] and `by` [O], with PyTorch's `weight` [O,H] and `bias` [O], or with Keras' `kernel` [H,O] and " +
          '`bias` [O]. Two directions have 2·H units, forward first.',
      ),
      types: ['string', 'object'],
      expected: t('an object with Why and by, or a path'),
      open: true,
      examples: [{ Why: [[1], [0]], by: [0] }, 'readout.json'],
      file: {},
    },
    targets: {
      docs: t(
        'What the outputs should be: for `mse` [B][O] (`at: "last"`) or [B][T][O] (`at: "every"`); for ' +
          '`crossEntropy` class indices from 0, [B] or [B][T]; for `binaryCrossEntropy` as `mse`, numbers from 0 to ' +
          '1. Of a list of S steps [B][S][O] or [B][S]. Of one output [O] may be left out. `null`, or -100 for a ' +
          'class (`ignore_index` of PyTorch): no target and no loss at this place. A list, the path of a file, or ' +
          'columns of a table: ' +
          '`{ "file": …, "columns": …, "ahead": … }`.',
      ),
      types: numbers,
      expected: t('a list of numbers or a path'),
      examples: ['targets.json', [[1]]],
      file: { keys: targetPartKeys() },
      snippets: [
        { label: 'file', description: t('targets in a JSON file'), body: '${1:targets.json}' },
        {
          label: 'table',
          description: t('the next row of a column'),
          body: { file: '${1:table.csv}', columns: ['${2:column}'], ahead: 1 },
        },
      ],
    },
    at: {
      docs: t(
        'Which timesteps carry a loss: `"last"`, `"final"`, `"every"`, or a list of steps from 0, in order, such as ' +
          '`[2, 5, 11]`.',
      ),
      types: ['string', 'array'],
      expected: t('"last", "final", "every" or a list of steps'),
      default: 'last',
      choices: {
        last: t('Only the last step of each sequence; of several chunks, that of the last one.'),
        final: t('The step that each direction computes last: of `reverse` that is step 0.'),
        every: t('Each step.'),
      },
    },
  }) as const satisfies KeyTable;

/** The states of a cell, which an initial state names where there is more than h. */
export const stateKeys = () =>
  ({
    h: {
      docs: t(
        'The hidden state before the first timestep: [B][H], or [L·D][B][H]; numbers or a path. `null` is zeros.',
      ),
      types: ['null', 'string', 'array'],
      expected: t('numbers, a path, or null'),
      file: {},
      deprecated: ['h0', 'h_0'],
    },
    c: {
      docs: t("An LSTM's cell state before the first timestep, in the form of `h`. `null` is zeros."),
      types: ['null', 'string', 'array'],
      expected: t('numbers, a path, or null'),
      file: {},
      deprecated: ['c0', 'c_0'],
    },
  }) as const satisfies KeyTable;

/** The keys of a `*.rnn.json`. */
export const configKeys = () =>
  ({
    $schema: {
      docs: t('Where the schema of this file is; the extension brings its own, so this can be left out.'),
      types: ['string'],
      expected: t('a text'),
      silent: true,
    },
    name: {
      docs: t("A name for people; the file's name when left out."),
      types: ['string'],
      expected: t('a text'),
      examples: ['tanh RNN on daily weather'],
    },
    cell: {
      docs: t(
        'What computes a step: an activation `f` of `h_t = f(h_{t-1}·Wh + x_t·Wx + b)`, or a cell with gates. Left ' +
          'out, it is told by the weights: with 4 gates an LSTM, with 3 a GRU, else `tanh`.',
      ),
      types: ['string'],
      expected: cellNames.map((cell) => `"${cell}"`).join(', '),
      default: defaultCell,
      deprecated: ['activation', 'nonlinearity'],
      choices: Object.fromEntries(cellNames.map((name) => [name, cellOf(name).words.docs()])),
    },
    dtype: {
      docs: t(
        'The arithmetic of the run. Gradients below the range of float32 (about 1e-45) become 0 there; the ' +
          'picture tells at which step.',
      ),
      types: ['string'],
      expected: t('"float32" or "float64"'),
      default: 'float32',
      choices: {
        float32: t('24 bits of precision, as most training runs.'),
        float64: t('53 bits of precision.'),
      } satisfies Record<DType, string>,
    },
    weights: {
      docs: t(
        'The weights: the path of a file (relative to this one): JSON, `.safetensors`, `.npz`, `.npy`, `.pt`, ' +
          '`.h5`, `.keras` or `.onnx`; `{ "file": …, "name": … }` for one network of several; or an object. ' +
          'Recognised by their names:\n\n| | input | recurrent | bias ' +
          '|\n|---|---|---|---|\n| tutorial | `Wx` [I,H] | `Wh` [H,H] | ' +
          '`b` [H] |\n| PyTorch | `weight_ih_l0` [H,I] | `weight_hh_l0` [H,H] | `bias_ih_l0` + `bias_hh_l0` [H] ' +
          '|\n| Keras | `kernel` [I,H] | `recurrent_kernel` [H,H] | `bias` [H] |\n| ONNX | `W` [D,H,I] | `R` ' +
          '[D,H,H] | `B` [D,2·H] |\n\nLSTM and GRU have 4·H and 3·H in place of H, their gates in the order of the ' +
          'framework. Further layers are `…_l1`, `…_l2`, the other direction `…_l0_reverse`. A prefix such as `rnn.` ' +
          'does not matter; other keys are ignored.',
      ),
      types: ['string', 'object'],
      expected: t('a path, or an object with Wx, Wh and b'),
      open: true,
      examples: ['weights.json'],
      file: {},
      snippets: [
        { label: 'file', description: t('weights in a JSON file'), body: '${1:weights.json}' },
        {
          label: 'inline',
          description: t('two inputs, two hidden units'),
          body: {
            Wx: [
              [1, 0],
              [0, 1],
            ],
            Wh: [
              [0.5, 0],
              [0, 0.5],
            ],
            b: [0, 0],
          },
        },
      ],
    },
    sequences: {
      docs: t(
        'The input sequences `xs`: [B][T][I], or [T][I] for one sequence; a path, or the numbers themselves. A ' +
          'list of paths gives consecutive chunks of the same sequences: each is one forward and one backward ' +
          'call. Sequences may have different numbers of timesteps: a shorter one ends earlier. A table (`.csv`, ' +
          '`.tsv`) or a text: `{ "file": …, "columns": …, "window": … }`.',
      ),
      types: numbers,
      expected: t('numbers [B][T][I], a path, or a list of paths'),
      examples: ['sequences.json', ['part-1.json', 'part-2.json']],
      file: { list: true, keys: sequencePartKeys() },
      deprecated: ['xs', 'inputs'],
      snippets: [
        { label: 'file', description: t('sequences in a JSON file'), body: '${1:sequences.json}' },
        {
          label: 'inline',
          description: t('one sequence of three timesteps with two inputs'),
          body: [
            [
              [1, 0],
              [0, 1],
              [1, 1],
            ],
          ],
        },
        {
          label: 'table',
          description: t('windows of a table'),
          body: { file: '${1:table.csv}', window: 24, stride: 1, normalise: 'zScore' },
        },
        {
          label: 'text',
          description: t('windows of a text, a character a step'),
          body: { file: '${1:text.txt}', tokens: 'characters', window: 100 },
        },
        { label: 'chunks', description: t('consecutive chunks'), body: ['${1:part-1.json}', '${2:part-2.json}'] },
      ],
    },
    sequenceOrder: {
      docs: t(
        'In which order the axes of `sequences` stand. PyTorch without `batch_first` has the steps first, `"TBI"`; ' +
          'Keras and PyTorch with `batch_first=True` have the sequences first, `"BTI"`. An `upstreamGradient` of ' +
          'numbers and the targets of a loss may stand in the same order, or sequence by sequence: where both would ' +
          'fit, with as many steps as sequences, it is the same order.',
      ),
      types: ['string'],
      expected: t('"BTI" or "TBI"'),
      default: 'BTI',
      choices: {
        BTI: t('Sequence by sequence, `[B][T][I]`: Keras, and PyTorch with `batch_first=True`.'),
        TBI: t("Step by step, `[T][B][I]`: PyTorch's default."),
      },
    },
    lengths: {
      docs: t(
        'How many steps of each sequence are real, [B], where `sequences` is one block that is padded at the end, as ' +
          '`pad_sequence` of PyTorch leaves it: numbers or a path. Steps beyond a length are not read, nor are their ' +
          'padded targets. `null`: all steps are real.',
      ),
      types: ['null', 'string', 'array'],
      expected: t('a list of B numbers of steps, a path, or null'),
      default: null,
      examples: ['lengths.json'],
      file: {},
    },
    initialState: {
      docs: t(
        'The hidden state before the first timestep, `h_{-1}` [B][H] ([H] for one sequence): numbers or a ' +
          'path. `null` is zeros. Several layers or directions: [L·D][B][H], layer 0 forward, layer 0 reverse, layer ' +
          '1 …; an LSTM: an object with `h` and `c`.',
      ),
      types: ['null', 'string', 'array', 'object'],
      expected: t('numbers [B][H], a path, an object with h and c, or null'),
      default: null,
      file: {},
      keys: stateKeys(),
      deprecated: ['h0', 'h_0', 'hidden_state', 'hiddenState', 'initial_state'],
    },
    stateful: {
      docs: t(
        'With several chunks: `true` carries the hidden state from one chunk into the next; the gradient is ' +
          'cut between them either way. `false` starts each chunk at `initialState`.',
      ),
      types: ['boolean'],
      expected: t('true or false'),
      default: false,
    },
    upstreamGradient: {
      docs: t(
        'What the layer above sends into every `h_t`, `dhs = ∂L/∂h`: `"last"`, `"final"`, `"every"`, the number of ' +
          'one step (ones there and nowhere else), or numbers [B][T][H] ([T][H] for one sequence, 2·H with two ' +
          'directions), inline or as a path. With several chunks `"last"` and `"final"` hold for each of them. Not ' +
          'together with `loss`.',
      ),
      types: ['null', 'string', 'number', 'array'],
      expected: t('"last", "final", "every", the number of a step, a path, or numbers [B][T][H]'),
      integer: true,
      minimum: 0,
      default: 'last',
      examples: ['last', 'every', 'dhs.json'],
      file: { words: ['last', 'final', 'every'] },
      deprecated: ['dhs', 'upstream'],
      snippets: [
        {
          label: '"last"',
          description: t('ones at the last step: a loss at the end, the pure trip back through time'),
          body: 'last',
        },
        {
          label: '"final"',
          description: t('ones on what each direction computes last: a bidirectional classifier'),
          body: 'final',
        },
        { label: '"every"', description: t('ones at each step'), body: 'every' },
        { label: 'file', description: t('a stored gradient [B][T][H]'), body: '${1:dhs.json}' },
      ],
    },
    loss: {
      docs: t('A loss above a linear readout, instead of `upstreamGradient`.'),
      types: ['null', 'object'],
      expected: t('an object with kind, readout and targets, or null'),
      default: null,
      keys: lossKeys(),
      required: ['kind', 'readout', 'targets'],
      snippets: [
        {
          label: 'mse',
          description: t('mean squared error at the last step'),
          body: { kind: 'mse', readout: '${1:readout.json}', targets: '${2:targets.json}', at: 'last' },
        },
        {
          label: 'crossEntropy',
          description: t('classes at every step'),
          body: { kind: 'crossEntropy', readout: '${1:readout.json}', targets: '${2:targets.json}', at: 'every' },
        },
      ],
    },
    clip: {
      docs: t(
        'Clipping of the parameter gradients by their global norm: when `‖(dWx, dWh, db)‖ > norm`, all are ' +
          'scaled by `norm / ‖(dWx, dWh, db)‖` (Pascanu et al. 2013). `null`: none.',
      ),
      types: ['null', 'object'],
      expected: t('an object with norm, or null'),
      default: null,
      keys: {
        norm: {
          docs: t('The largest global norm, above 0.'),
          types: ['number'],
          expected: t('a number above 0'),
          exclusiveMinimum: 0,
          examples: [1],
        },
      },
      required: ['norm'],
      snippets: [{ label: 'norm 1', description: t('global norm at most 1'), body: { norm: 1 } }],
    },
    truncate: {
      docs: t(
        'Truncated backpropagation through time: the gradient is cut at every multiple of this many timesteps, ' +
          'counted from the start of each chunk. `null`: never.',
      ),
      types: ['null', 'number'],
      expected: t('a whole number of at least 1, or null'),
      integer: true,
      minimum: 1,
      default: null,
      examples: [20],
      deprecated: ['tbptt', 'bptt'],
    },
  }) as const satisfies KeyTable;

/** A key of a config, and what `validateObject` finds under it. */
export type ConfigKey = keyof ReturnType<typeof configKeys>;

export const requiredKeys = ['weights', 'sequences'] as const satisfies readonly ConfigKey[];

/** What an empty file can begin with. */
const wholeConfigs = (): readonly Snippet[] => [
  {
    label: t('RNN experiment'),
    description: t('a tanh RNN with weights and sequences from files'),
    body: {
      name: '${1:my network}',
      cell: 'tanh',
      weights: '${2:weights.json}',
      sequences: '${3:sequences.json}',
      upstreamGradient: 'last',
    },
  },
  {
    label: t('RNN experiment with its numbers'),
    description: t('a tanh RNN of two units that runs as it is'),
    body: {
      name: '${1:my network}',
      cell: 'tanh',
      weights: {
        Wx: [
          [1, 0],
          [0, 1],
        ],
        Wh: [
          [0.5, 0],
          [0, 0.5],
        ],
        b: [0, 0],
      },
      sequences: [
        [
          [1, 0],
          [0, 1],
          [1, 1],
          [0, 0],
        ],
      ],
      upstreamGradient: 'last',
    },
  },
];

/**
 * JSON schema (draft-07 with VS Code's additions) of the config, for completion and hover in the editor. It refuses
 * nothing: what is wrong is told once, by the reader, with advice that a schema cannot give.
 */
export function configJsonSchema(): object {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: t('RNN experiment'),
    allowComments: true,
    allowTrailingCommas: true,
    properties: propertiesSchema(configKeys()),
    defaultSnippets: wholeConfigs(),
  };
}

/** What is told about a key that stands there under another name. */
export const deprecation = (older: string, key: string): string => t('"{0}" is called "{1}" in a config.', older, key);

function propertiesSchema(keys: KeyTable): object {
  const now = Object.entries(keys).map(([key, spec]) => [key, keySchema(spec)] as const);
  const older = Object.entries(keys).flatMap(([key, spec]) =>
    (spec.deprecated ?? []).map(
      (name) => [name, { ...keySchema(spec), deprecationMessage: deprecation(name, key), doNotSuggest: true }] as const,
    ),
  );
  return Object.fromEntries([...now, ...older]);
}

function keySchema(spec: KeySpec): object {
  const types = spec.types.map((type) => (type === 'number' && spec.integer === true ? 'integer' : type));
  const choices = Object.entries(spec.choices ?? {});
  const inner = spec.keys ?? (spec.file === undefined ? undefined : (spec.file.keys ?? partKeys()));
  const snippets = [
    ...(spec.snippets ?? []),
    ...choices.map(([body, markdownDescription]) => ({ markdownDescription, body })),
  ];
  return {
    markdownDescription: spec.docs,
    // The first alternative says what to offer, the second lets everything else pass.
    anyOf: [
      {
        type: types.length === 1 ? types[0] : types,
        ...(choices.length === 0
          ? {}
          : { enum: choices.map(([choice]) => choice), markdownEnumDescriptions: choices.map(([, docs]) => docs) }),
      },
      {},
    ],
    ...(inner === undefined ? {} : { properties: propertiesSchema(inner) }),
    ...(spec.default === undefined ? {} : { default: spec.default }),
    ...(spec.silent === true ? { doNotSuggest: true } : {}),
    ...(spec.examples === undefined || spec.snippets !== undefined ? {} : { examples: spec.examples }),
    // A key that has several of them is completed with an open value and a list to choose from.
    ...(snippets.length === 0 ? {} : { defaultSnippets: snippets }),
  };
}
