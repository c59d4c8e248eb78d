// A part of `npm run bench`: from a key pressed in a config to the new picture on the screen, in a real VS Code with
// the panel open beside the text (B 8, T 100, H 64; weights and sequences in files). Adds a section of its own to
// test/bench/RESULTS.md; --dry only prints it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Workbench } from '../support/workbench.js';
import { addSection } from './results.js';

const [B, T, I, H] = [8, 100, 16, 64];
/** What the extension waits for the next key before it runs, ms: its setting's default. */
const debounce = 150;
const target = 60;
const edits = 40;
const title = '## From an edit to the painted picture';

/** The same numbers in every run, from a linear congruential generator, between −scale and scale. */
function numbers(scale: number): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Number(((state / 2 ** 31 - 1) * scale).toFixed(6));
  };
}
const matrix = (rows: number, columns: number, next: () => number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, next));

function makeWorkspace(): string {
  const folder = path.resolve('out/bench/latency');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const write = (name: string, text: string): void => writeFileSync(path.join(folder, name), text);
  // A spectral radius near 1: half of it is sqrt(H / 3) · scale.
  const next = numbers(0.21);
  write('weights.json', JSON.stringify({ Wx: matrix(I, H, next), Wh: matrix(H, H, next), b: matrix(1, H, next) }));
  write('sequences.json', JSON.stringify(Array.from({ length: B }, () => matrix(T, I, next))));
  write('latency.rnn.json', '{\n  "name": "n",\n  "weights": "weights.json",\n  "sequences": "sequences.json"\n}\n');
  return folder;
}

type Told = { readonly pressed: number[]; readonly painted: { readonly name: string; readonly at: number }[] };

/** Milliseconds from each key to the frame after the one that shows its run. */
async function measure(workbench: Workbench): Promise<number[]> {
  const { page } = workbench;
  await workbench.openFile('latency.rnn.json');
  await workbench.palette('Run RNN');
  const body = workbench.webview().locator('body');
  await body.locator('.badge').waitFor();
  // Both clocks count from the time of day: the frames live in one browser.
  await page.evaluate(() => {
    const told = { pressed: [] as number[] };
    Object.assign(window, { told });
    window.addEventListener('keydown', (event) => told.pressed.push(performance.timeOrigin + event.timeStamp), true);
  });
  await body.evaluate((element) => {
    const painted: Told['painted'][number][] = [];
    Object.assign(element, { painted });
    const name = element.querySelector('.run-name');
    if (name === null) throw new Error('The page shows no name of a run.');
    new MutationObserver(() => {
      const text = name.textContent;
      requestAnimationFrame(() =>
        requestAnimationFrame(() => painted.push({ name: text, at: performance.timeOrigin + performance.now() })),
      );
    }).observe(name, { childList: true, characterData: true, subtree: true });
  });
  await workbench.replaceInEditor('"name": "n', '');
  await page.keyboard.insertText('"name": "n');
  await page.waitForTimeout(2_000);

  const times: number[] = [];
  let name = 'n';
  for (let i = 0; i < edits; i++) {
    await page.evaluate(() => (window as unknown as { told: Told }).told.pressed.splice(0));
    const key = String(i % 10);
    name += key;
    await page.keyboard.press(key);
    await body
      .locator('.run-name')
      .filter({ hasText: new RegExp(`^${name}$`) })
      .waitFor();
    await page.waitForTimeout(300);
    const [pressed] = await page.evaluate(() => (window as unknown as { told: Told }).told.pressed);
    const shown = (await body.evaluate((element) => (element as unknown as Told).painted)).find(
      (one) => one.name === name,
    );
    if (pressed !== undefined && shown !== undefined) times.push(shown.at - pressed);
  }
  return times;
}

const workbench = await Workbench.open({
  workspace: makeWorkspace(),
  settings: {
    'editor.autoClosingQuotes': 'never',
    'editor.autoSurround': 'never',
    'editor.quickSuggestions': { strings: 'off', other: 'off' },
  },
});
let times: number[];
try {
  times = await measure(workbench);
} finally {
  await workbench.close();
}
if (times.length < edits / 2) throw new Error(`Only ${times.length} of ${edits} edits were seen on the screen.`);
const sorted = times.toSorted((a, b) => a - b);
const at = (share: number): number => (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN) - debounce;
const sentence =
  `From a key in the config to the second frame after the new run's summary is in the page, less the ` +
  `${debounce} ms of waiting for the next key: median ${at(0.5).toFixed(0)} ms ` +
  `(target ${target}), best ${at(0).toFixed(0)}, ninth decile ${at(0.9).toFixed(0)}; ${sorted.length} edits, B ` +
  `${B}, T ${T}, I ${I}, H ${H}, in the VS Code server with a headless browser that paints without a graphics ` +
  `card.`;
addSection(title, [sentence]);
