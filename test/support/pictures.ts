// Pictures of the views, compared with those that were looked at and kept in test/fixtures/pictures.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

const kept = 'test/fixtures/pictures';
const out = 'out/pictures';
/** Set by `npm run pictures`: what is painted now becomes what is kept. */
const renewing = process.env['RNN_RENEW_PICTURES'] === '1';
const howToRenew =
  'Look at the pictures in out/pictures; when the new ones are as they should be, `npm run pictures` keeps them.';

/** How far a pixel's colour may be off (0 … 1, in YIQ), so that another browser's rounding passes. */
const colourTolerance = 0.12;
/**
 * Pictures are held against each other tile by tile: what is small, such as a notch or a digit, is large in its tile.
 */
const tile = 24;
/** Pixels of a tile that may be off by more; edges that were only smoothed otherwise do not count. */
export const tileTolerance = 6;

export type Difference = {
  /** Of the tile that differs most; infinite when the sizes do. */ readonly worst: number;
  readonly picture: PNG | null;
  readonly why: string;
};

/** How much two pictures differ. */
export function compare(expected: PNG, actual: PNG): Difference {
  const { width, height } = expected;
  if (width !== actual.width || height !== actual.height)
    return {
      worst: Infinity,
      picture: null,
      why: `it is ${actual.width}×${actual.height} pixels instead of ${width}×${height}`,
    };
  if (expected.data.equals(actual.data)) return { worst: 0, picture: null, why: 'no pixel differs' };
  const mask = new PNG({ width, height });
  pixelmatch(expected.data, actual.data, mask.data, width, height, { threshold: colourTolerance, diffMask: true });
  const columns = Math.ceil(width / tile);
  const counts = new Map<number, number>();
  for (let i = 0; i < width * height; i++) {
    if (mask.data[4 * i + 3] === 0) continue;
    const at = Math.floor(i / width / tile) * columns + Math.floor((i % width) / tile);
    counts.set(at, (counts.get(at) ?? 0) + 1);
  }
  const [at, worst] = [...counts].reduce((most, entry) => (entry[1] > most[1] ? entry : most), [0, 0]);
  return {
    worst,
    picture: mask,
    why:
      `${worst} pixels differ at (${(at % columns) * tile}, ${Math.floor(at / columns) * tile}) and in ` +
      `${counts.size} tiles of ${tile} pixels; ${tileTolerance} may in each`,
  };
}

/**
 * Null when the picture is the kept one within the tolerances, else what is wrong. Differences are written to
 * out/pictures.
 */
export function whyNotAsKept(name: string, actual: PNG): string | null {
  const file = path.join(kept, `${name}.png`);
  if (renewing) {
    mkdirSync(kept, { recursive: true });
    // What has not changed to the eye keeps its bytes, so that renewing touches only what did.
    if (!existsSync(file) || compare(PNG.sync.read(readFileSync(file)), actual).worst > 0)
      writeFileSync(file, PNG.sync.write(actual, { deflateLevel: 9, colorType: 2 }));
    return null;
  }
  mkdirSync(out, { recursive: true });
  if (!existsSync(file)) {
    writeFileSync(path.join(out, `${name}.new.png`), PNG.sync.write(actual));
    return `${name} has no kept picture. ${howToRenew}`;
  }
  const { worst, picture, why } = compare(PNG.sync.read(readFileSync(file)), actual);
  if (worst <= tileTolerance) return null;
  writeFileSync(path.join(out, `${name}.new.png`), PNG.sync.write(actual));
  if (picture !== null) writeFileSync(path.join(out, `${name}.difference.png`), PNG.sync.write(picture));
  return `${name}: ${why}. ${howToRenew}`;
}

/** Kept pictures that nothing paints any more. */
export function leftOver(painted: ReadonlySet<string>): string[] {
  const files = existsSync(kept) ? readdirSync(kept).filter((name) => !painted.has(name.replace(/\.png$/, ''))) : [];
  if (!renewing) return files;
  for (const name of files) rmSync(path.join(kept, name));
  return [];
}
