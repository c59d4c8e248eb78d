// What the user hides, types or refuses is what happens: lines with all that belongs to them, a clip beyond the slider,
// a closed clipboard, a low window.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { shiftConfig } from '../support/experiments.js';
import { keepPaintedText, nextFrames, painted, paintedText, pixel, plotOf } from './support.js';
import { choose } from '../support/menus.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open();
  await keepPaintedText(open);
});
after(() => pages.close());

async function show(config: string, name: string): Promise<void> {
  await open.host.run(config);
  await open.page.locator('.run-name', { hasText: name }).waitFor();
  await painted(open);
  for (let i = 0; i < 3; i++) await nextFrames(open.page);
}

const flow = (): Promise<string[]> => paintedText(open.page, 'track-flow-plot');
async function toggle(legend: RegExp): Promise<void> {
  await open.page.locator('[data-track=flow] .chip', { hasText: legend }).click();
  for (let i = 0; i < 2; i++) await nextFrames(open.page);
}
const has = async (part: string): Promise<boolean> => (await flow()).some((text) => text.includes(part));

it('a hidden line takes its label, its strip of zeros and its part of the axis with it', async () => {
  // 2 to the next of eight units for nine steps: the gradient doubles, then all is lost. The loss is larger by 1e6 than
  // that of the verdict.
  await show(
    shiftConfig(8, 20, {
      upstreamGradient: [Array.from({ length: 20 }, (_, t) => Array.from({ length: 8 }, () => (t === 19 ? 1e6 : 0)))],
    }),
    'shift',
  );
  assert.deepEqual(
    [await has('exactly 0'), await has('from the last step: exactly 0'), await has('10⁸'), await has('×1.743')],
    [true, true, true, true],
    (await flow()).join(' | '),
  );
  await toggle(/from the last step alone/);
  assert.deepEqual([await has('exactly 0'), await has('from the last step')], [true, false]);
  await toggle(/fitted rate/);
  assert.equal(await has('×1.743'), false);
  await toggle(/from the last step alone/);
  await toggle(/total/);
  await toggle(/dx/);
  const left = await flow();
  assert.ok(left.includes('from the last step: exactly 0') && !left.includes('exactly 0'), left.join(' | '));
  assert.ok(!left.includes('10⁸') && !left.includes('10⁶'), left.join(' | '));
  // Nor does a saved picture name it.
  await choose(open.page, '[data-track=flow]', 'PNG');
  while (open.host.sent.saveFile.length === 0) await nextFrames(open.page);
  const saved = await paintedText(open.page, '');
  assert.ok(saved.includes('Gradient flow') && !saved.some((text) => text.includes('total')), saved.join(' | '));
  // They come back.
  for (const legend of [/total/, /dx/, /fitted rate/]) await toggle(legend);
  assert.ok((await flow()).includes('exactly 0') && (await has('10⁸')) && (await has('×1.743')));
});

it('the band of the batch goes with the total', async () => {
  const [B, T] = [3, 30];
  const dhs = Array.from({ length: B }, (_, b) => Array.from({ length: T }, (__, t) => [t === T - 1 ? 10 ** -b : 0]));
  await show(
    JSON.stringify({
      name: 'batch',
      cell: 'identity',
      dtype: 'float64',
      weights: { Wx: [[0]], Wh: [[0.7]], b: [[0]] },
      sequences: dhs,
      upstreamGradient: dhs,
    }),
    'batch',
  );
  const { left, right, height } = await plotOf(open.page, 'flow');
  /**
   * How many of every fourth pixel at the middle step are red: those of a line, or those of all that lies between two.
   */
  const red = async (): Promise<number> => {
    let count = 0;
    for (let y = 20; y < height - 20; y += 4) {
      const [r = 0, g = 0] = await pixel(open.page, 'flow', left + ((T / 2 + 3.5) / T) * (right - left) + 3, y);
      if (r > g + 60) count++;
    }
    return count;
  };
  for (const legend of [/each sequence/, /fitted rate/]) await toggle(legend);
  // Two decades of about seven that are in view.
  assert.ok((await red()) > height / 24, String(await red()));
  await toggle(/total/);
  assert.equal(await red(), 0);
  for (const legend of [/total/, /fitted rate/, /each sequence/]) await toggle(legend);
});

it('of a batch with too many lines the chosen sequence has one, under its own name', async () => {
  const { page } = open;
  const [B, T] = [20, 30];
  const dhs = Array.from({ length: B }, (_, b) => Array.from({ length: T }, (__, t) => [t === T - 1 ? 10 ** -b : 0]));
  await show(
    JSON.stringify({
      name: 'twenty',
      cell: 'identity',
      dtype: 'float64',
      weights: { Wx: [[0]], Wh: [[0.7]], b: [[0]] },
      sequences: dhs,
      upstreamGradient: dhs,
    }),
    'twenty',
  );
  const legend = page.locator('[data-track=flow] .legend');
  assert.doesNotMatch(await legend.innerText(), /sequence/);
  await page.locator('vscode-dropdown[aria-label=Sequence]').click();
  await page.locator('vscode-dropdown[aria-label=Sequence] vscode-option[value="6"]').click();
  await page.locator('[data-track=flow] .chip', { hasText: 'sequence 7' }).waitFor();
  assert.doesNotMatch(await legend.innerText(), /each sequence/);
  await page.locator('vscode-dropdown[aria-label=Sequence]').click();
  await page.locator('vscode-dropdown[aria-label=Sequence] vscode-option[value="all"]').click();
  await page.waitForFunction(
    () => document.querySelector('[data-track=flow] .legend')?.textContent.includes('sequence') === false,
  );
});

it('what is refused is marked as long as it stands in its field, and no longer', async () => {
  const { page } = open;
  await show(shiftConfig(8, 20, { name: 'refused' }), 'refused');
  const units = page.locator('vscode-text-field[aria-label="Units drawn as lines"]');
  const invalid = (): Promise<boolean> => units.evaluate((field) => field.classList.contains('invalid'));
  await units.locator('input').fill('3,99');
  await page.keyboard.press('Enter');
  assert.equal(await invalid(), true);
  const note = page.locator('.toolbar .note');
  assert.equal(await note.innerText(), 'Units are numbers from 0 to 7, as in 0,3,7-9');
  // The mouse moves the cursor, and the field keeps the keyboard.
  await page.locator('#track-flow-plot').hover({ position: { x: 300, y: 60 } });
  await page.locator('#track-flow-plot').hover({ position: { x: 500, y: 60 } });
  await nextFrames(page);
  assert.equal(await invalid(), true);
  await units.locator('input').fill('3,4');
  await page.keyboard.press('Enter');
  assert.equal(await invalid(), false);
  await page.locator('[data-track=units] .chip', { hasText: 'unit 4' }).waitFor();
  assert.equal(await note.isVisible(), false);
  await page.locator('.bar vscode-button', { hasText: 'What if' }).click();
  const clip = page.locator('[data-field=clipNorm] .number');
  await clip.fill('none');
  await clip.press('Enter');
  assert.equal(await clip.getAttribute('aria-invalid'), 'true');
  const bias = page.locator('[data-field=biasShift] .number');
  await bias.fill('0.5');
  await bias.press('Enter');
  await page.waitForFunction(
    () => document.querySelector<HTMLInputElement>('[data-field=clipNorm] .number')?.value === 'off',
  );
  assert.equal(await clip.getAttribute('aria-invalid'), null);
  await page.locator('.bar vscode-button', { hasText: 'What if' }).click();
});

it('more units than can be drawn are told beside their field, until others are chosen', async () => {
  const { page } = open;
  await show(shiftConfig(12, 20, { name: 'twelve' }), 'twelve');
  const units = page.locator('vscode-text-field[aria-label="Units drawn as lines"] input');
  const note = page.locator('.toolbar .note');
  await units.fill('11,0-9');
  await page.keyboard.press('Tab');
  await page.locator('[data-track=units] .chip', { hasText: 'unit 6' }).waitFor();
  assert.equal(await page.locator('[data-track=units] .chip').count(), 8);
  // The field holds what is drawn as soon as the keyboard is elsewhere; the mouse moves the cursor.
  await page.locator('#track-flow-plot').hover({ position: { x: 300, y: 60 } });
  await nextFrames(page);
  assert.equal(await units.inputValue(), '11,0-6');
  assert.equal(
    await note.innerText(),
    'Only the first 8 of these 11 units are drawn: more lines could not be told apart.',
  );
  await units.fill('0-7');
  await page.keyboard.press('Enter');
  assert.equal(await note.isVisible(), false);
});

it('a clip that is typed is that clip, also beyond the end of the slider, which is none', async () => {
  const { page } = open;
  await show(
    JSON.stringify({
      name: 'doubling',
      cell: 'identity',
      dtype: 'float64',
      weights: { Wx: [[1]], Wh: [[2]], b: [[0]] },
      sequences: [Array.from({ length: 20 }, () => [1])],
    }),
    'doubling',
  );
  await page.locator('.bar vscode-button', { hasText: 'What if' }).click();
  const field = page.locator('[data-field=clipNorm] .number');
  await field.fill('5000');
  await field.press('Enter');
  const told = page.locator('[data-outcome=clip]');
  await told.waitFor();
  // As the engine does it: the whole gradient of the parameters is shortened to the norm. dWh = Σ h_{t−1}·2^{19−t}, dWx
  // = db = Σ 2^{19−t}.
  const sum = (term: (t: number) => number): number =>
    Array.from({ length: 20 }, (_, t) => term(t)).reduce((total, value) => total + value, 0);
  const whole = Math.hypot(
    sum((t) => (2 ** t - 1) * 2 ** (19 - t)),
    Math.SQRT2 * sum((t) => 2 ** (19 - t)),
  );
  assert.ok(
    Math.abs(Number(await told.getAttribute('data-after')) / (5000 / whole) - 1) < 1e-9,
    await told.innerText(),
  );
  await field.blur();
  assert.equal(await field.inputValue(), '5000');
  await page.locator('[data-field=clipNorm] .range').focus();
  // It stands at its end already.
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('End');
  await told.waitFor({ state: 'detached' });
  assert.equal(await field.inputValue(), 'off');
  await page.locator('.bar vscode-button', { hasText: 'What if' }).click();
});

it('a copy that the browser refuses is not told as one', async () => {
  const { page } = open;
  await page.evaluate(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
    Object.assign(document, { execCommand: () => false });
  });
  await choose(page, '[data-track=contributions]', 'Copy');
  await page.locator('[data-track=contributions] .copied', { hasText: /^not copied$/ }).waitFor();
});

it('a help that is higher than the window can be scrolled to its end', async () => {
  const { page } = open;
  await page.setViewportSize({ width: 420, height: 240 });
  await nextFrames(page);
  await page.locator('[data-track=flow] .actions .more').focus();
  await page.keyboard.press('Enter');
  await page.locator('.popover .menu').waitFor();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  const sheet = page.locator('.popover[role=dialog]');
  const box = await sheet.boundingBox();
  assert.ok(box !== null && box.y >= 0 && box.y + box.height <= 240, JSON.stringify(box));
  const source = sheet.locator('.help-source');
  await sheet.evaluate((element) => {
    element.scrollTop = element.scrollHeight;
  });
  const end = await source.boundingBox();
  assert.ok(end !== null && end.y + end.height <= box.y + box.height, JSON.stringify(end));
});
