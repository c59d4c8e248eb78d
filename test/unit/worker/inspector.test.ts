// What an editor learns of a config before a run, and what its refactorings do to the text.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { leakyInTheTable } from '../engine/leaky.js';
import type { Range } from '../../../src/config/index.js';
import { Inspector } from '../../../src/worker/answers/inspector.js';
import type { Change, ChangeOutcome, Inspection, PartFacts } from '../../../src/protocol/messages.js';
import { configName, memoryFiles, positionIn, withoutAssumedCell } from '../config/memory.js';

const never = (): SharedArrayBuffer => new SharedArrayBuffer(4);

class Probe {
  texts: Record<string, string>;
  readonly asked: string[] = [];
  readonly inspector: Inspector;

  constructor(texts: Record<string, string>) {
    this.texts = texts;
    this.inspector = new Inspector(async ({ reference, from, known }) => {
      this.asked.push(reference);
      const content = await memoryFiles(this.texts).read(reference, from);
      if (!content.ok) return content;
      const version = `${content.id} ${this.texts[content.id]!}`;
      return { ...content, version, bytes: version === known ? new Uint8Array() : content.bytes };
    });
  }

  async inspect(): Promise<Inspection> {
    const inspection = await this.inspector.inspect({ config: configName, cancel: never() });
    assert.ok(inspection);
    return inspection;
  }

  async change(path: string, change: Change, file = configName): Promise<ChangeOutcome> {
    return this.inspector.change({ config: configName, file, path, change });
  }

  /** The files after a change; the new file under its name. */
  async changed(path: string, change: Change, file = configName): Promise<Record<string, string>> {
    const outcome = await this.change(path, change, file);
    assert.ok(outcome.ok, outcome.ok ? '' : outcome.message);
    const after = { ...this.texts };
    for (const changedFile of new Set(outcome.changes.map((one) => one.file))) {
      const edits = outcome.changes
        .filter((one) => one.file === changedFile)
        .map(({ range, text }) => ({ ...span(this.texts[changedFile]!, range), text }));
      after[changedFile] = edits
        .toSorted((a, b) => b.start - a.start)
        .reduce((text, edit) => text.slice(0, edit.start) + edit.text + text.slice(edit.end), this.texts[changedFile]!);
    }
    if (outcome.newFile !== null && change.kind === 'moveToFile') after[change.reference] = outcome.newFile;
    return after;
  }

  async factsAt(needle: string, file = configName): Promise<PartFacts | null> {
    const at = this.texts[file]!.indexOf(needle);
    assert.ok(at >= 0);
    return this.inspector.facts({
      config: configName,
      file,
      position: positionIn(this.texts[file]!, at),
      cancel: never(),
    });
  }
}

function span(text: string, { start, end }: Range): { start: number; end: number } {
  const starts = [0, ...[...text.matchAll(/\r\n|\n/g)].map((match) => match.index + match[0].length)];
  return { start: starts[start.line]! + start.character, end: starts[end.line]! + end.character };
}

const config = `{
  // the network
  "weights": {
    "Wx": [[1.0, 2.0, 3.0]], // one input
    "Wh": [
      [0.0, 0.5, 0.0], // first
      [0.0, 0.0, 0.5],
      [0.5, 0.0, 0.0]
    ] // the last one
  },
  "sequences": [[[1], [2]], [[1], [3]]]
}
`;

describe('an inspection', () => {
  it('tells shapes, parts and links of a config and of the files that it names', async () => {
    const probe = new Probe({
      [configName]:
        '{ "weights": "w.json", "sequences": ["s1.json", "s2.json"], "upstreamGradient": "last", ' +
        '"initialState": "missing.json" }',
      'w.json':
        '{ "rnn.weight_ih_l0": [[1, 2], [3, 4], [5, 6]], "rnn.weight_hh_l0": [[0, 1, 0], [0, 0, 1], [1, 0, ' +
        '0]], "fc.weight": [[1]] }',
      's1.json': '[[[1, 2]]]',
      's2.json': '[[[1, 2], [3, 4]]]',
    });
    const { shapes, parts, links, files, problems } = await probe.inspect();
    assert.deepEqual(shapes, { B: 1, T: 3, I: 2, H: 3 });
    assert.deepEqual(
      parts.map(({ name, file, shape, transposed }) => [name, file, shape, transposed]),
      [
        ['weight_ih_l0', 'w.json', [3, 2], true],
        ['weight_hh_l0', 'w.json', [3, 3], true],
        ['sequences', 's1.json', [1, 1, 2], false],
        ['sequences', 's2.json', [1, 2, 2], false],
      ],
    );
    assert.deepEqual(
      links.map(({ key, target }) => [key, target]),
      [
        ['weights', 'w.json'],
        ['sequences', 's1.json'],
        ['sequences', 's2.json'],
        ['initialState', 'missing.json'],
      ],
    );
    assert.deepEqual(files.toSorted(), [configName, 'missing.json', 's1.json', 's2.json', 'w.json'].toSorted());
    assert.ok(problems.some(({ code }) => code === 'missing-file'));
  });

  it("tells the parameters that are a cell's own", async () => {
    leakyInTheTable();
    const own = '"weights": { "Wx": [[1, 2]], "Wh": [[1, 0], [0, 1]], "alpha": [0.5, 0.25] }';
    const names = async (text: string): Promise<unknown[]> =>
      (await new Probe({ [configName]: text }).inspect()).parts.map(({ role, name, shape }) => [role, name, shape]);
    const matrices = [
      ['input', 'Wx', [1, 2]],
      ['recurrent', 'Wh', [2, 2]],
    ];
    assert.deepEqual(await names(`{ "cell": "leaky", ${own} }`), [...matrices, ['parameter', 'alpha', [2]]]);
    assert.deepEqual(await names(`{ ${own} }`), matrices);
  });

  it('has the range of a reference inside its quotes', async () => {
    const text = '{ "weights": "w.json" }';
    const {
      links: [link],
    } = await new Probe({ [configName]: text }).inspect();
    assert.ok(link);
    assert.equal(text.slice(link.range.start.character, link.range.end.character), 'w.json');
  });

  it('reads a file again only when it has another version', async () => {
    const probe = new Probe({
      [configName]: '{ "weights": "w.json", "sequences": "s.json" }',
      'w.json': '{ "Wx": [[1]], "Wh": [[1]], "b": [0] }',
      's.json': '[[[1]]]',
    });
    const first = await probe.inspect();
    probe.texts['w.json'] = '{ "Wx": [[1]], "Wh": [[2]], "b": [0] }';
    const second = await probe.inspect();
    const max = (inspection: Inspection, name: string): number | undefined =>
      inspection.parts.find((part) => part.name === name)?.numbers?.max;
    assert.deepEqual([max(first, 'Wh'), max(second, 'Wh')], [1, 2]);
    probe.texts['s.json'] = 'oops';
    assert.ok((await probe.inspect()).problems.some(({ file }) => file === 's.json'));
    delete probe.texts['s.json'];
    assert.ok((await probe.inspect()).problems.some(({ code }) => code === 'missing-file'));
    probe.texts['s.json'] = '[[[1]]]';
    assert.deepEqual((await probe.inspect()).problems, []);
  });

  it('stops when it is told to, and the next one is whole', async () => {
    const probe = new Probe({ [configName]: config });
    const cancel = never();
    Atomics.store(new Int32Array(cancel), 0, 1);
    assert.equal(await probe.inspector.inspect({ config: configName, cancel }), null);
    assert.equal((await probe.inspect()).shapes.H, 3);
  });

  it('tells what takes arithmetic of the part under the cursor, and the number there', async () => {
    const probe = new Probe({ [configName]: config });
    await probe.inspect();
    const facts = await probe.factsAt('0.5, 0.0], // first');
    assert.deepEqual(facts?.element, { indices: [0, 1], value: 0.5 });
    assert.ok(Math.abs(facts.matrix!.sigmaMax - 0.5) < 1e-12);
    assert.ok(Math.abs(facts.matrix!.spectralRadius! - 0.5) < 1e-12);
    assert.ok(Math.abs(facts.matrix!.orthogonalityError! - 0.75 * Math.sqrt(3)) < 1e-12);
    assert.equal((await probe.factsAt('"sequences"'))?.part.name, 'sequences');
    assert.equal(await probe.factsAt('// the network'), null);
  });

  it('offers what makes sense and nothing else', async () => {
    const offered = async (text: string): Promise<string[]> =>
      (await new Probe({ [configName]: text }).inspect()).offers.map(({ kind, name }) => `${kind} ${name}`);
    assert.deepEqual(await offered(config), [
      // The matrix that the gradient goes through first.
      'transpose Wh',
      'rescale Wh',
      'initialise Wh',
      'initialise Wx',
      'addBias b',
      'addInitialState initialState',
      'moveToFile weights',
    ]);
    const { offers } = await new Probe({ [configName]: config }).inspect();
    assert.deepEqual(
      offers.filter(({ kind }) => kind === 'initialise').map(({ name, shape }) => [name, shape]),
      [
        ['Wh', [3, 3]],
        ['Wx', [1, 3]],
      ],
    );
    const turned = config
      .replace('[[1.0, 2.0, 3.0]]', '[[1.0], [2.0], [3.0]]')
      .replace('"Wh"', '"b": [0, 0, 0],\n    "Wh"');
    assert.ok((await offered(turned)).includes('transpose Wx'));
    assert.ok(!(await offered(turned)).includes('addBias b'));
    assert.deepEqual(await offered('{ "weights": 3 }'), []);
  });
});

describe('a refactoring', () => {
  it('turns a square matrix around and leaves comments and white space where they are', async () => {
    const after = await new Probe({ [configName]: config }).changed('weights.Wh', { kind: 'transpose' });
    assert.equal(
      after[configName],
      config.replace(
        '[0.0, 0.5, 0.0], // first\n      [0.0, 0.0, 0.5],\n      [0.5, 0.0, 0.0]',
        '[0.0, 0.0, 0.5], // first\n      [0.5, 0.0, 0.0],\n      [0.0, 0.5, 0.0]',
      ),
    );
  });

  it('keeps columns aligned to the right, with room for a sign', async () => {
    const text = '{ "weights": { "Wx": [[1, 1]], "Wh": [\n  [ 1.5,   2],\n  [  -4, -11]\n] } }';
    const change: Change = { kind: 'rescale', quantity: 'spectralRadius', to: 1 };
    const { spectralRadius } = (await new Probe({ [configName]: text }).factsAt('"Wh"'))!.matrix!;
    const doubled = (
      await new Probe({ [configName]: text }).changed('weights.Wh', { ...change, to: 2 * spectralRadius! })
    )[configName];
    assert.equal(doubled, '{ "weights": { "Wx": [[1, 1]], "Wh": [\n  [ 3,   4],\n  [-8, -22]\n] } }');
    const plain = '{ "weights": { "Wx": [[1, 1]], "Wh": [[0.5, 0], [0, 0.5]] } }';
    assert.equal(
      (await new Probe({ [configName]: plain }).changed('weights.Wh', change))[configName],
      plain.replaceAll('0.5', '1'),
    );
  });

  it('turns a matrix that is not square around in the style of its rows, and back', async () => {
    const texts = {
      [configName]: '{ "weights": "w.json" }',
      'w.json': '{\n\t"Wx": [\n\t\t[1e0,  2],\n\t\t[3,  4.50],\n\t\t[5,  6]\n\t],\n\t"Wh": [[1, 0], [0, 1]]\n}\n',
    };
    const turned = await new Probe(texts).changed('Wx', { kind: 'transpose' }, 'w.json');
    assert.equal(
      turned['w.json'],
      texts['w.json'].replace('[1e0,  2],\n\t\t[3,  4.50],\n\t\t[5,  6]', '[1e0,  3,  5],\n\t\t[2,  4.50,  6]'),
    );
    assert.deepEqual(await new Probe(turned).changed('Wx', { kind: 'transpose' }, 'w.json'), texts);
  });

  it('keeps the comments of a matrix that is not square, before its rows', async () => {
    const text = '{ "weights": { "Wx": [\n  [1, 2], // a\n  [3, 4], /* b */\n  [5, 6]\n] } }';
    const after = (await new Probe({ [configName]: text }).changed('weights.Wx', { kind: 'transpose' }))[configName];
    assert.equal(after, '{ "weights": { "Wx": [\n  // a\n  /* b */\n  [1, 3, 5],\n  [2, 4, 6]\n] } }');
  });

  it("rescales to a spectral radius and to a largest singular value, in the file's way of numbers", async () => {
    const after = await new Probe({ [configName]: config }).changed('weights.Wh', {
      kind: 'rescale',
      quantity: 'spectralRadius',
      to: 2,
    });
    assert.equal(after[configName], config.replaceAll('0.5', '2.0'));
    const probe = new Probe({
      [configName]: JSON.stringify({
        dtype: 'float64',
        weights: {
          Wx: [[1, 1]],
          Wh: [
            [0.3, -0.7],
            [0.2, 0.9],
          ],
        },
        sequences: [[[1]]],
      }),
    });
    for (const to of [0.01, 0.5, 1, 3]) {
      const { [configName]: text } = await probe.changed('weights.Wh', { kind: 'rescale', quantity: 'sigmaMax', to });
      const { sigmaMax } = (await new Probe({ [configName]: text! }).factsAt('"Wh"'))!.matrix!;
      assert.ok(Math.abs(sigmaMax / to - 1) < 1e-12, `${sigmaMax}`);
    }
  });

  it(
    'refuses what cannot be: a nilpotent matrix has no other spectral radius, a number too large for ' + 'float32',
    async () => {
      const nilpotent = new Probe({ [configName]: '{ "weights": { "Wx": [[1, 1]], "Wh": [[0, 1], [0, 0]] } }' });
      assert.deepEqual(await nilpotent.change('weights.Wh', { kind: 'rescale', quantity: 'spectralRadius', to: 1 }), {
        ok: false,
        message: 'The spectral radius of Wh is 0, and no factor changes that.',
      });
      assert.equal(
        (await nilpotent.change('weights.Wh', { kind: 'rescale', quantity: 'sigmaMax', to: 1e39 })).ok,
        false,
      );
      assert.equal((await nilpotent.change('weights.W', { kind: 'transpose' })).ok, false);
    },
  );

  it('fills a matrix anew and writes the seed above it; a later change keeps the note true', async () => {
    const orthogonal: Change = { kind: 'initialise', way: 'orthogonal', seed: 7, gain: 1 };
    const first = await new Probe({ [configName]: config }).changed('weights.Wh', orthogonal);
    assert.match(first[configName]!, /\n {4}\/\/ Wh: orthogonal, seed 7\n {4}"Wh": \[/);
    assert.ok(first[configName]!.includes('// first'));
    const facts = await new Probe(first).factsAt('"Wh"');
    assert.ok(facts!.matrix!.orthogonalityError! < 1e-6);
    assert.deepEqual(
      await new Probe({ [configName]: config }).changed('weights.Wh', orthogonal),
      first,
      'the same seed gives the same matrix',
    );
    const second = await new Probe(first).changed('weights.Wh', {
      kind: 'rescale',
      quantity: 'spectralRadius',
      to: 0.5,
    });
    assert.match(second[configName]!, /\n {4}\/\/ Wh: orthogonal, seed 7, rescaled to spectral radius 0\.5\n {4}"Wh"/);
    const third = await new Probe(second).changed('weights.Wh', { kind: 'initialise', way: 'he', seed: 8, gain: 1 });
    assert.match(third[configName]!, /one input\n {4}\/\/ Wh: He normal, seed 8\n {4}"Wh"/);
    const fourth = await new Probe(third).changed('weights.Wh', {
      kind: 'initialise',
      way: 'identity',
      seed: 0,
      gain: 1,
    });
    const identity = config.replace(
      '[0.0, 0.5, 0.0], // first\n      [0.0, 0.0, 0.5],\n      [0.5, 0.0, 0.0]',
      '[1.0, 0.0, 0.0], // first\n      [0.0, 1.0, 0.0],\n      [0.0, 0.0, 1.0]',
    );
    assert.equal(fourth[configName], identity.replace('    "Wh": [', '    // Wh: identity\n    "Wh": ['));
  });

  it('writes no comment into plain JSON, and numbers of 17 digits where the file has them', async () => {
    const texts = {
      [configName]: '{ "weights": "w.json" }',
      'w.json': '{"Wx":[[0.10000000149011612,1.0]],"Wh":[[0.20000000298023224,0.0],[0.0,1.0]]}',
    };
    const after = (
      await new Probe(texts).changed('Wh', { kind: 'initialise', way: 'glorot', seed: 3, gain: 1 }, 'w.json')
    )['w.json']!;
    const { Wh } = JSON.parse(after) as { Wh: number[][] };
    assert.ok(Wh.flat().every((x) => Math.fround(x) === x));
    assert.ok(after.startsWith('{"Wx":[[0.10000000149011612,1.0]],"Wh":[['));
  });

  it('adds a bias behind Wh, under the names of its framework, wherever Wh ends', async () => {
    assert.equal(
      (await new Probe({ [configName]: config }).changed('weights.Wh', { kind: 'addBias' }))[configName],
      config.replace('] // the last one\n', '], // the last one\n    "b": [0, 0, 0]\n'),
    );
    const torch = '{"weights":{"m.weight_hh_l0":[[1]],"m.weight_ih_l0":[[1]]},"sequences":[[[1]]]}';
    assert.equal(
      (await new Probe({ [configName]: torch }).changed('weights["m.weight_hh_l0"]', { kind: 'addBias' }))[configName],
      torch.replace('[[1]],', '[[1]], "m.bias_ih_l0": [0], "m.bias_hh_l0": [0],'),
    );
    const comma = '{\n"weights": {\n  "Wx": [[1]],\n  "Wh": [[1]], // c\n},\n"sequences": [[[1]]]}';
    assert.equal(
      (await new Probe({ [configName]: comma }).changed('weights.Wh', { kind: 'addBias' }))[configName],
      comma.replace('// c\n', '// c\n  "b": [0],\n'),
    );
    const prefixed = '{"weights":{"netWh.Wx":[[1]],"netWh.Wh":[[1]]},"sequences":[[[1]]]}';
    assert.equal(
      (await new Probe({ [configName]: prefixed }).changed('weights["netWh.Wh"]', { kind: 'addBias' }))[configName],
      prefixed.replace('.Wh":[[1]]', '.Wh":[[1]], "netWh.b": [0]'),
    );
    const escaped = '{"weights":{"Wx":[[1]],"\\u0057h":[[1]]},"sequences":[[[1]]]}';
    assert.deepEqual(await new Probe({ [configName]: escaped }).change('weights.Wh', { kind: 'addBias' }), {
      ok: false,
      message: 'The name of Wh is written with escapes; write it plainly first.',
    });
  });

  it('answers in which order the sequences stand, behind them or in the place of another answer', async () => {
    const wide = '{\n  "weights": {"Wx":[[1]],"Wh":[[1]],"b":[0]},\n  "sequences": [[[1]], [[2]], [[3]]] // mine\n}';
    const asked = await new Probe({ [configName]: wide }).inspect();
    assert.deepEqual(
      asked.problems.map(({ code }) => code),
      ['unclear-order'],
    );
    assert.deepEqual([asked.shapes.B, asked.shapes.T], [3, 1]);
    const after = (
      await new Probe({ [configName]: wide }).changed('sequences', { kind: 'sequenceOrder', order: 'TBI' })
    )[configName];
    assert.equal(
      after,
      wide.replace('[[3]]]', '[[3]]], // mine\n  "sequenceOrder": "TBI"').replace('"TBI" // mine', '"TBI"'),
    );
    const answered = await new Probe({ [configName]: after }).inspect();
    assert.deepEqual(answered.problems, []);
    assert.deepEqual([answered.shapes.B, answered.shapes.T], [1, 3]);
    assert.equal(
      (await new Probe({ [configName]: after }).changed('sequences', { kind: 'sequenceOrder', order: 'BTI' }))[
        configName
      ],
      after.replace('TBI', 'BTI'),
    );
  });

  it('puts other sequences in the place of those that are there, with what was said of them', async () => {
    const old =
      '{\r\n\t"weights": {"Wx":[[1]],"Wh":[[1]],"b":[0]},\r\n' +
      '\t"sequences": {"file": "a.npz", "name": "x"}, // mine\r\n\t"sequenceOrder": "TBI"\r\n}';
    const probe = (): Probe => new Probe({ [configName]: old });
    const place = { file: 'b.json', name: null };
    assert.equal(
      (await probe().changed('sequences', { kind: 'sequences', sequences: { kind: 'file', place } }))[configName],
      old.replace('{"file": "a.npz", "name": "x"}', '"b.json"'),
    );
    const made = { made: 'zeros', B: 1, T: 2, seed: 1 } as const;
    const after = (await probe().changed('sequences', { kind: 'sequences', sequences: { kind: 'made', made, I: 1 } }))[
      configName
    ]!;
    assert.equal(
      after,
      old
        .replace('{"file": "a.npz", "name": "x"}', '[\r\n\t  [\r\n\t    [0],\r\n\t    [0]\r\n\t  ]\r\n\t]')
        .replace('TBI', 'BTI'),
    );
    const inspected = await new Probe({ [configName]: after }).inspect();
    assert.deepEqual([inspected.problems, inspected.shapes.B, inspected.shapes.T], [[], 1, 2]);
    assert.deepEqual(
      await new Probe({ [configName]: '{"weights": {"Wx":[[1]],"Wh":[[1]],"b":[0]}}' }).change('sequences', {
        kind: 'sequences',
        sequences: { kind: 'file', place },
      }),
      { ok: false, message: 'There are no sequences here any more.' },
    );
  });

  it('adds an initial state of the right shape, or fills a null', async () => {
    const after = (await new Probe({ [configName]: config }).changed('sequences', { kind: 'addInitialState' }))[
      configName
    ]!;
    assert.equal(
      after,
      config.replace('[[1], [3]]]\n', '[[1], [3]]],\n  "initialState": [\n    [0, 0, 0],\n    [0, 0, 0]\n  ]\n'),
    );
    assert.deepEqual(
      (await new Probe({ [configName]: after }).inspect()).problems.filter(({ severity }) => severity === 'error'),
      [],
    );
    const withNull = config
      .replace('"sequences"', '"initialState": null, // h\n  "sequences"')
      .replace(', [[1], [3]]', '');
    assert.equal(
      (await new Probe({ [configName]: withNull }).changed('initialState', { kind: 'addInitialState' }))[configName],
      withNull.replace('null', '[[0, 0, 0]]'),
    );
  });

  it('adds initial states of a network: a block for each layer and direction, each of its own width', async () => {
    const matrix = (rows: number, columns: number): number[][] =>
      Array.from({ length: rows }, () => new Array<number>(columns).fill(0.1));
    const layer = (suffix: string, I: number, H: number): Record<string, unknown> => ({
      [`weight_ih_${suffix}`]: matrix(4 * H, I),
      [`weight_hh_${suffix}`]: matrix(4 * H, H),
    });
    const both = (l: number, I: number, H: number) => ({ ...layer(`l${l}`, I, H), ...layer(`l${l}_reverse`, I, H) });
    for (const [weights, blocks] of [
      [{ ...layer('l0', 1, 2), ...layer('l1', 2, 2) }, '[[0, 0], [0, 0]],[[0, 0], [0, 0]]'],
      [{ ...both(0, 1, 2), ...both(1, 4, 1) }, '[[0, 0], [0, 0]],[[0, 0], [0, 0]],[[0], [0]],[[0], [0]]'],
    ] as const) {
      const text = `{\n  "weights": ${JSON.stringify(weights)},\n  "sequences": [[[1], [2]], [[3]]]\n}`;
      const probe = new Probe({ [configName]: text });
      assert.ok((await probe.inspect()).offers.some(({ kind }) => kind === 'addInitialState'));
      const after = (await probe.changed('sequences', { kind: 'addInitialState' }))[configName]!;
      assert.equal(
        after,
        text.replace('[[3]]]', `[[3]]],\n  "initialState": [\n    ${blocks.replaceAll('],[[', '],\n    [[')}\n  ]`),
      );
      assert.deepEqual(
        (await new Probe({ [configName]: after }).inspect()).problems.filter(({ severity }) => severity === 'error'),
        [],
      );
    }
  });

  for (const end of ['\n', '\r\n']) {
    it(`moves weights into a file and back, comments and all, where lines end in ${JSON.stringify(end)}`, async () => {
      const text = config.replaceAll('\n', end);
      const apart = await new Probe({ [configName]: text }).changed('weights', {
        kind: 'moveToFile',
        reference: 'weights.jsonc',
      });
      assert.match(
        apart[configName]!,
        /^\{\r?\n {2}\/\/ the network\r?\n {2}"weights": "weights\.jsonc",\r?\n {2}"sequences"/,
      );
      assert.ok(apart['weights.jsonc']!.startsWith(`{${end}  "Wx": [[1.0, 2.0, 3.0]], // one input${end}`));
      assert.deepEqual((await new Probe(apart).inspect()).shapes, { B: 2, T: 2, I: 1, H: 3 });
      assert.equal((await new Probe(apart).changed('weights', { kind: 'moveInline' }))[configName], text);
    });
  }
});

describe('an inspection of gated cells and networks', () => {
  /** Rows of a matrix, each number another. */
  const matrix = (rows: number, columns: number): number[][] =>
    Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (__, c) => (1 + r * columns + c) / 100));
  const lstm = { weight_ih_l0: matrix(8, 3), weight_hh_l0: matrix(8, 2) };
  const gru = { kernel: matrix(3, 6), recurrent_kernel: matrix(2, 6) };
  const onnx = { W: [matrix(2, 3)], R: [matrix(2, 2)] };
  const sequences = [[[1, 2, 3]]];
  const probeOf = (weights: unknown, more: Record<string, unknown> = {}): Probe =>
    new Probe({ [configName]: JSON.stringify({ weights, sequences, ...more }) });

  it('tells the cell that the reader infers, and from which matrix; not where it is written or usual', async () => {
    const told = async (probe: Probe): Promise<unknown> => {
      const { cell, cellFrom, shapes } = await probe.inspect();
      return [cell?.name, cellFrom, shapes.I, shapes.H];
    };
    assert.deepEqual(await told(probeOf(lstm)), ['lstm', 'weight_hh_l0', 3, 2]);
    assert.deepEqual(await told(probeOf(gru)), ['gru', 'recurrent_kernel', 3, 2]);
    assert.deepEqual(await told(probeOf(lstm, { cell: 'lstm' })), ['lstm', null, 3, 2]);
    assert.deepEqual(await told(probeOf(onnx)), ['tanh', null, 3, 2]);
    assert.deepEqual(await told(probeOf(lstm, { sequences: 'none.json' })), ['lstm', 'weight_hh_l0', 3, 2]);
  });

  it('tells the gates of weights, and their layer’s H in a stack', async () => {
    const stack = { ...lstm, weight_ih_l1: matrix(12, 2), weight_hh_l1: matrix(12, 3) };
    const { parts, shapes } = await probeOf(stack).inspect();
    assert.equal(shapes.H, null);
    assert.deepEqual(
      parts.filter(({ role }) => role === 'recurrent').map(({ name, blocks }) => [name, blocks?.H, blocks?.gates]),
      [
        ['weight_hh_l0', 2, ['i', 'f', 'g', 'o']],
        ['weight_hh_l1', 3, ['i', 'f', 'g', 'o']],
      ],
    );
  });

  it('measures each gate of a matrix, and not the matrix itself', async () => {
    // The blocks of Keras are z, r, n, [2,2] each: diag(2, 3), diag(4, 5), diag(0.5, 0).
    const probe = probeOf({
      kernel: matrix(3, 6),
      recurrent_kernel: [
        [2, 0, 4, 0, 0.5, 0],
        [0, 3, 0, 5, 0, 0],
      ],
    });
    const facts = await probe.factsAt('"recurrent_kernel"');
    assert.equal(facts?.matrix, null);
    assert.deepEqual(
      facts.gates.map(({ gate, lies, from, to, matrix: measured }) => [
        gate,
        `${lies} ${from}-${to}`,
        Math.round((measured?.sigmaMax ?? NaN) * 1e9) / 1e9,
        Math.round((measured?.spectralRadius ?? NaN) * 1e9) / 1e9,
      ]),
      [
        ['z', 'columns 0-2', 3, 3],
        ['r', 'columns 2-4', 5, 5],
        ['n', 'columns 4-6', 0.5, 0.5],
      ],
    );
    const torch = await probeOf({ weight_ih: matrix(4, 1), weight_hh: [[7], [2], [3], [4]] }).factsAt('"weight_hh"');
    assert.deepEqual(
      torch?.gates.map(({ gate, matrix: measured }) => [gate, Math.round((measured?.sigmaMax ?? NaN) * 1e9) / 1e9]),
      [
        ['i', 7],
        ['f', 2],
        ['g', 3],
        ['o', 4],
      ],
    );
  });

  it('tells a unit as deaf only where none of its gates hears', async () => {
    const deaf = await probeOf({
      weight_ih: [[1], [0], [1], [0], [0], [0], [1], [0]],
      weight_hh: matrix(8, 2),
    }).factsAt('"weight_ih"');
    assert.deepEqual(deaf?.zeros, { from: [], to: [1] });
  });

  for (const [name, weights] of Object.entries({ lstm, gru, onnx }))
    it(`adds a bias to the ${name} weights that reads again without a problem`, async () => {
      const probe = probeOf(weights);
      const { offers, problems } = await probe.inspect();
      assert.ok(problems.some(({ code }) => code === 'missing-key'));
      const offer = offers.find(({ kind }) => kind === 'addBias');
      assert.ok(offer);
      const after = new Probe(await probe.changed(offer.path, { kind: 'addBias' }));
      assert.deepEqual(withoutAssumedCell((await after.inspect()).problems), []);
    });

  it('adds the biases of each layer and direction that lacks them, and of no other', async () => {
    const directions = ['l0', 'l0_reverse', 'l1', 'l1_reverse'];
    const zeros = new Array<number>(8).fill(0);
    const biases = (of: readonly string[]): object =>
      Object.fromEntries(of.flatMap((one) => [`bias_ih_${one}`, `bias_hh_${one}`].map((name) => [name, zeros])));
    const matrices = Object.fromEntries(
      directions.flatMap((one) => [
        [`weight_ih_${one}`, matrix(8, one.startsWith('l0') ? 3 : 4)],
        [`weight_hh_${one}`, matrix(8, 2)],
      ]),
    );
    for (const lacking of [directions, ['l1', 'l1_reverse'], ['l0_reverse']]) {
      let probe = probeOf({ ...matrices, ...biases(directions.filter((one) => !lacking.includes(one))) });
      const { offers, problems } = await probe.inspect();
      const added = offers.filter(({ kind }) => kind === 'addBias');
      assert.deepEqual(
        added.map(({ name, path }) => [name, path]),
        lacking.map((one) => [`bias_ih_${one}, bias_hh_${one}`, `weights.weight_hh_${one}`]),
      );
      // Where the reader tells of one, there it is added.
      const told = problems.filter(({ code }) => code === 'missing-key').map(({ path }) => path);
      assert.ok(told.length > 0 && told.every((place) => added.some(({ path }) => path === place)), told.join(' '));
      for (const { path } of added) probe = new Probe(await probe.changed(path, { kind: 'addBias' }));
      const { weights } = JSON.parse(probe.texts[configName]!) as { weights: object };
      assert.deepEqual(weights, { ...matrices, ...biases(directions) });
      const after = await probe.inspect();
      assert.deepEqual(withoutAssumedCell(after.problems), []);
      assert.ok(after.offers.every(({ kind }) => kind !== 'addBias'));
    }
  });

  it('offers no transposition of a gated matrix that fits, and that of one that does not', async () => {
    const offers = async (weights: unknown): Promise<string[]> =>
      (await probeOf(weights).inspect()).offers.filter(({ kind }) => kind === 'transpose').map(({ name }) => name);
    assert.deepEqual(await offers(lstm), []);
    assert.deepEqual(await offers({ ...lstm, weight_ih_l0: matrix(3, 8) }), ['weight_ih_l0']);
  });
});
