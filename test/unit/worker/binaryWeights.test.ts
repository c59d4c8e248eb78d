// Weights in a file that is no text: the editor knows what it may know, and nothing changes the file.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { changedMeanwhile } from '../../../src/config/formats/index.js';
import type { Source } from '../../../src/config/formats/index.js';
import { readExperiment } from '../../../src/config/index.js';
import { asItIs } from '../../../src/engine/index.js';
import type { WhatIf } from '../../../src/engine/index.js';
import type { Change } from '../../../src/protocol/messages.js';
import { applyWhatIf } from '../../../src/worker/changes/applyWhatIf.js';
import { locateWeight } from '../../../src/worker/answers/locateWeight.js';
import { Inspector } from '../../../src/worker/answers/inspector.js';
import { edited } from '../../support/edited.js';
import { safetensorsParts } from '../../support/largeFiles.js';
import { configEntry, configName, memoryFiles } from '../config/memory.js';
import type { Texts } from '../config/memory.js';

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(`test/fixtures/files/${name}`));
const files: Texts = {
  [configName]: '{ "weights": "model.pt", "sequences": "data.npy" }',
  'model.pt': fixture('rnn.pt'),
  'data.npy': fixture('seq_f4.npy'),
};
const inspector = (texts: Texts): Inspector =>
  new Inspector(({ reference, from }) => memoryFiles(texts).read(reference, from));
const inspected = async (texts: Texts) => {
  const inspection = await inspector(texts).inspect({ config: configName, cancel: null });
  assert.ok(inspection);
  return inspection;
};

describe('what the editor knows', () => {
  it('the parts with their shapes, and the links of the config', async () => {
    const { parts, links, shapes, problems } = await inspected(files);
    // Of a state_dict without a cell.
    assert.deepEqual(
      problems.map(({ code, severity }) => [code, severity]),
      [['unsupported-cell', 'info']],
    );
    assert.deepEqual([shapes.B, shapes.T, shapes.I, shapes.H], [2, 6, 3, 5]);
    assert.deepEqual(
      parts.map(({ role, file, shape }) => [role, file, shape?.join()]),
      [
        ['input', 'model.pt', '5,3'],
        ['recurrent', 'model.pt', '5,5'],
        ['bias', 'model.pt', '5'],
        ['bias', 'model.pt', '5'],
        ['sequences', 'data.npy', '2,6,3'],
      ],
    );
    assert.deepEqual(
      links.map(({ key, target }) => `${key}: ${target}`),
      ['weights: model.pt', 'sequences: data.npy'],
    );
  });

  it('a link leads from the key "file" too', async () => {
    const named = { ...files, [configName]: '{ "weights": { "file": "model.pt" }, "sequences": "data.npy" }' };
    const { links, parts } = await inspected(named);
    assert.deepEqual(links[0]?.range, { start: { line: 0, character: 24 }, end: { line: 0, character: 32 } });
    assert.equal(parts.length, 5);
  });

  it('no change of the file is offered', async () => {
    const { offers } = await inspected(files);
    assert.deepEqual([...new Set(offers.map(({ file }) => file))], [configName]);
    assert.deepEqual(
      offers.map(({ kind }) => kind),
      ['addInitialState', 'copyToJson'],
    );
  });
});

describe('a file on a disk whose numbers can no longer be read', () => {
  /** Headers are read, numbers are not. */
  const withoutNumbers = (bytes: Uint8Array, header: number): Source => ({
    size: bytes.length,
    read(offset, length) {
      if (offset + length > header) throw changedMeanwhile();
      return bytes.slice(offset, offset + length);
    },
  });
  const reading = (id: string, source: Source): ConstructorParameters<typeof Inspector>[0] => {
    const rest = memoryFiles(files);
    return ({ reference, from }) =>
      reference === id ? Promise.resolve({ ok: true, id, bytes: source }) : rest.read(reference, from);
  };
  const inspectedWith = async (id: string, source: Source) => {
    const inspection = await new Inspector(reading(id, source)).inspect({ config: configName, cancel: null });
    assert.ok(inspection);
    return inspection;
  };

  it('sequences: the inspection says so, and tells what is known without them', async () => {
    const { problems, shapes, parts } = await inspectedWith('data.npy', withoutNumbers(fixture('seq_f4.npy'), 128));
    assert.deepEqual(
      problems.map(({ file, code }) => [file, code]),
      [['data.npy', 'unreadable-file']],
    );
    assert.deepEqual([shapes.B, shapes.T, shapes.I, shapes.H], [2, 6, 3, 5]);
    assert.equal(parts.find(({ role }) => role === 'sequences')?.numbers, null);
  });

  const [H, I] = [4, 3];
  const { header, parts } = safetensorsParts([
    { name: 'weight_ih_l0', shape: [4 * H, I], data: 16 * H * I },
    { name: 'weight_hh_l0', shape: [4 * H, H], data: 16 * H * H },
    { name: 'bias_ih_l0', shape: [4 * H], data: 16 * H },
    { name: 'bias_hh_l0', shape: [4 * H], data: 16 * H },
  ]);
  const lstm = new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.alloc(part) : part))),
  );

  it('weights with a forget gate: the inspection says so, and offers nothing there', async () => {
    const { problems, offers } = await inspectedWith('model.pt', withoutNumbers(lstm, header));
    assert.deepEqual(
      problems.map(({ file, code }) => [file, code]),
      [['model.pt', 'unreadable-file']],
    );
    assert.deepEqual(
      offers.map(({ file }) => file).filter((file) => file !== configName),
      [],
    );
  });

  it('changes that want them are refused with all that is to be said', async () => {
    const read = reading('model.pt', withoutNumbers(lstm, header));
    const change = { kind: 'forgetBias', layers: null } as const;
    const request = { config: configName, file: 'model.pt', path: 'weight_hh_l0', change };
    for (const outcome of [await new Inspector(read).change(request), await applyWhatIf(configEntry, asItIs, read)]) {
      assert.ok(!outcome.ok);
      assert.match(
        outcome.message,
        /^The file was written while it was read\. Expected .*, found .*\. It is read again/,
      );
    }
  });
});

it('a weight has no place in a text', async () => {
  const place = { tensor: 'Wh', row: 0, column: 0 };
  const read = ({ reference, from }: { readonly reference: string; readonly from: string | null }) =>
    memoryFiles(files).read(reference, from);
  assert.equal(await locateWeight(configEntry, place, 0, read), null);
});

describe('a change that is asked for all the same', () => {
  const changes: readonly (readonly [path: string, file: string, change: Change])[] = [
    ['weight_hh_l0', 'model.pt', { kind: 'transpose' }],
    ['weight_hh_l0', 'model.pt', { kind: 'rescale', quantity: 'spectralRadius', to: 1 }],
    ['weight_hh_l0', 'model.pt', { kind: 'initialise', way: 'orthogonal', seed: 1, gain: 1 }],
    ['weight_hh_l0', 'model.pt', { kind: 'addBias' }],
    ['weights', configName, { kind: 'moveInline' }],
  ];
  for (const [path, file, change] of changes) {
    it(`${change.kind} is refused with the format and what to do`, async () => {
      const outcome = await inspector(files).change({ config: configName, file, path, change });
      assert.equal(outcome.ok, false);
      assert.match(outcome.message, /a ZIP archive \(.*\), which is never changed\. Convert it to JSON/);
    });
  }

  it('"file" and "name" are not moved to a file as if they were weights', async () => {
    const named = { ...files, [configName]: '{ "weights": { "file": "model.pt" }, "sequences": "data.npy" }' };
    const change = { kind: 'moveToFile', reference: 'w.json' } as const;
    const outcome = await inspector(named).change({ config: configName, file: configName, path: 'weights', change });
    assert.equal(outcome.ok, false);
  });
});

describe('a what-if', () => {
  const applied = (whatIf: Partial<WhatIf>, texts: Texts = files) =>
    applyWhatIf(configEntry, { ...asItIs, ...whatIf }, ({ reference, from }) =>
      memoryFiles(texts).read(reference, from),
    );
  const weightChanges: readonly Partial<WhatIf>[] = [
    { inputScale: 2 },
    { biasShift: 0.1 },
    { rescale: { measure: 'spectralRadius', to: 0.5 } },
    { initialise: { way: 'pytorch', seed: 3 } },
  ];
  for (const whatIf of weightChanges) {
    it(`of ${Object.keys(whatIf).join()} is not applied`, async () => {
      const outcome = await applied(whatIf);
      assert.equal(outcome.ok, false);
      assert.match(outcome.message, /which is never changed/);
    });
  }

  it('that leaves out the last layer is not applied', async () => {
    const outcome = await applied({ drop: 'last' }, { ...files, 'model.pt': fixture('lstm.pt') });
    assert.equal(outcome.ok, false);
    assert.match(outcome.message, /which is never changed/);
  });

  it('of the config alone is', async () => {
    const outcome = await applied({ clipNorm: 1 });
    assert.ok(outcome.ok);
    assert.deepEqual([...new Set(outcome.changes.map(({ file }) => file))], [configName]);
  });
});

describe('weights that are copied to JSON', () => {
  const run = async (texts: Texts) => {
    const { experiment, problems } = await readExperiment(configEntry, memoryFiles(texts));
    assert.ok(experiment, problems.map(({ message }) => message).join());
    return experiment;
  };
  /** The files after the change. */
  const copied = async (texts: Texts, whatIf: Partial<WhatIf> = {}, copyTo = 'copy.json'): Promise<Texts> => {
    const read: Parameters<typeof applyWhatIf>[2] = ({ reference, from }) => memoryFiles(texts).read(reference, from);
    const outcome = await applyWhatIf(configEntry, { ...asItIs, ...whatIf }, read, copyTo);
    assert.ok(outcome.ok, JSON.stringify(outcome));
    assert.deepEqual([...new Set(outcome.changes.map(({ file }) => file))], [configName]);
    assert.ok(outcome.newFile !== null);
    return {
      ...texts,
      [configName]: edited(String(texts[configName]), outcome.changes),
      [copyTo]: outcome.newFile,
    };
  };
  const configWith = (weights: string): string =>
    `{\n  // the best one yet\n  "weights": ${weights},\n  "sequences": [[[0.1, 0.2, 0.3], [0.4, -0.5, 0.6]]]\n}\n`;

  for (const file of [
    'rnn.pt',
    'lstm.safetensors',
    'lstm_bf16.pt',
    'gru_names_f16.npz',
    'keras3_lstm.keras',
    'keras3_gru.weights.h5',
    'keras2_rnn.weights.h5',
    'lstm.onnx',
    'rnn_relu.onnx',
    'gru.onnx',
  ]) {
    it(`${file} gives the same experiment`, async () => {
      const texts = { [configName]: configWith(`"${file}"`), [file]: fixture(file) };
      const before = await run(texts);
      const after = await copied(texts);
      const { layers, cell } = await run(after);
      assert.equal(cell, before.cell);
      const asStored = (all: typeof layers) => all.map((layer) => ({ ...layer, biases: layer.biases?.stored }));
      assert.deepEqual(asStored(layers), asStored(before.layers));
      assert.match(String(after[configName]), /^\{\n {2}\/\/ the best one yet\n {2}"weights": "copy\.json",/);
    });
  }

  it('change with what is applied, and nothing else does', async () => {
    const whatIf: Partial<WhatIf> = { inputScale: 2, truncate: 1, layers: 'all' };
    const texts = { [configName]: configWith('{ "file": "lstm.pt" }'), 'lstm.pt': fixture('lstm.pt') };
    const before = await run(texts);
    const after = await run(await copied(texts, whatIf));
    assert.equal(after.truncate, 1);
    assert.deepEqual(
      after.layers.map(({ parameters: { Wx, Wh } }) => [Wx, Wh]),
      before.layers.map(({ parameters: { Wx, Wh } }) => [Wx.map((x) => Math.fround(2 * x)), Wh]),
    );
  });

  it('are offered a name beside their file, and no other file is copied', async () => {
    const offered = async (weights: string, file: string) => {
      const texts = { [configName]: configWith(weights), [file]: fixture('rnn.pt') };
      const read: Parameters<typeof applyWhatIf>[2] = ({ reference, from }) => memoryFiles(texts).read(reference, from);
      const outcome = await applyWhatIf(configEntry, { ...asItIs, inputScale: 2 }, read);
      assert.ok(!outcome.ok);
      return outcome.copy;
    };
    assert.equal(await offered('"runs/best.of.3.pt"', 'runs/best.of.3.pt'), 'runs/best.of.3');
    assert.equal(await offered('{ "file": "model.pt" }', 'model.pt'), 'model');
    const pair = { kind: 'pair', weights: 'model.pt', sequences: 'data.npy' } as const;
    const read: Parameters<typeof applyWhatIf>[2] = ({ reference, from }) => memoryFiles(files).read(reference, from);
    const outcome = await applyWhatIf(pair, { ...asItIs, inputScale: 2 }, read);
    assert.ok(!outcome.ok);
    assert.deepEqual([outcome.copy, outcome.needsConfig], ['model', true]);
  });
});
