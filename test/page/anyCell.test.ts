// Every view of a cell that no view knows: a made-up one with a parameter of its own, whose state also reaches the next
// step beside the weights. Numbers against loops written down here.
import { madeUpCell } from '../support/madeUpCell.js';
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { determinant, Matrix, SingularValueDecomposition } from 'ml-matrix';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { computed, csvRows, cursorTo, nextFrames, painted, relativeError, side } from './support.js';
import { choose } from '../support/menus.js';

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

type Weights = typeof weights;
const T = 4;

/** Of one sequence, its states [T+1][H] from zeros on and the tanh(z) of each step, by plain loops. */
function forward({ Wx, Wh, b, alpha }: Weights, xs: readonly (readonly number[])[]) {
  const states = [[0, 0, 0]];
  const tanhs: number[][] = [];
  for (const x of xs) {
    const h = states.at(-1) ?? [];
    const own = h.map((_, j) =>
      Math.tanh(
        (b[j] ?? NaN) +
          x.reduce((z, value, i) => z + value * (Wx[i]?.[j] ?? NaN), 0) +
          h.reduce((z, value, i) => z + value * (Wh[i]?.[j] ?? NaN), 0),
      ),
    );
    tanhs.push(own);
    states.push(h.map((value, j) => (1 - (alpha[j] ?? NaN)) * value + (alpha[j] ?? NaN) * (own[j] ?? NaN)));
  }
  return { states, tanhs };
}

/** What step t adds to dalpha of all sequences, and g_t of each, for ones at the last step. */
function backward({ Wh, alpha, ...rest }: Weights = weights) {
  const dalpha = Array.from({ length: T }, () => [0, 0, 0]);
  const all = sequences.map((xs) => {
    const { states, tanhs } = forward({ Wh, alpha, ...rest }, xs);
    const gs: number[][] = [];
    const dzs: number[][] = [];
    let g = [1, 1, 1];
    for (let t = T - 1; t >= 0; t--) {
      const [own, before] = [tanhs[t] ?? [], states[t] ?? []];
      const dz = g.map((value, j) => value * (alpha[j] ?? NaN) * (1 - (own[j] ?? NaN) ** 2));
      gs.unshift(g);
      dzs.unshift(dz);
      const row = dalpha[t] ?? [];
      g.forEach((value, j) => (row[j] = (row[j] ?? NaN) + value * ((own[j] ?? NaN) - (before[j] ?? NaN))));
      g = g.map(
        (value, k) => value * (1 - (alpha[k] ?? NaN)) + dz.reduce((sum, d, j) => sum + d * (Wh[k]?.[j] ?? NaN), 0),
      );
    }
    return { states, tanhs, gs, dzs };
  });
  return { dalpha, all };
}
const expected = backward();
/** ∂h_t/∂h_{t−1} of a sequence. */
function jacobianAt(item: number, t: number): Matrix {
  const own = expected.all[item]?.tanhs[t] ?? [];
  return new Matrix(
    own.map((h, j) =>
      own.map(
        (_, k) =>
          (weights.alpha[j] ?? NaN) * (1 - h ** 2) * (weights.Wh[k]?.[j] ?? NaN) +
          (j === k ? 1 - (weights.alpha[j] ?? NaN) : 0),
      ),
    ),
  );
}

const near = (actual: string | number | null | undefined, wanted: number, what = ''): void =>
  assert.ok(relativeError(Number(actual), wanted) < 1e-10, `${what}: ${actual} instead of ${wanted}`);

/** The formula behind the "?" of a view. */
async function formulaOf(view: string): Promise<string> {
  const { page } = open;
  await choose(page, view, 'What it shows');
  const text = await page.locator('.popover .help-formula').innerText();
  await page.keyboard.press('Escape');
  return text;
}

describe('a cell that is more than f(z)', () => {
  it('has formulas of its own behind every "?"', async () => {
    await computed(open.page, 'jacobian');
    for (const track of ['flow', 'hiddenMap', 'units', 'network', 'jacobian', 'attribution'])
      assert.doesNotMatch(await formulaOf(`[data-track=${track}]`), /f\(h|f′/, track);
    for (const card of ['openedStep', 'reach', 'lyapunov', 'weights'])
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

  it('has the contribution of each step to every parameter, in the track and at the cursor', async () => {
    const { head, rows } = await csvRows(open, 'contributions');
    assert.deepEqual(head, ['t', 'dWh_norm', 'dWx_norm', 'db_norm', 'dalpha_norm']);
    for (let t = 0; t < T; t++) near(rows[t]?.[4], Math.hypot(...(expected.dalpha[t] ?? [])), `dalpha at ${t}`);
    const legend = await open.page.locator('[data-track=contributions] .legend').innerText();
    assert.match(legend, /dalpha/);
    await cursorTo(open.page, 2);
    near(await side(open.page, 'dalpha'), Math.hypot(...(expected.dalpha[2] ?? [])));
    await choose(open.page, '[data-track=contributions]', 'What it shows');
    assert.match(await open.page.locator('.popover .help-formula').innerText(), /dalpha = Σ/);
    await open.page.keyboard.press('Escape');
  });

  it('shows every tensor, with the text of a number of it', async () => {
    const { page, host } = open;
    const card = page.locator('[data-card=weights]');
    await card.locator('vscode-dropdown').click();
    assert.deepEqual(await card.locator('vscode-option').allInnerTexts(), ['Wh', 'Wx', 'b', 'alpha']);
    await card.locator('vscode-option[value=alpha]').click();
    await nextFrames(page);
    // The list has room for the whole name.
    assert.ok(
      await card.locator('vscode-dropdown').evaluate((list) => {
        const label = list.shadowRoot?.querySelector('.selected-value');
        return label?.textContent.trim() !== '' && label !== null && label !== undefined
          ? label.scrollWidth <= label.clientWidth
          : false;
      }),
    );
    const { head, rows } = await csvRows(open, 'weights', 'card');
    assert.deepEqual(head, ['unit', 'alpha', 'dalpha']);
    weights.alpha.forEach((alpha, j) => {
      near(rows[j]?.[1], alpha);
      near(
        rows[j]?.[2],
        expected.dalpha.reduce((sum, row) => sum + (row[j] ?? NaN), 0),
        `dalpha of unit ${j}`,
      );
    });
    await page.locator('#card-weights').focus();
    for (const key of ['ArrowRight', 'ArrowRight']) await page.keyboard.press(key);
    await card.locator('h3', { hasText: 'alpha[2]: unit 2' }).waitFor();
    await page.keyboard.press('Enter');
    while (host.sent.revealWeight.length === 0) await nextFrames(page);
    assert.deepEqual(host.sent.revealWeight.at(-1), { tensor: 'alpha', row: 0, column: 2, focus: true });
    const ratio = Number(await side(page, 'ratio-alpha'));
    const gradient = weights.alpha.map((_, j) => expected.dalpha.reduce((sum, row) => sum + (row[j] ?? NaN), 0));
    near(ratio, (0.01 * Math.hypot(...gradient)) / Math.hypot(...weights.alpha));
    assert.equal((await csvRows(open, 'weightHistograms', 'card')).head[1], 'alpha_from');
  });

  it('opens a step with what goes on beside the weights, and what is learned there', async () => {
    const { page } = open;
    await cursorTo(page, 2);
    const { gs, tanhs, states } = expected.all[0] ?? assert.fail();
    const [g, own, before] = [gs[2] ?? [], tanhs[2] ?? [], states[2] ?? []];
    const learned = g.map((value, j) => value * ((own[j] ?? NaN) - (before[j] ?? NaN)));
    await page.waitForFunction(
      () => document.querySelector('[data-card=openedStep] .place')?.textContent.includes('t = 2') === true,
    );
    near(await side(page, 'step-dalpha'), Math.hypot(...learned));
    near(await side(page, 'step-dhPrev'), Math.hypot(...(gs[1] ?? [])));
    const { rows } = await csvRows(open, 'openedStep', 'card');
    const beside = rows.find(([name]) => name === '·D') ?? assert.fail('·D');
    const carry = weights.alpha.map((alpha) => 1 - alpha);
    near(beside[1], Math.hypot(...before.map((value, j) => value * (carry[j] ?? NaN))), 'h·D');
    near(beside[2], Math.hypot(...g.map((value, j) => value * (carry[j] ?? NaN))), 'g·D');
    const notes = await page.locator('[data-card=openedStep]').innerText();
    assert.doesNotMatch(notes, /f′/);
    assert.match(notes, /dz·Wh.*\+ g·D/);
  });

  it('has the singular values of A·Whᵀ + D, step by step, and of their product', async () => {
    await computed(open.page, 'jacobian');
    const jacobians = Array.from({ length: T }, (_, t) => jacobianAt(0, t));
    const { rows } = await csvRows(open, 'jacobian');
    const products = (await csvRows(open, 'product')).rows;
    for (let t = 0; t < T; t++) {
      const sigma = new SingularValueDecomposition(jacobians[t] ?? assert.fail()).diagonal.toSorted((a, b) => b - a);
      near(rows[t]?.[1], sigma[0] ?? NaN, `σ_max at ${t}`);
      near(rows[t]?.[2], sigma[2] ?? NaN, `σ_min at ${t}`);
      const later = jacobians.slice(t + 1).toReversed();
      const product = later.reduce((all, J) => all.mmul(J), Matrix.eye(3));
      near(products[t]?.[1], Math.max(...new SingularValueDecomposition(product).diagonal), `product from ${t}`);
    }
    // The exponents add up to the mean of ln|det J|.
    const { rows: exponents } = await csvRows(open, 'lyapunov', 'card');
    const sum = exponents.reduce((all, row) => all + Number(row[1]), 0);
    near(sum, jacobians.reduce((all, J) => all + Math.log(Math.abs(determinant(J))), 0) / T, 'Σλ');
  });

  it('has the gradient of every state, and the losses that make it', async () => {
    const { page } = open;
    await computed(page, 'attribution');
    const { rows } = await csvRows(open, 'attribution');
    const flow = await csvRows(open, 'flow');
    const g = flow.head.indexOf('g_norm');
    for (let t = 0; t < T; t++) {
      const wanted = Math.hypot(...expected.all.flatMap(({ gs }) => gs[t] ?? []));
      near(flow.rows[t]?.[g], wanted, `‖g‖ at ${t}`);
      // There is a single loss, so all of it comes from there.
      near(rows[t]?.[1], wanted, `attribution at ${t}`);
    }
    const hidden = await csvRows(open, 'hiddenMap');
    hidden.rows.forEach(([t, ...values]) =>
      values.forEach((value, j) => near(value, expected.all[0]?.states[Number(t) + 1]?.[j] ?? NaN, `h at ${t}`)),
    );
    // All of dWh comes from the last loss: shares by distance, of which the parts are h_{t−1}ᵀ·dz_t.
    const parts = (await csvRows(open, 'reach', 'card')).rows;
    const part = (t: number): Matrix =>
      expected.all.reduce(
        (sum, { states, dzs }) => {
          const [before, dz] = [states[t] ?? [], dzs[t] ?? []];
          return Matrix.add(sum, Matrix.columnVector(before).mmul(Matrix.rowVector(dz)));
        },
        new Matrix(3, 3),
      );
    const whole = Array.from({ length: T }, (_, t) => part(t)).reduce((sum, one) => sum.add(one), new Matrix(3, 3));
    for (let k = 0; k < T; k++) {
      const share = part(T - 1 - k).norm() / whole.norm();
      assert.ok(Math.abs(Number(parts[k]?.[1]) - share) < 1e-10, `part ${k}: ${parts[k]?.[1]}, not ${share}`);
    }
  });

  it('is tried with something changed', async () => {
    const { page } = open;
    await page.locator('.bar vscode-button', { hasText: 'What if' }).click();
    // Only a cell that has parameters of these names can take its place.
    const offered = await page.locator('[data-field=cell] vscode-option').allInnerTexts();
    assert.ok(offered.includes(madeUpCell) && !offered.includes('tanh'), offered.join());
    const input = page.locator('[data-field=biasShift] .number').last();
    await input.fill('0.5');
    await input.press('Enter');
    await page.locator('[data-outcome=total][data-after]').waitFor();
    const shifted = backward({ ...weights, b: weights.b.map((b) => b + 0.5) });
    const wanted = Math.hypot(...shifted.all.flatMap(({ gs }) => gs[0] ?? []));
    await page.waitForFunction((log10) => {
      const after = document.querySelector<HTMLElement>('[data-outcome=total]')?.dataset['after'];
      return Math.abs(Number(after) - log10) < 1e-10;
    }, Math.log10(wanted));
  });

  it('gives the place to another cell of other parameters, and takes it back', async () => {
    const other = await pages.open({ height: 2600 });
    const plain = { name: 'plain', dtype: 'float64', weights, sequences };
    let chosen = false;
    for (const cell of ['tanh', madeUpCell, 'tanh', madeUpCell]) {
      await other.host.run(JSON.stringify({ ...plain, cell }));
      await painted(other);
      await cursorTo(other.page, 2);
      assert.equal(await other.page.locator('.side [data-name=dalpha]').count(), cell === 'tanh' ? 0 : 1);
      assert.equal((await csvRows(other, 'contributions')).head.length, cell === 'tanh' ? 4 : 5);
      const card = other.page.locator('[data-card=weights]');
      // What was chosen of a cell that has it is chosen again when such a cell is back.
      if (cell !== 'tanh' && !chosen) {
        chosen = true;
        await card.locator('vscode-dropdown').click();
        await card.locator('vscode-option[value=alpha]').click();
        await nextFrames(other.page);
      }
      const shown = cell === 'tanh' ? 'Wh' : 'alpha';
      assert.ok((await csvRows(other, 'weights', 'card')).head.includes(shown));
      assert.equal(await card.locator('vscode-dropdown').evaluate((list) => (list as HTMLInputElement).value), shown);
    }
    await other.close();
  });
});
