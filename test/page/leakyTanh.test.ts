// The reference case of the leaky tanh as a user meets it: a config with its weights in a file, on the page and in the
// report that the command line writes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Page } from 'playwright-core';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { reference } from '../unit/engine/fixtures.js';
import { computed, csvRows, cursorTo, nextFrames, painted, relativeError, side } from './support.js';

const {
  weights,
  xs,
  h0,
  dhs,
  shapes: { T, H },
  expected,
} = reference('leaky_tanh');
const config = {
  cell: 'leakyTanh',
  dtype: 'float64',
  weights: 'weights.json',
  sequences: 'sequences.json',
  initialState: h0,
  upstreamGradient: dhs,
};
const files = {
  'leaky.rnn.json': JSON.stringify(config),
  'weights.json': JSON.stringify(weights),
  'sequences.json': JSON.stringify(xs),
};
const near = (actual: string | undefined, wanted: number | undefined, what: string): void =>
  assert.ok(relativeError(Number(actual), wanted ?? NaN) < 1e-9, `${what}: ${actual} instead of ${wanted}`);

let pages: PageServer;
let folder = '';
let open: OpenPage;
before(async () => {
  pages = await startPages();
  folder = mkdtempSync(path.join(tmpdir(), 'rnn-gradients-leaky-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
  open = await pages.open({ height: 2600 });
  open.host.files = files;
  await open.host.run(files['leaky.rnn.json']);
  await painted(open);
});
after(async () => {
  await pages.close();
  rmSync(folder, { recursive: true });
});

/** What stands beside the tracks at step t. */
async function numbersAt(page: Page, t: number): Promise<void> {
  await cursorTo(page, t);
  near(await side(page, 'g'), expected.norms.dh[t], `‖g‖ at ${t}`);
  for (const name of ['dx', 'dWh', 'dWx', 'db', 'dalpha'] as const)
    near(await side(page, name), expected.norms[name]?.[t], `${name} at ${t}`);
}

describe('the leaky tanh', () => {
  it('has its numbers on the page: cursor, contributions, singular values, weights', async () => {
    for (const t of [0, 5, T - 1]) await numbersAt(open.page, t);
    const { head, rows } = await csvRows(open, 'contributions');
    assert.equal(head.at(-1), '‖dalpha_t‖');
    rows.forEach((row, t) => near(row.at(-1), expected.norms['dalpha']?.[t], `dalpha at ${t}`));
    await computed(open.page, 'jacobian');
    const jacobian = await csvRows(open, 'jacobian');
    jacobian.rows.forEach((row, t) => near(row[1], expected.spectrum.jacobianSigmaMax[t], `σ_max at ${t}`));
    const exponents = await csvRows(open, 'lyapunov', 'card');
    exponents.rows.forEach((row, i) => near(row[1], expected.spectrum.lyapunov?.[i] ?? NaN, `λ_${i + 1}`));
    assert.equal(exponents.rows.length, H);
    const card = open.page.locator('[data-card=weights]');
    await card.locator('vscode-dropdown').click();
    await card.locator('vscode-option[value=alpha]').click();
    await nextFrames(open.page);
    const pictured = await csvRows(open, 'weights', 'card');
    const [alpha, dalpha] = [weights['alpha'], expected['dalpha']] as [number[][], number[][]];
    pictured.rows.forEach((row, j) => {
      near(row[1], alpha[0]?.[j], `alpha of ${j}`);
      near(row[2], dalpha[0]?.[j], `dalpha of ${j}`);
    });
    assert.deepEqual(open.complaints, []);
    assert.deepEqual(open.host.sent.failed, []);
  });

  it('has them in the command line’s table, JSON and report', async () => {
    const [source, json, html] = ['leaky.rnn.json', 'out.json', 'out.html'].map((name) => path.join(folder, name));
    const args = ['dist/cli.js', 'run', source ?? '', '--json', json ?? '', '--html', html ?? ''];
    const printed = execFileSync(process.execPath, args, { encoding: 'utf8' });
    assert.match(printed, /\(leakyTanh, B 3, T 12, I 4, H 5, float64\)/);
    assert.match(printed, /\|dWx\| +\|dalpha\| +\|dx\|/);
    const result = JSON.parse(readFileSync(json ?? '', 'utf8')) as { readonly dalpha: number[][] };
    (expected['dalpha'] as number[][]).flat().forEach((value, j) => near(String(result.dalpha[0]?.[j]), value, 'JSON'));
    const report = await pages.openReport(html ?? '');
    await report.page.locator('[data-track=flow] canvas[data-plot]').waitFor();
    for (const t of [0, T - 1]) await numbersAt(report.page, t);
    assert.match(await report.page.locator('[data-card=unit]').innerText(), /dalpha \+=/);
    assert.deepEqual(report.complaints, []);
    await report.close();
  });
});
