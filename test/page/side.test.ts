// What stands beside the tracks when an analysis does not arrive, and what the controls are called aloud.
import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { weatherConfig } from '../support/experiments.js';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { painted } from './support.js';

let pages: PageServer;
let open: OpenPage;
before(async () => { pages = await startPages(); });
after(() => pages.close());
beforeEach(async () => {
  open = await pages.open();
  await open.host.run(weatherConfig());
  await painted(open);
});
afterEach(() => open.close());

describe('beside the tracks', () => {
  it('says whether the spectrum is still to come or was given up', async () => {
    const { page, host } = open;
    const runId = host.summary?.runId ?? NaN;
    host.spectrum = null;
    host.status = { ...host.status, running: { runId, phase: 'analyse', fraction: 0.5 } };
    await page.reload();
    await page.locator('.proofs', { hasText: 'Being computed' }).waitFor();
    host.sendStatus({ running: null });
    await page.locator('.proofs', { hasText: 'Not computed' }).waitFor();
  });
});

describe('the controls', () => {
  it('have names of their own', async () => {
    for (const control of ['vscode-dropdown[aria-label="Sequence"]', 'input[aria-label="Units drawn as lines"]']) assert.equal(await open.page.locator(`.toolbar ${control}`).count(), 1, control);
  });
});
