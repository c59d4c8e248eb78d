// Pictures of the views, compared with those that were looked at and kept in test/fixtures/pictures.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pixelmatch from 'pixelmatch';
import { PNG } from 'pngjs';

const kept = 'test/fixtures/pictures';
const out = 'out/pictures';
/** Set by `npm run pictures`: what is painted now becomes what is kept. */
const renewing = process.env['RNN_RENEW_PICTURES'] === '1';
export const howToRenew = 'Look at the pictures in out/pictures; when the new ones are as they should be, `npm run pictures` keeps them.';

/** How far a pixel's colour may be off (0 … 1, in YIQ), so that another browser's rounding passes. */
const colourTolerance = 0.12;
/** Share of the pixels that may be off by more; edges that were only smoothed otherwise do not count. */
export const pixelTolerance = 0.002;

export type Difference = { readonly share: number; readonly picture: PNG | null; readonly why: string };

/** How much two pictures differ. */
export function compare(expected: PNG, actual: PNG): Difference {
  const { width, height } = expected;
  if (width !== actual.width || height !== actual.height) return { share: 1, picture: null, why: `it is ${actual.width}×${actual.height} pixels instead of ${width}×${height}` };
  const picture = new PNG({ width, height });
  const share = pixelmatch(expected.data, actual.data, picture.data, width, height, { threshold: colourTolerance }) / (width * height);
  return { share, picture, why: `${(100 * share).toFixed(2)} % of its pixels differ, ${(100 * pixelTolerance).toFixed(2)} % may` };
}

/** Null when the picture is the kept one within the tolerances, else what is wrong. Differences are written to out/pictures. */
export function whyNotAsKept(name: string, bytes: Uint8Array): string | null {
  const file = path.join(kept, `${name}.png`);
  const actual = PNG.sync.read(Buffer.from(bytes));
  if (renewing) {
    mkdirSync(kept, { recursive: true });
    // What has not changed to the eye keeps its bytes, so that renewing touches only what did.
    if (!existsSync(file) || compare(PNG.sync.read(readFileSync(file)), actual).share > pixelTolerance / 10) writeFileSync(file, PNG.sync.write(actual, { deflateLevel: 9 }));
    return null;
  }
  mkdirSync(out, { recursive: true });
  if (!existsSync(file)) {
    writeFileSync(path.join(out, `${name}.new.png`), bytes);
    return `${name} has no kept picture. ${howToRenew}`;
  }
  const { share, picture, why } = compare(PNG.sync.read(readFileSync(file)), actual);
  if (share <= pixelTolerance) return null;
  writeFileSync(path.join(out, `${name}.new.png`), bytes);
  if (picture !== null) writeFileSync(path.join(out, `${name}.difference.png`), PNG.sync.write(picture));
  return `${name}: ${why}. ${howToRenew}`;
}
