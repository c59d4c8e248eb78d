// The page as its reader sees it, letters and all, in three themes. Looks only; that the numbers are right is tested
// elsewhere.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { PNG } from 'pngjs';
import type { Page } from 'playwright-core';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { compare, leftOver, tileTolerance, whyNotAsKept } from '../support/pictures.js';
import { long, onlyLong, some } from '../support/long.js';
import { loadTypeface, useTypeface } from '../support/typeface.js';
import { scenes, show } from './scenes.js';
import { nextFrames, painted } from './support.js';
import type { Scene } from './scenes.js';

type Box = {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

/** A picture of the page, and where its upper left corner lies on the page. */
type Shot = { readonly picture: PNG; readonly x: number; readonly y: number };

/** As much of the page as holds all of `parts`, once nothing of it changes any more. */
async function atRest(page: Page, parts: Scene['parts']): Promise<Shot> {
  // The mouse leaves, and its tooltip with it.
  await page.mouse.move(0, 0);
  // Advice stands once it has been run.
  await page.waitForFunction(() => document.querySelector('.next:not(.tried):not(:empty)') === null);
  const still = { animations: 'disabled', caret: 'hide' } as const;
  for (let last: Buffer | null = null, calm = 0, again = 0; again < 60; again++) {
    await nextFrames(page);
    await page.waitForTimeout(100); // answers come in between
    const clip = around(await boxes(page, parts));
    // Only to see that it is the same: a JPEG is made in a fraction of the time that a PNG takes.
    const now = await page.screenshot({ ...still, clip, type: 'jpeg', quality: 80 });
    calm = last !== null && now.equals(last) ? calm + 1 : 0;
    if (calm === 2) return { picture: PNG.sync.read(await page.screenshot({ ...still, clip })), x: clip.x, y: clip.y };
    last = now;
  }
  throw new Error('The page does not come to rest.');
}

/** Where the parts of a scene stand. */
const boxes = (page: Page, parts: Scene['parts']): Promise<Box[]> =>
  page.evaluate((wanted) => {
    const all: [string, Element | null][] =
      wanted === null
        ? [
            ...document.querySelectorAll<HTMLElement>('.head, .bar, .toolbar, .ruler, [data-track], .side > section'),
          ].map((element) => [
            element.dataset['track'] ?? element.dataset['card'] ?? element.className.split(' ').join('-'),
            element,
          ])
        : Object.entries(wanted).map(([name, selector]) => [name, document.querySelector(selector)]);
    return all.flatMap(([name, element]) => {
      const { left = 0, top = 0, right = 0, bottom = 0 } = element?.getBoundingClientRect() ?? {};
      const box = {
        name,
        x: Math.floor(left),
        y: Math.floor(top),
        width: Math.ceil(right) - Math.floor(left),
        height: Math.ceil(bottom) - Math.floor(top),
      };
      return element !== null && box.width > 0 && box.height > 0 ? [box] : [];
    });
  }, parts);

/** What of the page one has to see to see all of them. */
function around(all: readonly Box[]): { x: number; y: number; width: number; height: number } {
  if (all.length === 0) return { x: 0, y: 0, width: 1, height: 1 };
  const x = Math.max(0, Math.min(...all.map((box) => box.x)));
  const y = Math.max(0, Math.min(...all.map((box) => box.y)));
  return {
    x,
    y,
    width: Math.max(...all.map((box) => box.x + box.width)) - x,
    height: Math.max(...all.map((box) => box.y + box.height)) - y,
  };
}

function cut(shot: Shot, { name, x, y, width, height }: Box): PNG {
  const { picture: whole } = shot;
  const [left, top] = [x - shot.x, y - shot.y];
  assert.ok(
    left >= 0 && top >= 0 && left + width <= whole.width && top + height <= whole.height,
    `${name} is whole on the page: ${x}, ${y}, ${width}×${height} of ${whole.width}×${whole.height} at ` +
      `${shot.x}, ${shot.y}`,
  );
  const picture = new PNG({ width, height });
  PNG.bitblt(whole, picture, left, top, width, height, 0, 0);
  return picture;
}

let pages: PageServer;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());

async function stage(scene: Scene): Promise<OpenPage> {
  const { width, height, config } = scene;
  // Some pictures tell how large an error is, which depends on the kernels that this machine has.
  const open = await pages.open({ theme: 'dark', width, height, kernels: false, group: scene.group ?? 'all' });
  await loadTypeface(open.page);
  await useTypeface(open.page);
  await open.page.evaluate(() => {
    Date.prototype.toLocaleTimeString = () => '12:34:56';
    // Runs that follow each other soon keep the height of the head, and a busy machine is slow.
    performance.now = () => 0;
  });
  await show(open, config, scene.layer ?? null);
  await painted(open, scene.group === 'gates' ? 'gateLines' : 'flow');
  await scene.prepare?.(open);
  return open;
}

const themes = ['light', 'dark', 'high-contrast'] as const;
type Theme = (typeof themes)[number];

async function inTheme(open: OpenPage, theme: Theme): Promise<void> {
  await open.setTheme(theme);
  await useTypeface(open.page);
  await nextFrames(open.page);
}

const names = new Set<string>();

describe('the page looks as it did when it was looked at', () => {
  for (const [i, scene] of some([...scenes.entries()])) {
    it(scene.name, async () => {
      const open = await stage(scene);
      const faults: string[] = [];
      for (const theme of long ? themes : [themes[i % themes.length] ?? 'light']) {
        await inTheme(open, theme);
        const shot = await atRest(open.page, scene.parts);
        const found = await boxes(open.page, scene.parts);
        if (scene.parts !== null)
          assert.deepEqual(
            found.map(({ name }) => name),
            Object.keys(scene.parts),
          );
        else assert.ok(found.length >= 24, found.map(({ name }) => name).join());
        for (const box of found) {
          const nameIn = (one: Theme): string => `${scene.name}.${box.name}.${one}`;
          for (const one of themes) names.add(nameIn(one));
          const name = nameIn(theme);
          const fault = whyNotAsKept(name, cut(shot, box));
          if (fault !== null) faults.push(fault);
        }
      }
      assert.deepEqual(faults, []);
      await open.close();
    });
  }

  onlyLong(it)('and no picture is kept of what is not painted any more', () => {
    assert.deepEqual(leftOver(names), []);
  });
});

onlyLong(describe)('the comparison', () => {
  let open: OpenPage;
  const flow = async (): Promise<PNG> => {
    const parts = { flow: '[data-track=flow]' };
    const shot = await atRest(open.page, parts);
    const [box] = await boxes(open.page, parts);
    if (box === undefined) throw new Error('no gradient flow');
    return cut(shot, box);
  };
  before(async () => {
    const [weather] = scenes;
    assert.ok(weather !== undefined);
    open = await stage({ name: 'weather', width: 1200, height: 1000, config: weather.config, parts: null });
  });
  after(() => open.close());

  it('lets the same picture and slightly other rounding pass', async () => {
    const picture = await flow();
    const rounded = PNG.sync.read(PNG.sync.write(picture));
    for (let i = 0; i < rounded.data.length; i++)
      if (i % 4 !== 3) rounded.data[i] = Math.max(0, Math.min(255, rounded.data[i]! + (i % 3) - 1));
    assert.equal(compare(picture, picture).worst, 0);
    assert.ok(compare(picture, rounded).worst <= tileTolerance);
  });

  it(
    'refuses one other digit, a notch that is gone, another colour of one line, a line that is gone, a moved ' +
      'picture, and another size',
    async () => {
      const before = await flow();
      const { page } = open;
      const differs = async (what: string): Promise<void> => {
        const { worst, why } = compare(before, await flow());
        assert.ok(worst > tileTolerance, `${what}: ${why}`);
      };
      const same = async (what: string): Promise<void> => {
        const { worst, why } = compare(before, await flow());
        assert.ok(worst <= tileTolerance, `${what}: ${why}`);
      };

      const told = page.locator('[data-track=flow] .chip b').first();
      const text = (await told.textContent()) ?? '';
      await told.evaluate(
        (element, other) => {
          element.textContent = other;
        },
        text.replace(/\d(?=\D*$)/, (digit) => (digit === '3' ? '8' : '3')),
      );
      await differs(`another digit in ${text}`);
      await told.evaluate((element, old) => {
        element.textContent = old;
      }, text);
      await same('the digit is back');

      // The notch at the upper edge that names the step of the 1 % horizon, painted over with the ground.
      const without = PNG.sync.read(PNG.sync.write(before));
      const ground = [...before.data.subarray(0, 3)];
      const [left = 0, right = 0] = ((await page.locator('#track-flow-plot').getAttribute('data-plot')) ?? '')
        .split(',')
        .map(Number);
      const top = await page.evaluate(
        () =>
          (document.querySelector('#track-flow-plot')?.getBoundingClientRect().top ?? 0) -
          (document.querySelector('[data-track=flow]')?.getBoundingClientRect().top ?? 0),
      );
      const horizon = Number(/t = (\d+)/.exec((await page.locator('.reason').textContent()) ?? '')?.[1]);
      const x = Math.round(left + ((horizon + 0.5) / 100) * (right - left));
      for (let row = Math.round(top) + 7; row < top + 14; row++)
        for (let column = x - 5; column <= x + 5; column++)
          ground.forEach((value, channel) => {
            without.data[4 * (row * before.width + column) + channel] = value;
          });
      assert.ok(compare(before, without).worst > tileTolerance, `a notch at ${x}: ${compare(before, without).why}`);

      await page.locator('[data-track=flow] .chip').nth(1).click();
      await differs('a line that is gone');
      await page.locator('[data-track=flow] .chip').nth(1).click();
      await same('the line is back');
      await page.evaluate(() => {
        document.documentElement.style.setProperty('--vscode-charts-red', '#d02090');
      });
      await differs('another red');
      await inTheme(open, 'dark');
      const moved = new PNG({ width: before.width, height: before.height });
      PNG.bitblt(before, moved, 0, 0, before.width - 4, before.height, 4, 0);
      PNG.bitblt(before, moved, 0, 0, 4, before.height, 0, 0);
      assert.ok(compare(before, moved).worst > tileTolerance);
      assert.equal(compare(before, new PNG({ width: before.width, height: before.height - 1 })).worst, Infinity);
    },
  );
});
