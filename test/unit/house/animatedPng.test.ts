// The README's film is written by ourselves: chunks by the specification, pixels as they were.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { PNG } from 'pngjs';
import { animatedPng, chunksOf } from '../../support/animatedPng.js';

const [width, height] = [7, 5];
/** A grey picture with some red pixels. */
function picture(...red: readonly (readonly [x: number, y: number])[]): Buffer {
  const png = new PNG({ width, height });
  png.data.fill(200);
  for (const [x, y] of red) png.data.writeUInt32BE(0xff0000ff, 4 * (y * width + x));
  for (let at = 3; at < png.data.length; at += 4) png.data[at] = 255;
  return PNG.sync.write(png);
}

describe('an animated PNG', () => {
  const film = animatedPng([
    { png: picture(), ms: 400 },
    { png: picture(), ms: 100 },
    { png: picture([2, 1], [4, 3]), ms: 250 },
    { png: picture([2, 1]), ms: 1_000 },
  ]);
  const chunks = [...chunksOf(film)];
  const words = (data: Buffer, count: number): number[] =>
    Array.from({ length: count }, (_, i) => data.readUInt32BE(4 * i));

  it('has its pictures in order, each with its place and its time; what stands still is one', () => {
    assert.deepEqual(
      chunks.map(([type]) => type),
      ['IHDR', 'acTL', 'fcTL', 'IDAT', 'fcTL', 'fdAT', 'fcTL', 'fdAT', 'IEND'],
    );
    assert.deepEqual(words(chunks[1]?.[1] ?? assert.fail(), 2), [3, 0]);
    const controls = chunks.flatMap(([type, data]) =>
      type === 'fcTL' ? [[...words(data, 5), data.readUInt16BE(20), data.readUInt16BE(22), data[24], data[25]]] : [],
    );
    // Number, width, height, x, y, milliseconds of 1000, left as it is behind it, written over what was there.
    assert.deepEqual(controls, [
      [0, 7, 5, 0, 0, 500, 1000, 0, 0],
      [1, 3, 3, 2, 1, 250, 1000, 0, 0],
      [3, 1, 1, 4, 3, 1000, 1000, 0, 0],
    ]);
  });

  it('has checksums that a reader can hold it against', () => {
    for (let at = 8; at < film.length;) {
      const end = at + 8 + film.readUInt32BE(at);
      assert.equal(film.readUInt32BE(end), crc32(film.subarray(at + 4, end)));
      at = end + 4;
    }
  });

  it('has the pixels of its pictures', () => {
    const still = PNG.sync.read(film);
    assert.deepEqual(still.data, PNG.sync.read(picture()).data);
    const [, part] = chunks[5] ?? assert.fail();
    const header = Buffer.concat([film.subarray(0, 16), Buffer.alloc(8), film.subarray(24, 29)]);
    header.writeUInt32BE(3, 16);
    header.writeUInt32BE(3, 20);
    const chunk = (type: string, data: Buffer): Buffer => {
      const body = Buffer.concat([Buffer.from(type), data]);
      const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
      length.writeUInt32BE(data.length);
      sum.writeUInt32BE(crc32(body));
      return Buffer.concat([length, body, sum]);
    };
    const alone = PNG.sync.read(
      Buffer.concat([
        film.subarray(0, 8),
        chunk('IHDR', header.subarray(16)),
        chunk('IDAT', part.subarray(4)),
        chunk('IEND', Buffer.alloc(0)),
      ]),
    );
    const red = [...Array(9).keys()].filter((at) => alone.data.readUInt32BE(4 * at) === 0xff0000ff);
    assert.deepEqual(red, [0, 8]);
  });

  it('is the first picture of both READMEs, small enough for a marketplace', () => {
    const file = readFileSync('media/screenshots/mended.png');
    assert.ok(file.length < 600_000, `${file.length} bytes`);
    const [, count] = [...chunksOf(file)].find(([type]) => type === 'acTL') ?? assert.fail();
    assert.ok(count.readUInt32BE(0) >= 10);
    for (const readme of ['README.md', 'README.ko.md'])
      assert.equal(/!\[[^\]]+\]\(([^)]+)\)/.exec(readFileSync(readme, 'utf8'))?.[1], 'media/screenshots/mended.png');
  });

  it('is refused of pictures of several sizes, and of none', () => {
    const other = PNG.sync.write(new PNG({ width: 1, height: 1 }));
    assert.throws(
      () =>
        animatedPng([
          { png: picture(), ms: 1 },
          { png: other, ms: 1 },
        ]),
      /7 × 5 and 1 × 1/,
    );
    assert.throws(() => animatedPng([]), /needs a picture/);
  });
});
