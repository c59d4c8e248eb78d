// The page in Korean: every word of it, where it stands, and that it fits.
import { choose } from '../support/menus.js';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { englishWords, korean } from '../support/languages.js';
import { startPages } from '../support/page.js';
import type { GroupId } from '../../webview/page/groups.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { weatherConfig } from '../support/experiments.js';
import { violationsOf } from './axe.js';
import { nextFrames, painted } from './support.js';

let pages: PageServer;
before(async () => {
  pages = await startPages();
});
after(() => pages.close());

/** Keeps what is written on canvases: their text is no part of the document. */
const keepPaintedText = ({ page }: OpenPage): Promise<void> =>
  page.evaluate(() => {
    const kept = new Set<string>();
    (window as unknown as { paintedText: Set<string> }).paintedText = kept;
    const { prototype } = CanvasRenderingContext2D;
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called below on the context that it is asked for
    const { fillText } = prototype;
    prototype.fillText = function (...args) {
      kept.add(args[0]);
      fillText.apply(this, args);
    };
  });

/**
 * Everything that can be read or heard on the page, with where it stands. Names that the user gave, and the titles of
 * papers, stay as they are.
 */
const spoken = ({ page }: OpenPage): Promise<string[]> =>
  page.evaluate(() => {
    const out: string[] = [];
    const own = '.run-name, .help-source, .help-formula, script, style, #l10n';
    for (const element of document.querySelectorAll<HTMLElement>('body, body *')) {
      if (element.closest(own) !== null) continue;
      for (const name of ['title', 'aria-label', 'placeholder', 'alt', 'aria-valuetext']) {
        const value = element.getAttribute(name);
        if (value !== null) out.push(value);
      }
      for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) out.push(node.textContent ?? '');
    }
    return [...out, ...((window as unknown as { paintedText?: Set<string> }).paintedText ?? [])];
  });

const english = async (open: OpenPage): Promise<string[]> => [
  ...new Set(
    (await spoken(open))
      .map((text) => text.replaceAll('tanh RNN on daily weather', ''))
      .filter((text) => englishWords(text).length > 0),
  ),
];

/** So high that every view is in sight: those that are not wait with their analyses. */
const whole = 6_000;

async function openKorean(width: number, height: number, group: GroupId = 'all'): Promise<OpenPage> {
  const open = await pages.open({ group, width, height, language: korean() });
  await keepPaintedText(open);
  return open;
}

async function shown(open: OpenPage): Promise<void> {
  await open.host.run(weatherConfig({ clip: { norm: 1 }, truncate: 40 }));
  await painted(open);
  await open.page.waitForFunction(() => !(document.querySelector('main')?.textContent ?? '').includes('계산 중'));
  await nextFrames(open.page);
}

describe('the page in Korean', () => {
  it('says so to screen readers and search', async () => {
    const open = await openKorean(1200, 980);
    assert.equal(await open.page.locator('html').getAttribute('lang'), 'ko');
    await open.close();
  });

  it('holds no English word before the first run, with problems, and with a stale picture', async () => {
    const open = await openKorean(1200, 980);
    await open.page.locator('.blank h2').waitFor();
    assert.deepEqual(await english(open), []);
    open.host.sendStatus({
      running: { runId: 1, phase: 'read', fraction: 0.5 },
      problems: [
        { index: 0, severity: 'error', place: 'a:1:1', text: '문제' },
        { index: 1, severity: 'warning', place: 'a:2:1', text: '문제' },
      ],
    });
    await open.page.locator('.running').waitFor();
    assert.deepEqual(
      (await english(open)).filter((text) => text !== 'test'),
      [],
    );
    await open.close();
  });

  it('has no space before the percent sign of what it measures', async () => {
    const open = await openKorean(1200, whole);
    await shown(open);
    const percents = (await spoken(open)).filter((text) => /\d ?%/.test(text));
    assert.ok(percents.length > 5, percents.join(' | '));
    assert.deepEqual(
      percents.filter((text) => /\d %/.test(text)),
      [],
    );
    await open.close();
  });

  it('keeps the name of a field whenever it enters the page', async () => {
    const open = await openKorean(1200, 980);
    const names = await open.page
      .locator('vscode-text-field')
      .first()
      .evaluate(async (field) => {
        const before = field.getAttribute('aria-label');
        const { parentElement: parent, nextSibling: next } = field;
        field.remove();
        parent?.insertBefore(field, next);
        await new Promise((resolve) => setTimeout(resolve, 0));
        return [before, field.getAttribute('aria-label')];
      });
    assert.notEqual(names[0], null);
    assert.equal(names[1], names[0]);
    await open.close();
  });

  it('holds no English word in any view, help sheet, table, summary or painted text', async () => {
    const open = await openKorean(1200, whole);
    const { page } = open;
    await shown(open);
    for (const fold of await page.locator('.track.folded .fold').all()) await fold.click();
    const menus = await page.locator(':is(.track, .card):visible .actions .more').all();
    for (const menu of menus) {
      await menu.click();
      await page.locator('.popover .menu').waitFor();
      assert.deepEqual(await english(open), []);
      const table = page.locator('.popover [role=menuitemcheckbox]');
      if ((await table.count()) > 0) await table.click();
      else await page.keyboard.press('Escape');
      await page.locator('.popover').waitFor({ state: 'detached' });
    }
    await page.locator('.twin tbody tr').first().waitFor();
    // A new theme paints everything anew.
    await open.setTheme('light');
    await nextFrames(page);
    assert.deepEqual(await english(open), []);
    for (const menu of menus) {
      await menu.click();
      await page.locator('.popover [role^=menuitem]').last().click();
      await page.locator('.popover .help-source').waitFor();
      assert.deepEqual(await english(open), []);
      await page.keyboard.press('Escape');
    }
    await page.locator('.bar vscode-button', { hasText: '가정해 보기…' }).click();
    await choose(page, '.bar', '실행 고정');
    await nextFrames(page);
    assert.deepEqual(await english(open), []);
    await page.locator('.bar .more').click();
    assert.deepEqual(await english(open), []);
    await page.keyboard.press('Escape');
    await page.keyboard.press('/');
    await page.locator('.popover .jump').waitFor();
    assert.deepEqual(await english(open), []);
    await page.keyboard.press('Escape');
    await open.close();
  });

  it('tells the verdict in Korean sentences', async () => {
    const open = await openKorean(1200, 980, 'overview');
    await shown(open);
    assert.equal(await open.page.locator('.badge').textContent(), '기울기 소실');
    assert.match((await open.page.locator('.reason').textContent()) ?? '', /한 스텝 되돌아갈 때마다 \d+%만 남습니다/);
    await open.close();
  });

  it('tells the time of a version as Korean does', async () => {
    const open = await openKorean(1200, 980, 'history');
    const config = JSON.parse(weatherConfig()) as object;
    for (const upstreamGradient of ['last', 'every'])
      await open.host.run(JSON.stringify({ ...config, upstreamGradient }));
    const told = open.page.locator('.version-told', { hasText: '버전 2/2' });
    assert.match((await told.textContent()) ?? '', /^버전 2\/2, 오[전후] \d+:\d\d:\d\d · /);
    await open.close();
  });

  it('cuts nothing off in a narrow panel', async () => {
    const open = await openKorean(420, 2 * whole);
    await shown(open);
    const tooWide = await open.page.evaluate(() =>
      [
        ...document.querySelectorAll(
          '.head *, .bar-actions > *, .toolbar > *, .track-head, .legend > *, .side .pairs *, .plot, .player > *',
        ),
      ]
        .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
        .map((element) => element.outerHTML.slice(0, 80)),
    );
    assert.deepEqual(tooWide, []);
    assert.equal(await open.page.evaluate(() => document.documentElement.scrollWidth), 420);
    await open.close();
  });

  it('has no serious accessibility fault', async () => {
    const open = await openKorean(1200, whole);
    await shown(open);
    assert.deepEqual(await violationsOf(open.page), []);
    await open.close();
  });
});
