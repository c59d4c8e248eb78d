// `npm run soak [-- --minutes 30]`: a real VS Code in which a training script rewrites the weights five times a second
// while somebody types in the config and drags the sliders of "What if". What the extension host, its worker threads
// and the window hold after garbage collections is sampled all the way; the medians of the first and the last fifth
// (after a warm-up) are printed, and growth of more than 10 % ends it with exit code 1. What the panel holds is what
// the window holds beyond what is left of it when the panel is closed, which it is after the warm-up and at the end.
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Workbench } from '../support/workbench.js';

const flag = process.argv.indexOf('--minutes');
const minutes = flag < 0 ? 30 : Number(process.argv[flag + 1]);
if (!(minutes > 0)) throw new Error('--minutes takes a number above 0.');
/** Caches fill and code is compiled before memory is steady. */
const warmUp = Math.min(5, minutes / 4) * 60_000;
const mostGrowth = 0.1;

const folder = path.resolve('out/soak');
const workspace = path.join(folder, 'workspace');
const samples = path.join(folder, 'samples');
await rm(folder, { recursive: true, force: true });
for (const made of [workspace, samples]) await mkdir(made, { recursive: true });

const [B, T, I, H] = [8, 100, 16, 64];
const matrix = (rows: number, columns: number, scale: number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => (Math.random() * 2 - 1) * scale));
const weights = (): string =>
  JSON.stringify({ Wx: matrix(I, H, 0.1), Wh: matrix(H, H, 0.1 + 0.15 * Math.random()), b: matrix(1, H, 0.1) });
await writeFile(path.join(workspace, 'weights.json'), weights());
await writeFile(
  path.join(workspace, 'sequences.json'),
  JSON.stringify(Array.from({ length: B }, () => matrix(T, I, 1))),
);
await writeFile(
  path.join(workspace, 'soak.rnn.json'),
  '{\n  "weights": "weights.json",\n  "sequences": "sequences.json",\n  "clip": { "norm": 1.0 }\n}\n',
);

const workbench = await Workbench.open({
  workspace,
  settings: { 'editor.autoClosingQuotes': 'never', 'editor.autoSurround': 'never' },
  env: { NODE_OPTIONS: `--require ${path.resolve('test/soak/probe.cjs')}`, RNN_SOAK_FOLDER: samples },
});
const { page } = workbench;
const end = Date.now() + minutes * 60_000;

/** As a training script does: a new file under another name, then renamed over the old one. */
async function train(): Promise<number> {
  const target = path.join(workbench.folder, 'weights.json');
  let versions = 0;
  for (; Date.now() < end; versions++) {
    await writeFile(`${target}.new`, weights());
    await rename(`${target}.new`, target);
    await page.waitForTimeout(200);
  }
  return versions;
}

/** Types a digit where the cursor stands, behind the clip's norm, and takes it back. */
async function type(seconds: number): Promise<number> {
  await page.locator('.editor-group-container').first().locator('.tab.active').click();
  let edits = 0;
  for (const until = Date.now() + seconds * 1000; Date.now() < until; edits += 2) {
    await page.keyboard.type(String(1 + Math.floor(Math.random() * 9)));
    await page.waitForTimeout(250);
    await page.keyboard.press('Backspace');
    await page.waitForTimeout(250);
  }
  return edits;
}

/** Drags a slider of the what-ifs to and fro with the mouse. */
async function drag(seconds: number): Promise<number> {
  const slider = workbench.webview().locator('[data-measure=spectralRadius] input[type=range]:enabled');
  await slider.waitFor();
  const box = await slider.boundingBox();
  if (box === null) throw new Error('The slider of the spectral radius is not on the screen.');
  let moves = 0;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  for (const until = Date.now() + seconds * 1000; Date.now() < until; moves++) {
    await page.mouse.move(box.x + box.width * (0.5 + 0.45 * Math.sin(moves / 10)), box.y + box.height / 2);
    await page.waitForTimeout(30);
  }
  await page.mouse.up();
  return moves;
}

const windowSamples: { readonly at: number; readonly heapUsed: number; readonly nodes: number }[] = [];
const devTools = await page.context().newCDPSession(page);
async function sampleWindow(): Promise<(typeof windowSamples)[number]> {
  await devTools.send('HeapProfiler.collectGarbage');
  const { usedSize } = await devTools.send('Runtime.getHeapUsage');
  const { nodes } = await devTools.send('Memory.getDOMCounters');
  return { at: Date.now(), heapUsed: usedSize, nodes };
}

async function openPanel(): Promise<void> {
  await workbench.openFile('soak.rnn.json');
  await workbench.palette('Run RNN');
  await workbench.badge(/\w/);
  await workbench.replaceInEditor('"norm": 1.0', '"norm": 1.0');
  await workbench.webview().locator('[aria-controls=whatif]').click();
}

/**
 * What the window holds without the panel, which closing it leaves. The config stays open: what can be undone in it is
 * the editor's.
 */
async function closePanel(): Promise<(typeof windowSamples)[number]> {
  await page.locator('.tab').filter({ hasText: 'RNN: ' }).click({ button: 'middle' });
  await page.locator('iframe.webview').waitFor({ state: 'detached' });
  await page.waitForTimeout(3000);
  return sampleWindow();
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const grown: string[] = [];

/** Prints the medians of the first and last fifth of what was sampled after the warm-up. */
function report(
  name: string,
  at: readonly number[],
  values: readonly number[],
  format: (value: number) => string,
): void {
  const kept = values.filter((_, i) => (at[i] ?? 0) > started + warmUp);
  const fifth = Math.floor(kept.length / 5);
  if (fifth === 0) {
    // A thread that has ended holds nothing; what lives to the end has to be measured.
    const ended = (at.at(-1) ?? 0) < end - 60_000;
    console.log(`${name}: ${ended ? 'ended' : 'too few samples'} (${values.length})`);
    if (!ended) grown.push(name);
    return;
  }
  const [first, last] = [median(kept.slice(0, fifth)), median(kept.slice(-fifth))];
  const growth = last / first - 1;
  if (growth > mostGrowth) grown.push(name);
  console.log(
    `${name}: ${format(first)} → ${format(last)} ` +
      `(${growth < 0 ? '−' : '+'}${Math.abs(100 * growth).toFixed(1)} %, ${kept.length} samples)`,
  );
}

const megabytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MB`;

const started = Date.now();
let edits = 0;
let moves = 0;
const alone: (typeof windowSamples)[number][] = [];
try {
  await openPanel();
  const training = train();
  // What ends the soak early is told, and not that nothing is left to train for.
  training.catch(() => undefined);
  const use = async (until: number): Promise<void> => {
    while (Date.now() < until) {
      edits += await type(10);
      moves += await drag(10);
      windowSamples.push(await sampleWindow());
    }
  };
  await use(started + warmUp);
  alone.push(await closePanel());
  await openPanel();
  await use(end);
  const versions = await training;
  alone.push(await closePanel());
  console.log(
    `${minutes} minutes: the weights rewritten ${versions} times, ${edits} edits typed, a slider moved ${moves} times.`,
  );
} finally {
  await workbench.close();
}

const [early, late] = [alone[0]!, alone[1]!];
/** Of the window without the panel at a time between. */
const others = (at: number): number =>
  early.heapUsed + ((late.heapUsed - early.heapUsed) * (at - early.at)) / (late.at - early.at);
console.log(
  `The window without the panel: ${megabytes(early.heapUsed)} after the warm-up, ${megabytes(late.heapUsed)} ` +
    `at the end.`,
);
report(
  'panel, JavaScript heap',
  windowSamples.map(({ at }) => at),
  windowSamples.map(({ at, heapUsed }) => heapUsed - others(at)),
  megabytes,
);
report(
  'window, JavaScript heap',
  windowSamples.map(({ at }) => at),
  windowSamples.map(({ heapUsed }) => heapUsed),
  megabytes,
);
report(
  'window, DOM nodes',
  windowSamples.map(({ at }) => at),
  windowSamples.map(({ nodes }) => nodes),
  String,
);
type Sample = { readonly at: number; readonly heapUsed: number; readonly arrayBuffers: number; readonly rss: number };
for (const file of (await readdir(samples)).sort()) {
  const lines = (await readFile(path.join(samples, file), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Sample);
  const name = path.basename(file, '.jsonl');
  const at = lines.map((line) => line.at);
  report(
    `${name}, heap`,
    at,
    lines.map(({ heapUsed }) => heapUsed),
    megabytes,
  );
  report(
    `${name}, array buffers`,
    at,
    lines.map(({ arrayBuffers }) => arrayBuffers),
    megabytes,
  );
  if (name.endsWith('host'))
    report(
      `${name}, resident`,
      at,
      lines.map(({ rss }) => rss),
      megabytes,
    );
}
if (grown.length > 0) console.log(`Not measured, or grown by more than ${100 * mostGrowth} %: ${grown.join('; ')}.`);
process.exitCode = grown.length > 0 ? 1 : 0;
