// Each view as a picture in three themes. Fonts differ between machines, so text is left out and every character counts as equally wide:
// what is compared is what the views draw. Looks only; that the numbers are right is tested elsewhere.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PNG } from 'pngjs';
import type { Page } from 'playwright-core';
import { weatherConfig } from '../support/experiments.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { compare, pixelTolerance, whyNotAsKept } from '../support/pictures.js';
import { computed, cursorTo, nextFrames, painted } from './support.js';

/** A canvas without letters, on which all text is as wide as its characters are many. */
function withoutText(): void {
  const { prototype } = CanvasRenderingContext2D;
  prototype.fillText = () => undefined;
  prototype.strokeText = () => undefined;
  prototype.measureText = function measureText(text: string): TextMetrics {
    const size = Number.parseFloat(/(\d+(?:\.\d+)?)px/.exec(this.font)?.[1] ?? '10');
    const width = text.length * size * 0.55;
    return { width, actualBoundingBoxLeft: 0, actualBoundingBoxRight: width, actualBoundingBoxAscent: size * 0.7, actualBoundingBoxDescent: size * 0.2, fontBoundingBoxAscent: size * 0.8, fontBoundingBoxDescent: size * 0.2 } as TextMetrics;
  };
}

/** What a canvas shows on the page's background, as a PNG. */
async function pictureOf(page: Page, selector: string): Promise<Uint8Array> {
  const url = await page.locator(selector).evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const copy = document.createElement('canvas');
    [copy.width, copy.height] = [canvas.width, canvas.height];
    const context = copy.getContext('2d');
    if (context === null) throw new Error('no canvas');
    context.fillStyle = getComputedStyle(document.body).backgroundColor;
    context.fillRect(0, 0, copy.width, copy.height);
    context.drawImage(canvas, 0, 0);
    return copy.toDataURL('image/png');
  });
  return Buffer.from(url.slice(url.indexOf(',') + 1), 'base64');
}

/** The ids of all canvases on show, once nothing moves any more. */
async function canvases({ page }: OpenPage): Promise<string[]> {
  for (const track of ['jacobian', 'product', 'attribution']) await computed(page, track);
  await page.locator('[data-card=reach] [data-name=horizon]').waitFor();
  // One jump from the far end, because the unrolled network's lens follows the cursor only as far as it has to.
  await cursorTo(page, 0);
  const [left = 0, right = 0] = (await page.locator('#track-flow-plot').getAttribute('data-plot') ?? '').split(',').map(Number);
  await page.locator('#track-flow-plot').click({ position: { x: left + ((63 + 0.5) / 100) * (right - left), y: 40 } });
  // The cursor's dots and line lie above the canvases; the mouse leaves, and its tooltip with it.
  await page.mouse.move(0, 0);
  const ids = await page.evaluate(() => [...document.querySelectorAll('canvas')].filter((canvas) => canvas.id !== '' && canvas.clientWidth > 0).map(({ id }) => id));
  for (let last = '', calm = 0, again = 0; again < 80; again++) {
    await nextFrames(page);
    await page.waitForTimeout(40); // answers come in between
    const now = (await Promise.all(ids.map((id) => pictureOf(page, `#${id}`)))).map((bytes) => Buffer.from(bytes).toString('base64')).join();
    calm = now === last ? calm + 1 : 0;
    if (calm === 4) return ids;
    last = now;
  }
  throw new Error('The page does not come to rest.');
}

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  // As high as everything together: analyses are asked for when their track is in sight.
  open = await pages.open({ theme: 'dark', width: 1200, height: 4800 });
  await open.page.addInitScript(withoutText);
  await open.page.reload();
  await open.host.run(weatherConfig());
  await painted(open);
  for (const fold of await open.page.locator('.track:not([hidden]) .fold[aria-expanded=false]').all()) await fold.click();
});
after(async () => {
  await open.close();
  await pages.close();
});

describe('every view looks as it did when it was looked at', () => {
  for (const theme of ['light', 'dark', 'high-contrast'] as const) {
    it(theme, async () => {
      await open.setTheme(theme);
      await nextFrames(open.page);
      const ids = await canvases(open);
      assert.ok(ids.length >= 19, `${ids.length} canvases`);
      const faults: string[] = [];
      for (const id of ids) {
        const fault = whyNotAsKept(`${id.replace(/^(?:track|card)-|-plot$/g, '').replace(/-plot$/, '')}.${theme}`, await pictureOf(open.page, `#${id}`));
        if (fault !== null) faults.push(fault);
      }
      assert.deepEqual(faults, []);
      assert.deepEqual(open.complaints, []);
    });
  }
});

describe('the comparison', () => {
  const flow = async (): Promise<PNG> => PNG.sync.read(Buffer.from(await pictureOf(open.page, '#track-flow-plot')));

  it('lets the same picture and slightly other rounding pass', async () => {
    const picture = await flow();
    const rounded = PNG.sync.read(PNG.sync.write(picture));
    for (let i = 0; i < rounded.data.length; i++) if (i % 4 !== 3) rounded.data[i] = Math.max(0, Math.min(255, rounded.data[i]! + (i % 3) - 1));
    assert.equal(compare(picture, picture).share, 0);
    assert.ok(compare(picture, rounded).share <= pixelTolerance);
  });

  it('refuses another colour of one line, a line that is gone, a moved picture, and another size', async () => {
    const before = await flow();
    const { page } = open;
    await page.locator('[data-track=flow] .chip').first().click();
    await nextFrames(page);
    const hidden = compare(before, await flow());
    await page.locator('[data-track=flow] .chip').first().click();
    await nextFrames(page);
    assert.ok(hidden.share > pixelTolerance, hidden.why);
    assert.ok(compare(before, await flow()).share <= pixelTolerance, 'the line is back');
    await page.evaluate(() => { document.documentElement.style.setProperty('--vscode-charts-red', '#d02090'); });
    await nextFrames(page);
    await nextFrames(page);
    const coloured = compare(before, await flow());
    assert.ok(coloured.share > pixelTolerance, coloured.why);
    await open.setTheme('dark');
    const moved = new PNG({ width: before.width, height: before.height });
    PNG.bitblt(before, moved, 0, 0, before.width - 4, before.height, 4, 0);
    PNG.bitblt(before, moved, 0, 0, 4, before.height, 0, 0);
    assert.ok(compare(before, moved).share > pixelTolerance);
    assert.equal(compare(before, new PNG({ width: before.width, height: before.height - 1 })).share, 1);
  });
});
