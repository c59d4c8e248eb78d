// `npm run notebook`: show_gradients.py called with torch itself. Each output is read as the host reads it, and what
// the engine computes of it (in plain arithmetic and through the kernels) is held against torch's autograd.
//   -- --renew   also writes test/fixtures/notebook/torch.json, a few of the calls, which the unit tests read
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { describeProblem } from '../../src/config/index.js';
import { allowed, distances, readOpened, readOutput } from '../support/notebookOutputs.js';
import type { Displayed, TorchCase } from '../support/notebookOutputs.js';
import { kernelsOf, variants } from '../unit/wasm/support.js';

const script = path.resolve('test/notebook/torch_cases.py');
const fixture = 'test/fixtures/notebook/torch.json';
const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import torch, numpy']).status === 0,
);
if (python === undefined) {
  console.log('No python3 with torch and numpy is here: nothing was tried.');
  process.exit(2);
}

const folder = mkdtempSync(path.join(tmpdir(), 'rnn-torch-'));
try {
  const { status } = spawnSync(python, [script, folder], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) throw new Error(`${script} ended with exit code ${status}.`);
  const read = (name: string): Buffer => readFileSync(path.join(folder, name));
  const { torch, cases, projected } = JSON.parse(read('cases.json').toString()) as {
    readonly torch: string;
    readonly cases: readonly TorchCase[];
    readonly projected: Displayed;
  };
  const ways = [null, ...variants.map((variant) => kernelsOf(variant))];
  const worst = { float32: 0, float64: 0 };
  const wrong: string[] = [];
  for (const one of cases)
    for (const kernels of ways) {
      const told = await distances(one, kernels, read).catch((error: unknown) => error as Error);
      if (told instanceof Error) {
        wrong.push(`${one.name}: ${told.message}`);
        break;
      }
      const far = Math.max(...told.values());
      worst[one.dtype] = Math.max(worst[one.dtype], far);
      const off = [...told].filter(([, distance]) => !(distance <= allowed[one.dtype]));
      if (off.length > 0)
        wrong.push(`${one.name}: ${off.map(([name, d]) => `${name} ${d.toExponential(1)}`).join(', ')}`);
    }
  for (const { name, output } of cases) {
    const opened = await readOpened(output);
    if (opened === null) continue;
    const { experiment } = await readOutput(output);
    if (!isDeepStrictEqual({ ...opened.experiment, name: '' }, { ...experiment, name: '' }))
      wrong.push(`${name}: the files of "Open in Panel" hold another experiment`);
  }
  const { experiment, problems } = await readOutput(projected);
  if (experiment === null) console.log(problems.map((problem) => describeProblem(problem)).join('\n'));
  else wrong.push('an LSTM with proj_size was not refused');
  for (const line of wrong) console.log(line);
  console.log(
    `${cases.length} calls of torch ${torch}, each ${ways.length} ways: ${wrong.length} wrong; farthest ` +
      `${worst.float32.toExponential(1)} (float32), ${worst.float64.toExponential(1)} (float64)`,
  );
  process.exitCode = wrong.length > 0 ? 1 : 0;
  if (process.argv.includes('--renew') && wrong.length === 0) {
    const kept = cases.filter(({ call }) => call !== null);
    mkdirSync(path.dirname(fixture), { recursive: true });
    const lines = kept.map((one) => `  ${JSON.stringify(one)}`).join(',\n');
    writeFileSync(
      fixture,
      `{\n"torch": "${torch}",\n"projected": ${JSON.stringify(projected)},\n"cases": [\n${lines}\n]\n}\n`,
    );
    console.log(`${kept.length} of them are now ${fixture}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}
