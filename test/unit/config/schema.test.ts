import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configJsonSchema, configKeys, references } from '../../../src/config/index.js';
import { readDocument } from '../../../src/config/json/jsonDocument.js';
import { fileKeys } from '../../../src/config/read/keyNames.js';
import type { ConfigKey } from '../../../src/config/read/schema.js';
import type { Valid } from '../../../src/config/read/validateObject.js';
import { Value } from '../../../src/config/json/jsonValue.js';
import { cellNames, cellOf } from '../../../src/engine/index.js';
import type { CellName } from '../../../src/engine/index.js';
import { editDistance, nearest } from '../../../src/config/problems/editDistance.js';
import { configName, readConfigText } from './memory.js';

type Offer = { type?: string | string[]; enum?: string[]; markdownEnumDescriptions?: string[] };
type Schema = {
  markdownDescription?: string;
  deprecationMessage?: string;
  doNotSuggest?: boolean;
  properties?: Record<string, Schema>;
  anyOf?: Offer[];
  defaultSnippets?: { body: unknown }[];
  default?: unknown;
  examples?: unknown[];
};

describe('the contributed JSON schema', () => {
  const schema = JSON.parse(JSON.stringify(configJsonSchema())) as Schema & { $schema: string };

  it('is draft-07, knows every key and documents it', () => {
    assert.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#');
    const now = Object.entries(schema.properties ?? {})
      .filter(([, { deprecationMessage }]) => deprecationMessage === undefined)
      .map(([key]) => key);
    assert.deepEqual(now, Object.keys(configKeys()));
    assert.deepEqual(Object.keys(configKeys()), [
      '$schema',
      'name',
      'cell',
      'dtype',
      'weights',
      'sequences',
      'sequenceOrder',
      'lengths',
      'initialState',
      'stateful',
      'upstreamGradient',
      'loss',
      'clip',
      'truncate',
    ]);
    const documented = (part: Schema): boolean =>
      Object.values(part.properties ?? {}).every(
        (inner) => (inner.markdownDescription ?? '').length > 20 && documented(inner),
      );
    assert.ok(documented(schema));
    assert.deepEqual(schema.properties?.['cell']?.anyOf?.[0]?.enum, cellNames);
    assert.ok(cellNames.includes('lstm') && cellNames.includes('gru'));
    assert.deepEqual(schema.properties['truncate']?.anyOf?.[0]?.type, ['null', 'integer']);
  });

  it('refuses nothing, so that the reader alone tells what is wrong', () => {
    const refusing = [
      'type',
      'enum',
      'const',
      'required',
      'additionalProperties',
      'minimum',
      'exclusiveMinimum',
      'pattern',
      'items',
      'oneOf',
      'allOf',
      'not',
    ];
    const check = (part: Schema, path: string): void => {
      for (const word of refusing) assert.ok(!(word in part), `${path}: ${word}`);
      assert.ok(
        part.anyOf === undefined || part.anyOf.some((alternative) => Object.keys(alternative).length === 0),
        path,
      );
      for (const [key, inner] of Object.entries(part.properties ?? {})) check(inner, `${path}.${key}`);
    };
    check(schema, '');
  });

  it('says what several chunks make of the places that are counted within one', () => {
    for (const key of ['upstreamGradient', 'truncate'])
      assert.match(
        schema.properties?.[key]?.markdownDescription ?? '',
        /\bseveral chunks\b.* hold for each of them|\bstart of each chunk\b/,
        key,
      );
  });

  it('describes each choice, and has no formula that a hover would show as LaTeX', () => {
    const check = (part: Schema): void => {
      for (const { enum: choices = [], markdownEnumDescriptions = [] } of part.anyOf ?? [])
        assert.equal(markdownEnumDescriptions.filter((words) => words.length >= 10).length, choices.length);
      assert.doesNotMatch(part.markdownDescription ?? '', /\$[^`]*\$|\\/);
      for (const inner of Object.values(part.properties ?? {})) check(inner);
    };
    check(schema);
  });

  it('offers only values that the reader accepts', async () => {
    const weightsOf = (cell: CellName): object => {
      const gates = cellOf(cell).gates.length;
      const columns = 2 * gates;
      const matrix = [0, 1].map((i) => Array.from({ length: columns }, (_, j) => (i === j ? 0.5 : 0)));
      return { Wx: matrix, Wh: matrix, b: new Array<number>(columns).fill(0) };
    };
    const base = {
      sequences: [
        [
          [1, 0],
          [0, 1],
          [1, 1],
        ],
      ],
    };
    for (const [key, { anyOf = [], defaultSnippets = [], examples = [], default: usual }] of Object.entries(
      schema.properties ?? {},
    ).filter(([, { deprecationMessage }]) => deprecationMessage === undefined)) {
      for (const value of [
        ...anyOf.flatMap((offer) => offer.enum ?? []),
        ...examples,
        ...defaultSnippets.map(({ body }) => body),
        ...(usual === undefined ? [] : [usual]),
      ]) {
        const cell = cellNames.find((name) => key === 'cell' && name === value) ?? 'tanh';
        // What no layout names: a cell's own parameters.
        const own = Object.fromEntries(
          cellOf(cell)
            .parameters.filter(({ role, name }) => role === 'other' && name !== 'bh')
            .map(({ name, shape }) => [
              name,
              Array.from({ length: shape(2, 2)[0] }, () => new Array<number>(shape(2, 2)[1]).fill(0.5)),
            ]),
        );
        const weights = { ...weightsOf(cell), ...own };
        const { problems } = await readConfigText(JSON.stringify({ ...base, weights, [key]: value }));
        const refused = problems.filter(({ code }) => code !== 'missing-file');
        assert.deepEqual(refused, [], `${key}: ${JSON.stringify(value)}`);
      }
    }
  });
});

describe('names that other programs have for a key', () => {
  const { properties = {} } = JSON.parse(JSON.stringify(configJsonSchema())) as Schema;
  const older = Object.entries(properties).filter(([, { deprecationMessage }]) => deprecationMessage !== undefined);
  const base = {
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
      ],
    ],
  };
  const values: Readonly<Record<string, unknown>> = {
    cell: 'relu',
    sequences: [
      [
        [2, 2],
        [1, 0],
        [1, 1],
      ],
    ],
    initialState: [[0.25, -0.5]],
    upstreamGradient: 'every',
    truncate: 2,
  };

  it('are explained by the schema, which tells the name in force, and are not offered', () => {
    const names = older.map(([name]) => name);
    for (const name of ['activation', 'nonlinearity', 'xs', 'h0', 'hidden_state', 'dhs'])
      assert.ok(names.includes(name), name);
    for (const [name, { deprecationMessage = '', doNotSuggest, markdownDescription }] of older) {
      const key = /is called "(\w+)"/.exec(deprecationMessage)?.[1] ?? '';
      assert.ok(deprecationMessage.includes(`"${name}"`), name);
      assert.equal(doNotSuggest, true);
      assert.equal(markdownDescription, properties[key]?.markdownDescription);
    }
  });

  for (const [name, { deprecationMessage = '' }] of older) {
    it(`are read, with a warning that can mend them: ${name}`, async () => {
      const key = /is called "(\w+)"/.exec(deprecationMessage)?.[1] ?? '';
      const value = values[key];
      assert.notEqual(value, undefined, key);
      const rest = Object.fromEntries(Object.entries(base).filter(([other]) => other !== key));
      const text = JSON.stringify({ ...rest, [name]: value });
      const { experiment, problems } = await readConfigText(text);
      const meant = await readConfigText(JSON.stringify({ ...rest, [key]: value }));
      assert.notEqual(experiment, null);
      assert.deepEqual(experiment, meant.experiment);
      assert.deepEqual(
        problems.map(({ code, severity, message, fix }) => ({ code, severity, message, fix })),
        [
          {
            code: 'deprecated-key',
            severity: 'warning',
            message: deprecationMessage,
            fix: { kind: 'replace', text: `"${key}"` },
          },
        ],
      );
      const { start, end } = problems[0]?.range ?? { start: { character: 0 }, end: { character: 0 } };
      assert.equal(text.slice(start.character, end.character), `"${name}"`);
    });
  }

  it('do not overrule the name in force', async () => {
    const { experiment, problems } = await readConfigText(
      JSON.stringify({ ...base, activation: 'relu', cell: 'identity' }),
    );
    assert.equal(experiment?.cell, 'identity');
    assert.deepEqual(
      problems.map(({ code, message, found, advice, fix }) => [code, message, found, advice, fix]),
      [
        [
          'deprecated-key',
          '"activation" is called "cell" in a config.',
          'both "cell" and "activation"',
          '"cell" is in force, and "activation" is ignored. Remove one of them.',
          undefined,
        ],
      ],
    );
  });
});

describe('keys that may name a file', () => {
  it('are those that take the path of one, by whatever name', async () => {
    const paths = fileKeys().map(({ path }) => path.join('.'));
    assert.deepEqual(paths, [
      'weights',
      'sequences',
      'sequences.vocabulary',
      'sequences.embedding',
      'lengths',
      'initialState',
      'initialState.h',
      'initialState.c',
      'upstreamGradient',
      'loss.readout',
      'loss.targets',
      'loss.targets.vocabulary',
    ]);
    const text =
      '{ "weights": "w", "xs": ["s", "t"], "h0": "h", "dhs": "every", "cell": "tanh", "loss": { "kind": "mse", ' +
      '"readout": "r", "targets": "y", "at": "last" } }';
    const root = Value.root(readDocument('a', new TextEncoder().encode(text), () => undefined));
    assert.ok(root);
    assert.deepEqual(
      references(root).map(({ key, value: { node } }) => [key, node.kind === 'string' ? node.value : null]),
      [
        ['weights', 'w'],
        ['sequences', 's'],
        ['sequences', 't'],
        ['initialState', 'h'],
        ['readout', 'r'],
        ['targets', 'y'],
      ],
    );
    const states = '{ "initialState": { "h0": "h.npy", "c_0": { "file": "c.npz", "name": "c" } } }';
    const nested = Value.root(readDocument('a', new TextEncoder().encode(states), () => undefined));
    assert.deepEqual(
      references(nested!).map(({ key, name }) => [key, name]),
      [
        ['h', 'h.npy'],
        ['c', 'c.npz'],
      ],
    );
    const { files } = await readConfigText(text.replace('"every"', '"d"').replace(/, "loss": .*/, '}'));
    assert.deepEqual(files.toSorted(), ['d', 'h', 's', 't', configName, 'w'].toSorted());
  });
});

describe('what the table finds', () => {
  it('is asked for by names that are in the table, or does not compile', () => {
    const valid: Valid<ConfigKey> = new Map();
    assert.equal(valid.get('sequences'), undefined);
    // @ts-expect-error No such key.
    assert.equal(valid.get('sequencess'), undefined);
  });
});

describe('what an empty config can begin with', () => {
  const { defaultSnippets } = configJsonSchema() as { defaultSnippets: { label: string; body: unknown }[] };

  it('is sound but for the files that are not there, or runs as it is', async () => {
    const read = await Promise.all(defaultSnippets.map(async ({ body }) => readConfigText(JSON.stringify(body))));
    assert.deepEqual(
      read.map(({ problems }) => problems.map(({ code }) => code)),
      [['missing-file', 'missing-file'], []],
    );
    assert.notEqual(read[1]?.experiment ?? null, null);
  });
});

describe('the nearest word', () => {
  it('counts insertions, deletions, substitutions and swaps', () => {
    for (const [a, b, distance] of [
      ['tanh', 'tanh', 0],
      ['tahn', 'tanh', 1],
      ['relu', 'elu', 1],
      ['', 'abc', 3],
      ['kitten', 'sitting', 3],
    ] as const) {
      assert.equal(editDistance(a, b), distance);
      assert.equal(editDistance(b, a), distance);
    }
  });

  it('is found for a slip and not for another word', () => {
    const keys = Object.keys(configKeys());
    for (const [word, meant] of [
      ['Cell', 'cell'],
      ['weight', 'weights'],
      ['initial_state', 'initialState'],
      ['upstreamgradients', 'upstreamGradient'],
      ['optimizer', null],
      ['x', null],
    ] as const)
      assert.equal(nearest(word, keys), meant);
  });
});
