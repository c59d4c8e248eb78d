// Pinned runs and the history of versions on the real page: read back from tables and CSV.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before, describe, it } from 'node:test';
import { ringConfig, weatherConfig } from '../support/experiments.js';
import { onlyLong, some } from '../support/long.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { themeNames } from '../support/themes.js';
import { violationsOf } from './axe.js';
import { copied, csvRows, keepPaintedText, nextFrames, painted, paintedText, relativeError } from './support.js';
import { choose } from '../support/menus.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());
afterEach(() => open.close());

const T = 40;
/** In closed form, a ring without input: ‖g_t‖ = √8·ρ^(T−1−t). */
const ring = (rho: number, t: number, steps = T): number => Math.sqrt(8) * rho ** (steps - 1 - t);

async function start(rho = 0.5, options: Parameters<PageServer['open']>[0] = {}): Promise<void> {
  open = await pages.open({ group: 'overview', everything: true, ...options });
  await open.host.run(ringConfig(rho, 8, T));
  await painted(open);
}
const pin = (): Promise<void> => choose(open.page, '.bar', 'Pin run');
const pins = (): ReturnType<OpenPage['page']['locator']> => open.page.locator('.pins li');

/** Columns of the flow's CSV by the start of their names. */
async function columns(): Promise<Map<string, number[]>> {
  await nextFrames(open.page);
  const { head, rows } = await csvRows(open, 'flow');
  assert.ok(rows.length > 0);
  return new Map(head.map((name, i) => [name, rows.map((row) => (row[i] === '' ? NaN : Number(row[i])))]));
}
async function column(name: string): Promise<number[]> {
  const all = await columns();
  const found = all.get(name);
  assert.ok(found !== undefined, `${name} is not among ${[...all.keys()].join(', ')}`);
  return found;
}

describe('a pinned run', () => {
  it('stays over the next run, in the chart, the table and the CSV', async () => {
    await start(0.5);
    await pin();
    await open.host.run(ringConfig(0.9, 8, T));
    await open.page.locator('.badge', { hasText: 'FADING' }).waitFor();
    await open.page.locator('[data-track=flow] .chip', { hasText: '#1 ring 0.5' }).waitFor();
    const [own, pinned] = [await column('g_norm'), await column('g_norm_pin1')];
    own.forEach((value, t) => {
      assert.ok(relativeError(value, ring(0.9, t)) < 1e-6);
      assert.ok(relativeError(pinned[t] ?? NaN, ring(0.5, t)) < 1e-6, `t = ${t}: ${pinned[t]}`);
    });
    assert.match((await pins().textContent()) ?? '', /VANISHING.*×0\.500 per step/);
  });

  it('is compared step by step: the difference is the quotient of the norms', async () => {
    await start(0.5);
    await pin();
    await open.host.run(ringConfig(0.9, 8, T));
    await open.page.locator('.compare input[type=checkbox]').check();
    await open.page.locator('[data-track=flow] .chip').nth(0).waitFor();
    const ratios = await column('g_norm_pin1_ratio');
    ratios.forEach((ratio, t) => assert.ok(relativeError(ratio, (0.5 / 0.9) ** (T - 1 - t)) < 1e-6));
    await open.page.locator('[data-track=flow] .chip').nth(1).waitFor({ state: 'detached' });
    await open.page.locator('.compare input[type=checkbox]').uncheck();
    await open.page.locator('[data-track=flow] .chip', { hasText: 'total' }).first().waitFor();
  });

  onlyLong(it)('gives its numbers to the clipboard', async () => {
    await start(0.5);
    await open.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await pin();
    await choose(open.page, '[data-card=compare]', 'Copy');
    await open.page.locator('[data-card=compare] .copied', { hasText: /^copied$/ }).waitFor();
    const [head, row] = (await open.page.evaluate(() => navigator.clipboard.readText()))
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t'));
    assert.deepEqual(head, ['pin', 'name', 'verdict', 'factor per step', 'log10 of the ratio']);
    assert.deepEqual(row?.slice(0, 3), ['#1', 'ring 0.5', 'vanishing']);
    assert.ok(
      relativeError(Number(row[3]), 0.5) < 1e-6 && relativeError(Number(row[4]), (T - 1) * Math.log10(0.5)) < 1e-6,
    );
  });

  onlyLong(it)('has no name that a spreadsheet takes for a formula', async () => {
    open = await pages.open({ group: 'overview', everything: true });
    await open.host.run(ringConfig(0.5, 8, T, { name: '=HYPERLINK("http://a.test")' }));
    await painted(open);
    await open.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    await pin();
    const [, row] = await copied(open.page, () => choose(open.page, '[data-card=compare]', 'Copy'));
    assert.equal(row?.[1], `'=HYPERLINK("http://a.test")`);
    assert.match(row[4] ?? '', /^-\d/, 'a number below 0 stays one');
  });

  it('of another length meets the run at its last step', async () => {
    await start(0.5);
    await pin();
    await open.host.run(ringConfig(0.9, 8, 60));
    await open.page.locator('.facts', { hasText: 'T 60' }).waitFor();
    const pinned = await column('g_norm_pin1');
    assert.ok(pinned.slice(0, 20).every(Number.isNaN));
    pinned.slice(20).forEach((value, t) => assert.ok(relativeError(value, ring(0.5, t)) < 1e-6));
  });

  it(
    'of many steps is kept at some of them: the table has its numbers there alone, with no more digits than were ' +
      'kept',
    async () => {
      open = await pages.open({ group: 'overview', everything: true });
      const long = 3000;
      await open.host.run(ringConfig(0.99, 8, long, { dtype: 'float64', cell: 'identity' }));
      await painted(open);
      await pin();
      const { head, rows } = await csvRows(open, 'flow');
      const at = head.indexOf('g_norm_pin1');
      const kept = rows.filter((row) => row[at] !== '');
      assert.ok(kept.length >= 512 && kept.length <= 1024, `${kept.length} steps`);
      for (const row of kept) {
        const [t, value = ''] = [Number(row[0]), row[at]];
        assert.ok(value.replace(/e.*$/, '').replace(/\D/g, '').replace(/^0+/, '').length <= 7, value);
        assert.ok(relativeError(Number(value), Math.sqrt(8) * 0.99 ** (long - 1 - t)) < 1e-6, `t = ${t}: ${value}`);
      }
    },
  );

  it('survives a reload of the window, exact zeros too', async () => {
    await start(0);
    await pin();
    await open.page.waitForTimeout(150);
    await open.page.reload();
    await painted(open);
    const pinned = await column('g_norm_pin1');
    assert.deepEqual([pinned[0], pinned[T - 2]], [0, 0]);
    assert.ok(relativeError(pinned[T - 1] ?? NaN, Math.sqrt(8)) < 1e-6);
  });

  onlyLong(it)('keeps its shape in a thousand points when it is long', async () => {
    open = await pages.open({ group: 'overview', everything: true });
    const steps = 6000;
    await open.host.run(
      JSON.stringify({
        name: 'long',
        cell: 'identity',
        dtype: 'float64',
        weights: { Wx: [[0]], Wh: [[0]], b: [[0]] },
        sequences: [Array.from({ length: steps }, () => [0])],
        upstreamGradient: [Array.from({ length: steps }, (_, t) => [t === 4321 ? 1000 : 1])],
      }),
    );
    await painted(open);
    await pin();
    const pinned = await column('g_norm_pin1');
    assert.ok(relativeError(pinned[4321] ?? NaN, 1000) < 1e-6);
    assert.ok(relativeError(pinned[0] ?? NaN, 1) < 1e-6 && relativeError(pinned[steps - 1] ?? NaN, 1) < 1e-6);
    await open.page.waitForTimeout(150);
    const kept = await open.page.evaluate(() => sessionStorage.getItem('state of the webview')?.length ?? 0);
    assert.ok(kept < 60_000, `${kept} characters`);
  });

  it('can be renamed and removed by keyboard; at most six are kept', async () => {
    await start(0.5);
    for (let i = 0; i < 6; i++) await pin();
    assert.equal(await pins().count(), 6);
    await open.page.locator('.bar .more').click();
    await open.page.locator('.popover .menu').waitFor();
    assert.equal(await open.page.locator('.popover [role=menuitem]', { hasText: 'Pin run' }).isDisabled(), true);
    await open.page.keyboard.press('Escape');
    const name = open.page.locator('.pins .pin-name').nth(1);
    await name.fill('before training');
    await name.press('Enter');
    await open.page.locator('[data-track=flow] .chip', { hasText: '#2 before training' }).waitFor();
    for (let left = 5; left >= 0; left--) {
      await open.page.locator('.pins button').first().focus();
      await open.page.keyboard.press('Enter');
      await open.page.waitForFunction((count) => document.querySelectorAll('.pins li').length === count, left);
    }
    assert.equal(await open.page.locator('[data-card=compare]').isVisible(), false);
  });

  it('is named in a saved picture, however many there are: the legend takes as many lines as it needs', async () => {
    await start();
    const { page, host } = open;
    await page.evaluate(() => {
      const { prototype } = CanvasRenderingContext2D;
      // eslint-disable-next-line @typescript-eslint/unbound-method -- called below on the context that it is asked for
      const { fillText } = prototype;
      const ends = ((window as unknown as { ends: Record<string, number> }).ends = {});
      prototype.fillText = function (...args) {
        // The picture that is saved, and no chart on it.
        if (this.canvas.id === '' && this.canvas.width === 1800 && this.textAlign === 'left')
          Object.assign(ends, { [args[0]]: args[1] + this.measureText(args[0]).width });
        fillText.apply(this, args);
      };
    });
    for (let i = 0; i < 6; i++) {
      await pin();
      await pins().nth(i).locator('.pin-name').fill(`a name of ${i} that is long enough`);
      await page.keyboard.press('Enter');
    }
    await page.locator('[data-track=flow] .chip', { hasText: 'a name of 5' }).waitFor();
    await choose(page, '[data-track=flow]', 'PNG');
    while (host.sent.saveFile.length === 0) await nextFrames(page);
    const ends = await page.evaluate(() => (window as unknown as { ends: Record<string, number> }).ends);
    const named = Object.entries(ends).filter(([text]) => text.includes('a name of'));
    assert.equal(named.length, 6, Object.keys(ends).join(' | '));
    for (const [text, end] of named) assert.ok(end <= 900, `${text} ends at ${end}`);
  });

  it('of a network is called by the layer whose curve it is, also where a what-if changes another one', async () => {
    open = await pages.open({ group: 'overview', everything: true });
    const stack = readFileSync('examples/stack/stack.rnn.json', 'utf8');
    for (const [i, layer] of [2, 1].entries()) {
      await open.host.run(stack, layer);
      await open.page.locator('.bar', { hasText: `${layer}: ` }).waitFor();
      await painted(open);
      await pin();
      await open.page.locator('[data-track=flow] .chip', { hasText: `#${i + 1} layer ${layer}: stack` }).waitFor();
    }
    await open.page.locator('.bar vscode-button', { hasText: 'What if' }).click();
    const typed = open.page.locator('.whatif [data-field=biasShift] .number');
    const tried = async (id: number): Promise<string> => {
      await open.page.locator('.whatif vscode-button', { hasText: 'Pin' }).click();
      return open.page.locator(`[data-pin="${id}"] .pin-name`).inputValue();
    };
    await typed.fill('3');
    await typed.press('Enter');
    await open.page.locator('[data-outcome=factor]').waitFor();
    assert.equal(await tried(3), 'b(f) + 3, layer 1');
    await open.host.run(stack, 0);
    await open.page.locator('[data-track=flow] .legend', { hasText: 'what if' }).waitFor();
    await open.page.locator('[data-outcome=factor]').waitFor();
    assert.equal(await tried(4), 'layer 0: b(f) + 3, layer 1');
  });

  it('of one layer is called by no layer, also where its sequences are of different lengths', async () => {
    open = await pages.open({ group: 'overview', everything: true });
    const ring = JSON.parse(ringConfig(0.5, 8, T)) as { name: string; sequences: unknown[][] };
    const sequences = [ring.sequences[0], ring.sequences[0]?.slice(1)];
    await open.host.run(JSON.stringify({ ...ring, sequences }));
    await painted(open);
    await pin();
    assert.equal(await open.page.locator('[data-pin="1"] .pin-name').inputValue(), ring.name);
  });

  it('keeps the signs of formulas in its name as they were typed', async () => {
    await start(0.5);
    await pin();
    const name = 'lr_0.1^2 \\ a_{b}';
    const field = open.page.locator('.pins .pin-name');
    await field.fill(name);
    await field.press('Enter');
    await open.page.locator('[data-track=flow] .chip', { hasText: `#1 ${name}` }).waitFor();
    assert.equal((await column('g_norm_pin1')).length, T);
  });

  it('can be a what-if', async () => {
    await start(0.5);
    await open.page.locator('.bar vscode-button', { hasText: 'What if' }).click();
    const typed = open.page.locator('[data-measure=sigmaMax] .number');
    await typed.fill('0.8');
    await typed.press('Enter');
    await open.page.locator('[data-outcome=factor] b', { hasText: '0.800' }).waitFor();
    await open.page.locator('.whatif vscode-button', { hasText: 'Pin' }).click();
    await open.page.locator('.whatif vscode-button', { hasText: 'Reset' }).click();
    const pinned = await column('g_norm_pin1');
    pinned.forEach((value, t) => assert.ok(relativeError(value, ring(0.8, t)) < 1e-6));
  });
});

describe('the history', () => {
  const rates = [0.5, 0.6, 0.7, 0.8];
  async function startMany(options: Parameters<PageServer['open']>[0] = {}): Promise<void> {
    await start(rates[0], options);
    for (const rate of rates.slice(1)) await open.host.run(ringConfig(rate, 8, T));
    await open.page.locator('.version-told', { hasText: 'version 4 of 4' }).waitFor();
  }

  it('records every version with its ratio, rate, exponent and verdict', async () => {
    await startMany();
    const { head, rows } = await csvRows(open, 'history', 'card');
    assert.deepEqual(head, ['version', 'verdict', 'log10_ratio', 'factor_per_step', 'lambda_1', 'time']);
    rows.forEach(([version, kind, ratio, factor, lambda], i) => {
      const rho = rates[i] ?? NaN;
      assert.equal(version, String(i + 1));
      assert.equal(kind, rho ** 39 < 1e-3 ? 'vanishing' : 'healthy');
      assert.ok(Math.abs(Number(ratio) - 39 * Math.log10(rho)) < 1e-6);
      assert.ok(relativeError(Number(factor), rho) < 1e-6);
      assert.ok(Math.abs(Number(lambda) - Math.log(rho)) < 1e-6);
    });
  });

  it('of a network says of which layer each version is', async () => {
    open = await pages.open({ group: 'overview', everything: true });
    const stack = readFileSync('examples/stack/stack.rnn.json', 'utf8');
    await open.host.run(stack, 0);
    await open.host.run(stack, 1);
    const { page } = open;
    await page.locator('.version-told', { hasText: /^version 2 of 2, .* · layer 1: vanishing ×0\.227$/ }).waitFor();
    const { head, rows } = await csvRows(open, 'history', 'card');
    assert.deepEqual(head, ['version', 'layer', 'verdict', 'log10_ratio', 'factor_per_step', 'lambda_1', 'time']);
    assert.deepEqual(
      rows.map((row) => row.slice(1, 3)),
      [
        ['layer0_forward', 'fading'],
        ['layer1_forward', 'vanishing'],
      ],
    );
    await page.locator('.history-controls .range').focus();
    await page.keyboard.press('ArrowLeft');
    await page.locator('[data-track=flow] .chip', { hasText: 'version 1 · layer 0' }).first().waitFor();
    // Sequences of different lengths make no layers.
    const ragged = JSON.parse(ringConfig(0.5, 8, T)) as { sequences: unknown[][] };
    const sequences = [ragged.sequences[0], ragged.sequences[0]?.slice(1)];
    await open.host.run(JSON.stringify({ ...ragged, sequences }));
    await page.locator('.history-controls button').click();
    await page.locator('.version-told', { hasText: /^version 3 of 3, [^·]* · vanishing/ }).waitFor();
  });

  it('leads back to any version, by keyboard, and to live again', async () => {
    await startMany();
    const { page } = open;
    await page.locator('.history-controls .range').focus();
    for (let i = 0; i < 2; i++) await page.keyboard.press('ArrowLeft');
    await page.locator('[data-track=flow] .chip', { hasText: 'version 2' }).first().waitFor();
    const [own, older] = [await column('g_norm'), await column('g_norm_version2')];
    own.forEach((value, t) => {
      assert.ok(relativeError(value, ring(0.8, t)) < 1e-6);
      assert.ok(relativeError(older[t] ?? NaN, ring(0.6, t)) < 1e-5);
    });
    // New versions arrive while the user looks back.
    await open.host.run(ringConfig(0.95, 8, T));
    await page.locator('.version-told', { hasText: 'version 2 of 5' }).waitFor();
    await page.locator('.history-controls button').focus();
    await page.keyboard.press('Enter');
    await page.locator('[data-track=flow] .chip', { hasText: 'version' }).first().waitFor({ state: 'detached' });
    await page.locator('#card-history').focus();
    await page.keyboard.press('Home');
    await page.locator('.version-told', { hasText: 'version 1 of 5' }).waitFor();
    await page.keyboard.press('Escape');
    await page.locator('.version-told', { hasText: 'version 5 of 5' }).waitFor();
  });

  it('tells the step and loss of the script that weights carry, and how many writes were skipped', async () => {
    await start(0.5);
    assert.ok(await open.page.locator('[data-name=skipped]').isHidden());
    open.host.history.skipped = 37;
    for (const [rho, step, loss] of [
      [0.6, 100, 0.75],
      [0.7, 200, 0.3125],
    ] as const)
      await open.host.run(ringConfig(rho, 8, T).replace('"weights":{', `"weights":{"step":${step},"loss":${loss},`));
    const { page } = open;
    await page.locator('.version-script', { hasText: /^step 200 · loss 0.3125$/ }).waitFor();
    assert.equal(
      await page.locator('[data-name=skipped]').innerText(),
      'At least 37 writes of the files were skipped: others came before a run could follow.',
    );
    const { head, rows } = await csvRows(open, 'history', 'card');
    assert.deepEqual(head.slice(0, 4), ['version', 'step', 'loss', 'verdict']);
    assert.deepEqual(
      rows.map((row) => row.slice(1, 3)),
      [
        ['', ''],
        ['100', '0.75'],
        ['200', '0.3125'],
      ],
    );
    await page.locator('.history-controls .range').focus();
    await page.keyboard.press('ArrowLeft');
    await page.locator('.version-script', { hasText: /^step 100 · loss 0.75/ }).waitFor();
    await page.keyboard.press('Home');
    await page.locator('.version-told', { hasText: 'version 1 of 3' }).waitFor();
    assert.ok(await page.locator('.version-script').isHidden(), 'the first version says nothing');
    open.host.history.skipped = 1;
    await open.host.run(ringConfig(0.5, 8, T));
    await page.locator('[data-name=skipped]', { hasText: 'At least 1 write of the files was skipped' }).waitFor();
  });

  it('is drawn along the steps of the script, and chosen by the nearest of them', async () => {
    const ofStep = (step: number): string => ringConfig(0.5, 8, T).replace('"weights":{', `"weights":{"step":${step},`);
    open = await pages.open({ group: 'overview', everything: true });
    await open.host.run(ofStep(0));
    await painted(open);
    await keepPaintedText(open);
    for (const step of [10, 1000]) await open.host.run(ofStep(step));
    const { page } = open;
    await page.locator('.version-script', { hasText: /^step 1000$/ }).waitFor();
    while (!(await paintedText(page, 'card-history')).includes('step of the script')) await nextFrames(page);
    assert.ok((await paintedText(page, 'card-history')).includes('1000'));
    // A third of the way is nearer to step 10 than to 1000, though the second of three versions is in the middle.
    const { width } = (await page.locator('#card-history').boundingBox()) ?? assert.fail();
    await page.locator('#card-history').click({ position: { x: 46 + (width - 52) * 0.42, y: 60 } });
    await page.locator('.version-script', { hasText: /^step 10$/ }).waitFor();
    await page.locator('#card-history').click({ position: { x: 46 + (width - 52) * 0.7, y: 60 } });
    await page.locator('.version-script', { hasText: /^step 1000$/ }).waitFor();
  });

  it('is not there before there is a second version', async () => {
    await start();
    await nextFrames(open.page);
    assert.equal(await open.page.locator('[data-card=history]').isVisible(), false);
  });

  for (const theme of some(themeNames, 4)) {
    it(`and the pins have no serious fault in ${theme}`, async () => {
      await startMany({ theme });
      await open.host.run(weatherConfig());
      await pin();
      await open.page.mouse.move(0, 0);
      await open.page.locator('.history-controls .range').press('Home');
      await open.page.locator('[data-track=flow] .chip', { hasText: 'version 1' }).first().waitFor();
      assert.deepEqual(
        await violationsOf(open.page, ['[data-card=history]', '[data-card=compare]', '[data-track=flow]']),
        [],
      );
    });
  }
});
