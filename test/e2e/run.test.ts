// The whole way, as a person walks it: a config, the palette, the painted page, edits, a reload.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'node:test';
import type { Locator } from 'playwright-core';
import type { Workbench } from '../support/workbench.js';
import { longScenario, scenario } from '../support/workbench.js';
import { explorerRow } from '../support/explorer.js';
import { longConfig } from '../support/longConfig.js';
import { choose } from '../support/menus.js';

const expected = JSON.parse(readFileSync('test/fixtures/weather/expected.json', 'utf8')) as {
  norms: { dh: number[]; dx: number[]; log10dh: number[] };
  sigmaMaxWh: number;
};

/** The exact value in a row of a track's table twin, by the column's title. */
async function tableValue(workbench: Workbench, track: string, t: number, column: RegExp): Promise<number> {
  const twin = workbench.webview().locator(`[data-track=${track}] .twin`);
  if (!(await twin.isVisible())) await choose(workbench.webview(), `[data-track=${track}]`, 'Table');
  // Texts are read at once, whether they are there or not.
  await twin.locator('tbody tr').first().waitFor();
  const titles = await twin.locator('thead th').allInnerTexts();
  const index = titles.findIndex((title) => column.test(title));
  assert.ok(index > 0, `no column ${String(column)} in ${titles.join(' | ')}`);
  const value = await twin
    .locator(`tbody tr[data-row="${t}"] td`)
    .nth(index - 1)
    .getAttribute('data-value');
  return Number(value);
}

/** Waits until the lens above the config is painted with these words. */
const lensSays = (workbench: Workbench, words: RegExp): Promise<void> =>
  workbench.page.locator('.codelens-decoration').filter({ hasText: words }).first().waitFor();

const item = ({ page }: Workbench): Locator =>
  page.locator('.part.statusbar .statusbar-item[id$="rnnGradients.verdict"]').filter({ visible: true });
const itemSays = (workbench: Workbench, words: RegExp): Promise<void> =>
  item(workbench).filter({ hasText: words }).waitFor();
/** What a screen reader says of it. */
const spoken = (workbench: Workbench): Promise<string | null> =>
  item(workbench).locator('[aria-label]').first().getAttribute('aria-label');

/** Typing that does not change the verdict tells nobody of it a second time. */
async function isNotToldAgain(workbench: Workbench): Promise<void> {
  await item(workbench).evaluate((element) => {
    const changes: string[] = [];
    Object.assign(element, { changes });
    new MutationObserver((records) =>
      changes.push(...records.map(({ type, attributeName }) => `${type} ${attributeName ?? ''}`)),
    ).observe(element, {
      subtree: true,
      childList: true,
      characterData: true,
      attributes: true,
      attributeFilter: ['aria-label'],
    });
  });
  await workbench.replaceInEditor('half is lost at every step', '');
  await workbench.typeInEditor('a name that takes a while to type');
  await workbench.page
    .locator('.tab')
    .filter({ hasText: 'RNN: vanishing: a name that takes a while to type' })
    .waitFor();
  const changes = await item(workbench).evaluate((element) => (element as unknown as { changes: string[] }).changes);
  assert.deepEqual(changes, []);
}

/** Puts the time cursor on t by the keyboard. */
async function cursorTo(workbench: Workbench, t: number): Promise<void> {
  await workbench.webview().locator('#track-flow-plot').focus();
  await workbench.page.keyboard.press('Home');
  for (let i = 0; i < t; i++) await workbench.page.keyboard.press('ArrowRight');
}

const near = (actual: number, wanted: number, tolerance: number): void =>
  assert.ok(Math.abs(actual - wanted) <= tolerance * Math.abs(wanted), `${actual} is not ${wanted}`);

describe('Run RNN in a window', () => {
  scenario('tells the verdict of a config that is too large for a text editor', {}, async (workbench) => {
    const file = path.join(workbench.folder, 'vanishing', 'vanishing.rnn.json');
    // VS Code hands no more than 50 MB of a text to extensions.
    writeFileSync(file, readFileSync(file, 'utf8') + ' '.repeat(51 * 2 ** 20));
    await explorerRow(workbench, 'vanishing').click();
    await explorerRow(workbench, 'vanishing.rnn.json').dblclick();
    await workbench.page.getByText('it is very large').waitFor();
    await workbench.palette('Run RNN');
    await workbench.badge(/vanishing/i);
    await itemSays(workbench, /vanishing ×0\.500/);
  });

  scenario('paints the weather network with the numbers of an independent implementation', {}, async (workbench) => {
    await workbench.openFile('weather.rnn.json');
    assert.equal(await workbench.palette('Run RNN'), 'Run RNN');
    await workbench.badge(/vanishing/i);
    for (const t of [0, 12]) {
      await cursorTo(workbench, t);
      near(await tableValue(workbench, 'flow', t, /g/), expected.norms.dh[t] ?? NaN, 1e-5);
    }
    await workbench.webview().locator('[data-track=hiddenMap] canvas').first().waitFor();
    const said = workbench.log.filter(
      (line) => /Content Security Policy|rnnGradients.*[Ee]rror/.test(line) && /webview\/(?:main|parts\/)/.test(line),
    );
    assert.deepEqual(said, []);
  });

  scenario(
    'follows unsaved text, keeps the last picture while the text is broken, and tells the verdict at its edge',
    {},
    async (workbench) => {
      await workbench.openFile('vanishing.rnn.json');
      assert.equal(await item(workbench).count(), 0, 'nothing has run');
      await workbench.palette('Run RNN');
      await workbench.badge(/vanishing/i);
      await itemSays(workbench, /vanishing ×0\.500/);
      assert.match((await spoken(workbench)) ?? '', /^RNN gradient: vanishing, times 0\.500 per step back$/);
      assert.match((await item(workbench).getAttribute('class')) ?? '', /warning-kind/);
      await isNotToldAgain(workbench);

      await workbench.replaceInEditor('0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
      await workbench.badge(/exploding/i);
      assert.equal(await workbench.page.locator('.tab.dirty').count(), 1, 'nothing was saved');
      await lensSays(workbench, /exploding/);
      await itemSays(workbench, /exploding/);

      await workbench.replaceInEditor('1.75,  0.25', '1.75, oops,  0.25');
      await workbench
        .webview()
        .locator('.banner')
        .filter({ hasText: /last good run/i })
        .waitFor();
      await workbench.badge(/exploding/i);
      await lensSays(workbench, /exploding.*of the last good run/);
      await workbench.until('the mark of an old verdict', async () =>
        ((await spoken(workbench)) ?? '').endsWith('of the last good run'),
      );
      assert.doesNotMatch(
        (await item(workbench).getAttribute('class')) ?? '',
        /warning-kind/,
        'an old verdict is not coloured',
      );
      await workbench.until('a problem in the Problems panel', async () =>
        (await workbench.problems()).some(({ severity, text }) => severity === 'error' && text.includes('oops')),
      );

      await workbench.replaceInEditor(' oops,', '');
      await workbench
        .webview()
        .locator('.banner')
        .filter({ hasText: /last good run/i })
        .waitFor({ state: 'hidden' });
      await workbench.until('the verdict of the text', async () =>
        ((await spoken(workbench)) ?? '').endsWith('per step back'),
      );

      await workbench.openFile('weather/sequences.json');
      await item(workbench).waitFor({ state: 'hidden' });
      await workbench.openFile('vanishing.rnn.json');
      await itemSays(workbench, /exploding/);
      // Another tab covers the panel; the item brings it back.
      await workbench.page.locator('.tab').filter({ hasText: 'RNN: vanishing' }).click();
      await workbench.openFile('orthogonal.rnn.json');
      await workbench.page.locator('.tab').filter({ hasText: 'vanishing.rnn.json' }).click();
      await item(workbench).click();
      await workbench.badge(/exploding/i);
    },
  );

  scenario(
    'shows in the status bar that the next run takes long, and whose verdict it is then',
    {},
    async (workbench) => {
      await workbench.openFile('vanishing.rnn.json');
      await workbench.palette('Run RNN');
      await itemSays(workbench, /vanishing ×0\.500/);
      const spinner = item(workbench).locator('.codicon-sync');
      assert.equal(await spinner.count(), 0);
      writeFileSync(path.join(workbench.folder, 'vanishing', 'vanishing.rnn.json'), longConfig());
      await spinner.waitFor();
      await itemSays(workbench, /vanishing ×0\.500/);
      assert.doesNotMatch((await item(workbench).getAttribute('class')) ?? '', /warning-kind/, 'it may be past');
      await workbench.palette('RNN: Cancel the Run');
      await spinner.waitFor({ state: 'detached' });
      await workbench.until('the mark of an old verdict', async () =>
        ((await spoken(workbench)) ?? '').endsWith('of the last good run'),
      );
    },
  );

  longScenario('survives a reload, with text that is not saved', {}, async (workbench) => {
    await workbench.openFile('vanishing.rnn.json');
    await workbench.palette('Run RNN');
    await workbench.badge(/vanishing/i);
    await workbench.replaceInEditor('0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
    await workbench.badge(/exploding/i);
    await workbench.reload();
    await workbench.badge(/exploding/i);
  });

  longScenario(
    'runs a trained LSTM with its own loss, and tells which path of a step carries',
    {},
    async (workbench) => {
      await workbench.openFile('lstm.rnn.json');
      await workbench.palette('Run RNN');
      await workbench.badge(/vanishing/i);
      await workbench.webview().locator('.reason', { hasText: 'forget gate (through c)' }).waitFor();
      await workbench.webview().locator('.facts', { hasText: /^lstm/ }).waitFor();
    },
  );

  longScenario('follows a switch of the theme while it is open', {}, async (workbench) => {
    await workbench.openFile('orthogonal.rnn.json');
    await workbench.palette('Run RNN');
    await workbench.badge(/healthy/i);
    const text = (): Promise<string> =>
      workbench
        .webview()
        .locator('body')
        .evaluate((body) => getComputedStyle(body).color);
    const plot = (): Promise<string> =>
      workbench
        .webview()
        .locator('#track-flow-plot')
        .evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
    const painted = async (theme: 'Light Modern' | 'Dark Modern'): Promise<{ text: string; plot: string }> => {
      const before = await text();
      await workbench.setTheme(theme);
      await workbench.until('another text colour', async () => (await text()) !== before);
      return { text: await text(), plot: await plot() };
    };
    // A window may start in any theme.
    await workbench.setTheme('Light Modern');
    await workbench.until('dark text', async () => (await text()) === 'rgb(59, 59, 59)');
    let dark = await painted('Dark Modern');
    const light = await painted('Light Modern');
    assert.notEqual(light.text, dark.text);
    // Each theme has a picture of its own, however late the last of it came.
    await workbench.until('the same plot after another theme', async () => {
      const before = dark;
      dark = await painted('Dark Modern');
      const same = dark.plot === before.plot && dark.plot !== light.plot;
      if (!same) await painted('Light Modern');
      return same;
    });
  });

  longScenario('offers the configs of the workspace when nothing is open, and an example', {}, async (workbench) => {
    await workbench.palette('Run RNN');
    const choices = workbench.page.locator('.quick-input-list .monaco-list-row');
    await choices.filter({ hasText: 'weather.rnn.json' }).waitFor();
    await workbench.answer(/Create an example/, 'Create an example');
    await workbench.answer(/Exploding/, 'Exploding');
    await workbench.badge(/exploding/i);
  });

  longScenario(
    'runs a plain weights file on the sequences that are picked, and saves the pair as a config',
    {},
    async (workbench) => {
      const folder = path.join(workbench.folder, 'weather');
      const dialog = workbench.page.locator('.quick-input-widget');
      const name = dialog.locator('input[type="text"]').first();
      const save = async (typed: string, saved: string): Promise<void> => {
        await workbench.openFile('weather/weights.json');
        await workbench.palette('Run RNN');
        await workbench.answer(/sequences\.json/, 'sequences.json');
        await workbench.badge(/vanishing/i);
        await workbench.webview().locator('.pair').getByText('Save as config…').click();
        await workbench.until(
          'the suggested name',
          async () => (await name.inputValue()) === path.join(folder, 'weights.rnn.json'),
        );
        await name.fill(path.join(folder, typed));
        await dialog.getByText('OK', { exact: true }).click();
        await workbench.page.locator('.tab.active').filter({ hasText: saved }).waitFor();
        const text = readFileSync(path.join(folder, saved), 'utf8').replaceAll(/^\s*\/\/.*$/gm, '');
        assert.deepEqual(JSON.parse(text), {
          name: 'weights + sequences',
          dtype: 'float32',
          weights: 'weights.json',
          sequences: 'sequences.json',
          upstreamGradient: 'last',
        });
        await workbench.palette('View: Close All Editors');
      };
      await save('weights.rnn.json', 'weights.rnn.json');
      await save('pair', 'pair.rnn.json');
      await save('other.json', 'other.rnn.json');
      // Nobody has said that this one may be written over.
      writeFileSync(path.join(folder, 'kept.rnn.json'), '{}');
      await save('kept.json', 'kept.json');
      assert.equal(readFileSync(path.join(folder, 'kept.rnn.json'), 'utf8'), '{}');
    },
  );
});
