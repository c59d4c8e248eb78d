import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configJsonSchema, configKeys } from '../../../src/config/index.js';
import { editDistance, nearest } from '../../../src/config/nearest.js';
import { readConfigText } from './memory.js';

type Offer = { type?: string | string[]; enum?: string[]; markdownEnumDescriptions?: string[] };
type Schema = { markdownDescription?: string; properties?: Record<string, Schema>; anyOf?: Offer[]; defaultSnippets?: { body: unknown }[]; default?: unknown; examples?: unknown[] };

describe('the contributed JSON schema', () => {
  const schema = JSON.parse(JSON.stringify(configJsonSchema())) as Schema & { $schema: string };

  it('is draft-07, knows every key and documents it', () => {
    assert.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#');
    assert.deepEqual(Object.keys(schema.properties ?? {}), Object.keys(configKeys()));
    assert.deepEqual(Object.keys(configKeys()), ['$schema', 'name', 'cell', 'dtype', 'weights', 'sequences', 'initialState', 'stateful', 'upstreamGradient', 'loss', 'clip', 'truncate']);
    const documented = (part: Schema): boolean => Object.values(part.properties ?? {}).every((inner) => (inner.markdownDescription ?? '').length > 20 && documented(inner));
    assert.ok(documented(schema));
    assert.deepEqual(schema.properties?.['cell']?.anyOf?.[0]?.enum, ['tanh', 'relu', 'identity']);
    assert.deepEqual(schema.properties['truncate']?.anyOf?.[0]?.type, ['null', 'integer']);
  });

  it('refuses nothing, so that the reader alone tells what is wrong', () => {
    const refusing = ['type', 'enum', 'const', 'required', 'additionalProperties', 'minimum', 'exclusiveMinimum', 'pattern', 'items', 'oneOf', 'allOf', 'not'];
    const check = (part: Schema, path: string): void => {
      for (const word of refusing) assert.ok(!(word in part), `${path}: ${word}`);
      assert.ok(part.anyOf === undefined || part.anyOf.some((alternative) => Object.keys(alternative).length === 0), path);
      for (const [key, inner] of Object.entries(part.properties ?? {})) check(inner, `${path}.${key}`);
    };
    check(schema, '');
  });

  it('describes each choice, and has no formula that a hover would show as LaTeX', () => {
    const check = (part: Schema): void => {
      for (const { enum: choices = [], markdownEnumDescriptions = [] } of part.anyOf ?? []) assert.equal(markdownEnumDescriptions.filter((words) => words.length >= 10).length, choices.length);
      assert.doesNotMatch(part.markdownDescription ?? '', /\$[^`]*\$|\\/);
      for (const inner of Object.values(part.properties ?? {})) check(inner);
    };
    check(schema);
  });

  it('offers only values that the reader accepts', async () => {
    const base = { weights: { Wx: [[1, 0], [0, 1]], Wh: [[0.5, 0], [0, 0.5]], b: [0, 0] }, sequences: [[[1, 0], [0, 1], [1, 1]]] };
    for (const [key, { anyOf = [], defaultSnippets = [], examples = [], default: usual }] of Object.entries(schema.properties ?? {})) {
      for (const value of [...anyOf.flatMap((offer) => offer.enum ?? []), ...examples, ...defaultSnippets.map(({ body }) => body), ...(usual === undefined ? [] : [usual])]) {
        const { problems } = await readConfigText(JSON.stringify({ ...base, [key]: value }));
        const refused = problems.filter(({ code }) => code !== 'missing-file');
        assert.deepEqual(refused, [], `${key}: ${JSON.stringify(value)}`);
      }
    }
  });
});

describe('what an empty config can begin with', () => {
  const { defaultSnippets } = configJsonSchema() as { defaultSnippets: { label: string; body: unknown }[] };

  it('is sound but for the files that are not there, or runs as it is', async () => {
    const read = await Promise.all(defaultSnippets.map(async ({ body }) => readConfigText(JSON.stringify(body))));
    assert.deepEqual(read.map(({ problems }) => problems.map(({ code }) => code)), [['missing-file', 'missing-file'], []]);
    assert.notEqual(read[1]?.experiment ?? null, null);
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
    const keys = Object.keys(configKeys());
    for (const [word, meant] of [['Cell', 'cell'], ['weight', 'weights'], ['initial_state', 'initialState'], ['upstreamgradients', 'upstreamGradient'], ['optimizer', null], ['x', null]] as const) assert.equal(nearest(word, keys), meant);
  });
});
