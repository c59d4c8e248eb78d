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
    await probe.click();
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
    await open.close();
  });

  it('paints each number in its colour, and reads it by pointer and by arrow keys', async () => {
    const open = await pages.openTensors('model.safetensors', model());
    const { page } = open;
    await page.locator('tr[data-index="4"]').click();
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
    await open.close();
  });

  it('keeps the numbers below a narrow picture apart', async () => {
    const open = await pages.openTensors('model.safetensors', model());
    const { page } = open;
    await page.locator('tr[data-index="0"]').click();
    await page.locator('.ends span').nth(2).waitFor();
    const [least, middle, most] = await page
      .locator('.ends span')
      .evaluateAll((spans) => spans.map((span) => span.getBoundingClientRect()));
    assert.ok(least !== undefined && middle !== undefined && most !== undefined);
    for (const room of [middle.left - least.right, most.left - middle.right])
      assert.ok(room >= 4, `${room} pixels between two numbers`);
    await open.close();
  });

  it('shows no picture of another tensor until that of the chosen one is there, or why there is none', async () => {
    const open = await pages.openTensors('model.safetensors', model());
    const { page, host } = open;
    await page.locator('tr.group', { hasText: 'blocks' }).click();
    await page.locator('tr[data-index="0"]').click();
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
    await page.locator('tr[data-index="4"]').click();
    await fact(page, 'norm', '5');
    await slow.one();
    assert.equal(await canvas.getAttribute('aria-label'), null);
    assert.equal(await painted(), false);
    await canvas.hover();
    assert.equal((await page.locator('.readout').innerText()).trim(), '');
    // Whoever runs through the list asks for the picture where they stop, and for none on the way.
    for (const index of [5, 6, 7, 8, 4]) await page.locator(`tr[data-index="${index}"]`).click();
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
    await open.close();
  });

  it('has the tensors as a tree that keys walk through, with the rows near the screen on the page', async () => {
    const open = await pages.openTensors('model.safetensors', model());
    const { page, host } = open;
    const rows = page.locator('tbody tr');
    const active = page.locator('tbody tr[tabindex="0"]');
    const press = async (...keys: readonly string[]): Promise<void> => {
      for (const key of keys) await page.keyboard.press(key);
    };
    /** Which row the keyboard is on, as it is read aloud. */
    const on = async (name: string, facts: Readonly<Record<string, string>> = {}): Promise<void> => {
      await active.locator('.name', { hasText: new RegExp(`^${name}$`) }).waitFor();
      assert.equal(await active.count(), 1);
      assert.ok(await active.evaluate((row) => row === document.activeElement));
      for (const [attribute, value] of Object.entries(facts))
        assert.equal(await active.getAttribute(`aria-${attribute}`), value, `${name}: ${attribute}`);
    };
    await rows.nth(7).waitFor();
    assert.deepEqual(await page.locator('tbody .name').allInnerTexts(), [
      ...['encoder.lstm', 'weight_ih_l0', 'weight_hh_l0'],
      ...['decoder.gru', 'weight_ih_l0', 'weight_hh_l0', 'probe', 'blocks'],
    ]);
    await page.getByRole('treegrid', { name: 'Tensors of the file' }).waitFor();
    await page.locator('tr[data-index="0"]').click();
    await on('weight_ih_l0', { level: '2', posinset: '1', setsize: '2', selected: 'true' });
    await press('ArrowDown');
    await page.locator('h2', { hasText: 'encoder.lstm.weight_hh_l0' }).waitFor();
    await press('ArrowLeft');
    await on('encoder.lstm', { level: '1', posinset: '1', setsize: '4', expanded: 'true' });
    await press('ArrowLeft');
    await on('encoder.lstm', { expanded: 'false' });
    await page.locator('tr[data-index="1"]').waitFor({ state: 'detached' });
    // What is chosen stays chosen, also out of sight.
    await page.locator('h2', { hasText: 'encoder.lstm.weight_hh_l0' }).waitFor();
    await press('ArrowDown');
    await on('decoder.gru');
    await press('ArrowUp', 'ArrowRight');
    await on('encoder.lstm', { expanded: 'true' });
    await page.locator('tr[data-index="1"].chosen').waitFor();
    await press('ArrowRight');
    await on('weight_ih_l0');
    await press('p', 'r');
    await on('probe');
    await press('End');
    await on('blocks', { expanded: 'false' });
    await press('Enter');
    await on('blocks', { expanded: 'true' });
    await page.locator('tr[data-index="5"]').waitFor();
    // Only what is near the screen is on the page: the others take as much room.
    assert.ok((await rows.count()) < 310, `${await rows.count()} rows`);
    const heights = (): Promise<number[]> =>
      page.locator('.table-scroll').evaluate(({ scrollHeight, scrollTop }) => [scrollHeight, scrollTop]);
    const [height = 0] = await heights();
    await press('End');
    await on('449.weight', { level: '2', posinset: '450', setsize: '450' });
    assert.ok((await rows.count()) < 310);
    assert.ok(Math.abs(((await heights())[0] ?? 0) - height) < 2, `${String(await heights())}, before ${height}`);
    await page.locator('.table-scroll').evaluate((element) => element.scrollTo(0, 24 * 208));
    await page.locator('tr[data-index="205"]').waitFor();
    const place = await page.locator('tr[data-index="205"]').boundingBox();
    const box = await page.locator('.table-scroll').boundingBox();
    assert.ok(Math.abs((place?.y ?? 0) - (box?.y ?? 0)) < 2 * 24, `row 205 at ${place?.y}, the list at ${box?.y}`);
    await page.locator('tr[data-index="205"]').click();
    await press('Home');
    await on('encoder.lstm');
    // A layer's row runs it, by the keyboard too.
    await press('Tab');
    assert.equal(
      await page.evaluate(() => document.activeElement?.getAttribute('aria-label')),
      'Run RNN on encoder.lstm',
    );
    await press('Enter');
    await page.waitForFunction(() => document.activeElement?.getAttribute('aria-label') === 'Run RNN on encoder.lstm');
    assert.deepEqual(host.sent.run, [{ network: 'encoder.lstm' }]);
    assert.deepEqual(await allViolationsOf(page, ['html']), []);

    await page.locator('.find vscode-text-field').locator('input').fill('BLOCKS.44');
    await page.locator('.count', { hasText: '11 of 455 tensors' }).waitFor();
    assert.equal(await page.locator('tbody tr[data-index]').count(), 11);
    assert.equal(await page.locator('tbody tr.group').getAttribute('aria-expanded'), 'true');
    // Its numbers are those of its own place in the file.
    await page.locator('tr[data-index="449"]').click();
    await fact(page, 'min', '444');
    await fact(page, 'max', '455');
    await open.close();
  });

  it('keeps what is chosen, and where the keyboard is, when the file is written again', async () => {
    const open = await pages.openTensors('model.safetensors', model());
    const { page, host } = open;
    await page.locator('tr.group', { hasText: 'blocks' }).click();
    await page.locator('tr[data-index="4"]').click();
    await fact(page, 'norm', '5');
    await host.write(model(2));
    await fact(page, 'norm', '10');
    await page.locator('tr[data-index="4"] td[data-value="10"]').waitFor();
    assert.equal(await page.evaluate(() => (document.activeElement as HTMLElement | null)?.dataset['index']), '4');
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
    await page.locator('tr[data-index="0"]').click();
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
    await open.close();
  });

  it('finds the filter, open groups and the chosen tensor again when its tab was hidden', async () => {
    const open = await pages.openTensors('model.safetensors', model());
    const { page, host } = open;
    const group = page.locator('tr.group', { hasText: 'encoder' }).first();
    await page.locator('tr[data-index="4"]').click();
    assert.equal(await group.getAttribute('aria-expanded'), 'true');
    await group.locator('.name').click();
    assert.equal(await group.getAttribute('aria-expanded'), 'false');
    // A hidden page is thrown away; VS Code loads another one.
    await page.reload();
    await fact(page, 'norm', '5');
    assert.equal(await group.getAttribute('aria-expanded'), 'false');

    const filter = page.locator('.find input');
    await filter.fill(' Decoder.');
    const found = page.locator('.count', { hasText: '2 of 455 tensors' });
    await found.waitFor();
    await page.reload();
    await found.waitFor();
    await page.locator('tr[data-index="3"]').waitFor();
    assert.equal(await filter.inputValue(), ' Decoder.');
    await fact(page, 'norm', '5');
    await filter.fill('');
    await page.locator('.count', { hasText: /^455 tensors/ }).waitFor();

    // Also where the file cannot be read at that moment: a script is writing it.
    await group.locator('.name').click();
    assert.equal(await group.getAttribute('aria-expanded'), 'false');
    await host.write(fixture('hostile/truncated.pt'));
    await page.reload();
    await page.locator('.unreadable').waitFor();
    await host.write(model());
    await fact(page, 'norm', '5');
    assert.equal(await group.getAttribute('aria-expanded'), 'false');
    await open.close();
  });

  it('says why a file cannot be read, and hands out the lines that mend it', async () => {
    const open = await pages.openTensors('os.pt', fixture('hostile/os_system.pt'));
    const { page, host } = open;
    await page.locator('.unreadable', { hasText: 'The file wants to load os.system, which is no tensor.' }).waitFor();
    assert.ok(await page.locator('.columns').isHidden());
    assert.deepEqual(await allViolationsOf(page, ['html']), []);
    await page.getByRole('button', { name: 'Copy the lines' }).click();
    assert.match(host.sent.copyPython[0]?.lines ?? '', /^import torch; .*\n.*torch\.load\("os\.pt", /);
    // Once, and not in the sentence above, too.
    assert.equal((await page.locator('.unreadable').innerText()).split('import torch').length, 2);
    assert.match(
      await page.locator('.unreadable p').innerText(),
      /Export the weights alone where you trust the file:$/,
    );
    await open.close();
  });

  it('says why a run does not take a network that is listed', async () => {
    const { parts } = safetensorsParts([
      tensor('rnn.weight_ih_l0', [16, 3]),
      tensor('rnn.weight_hh_l0_g', [16, 1]),
      tensor('rnn.weight_hh_l0_v', [16, 4]),
    ]);
    const open = await pages.openTensors('normed.safetensors', new Uint8Array(Buffer.concat(parts as Uint8Array[])));
    const { page } = open;
    await page
      .locator('.refused p', { hasText: /^A run does not take this: weight_hh_l0 is missing.* stored in parts/ })
      .waitFor();
    assert.ok(await page.getByText('No recurrent layer is recognised').isHidden());
    assert.deepEqual(await allViolationsOf(page, ['html']), []);
    await open.close();
  });

  it('has no fault that axe finds, in four themes and in Korean, wide and narrow', async () => {
    const open = await pages.openTensors('model.safetensors', model(), { language: korean(), width: 700 });
    const { page } = open;
    await page.getByRole('button', { name: 'RNN 실행: encoder.lstm' }).waitFor();
    await page.locator('tr[data-index="4"]').click();
    await fact(page, 'norm', '5');
    for (const [i, theme] of themeNames.entries()) {
      await open.setTheme(theme);
      await page.setViewportSize({ width: i % 2 === 0 ? 700 : 1200, height: 900 });
      assert.deepEqual(await allViolationsOf(page, ['html']), [], theme);
    }
    const english = (await page.locator('main').innerText()).match(/\b(?:Norm|Shape|tensors?|Filter|Choose)\b/g);
    assert.deepEqual(english, null);
    await open.close();
  });
});
