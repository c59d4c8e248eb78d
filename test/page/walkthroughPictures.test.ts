// The drawings of the walkthrough: whole, and seen in every theme.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { holdBrowser } from '../support/browser.js';
import { themeNames, themeOf } from '../support/themes.js';

/** WCAG 2.2, 1.4.11: graphical objects against what they stand on. */
const leastContrast = 3;

type Drawing = {
  /** Texts that stand out of the drawing, by any part. */
  readonly cut: readonly string[];
  /** The contrast of each curve with the background. */
  readonly contrasts: readonly number[];
};

/** In the page: what it shows of the drawing. */
function look(background: string): Drawing {
  const canvas = new OffscreenCanvas(1, 1).getContext('2d')!;
  const luminance = (colours: readonly string[]): number => {
    canvas.clearRect(0, 0, 1, 1);
    for (const colour of colours) {
      canvas.fillStyle = colour;
      canvas.fillRect(0, 0, 1, 1);
    }
    const [red = 0, green = 0, blue = 0] = [...canvas.getImageData(0, 0, 1, 1).data].map((level) =>
      level / 255 <= 0.04045 ? level / 255 / 12.92 : ((level / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const contrast = (colour: string): number => {
    const [dark = 0, light = 0] = [luminance([background]), luminance([background, colour])].sort((a, b) => a - b);
    return (light + 0.05) / (dark + 0.05);
  };
  const { width, height } = document.querySelector('svg')!.viewBox.baseVal;
  const cut = [...document.querySelectorAll('text')].filter((text) => {
    const box = text.getBBox();
    return box.x < 0 || box.y < 0 || box.x + box.width > width || box.y + box.height > height;
  });
  return {
    cut: cut.map((text) => text.textContent),
    contrasts: [...document.querySelectorAll('path')].map((path) => contrast(getComputedStyle(path).stroke)),
  };
}

describe('the drawings of the walkthrough', () => {
  it('hold all of their words, and their curves are seen in every theme', async () => {
    const { thing: browser, giveBack } = await holdBrowser();
    const page = await browser.newPage();
    try {
      for (const file of globSync('media/walkthrough/*.svg'))
        for (const name of themeNames) {
          const { variables } = themeOf(name);
          const root = Object.entries(variables).map(([key, value]) => `--vscode-${key}: ${value};`);
          await page.setContent(`<style>:root { ${root.join(' ')} }</style>${readFileSync(file, 'utf8')}`);
          const { cut, contrasts } = await page.evaluate(look, variables['editor-background'] ?? '');
          assert.deepEqual(cut, [], `${file}, ${name}`);
          assert.ok(contrasts.length > 0, file);
          for (const contrast of contrasts) assert.ok(contrast >= leastContrast, `${file}, ${name}: ${contrast}`);
        }
    } finally {
      await page.close();
      await giveBack();
    }
  });
});
