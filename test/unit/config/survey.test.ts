// What a file holds by its names and shapes, and how that fits together.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { fitOf, surveyFile, wantedShapes } from '../../../src/config/read/index.js';
import { bestBlock, usualSequences } from '../../../src/config/read/pairing.js';
import { mayHoldNumbers } from '../../../src/config/read/readableNames.js';
import type { FoundBlock, FoundNetwork, KnownPair } from '../../../src/config/read/index.js';
import { configName, readTexts } from './memory.js';

const tick = (): void => undefined;
const ofFile = (name: string) => surveyFile(new Uint8Array(readFileSync(name)), tick);
const ofJson = (value: unknown) => surveyFile(new TextEncoder().encode(JSON.stringify(value)), tick);
const zeros = (...shape: readonly number[]): unknown => {
  const [size, ...rest] = shape;
  return size === undefined ? 0 : Array.from({ length: size }, () => zeros(...rest));
};

describe('what a file holds', () => {
  for (const [name, networks] of [
    ['lstm.pt', [{ name: null, cell: 'lstm', layers: 2, directions: 1, I: 3, widths: [5, 5] }]],
    ['rnn_prefixed.safetensors', null],
    [
      'two_networks.pt',
      [
        { name: 'encoder', cell: 'lstm', layers: 2, directions: 1, I: 3, widths: [5, 5] },
        { name: 'decoder', cell: 'gru', layers: 1, directions: 2, I: 3, widths: [4, 4] },
      ],
    ],
    ['seq_f8.npy', []],
  ] as const)
    it(`${name}: its networks`, () => {
      const survey = ofFile(`test/fixtures/files/${name}`);
      if (networks === null) assert.equal(survey.networks.length, 1);
      else assert.deepEqual(survey.networks, networks);
    });

  it('a network behind a prefix, beside an embedding and a classifier', () => {
    const survey = ofJson({
      'embedding.weight': zeros(10, 3),
      'rnn.weight_ih_l0': zeros(16, 3),
      'rnn.weight_hh_l0': zeros(16, 4),
      'fc.weight': zeros(2, 4),
      'fc.bias': zeros(2),
    });
    assert.equal(survey.kind, 'weights');
    assert.deepEqual(survey.networks, [{ name: null, cell: 'lstm', layers: 1, directions: 1, I: 3, widths: [4] }]);
  });

  it('a block of sequences, one sequence, and sequences of different lengths', () => {
    assert.deepEqual(ofJson(zeros(4, 20, 3)).blocks, [{ name: null, shape: [4, 20, 3], lengths: null }]);
    assert.deepEqual(ofJson(zeros(20, 3)).blocks, [{ name: null, shape: [20, 3], lengths: null }]);
    assert.deepEqual(ofJson([zeros(7, 3), zeros(20, 3), zeros(9, 3)]).blocks, [
      { name: null, shape: [3, 20, 3], lengths: [7, 20] },
    ]);
    assert.equal(ofFile('test/fixtures/files/seq_ragged.npz').blocks.length, 1);
  });

  it('several blocks by names under which a config finds them', async () => {
    const text = JSON.stringify({ meta: 'a batch', xs: zeros(2, 5, 1), deep: { ys: zeros(2, 1) } });
    const { blocks, networks } = surveyFile(new TextEncoder().encode(text), tick);
    assert.deepEqual(networks, []);
    assert.deepEqual(
      blocks.map(({ name, shape }) => [name, shape]),
      [
        ['xs', [2, 5, 1]],
        ['deep.ys', [2, 1]],
      ],
    );
    const weights = { Wx: [[1]], Wh: [[1]], b: [0] };
    const { experiment, problems } = await readTexts({
      [configName]: JSON.stringify({ weights, sequences: { file: 'batch.json', name: 'xs' } }),
      'batch.json': text,
    });
    assert.deepEqual(problems, []);
    assert.deepEqual(experiment?.shapes, { B: 2, T: 5, I: 1, H: 1 });
  });

  it('names alone make no network: the matrices have to be those of a cell', () => {
    assert.deepEqual(ofJson({ Wx: 'none', Wh: 3 }).networks, []);
    assert.deepEqual(ofJson({ W: zeros(2, 2), R: zeros(2, 2) }).networks, []);
    assert.deepEqual(ofJson({ Wh: zeros(3, 7) }).networks, []);
    assert.equal(ofJson({ Wx: zeros(2, 3), Wh: zeros(3, 3) }).networks.length, 1);
  });

  it('the linear layer of a readout', () => {
    assert.deepEqual(ofJson({ Why: zeros(4, 2), by: zeros(2) }).readout, { width: 4, O: 2 });
    assert.deepEqual(ofJson({ 'fc.weight': zeros(2, 4) }).readout, { width: 4, O: 2 });
    assert.equal(ofJson({ loss: zeros(4, 2) }).readout, null);
  });

  it('why nothing of it can be read, with the lines that export it by its own name', () => {
    const ofBytes = (name: string, bytes: Uint8Array) => surveyFile(bytes, tick, name);
    const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(`test/fixtures/files/${name}`));
    const text = (content: string): Uint8Array => new TextEncoder().encode(content);
    const module = ofBytes('my "best".pt', fixture('lstm_module.pt'));
    assert.equal(module.kind, 'unknown');
    assert.match(module.problem?.message ?? '', /torch\.nn\.modules\.rnn\.LSTM/);
    const { fix, advice } = module.problem ?? {};
    assert.equal(fix?.kind, 'copyPython');
    for (const lines of [fix.lines, advice ?? ''])
      assert.match(lines, /torch\.load\("my \\"best\\"\.pt", map_location/);
    const script = ofBytes('s.pt', fixture('lstm_script.pt')).problem?.fix;
    assert.ok(script?.kind === 'copyPython' && script.lines.includes('torch.jit.load("s.pt")'));
    const pointer = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n';
    for (const [bytes, says] of [
      [fixture('needs_refusal.pt'), /argparse\.Namespace/],
      [fixture('lstm.pt').subarray(0, 900), /damaged at byte 900/],
      [text('<!DOCTYPE html>\n<html></html>'), /HTML or XML/],
      [text(pointer), /Git LFS pointer/],
    ] as const)
      assert.match(ofBytes('model.pt', bytes).problem?.message ?? '', says);
    assert.equal(ofBytes('lstm.pt', fixture('lstm.pt')).problem, undefined);
  });

  it('of something else nothing', () => {
    for (const value of ['text', 3, null, {}, [], ['a'], { name: 'package', version: '1' }])
      assert.deepEqual(
        { ...ofJson(value), kind: '' },
        { kind: '', isPlain: false, networks: [], blocks: [], readout: null },
      );
  });
});

describe('how it fits', () => {
  const network: FoundNetwork = { name: null, cell: 'lstm', layers: 2, directions: 1, I: 8, widths: [16, 16] };
  const known: KnownPair = { network, B: null, T: null, loss: null };
  const block = (...shape: number[]): FoundBlock => ({ name: null, shape, lengths: null });

  it('sequences by their inputs, a batch before a single one', () => {
    assert.deepEqual(fitOf('sequences', block(4, 200, 8), known), { rank: 0, reason: null });
    assert.deepEqual(fitOf('sequences', { ...block(4, 200, 8), lengths: [7, 200] }, known), { rank: 0, reason: null });
    assert.deepEqual(fitOf('sequences', block(200, 8), known), { rank: 1, reason: null });
    assert.match(fitOf('sequences', block(4, 200, 3), known).reason ?? '', /3 numbers per timestep.*take 8/);
    assert.match(fitOf('sequences', block(4, 200, 1), known).reason ?? '', /^1 number per timestep.*take 8/);
    assert.match(fitOf('sequences', block(8), known).reason ?? '', /\[B, T, 8\]/);
  });

  it('states, gradients and targets by everything that is known', () => {
    const all: KnownPair = { ...known, B: 4, T: 200, loss: { classes: false, places: 1, O: 3 } };
    for (const [role, fits, not] of [
      ['initialState', block(2, 4, 16), block(4, 16)],
      ['upstreamGradient', block(4, 200, 16), block(4, 200, 8)],
      ['targets', block(4, 3), block(4, 200, 3)],
    ] as const) {
      assert.equal(fitOf(role, fits, all).reason, null, role);
      assert.ok((fitOf(role, not, all).reason ?? '').includes(`[${wantedShapes(role, all)[0]?.join(', ')}]`), role);
    }
    const classes: KnownPair = { ...all, loss: { classes: true, places: 200, O: 3 } };
    assert.equal(fitOf('targets', block(4, 200), classes).reason, null);
  });

  it('with letters for what is not known, and with brackets left out of one sequence', () => {
    const nothing: KnownPair = { network: null, B: null, T: null, loss: null };
    for (const [role, shapes] of [
      ['sequences', ['B,T,I', 'T,I']],
      ['initialState', ['B,H', '1,B,H']],
      ['upstreamGradient', ['B,T,H']],
      ['targets', ['B,T,O']],
    ] as const)
      assert.deepEqual(
        wantedShapes(role, nothing).map((shape) => shape.join(',')),
        shapes,
        role,
      );
    const single: KnownPair = {
      network: { ...network, layers: 1, directions: 1, widths: [16] },
      B: 1,
      T: 5,
      loss: { classes: false, places: 1, O: null },
    };
    assert.deepEqual(wantedShapes('initialState', single), [[1, 16], [1, 1, 16], [16]]);
    assert.deepEqual(wantedShapes('targets', single), [
      [1, 'O'],
      [1, 1, 'O'],
      [1, 'O'],
    ]);
    // A table of any width may be meant where nobody knows how many inputs there are.
    assert.equal(fitOf('sequences', { ...block(9), table: true }, nothing).rank, 2);
  });

  it('best where the shape is the usual one, and at all where there is any block', () => {
    const survey = (...blocks: readonly FoundBlock[]) => ({ ...ofJson({}), blocks });
    const [row, single, batch] = [block(8), block(200, 8), block(4, 200, 8)];
    assert.equal(bestBlock(survey(row, single, batch), 'sequences', known), batch);
    assert.equal(bestBlock(survey(row, single), 'sequences', known), single);
    assert.equal(bestBlock(survey(row), 'sequences', known), row);
    assert.equal(bestBlock(survey(), 'sequences', known), null);
  });

  it('made-up sequences as many as a text may hold', () => {
    assert.deepEqual(usualSequences(null), { made: 'random', B: 4, T: 100, seed: 1 });
    assert.equal(usualSequences(8).B, 4);
    assert.equal(usualSequences(100_000).B, 1);
  });
});

describe('the name of a file', () => {
  it('says whether it may hold numbers', () => {
    for (const [name, wanted] of [
      ['x.npy', true],
      ['X.NPY', true],
      ['a.rnn.json', false],
      ['a.json', true],
      ['a.md', false],
      ['npy', false],
    ] as const)
      assert.equal(mayHoldNumbers(name), wanted, name);
  });
});
