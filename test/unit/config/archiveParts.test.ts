// The pieces that archives are read with: what is read when, how often, and what is compared before it is believed.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crc32 as zlibCrc32, deflateRawSync } from 'node:zlib';
import { crc32 } from '../../../src/config/formats/crc32.js';
import { bytesText, damaged, FormatError, inEntry, refused } from '../../../src/config/formats/formatError.js';
import {
  allOf,
  capacityOf,
  changedMeanwhile,
  rangeOf,
  readRange,
  settle,
  sizeOf,
} from '../../../src/config/formats/source.js';
import { refusedBySystem } from '../../../src/config/formats/systemReasons.js';
import type { Source } from '../../../src/config/formats/source.js';
import { unpacked, Unpacking } from '../../../src/config/formats/unpack.js';
import { Zip } from '../../../src/config/formats/zip.js';
import { packedContent, storedContent } from '../../../src/config/formats/zipContents.js';
import { zipOf } from '../../support/zipWriter.js';

const quiet = (): void => undefined;

/** Bytes that do not pack: a linear congruence of Park and Miller. */
function noise(length: number): Uint8Array {
  let x = 7;
  return Uint8Array.from({ length }, () => ((x = (x * 48_271) % 2_147_483_647), x & 0xff));
}

/** A file that is read in ranges, with the ranges that were asked for. */
function recorded(bytes: Uint8Array): Source & { readonly ranges: [number, number][] } {
  const ranges: [number, number][] = [];
  return {
    size: bytes.length,
    ranges,
    read: (at, length) => {
      ranges.push([at, length]);
      return bytes.slice(at, at + length);
    },
  };
}

function findingOf(work: () => unknown) {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof FormatError, String(error));
    return { ...error.finding, part: error.part };
  }
  return assert.fail('nothing was thrown');
}

const wholeAdvice = 'Download or export it again; a file that is being written is read when it is whole.';

describe('what is said of a damaged file', () => {
  it('has a code, a place in bytes and the part of the file', () => {
    const said = (at?: number | null, part?: string) =>
      findingOf(() => {
        throw damaged('this', 'that', at, part);
      });
    const rest = { code: 'unreadable-file', expected: 'this', found: 'that', advice: wholeAdvice };
    assert.deepEqual(said(), { ...rest, message: 'The file is damaged.', part: '' });
    assert.deepEqual(said(8), { ...rest, message: 'The file is damaged at byte 8.', part: '' });
    assert.deepEqual(said(null, 'w'), { ...rest, message: 'The file is damaged: w.', part: 'w' });
    assert.deepEqual(said(0, 'w'), { ...rest, message: 'The file is damaged at byte 0: w.', part: 'w' });
  });

  it('tells what a program does not take with its advice, and a change that mends it', () => {
    const said = (advice: Parameters<typeof refused>[3], part?: string) =>
      findingOf(() => {
        throw refused('No.', 'this', 'that', advice, part);
      });
    const rest = { code: 'unsupported-feature', message: 'No.', expected: 'this', found: 'that', advice: 'Mend it.' };
    assert.deepEqual(said('Mend it.'), { ...rest, part: '' });
    const fix = { title: 'Mend', edits: [] } as never;
    assert.deepEqual(said({ advice: 'Mend it.', fix }, 'w'), { ...rest, fix, part: 'w' });
  });

  it('shows what was found where it is nothing, or no characters', () => {
    const found = (text: string): string => damaged('', text).finding.found;
    assert.deepEqual([found(''), found(' \n'), found('a\0b'), found(' a ')], ['nothing', 'nothing', 'a\ufffdb', ' a ']);
    assert.deepEqual([bytesText(0), bytesText(1), bytesText(2)], ['0 bytes', '1 byte', '2 bytes']);
  });

  it('gets the name of an entry where it has none, and other faults stay what they are', () => {
    const inside = (error: Error) => (): never =>
      inEntry('e', () => {
        throw error;
      });
    assert.equal(findingOf(inside(damaged('x', 'y'))).part, 'e');
    assert.equal(findingOf(inside(damaged('x', 'y', null, 'w'))).part, 'w');
    assert.throws(inside(new RangeError('other')), /^RangeError: other$/);
    assert.throws(inside(Object.assign(new RangeError('empty'), { part: '' })), /^RangeError: empty$/);
    assert.equal(
      inEntry('e', () => 3),
      3,
    );
  });
});

describe('a file that is read in ranges', () => {
  it('has ranges that are files of their own, and that are known to be sound when it is', () => {
    const bytes = noise(20);
    const file = recorded(bytes);
    const part = rangeOf(file, 5, 12);
    assert.equal(sizeOf(part), 7);
    assert.deepEqual(readRange(part, 2, 4), bytes.slice(7, 9));
    assert.deepEqual(allOf(part), bytes.slice(5, 12));
    assert.deepEqual(file.ranges, [
      [7, 2],
      [5, 7],
    ]);
    assert.equal('settle' in part, false);
    let settled = 0;
    settle(rangeOf({ ...file, settle: () => settled++ }, 0, 3));
    settle(file);
    settle(bytes);
    assert.equal(settled, 1);
    assert.deepEqual(
      [capacityOf(bytes), capacityOf(file), capacityOf({ ...file, capacity: 9 })],
      [Infinity, Infinity, 9],
    );
    // Without a copy where they are here.
    assert.equal((rangeOf(bytes, 1, 3) as Uint8Array).buffer, bytes.buffer);
  });

  it('may be another one meanwhile, or refused', () => {
    assert.deepEqual(changedMeanwhile().finding, {
      code: 'unreadable-file',
      message: 'The file was written while it was read.',
      expected: 'one version of the file from its beginning to its end',
      found: 'another size or time of writing than before',
      advice: 'It is read again when it changes; a program that writes it beside and renames it never disturbs.',
    });
    assert.deepEqual(refusedBySystem('model.pt', 'denied', 'EACCES'), {
      code: 'unreadable-file',
      message: 'The file "model.pt" may not be read.',
      expected: 'a readable file',
      found: 'EACCES',
      advice: 'Allow it to be read, and the folders above it to be opened, or name a copy of it.',
    });
  });
});

describe('the checksum of an archive', () => {
  it('goes on from what stood before, and pauses once a megabyte', () => {
    const bytes = new Uint8Array((1 << 20) + 9).fill(7);
    let ticks = 0;
    assert.equal(
      crc32(bytes, () => ticks++),
      zlibCrc32(bytes),
    );
    assert.equal(ticks, 2);
    for (const length of [0, 1, 7, 8, 9, 16])
      assert.equal(
        crc32(bytes.subarray(5, 5 + length), quiet, crc32(bytes.subarray(0, 5), quiet)),
        zlibCrc32(bytes.subarray(0, 5 + length)),
      );
  });
});

describe('packed bytes', () => {
  const content = noise(200_000);
  const packed = new Uint8Array(deflateRawSync(content));
  const wrong = (found: string): FormatError => damaged('as said', found);

  it('are unpacked in pieces of 4,096 with a pause before each', () => {
    let ticks = 0;
    assert.deepEqual(
      unpacked(packed, content.length, 'deflate', wrong, () => ticks++),
      content,
    );
    assert.equal(ticks, Math.ceil(packed.length / 4_096));
    const told = (bytes: Uint8Array, size: number): string =>
      findingOf(() => unpacked(bytes, size, 'deflate', wrong, quiet)).found;
    assert.equal(told(packed, content.length - 1), 'more than 199999 bytes');
    assert.equal(told(packed, content.length + 1), '200000 bytes');
    assert.equal(told(Uint8Array.of(7, 1, 2, 3), 5), 'packed numbers that cannot be unpacked');
    // Cut off inside of a piece.
    assert.equal(told(packed.subarray(0, 3), 5), 'packed numbers that cannot be unpacked');
  });

  it('are not told as damaged where a pause ends the reading', () => {
    for (const error of [new RangeError('enough'), Object.assign(new RangeError('enough'), { code: 'ABORT' })]) {
      let ticks = 0;
      const stop = (): void => {
        if (ticks++ > 0) throw error;
      };
      const seen = (): void => {
        throw error;
      };
      assert.throws(() => unpacked(packed, content.length, 'deflate', wrong, stop), /^RangeError: enough$/);
      const stream = new Unpacking(packed, content.length, wrong, quiet, seen);
      assert.throws(() => stream.take(1), /^RangeError: enough$/);
    }
  });

  it('are taken piece by piece, and to their end before they are believed', () => {
    const seen: Uint8Array[] = [];
    let ticks = 0;
    const file = recorded(packed);
    const stream = new Unpacking(
      file,
      content.length,
      wrong,
      () => ticks++,
      (bytes) => void seen.push(bytes),
    );
    assert.deepEqual(stream.take(10), content.slice(0, 10));
    // As many pieces as one block is packed in, and no more.
    const begun = file.ranges.length;
    assert.ok(begun < 20);
    assert.deepEqual([stream.at, ticks], [10, begun]);
    stream.skip(500);
    assert.deepEqual(stream.take(3), content.slice(510, 513));
    assert.deepEqual([stream.at, file.ranges.length], [513, begun]);
    stream.finish();
    assert.equal(stream.at, content.length);
    assert.deepEqual(
      file.ranges,
      Array.from({ length: Math.ceil(packed.length / 4_096) }, (_, i) => [
        i * 4_096,
        Math.min(4_096, packed.length - i * 4_096),
      ]),
    );
    assert.deepEqual(new Uint8Array(Buffer.concat(seen)), content);
    assert.equal(findingOf(() => stream.take(1)).found, '200000 bytes');
    const little = new Unpacking(packed, 100, wrong, quiet, quiet);
    assert.equal(findingOf(() => little.take(1)).found, 'more than 100 bytes');
    // What is behind the bytes that it says is looked for at the end.
    const more = new Uint8Array(deflateRawSync(new Uint8Array(6_000)));
    const short = new Unpacking(recorded(more), 5_999, wrong, quiet, quiet);
    assert.equal(findingOf(() => short.finish()).found, 'more than 5999 bytes');
    const trailing = recorded(new Uint8Array(Buffer.concat([packed, new Uint8Array(9_000)])));
    const whole = new Unpacking(trailing, content.length, wrong, quiet, quiet);
    whole.finish();
    assert.equal(
      trailing.ranges.reduce((sum, [, length]) => sum + length, 0),
      trailing.size,
    );
  });
});

describe('an entry of an archive on the disk', () => {
  const content = noise(200_000);
  const entryOf = (stored: number, crc = zlibCrc32(content)) => ({
    name: 'w',
    deflated: true,
    start: 7,
    stored,
    size: content.length,
    crc,
  });
  const wrongSum = (crc: number) => ({
    code: 'unreadable-file',
    message: 'The file is damaged at byte 7: w.',
    expected: `the checksum ${crc.toString(16).padStart(8, '0')}`,
    found: `numbers with the checksum ${zlibCrc32(content).toString(16).padStart(8, '0')}`,
    advice: wholeAdvice,
    part: 'w',
  });
  const packed = new Uint8Array(deflateRawSync(content));

  it('that is packed goes on where it was, and begins anew for what lies behind', () => {
    const file = recorded(packed);
    const held = packedContent(file, entryOf(packed.length), quiet, () => null) as Source;
    const read = (offset: number, length: number): void =>
      assert.deepEqual(held.read(offset, length), content.slice(offset, offset + length));
    assert.equal(held.size, content.length);
    held.settle?.();
    assert.deepEqual(file.ranges, [], 'nothing was read, and nothing is compared');
    read(0, 5);
    read(5, 5);
    read(100, 3);
    const begun = file.ranges.length;
    assert.ok(begun < 20);
    read(102, 3);
    assert.equal(file.ranges.length, 2 * begun);
    assert.deepEqual(
      [file.ranges[0], file.ranges[begun]],
      [
        [0, 4_096],
        [0, 4_096],
      ],
    );
    held.settle?.();
    assert.equal(file.ranges.length, begun + Math.ceil(packed.length / 4_096));
  });

  it('that is packed is held after its eighth beginning, where it can be', () => {
    const file = recorded(packed);
    let asked = 0;
    const held = packedContent(file, entryOf(packed.length, 1), quiet, () => (asked++, content)) as Source;
    held.read(8, 2);
    const begun = file.ranges.length;
    for (let i = 1; i < 8; i++) held.read(8 - i, 2);
    held.read(3, 2);
    assert.deepEqual([asked, file.ranges.length], [0, 8 * begun], 'going on is no beginning');
    for (const offset of [0, 9, 4]) assert.deepEqual(held.read(offset, 3), content.slice(offset, offset + 3));
    assert.deepEqual([asked, file.ranges.length], [3, 8 * begun]);
    held.settle?.();
    assert.equal(file.ranges.length, 8 * begun, 'what is held was compared before');
  });

  it('that is packed has its checksum compared, and its size', () => {
    for (const crc of [0x1234, zlibCrc32(content) ^ 1]) {
      const held = packedContent(recorded(packed), entryOf(packed.length, crc), quiet, () => null) as Source;
      held.read(3, 1);
      held.read(1, 1);
      assert.deepEqual(
        findingOf(() => held.settle?.()),
        wrongSum(crc),
      );
    }
    const large = packedContent(
      recorded(packed),
      { ...entryOf(packed.length), size: 200_001 },
      quiet,
      () => null,
    ) as Source;
    large.read(0, 1);
    const { expected, found, message, part } = findingOf(() => large.settle?.());
    assert.deepEqual(
      [expected, found, message, part],
      ['200001 bytes', '200000 bytes', 'The file is damaged at byte 7: w.', 'w'],
    );
  });

  it('that is stored has its checksum go along, and nothing is counted twice', () => {
    const file = recorded(content);
    const held = storedContent(file, entryOf(content.length), quiet) as Source;
    const read = (offset: number, length: number): void =>
      assert.deepEqual(held.read(offset, length), content.slice(offset, offset + length));
    assert.equal(held.size, content.length);
    read(0, 10);
    read(10, 5);
    read(3, 4);
    read(12, 9);
    assert.deepEqual(file.ranges, [
      [0, 10],
      [10, 5],
      [3, 4],
      [12, 9],
    ]);
    // What lies between is read for the checksum first.
    read(50, 2);
    held.settle?.();
    assert.deepEqual(file.ranges.slice(4), [
      [21, 29],
      [50, 2],
      [52, content.length - 52],
    ]);
    held.settle?.();
    assert.equal(file.ranges.length, 7);
    const wrong = storedContent(recorded(content), entryOf(content.length, 0x1234), quiet) as Source;
    wrong.read(5, 5);
    assert.deepEqual(
      findingOf(() => wrong.settle?.()),
      wrongSum(0x1234),
    );
  });

  it('that is stored is read for its checksum a megabyte at a time', () => {
    const large = noise((1 << 20) + 3);
    const file = recorded(large);
    const entry = { ...entryOf(large.length, zlibCrc32(large)), size: large.length };
    (storedContent(file, entry, quiet) as Source).settle?.();
    assert.deepEqual(file.ranges, [
      [0, 1 << 20],
      [1 << 20, 3],
    ]);
  });
});

describe('an archive', () => {
  const latin = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'latin1'));
  const two = [
    { name: 'a', content: noise(100), deflated: true },
    { name: 'b', content: noise(50) },
  ];
  const names = (bytes: Uint8Array): string[] => [...new Zip(bytes, quiet).entries.keys()];
  const withComment = (bytes: Uint8Array, comment: Uint8Array): Uint8Array => {
    const all = Buffer.concat([bytes, comment]);
    all.writeUInt16LE(comment.length, bytes.length - 2);
    return new Uint8Array(all);
  };

  it('may end with a comment, also one that looks like its end', () => {
    const bytes = zipOf(two);
    for (const comment of [latin('x'), latin('PK\x05\x06 and no end'), noise(65_535)])
      assert.deepEqual(names(withComment(bytes, comment)), ['a', 'b']);
    const cut = withComment(bytes, latin('four')).subarray(0, -1);
    assert.match(findingOf(() => names(cut)).expected, /the directory of the archive/);
  });

  it('in ranges keeps one entry, and reads it once', () => {
    const file = recorded(zipOf(two));
    const zip = new Zip(file, quiet);
    const [a, b] = [...zip.entries.values()];
    const readsOf = (work: () => unknown): number => {
      const before = file.ranges.length;
      work();
      return file.ranges.length - before;
    };
    assert.equal(
      readsOf(() => zip.content(a!, quiet)),
      0,
    );
    assert.equal(zip.content(a!, quiet), zip.content(a!, quiet));
    const content = zip.content(a!, quiet) as Source;
    assert.deepEqual(
      [() => content.read(3, 2), () => content.read(9, 1), () => zip.read(b!, quiet), () => content.read(3, 2)].map(
        readsOf,
      ),
      [1, 0, 1, 1],
    );
    assert.deepEqual(content.read(3, 2), two[0]!.content.slice(3, 5));
    assert.deepEqual([content.size, zip.read(b!, quiet)], [100, two[1]!.content]);
    // What is stored describes itself before its checksum is known, and what is packed does not.
    assert.equal(zip.unchecked(a!, quiet), content);
    assert.deepEqual(
      readsOf(() => (zip.unchecked(b!, quiet) as Source).read(1, 1)),
      1,
    );
  });

  it('that is here gives its entries without a copy, and unpacks each once', () => {
    const bytes = zipOf(two);
    const zip = new Zip(bytes, quiet);
    const [a, b] = [...zip.entries.values()];
    assert.equal((zip.content(b!, quiet) as Uint8Array).buffer, bytes.buffer);
    const once = zip.content(a!, quiet);
    zip.read(b!, quiet);
    assert.equal(zip.content(a!, quiet), once);
  });

  it('has names that stay inside of it', () => {
    const refusedNames = ['/a', '\\a', 'C:a', 'a\\b', 'a/../b', '..', ''];
    for (const name of refusedNames) {
      const { expected, found, message } = findingOf(() => names(zipOf([{ name, content: latin('x') }])));
      assert.deepEqual([expected, found], ['names inside of the archive', 'a name that leads out of it'], name);
      assert.match(message, name === '' ? /^The file is damaged\.$/ : /^The file is damaged: /);
    }
    assert.deepEqual(names(zipOf(['a/C:b', 'a..b', '.a'].map((name) => ({ name, content: latin('x') })))), [
      'a/C:b',
      'a..b',
      '.a',
    ]);
  });

  it('pauses once for a thousand entries', () => {
    let ticks = 0;
    const many = Array.from({ length: 1_025 }, (_, i) => ({ name: `${i}`, content: new Uint8Array() }));
    new Zip(zipOf(many), () => ticks++);
    assert.equal(ticks, 2);
  });

  it('has entries beside each other, wherever the directory names them', () => {
    const entries = ['a', 'b'].map((name) => ({ name, content: latin('hello') }));
    const bytes = Buffer.from(zipOf(entries));
    const directory = bytes.readUInt32LE(bytes.length - 6);
    // Rows of 47 bytes, turned round.
    const rows = [bytes.subarray(directory, directory + 47), bytes.subarray(directory + 47, directory + 94)];
    const turned = Buffer.concat([bytes.subarray(0, directory), rows[1]!, rows[0]!, bytes.subarray(directory + 94)]);
    assert.deepEqual(names(new Uint8Array(turned)), ['b', 'a']);
    // The first one says that it goes on into the second.
    const long = Buffer.from(bytes);
    for (const at of [directory + 20, directory + 24]) long.writeUInt32LE(6, at);
    const { expected, found, message } = findingOf(() => names(new Uint8Array(long)));
    assert.deepEqual(
      [expected, found, message],
      ['entries beside each other', 'one that begins inside another one', 'The file is damaged at byte 36: b.'],
    );
  });
});
