import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configJsonSchema, configKeys } from '../../../src/config/index.js';
import { editDistance, nearest } from '../../../src/config/nearest.js';
import { readConfigText } from './memory.js';

type Schema = { type: string | string[]; enum?: string[]; markdownDescription?: string; properties?: Record<string, Schema>; required?: string[]; defaultSnippets?: { body: unknown }[]; default?: unknown };

describe('the contributed JSON schema', () => {
  const schema = JSON.parse(JSON.stringify(configJsonSchema())) as Schema & { $schema: string };

  it('is draft-07, knows every key and documents it', () => {
    assert.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#');
    assert.deepEqual(Object.keys(schema.properties ?? {}), Object.keys(configKeys));
    assert.deepEqual(Object.keys(configKeys), ['$schema', 'name', 'cell', 'dtype', 'weights', 'sequences', 'initialState', 'stateful', 'upstreamGradient', 'loss', 'clip', 'truncate']);
    const documented = (part: Schema): boolean => Object.values(part.properties ?? {}).every((inner) => (inner.markdownDescription ?? '').length > 20 && documented(inner));
    assert.ok(documented(schema));
    assert.deepEqual(schema.required, ['weights', 'sequences']);
    assert.deepEqual(schema.properties?.['cell']?.enum, ['tanh', 'relu', 'identity']);
    assert.deepEqual(schema.properties['truncate']?.type, ['null', 'integer']);
  });

  it('offers only values that the reader accepts', async () => {
    const base = { weights: { Wx: [[1, 0], [0, 1]], Wh: [[0.5, 0], [0, 0.5]], b: [0, 0] }, sequences: [[[1, 0], [0, 1], [1, 1]]] };
    for (const [key, { enum: choices = [], defaultSnippets = [], default: usual }] of Object.entries(schema.properties ?? {})) {
      for (const value of [...choices, ...defaultSnippets.map(({ body }) => body), ...(usual === undefined ? [] : [usual])]) {
        const { problems } = await readConfigText(JSON.stringify({ ...base, [key]: value }));
        const refused = problems.filter(({ code }) => code !== 'missing-file');
        assert.deepEqual(refused, [], `${key}: ${JSON.stringify(value)}`);
      }
    }
  });
});

describe('the nearest word', () => {
  it('counts insertions, deletions, substitutions and swaps', () => {
    for (const [a, b, distance] of [['tanh', 'tanh', 0], ['tahn', 'tanh', 1], ['relu', 'elu', 1], ['', 'abc', 3], ['kitten', 'sitting', 3]] as const) {
      assert.equal(editDistance(a, b), distance);
      assert.equal(editDistance(b, a), distance);
    }
  });

  it('is found for a slip and not for another word', () => {
    const keys = Object.keys(configKeys);
    for (const [word, meant] of [['Cell', 'cell'], ['weight', 'weights'], ['initial_state', 'initialState'], ['upstreamgradients', 'upstreamGradient'], ['optimizer', null], ['x', null]] as const) assert.equal(nearest(word, keys), meant);
  });
});
