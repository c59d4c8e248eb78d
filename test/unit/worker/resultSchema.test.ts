// The JSON schema of the result against real results: of every stored case, and of networks that none of them is.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { Ajv } from 'ajv';
import { attributeNetwork, finish, runExperiment, spectrumResumably } from '../../../src/engine/index.js';
import type { Experiment } from '../../../src/engine/index.js';
import { resultJson, resultJsonSchema, withGateBlocks } from '../../../src/worker/record/resultJson.js';
import { experimentOf, reference, referenceNames } from '../engine/fixtures.js';
import {
  experimentOfCase,
  experimentOfGated,
  gatedCase,
  networkCase,
  networkNames,
} from '../engine/networkFixtures.js';
import { randomLoss, randomNetwork } from '../engine/networks.js';

type Json = null | boolean | number | string | Json[] | { [key in string]: Json };
type Fields = Record<string, Json>;

function resultOf(experiment: Experiment, isAttributed = false): Fields {
  const run = finish(runExperiment(Infinity, experiment));
  const { attribution, steps } = attributeNetwork(run, 0);
  if (isAttributed) finish(steps);
  const pieces = resultJson(
    run,
    ({ experiment: layer, result }) => finish(withGateBlocks(layer, finish(spectrumResumably(layer, result)))),
    isAttributed ? attribution : null,
  );
  return JSON.parse([...pieces].join('')) as Fields;
}

const validate = new Ajv({ allErrors: true, strict: true }).compile(resultJsonSchema());

function assertValid(result: Json): void {
  assert.ok(validate(result), JSON.stringify(validate.errors?.slice(0, 3)));
}

const base = { seed: 4, B: 2, T: 5, I: 2, widths: [3, 2], directions: ['forward', 'reverse'] } as const;
const bothWays = randomNetwork({ ...base, cell: 'lstm', lengths: [5, 3] });
const made: Readonly<Record<string, Experiment>> = {
  'a GRU of two layers and directions over ragged sequences': randomNetwork({ ...base, cell: 'gru', lengths: [2, 5] }),
  'an LSTM of two directions with a final loss': {
    ...bothWays,
    loss: randomLoss(bothWays, 'crossEntropy', 'final', 3),
  },
  'an LSTM of two directions with a loss at each step, clipped': {
    ...bothWays,
    loss: randomLoss(bothWays, 'binaryCrossEntropy', 'every', 3),
    clipNorm: 1e-3,
  },
  'a sigmoid layer of one unit': randomNetwork({ ...base, cell: 'sigmoid', widths: [1], directions: ['forward'] }),
  'a reverse relu beside a forward one': randomNetwork({ ...base, cell: 'relu', widths: [2] }),
};

/** Paths of all fields of an object, those of the first item of a list among them. */
function fieldsOf(value: Json, path: readonly string[] = []): (readonly string[])[] {
  if (Array.isArray(value)) return value[0] === undefined ? [] : fieldsOf(value[0], [...path, '0']);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, inner]) => [[...path, key], ...fieldsOf(inner, [...path, key])]);
}

/** A copy with another value at a path; undefined: without it. */
function withField(whole: Fields, path: readonly string[], value: Json | undefined): Fields {
  const copy = structuredClone(whole);
  const [last, ...outer] = path.toReversed();
  const owner = outer.toReversed().reduce<Fields>((inner, key) => inner[key] as Fields, copy);
  if (value === undefined) Reflect.deleteProperty(owner, last!);
  else owner[last!] = value;
  return copy;
}

/** Gradients of parameters are as many as there are: nobody but PyTorch says which. */
const mayBeMissing = (path: readonly string[]): boolean => path.length === 2 && path[0] === 'parameters';

describe('the JSON schema of the result', () => {
  for (const name of referenceNames())
    it(`takes the result of the reference case ${name}`, () =>
      assertValid(resultOf(experimentOf(reference(name), 'float64'))));
  for (const name of networkNames('networks'))
    it(`takes the result of the network case ${name}`, () =>
      assertValid(resultOf(experimentOfCase(networkCase(name), 'float32'))));
  for (const name of networkNames('gated'))
    it(`takes the result of the gated case ${name}`, () =>
      assertValid(resultOf(experimentOfGated(gatedCase(name), 'float64'))));
  for (const [name, experiment] of Object.entries(made))
    it(`takes the result of ${name}, with its attribution and without`, () => {
      for (const isAttributed of [true, false]) assertValid(resultOf(experiment, isAttributed));
    });

  for (const [name, experiment] of Object.entries({
    ...made,
    'a tanh layer': experimentOf(reference('tiny'), 'float64'),
    'an LSTM layer': experimentOfCase(networkCase('lstm_mse_last'), 'float64'),
  })) {
    const whole = resultOf(experiment, true);
    const fields = fieldsOf(whole);

    it(`refuses the result of ${name} with any of its ${fields.length} fields missing`, () => {
      const kept = fields.filter((path) => !mayBeMissing(path) && validate(withField(whole, path, undefined)));
      assert.deepEqual(kept, []);
    });

    it(`refuses it with any field of another type, or with one more`, () => {
      const taken = fields.filter((path) => validate(withField(whole, path, { wrong: true })));
      assert.deepEqual(taken, []);
      for (const owner of [[], ...fields.filter((path) => !mayBeMissing(path))]) {
        const value = owner.reduce<Json>((inner, key) => (inner as Fields)[key]!, whole);
        if (value === null || typeof value !== 'object' || Array.isArray(value)) continue;
        assert.ok(!validate(withField(whole, [...owner, 'more'], 1)), owner.join('.'));
      }
    });
  }

  it('refuses fields of one vanilla layer in a network, and a network without them as one layer', () => {
    const [one, many] = [resultOf(made['a sigmoid layer of one unit']!), resultOf(bothWays)];
    assert.ok(!validate({ ...many, dWx: one['dWx'] }));
    assert.ok(!validate({ ...one, network: many['network'] }));
    assert.ok(!validate(withField(one, ['network', 'cell'], 'elman')));
    assert.ok(!validate(withField(one, ['hs', '0', '0', '0'], null)));
    assert.ok(!validate(withField(one, ['hs', '0', '0', '0'], 'inf')));
    assertValid(withField(one, ['hs', '0', '0', '0'], '-Infinity'));
  });

  it('lies in the extension as the build wrote it', () =>
    assert.deepEqual(JSON.parse(readFileSync('dist/result.schema.json', 'utf8')), resultJsonSchema()));
});
