// The weights on the page: values from the config, gradients against finite differences, pixels, and the way back to
// the text.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { csvRows, nextFrames, painted, relativeError } from './support.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ height: 2600 });
});
after(() => pages.close());

const weights = {
  Wx: [
    [0.3, -0.2, 0.5],
    [0.1, 0.4, -0.6],
  ],
  Wh: [
    [0.2, -0.5, 0.1],
    [0.4, 0.3, -0.2],
    [-0.1, 0.6, 0.25],
  ],
  b: [0.05, -0.1, 0.2],
};
const sequences = [
  [
    [1, -0.5],
    [0.2, 0.8],
    [-0.7, 0.4],
    [0.9, 0.1],
  ],
  [
    [0.3, 0.3],
    [-0.4, 0.6],
    [0.5, -0.9],
    [0.2, 0.7],
  ],
];
const config = (more: Record<string, unknown> = {}): string =>
  JSON.stringify({ name: 'small', dtype: 'float64', weights, sequences, ...more });

it('the histograms follow the eigenvalues, however high the weights beside them are', async () => {
  const beside = await pages.open({ width: 900, height: 900, group: 'weights' });
  const { page } = beside;
  page.setDefaultTimeout(15_000);
  await beside.host.run(config());
  const card = (id: string) => page.locator(`[data-card=${id}]`);
  await card('weights').locator('[data-name=cell-step]').waitFor();
  const [above, below] = [
    await card('eigenvalues').locator('canvas').boundingBox(),
    await card('weightHistograms').boundingBox(),
  ];
  assert.ok(above !== null && below !== null);
  assert.equal(Math.round(below.x) < 500, true);
  const room = below.y - above.y - above.height;
  assert.ok(room >= 0 && room < 80, `${room} pixels`);
  await beside.close();
});

it('the colours are explained right below a map, however low it is', async () => {
  const beside = await pages.open({ width: 900, height: 900, group: 'weights' });
  const { page } = beside;
  page.setDefaultTimeout(15_000);
  await page.evaluate(() => {
    const heights: Record<string, number> = {};
    (window as unknown as { heights: Record<string, number> }).heights = heights;
    const { prototype } = CanvasRenderingContext2D;
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called below on the context that it is asked for
    const { fillText } = prototype;
    prototype.fillText = function (text, x, y) {
      heights[text] = y;
      fillText.call(this, text, x, y);
    };
  });
  await beside.host.run(config());
  for (const tensor of ['Wh', 'b']) {
    await page.locator('[data-card=weights] vscode-dropdown').click();
    await page.locator(`[data-card=weights] vscode-option[value="${tensor}"]`).click();
    await page.waitForFunction(
      (name) => name in (window as unknown as { heights: Record<string, number> }).heights,
      `d${tensor}`,
    );
    await nextFrames(page);
    const heights = await page.evaluate(() => (window as unknown as { heights: Record<string, number> }).heights);
    assert.equal(Math.round((heights['√|w|'] ?? NaN) - (heights['to unit'] ?? NaN)), 28, tensor);
  }
  await beside.close();
});

/** L = Σ of the last states of all sequences, whose gradient is ones at the last step: by plain loops. */
function loss({ Wx, Wh, b }: typeof weights): number {
  let sum = 0;
  for (const steps of sequences) {
    let h = [0, 0, 0];
    for (const x of steps)
      h = h.map((_, j) =>
        Math.tanh(
          (b[j] ?? NaN) +
            x.reduce((z, value, i) => z + value * (Wx[i]?.[j] ?? NaN), 0) +
            h.reduce((z, value, i) => z + value * (Wh[i]?.[j] ?? NaN), 0),
        ),
      );
    sum += h.reduce((total, value) => total + value, 0);
  }
  return sum;
}

function difference(name: 'Wx' | 'Wh' | 'b', row: number, column: number): number {
  const at = (shift: number): number => {
    const moved = structuredClone(weights);
    const list = name === 'b' ? moved.b : (moved[name][row] ?? []);
    list[column] = (list[column] ?? NaN) + shift;
    return loss(moved);
  };
  return (at(1e-5) - at(-1e-5)) / 2e-5;
}

async function show(tensor: 'Wx' | 'Wh' | 'b'): Promise<void> {
  await open.page.locator('[data-card=weights] vscode-dropdown').click();
  await open.page.locator(`[data-card=weights] vscode-option[value="${tensor}"]`).click();
  await nextFrames(open.page);
}

describe('weights', () => {
  before(async () => {
    await open.host.run(config());
    await painted(open);
    await open.page.locator('[data-name=ratio-Wh]').waitFor();
  });

  it("are the config's, and their gradients are what finite differences say", async () => {
    for (const tensor of ['Wx', 'Wh', 'b'] as const) {
      await show(tensor);
      const { rows } = await csvRows(open, 'weights', 'card');
      const flat = tensor === 'b' ? weights.b : weights[tensor].flat();
      assert.equal(rows.length, flat.length);
      rows.forEach((row, i) => {
        const [value, gradient] = row.slice(-2).map(Number);
        assert.equal(value, flat[i]);
        const expected = difference(tensor, Math.floor(i / 3), i % 3);
        assert.ok(
          Math.abs((gradient ?? NaN) - expected) <= 1e-8 * Math.max(1, Math.abs(expected)),
          `${tensor} ${i}: ${gradient} instead of ${expected}`,
        );
      });
    }
  });

  it('move by η·dW in one step: the ratio follows the learning rate', async () => {
    const norm = (values: readonly number[]): number => Math.hypot(...values);
    const gradient = [0, 1, 2].flatMap((i) => [0, 1, 2].map((j) => difference('Wh', i, j)));
    const ratio = async (): Promise<number> =>
      Number(await open.page.locator('[data-name=ratio-Wh]').getAttribute('data-value'));
    assert.ok(relativeError(await ratio(), (0.01 * norm(gradient)) / norm(weights.Wh.flat())) < 1e-7);
    const field = open.page.locator('[data-card=weights] vscode-text-field input');
    await field.fill('0.5');
    await field.press('Enter');
    await nextFrames(open.page);
    assert.ok(relativeError(await ratio(), (0.5 * norm(gradient)) / norm(weights.Wh.flat())) < 1e-7);
    await field.fill('fast');
    await field.press('Enter');
    await open.page.locator('[data-card=weights] vscode-text-field.invalid').waitFor();
  });

  it('of one cell are told, chosen by keys or by a click, and lead to the text', async () => {
    await show('Wh');
    const { page, host } = open;
    await page.locator('#card-weights').focus();
    for (const key of ['ArrowUp', 'ArrowUp', 'ArrowLeft', 'ArrowLeft', 'ArrowDown', 'ArrowRight', 'ArrowRight'])
      await page.keyboard.press(key);
    await page.locator('[data-card=weights] h3', { hasText: 'Wh[1, 2]: unit 1 → unit 2' }).waitFor();
    await page.waitForFunction(
      () => document.querySelector('[data-name=cell-value]')?.getAttribute('data-value') === '-0.2',
    );
    assert.ok(
      Math.abs(
        Number(await page.locator('[data-name=cell-gradient]').getAttribute('data-value')) - difference('Wh', 1, 2),
      ) < 1e-8,
    );
    await page.locator('[data-card=weights] button', { hasText: 'show in the file' }).click();
    assert.deepEqual(host.sent.revealWeight, [{ tensor: 'Wh', row: 1, column: 2, focus: true }]);
    const box = await page.locator('#card-weights').boundingBox();
    assert.ok(box !== null);
    await page.mouse.click(box.x + 30, box.y + 22);
    await page.locator('[data-card=weights] h3', { hasText: 'Wh[0, 0]' }).waitFor();
    // The click is enough, and the picture keeps the keyboard: Enter takes it to the text.
    assert.deepEqual(host.sent.revealWeight[1], { tensor: 'Wh', row: 0, column: 0, focus: false });
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await nextFrames(page);
    assert.deepEqual(host.sent.revealWeight[2], { tensor: 'Wh', row: 0, column: 1, focus: true });
  });

  it('of one cell are never those of another: a run of another size clears them until its own are there', async () => {
    const { page, host } = open;
    const large = Array.from({ length: 5 }, (_, i) => Array.from({ length: 5 }, (__, j) => (10 * i + j) / 100));
    await host.run(config({ name: 'five units', weights: { Wx: [large[0], large[1]], Wh: large, b: large[2] } }));
    await page.locator('.run-name', { hasText: 'five units' }).waitFor();
    await show('Wh');
    await page.locator('#card-weights').focus();
    for (const key of [
      ...Array.from({ length: 5 }, () => 'ArrowDown'),
      ...Array.from({ length: 5 }, () => 'ArrowRight'),
      'ArrowLeft',
    ])
      await page.keyboard.press(key);
    const value = page.locator('[data-name=cell-value]');
    await page.waitForFunction(
      () => document.querySelector('[data-name=cell-value]')?.getAttribute('data-value') === '0.43',
    );
    let release = (): void => undefined;
    host.hold = {
      name: 'weightCells',
      until: new Promise((resolve) => {
        release = resolve;
      }),
    };
    await host.run(config());
    await page.locator('[data-card=weights] h3', { hasText: 'Wh[2, 2]' }).waitFor();
    for (let i = 0; i < 3; i++) await nextFrames(page);
    assert.equal(await value.getAttribute('data-value'), '');
    host.hold = null;
    release();
    await page.waitForFunction(
      () => document.querySelector('[data-name=cell-value]')?.getAttribute('data-value') !== '',
    );
    assert.equal(await value.getAttribute('data-value'), '0.25');
  });

  it('are counted in bins that hold them all', async () => {
    await show('Wx');
    const { head, rows } = await csvRows(open, 'weightHistograms', 'card');
    assert.deepEqual(head, ['bin', 'Wx_from', 'Wx_count', 'dWx_from', 'dWx_count']);
    for (const column of [2, 4])
      assert.equal(
        rows.reduce((sum, row) => sum + Number(row[column]), 0),
        6,
      );
    const bin = (value: number): number => Math.min(40, Math.floor(((value + 0.6) / 1.2) * 41));
    const counts = rows.map((row) => Number(row[2]));
    for (const value of weights.Wx.flat())
      assert.equal(counts[bin(value)], weights.Wx.flat().filter((other) => bin(other) === bin(value)).length);
  });
});

describe('the weights of a cell of several gates', () => {
  type Text = { readonly text: string; readonly x: number; readonly y: number };
  const [I, H] = [2, 3];
  const matrix = (rows: number, columns: number): number[][] =>
    Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (__, j) => Math.sin(7 * i + j + 1) / 2));
  const gated = (cell: string, G: number, more: Record<string, unknown> = {}): string =>
    JSON.stringify({
      name: `small ${cell}`,
      cell,
      dtype: 'float64',
      weights: { Wx: matrix(I, G * H), Wh: matrix(H, G * H), b: matrix(1, G * H)[0], ...more },
      sequences,
    });

  it('are told by gate and unit: on the axis, under the mouse, of the chosen number and in the table', async () => {
    const beside = await pages.open({ width: 900, height: 900, group: 'weights' });
    const { page, host } = beside;
    page.setDefaultTimeout(30_000);
    await page.evaluate(() => {
      const texts: Text[] = [];
      (window as unknown as { texts: Text[] }).texts = texts;
      const { prototype } = CanvasRenderingContext2D;
      // eslint-disable-next-line @typescript-eslint/unbound-method -- called below on the context that it is asked for
      const { fillText } = prototype;
      prototype.fillText = function (text, x, y) {
        if (this.canvas.id === 'card-weights') texts.push({ text, x, y });
        fillText.call(this, text, x, y);
      };
    });
    const title = (text: string) => page.locator('[data-card=weights] h3', { hasText: text });
    const press = async (...keys: readonly string[]): Promise<void> => {
      await page.locator('#card-weights').focus();
      for (const key of keys) await page.keyboard.press(key);
    };
    await host.run(gated('lstm', 4));
    await title('Wh[0, 0]: unit 0 → gate i of unit 0').waitFor();
    await press('ArrowDown', 'ArrowDown', ...Array.from({ length: 7 }, () => 'ArrowRight'));
    await title('Wh[2, 7]: unit 2 → gate g of unit 1').waitFor();
    await nextFrames(page);

    // What stands below the left map, from left to right, as it was painted last.
    const canvas = page.locator('#card-weights');
    const box = (await canvas.boundingBox())!;
    const all = await page.evaluate(() => (window as unknown as { texts: Text[] }).texts);
    const painted = all.slice(all.findLastIndex(({ text }) => text === 'Wh'));
    const line = painted.find(({ text }) => text === 'f')?.y;
    const axis = painted.filter(({ x, y }) => y === line && x < box.width / 2 + 10).sort((a, b) => a.x - b.x);
    assert.equal(axis.map(({ text }) => text).join(' '), '0 i 2 0 f 2 0 g 2 0 o 2');
    assert.ok(painted.some(({ text, y }) => text === 'to unit' && y > (line ?? NaN)));
    const names = axis.filter(({ text }) => /[ifgo]/.test(text)).map(({ x }) => x);
    const block = (names[1] ?? NaN) - (names[0] ?? NaN);
    names.forEach((x, i) => assert.ok(Math.abs(x - (names[0] ?? NaN) - i * block) < 1e-6, names.join()));

    // A border between two gates has the colour of the text, the numbers beside it have not.
    const alike = await canvas.evaluate(
      (element, borders) => {
        const copy = document.createElement('canvas');
        [copy.width, copy.height] = [(element as HTMLCanvasElement).width, (element as HTMLCanvasElement).height];
        const context = copy.getContext('2d', { willReadFrequently: true })!;
        const pixel = (x: number, y: number): string => [...context.getImageData(x, y, 1, 1).data].join();
        context.fillStyle = getComputedStyle(document.documentElement).getPropertyValue('--vscode-editor-foreground');
        context.fillRect(0, 0, 1, 1);
        const ink = pixel(0, 0);
        context.clearRect(0, 0, 1, 1);
        context.drawImage(element as HTMLCanvasElement, 0, 0);
        return borders.map((x) => [x - 2, x, x + 2].map((at) => pixel(at, 26) === ink));
      },
      names.slice(1).map((x) => Math.round(x - block / 2)),
    );
    assert.deepEqual(alike, Array(3).fill([false, true, false]));

    const right = painted.findLast(({ text }) => text === 'o')!;
    await page.mouse.move(box.x + right.x, box.y + 20);
    await page.locator('[data-card=weights] .tip b', { hasText: 'dWh[0, 10]: unit 0 → gate o of unit 1' }).waitFor();

    await page.locator('[data-card=weights] vscode-dropdown').click();
    await page.locator('[data-card=weights] vscode-option[value="b"]').click();
    await title('b[7]: gate g of unit 1').waitFor();
    const { head, rows } = await csvRows(beside, 'weights', 'card');
    assert.deepEqual(head, ['gate_unit', 'b', 'db']);
    assert.deepEqual(
      rows.map(([name]) => name),
      ['i', 'f', 'g', 'o'].flatMap((gate) => [0, 1, 2].map((unit) => `${gate},${unit}`)),
    );

    await host.run(gated('gru', 3, { bh: matrix(1, 3 * H)[0] }));
    await page.locator('[data-card=weights] vscode-option[value="bh"]').waitFor({ state: 'attached' });
    await title('b[7]: gate n of unit 1').waitFor();
    await beside.close();
  });

  it('have one range of units for all gates where numbers have no room below each', async () => {
    const beside = await pages.open({ width: 300, height: 900, group: 'weights' });
    const { page, host } = beside;
    page.setDefaultTimeout(30_000);
    await page.evaluate(() => {
      const texts = new Set<string>();
      (window as unknown as { texts: typeof texts }).texts = texts;
      const { prototype } = CanvasRenderingContext2D;
      // eslint-disable-next-line @typescript-eslint/unbound-method -- called below on the context that it is asked for
      const { fillText } = prototype;
      prototype.fillText = function (text, ...where) {
        if (this.canvas.id === 'card-weights') texts.add(text);
        fillText.call(this, text, ...where);
      };
    });
    const units = 120;
    const weights = { Wx: matrix(1, 4 * units), Wh: matrix(units, 4 * units), b: matrix(1, 4 * units)[0] };
    await host.run(JSON.stringify({ name: 'wide', cell: 'lstm', weights, sequences: [[[1], [0]]] }));
    await page.waitForFunction(() => (window as unknown as { texts: Set<string> }).texts.has('to unit 0…119'));
    await beside.close();
  });
});
