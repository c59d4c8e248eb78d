// A part of `npm run bench`: how long the extension host's event loop is held up in one go while somebody types in a
// config that holds 5 MB of weights, in a real VS Code with the preview open beside it, and in the same text where it
// is no config, which nobody here looks at. Adds a section of its own to test/bench/RESULTS.md; --dry only prints it,
// --profile leaves a profile of the extension host in out/bench/hostLoop.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Workbench } from '../support/workbench.js';
import { addSection } from './results.js';

const H = 500;
const keys = 60;
const folder = path.resolve('out/bench/hostLoop');

type Measured = {
  readonly longest: number;
  readonly percentile99: number;
  readonly turns: readonly { readonly ms: number }[];
};

function configOf(lineBreak: string): string {
  const number = (n: number): string => (((n * 2654435761) % 2 ** 32) / 2 ** 32 - 0.5).toFixed(16);
  const row = (i: number): string => `      [${Array.from({ length: H }, (_, j) => number(i * H + j)).join(', ')}]`;
  const rows = Array.from({ length: H }, (_, i) => row(i)).join(',\n');
  return (
    `{\n  "name": "n",\n  "weights": {\n    "Wx": [\n${row(0)}\n    ],\n    "Wh": [\n${rows}\n    ],\n    "b": ` +
    `${row(1).trim()}\n  },\n  "sequences": [[[1], [2]]]\n}\n`
  ).replaceAll('\n', lineBreak);
}

/** `name`: of the file; with the preview beside it when it is a config. */
async function measure(
  form: string,
  text: string,
  name = 'large.rnn.json',
): Promise<{ readonly line: string; readonly size: number }> {
  const [workspace, told] = [path.join(folder, form, 'workspace'), path.join(folder, form, 'told')];
  for (const made of [workspace, told]) mkdirSync(made, { recursive: true });
  writeFileSync(path.join(workspace, name), text);
  const isConfig = name.endsWith('.rnn.json');
  const env = {
    NODE_OPTIONS: `--require ${path.resolve('test/bench/hostProbe.cjs')}`,
    RNN_BENCH_FOLDER: told,
    ...(process.argv.includes('--profile') ? { RNN_BENCH_PROFILE: '1' } : {}),
  };
  const workbench = await Workbench.open({
    workspace,
    env,
    settings: {
      'editor.autoClosingQuotes': 'never',
      'editor.quickSuggestions': { strings: 'off', other: 'off' },
      'editor.largeFileOptimizations': true,
    },
  });
  const { page } = workbench;
  try {
    await workbench.openFile(name);
    if (isConfig) {
      await workbench.palette('RNN: Open Gradient Preview to the Side');
      await workbench.webview().locator('.badge').waitFor();
    }
    await workbench.replaceInEditor('"name": "n', '');
    await page.keyboard.insertText('"name": "n');
    await page.waitForTimeout(3_000);
    writeFileSync(path.join(told, 'start'), '');
    await page.waitForTimeout(500);
    let typed = 'n';
    for (let i = 0; i < keys; i++) {
      await page.keyboard.press(String(i % 10));
      typed += String(i % 10);
      await page.waitForTimeout(i % 15 === 14 ? 700 : 60);
    }
    if (isConfig)
      await page
        .locator('.tab')
        .filter({ hasText: `RNN preview: ${typed}` })
        .waitFor();
    await page.waitForTimeout(1_000);
    writeFileSync(path.join(told, 'stop'), '');
    await workbench.until('what the extension host tells', () =>
      Promise.resolve(existsSync(path.join(told, 'host.json'))),
    );
    await page.waitForTimeout(1_000);
  } finally {
    await workbench.close();
  }
  const { longest, percentile99, turns } = JSON.parse(readFileSync(path.join(told, 'host.json'), 'utf8')) as Measured;
  const most = turns.reduce((least, { ms }) => Math.max(least, ms), 0);
  return {
    size: text.length,
    line:
      `| ${form} | ${longest.toFixed(1)} | ${percentile99.toFixed(1)} | ${most.toFixed(1)} | ` +
      `${turns.filter(({ ms }) => ms > 20).length} |`,
  };
}

rmSync(folder, { recursive: true, force: true });
const measured = [
  await measure('in rows', configOf('\n')),
  await measure('in rows, no config', configOf('\n'), 'large.json'),
  await measure('on one line', configOf(' ')),
  await measure('on one line, no config', configOf(' '), 'large.json'),
];
addSection('## The extension host while somebody types', [
  `${keys} keys into the name of a config that holds ${((measured[0]?.size ?? 0) / 1e6).toFixed(1)} MB of ` +
    `weights, with the preview open, and into the same text as a file that is no config: what VS Code itself ` +
    `takes. The first two are milliseconds of the clock, in which everything else on the machine counts; the ` +
    `last two are processor time of the host's own thread in one turn of its event loop.`,
  '',
  '| weights | longest block ms | 99th percentile ms | longest turn ms | turns above 20 ms |',
  '|---|---|---|---|---|',
  ...measured.map(({ line }) => line),
]);
