// An analysis that fails says so and can be asked for again.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { ringConfig } from '../support/experiments.js';
import { computed, csvRows, nextFrames, painted } from './support.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ height: 3600 });
});
after(() => pages.close());

const places = [
  '[data-track=jacobian] .failed',
  '[data-track=product] .failed',
  '[data-track=attribution] .failed',
  '[data-track=sources] .failed',
  '[data-card=reach] .note:not(.gathering)',
];
const analyses = ['jacobians', 'attribution', 'attributionRow', 'reach'];

async function fails(rho: number): Promise<void> {
  for (const name of analyses) open.host.lost.add(name);
  await open.host.run(ringConfig(rho, 4, 60, { dtype: 'float64', upstreamGradient: 'every' }));
  await open.page.locator('.run-name', { hasText: `ring ${rho}` }).waitFor();
  await painted(open);
  for (const place of places)
    await open.page.locator(place, { hasText: 'Could not be computed: The engine stopped.' }).waitFor();
  open.host.lost.clear();
}

it('says that it could not be computed, and why, instead of computing for ever', async () => {
  await fails(0.9);
  for (let i = 0; i < 3; i++) await nextFrames(open.page);
  const formulas = await open.page.locator('.track .formula').allInnerTexts();
  assert.ok(!formulas.some((text) => text.includes('computing')), formulas.join(' | '));
  assert.ok(!(await open.page.locator('[data-card=reach]').innerText()).includes('Being computed'));
});

it('is there after it was tried again', async () => {
  const { page } = open;
  // One question answers both tracks of the Jacobians.
  for (const place of places.filter((name) => !name.includes('product')))
    await page.locator(place).getByRole('button', { name: 'Ask for this analysis again' }).click();
  for (const place of places.slice(0, 4)) await page.locator(place).waitFor({ state: 'hidden' });
  await page
    .locator('[data-card=reach] [data-name=horizon], [data-card=reach] .note', { hasText: 'dWh' })
    .first()
    .waitFor();
  for (const track of ['jacobian', 'attribution']) await computed(page, track);
  const { rows } = await csvRows(open, 'jacobian');
  rows.forEach(([, largest]) => assert.ok(Math.abs(Number(largest) - 0.9) < 1e-12));
  assert.equal((await csvRows(open, 'attribution')).rows.length, 60);
});

it('is forgotten with the run that it was for', async () => {
  await fails(0.8);
  await open.host.run(ringConfig(0.7, 4, 60, { dtype: 'float64', upstreamGradient: 'every' }));
  await open.page.locator('.run-name', { hasText: 'ring 0.7' }).waitFor();
  for (const track of ['jacobian', 'attribution']) await computed(open.page, track);
  assert.equal(await open.page.getByText('Could not be computed').count(), 0);
});

it('has logged every failure', () => {
  const logged = open.host.sent.failed.splice(0);
  assert.ok(
    logged.length >= 2 * analyses.length && logged.every(({ message }) => message.includes('The engine stopped.')),
  );
});
