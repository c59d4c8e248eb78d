// One typeface for pictures of the page, from a package, so that letters look the same on every machine.
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';

const file = (weight: 400 | 700): string =>
  readFileSync(`node_modules/@fontsource/dejavu-sans/files/dejavu-sans-latin-${weight}-normal.woff2`).toString(
    'base64',
  );
/** A name that no installed typeface has. */
const family = 'Pictured';

/** Hands the page the typeface as bytes, which needs no leave from its policy. */
export async function loadTypeface(page: Page): Promise<void> {
  await page.evaluate(
    async ({ name, faces }) => {
      for (const { weight, bytes } of faces)
        document.fonts.add(
          await new FontFace(name, Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0)).buffer, {
            weight,
          }).load(),
        );
    },
    {
      name: family,
      faces: [
        { weight: '400', bytes: file(400) },
        { weight: '700', bytes: file(700) },
      ],
    },
  );
}

/** Everything on the page is set in it, until the next change of theme. */
export const useTypeface = (page: Page): Promise<void> =>
  page.evaluate((name) => {
    document.documentElement.style.setProperty('--vscode-font-family', name);
  }, family);
