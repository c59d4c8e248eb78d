// A part of `npm run bench`: in windows that have just been opened, from Enter on `Run RNN` to the painted picture of
// `weather`, and what VS Code itself says that activating the extension took. Adds a section of its own to
// test/bench/RESULTS.md; --dry only prints it.
import { Workbench } from '../support/workbench.js';
import { addSection } from './results.js';

const windows = 9;
const title = '## The first picture of a window';
const targets = { painted: 500, activation: 30 };

/**
 * Runs in each window of the page: the second frame in which a verdict stands beside painted norms is told by its time
 * of day. A timer looks for it, because frames that wait are forgotten when VS Code writes a webview's document.
 */
function watch(): void {
  const looking = setInterval(() => {
    const verdict = document.querySelector('.badge')?.textContent ?? '';
    const norms = document.querySelector('canvas');
    if (verdict === '' || norms === null || norms.width === 0) return;
    clearInterval(looking);
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        document.documentElement.dataset['paintedAt'] = String(performance.timeOrigin + performance.now());
      }),
    );
  }, 5);
}

/** Milliseconds from Enter to the picture, and those that activating took, of a window that has just been opened. */
async function firstPicture(workbench: Workbench): Promise<{ painted: number; activation: number }> {
  const { page } = workbench;
  await workbench.openFile('weather/weather.rnn.json');
  await workbench.until('Run RNN in the palette', async () => (await workbench.offers('Run RNN'))[0] === 'Run RNN');
  await page.evaluate(() => {
    window.addEventListener(
      'keydown',
      (event) => {
        if (event.key === 'Enter')
          document.documentElement.dataset['pressedAt'] = String(performance.timeOrigin + event.timeStamp);
      },
      { capture: true, once: true },
    );
  });
  await page.keyboard.press('Enter');
  const html = workbench.webview().locator('html[data-painted-at]');
  await html.waitFor();
  const painted =
    Number(await html.getAttribute('data-painted-at')) -
    Number(await page.locator('html').first().getAttribute('data-pressed-at'));
  await workbench.palette('Developer: Show Running Extensions');
  const told = page.locator('.runtime-extensions-editor .extension', { hasText: 'RNN' }).locator('.activation-time');
  await told.waitFor();
  const text = await told.innerText();
  const activation = Number(/(\d+) ?ms/.exec(text)?.[1] ?? NaN);
  if (!Number.isFinite(activation)) throw new Error(`The running extensions tell no time of activation: ${text}`);
  return { painted, activation };
}

const found: { painted: number; activation: number }[] = [];
for (let i = 0; i < windows; i++) {
  const workbench = await Workbench.open({ alone: 'window' });
  try {
    await workbench.page.context().addInitScript(watch);
    found.push(await firstPicture(workbench));
  } finally {
    await workbench.close();
  }
}
const told = (name: 'painted' | 'activation'): string => {
  const sorted = found.map((one) => one[name]).toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(0);
  return `median ${at(0.5)} ms (target ${targets[name]}), best ${at(0)}, longest ${at(1)}`;
};
addSection(title, [
  `From Enter on \`Run RNN\` to the second frame that has the verdict and the norms of \`weather\`, the worker's ` +
    `start and its compilers included: ${told('painted')}. Activation, as VS Code tells it under Running Extensions: ` +
    `${told('activation')}. ${found.length} windows, one after the other, in the VS Code server with a headless ` +
    `browser that paints without a graphics card.`,
]);
