// The hidden states' further views, against the reference's states.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { configOf, referenceCase } from '../support/experiments.js';
import { csvRows, nextFrames, painted } from './support.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ height: 1600 });
});
after(() => pages.close());

const reference = referenceCase('saturated');
const { B, T, H } = reference.shapes;
const hs = reference.expected.hs;

it("pre-activations are folded until asked for, and are atanh of the reference's states", async () => {
  await open.host.run(configOf(reference));
  await painted(open);
  assert.equal(await open.page.locator('[data-track=preActivation] .plot').isVisible(), false);
  await open.page.locator('[data-track=preActivation] .fold').click();
  await open.page.locator('#track-preActivation-plot[data-plot]').waitFor();
  const { head, rows } = await csvRows(open, 'preActivation');
  assert.equal(head[1], 'z_unit0');
  assert.equal(rows.length, T);
  let checked = 0;
  rows.forEach(([t, ...values]) =>
    values.forEach((z, unit) => {
      const h = hs[0]?.[Number(t)]?.[unit] ?? NaN;
      // Nearer to 1, the state has lost the digits of z.
      if (Math.abs(h) > 0.999999) assert.ok(Math.abs(Number(z)) > 7);
      else {
        assert.ok(Math.abs(Number(z) - Math.atanh(h)) < 1e-8 * Math.max(1, 1 / (1 - h * h)), `t ${t} unit ${unit}`);
        checked++;
      }
    }),
  );
  assert.ok(checked > 10);
});

it('rows can be sorted by saturation: the first is the most saturated unit', async () => {
  const { page } = open;
  await page.locator('vscode-dropdown[aria-label="Rows: order of the units"]').click();
  await page.locator('vscode-option[value=saturation]').click();
  await nextFrames(page);
  await page.waitForTimeout(100);
  const saturation = Array.from(
    { length: H },
    (_, unit) =>
      (hs[0] ?? []).filter((h) => Math.abs(h[unit] ?? 0) > 0.97).length +
      (hs[0] ?? []).reduce((sum, h) => sum + (Math.abs(h[unit] ?? 0) > 0.97 ? 0 : 1e-6 * Math.abs(h[unit] ?? 0)), 0),
  );
  const most = saturation.indexOf(Math.max(...saturation));
  await page
    .locator('vscode-text-field input')
    .first()
    .fill(String((most + 1) % H));
  await page.keyboard.press('Enter');
  const box = await page.locator('#track-hiddenMap-plot').boundingBox();
  assert.ok(box !== null);
  await page.mouse.click(box.x + 300, box.y + 7 + (0.5 / H) * (box.height - 14));
  await page.locator('[data-track=units] .chip', { hasText: `unit ${most}` }).waitFor();
});

it("the spread counts the reference's states", async () => {
  const { rows } = await csvRows(open, 'spread');
  assert.equal(rows.length, T);
  rows.forEach(([t, ...shares]) =>
    shares.forEach((share, bin) => {
      const count = hs
        .flatMap((steps) => steps[Number(t)] ?? [])
        .filter((h) => Math.min(9, Math.floor(((h + 1) / 2) * 10)) === bin).length;
      assert.ok(Math.abs(Number(share) - count / (B * H)) < 1e-6, `t ${t} bin ${bin}: ${share}`);
    }),
  );
});
