// Every message that the host takes from a page and the worker from the host: as it should be, and with each of its
// parts damaged in turn.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { asItIs } from '../../../src/engine/index.js';
import { panelChecks, sequenceViewChecks, tensorViewChecks } from '../../../src/panel/messageChecks.js';
import { shown } from '../../../src/protocol/checks.js';
import type { Check, Fault } from '../../../src/protocol/checks.js';
import type { PanelContract, SliceRequests, WhatIf, WorkerContract } from '../../../src/protocol/messages.js';
import type { SequenceViewContract } from '../../../src/protocol/sequenceMessages.js';
import type { TensorViewContract } from '../../../src/protocol/tensorMessages.js';
import type { Contract } from '../../../src/protocol/rpc.js';
import { Service } from '../../../src/worker/thread/service.js';
import { workerChecks } from '../../../src/worker/thread/messageChecks.js';

/** Several messages of each name, so that each variant of its parts is there. */
type Samples<C extends Contract> = {
  readonly requests: { readonly [K in keyof C['requests']]: readonly C['requests'][K]['params'][] };
  readonly events: { readonly [K in keyof C['events']]: readonly C['events'][K][] };
};

const window = { t0: 0, t1: 10.5 };
const whatIfs: readonly WhatIf[] = [
  asItIs,
  {
    layers: 2,
    cell: 'relu',
    initialise: { way: 'he', seed: 3 },
    rescale: { measure: 'sigmaMax', to: 0 },
    whGate: 'o',
    inputScale: 0.5,
    biasShift: -2,
    biasGate: 'f',
    clipNorm: 1,
    truncate: 5,
    lossAt: 3,
    drop: 'last',
  },
  { ...asItIs, layers: 'all', initialise: { way: 'pytorch', seed: 1 } },
  { ...asItIs, clipNorm: 'off', truncate: 'off', lossAt: 'every' },
];
const sliceSamples: { readonly [K in keyof SliceRequests]: readonly SliceRequests[K]['params'][] } = {
  whatIf: [{ runId: 1, whatIf: null }, ...whatIfs.map((whatIf) => ({ runId: 1, whatIf }))],
  advice: [{ runId: 1 }],
  series: [{ runId: 1, window }],
  jacobians: [
    { runId: 1, sequence: 0 },
    { runId: 1, sequence: 0, window },
  ],
  attribution: [{ runId: 1, window, maxColumns: 10, maxRows: 20 }],
  attributionRow: [{ runId: 1, t: 3 }],
  networkMap: [{ runId: 1, window: { t0: 0, t1: 4 }, maxColumns: 10 }],
  gateSeries: [{ runId: 1, window: { t0: 0, t1: 4 }, maxPoints: 10 }],
  kept: [{ runId: 1, sequence: 0, window: { t0: 0, t1: 4 }, maxPoints: 10, maxUnits: 12 }],
  gates: [{ runId: 1, t: 0, sequence: 0 }],
  attributionRows: [{ runId: 1, from: 0, to: 5 }],
  reach: [{ runId: 1 }],
  gateEigenvalues: [{ runId: 1 }],
  exponents: [{ runId: 1 }],
  weights: [{ runId: 1, tensor: 'Wx', maxRows: 5, maxColumns: 5 }],
  weightCells: [{ runId: 1, tensor: 'b', from: 0, to: 2 }],
  openedStep: [{ runId: 1, t: 0, sequence: 0 }],
  activations: [
    { runId: 1, sequence: null, window, maxColumns: 9, bins: 28 },
    { runId: 1, sequence: 0, window, maxColumns: 9, bins: 28 },
  ],
  band: [{ runId: 1, window, maxPoints: 99 }],
  heatmap: [
    { runId: 1, tensor: 'hs', sequence: 0, window, maxColumns: 5, maxRows: 5 },
    { runId: 1, tensor: 'dh', order: 'similarity', sequence: 0, window, maxColumns: 5, maxRows: 5 },
  ],
  unitLines: [{ runId: 1, sequence: 0, units: [0, 5], window, maxPoints: 99 }],
  sequenceLines: [{ runId: 1, first: 0, count: 2, window, maxPoints: 99 }],
  step: [{ runId: 1, t: 0, sequence: 0 }],
  steps: [{ runId: 1, sequence: 0, tensor: 'z', from: 0, to: 8 }],
};
const panelSamples: Samples<PanelContract> = {
  requests: { ...sliceSamples, applyWhatIf: whatIfs, history: [null], version: [{ runId: 2 }] },
  events: {
    ready: [null],
    painted: [{ runId: 1 }],
    revealWeight: [{ tensor: 'Wh', row: 0, column: 1, focus: true }],
    revealProblem: [{ index: 0 }],
    revealConfig: [null],
    answerOrder: [{ index: 0, order: 'TBI' }],
    rerun: [null],
    chooseLayer: [{ layer: 1 }],
    cancel: [null],
    compareWith: [null],
    compared: [{ config: 'a.rnn.json', act: 'rerun' }],
    undo: [{ redo: false }],
    saveFile: [
      { suggestedName: 'a.csv', content: 'a' },
      { suggestedName: 'a.png', content: new Uint8Array(2) },
    ],
    saveAsConfig: [null],
    chooseSequences: [null],
    previewSequences: [null],
    exportJson: [null],
    exportReport: [null],
    failed: [{ message: 'x' }],
  },
};
const options = {
  columns: ['temperature', 'pressure'],
  window: 24,
  stride: 1,
  normalise: 'zScore',
  normaliseOver: 0.7,
} as const;
const entries = [
  { kind: 'config', config: 'a.rnn.json' },
  { kind: 'pair', weights: 'w.json', sequences: 's.json' },
  { kind: 'pair', weights: 'w.pt', network: 'encoder', sequences: 's.npz', array: 'xs' },
  { kind: 'pair', weights: 'w.json', sequences: 'table.csv', options },
  { kind: 'pair', weights: 'w.json', sequences: { made: 'random', B: 4, T: 100, seed: 1 } },
] as const;
const [config, file, path, position] = ['a.rnn.json', 'w.json', 'Wh', { line: 0, character: 0 }];
const changes = [
  { kind: 'transpose' },
  { kind: 'addBias' },
  { kind: 'addInitialState' },
  { kind: 'moveInline' },
  { kind: 'rescale', quantity: 'sigmaMax', to: 1 },
  { kind: 'initialise', way: 'orthogonal', seed: 1, gain: 1 },
  { kind: 'initialiseGates', way: 'glorot', seed: 1, gate: 'f', direction: 'reverse' },
  { kind: 'initialiseGates', way: 'orthogonal', seed: 1, gate: null, direction: null },
  { kind: 'forgetBias', layers: [0, 1] },
  { kind: 'forgetBias', layers: null },
  { kind: 'moveToFile', reference: 'w.json' },
  { kind: 'copyToJson', reference: 'w.json' },
  { kind: 'sequenceOrder', order: 'TBI' },
  { kind: 'sequences', sequences: { kind: 'file', place: { file: 'x.json', name: null } } },
] as const;
const place = { file: 'w.json', name: 'encoder' };
const aboves = [
  { kind: 'ones', at: 'last' },
  { kind: 'file', place },
  { kind: 'loss', loss: 'mse', at: 'every', readout: place, targets: place },
  {
    kind: 'loss',
    loss: 'mse',
    at: 'last',
    readout: place,
    targets: { ...place, options: { columns: ['pressure'], normalise: 'zScore', normaliseOver: 0.7, ahead: 1 } },
  },
] as const;
const tensorSamples = {
  tensorFacts: [{ reading: 1, index: 0 }],
  tensorPicture: [{ reading: 1, index: 0, maxRows: 200, maxColumns: 300 }],
};
const viewSamples: Samples<TensorViewContract> = {
  requests: tensorSamples,
  events: {
    ready: [null],
    run: [{ network: 'encoder.rnn' }, { network: null }],
    copyPython: [{ lines: 'import torch' }],
    failed: [{ message: 'no' }],
  },
};
const previewSamples = { previewLines: [{ reading: 1, input: 0, first: 3, count: 24, maxPoints: 800 }] };
const sequenceSamples: Samples<SequenceViewContract> = {
  requests: previewSamples,
  events: {
    ready: [null, { options: {}, array: null }],
    choose: [
      { options, array: null },
      { options: { tokens: 'words' }, array: 'xs' },
    ],
    run: [{ options, array: 'xs' }],
    otherWeights: [{ options, array: 'xs' }],
    saveAsConfig: [{ options, array: null }],
    failed: [{ message: 'no' }],
  },
};
const workerSamples: Samples<WorkerContract> = {
  requests: {
    ...sliceSamples,
    run: entries.map((entry, i) => ({
      runId: 1,
      entry,
      bounds: { vanishing: 1e-3, fading: 0.1, exploding: 70 },
      layer: null,
      awaitsPicture: false,
      ...(i === 0 ? { ahead: true } : {}),
      cancel: new SharedArrayBuffer(4),
    })),
    survey: [
      { bytes: new Uint8Array(1), name: 'table.csv', cancel: null },
      { bytes: { path: 'model.pt', size: 9e9, stamp: '1 2 3' }, cancel: null },
    ],
    ...tensorSamples,
    tensors: [{ file: 'model.pt', reading: 3 }],
    ...previewSamples,
    sequences: [{ file: 'table.csv', reading: 3, options, array: null }],
    references: [{ bytes: new Uint8Array(1), cancel: new SharedArrayBuffer(4) }],
    resultJson: [{ runId: 1 }],
    resultText: [
      { runId: 1, form: 'whole' },
      { runId: 1, form: 'compact' },
      { runId: 1, form: 'gradientCheck' },
    ],
    triedText: [{ runId: 1, whatIf: asItIs }],
    reportData: [{ runId: 1 }],
    inspect: [
      { config, cancel: null },
      { config, cancel: new SharedArrayBuffer(4) },
    ],
    facts: [{ config, file, position, cancel: null }],
    gatePlaces: [{ config, file, lines: { from: 0, to: 9 }, cancel: null }],
    gateAt: [{ config, file, position, cancel: null }],
    change: changes.map((change) => ({ config, file, path, change })),
    applyWhatIf: whatIfs.map((whatIf) => ({ entry: entries[0], whatIf, copyTo: null })),
    cells: [null],
    newConfig: [
      {
        name: 'n',
        source: {
          kind: 'random',
          cell: 'tanh',
          shapes: { B: 1, T: 2, I: 3, H: 4 },
          layers: 2,
          directions: 2,
          initialisation: 'glorot',
          seed: 1,
        },
      },
      ...aboves.map((above) => ({
        name: 'n',
        source: {
          kind: 'files' as const,
          cell: 'tanh' as const,
          weights: place,
          sequences: { kind: 'file' as const, place, options },
          initialState: null,
          above,
        },
      })),
      {
        name: 'n',
        source: {
          kind: 'files',
          cell: null,
          weights: place,
          sequences: { kind: 'made', made: { made: 'zeros', B: 1, T: 2, seed: 1 }, I: 3 },
          initialState: place,
          above: { kind: 'ones', at: 'final' },
        },
      },
    ],
    locateWeight: [{ entry: entries[1], place: { tensor: 'Wx', row: 0, column: 0 }, layer: 0 }],
  },
  events: { stop: [{ flag: 1 }], due: [{ runId: 1 }], painted: [{ runId: 1 }] },
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) && !(value instanceof SharedArrayBuffer);

/**
 * The value with each of its parts, itself included, replaced by what can never stand there; with the place of the
 * damage.
 */
function* damaged(value: unknown, at = ''): Generator<readonly [damaged: unknown, at: string]> {
  // Nothing of the contracts is a Map or a bigint, and no number is one of the other three.
  for (const junk of [
    new Map(),
    5n,
    ...(typeof value === 'number'
      ? ['a text', Number.NaN, Infinity]
      : typeof value === 'string'
        ? ['no such word', 0.5, Number.NaN]
        : [0.5, undefined]),
  ]) {
    yield [junk, at];
  }
  if (!isObject(value)) return;
  for (const [key, part] of Object.entries(value)) {
    for (const [other, place] of damaged(part, Array.isArray(value) ? `${at}[${key}]` : `${at}.${key}`)) {
      yield [
        Array.isArray(value)
          ? value.map((item: unknown, i) => (String(i) === key ? other : item))
          : { ...value, [key]: other },
        place,
      ];
    }
  }
}

/** Where one of a few words stands, so that not every text does. */
const words = new RegExp(
  '\\.(cell|way|gate|direction|tensor|kind|quantity|measure|order|initialisation|clipNorm|truncate|lossAt|made|at|' +
    'loss|normalise|tokens)$',
);

/** Where any text, any left-out field or any number does: `what at`. */
const takes = (at: string, sample: unknown, junk: unknown): boolean => {
  const part = at
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .slice(1)
    .reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), sample);
  const found = at
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')
    .slice(1)
    .reduce<unknown>((value, key) => (isObject(value) ? value[key] : undefined), junk);
  if (typeof part === 'string' && typeof found === 'string') return !words.test(at);
  // Half a step is clamped; a shift and a size may be any number.
  return (
    (found === undefined &&
      /^\.(order|window|name|ahead|entry\.network|entry\.array|.*options|.*options\.\w+)$/.test(at)) ||
    (found === 0.5 && /\.(inputScale|biasShift|clipNorm)$/.test(at))
  );
};

describe('the border', () => {
  for (const [hop, checks, samples] of [
    ['page → host', panelChecks, panelSamples],
    ['viewer → host', tensorViewChecks, viewSamples],
    ['preview → host', sequenceViewChecks, sequenceSamples],
    ['host → worker', workerChecks, workerSamples],
  ] as const) {
    for (const what of ['requests', 'events'] as const) {
      const table = checks[what] as Readonly<Record<string, Check<unknown>>>;
      for (const [name, messages] of Object.entries<readonly unknown[]>(samples[what])) {
        it(`${hop}: takes ${name} as it should be and refuses it with any part damaged`, () => {
          const check = table[name];
          assert.ok(check !== undefined);
          let refused = 0;
          for (const message of messages) {
            assert.equal(check(message), null, shown(message));
            for (const [junk, at] of damaged(message)) {
              const fault: Fault | null = check(junk);
              if (fault === null)
                assert.ok(
                  takes(at, message, junk),
                  `${name}${at} took ` +
                    JSON.stringify(junk, (_, part: unknown) =>
                      typeof part === 'bigint' || part instanceof Map ? shown(part) : part,
                    ),
                );
              else {
                refused++;
                // An object that is none of the contract's lacks its fields.
                assert.ok(fault.at.startsWith(at), `${name}: a fault at ${at} is told at ${fault.at}`);
              }
            }
          }
          assert.ok(refused >= 4 * messages.length, `${refused} refused`);
        });
      }
    }
  }

  const never: readonly (readonly [field: string, whatIf: Readonly<Record<string, unknown>>])[] = [
    ...['inputScale', 'biasShift', 'clipNorm', 'truncate', 'lossAt'].flatMap((field) =>
      ['a text', Number.NaN, Infinity, [], {}].map((value) => [field, { [field]: value }] as const),
    ),
    ...['inputScale', 'clipNorm', 'truncate', 'lossAt'].map((field) => [field, { [field]: -5 }] as const),
    ['rescale.to', { rescale: { measure: 'sigmaMax', to: -5 } }],
    ['rescale.to', { rescale: { measure: 'sigmaMax', to: Number.NaN } }],
    ['initialise.seed', { initialise: { way: 'he', seed: '1 }, "injected": 1' } }],
    ['cell', { cell: '"tanh", "injected": 1' }],
    ['truncate', { truncate: 2.5 }],
    ['layers', { layers: -1 }],
    ['layers', { layers: 'some' }],
    ['biasGate', { biasGate: 'a gate of no cell' }],
    ['whGate', { whGate: 3 }],
    ['drop', { drop: 'first' }],
    ['clipNorm', { clipNorm: 0 }],
  ];
  for (const [field, wrong] of never) {
    it(
      `applyWhatIf with ${field} = ` +
        `${JSON.stringify(wrong, (_, part: unknown) => (typeof part === 'number' ? String(part) : part))} ` +
        `is refused before a file is read`,
      async () => {
        const posted: unknown[] = [];
        let hear: (message: unknown) => void = () => undefined;
        new Service({
          post: (message) => posted.push(message),
          onMessage: (listener) => {
            hear = listener;
          },
        });
        hear({
          type: 'request',
          id: 1,
          name: 'applyWhatIf',
          params: { entry: entries[0], whatIf: { ...asItIs, ...wrong } },
        });
        await new Promise((resolve) => setImmediate(resolve));
        assert.equal(posted.length, 1, 'the answer, and no question for the config');
        const [{ type, message }] = posted as [{ readonly type: string; readonly message: string }];
        assert.equal(type, 'error');
        assert.ok(
          message.startsWith(`The request "applyWhatIf" was refused: applyWhatIf.whatIf.${field} must be `),
          message,
        );
      },
    );
  }

  it('a worker that got an unknown event, a wrong one and no message at all says so and answers on', async () => {
    const posted: unknown[] = [];
    let hear: (message: unknown) => void = () => undefined;
    new Service({
      post: (message) => posted.push(message),
      onMessage: (listener) => {
        hear = listener;
      },
    });
    for (const message of [
      { type: 'event', name: 'toString', payload: null },
      { type: 'event', name: 'stop', payload: null },
      'nothing',
      { type: 'request', id: 4, name: 'resultJson', params: { runId: 1 } },
    ])
      hear(message);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(
      posted.map((message) => (message as { readonly type: string }).type),
      ['event', 'event', 'event', 'ok'],
    );
    assert.match(JSON.stringify(posted), /no event \\"toString\\".*stop must be an object.*no message: \\"nothing\\"/);
  });
});
