// Pickles as Python would write them by hand: what is data is read, what is a call is refused.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FormatError } from '../../../src/config/formats/formatError.js';
import { readDocument } from '../../../src/config/formats/index.js';
import { unpickle } from '../../../src/config/formats/pickle.js';
import type { PickleValue } from '../../../src/config/formats/pickleValues.js';
import { Zip } from '../../../src/config/formats/zip.js';
import { zipOf } from '../../support/zipWriter.js';

const quiet = (): void => undefined;
const bytes = (...parts: readonly (string | number)[]): Uint8Array =>
  new Uint8Array(
    Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : Buffer.from([part])))),
  );
const load = (...parts: readonly (string | number)[]): PickleValue => unpickle(bytes(...parts), 0, quiet).value;
const finding = (work: () => unknown): FormatError['finding'] => {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof FormatError, String(error));
    return error.finding;
  }
  return assert.fail('It was read.');
};

describe('what training scripts keep beside their weights', () => {
  // By Python 3.11: {'milestones': Counter([30, 30, 60]), 'by key': defaultdict(list, a=[1]), 'seen': {1, 2},
  // 'fixed': frozenset([3]), 'last': deque([1.5, 2.5], maxlen=3), 'path': PosixPath('/runs/a'),
  // 'at': datetime(2024, 5, 1, 12), 'raw': bytearray(b'ab'), 'z': 1+2j}
  const written = {
    'protocol 2': [
      'gAJ9cQAoWAoAAABtaWxlc3RvbmVzcQFjY29sbGVjdGlvbnMKQ291bnRlcgpxAn1xAyhLHksCSzxLAXWFcQRScQVYBgAAAGJ5IGtleXEG',
      'Y2NvbGxlY3Rpb25zCmRlZmF1bHRkaWN0CnEHY19fYnVpbHRpbl9fCmxpc3QKcQiFcQlScQpYAQAAAGFxC11xDEsBYXNYBAAAAHNlZW5x',
      'DWNfX2J1aWx0aW5fXwpzZXQKcQ5dcQ8oSwFLAmWFcRBScRFYBQAAAGZpeGVkcRJjX19idWlsdGluX18KZnJvemVuc2V0CnETXXEUSwNh',
      'hXEVUnEWWAQAAABsYXN0cRdjY29sbGVjdGlvbnMKZGVxdWUKcRgpSwOGcRlScRooRz/4AAAAAAAAR0AEAAAAAAAAZVgEAAAAcGF0aHEb',
      'Y3BhdGhsaWIKUG9zaXhQYXRoCnEcWAEAAAAvcR1YBAAAAHJ1bnNxHmgLh3EfUnEgWAIAAABhdHEhY2RhdGV0aW1lCmRhdGV0aW1lCnEi',
      'Y19jb2RlY3MKZW5jb2RlCnEjWAsAAAAHw6gFAQwAAAAAAHEkWAYAAABsYXRpbjFxJYZxJlJxJ4VxKFJxKVgDAAAAcmF3cSpjX19idWls',
      'dGluX18KYnl0ZWFycmF5CnEraCNYAgAAAGFicSxoJYZxLVJxLoVxL1JxMFgBAAAAenExY19fYnVpbHRpbl9fCmNvbXBsZXgKcTJHP/AA',
      'AAAAAABHQAAAAAAAAACGcTNScTR1Lg==',
    ].join(''),
    'protocol 5': [
      'gAWVWwEAAAAAAAB9lCiMCm1pbGVzdG9uZXOUjAtjb2xsZWN0aW9uc5SMB0NvdW50ZXKUk5R9lChLHksCSzxLAXWFlFKUjAZieSBrZXmU',
      'aAKMC2RlZmF1bHRkaWN0lJOUjAhidWlsdGluc5SMBGxpc3SUk5SFlFKUjAFhlF2USwFhc4wEc2VlbpSPlChLAUsCkIwFZml4ZWSUKEsD',
      'kZSMBGxhc3SUaAKMBWRlcXVllJOUKUsDhpRSlChHP/gAAAAAAABHQAQAAAAAAABljARwYXRolIwHcGF0aGxpYpSMCVBvc2l4UGF0aJST',
      'lIwBL5SMBHJ1bnOUaBCHlFKUjAJhdJSMCGRhdGV0aW1llIwIZGF0ZXRpbWWUk5RDCgfoBQEMAAAAAACUhZRSlIwDcmF3lJYCAAAAAAAA',
      'AGFilIwBepRoC4wHY29tcGxleJSTlEc/8AAAAAAAAEdAAAAAAAAAAIaUUpR1Lg==',
    ].join(''),
  };
  for (const [protocol, base64] of Object.entries(written))
    it(`of ${protocol} is read, and nothing of it called`, () => {
      const { value, end } = unpickle(new Uint8Array(Buffer.from(base64, 'base64')), 0, quiet);
      assert.equal(end, Buffer.from(base64, 'base64').length);
      assert.ok(typeof value === 'object' && value?.kind === 'dict');
      assert.deepEqual(
        [...value.entries.keys()],
        ['milestones', 'by key', 'seen', 'fixed', 'last', 'path', 'at', 'raw', 'z'],
      );
      assert.deepEqual(value.entries.get('last'), { kind: 'list', items: [1.5, 2.5] });
      assert.deepEqual(value.entries.get('by key'), {
        kind: 'dict',
        entries: new Map([['a', { kind: 'list', items: [1] }]]),
      });
      for (const name of ['milestones', 'seen', 'fixed', 'path', 'at', 'z'])
        assert.deepEqual(value.entries.get(name), { kind: 'opaque' });
    });

  it('in a set stays there, whatever it is, and only a set takes it', () => {
    assert.deepEqual(load(0x8f, '(K', 1, 'K', 2, 0x90, '.'), { kind: 'opaque' });
    assert.deepEqual(load('(K', 1, 0x91, '.'), { kind: 'opaque' });
    const { expected, found } = finding(() => load('](K', 1, 0x90, '.'));
    assert.deepEqual([expected, found], ['a set', 'list']);
  });

  it('may have a deque that is made of nothing, and a call without arguments gives nothing', () => {
    assert.deepEqual(load('ccollections\ndeque\n)R.'), { kind: 'list', items: [] });
    const tagged = finding(() => load('ctorch._tensor\n_rebuild_from_type_v2\n)R.'));
    assert.equal(tagged.found, 'None');
  });

  it('has no list that is longer than the file', () => {
    const items = 'K\x01'.repeat(50);
    const deque = 'ccollections\ndeque\n(' + items + 'lq\x010';
    const again = 'ccollections\ndeque\nh\x01\x85R0'.repeat(200);
    assert.match(finding(() => load(deque + again + 'N.')).expected, /copy no more than the file holds/);
  });
});

describe('plain values', () => {
  const values: readonly (readonly [string, readonly (string | number)[], PickleValue])[] = [
    ['INT', ['I-17\n.'], -17],
    ['INT as bool', ['I01\n.'], true],
    ['BININT', ['J', 0xfe, 0xff, 0xff, 0xff, '.'], -2],
    ['BININT2', ['M', 1, 2, '.'], 513],
    ['LONG', ['L123L\n.'], 123],
    ['LONG1', [0x8a, 2, 0, 0x80, '.'], -32768],
    ['LONG1 of no bytes', [0x8a, 0, '.'], 0],
    ['LONG1 beyond 2^53', [0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, '.'], 2n ** 64n],
    ['FLOAT', ['F0.5\n.'], 0.5],
    ['BINFLOAT', ['G', 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, '.'], 1.5],
    ['STRING', ["S'a b'\n."], 'a b'],
    ['UNICODE', ['Vx\n.'], 'x'],
    ['SHORT_BINUNICODE', [0x8c, 2, 'hi.'], 'hi'],
    ['DUP and POP', ['K', 7, '20.'], 7],
    ['memo as text', ['K', 5, 'p12\n0g12\n.'], 5],
    ['MEMOIZE', ['K', 5, 0x94, '0h', 0, '.'], 5],
  ];
  for (const [name, parts, value] of values)
    it(name, () => {
      assert.deepEqual(load(...parts), value);
    });

  it('lists, tuples and dicts, of the old opcodes and the new', () => {
    const list = { kind: 'list', items: [1, 2] };
    assert.deepEqual(load(']K', 1, 'aK', 2, 'a.'), list);
    assert.deepEqual(load('](K', 1, 'K', 2, 'e.'), list);
    assert.deepEqual(load('(K', 1, 'K', 2, 'l.'), list);
    assert.deepEqual(load('K', 1, 'K', 2, 0x86, '.'), { kind: 'tuple', items: [1, 2] });
    const dict = { kind: 'dict', entries: new Map([['a', 1]]) };
    assert.deepEqual(load('(Va\nK', 1, 'd.'), dict);
    assert.deepEqual(load('}Va\nK', 1, 's.'), dict);
    assert.deepEqual(load('}(Va\nK', 1, 'u.'), dict);
    assert.deepEqual(load('ccollections\nOrderedDict\n]Va\nK', 1, 0x86, 'a', 0x85, 'R.'), dict);
  });
});

describe('NumPy in a pickle', () => {
  const dtype = (code: string): string => `cnumpy\ndtype\n(V${code}\nI00\nI01\ntR(I3\nV<\nNNNI-1\nI-1\nI0\ntb`;
  const numbers = String.fromCharCode(...new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer));
  const array = (...shape: readonly number[]): string =>
    'cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntVb\ntR(I1\n(' +
    `${shape.map((n) => `I${n}\n`).join('')}t` +
    `${dtype('f4')}I00\nC${String.fromCharCode(numbers.length)}${numbers}tb`;

  it('an array is a tensor', () => {
    const value = load(`${array(2, 3)}.`);
    assert.ok(typeof value === 'object' && value?.kind === 'array');
    assert.deepEqual(value.stored?.shape, [2, 3]);
    assert.equal(value.stored.type, 'f4');
  });

  it('an array of another size than its bytes is refused', () => {
    assert.match(finding(() => load(`${array(2, 2)}.`)).found, /24 bytes/);
  });

  it('a scalar is of no interest, and no number is made of it', () => {
    const value = load(`cnumpy.core.multiarray\nscalar\n(${dtype('f8')}C\b12345678tR.`);
    assert.deepEqual(value, { kind: 'opaque' });
  });
});

describe('calls', () => {
  it('a known name is no key to its attributes or its module', () => {
    for (const name of [
      'torch\nload',
      'torch.serialization\nload',
      'numpy\nload',
      'collections\nnamedtuple',
      'torch\n__builtins__',
    ])
      assert.match(finding(() => load(`c${name}\n.`)).message, /wants to load/);
  });

  it('a dotted name of protocol 4 is one name', () => {
    const global = [0x8c, 5, 'torch', 0x8c, 14, 'FloatStorage.x', 0x93, '.'];
    assert.match(finding(() => load(...global)).found, /"torch FloatStorage\.x"/);
  });

  it('what is data cannot be called, and a storage cannot be made', () => {
    assert.match(finding(() => load('K', 1, ')R.')).expected, /a call that gives a tensor/);
    assert.match(finding(() => load('ctorch\nFloatStorage\n)R.')).found, /FloatStorage/);
    assert.match(finding(() => load(']}b.')).expected, /a dict or an array/);
  });

  it('calls that copy one long text again and again end', () => {
    const text = 'x'.repeat(200);
    const again = 'c_codecs\nencode\n(g0\nVlatin1\ntR';
    assert.match(finding(() => load(`V${text}\np0\n0](${again.repeat(100)}e.`)).expected, /copy no more/);
  });

  it('only storages stand outside', () => {
    assert.match(finding(() => load('(Vmodule\nK', 1, 'tQ.')).expected, /a storage/);
    assert.match(finding(() => load('Pstorage\n.')).expected, /an opcode/);
  });
});

describe('archives', () => {
  const entry = { name: 'a', content: bytes('hello') };

  it('sizes of 64 bits are read from their field', () => {
    const plain = Buffer.from(zipOf([entry]));
    const directory = plain.readUInt32LE(plain.length - 6);
    const field = Buffer.alloc(28);
    field.writeUInt16LE(1, 0);
    field.writeUInt16LE(24, 2);
    field.writeBigUInt64LE(5n, 4);
    field.writeBigUInt64LE(5n, 12);
    const row = Buffer.from(plain.subarray(directory, plain.length - 22));
    row.fill(0xff, 20, 28);
    row.fill(0xff, 42, 46);
    row.writeUInt16LE(28, 30);
    const record = Buffer.alloc(56);
    record.writeUInt32LE(0x06064b50, 0);
    record.writeBigUInt64LE(44n, 4);
    record.writeBigUInt64LE(1n, 24);
    record.writeBigUInt64LE(1n, 32);
    record.writeBigUInt64LE(BigInt(row.length + field.length), 40);
    record.writeBigUInt64LE(BigInt(directory), 48);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(directory + row.length + field.length), 8);
    const end = Buffer.alloc(22, 0xff);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(0, 20);
    const zip = new Zip(
      new Uint8Array(Buffer.concat([plain.subarray(0, directory), row, field, record, locator, end])),
      quiet,
    );
    const [found] = zip.entries.values();
    assert.ok(found);
    assert.deepEqual(Buffer.from(zip.read(found, quiet)).toString(), 'hello');
  });

  for (const name of ['../a', 'a/../../b', '/etc/passwd', 'C:/a', 'a\\b', 'a\0b'])
    it(`the name ${JSON.stringify(name)} is refused`, () => {
      assert.match(finding(() => new Zip(zipOf([{ ...entry, name }]), quiet)).found, /leads out of it/);
    });

  it('an encrypted entry is refused', () => {
    const zip = zipOf([entry]);
    const directory = Buffer.from(zip).readUInt32LE(zip.length - 6);
    zip[directory + 8] = 1;
    assert.match(finding(() => new Zip(zip, quiet)).message, /encrypted/);
  });

  it('what is neither NumPy nor PyTorch is refused with what it holds', () => {
    const document = readDocument('x', zipOf([entry]), quiet);
    assert.equal(document.root, null);
    assert.equal(document.problems[0]?.found, 'a');
  });
});
