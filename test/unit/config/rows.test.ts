// Rows of a text: where each field stands, where reading pauses, and which separator a text has.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Rows, separatorOf } from '../../../src/config/formats/delimited.js';
import type { Separator } from '../../../src/config/formats/delimited.js';

const quiet = (): void => undefined;

/** Each row with its fields and their places, and what stopped the reading. */
function read(text: string, separator: Separator = ',') {
  const rows = new Rows(text, separator, quiet);
  const all: unknown[] = [];
  while (rows.next()) all.push(rows.fields().map((field, i) => [field, rows.start(i), rows.end(i)] as const));
  return { all, fault: rows.fault };
}

function ticksOf(text: string, separator: Separator = ','): number {
  let ticks = 0;
  const rows = new Rows(text, separator, () => ticks++);
  while (rows.next());
  return ticks;
}

describe('the rows of a text', () => {
  it('have fields at their places, for each end of a line', () => {
    for (const end of ['\n', '\r', '\r\n']) {
      const at = 2 + end.length;
      assert.deepEqual(read(`a,${end}${end}bc`), {
        all: [
          [
            ['a', 0, 1],
            ['', 2, 2],
          ],
          [['bc', at + end.length, at + end.length + 2]],
        ],
        fault: null,
      });
    }
    // A line feed and then a carriage return are two ends.
    assert.deepEqual(read('a\n\rb').all, [[['a', 0, 1]], [['b', 3, 4]]]);
    assert.deepEqual(read('').all, []);
    assert.deepEqual(read(',').all, [
      [
        ['', 0, 0],
        ['', 1, 1],
      ],
    ]);
    assert.deepEqual(read(' \n').all, [[[' ', 0, 1]]]);
    const rows = new Rows('a,b\nc', ',', quiet);
    assert.deepEqual([rows.count, rows.fields()], [0, []]);
    assert.ok(rows.next() && rows.next());
    assert.deepEqual([rows.count, rows.fields()], [1, ['c']]);
    assert.equal(rows.next(), false);
  });

  it('have what stands in quotes without them, with ends of lines and separators in it', () => {
    assert.deepEqual(read('"a,\n""b""",c').all, [
      [
        ['a,\n"b"', 0, 10],
        ['c', 11, 12],
      ],
    ]);
    assert.deepEqual(read('"",x').all, [
      [
        ['', 0, 2],
        ['x', 3, 4],
      ],
    ]);
    // Quotes inside of a field, and between blanks, are characters.
    assert.deepEqual(read('a"b"').all, [[['a"b"', 0, 4]]]);
    assert.deepEqual(read('"a b"', 'space').all, [
      [
        ['"a', 0, 2],
        ['b"', 3, 5],
      ],
    ]);
    assert.deepEqual(read('"a"', 'space').all, [[['"a"', 0, 3]]]);
    assert.deepEqual(read('"a"\r"b"').all, [[['a', 0, 3]], [['b', 4, 7]]]);
  });

  it('end at a quote that is not closed, and at text behind one that is', () => {
    assert.deepEqual(read('a,b\nc,"d').fault, { kind: 'open', at: 6 });
    assert.deepEqual(read('"').fault, { kind: 'open', at: 0 });
    assert.deepEqual(read('"""').fault, { kind: 'open', at: 0 });
    assert.deepEqual(read('a,"b"c\nd').fault, { kind: 'behind', at: 5 });
    assert.equal(read('a,b\nc,"d').all.length, 1);
    const rows = new Rows('"a"b\nc', ',', quiet);
    assert.deepEqual([rows.next(), rows.next()], [false, false]);
  });

  it('have any stretch of blanks between their fields where that separates', () => {
    assert.deepEqual(read(' \ta  b\t\r\n \n\tc ', 'space').all, [
      [
        ['a', 2, 3],
        ['b', 5, 6],
      ],
      [['c', 12, 13]],
    ]);
    assert.deepEqual(read('a\rb', 'space').all, [[['a', 0, 1]], [['b', 2, 3]]]);
  });

  it('pause once for 256 rows or fields, and for 65,536 characters', () => {
    // One more look finds the end.
    assert.deepEqual(
      [0, 1, 255, 256, 511, 512].map((rows) => ticksOf('a\n'.repeat(rows))),
      [1, 1, 1, 2, 2, 3],
    );
    assert.deepEqual([ticksOf('\n'.repeat(255)), ticksOf('\n'.repeat(256))], [1, 2]);
    const long = (length: number): number => ticksOf(`${'x'.repeat(length)}\n`);
    assert.deepEqual([long(65_534), long(65_535), long(200_000)], [1, 2, 2]);
    // Each 256th field of a long row looks whether it is time, and each 256th look is a pause.
    const fields = (count: number): number => ticksOf('a,'.repeat(count));
    assert.deepEqual([fields(1_000), fields(256 * 255), fields(256 * 256)], [1, 2, 3]);
  });
});

describe('the separator of a text', () => {
  it('goes by the name, or is what stands oftenest in the first row', () => {
    for (const [id, text, separator] of [
      ['a.tsv', 'a,b', '\t'],
      ['a.TAB', 'a,b', '\t'],
      ['a.tsv.csv', 'a,b', ','],
      ['a.csv', 'a;b;c,d', ';'],
      ['a.csv', 'a;b,c', ','],
      ['a.csv', 'a b', ','],
      ['a.csv.txt', 'a b', 'space'],
      ['a.txt', 'a b', 'space'],
      ['a.txt', 'a\tb', '\t'],
      ['a.txt', 'a;b', ';'],
      ['a.csv', 'a,b\n;;;;', ','],
      ['a.csv', 'a,b\r;;;;', ','],
      ['a.csv', '"x;y;z",b', ','],
      ['a.csv', '"x;;",a,"y;;"', ','],
      ['a.csv', 'a,b"c;;;;', ','],
      ['a.csv', `a,b${' '.repeat(65_536)};;;`, ','],
      ['a.csv', '', ','],
    ] as const)
      assert.equal(separatorOf(id, text), separator, `${id}: ${text.slice(0, 20)}`);
  });
});
