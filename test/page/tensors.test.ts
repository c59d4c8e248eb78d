// The viewer of files of tensors: its own bundle, in a real browser, over the real worker logic.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { korean } from '../support/languages.js';
import { floats, safetensorsParts } from '../support/largeFiles.js';
import type { Tensor } from '../support/largeFiles.js';
import { startPages } from '../support/page.js';
import type { OpenTensors, PageServer } from '../support/page.js';
import { themeNames } from '../support/themes.js';
import { allViolationsOf } from './axe.js';

let pages: PageServer;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(`test/fixtures/files/${name}`));
const count = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);
const tensor = (name: string, shape: readonly number[], at: (i: number) => number = Math.sin): Tensor => ({
  name,
  shape,
  data: floats(count(shape), at),
});
const many = Array.from({ length: 450 }, (_, i) => tensor(`blocks.${i}.weight`, [3, 4], (j) => i + j));
/** Two networks, a matrix with a story, and more tensors than are on any screen. `scale`: of all but the blocks. */
function model(scale = 1): Uint8Array {
  const { parts } = safetensorsParts([
    tensor('encoder.lstm.weight_ih_l0', [16, 3], (i) => scale * Math.sin(i)),
    tensor('encoder.lstm.weight_hh_l0', [16, 4], (i) => scale * Math.cos(i)),
    tensor('decoder.gru.weight_ih_l0', [12, 3]),
    tensor('decoder.gru.weight_hh_l0', [12, 4]),
    tensor('probe', [2, 3], (i) => [3, -4, 0, NaN, 0, 0].map((x) => x * scale)[i] ?? 0),
    ...many,
  ]);
  return new Uint8Array(Buffer.concat(parts as Uint8Array[]));
}

/** A file of 50 networks. */
function crowd(): Uint8Array {
  const { parts } = safetensorsParts(
    Array.from({ length: 50 }, (_, i) => [
      tensor(`part${i}.lstm.weight_ih_l0`, [16, 3]),
      tensor(`part${i}.lstm.weight_hh_l0`, [16, 4]),
    ]).flat(),
  );
  return new Uint8Array(Buffer.concat(parts as Uint8Array[]));
}

async function clean(open: OpenTensors): Promise<void> {
  assert.deepEqual(await open.violations(), []);
  assert.deepEqual(open.complaints, []);
  assert.deepEqual(open.host.sent.failed, []);
  await open.close();
}

const fact = (page: OpenTensors['page'], name: string, value: string): Promise<void> =>
  page.locator(`.detail dd[data-name="${name}"][data-value="${value}"]`).waitFor();

type Holding = {
  /** What waits, by the name of the question. */
  held?: Record<string, string[] | undefined>;
  toHost: (message: string) => unknown;
  receive: (message: string) => void;
};

/** What the page asks by this name waits, until all of it is let go or refused; what it asks later does not. */
async function hold(page: OpenTensors['page'], name: 'tensorFacts' | 'tensorPicture') {
  await page.evaluate((asked) => {
    const window = globalThis as unknown as Holding;
    const send = window.toHost;
    const waiting: string[] = [];
    const held = (window.held ??= {});
    held[asked] = waiting;
    window.toHost = (message) => {
      const waits = held[asked] === waiting && (JSON.parse(message) as { name?: string }).name === asked;
      return waits ? waiting.push(message) : send(message);
    };
  }, name);
  const end = (refusal: string | null): Promise<void> =>
    page.evaluate(
      ([asked, told]) => {
        const window = globalThis as unknown as Holding;
        const waiting = window.held?.[asked] ?? [];
        delete window.held?.[asked];
        for (const message of waiting) {
          const { id } = JSON.parse(message) as { id: number };
          if (told === null) window.toHost(message);
          else window.receive(JSON.stringify({ type: 'error', id, message: told }));
        }
      },
      [name, refusal] as const,
    );
  return {
    /** Resolves when one waits. */
    one: () => page.waitForFunction((asked) => (globalThis as unknown as Holding).held?.[asked]?.length === 1, name),
    letGo: () => end(null),
    refuse: (why: string) => end(why),
  };
}

describe('the viewer', () => {
  it('shows networks on top, tensors with facts of those in sight, and the chosen one', async () => {
    const open = await pages.openTensors('model.safetensors', model());
    const { page, host } = open;
    await page.locator('h1', { hasText: 'model.safetensors' }).waitFor();
    assert.deepEqual(await page.locator('.networks li > span').allInnerTexts(), [
      'encoder.lstm · LSTM, I 3, H 4',
      'decoder.gru · GRU, I 3, H 4',
    ]);
    await page.getByRole('button', { name: 'Run RNN: decoder.gru' }).click();
    await page.getByRole('button', { name: 'Run RNN: encoder.lstm' }).press('Enter');
    assert.deepEqual(host.sent.run, [{ network: 'decoder.gru' }, { network: 'encoder.lstm' }]);

    const probe = page.locator('tr[data-index="4"]');
    await probe.locator('td[data-value="5"]').waitFor();
    assert.deepEqual((await probe.locator('td').allInnerTexts()).slice(0, 6), [
      'float32',
      '2 × 3',
      '5.000',
      '−4.000',
      '3.000',
      '1',
    ]);
    await probe.locator('.histogram').waitFor();
    await probe.locator('button').click();
    for (const [name, value] of [
      ['norm', '5'],
      ['mean', '-0.2'],
      ['zeros', '3'],
      ['nan', '1'],
      ['infinite', '0'],
    ] as const)
      await fact(page, name, value);
    await page.locator('.heatmap canvas[aria-label*="probe: 2 rows and 3 columns"]').waitFor();

    // Nobody has scrolled to the last of them, so nobody has computed anything of it.
    assert.ok(host.asked.length < 150, `${host.asked.length} tensors`);
    await clean(open);
  });

  it('paints each number in its colour, and reads it by pointer and by arrow keys', async () => {
    const open = await pages.openTensors('model.safetensors', model());
    const { page } = open;
    await page.locator('tr[data-index="4"] button').click();
    const canvas = page.locator('.heatmap canvas[aria-label*="probe"]');
    await canvas.waitFor();
    const colours = await canvas.evaluate((element) => {
      const { width, height } = element as HTMLCanvasElement;
      const copy = document.createElement('canvas');
      [copy.width, copy.height] = [width, height];
      const context = copy.getContext('2d', { willReadFrequently: true });
      context?.drawImage(element as HTMLCanvasElement, 0, 0);
      const at = (row: number, column: number): number[] => [
        ...(context?.getImageData(((column + 0.5) * width) / 3, ((row + 0.5) * height) / 2, 1, 1).data ?? []),
      ];
      return { positive: at(0, 0), negative: at(0, 1), zero: at(0, 2), none: at(1, 0) };
    });
    const [r, , b] = colours.positive;
    assert.ok((b ?? 0) > (r ?? 0), `3 is ${String(colours.positive)}`);
    assert.ok((colours.negative[0] ?? 0) > (colours.negative[2] ?? 0), `−4 is ${String(colours.negative)}`);
    assert.deepEqual(colours.zero.slice(0, 3), [31, 31, 31]);
    assert.notDeepEqual(colours.none, colours.zero);

    // Reading cells colours nothing anew, another theme does.
    await page.evaluate(() => {
      const { prototype } = CanvasRenderingContext2D;
      const put = Object.getOwnPropertyDescriptor(prototype, 'putImageData')?.value as (...args: unknown[]) => void;
      Object.assign(globalThis, { coloured: 0 });
      Object.assign(prototype, {
        putImageData(this: CanvasRenderingContext2D, ...args: unknown[]) {
          (globalThis as unknown as { coloured: number }).coloured++;
          put.apply(this, args);
        },
      });
    });
    const coloured = (): Promise<number> =>
      page.evaluate(() => (globalThis as unknown as { coloured: number }).coloured);
    const readout = page.locator('.readout');
    const box = await canvas.boundingBox();
    await page.mouse.move((box?.x ?? 0) + (box?.width ?? 0) / 2, (box?.y ?? 0) + 4);
    await readout.getByText('[0, 1]: −4.000').waitFor();
    await page.mouse.move(0, 0);
    await canvas.focus();
    for (const key of ['ArrowDown', 'ArrowDown', 'ArrowLeft']) await page.keyboard.press(key);
    await readout.getByText('[1, 0]: –').waitFor();
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    assert.equal(await coloured(), 0);
    await open.setTheme('light');
    await page.waitForFunction(() => (globalThis as unknown as { coloured: number }).coloured === 1);
    await clean(open);
  });

  it('shows no picture of another tensor until that of the chosen one is there, or why there is none', async () => {
    const open = await pages.openTensors('model.safetensors', model());
    const { page, host } = open;
    await page.locator('tr[data-index="0"] button').click();
    const canvas = page.locator('.heatmap > canvas');
    const named = (name: string) => page.locator(`.heatmap > canvas[aria-label*="${name}"]`);
    await named('encoder.lstm.weight_ih_l0').waitFor();
    const painted = (): Promise<boolean> =>
      canvas.evaluate((element) => {
        const { width, height } = element as HTMLCanvasElement;
        const copy = document.createElement('canvas');
        [copy.width, copy.height] = [width, height];
        const context = copy.getContext('2d', { willReadFrequently: true });
        context?.drawImage(element as HTMLCanvasElement, 0, 0);
        return context?.getImageData(0, 0, width, height).data.some((x) => x > 0) ?? false;
      });
    assert.ok(await painted());
    const slow = await hold(page, 'tensorPicture');
    await page.locator('tr[data-index="4"] button').click();
    await fact(page, 'norm', '5');
    await slow.one();
    assert.equal(await canvas.getAttribute('aria-label'), null);
    assert.equal(await painted(), false);
    await canvas.hover();
    assert.equal((await page.locator('.readout').innerText()).trim(), '');
    // Whoever runs through the list asks for the picture where they stop, and for none on the way.
    for (const index of [5, 6, 7, 8, 4]) await page.locator(`tr[data-index="${index}"] button`).click();
    await page.locator('tr[data-index="4"].chosen').waitFor();
    await slow.one();
    await slow.letGo();
    await named('probe').waitFor();
    assert.ok(await painted());

    // Its facts come after its picture has failed: why it has failed stays, and is said once.
    const wrong = page.locator('.wrong');
    await wrong.evaluate((element) => {
      const said: string[] = [];
      new MutationObserver(() => said.push(element.textContent)).observe(element, { childList: true });
      Object.assign(globalThis, { said });
    });
    const [picture, facts] = [await hold(page, 'tensorPicture'), await hold(page, 'tensorFacts')];
    await host.write(model(2));
    await Promise.all([picture.one(), facts.one()]);
    await picture.refuse('The disk is gone.');
    await wrong.getByText('The disk is gone.').waitFor();
    assert.ok(await page.locator('.heatmap').isHidden());
    await facts.letGo();
    await fact(page, 'norm', '10');
    assert.deepEqual(await page.evaluate(() => (globalThis as unknown as { said: string[] }).said), [
      'The disk is gone.',
    ]);

    // What was too wide for a narrow page is asked for again where there is more room.
    await host.write(
      new Uint8Array(Buffer.concat(safetensorsParts([tensor('wide', [2, 3000])]).parts as Uint8Array[])),
    );
    await named('wide').waitFor();
    const narrow = await page.locator('.heatmap').evaluate((element) => element.clientWidth);
    const finer = await hold(page, 'tensorPicture');
    await page.setViewportSize({ width: 1600, height: 980 });
    await finer.one();
    const again = await page.evaluate(() => (globalThis as unknown as Holding).held?.['tensorPicture']?.[0] ?? '');
    const { maxColumns } = (JSON.parse(again) as { params: { maxColumns: number } }).params;
    assert.ok(maxColumns > narrow, `${maxColumns} columns, before ${narrow}`);
    await finer.letGo();
    await clean(open);
  });

  it('goes through the list by arrow keys, finds by name, and has every row when it is scrolled', async () => {
    const open = await pages.openTensors('model.safetensors', model());
    const { page } = open;
    await page.locator('tr[data-index="0"] button').click();
    await page.keyboard.press('ArrowDown');
    await page.locator('tr[data-index="1"].chosen').waitFor();
    await page.locator('h2', { hasText: 'encoder.lstm.weight_hh_l0' }).waitFor();
    const rows = page.locator('tbody tr');
    assert.ok((await rows.count()) < 455);
    await page.keyboard.press('End');
    await page.locator('tr[data-index="399"]').waitFor();
    await page.locator('tbody button').last().focus();
    await page.keyboard.press('End');
    await page.locator('tr[data-index="454"]').waitFor();

    await page.locator('.find vscode-text-field').locator('input').fill('BLOCKS.44');
    await page.locator('.count', { hasText: '11 of 455 tensors' }).waitFor();
    assert.equal(await rows.count(), 11);
    // Its numbers are those of its own place in the file.
    await page.locator('tr[data-index="449"] button').click();
    await fact(page, 'min', '444');
    await fact(page, 'max', '455');
    await clean(open);
  });

  it('keeps what is chosen, and where the keyboard is, when the file is written again', async () => {
    const open = await pages.openTensors('model.safetensors', model());
    const { page, host } = open;
    await page.locator('tr[data-index="4"] button').click();
    await fact(page, 'norm', '5');
    await host.write(model(2));
    await fact(page, 'norm', '10');
    await page.locator('tr[data-index="4"] td[data-value="10"]').waitFor();
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'probe');
    await host.write(fixture('hostile/truncated.pt'));
    await page.locator('.unreadable').waitFor();
    await host.write(model(3));
    await fact(page, 'norm', '15');
    assert.ok(await page.locator('.unreadable').isHidden());

    // The facts of the chosen one are the next to be asked for, though its row has left the screen meanwhile.
    const facts = await hold(page, 'tensorFacts');
    await host.write(model(2));
    await facts.one();
    const before = host.asked.length;
    await page.locator('tr[data-index="0"] button').click();
    await page.locator('.table-scroll').evaluate(async (element) => {
      element.scrollTo(0, 3000);
      const seen = new Promise((resolve) => {
        new IntersectionObserver(resolve, { root: element }).observe(element.querySelector('tr[data-index="0"]')!);
      });
      await seen;
      await new Promise((resolve) => setTimeout(resolve));
    });
    await facts.letGo();
    await fact(page, 'max', String(Math.max(...Float32Array.from({ length: 48 }, (_, i) => 2 * Math.sin(i)))));
    assert.equal(host.asked[before + 1], 0);

    // Of many networks every one is reached, and the tensors have room below them.
    await page.setViewportSize({ width: 1200, height: 600 });
    await host.write(crowd());
    await page.locator('.networks li').nth(49).waitFor();
    const room = await page.locator('.table-scroll').boundingBox();
    assert.ok((room?.y ?? 600) + 200 < 600, `the list begins at ${room?.y} of 600`);
    await page.getByRole('button', { name: 'Run RNN: part49.lstm' }).click();
    await clean(open);
  });

  it('says why a file cannot be read, and hands out the lines that mend it', async () => {
    const open = await pages.openTensors('os.pt', fixture('hostile/os_system.pt'));
    const { page, host } = open;
    await page.locator('.unreadable', { hasText: 'The file wants to load os.system, which is no tensor.' }).waitFor();
    assert.ok(await page.locator('.columns').isHidden());
    assert.deepEqual(await allViolationsOf(page, ['html']), []);
    await page.getByRole('button', { name: 'Copy the lines' }).click();
    assert.match(host.sent.copyPython[0]?.lines ?? '', /^import torch; .*\n/);
    await clean(open);
  });

  it('has no fault that axe finds, in four themes and in Korean, wide and narrow', async () => {
    const open = await pages.openTensors('model.safetensors', model(), { language: korean(), width: 700 });
    const { page } = open;
    await page.getByRole('button', { name: 'RNN 실행: encoder.lstm' }).waitFor();
    await page.locator('tr[data-index="4"] button').click();
    await fact(page, 'norm', '5');
    for (const [i, theme] of themeNames.entries()) {
      await open.setTheme(theme);
      await page.setViewportSize({ width: i % 2 === 0 ? 700 : 1200, height: 900 });
      assert.deepEqual(await allViolationsOf(page, ['html']), [], theme);
    }
    const english = (await page.locator('main').innerText()).match(/\b(?:Norm|Shape|tensors?|Filter|Choose)\b/g);
    assert.deepEqual(english, null);
    await clean(open);
  });
});
