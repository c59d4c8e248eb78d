// Pictures of a window as one animated PNG: of each picture only the rectangle that differs from the one before.
import { crc32 } from 'node:zlib';
import { PNG } from 'pngjs';

/** A picture as PNG, and how long it stands. */
export type Frame = { readonly png: Buffer; readonly ms: number };
type Rectangle = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

const numbers = (...words: readonly number[]): Buffer => {
  const data = Buffer.alloc(4 * words.length);
  words.forEach((word, i) => data.writeUInt32BE(word, 4 * i));
  return data;
};

const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  return Buffer.concat([numbers(data.length), body, numbers(crc32(body))]);
};

/** Type and content of the chunks of a PNG. */
export function* chunksOf(png: Buffer): Generator<readonly [type: string, data: Buffer]> {
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    yield [png.toString('latin1', at + 4, at + 8), png.subarray(at + 8, at + 8 + length)];
    at += length + 12;
  }
}

/** The smallest rectangle outside of which two pictures are the same; null when they are the same everywhere. */
function changed(before: PNG, after: PNG): Rectangle | null {
  let [left, top, right, bottom] = [after.width, after.height, -1, -1];
  for (let y = 0; y < after.height; y++)
    for (let x = 0; x < after.width; x++) {
      const at = 4 * (y * after.width + x);
      if (before.data.readUInt32BE(at) === after.data.readUInt32BE(at)) continue;
      [left, top, right, bottom] = [Math.min(left, x), Math.min(top, y), Math.max(right, x), Math.max(bottom, y)];
    }
  return right < 0 ? null : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

function pixels(picture: PNG, { x, y, width, height }: Rectangle): Buffer {
  const part = new PNG({ width, height });
  PNG.bitblt(picture, part, x, y, width, height, 0, 0);
  const png = PNG.sync.write(part, { colorType: 2, deflateLevel: 9, deflateStrategy: 0, filterType: 0 });
  return Buffer.concat([...chunksOf(png)].flatMap(([type, data]) => (type === 'IDAT' ? [data] : [])));
}

/** It plays again and again; pictures that are the same stand as one, for the time of all. */
export function animatedPng(frames: readonly Frame[]): Buffer {
  const shown: { picture: PNG; place: Rectangle; ms: number }[] = [];
  for (const { png, ms } of frames) {
    const picture = PNG.sync.read(png);
    const last = shown.at(-1);
    const { width, height } = picture;
    if (last !== undefined && (last.picture.width !== width || last.picture.height !== height))
      throw new Error(
        `Pictures of ${last.picture.width} × ${last.picture.height} and ${width} × ${height} are no film.`,
      );
    const place = last === undefined ? { x: 0, y: 0, width, height } : changed(last.picture, picture);
    if (place !== null) shown.push({ picture, place, ms });
    else if (last !== undefined) last.ms += ms;
  }
  const [first] = shown;
  if (first === undefined) throw new Error('A film needs a picture.');
  let sequence = 0;
  const parts = shown.flatMap(({ picture, place, ms }, i) => {
    const { x, y, width, height } = place;
    // Two numbers of two bytes in one of four: so many of 1000 of a second. Then: it stays, and covers what was there.
    const times = Buffer.concat([numbers(ms * 65_536 + 1000), Buffer.from([0, 0])]);
    const control = chunk('fcTL', Buffer.concat([numbers(sequence++, width, height, x, y), times]));
    const data = pixels(picture, place);
    return [control, i === 0 ? chunk('IDAT', data) : chunk('fdAT', Buffer.concat([numbers(sequence++), data]))];
  });
  const { width, height } = first.picture;
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    chunk('IHDR', Buffer.concat([numbers(width, height), Buffer.from([8, 2, 0, 0, 0])])),
    chunk('acTL', numbers(shown.length, 0)),
    ...parts,
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
