// Every view of a cell that no view knows: a made-up one with a parameter of its own, whose state also reaches the next
// step beside the weights. Numbers against loops written down here.
import { madeUpCell } from '../support/madeUpCell.js';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { computed, painted } from './support.js';

const weights = {
  Wx: [
    [0.3, -0.2, 0.5],
    [0.1, 0.4, -0.6],
  ],
  Wh: [
    [0.2, -0.5, 0.1],
    [0.4, 0.3, -0.2],
    [-0.1, 0.6, 0.25],
  ],
  b: [0.05, -0.1, 0.2],
  alpha: [0.9, 0.5, 0.25],
};
const sequences = [
  [
    [1, -0.5],
    [0.2, 0.8],
    [-0.7, 0.4],
    [0.9, 0.1],
  ],
  [
    [0.3, 0.3],
    [-0.4, 0.6],
    [0.5, -0.9],
    [0.2, 0.7],
  ],
];

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ height: 2600 });
  await open.host.run(JSON.stringify({ name: 'made up', cell: madeUpCell, dtype: 'float64', weights, sequences }));
  await painted(open);
});
after(() => pages.close());

/** The formula behind the "?" of a view. */
async function formulaOf(view: string): Promise<string> {
  const { page } = open;
  await page.locator(`${view} .actions button`, { hasText: '?' }).click();
  const text = await page.locator('.popover .help-formula').innerText();
  await page.keyboard.press('Escape');
  return text;
}

describe('a cell that is more than f(z)', () => {
  it('has formulas of its own behind every "?"', async () => {
    await computed(open.page, 'jacobian');
    for (const track of ['flow', 'hiddenMap', 'units', 'network', 'jacobian', 'attribution'])
      assert.doesNotMatch(await formulaOf(`[data-track=${track}]`), /f\(h|f′/, track);
    for (const card of ['unit', 'reach', 'lyapunov', 'weights'])
      assert.doesNotMatch(await formulaOf(`[data-card=${card}]`), /f\(h|f′|det Wh/, card);
    assert.match(await formulaOf('[data-track=jacobian]'), /A.*·Wh.*\+ D/);
    assert.doesNotMatch(await formulaOf('section[aria-label="Numbers at the cursor"]'), /f′/);
  });

  it('has the check of its exponents against its own Jacobians', async () => {
    const note = open.page.locator('[data-card=lyapunov] [data-name=sumError]');
    await note.waitFor();
    assert.match(await note.innerText(), /the mean of ln\|det J/);
    assert.ok(Number(await note.getAttribute('data-value')) < 1e-12);
  });
});
