// A part of `npm run bench`: in windows that have just been opened, from Enter on `Run RNN` to the painted picture of
// `weather`, beside what a panel takes that has nothing to do but to be there, and what VS Code itself says that
// activating the extension took. Adds a section of its own to test/bench/RESULTS.md; --dry only prints it.
import path from 'node:path';
import { Workbench } from '../support/workbench.js';
import type { WorkbenchOptions } from '../support/workbench.js';
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
    if (verdict === '' || document.querySelector('canvas[data-plot]') === null) return;
    clearInterval(looking);
    requestAnimationFrame(() =>
      requestAnimationFrame(() => {
        document.documentElement.dataset['paintedAt'] = String(performance.timeOrigin + performance.now());
      }),
    );
  }, 5);
}

/** Milliseconds from Enter on a command to what it paints, in a window that has just been opened. */
async function painted(workbench: Workbench, command: string): Promise<number> {
  const { page } = workbench;
  await workbench.openFile('weather/weather.rnn.json');
  await workbench.until(`${command} in the palette`, async () => (await workbench.offers(command))[0] === command);
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
  return (
    Number(await html.getAttribute('data-painted-at')) -
    Number(await page.locator('html').first().getAttribute('data-pressed-at'))
  );
}

/** Milliseconds that activating the extension took. */
async function activationOf(workbench: Workbench): Promise<number> {
  const { page } = workbench;
  await workbench.palette('Developer: Show Running Extensions');
  const told = page.locator('.runtime-extensions-editor .extension', { hasText: 'RNN' }).locator('.activation-time');
  await told.waitFor();
  const text = await told.innerText();
  const activation = Number(/(\d+) ?ms/.exec(text)?.[1] ?? NaN);
  if (!Number.isFinite(activation)) throw new Error(`The running extensions tell no time of activation: ${text}`);
  return activation;
}

const found = { painted: [] as number[], activation: [] as number[], empty: [] as number[] };
async function inWindow(options: WorkbenchOptions, measure: (workbench: Workbench) => Promise<void>): Promise<void> {
  const workbench = await Workbench.open({ ...options, alone: 'window' });
  try {
    await workbench.page.context().addInitScript(watch);
    await measure(workbench);
  } finally {
    await workbench.close();
  }
}
for (let i = 0; i < windows; i++) {
  await inWindow({}, async (workbench) => {
    found.painted.push(await painted(workbench, 'Run RNN'));
    found.activation.push(await activationOf(workbench));
  });
  await inWindow({ instead: path.resolve('test', 'bench', 'emptyPanel') }, async (workbench) => {
    found.empty.push(await painted(workbench, 'Open Empty Panel'));
  });
}
const told = (name: keyof typeof found): string => {
  const sorted = found[name].toSorted((a, b) => a - b);
  const at = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(0);
  const target = name === 'empty' ? '' : ` (target ${targets[name]})`;
  return `median ${at(0.5)} ms${target}, best ${at(0)}, longest ${at(1)}`;
};
addSection(title, [
  `From Enter on \`Run RNN\` to the second frame that has the verdict and the norms of \`weather\`, the worker's ` +
    `start and its compilers included: ${told('painted')}. The same of a panel that shows one word, by an extension ` +
    `of ten lines: ${told('empty')}. Activation, as VS Code tells it under Running Extensions: ` +
    `${told('activation')}. ${windows} windows each, in turns, in the VS Code server with a headless browser that ` +
    `paints without a graphics card.`,
]);
