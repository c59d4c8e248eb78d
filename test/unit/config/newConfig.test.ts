import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readExperiment } from '../../../src/config/index.js';
import { newConfigText } from '../../../src/config/edit/newConfig.js';
import type { NewConfig } from '../../../src/config/edit/newConfig.js';
import { cellNames, finish, runExperiment } from '../../../src/engine/index.js';
import type { CellName } from '../../../src/engine/index.js';
import { leakyInTheTable } from '../engine/leaky.js';
import { configName, readTexts } from './memory.js';
import { initialisations } from '../../../src/engine/network/initialise.js';

leakyInTheTable();

const read = (text: string) =>
  readExperiment(
    { kind: 'config', config: 'new.rnn.json' },
    {
      read: (reference) =>
        Promise.resolve(
          reference === 'new.rnn.json'
            ? { ok: true, id: reference, bytes: new TextEncoder().encode(text) }
            : { ok: false, id: reference, reason: 'missing', detail: '' },
        ),
    },
  );
const shapes = { B: 2, T: 5, I: 3, H: 4 };
const one = { layers: 1, directions: 1 };

describe('newConfigText', () => {
  for (const cell of cellNames)
    for (const initialisation of initialisations) {
      it(`writes a ${cell} config with ${initialisation} weights that runs without a problem`, async () => {
        const { experiment, problems } = await read(
          newConfigText({
            name: 'a "new" one',
            source: { cell, kind: 'random', ...one, shapes, initialisation, seed: 7 },
          }),
        );
        assert.deepEqual(problems, []);
        assert.equal(experiment?.name, 'a "new" one');
        assert.equal(experiment.cell, cell);
        assert.deepEqual(experiment.shapes, shapes);
        const { verdict, output } = finish(runExperiment(Infinity, experiment));
        assert.notEqual(verdict.kind, 'nonfinite');
        assert.ok(output.data.subarray(0, 40).every((h) => Number.isFinite(h)));
      });
    }

  it('writes an orthogonal Wh that is orthogonal', async () => {
    const { experiment } = await read(
      newConfigText({
        name: 'q',
        source: {
          cell: 'tanh',
          kind: 'random',
          ...one,
          shapes: { ...shapes, H: 6 },
          initialisation: 'orthogonal',
          seed: 3,
        },
      }),
    );
    const Wh = experiment?.layers[0].parameters.Wh ?? new Float64Array();
    for (let i = 0; i < 6; i++)
      for (let j = 0; j < 6; j++) {
        let dot = 0;
        for (let k = 0; k < 6; k++) dot += Wh[k * 6 + i]! * Wh[k * 6 + j]!;
        assert.ok(Math.abs(dot - (i === j ? 1 : 0)) < 1e-7);
      }
  });

  it("gives a parameter that is the cell's own what it starts with", async () => {
    const text = newConfigText({
      name: 'own',
      source: { cell: leakyInTheTable(), kind: 'random', ...one, shapes, initialisation: 'glorot', seed: 3 },
    });
    const { experiment } = await read(text);
    assert.deepEqual([...(experiment?.layers[0].parameters['alpha'] ?? [])], [0.5, 0.5, 0.5, 0.5]);
    assert.match(text, /one of tanh, relu, identity,(?: \w+,)* leaky$/m);
  });

  it('opens the forget gates of an LSTM alone, and says so', async () => {
    const made = (cell: CellName): string =>
      newConfigText({
        name: 'q',
        source: { cell, kind: 'random', ...one, shapes, initialisation: 'orthogonal', seed: 3 },
      });
    const { experiment } = await read(made('lstm'));
    assert.deepEqual([...(experiment?.layers[0].parameters.b ?? [])], [0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    for (const cell of cellNames)
      assert.equal(made(cell).includes('// b of the forget gate f: 1, so that it begins open'), cell === 'lstm', cell);
  });

  for (const cell of cellNames)
    for (const [layers, directions] of [
      [3, 1],
      [1, 2],
      [2, 2],
    ] as const)
      it(`writes ${layers} layers of ${cell} in ${directions} directions that run without a problem`, async () => {
        const text = newConfigText({
          name: 'stack',
          source: { cell, kind: 'random', layers, directions, shapes, initialisation: 'orthogonal', seed: 7 },
        });
        const { experiment, problems } = await read(text);
        assert.deepEqual(problems, []);
        assert.equal(experiment?.cell, cell);
        assert.deepEqual(
          experiment.layers.map(({ layer, direction }) => `${layer} ${direction}`),
          Array.from({ length: layers * directions }, (_, i) =>
            directions === 1 ? `${i} forward` : `${i >> 1} ${i % 2 === 0 ? 'forward' : 'reverse'}`,
          ),
        );
        assert.deepEqual(experiment.upstream, { kind: directions === 2 ? 'final' : 'last' });
        // Each gate's block of each Wh has columns of length 1, and no two layers are alike.
        const G = experiment.layers[0].parameters.Wh.length / shapes.H ** 2;
        for (const { parameters } of experiment.layers) {
          for (let column = 0; column < G * shapes.H; column++) {
            const length = Math.hypot(
              ...Array.from({ length: shapes.H }, (_, row) => parameters.Wh[row * G * shapes.H + column]!),
            );
            assert.ok(Math.abs(length - 1) < 1e-7);
          }
          if (cell === 'lstm') assert.deepEqual([...parameters.b].slice(4, 8), [1, 1, 1, 1]);
        }
        assert.equal(new Set(experiment.layers.map(({ parameters }) => parameters.Wh[0])).size, layers * directions);
        const { verdict } = finish(runExperiment(Infinity, experiment));
        assert.notEqual(verdict.kind, 'nonfinite');
      });

  it('writes how a table is read, and the next row of one of its columns as the target', async () => {
    const text = newConfigText({
      name: 'forecast',
      source: {
        cell: 'tanh',
        kind: 'files',
        weights: { file: 'w.json', name: null },
        sequences: {
          kind: 'file',
          place: { file: 't.csv', name: null },
          options: { columns: ['a', 'b'], window: 3, stride: 2, normalise: 'none' },
        },
        initialState: null,
        above: {
          kind: 'loss',
          loss: 'mse',
          at: 'last',
          readout: { file: 'r.json', name: null },
          targets: { file: 't.csv', name: null, options: { columns: ['b'], ahead: 1 } },
        },
      },
    });
    assert.match(text, /"window": 3, "stride": 2, "normalise": "none" \}/);
    const { experiment, problems } = await readTexts({
      [configName]: text,
      'w.json': '{ "Wx": [[1], [1]], "Wh": [[0.5]], "b": [0] }',
      'r.json': '{ "weight": [[1]], "bias": [0] }',
      't.csv': `a,b\n${[0, 1, 2, 3, 4, 5].map((row) => `${row},${10 * row}`).join('\n')}\n`,
    });
    assert.deepEqual(problems, []);
    // Windows of rows 0–2 and 2–4; the rows behind them are 3 and 5.
    assert.deepEqual([...(experiment?.chunks[0]?.xs ?? [])], [0, 0, 1, 10, 2, 20, 2, 20, 3, 30, 4, 40]);
    assert.deepEqual([...(experiment?.loss?.targets ?? [])], [30, 50]);
  });

  it('gives the same text for the same seed and another for another', () => {
    const make = (seed: number): string =>
      newConfigText({
        name: 's',
        source: { cell: 'tanh', kind: 'random', ...one, shapes, initialisation: 'glorot', seed },
      });
    assert.equal(make(1), make(1));
    assert.notEqual(make(1), make(2));
  });

  it('names files that are there', async () => {
    const request: NewConfig = {
      name: 'files',
      source: {
        cell: 'relu',
        kind: 'files',
        weights: { file: 'my weights.json', name: null },
        sequences: { kind: 'file', place: { file: 'xs.json', name: 'train' } },
        initialState: { file: 'h0.json', name: null },
        above: { kind: 'file', place: { file: 'dhs.json', name: null } },
      },
    };
    const { problems, files } = await read(newConfigText(request));
    const { source } = request;
    assert.ok(source.kind === 'files');
    const said = newConfigText({ ...request, source: { ...source, order: 'TBI' } });
    assert.ok(said.includes('"sequenceOrder": "TBI"') && !newConfigText(request).includes('sequenceOrder'));
    assert.deepEqual(files.toSorted(), ['dhs.json', 'h0.json', 'my weights.json', 'new.rnn.json', 'xs.json']);
    assert.ok(problems.every(({ code }) => code === 'missing-file'));
  });

  it('leaves the cell to weights that do not tell it, and says so when it runs', async () => {
    const texts = {
      'w.json': JSON.stringify({ weight_ih_l0: [[1]], weight_hh_l0: [[0.5]], bias_ih_l0: [0], bias_hh_l0: [0] }),
      'x.json': '[[[1],[2]]]',
    };
    const request: NewConfig = {
      name: 'saved',
      source: {
        kind: 'files',
        cell: null,
        weights: { file: 'w.json', name: null },
        sequences: { kind: 'file', place: { file: 'x.json', name: null } },
        initialState: null,
        above: { kind: 'ones', at: 'last' },
      },
    };
    const text = newConfigText(request);
    assert.ok(!text.includes('"cell"') && text.includes('f one of tanh, relu'), text);
    const saved = await readTexts({ ...texts, [configName]: text });
    const pair = await readTexts(texts, { kind: 'pair', weights: 'w.json', sequences: 'x.json' });
    const told = ({ problems }: typeof saved): string[] => problems.map(({ code, severity }) => `${severity} ${code}`);
    assert.deepEqual(told(saved), ['info unsupported-cell']);
    assert.deepEqual(told(pair), told(saved));
    assert.deepEqual(saved.experiment?.chunks, pair.experiment?.chunks);
    const named = newConfigText({ ...request, source: { ...request.source, cell: 'relu' } });
    assert.deepEqual(told(await readTexts({ ...texts, [configName]: named })), []);
  });

  it('writes a loss, and sequences that no file holds as a run without a config makes them', async () => {
    const made = { made: 'random', B: 2, T: 3, seed: 1 } as const;
    const weights = {
      Wx: [[1, 2]],
      Wh: [
        [0.5, 0],
        [0, 0.5],
      ],
      b: [0, 0],
    };
    const texts = {
      'w.json': JSON.stringify(weights),
      'r.json': JSON.stringify({ Why: [[1], [1]], by: [0] }),
      'y.json': '[[[1],[0],[1]],[[1],[0],[1]]]',
    };
    const request: NewConfig = {
      name: 'made',
      source: {
        cell: 'tanh',
        kind: 'files',
        weights: { file: 'w.json', name: null },
        sequences: { kind: 'made', made, I: 1 },
        initialState: null,
        above: {
          kind: 'loss',
          loss: 'mse',
          at: 'every',
          readout: { file: 'r.json', name: null },
          targets: { file: 'y.json', name: null },
        },
      },
    };
    const { experiment, problems } = await readTexts({ ...texts, [configName]: newConfigText(request) });
    assert.deepEqual(problems, []);
    const pair = await readTexts(texts, { kind: 'pair', weights: 'w.json', sequences: made });
    assert.deepEqual(pair.problems, []);
    assert.deepEqual(experiment?.chunks, pair.experiment?.chunks);
    assert.equal(pair.experiment?.name, 'w + random sequences');
    const zeros = await readTexts(texts, { kind: 'pair', weights: 'w.json', sequences: { ...made, made: 'zeros' } });
    assert.equal(zeros.experiment?.name, 'w + zeros');
    const { source } = request;
    assert.ok(source.kind === 'files');
    const sequences = { kind: 'made', made: { ...made, made: 'zeros' }, I: 1 } as const;
    const still = newConfigText({ ...request, source: { ...source, sequences } });
    assert.ok(still.includes('// [B][T][I] = [2][3][1], zeros\n'), still);
    const silent = await readTexts({ ...texts, [configName]: still });
    assert.deepEqual(silent.experiment?.chunks, zeros.experiment.chunks);
    assert.ok(new Set(pair.experiment.chunks[0]?.xs).size === 6, 'six numbers that differ');
  });
});
