// Exponents of a wide network: the leading ones at once, the others only while their card is on the screen.
import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { ringConfig } from '../support/experiments.js';
import { nextFrames, painted } from './support.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ height: 420 });
});
after(() => pages.close());

it('the leading ones are shown as such, and the others are asked for once their card is in sight', async () => {
  const { page, host } = open;
  await host.run(ringConfig(0.5, 4, 30));
  await painted(open);
  const { spectrum } = host;
  assert.ok(spectrum?.lyapunov?.length === 4 && spectrum.lyapunovKnown === 4);
  assert.ok(!host.asked.includes('exponents'), 'all are there');
  await page.evaluate(() => {
    scrollTo(0, 0);
  });
  host.spectrum = {
    ...spectrum,
    lyapunov: spectrum.lyapunov.slice(0, 2),
    lyapunovKnown: 2,
    lyapunovSumError: null,
    logProductSigmaMax: NaN,
  };
  host.sendAll();
  const card = page.locator('[data-card=lyapunov]');
  const known = card.locator('[data-name=known]');
  await known.waitFor({ state: 'attached' });
  await nextFrames(page);
  assert.match((await known.textContent()) ?? '', /^The leading 2 of 4 exponents; the others are computed while/);
  assert.equal(await card.locator('[data-name=sumError]').count(), 0, 'the sum needs all of them');
  assert.match(
    (await page.locator('.proofs').textContent()) ?? '',
    /Comes with all exponents, which are computed while their card is in sight\./,
  );
  const product = page.locator('.proofs [data-name=product]');
  assert.equal(await product.getAttribute('data-value'), '', 'the product of all Jacobians needs them too');
  assert.ok(!host.asked.includes('exponents'), 'nobody looks at the card');

  await card.scrollIntoViewIfNeeded();
  await known.waitFor({ state: 'detached' });
  assert.ok(host.asked.includes('exponents'));
  await card.locator('[data-name=sumError]').waitFor();
  // Every unit stays at 0, where the slope is 1: each Jacobian halves all directions.
  const told = Number(await product.getAttribute('data-value'));
  assert.ok(Math.abs(told / 0.5 ** 30 - 1) <= 1e-9, `${told}`);
  assert.doesNotMatch((await page.locator('.proofs').textContent()) ?? '', /Comes with all exponents/);
});
