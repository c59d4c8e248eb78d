// The pictures beside the tracks: saved as PNG, painted only when they change, and as the user left them after a
// reload.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { PNG } from 'pngjs';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { ringConfig, weatherConfig } from '../support/experiments.js';
import { csvRows, cursorTo, keepPaintedText, nextFrames, painted, paintedText, readout } from './support.js';
import { choose } from '../support/menus.js';

let pages: PageServer;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());

async function weather(options: Parameters<PageServer['open']>[0] = {}): Promise<OpenPage> {
  const open = await pages.open(options);
  await open.host.run(weatherConfig());
  await painted(open);
  await open.page.locator('.side [data-name=lyapunov]').filter({ hasText: /\d/ }).waitFor();
  await open.page.locator('[data-name=ratio-Wh]').waitFor();
  await nextFrames(open.page);
  return open;
}

describe('a card saved as PNG', () => {
  it('is what stands on the screen at double size, under its title', async () => {
    const open = await weather({ scale: 2, height: 1000 });
    const { page, host } = open;
    for (const id of ['eigenvalues', 'openedStep', 'weights']) {
      const { width, height, url } = await page.locator(`#card-${id}`).evaluate((element) => {
        const canvas = element as HTMLCanvasElement;
        const copy = document.createElement('canvas');
        [copy.width, copy.height] = [canvas.width, canvas.height];
        const context = copy.getContext('2d');
        if (context === null) throw new Error('no canvas');
        context.fillStyle = getComputedStyle(document.body).backgroundColor;
        context.fillRect(0, 0, copy.width, copy.height);
        context.drawImage(canvas, 0, 0);
        return { width: canvas.clientWidth, height: canvas.clientHeight, url: copy.toDataURL() };
      });
      const bytes = PNG.sync.read(Buffer.from(url.slice(url.indexOf(',') + 1), 'base64')).data;
      const before = host.sent.saveFile.length;
      await choose(page, `[data-card=${id}]`, 'PNG');
      while (host.sent.saveFile.length === before) await nextFrames(page);
      const file = host.sent.saveFile[before];
      assert.equal(file?.suggestedName, `tanh-RNN-on-daily-weather-${id}.png`);
      const saved = PNG.sync.read(Buffer.from(file.content as Uint8Array));
      assert.equal(saved.width, 2 * width);
      const head = saved.height - 2 * height;
      assert.ok(head >= 40 && head <= 80, `${head} pixels for the title`);
      const [plot, title] = [
        saved.data.subarray(4 * head * saved.width),
        saved.data.subarray(0, 4 * head * saved.width),
      ];
      assert.equal(
        plot.filter((value, i) => Math.abs(value - (bytes[i] ?? NaN)) > 2).length,
        0,
        `${id}: the same pixels`,
      );
      // The title is bright on the dark ground, and is nowhere cut off at the edge.
      const bright = (x: number, y: number): boolean => (title[4 * (y * saved.width + x)] ?? 0) > 150;
      let letters = 0;
      for (let y = 0; y < head; y++) for (let x = 0; x < saved.width; x++) if (bright(x, y)) letters++;
      assert.ok(letters > 200, `${letters} bright pixels`);
      for (let y = 0; y < head; y++) assert.ok(!bright(0, y) && !bright(saved.width - 1, y));
    }
    await open.close();
  });
});

describe('a card', () => {
  it('is painted again when it changes, not when the cursor passes over others', async () => {
    const open = await weather({ height: 3000 });
    const { page } = open;
    await page.evaluate(() => {
      const counts: Record<string, number> = {};
      (window as unknown as { counts: typeof counts }).counts = counts;
      const width = Object.getOwnPropertyDescriptor(HTMLCanvasElement.prototype, 'width') ?? {};
      Object.defineProperty(HTMLCanvasElement.prototype, 'width', {
        ...width,
        set(this: HTMLCanvasElement, value: number) {
          if (this.id.startsWith('card-')) counts[this.id] = (counts[this.id] ?? 0) + 1;
          width.set?.call(this, value);
        },
      });
    });
    await cursorTo(page, 37);
    await page.locator('[data-card=openedStep] .place', { hasText: 't = 37' }).waitFor();
    await nextFrames(page);
    const counts = await page.evaluate(() => (window as unknown as { counts: Record<string, number> }).counts);
    assert.ok((counts['card-openedStep'] ?? 0) > 0);
    assert.deepEqual(Object.keys(counts), ['card-openedStep']);
    await open.close();
  });
});

describe('the bars and points of a card', () => {
  /** The first line that is told after each of these keys. */
  async function readings({ page }: OpenPage, id: string): Promise<string[]> {
    const card = page.locator(`[data-card=${id}]`);
    const [canvas, tip, mark] = [card.locator('canvas'), card.locator('.tip'), card.locator('.reached')];
    const lines = (): Promise<string[]> => tip.locator('> *').allTextContents();
    await canvas.scrollIntoViewIfNeeded();
    await canvas.focus();
    assert.equal(await canvas.getAttribute('role'), 'application');
    assert.match((await canvas.getAttribute('aria-label')) ?? '', /Arrow keys read its numbers one by one\.$/);
    assert.equal(await mark.isVisible(), false);
    const reached: { readonly x: number; readonly y: number; readonly told: string[] }[] = [];
    for (const key of ['ArrowRight', 'ArrowRight', 'PageDown', 'ArrowLeft', 'End', 'ArrowRight', 'Home']) {
      await page.keyboard.press(key);
      const told = await lines();
      assert.equal(await card.locator('[aria-live]').textContent(), told.join(', '), `${id}: aloud`);
      const { x, y, width, height } = (await mark.boundingBox())!;
      reached.push({ x: x + width / 2, y: y + height / 2, told });
    }
    await page.keyboard.press('Escape');
    assert.deepEqual([await tip.isVisible(), await mark.isVisible()], [false, false], `${id}: Escape`);
    await page.keyboard.press('End');
    assert.equal(await mark.isVisible(), true);
    await canvas.blur();
    assert.deepEqual([await tip.isVisible(), await mark.isVisible()], [false, false], `${id}: elsewhere`);
    for (const { x, y, told } of reached) {
      await page.mouse.move(x, y);
      assert.deepEqual(await lines(), told, `${id}: under the mouse`);
    }
    return reached.map(({ told }) => told[0] ?? '');
  }

  it('are read by keys as under the mouse, and aloud', async () => {
    const open = await weather({ height: 3000 });
    const { page, host } = open;
    await page.locator('[data-card=reach] [data-name=horizon]').waitFor();
    const H = host.summary?.shapes.H ?? NaN;
    const at = [0, 1, 11, 10];
    assert.deepEqual(
      await readings(open, 'lyapunov'),
      [...at, H - 1, H - 1, 0].map((i) => `λ${i + 1}`),
    );
    const { rows } = await csvRows(open, 'reach', 'card');
    const last = rows.length - 1;
    assert.deepEqual(
      await readings(open, 'reach'),
      [...at, last, last, 0].map((k) => `k = ${k}`),
    );
    const eigenvalues = (await csvRows(open, 'eigenvalues', 'card')).rows;
    assert.deepEqual(
      await readings(open, 'eigenvalues'),
      [...at, H - 1, H - 1, 0].map((i) => `|λ| = ${Number(eigenvalues[i]?.[3]).toPrecision(4)}`),
    );
    assert.deepEqual(await readings(open, 'weightHistograms'), ['Wh', 'Wh', 'Wh', 'Wh', 'dWh', 'dWh', 'Wh']);
    const step = await readings(open, 'openedStep');
    const copies = ['a copy of ht to the next step', 'a copy of ht to the layer above'] as const;
    assert.deepEqual(step, [
      'the state before',
      'the input',
      copies[1],
      copies[0],
      copies[1],
      copies[1],
      'the state before',
    ]);

    // A run of fewer units has fewer of them.
    await page.locator('#card-lyapunov').focus();
    await page.keyboard.press('End');
    await host.run(ringConfig(0.5, 4, 40));
    await page.locator('[data-card=lyapunov] .tip b', { hasText: /^λ4$/ }).waitFor();
    await open.close();
  });

  it('of gated cells too', async () => {
    const open = await pages.open({ group: 'gates', height: 1200 });
    await open.host.run(readFileSync('examples/stack/stack.rnn.json', 'utf8'));
    await open.page.locator('[data-card=halfLives] .note', { hasText: 'The median unit' }).waitFor();
    const [first, second] = await readings(open, 'halfLives');
    assert.deepEqual([first, second], ['0.5 to 0.7 steps', '0.7 to 1.0 steps']);
    await open.close();
  });
});

describe('what was chosen in a view', () => {
  it('is there again after a reload: tensor, cell, learning rate, tables, lines, sweep', async () => {
    const open = await weather({ height: 1000 });
    const { page } = open;
    await page.locator('[data-card=weights] vscode-dropdown').click();
    await page.locator('[data-card=weights] vscode-option[value="Wx"]').click();
    await page.locator('#card-weights').focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight']) await page.keyboard.press(key);
    const field = page.locator('[data-card=weights] vscode-text-field input');
    await field.fill('0.25');
    await field.press('Enter');
    await choose(page, '[data-card=eigenvalues]', 'Table');
    await page.locator('[data-track=flow] .chip', { hasText: 'dx' }).click();
    await page.locator('.player button', { hasText: 'step ›' }).click();
    const look = async (): Promise<unknown> => ({
      cell: await page.locator('[data-card=weights] h3').textContent(),
      value: await page.locator('[data-name=cell-value]').getAttribute('data-value'),
      ratio: await page.locator('[data-name=ratio-Wx]').getAttribute('data-value'),
      rate: await field.inputValue(),
      tensor: await page
        .locator('[data-card=weights] vscode-dropdown')
        .evaluate((element) => (element as HTMLInputElement).value),
      table: await page.locator('[data-card=eigenvalues] .twin').isVisible(),
      dx: await page.locator('[data-track=flow] .chip', { hasText: 'dx' }).getAttribute('aria-pressed'),
      network: await page.locator('[data-track=network] .formula').textContent(),
    });
    await page.locator('[data-card=weights] h3', { hasText: 'Wx[2, 1]' }).waitFor();
    await nextFrames(page);
    const before = await look();
    assert.equal((before as { rate: string }).rate, '0.25');
    assert.equal((before as { dx: string }).dx, 'false');
    await page.waitForTimeout(150); // until the page has written its state
    await page.reload();
    await painted(open);
    await page.locator('[data-card=weights] h3', { hasText: 'Wx[2, 1]' }).waitFor();
    await readout(page, 'cell-value');
    await nextFrames(page);
    assert.deepEqual(await look(), before);
    await open.close();
  });

  it('is there again after a reload: the difference to pins, the version that was looked at', async () => {
    const open = await weather({ height: 1000 });
    const { page, host } = open;
    for (const truncate of [20, 10]) {
      await host.run(weatherConfig({ name: `k ${truncate}`, truncate }));
      await page.locator('.run-name', { hasText: `k ${truncate}` }).waitFor();
    }
    await choose(page, '.bar', 'Pin');
    await page.locator('[data-card=compare] input[type=checkbox]').check();
    await page.locator('[data-card=history] input[type=range]').focus();
    await page.keyboard.press('ArrowLeft');
    await page.locator('.version-told', { hasText: 'version 2 of 3' }).waitFor();
    await page.waitForTimeout(150);
    await page.reload();
    await painted(open);
    await page.locator('.version-told', { hasText: 'version 2 of 3' }).waitFor();
    assert.equal(await page.locator('[data-card=compare] input[type=checkbox]').isChecked(), true);
    // The difference is drawn: both the pin and the version are told as factors.
    await page.locator('[data-track=flow] .chip', { hasText: 'version 2' }).first().waitFor();
    const factors = await page.locator('[data-track=flow] .chip b').allTextContents();
    assert.ok(factors.length >= 2, factors.join());
    for (const factor of factors) assert.match(factor, /^×|^–$/);
    await open.close();
  });
});

describe('a batch of one', () => {
  it('is offered once', async () => {
    const open = await pages.open();
    await open.host.run(
      JSON.stringify({ cell: 'tanh', weights: { Wx: [[1]], Wh: [[0.5]], b: [[0]] }, sequences: [[0.1], [0.2], [0.3]] }),
    );
    await painted(open);
    await open.page.waitForTimeout(50); // the toolkit reads its options in a later task
    assert.deepEqual(await open.page.locator('vscode-dropdown[aria-label=Sequence] vscode-option').allTextContents(), [
      'all (1)',
    ]);
    await open.close();
  });
});

describe('of an LSTM', () => {
  const lstm = readFileSync('examples/stack/stack.rnn.json', 'utf8');

  it('the half-lives stand over powers of eight, and no axis has a digit too many', async () => {
    const open = await pages.open({ group: 'gates', height: 1200 });
    await keepPaintedText(open);
    await open.host.run(lstm);
    await painted(open, 'gateLines');
    await open.page.locator('[data-card=halfLives] .note', { hasText: 'The median unit' }).waitFor();
    await nextFrames(open.page);
    const numbers = async (canvas: string): Promise<number[]> => {
      const told = (await paintedText(open.page, canvas)).filter((text) => /^\d/.test(text));
      assert.deepEqual(told.map(Number).map(String), told);
      return told.map(Number).sort((a, b) => a - b);
    };
    const steps = (await numbers('card-halfLives')).filter((step) => [1, 8, 64, 512, 4096].includes(step));
    assert.deepEqual(steps.slice(-4), [8, 64, 512, 4096]);
    assert.ok((await numbers('track-gateLines-plot')).some((value) => value < 1 && value > 0));
    await open.close();
  });

  it('the opened step says what its percentages are of', async () => {
    const open = await pages.open({ group: 'states', height: 3000 });
    await open.host.run(lstm);
    await open.page.locator('[data-card=gates] .opened-node dd', { hasText: '%' }).first().waitFor();
    assert.match(await open.page.locator('[data-card=gates] .place').innerText(), /%: of what arrives at the step$/);
    await open.close();
  });

  it('the spectrum says in words where each step is made orthogonal', async () => {
    const open = await pages.open({ group: 'dynamics', height: 3000 });
    await open.host.run(lstm);
    await open.page.locator('[data-card=lyapunov] .note', { hasText: 'Made orthogonal after each step,' }).waitFor();
    await open.close();
  });

  it('a figure of what to try stands out with its sign', async () => {
    const open = await pages.open({ group: 'overview' });
    await open.host.run(lstm);
    await open.page.locator('.next strong', { hasText: /^\+\d/ }).waitFor();
    await open.close();
  });
});
