// Hostile files of every sort: the work for one grows with its size and no faster. Work is counted, never timed.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { config as sentences } from '@vscode/l10n';
import {
  checkExperiment,
  findParts,
  matrixLines,
  openEntry,
  outlineOf,
  readExperiment,
  references,
} from '../../../src/config/index.js';
import type { Files, Outline, Problem } from '../../../src/config/index.js';
import { surveyFile } from '../../../src/config/read/index.js';
import { readDocument } from '../../../src/config/formats/index.js';
import type { Bytes } from '../../../src/config/formats/index.js';
import type { Document } from '../../../src/config/json/jsonDocument.js';
import { parseBytes } from '../../../src/config/json/fastParse.js';
import { locateLeaves } from '../../../src/config/json/locateNumbers.js';
import type { ObjectNode } from '../../../src/config/json/node.js';
import { parseJson } from '../../../src/config/json/parse.js';
import { shortened } from '../../../src/config/json/problem.js';
import { findGroups, namedValues } from '../../../src/config/layouts/weightLayouts.js';
import type { Named } from '../../../src/config/layouts/weightLayouts.js';
import { nearest } from '../../../src/config/problems/editDistance.js';
import { annotate } from '../../../src/config/edit/provenanceNotes.js';
import { Value } from '../../../src/config/json/jsonValue.js';
import { configEntry, configName, memoryFiles, readConfigText, readTexts } from './memory.js';

const W = '"weights":{"Wx":[[1,2]],"Wh":[[0.5,0],[0,0.5]],"b":[0,0]}';
const X = '"sequences":[[[1],[2]]]';
const quiet = (): void => undefined;
const list = (count: number, make: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => make(i)).join(',');
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const rootOf = (text: string): Value => {
  const root = Value.root(readDocument(configName, bytesOf(text), quiet));
  assert.ok(root !== null);
  return root;
};

/** Looks at each character, on average, that are few. */
const fewLooks = 20;

/** A text that counts how many of its characters are looked at, and is not looked at for ever. */
class Counted extends String {
  #looks = 0;
  override charCodeAt(index: number): number {
    this.#look(1);
    return super.charCodeAt(index);
  }
  override charAt(index: number): string {
    this.#look(1);
    return super.charAt(index);
  }
  override lastIndexOf(needle: string, from = Infinity): number {
    const found = super.lastIndexOf(needle, from);
    this.#look(Math.min(from, this.length) - found);
    return found;
  }
  #look(times: number): void {
    this.#looks += times;
    if (this.#looks <= fewLooks * this.length) return;
    throw new Error(`More than ${this.#looks} looks at ${this.length} characters.`);
  }
  get asText(): string {
    return this as unknown as string;
  }
}

describe('every character is read a few times', () => {
  const length = 20_000;
  const runs: Record<string, string> = {
    'escaped single quotes': "\\'",
    'single quotes': "'",
    'single quotes without an end': "'\\",
    'quotes of a word processor': '“',
    'those without an end': '“\\',
    'both kinds without an end': "“'\\",
    'commas of full width': '1，',
    hashes: '#',
    'words with hashes': 'a#',
    'blanks of other scripts': '\u00a0',
    'words between those': 'a\u00a0',
    'words with single quotes': "a'",
    slashes: '/a',
    commas: ',',
    minuses: '- ',
    words: 'tanh ',
    "NumPy's numbers": '0.1 0.2\n',
    quotes: '" ',
    colons: ':',
    'closing brackets': ']',
    'block comments': '/**/',
    'texts with bad escapes': '"\\q",',
  };
  for (const [title, unit] of Object.entries(runs)) {
    for (const open of ['[', '{']) {
      it(`${title} after ${open}`, () => {
        const text = new Counted(open + unit.repeat(length / unit.length));
        assert.ok(parseJson(text.asText, quiet).issueCount > 0);
      });
    }
  }

  it('also where elements are looked up again', () => {
    const inner = list(2_000, () => "'\\'");
    const text = new Counted(`[${inner}]`);
    const data = new Float64Array(2_000);
    const node = { kind: 'tensor', offset: 0, length: text.length, shape: [data.length], data } as const;
    assert.equal(locateLeaves(text.asText, node, [1_999], quiet).length, 1);
  });

  it('of comments above a matrix, when a note about it is looked for', () => {
    const read = readDocument(configName, bytesOf(`{\n${'  // no note\n'.repeat(3_000)}  "Wh": [[1]]\n}`), quiet);
    const text = new Counted(read.text);
    const { id, lines, root } = read;
    const document: Document = { id, text: text.asText, lines, root, problems: [], tick: quiet, binary: null };
    const value = Value.root(document)?.get('Wh');
    assert.ok(value !== null && value !== undefined);
    assert.deepEqual(
      annotate(value, 'Wh', null, (earlier) => earlier),
      [],
    );
  });

  it('of a block whose last elements are all wrong', () => {
    const text = `[${list(30_000, () => '0')},${list(20, () => 'NaN')}]`;
    let ticks = 0;
    assert.equal(readDocument('x.json', bytesOf(text), () => ticks++).problems[19]?.path, '[30019]');
    assert.ok(ticks < 400, `${ticks} ticks: each of the twenty places was looked up by itself`);
  });
});

describe('every key is looked at a few times', () => {
  /** Reads a config whose root counts how often its properties are taken up. */
  async function keysRead(text: string): Promise<number> {
    let count = 0;
    const counting = (id: string, bytes: Bytes): Document => {
      const read = readDocument(id, bytes, quiet);
      const root = read.root as ObjectNode;
      const properties = root.properties.map(({ key, keySpan, value }) => ({
        get key() {
          count++;
          return key;
        },
        keySpan,
        value,
      }));
      return {
        id,
        text: read.text,
        lines: read.lines,
        root: { ...root, properties },
        problems: [],
        tick: quiet,
        binary: null,
      };
    };
    await readExperiment(configEntry, memoryFiles({ [configName]: text }), { readDocument: counting });
    return count;
  }

  const keys = 2_000;
  const configs: Record<string, string> = {
    'unknown keys': `{${list(keys, (i) => `"key${i}":1`)}}`,
    'unknown keys with nested lists': `{${list(keys, (i) => `"key${i}":[[[[]],1]]`)}}`,
    'keys among which nothing is missing': `{${W},${X},${list(keys, (i) => `"key${i}":1`)}}`,
    'one key many times': `{${list(keys, () => '"weights":1')}}`,
    'a deprecated key among them': `{"xs":[[1]],${list(keys, (i) => `"key${i}":1`)}}`,
  };
  for (const [title, text] of Object.entries(configs)) {
    it(title, async () => {
      const count = await keysRead(text);
      assert.ok(count < 8 * keys, `${count} looks at ${keys} keys`);
    });
  }

  it('names of weights', () => {
    let count = 0;
    const value = rootOf('[1]');
    const looked = <T>(thing: T): T => {
      count++;
      return thing;
    };
    const named = Array.from({ length: 3_000 }, (_, i): Named => ({
      get prefix() {
        return looked(`layer${i >> 1}`);
      },
      get name() {
        return looked(i % 2 === 0 ? 'Wx' : 'Wh');
      },
      value,
    }));
    const groups = findGroups(named);
    assert.ok(groups.length > 1 && groups.every(({ input, recurrent }) => input !== null && recurrent !== null));
    assert.ok(count < 12 * named.length, `${count} looks at ${named.length} names`);
  });

  it('a word that cannot be near is not compared letter by letter', () => {
    let compared = 0;
    const long = {
      length: 1_000_000,
      toLowerCase: () => {
        compared++;
        return '';
      },
    } as unknown as string;
    assert.equal(nearest(long, ['weights', 'sequences', 'cell']), null);
    assert.equal(compared, 0);
  });

  it('names behind a long prefix are no copies of it', () => {
    const text = `{"${'k'.repeat(50_000)}":{${list(2_000, (i) => `"g${i}":{"Wx":[[1]],"Wh":[[1]]}`)}}}`;
    const length = namedValues(rootOf(text)).reduce((sum, { prefix, name }) => sum + prefix.length + name.length, 0);
    assert.ok(length <= text.length, `${length} characters of names in a file of ${text.length}`);
  });
});

describe('only what is told is put into words', () => {
  afterEach(() => {
    sentences({ contents: {} });
  });

  /** Sentences that are composed while a config is read. */
  async function composed(read: () => Promise<unknown>): Promise<number> {
    let count = 0;
    sentences({
      contents: new Proxy<Record<string, string>>(
        {},
        {
          get: () => {
            count++;
            return undefined;
          },
        },
      ),
    });
    await read();
    return count;
  }

  const many = 3_000;
  const texts: Record<string, string> = {
    commas: `[${','.repeat(many)}`,
    'commas in an object': `{${','.repeat(many)}`,
    "NumPy's print": `{${W},"sequences":[${'[0.1 0.2 0.3]\n'.repeat(many)}]}`,
    words: `[${list(many, () => 'tanh')}]`,
    'single quotes': `[${list(many, () => "'a'")}]`,
    'bare keys': `{${list(many, (i) => `k${i}:1`)}}`,
    'keys that stand twice': `{${list(many, () => '"a":1')}}`,
    'unknown keys': `{${W},${X},${list(many, (i) => `"k${i}":1`)}}`,
    'ragged lists': `{${W},"sequences":[${list(many, (i) => (i % 2 === 0 ? '[1]' : '[1,2]'))}]}`,
    'nulls in ragged lists': `{${W},"sequences":[${list(many, (i) => (i % 2 === 0 ? '[null]' : '[null,null]'))}]}`,
    'objects among numbers': `{${W},"sequences":[${list(many, () => '{"a":1}')}]}`,
    'texts among numbers': `{${X},"weights":{"Wx":[[1]],"Wh":[${list(many, () => '["1"]')}]}}`,
    'paths among numbers': `{${W},"sequences":[${list(many, (i) => (i % 2 === 0 ? '"a"' : '{}'))}]}`,
    'blocks of another depth': `{${W},"sequences":[${list(many, (i) => (i % 2 === 0 ? '[[[[1]]]]' : '[[1]]'))}]}`,
    'many layers': `{${X},"weights":{${list(many, (i) => `"r${i}.Wx":[[1]],"r${i}.Wh":[[1]]`)}}}`,
  };
  for (const [title, text] of Object.entries(texts)) {
    it(title, async () => {
      const count = await composed(() => readConfigText(text));
      // At most 200 problems of a kind, a few sentences each, and the table of keys.
      assert.ok(count < 2_500, `${count} sentences`);
    });
  }
});

describe('a long file lets others in', () => {
  const ticksOf = (read: (tick: () => void) => unknown): number => {
    let ticks = 0;
    read(() => ticks++);
    return ticks;
  };
  const size = 1 << 20;
  const pieces = size / 65_536 - 1;
  const tokens: Record<string, string> = {
    blanks: ' '.repeat(size),
    'line breaks': '\n'.repeat(size),
    'a text': `"${'a'.repeat(size)}"`,
    'a text without an end': `"${'a'.repeat(size)}`,
    'a text in single quotes': `'${'a'.repeat(size)}'`,
    'a text of a word processor': `“${'a'.repeat(size)}”`,
    'a comment': `/*${' '.repeat(size)}*/1`,
    'a line of comment': `//${' '.repeat(size)}\n1`,
    'a comment without an end': `1/*${' '.repeat(size)}`,
    'a word': 'a'.repeat(size),
    'a number': '1'.repeat(size),
    'a fraction': `0.${'1'.repeat(size)}`,
  };
  for (const [title, text] of Object.entries(tokens)) {
    it(`inside ${title}`, () => {
      const ticks = ticksOf((tick) => parseJson(text, tick));
      assert.ok(ticks >= pieces, `${ticks} ticks`);
    });
  }

  it('inside 5 MB of blanks, wherever they stand', () => {
    const blanks = ' '.repeat(5_000_000);
    for (const text of [blanks, `{${blanks}`, `[1,${blanks}2 3]`]) {
      const ticks = ticksOf((tick) => parseJson(text, tick));
      assert.ok(ticks >= 75, `${ticks} ticks`);
    }
  });

  it('inside a comment in a block of numbers, and a text, on the quick way', () => {
    for (const text of [`{"a":[1,/*${'/ '.repeat(size / 2)}*/2]}`, `{"a":[1,//${'/ '.repeat(size / 2)}\n2]}`]) {
      const ticks = ticksOf((tick) => parseBytes(bytesOf(text), tick));
      assert.ok(ticks >= 2 * pieces, `${ticks} ticks`);
    }
    assert.ok(ticksOf((tick) => parseBytes(bytesOf(`"${'a'.repeat(size)}"`), tick)) >= pieces);
  });

  it('while lines are counted', () => {
    const document = (tick: () => void): Document => readDocument('x.json', bytesOf(`[1]${'\n'.repeat(size)}`), tick);
    let ticks = 0;
    const { lines } = document(() => ticks++);
    const before = ticks;
    assert.equal(lines.position(size).line, size - 3);
    assert.ok(ticks - before >= pieces, `${ticks - before} ticks`);
  });

  it('while keys are compared, and values made', async () => {
    const keys = 40_000;
    const names = (begin: string): string => list(keys, (i) => `"${begin}${i}":1`);
    for (const text of [`{${names('key')}}`, `{${X},"weights":{${names('weigth')}}}`]) {
      const parsed = ticksOf((tick) => readDocument(configName, bytesOf(text), tick));
      let all = 0;
      await readExperiment(configEntry, memoryFiles({ [configName]: text }), { tick: () => all++ });
      assert.ok(all - parsed >= 3 * (keys / 1024 - 1), `${all} ticks, ${parsed} of them while the text was read`);
    }
  });

  it('while a file is classified, which may be ended', () => {
    const text = bytesOf(`{${list(20_000, (i) => `"key${i}":1`)}}`);
    assert.ok(ticksOf((tick) => surveyFile(text, tick)) > 60);
    const stop = new Error('stop');
    assert.throws(
      () =>
        surveyFile(text, () => {
          throw stop;
        }),
      (error) => error === stop,
    );
  });
});

describe('what is told of a file is bounded', () => {
  it('an outline, and the places that fold', () => {
    const wide = rootOf(`{${list(400, (i) => `"a${i}":{${list(40, (j) => `"b${j}":1`)}}`)}}`);
    const count = (entries: readonly Outline[]): number =>
      entries.reduce((sum, { children }) => sum + 1 + count(children), 0);
    assert.equal(count(outlineOf(wide)), 5_000);
    assert.equal(matrixLines(rootOf(`{${list(6_000, (i) => `"a${i}":[\n\n\n1]`)}}`)).length, 5_000);
  });

  it('layers, and the files that a config names', async () => {
    const layers = list(300, (i) => `"r${i}.Wx":[[1]],"r${i}.Wh":[[1]]`);
    const text = `{"weights":{${layers}},"sequences":[${list(5_000, (i) => `"x${i}"`)}]}`;
    assert.equal(references(rootOf(text)).length, 2_000);
    let opened = 0;
    const files: Files = {
      read: (reference, from) => {
        opened++;
        return memoryFiles({ [configName]: text }).read(reference, from);
      },
    };
    const { parts, links } = await findParts(await openEntry(configEntry, files));
    assert.deepEqual([parts.length, links.length, opened], [200, 2_000, 2_001]);
  });

  it('chunks that are not there are looked for up to twenty, one that is there is asked for once', async () => {
    const asked: string[] = [];
    const counting = (texts: Readonly<Record<string, string>>): Files => ({
      read: (reference, from) => {
        asked.push(reference);
        return memoryFiles(texts).read(reference, from);
      },
    });
    const chunks = (make: (i: number) => string): string => `{${W},"sequences":[${list(500, make)}]}`;
    const { problems } = await readExperiment(configEntry, counting({ [configName]: chunks((i) => `"x${i}.json"`) }));
    assert.equal(asked.length, 21);
    assert.equal(problems.filter(({ code }) => code === 'missing-file').length, 20);
    assert.match(problems.find(({ code }) => code === 'unreadable-file')?.message ?? '', /20 files .* 480 after/);
    assert.equal(problems.length, 21);
    asked.length = 0;
    const texts = { [configName]: chunks(() => '"x.json"'), 'x.json': '[[1],[2]]' };
    const { experiment } = await readExperiment(configEntry, counting(texts));
    assert.equal(experiment?.shapes.T, 1_000);
    assert.deepEqual(asked, [configName, 'x.json']);
  });
});

describe('an experiment and the places of its parts are one reading', () => {
  it('in which each file is asked for once and parsed once, and each name of weights is taken up once', async () => {
    const weights = '{"rnn.Wx":[[1]],"rnn.Wh":[[1]],"rnn.b":[0],"Why":[[1]],"by":[0]}';
    const texts = {
      [configName]:
        '{"weights":"w.json","sequences":["x.json","./x.json","none.json","none.json"],' +
        '"loss":{"kind":"mse","readout":"w.json","targets":[[1]]}}',
      'w.json': weights,
      'x.json': '[[[1],[2]]]',
    };
    const asked: string[] = [];
    const files: Files = {
      read: (reference, from) => {
        asked.push(reference);
        return memoryFiles(texts).read(reference, from);
      },
    };
    const parsed: string[] = [];
    const taken = new Map<string, number>();
    const readCounted = (id: string, bytes: Bytes): Document => {
      parsed.push(id);
      const document = readDocument(id, bytes, quiet);
      const { root } = document;
      if (id !== 'w.json' || root?.kind !== 'object') return document;
      const properties = root.properties.map(({ key, keySpan, value }) => ({
        get key() {
          taken.set(key, (taken.get(key) ?? 0) + 1);
          return key;
        },
        keySpan,
        value,
      }));
      return {
        id,
        text: document.text,
        lines: document.lines,
        root: { ...root, properties },
        problems: [],
        tick: quiet,
        binary: null,
      };
    };
    const open = await openEntry(configEntry, files, { readDocument: readCounted });
    const { problems } = await checkExperiment(open);
    const { parts } = await findParts(open);
    assert.equal(problems.filter(({ code }) => code === 'missing-file').length, 2);
    assert.deepEqual(
      parts.map(({ name }) => name),
      ['Wx', 'Wh', 'b', 'sequences', 'sequences', 'Why', 'by', 'targets'],
    );
    assert.deepEqual(asked, [configName, 'x.json', './x.json', 'none.json', 'w.json']);
    assert.deepEqual(parsed, [configName, 'x.json', 'w.json']);
    assert.deepEqual([...taken.values()], [1, 1, 1, 1, 1]);
  });
});

describe('a problem carries at most 200 characters of the file', () => {
  const long = 'ж'.repeat(3_000);
  const digits = '7'.repeat(3_000);
  const weights = (inner: string): string => `{${X},"weights":{${inner}}}`;
  const texts: Record<string, string> = {
    'an unknown key': `{${W},${X},"${long}":1}`,
    'a bare key': `{${long}:1}`,
    'a key in single quotes': `{'${long}':1}`,
    'a key that stands twice': `{"${long}":1,"${long}":2}`,
    'a path through such keys': `{"${long}":{"${long}":[tanh]}}`,
    'a word': `[${long}]`,
    'a text in single quotes': `['${long}']`,
    'a text without an end': `["${long}`,
    'a text with a bad escape': `["${long}\\q"]`,
    'a stray sign': `[«${long}]`,
    'a word that begins as a number': `[1${long}]`,
    'keys of an object that is no config': `{${list(6, (i) => `"${long}${i}":1`)}}`,
    'a choice': `{${W},${X},"cell":"${long}"}`,
    'a type': `{${W},${X},"stateful":"${long}"}`,
    'the path of a file': `{"weights":"${long}",${X}}`,
    'the path of a folder': `{"weights":"${long}",${X},"initialState":"${long}/"}`,
    'an upstream gradient': `{${W},${X},"upstreamGradient":"${long}"}`,
    'a text among numbers': `{${W},"sequences":[["${long}"]]}`,
    'a text among ragged numbers': `{${W},"sequences":[["${long}"],[1,2]]}`,
    'an object among numbers': `{${W},"sequences":[[{"${long}":1}]]}`,
    'an object for numbers': `{${W},"sequences":{"${long}":[[1]]}}`,
    'names of weights': weights(`"${long}":[[1]]`),
    'a bias beside': weights(`"Wx":[[1]],"Wh":[[1]],"b${long}":[1]`),
    'further layers': weights(`"weight_ih_l0":[[1]],"weight_hh_l0":[[1]],"weight_ih_l1":[[1]],"${long}":1`),
    'prefixes of layers': weights(list(9, (i) => `"${long.slice(0, 150)}${i}.Wx":[[1]]`)),
    'a mistyped name that is long': weights(`"${long.slice(0, 150)}.Wy":[[1]],"${long.slice(0, 150)}.Wg":[[1]]`),
    'a readout': `{${W},${X},"loss":{"kind":"mse","targets":[[1]],"readout":{"${long}":[[1]]}}}`,
  };
  const readout = '{"Why":[[1,1],[1,1]]}';
  const numbers: Record<string, string> = {
    'a number too large': `{${W},"sequences":[[${digits}e999]]}`,
    'a ragged number too large': `{${W},"sequences":[[[1]],${digits}]}`,
    'a number in quotes': `{${W},"sequences":[["${digits.slice(0, 300)}e-300"]]}`,
    'a number of a key': `{${W},${X},"truncate":${digits.slice(0, 250)}.5}`,
    'a number in quotes of a key': `{${W},${X},"truncate":"0.${digits}"}`,
    'a word of digits': `[1_${digits}]`,
    'a class': `{${W},${X},"loss":{"kind":"crossEntropy","readout":${readout},"targets":[${digits.slice(0, 280)}]}}`,
    'a step': `{${W},${X},"upstreamGradient":${digits.slice(0, 250)}}`,
  };
  const check = (problems: readonly Problem[], sign: RegExp): void => {
    assert.ok(problems.length > 0);
    for (const { message, expected, found, advice, path, fix } of problems) {
      for (const part of [message, expected, found, advice, path, fix?.kind === 'replace' ? fix.text : '']) {
        assert.ok((part.match(sign)?.length ?? 0) <= 200, `${part.length} characters: ${part.slice(0, 200)}`);
      }
    }
  };
  for (const [sign, table] of [
    [/ж/g, texts],
    [/7/g, numbers],
  ] as const) {
    for (const [title, text] of Object.entries(table)) {
      it(title, async () => check((await readConfigText(text)).problems, sign));
    }
  }

  it('and as much of a sentence as somebody reads, whoever made it', () => {
    const start = { line: 0, character: 0 };
    const range = { start, end: start };
    const told = shortened({
      ...{ file: 'x.json', range, severity: 'error', code: 'wrong-value' },
      ...{ path: long, message: long, expected: long, found: long, advice: long },
    });
    const { path, message, expected, found, advice } = told;
    assert.deepEqual(
      [path, message, expected, found, advice].map(({ length }) => length),
      [200, 600, 600, 200, 600],
    );
  });

  it('also of a file whose name is what stands there', async () => {
    const config = memoryFiles({ [configName]: `{"weights":"${long}",${X}}` });
    const files: Files = {
      read: (reference, from) =>
        from === null
          ? config.read(reference, from)
          : Promise.resolve({ ok: false, id: long, reason: 'long', detail: `ENAMETOOLONG: ${long}` }),
    };
    check((await readExperiment(configEntry, files)).problems, /ж/g);
  });

  it('and stays as it is where it is short', async () => {
    const { problems } = await readTexts({ [configName]: `{${W},${X},"cel":1}` });
    assert.deepEqual(
      problems.map(({ path, fix }) => [path, fix]),
      [['cel', { kind: 'replace', text: '"cell"' }]],
    );
  });
});

describe('numbers half-way between two float32', () => {
  it('are compared by their first 768 digits, the others by whether they are zero', async () => {
    const half = '1.000000059604644775390625';
    const read = async (number: string): Promise<number | undefined> => {
      const { experiment } = await readConfigText(`{${W},"sequences":[[[${number}]]]}`);
      return Math.fround(experiment?.chunks[0]?.xs[0] ?? Number.NaN);
    };
    const [even, above] = [1, 1 + 2 ** -23];
    const zeros = '0'.repeat(100_000);
    const shifted = (digits: string): string => `0.${zeros}${digits}e${zeros.length + 1}`;
    const numbers = [
      half,
      half + zeros,
      `${half}${zeros}1`,
      `${half}${zeros}1e0`,
      shifted('1000000059604644775390625'),
      shifted('10000000596046447753906251'),
    ];
    assert.deepEqual(await Promise.all(numbers.map(read)), [even, even, above, above, even, above]);
  });
});
