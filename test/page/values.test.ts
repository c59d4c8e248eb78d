// The numbers on the page are the numbers of the reference cases.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { startPages } from '../support/page.js';
import type { OpenPage, PageServer } from '../support/page.js';
import { configOf, readFixture, referenceCase, weatherConfig } from '../support/experiments.js';
import { csvRows, cursorTo, log10Of, openTable, painted, relativeError, rowValues, side, zoomTo } from './support.js';

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open();
});
after(() => pages.close());

const columnOf = (table: { head: string[]; rows: string[][] }, name: string): string[] => {
  const at = table.head.indexOf(name);
  assert.ok(at >= 0, `no column ${name} among ${table.head.join(' | ')}`);
  return table.rows.map((row) => row[at] ?? '');
};

function assertClose(actual: readonly string[], expected: readonly number[], tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: number of rows`);
  expected.forEach((value, t) => {
    // Below this a double keeps fewer digits than the tolerance asks for.
    if (Math.abs(value) < 1e-290) return;
    assert.ok(
      relativeError(Number(actual[t]), value) <= tolerance,
      `${what} at t = ${t}: ${actual[t]} instead of ${value}`,
    );
  });
}

for (const name of ['typical', 'saturated', 'exploding', 'underflow', 'irnn']) {
  describe(`reference case ${name}`, () => {
    const reference = referenceCase(name);
    const { norms } = reference.expected;
    before(async () => {
      await open.host.run(configOf(reference));
      await painted(open);
      await open.page.locator('.run-name', { hasText: name }).waitFor();
    });

    it('shows the norms of every step', async () => {
      const flow = await csvRows(open, 'flow');
      assertClose(columnOf(flow, 'g_norm'), norms.dh, 1e-9, 'dh');
      assertClose(columnOf(flow, 'dx_norm'), norms.dx, 1e-9, 'dx');
      const contributions = await csvRows(open, 'contributions');
      assertClose(columnOf(contributions, 'dWh_norm'), norms.dWh, 1e-9, 'dWh');
      assertClose(columnOf(contributions, 'dWx_norm'), norms.dWx, 1e-9, 'dWx');
      assertClose(columnOf(contributions, 'db_norm'), norms.db, 1e-9, 'db');
    });

    it('shows hidden states and gradients of single units', async () => {
      const hidden = await csvRows(open, 'hiddenMap');
      assertClose(
        columnOf(hidden, 'h_unit0'),
        reference.expected.hs[0]?.map((h) => h[0] ?? NaN) ?? [],
        1e-9,
        'h of unit 0',
      );
      const gradient = await csvRows(open, 'gradientMap');
      const expected = reference.expected.dhTotal[0]?.map((g) => g[1] ?? NaN) ?? [];
      const largest = Math.max(...expected.map(Math.abs));
      columnOf(gradient, 'g_unit1').forEach((cell, t) => {
        const value = expected[t] ?? NaN;
        if (Math.abs(value) < 1e-290) return;
        // Saturated tanh amplifies one-ulp differences; the reference allows an error relative to the largest element.
        assert.ok(
          Math.abs(Number(cell) - value) <= 1e-9 * Math.max(Math.abs(value), name === 'saturated' ? largest : 0),
          `g of unit 1 at t = ${t}: ${cell} instead of ${value}`,
        );
      });
    });

    it('shows the same in the table around the cursor and beside the tracks', async () => {
      const t = Math.min(3, reference.shapes.T - 1);
      await cursorTo(open.page, t);
      await openTable(open.page, 'flow');
      const [g = ''] = await rowValues(open.page, 'flow', t);
      const log10 = norms.log10dh[t];
      if (log10 === null) assert.equal(g, '0');
      else if (log10 !== undefined && log10 > -290) assert.ok(relativeError(Number(g), 10 ** log10) < 1e-9);
      assert.equal(await side(open.page, 'g'), g);
      const sigma = Number(await side(open.page, 'jacobian'));
      assert.ok(Math.abs(sigma - (reference.expected.spectrum.jacobianSigmaMax[t] ?? NaN)) < 1e-9);
    });

    it('shows what Wh proves', async () => {
      const { spectrum } = reference.expected;
      assert.ok(relativeError(Number(await side(open.page, 'sigmaMax')), spectrum.sigmaMaxWh) < 1e-9);
      assert.ok(Math.abs(Number(await side(open.page, 'spectralRadius')) - spectrum.spectralRadiusWh) < 1e-9);
    });
  });
}

it('writes numbers that no double can hold', async () => {
  // Wh = 0.1·I over 451 steps from ones: 10^-451 of the start, far below the smallest double.
  await open.host.run(
    JSON.stringify({
      name: 'far below',
      cell: 'identity',
      dtype: 'float64',
      weights: { Wx: [[0]], Wh: [[0.1]], b: [[0]] },
      sequences: [Array.from({ length: 452 }, () => [0])],
    }),
  );
  await open.page.locator('.run-name', { hasText: 'far below' }).waitFor();
  await cursorTo(open.page, 0);
  const g = await side(open.page, 'g');
  const match = /^([\d.]+)e(-\d+)$/.exec(g);
  assert.ok(match !== null, g);
  const log10 = Math.log10(Number(match[1])) + Number(match[2]);
  assert.ok(Math.abs(log10 + 451) < 1e-9, g);
  assert.equal(await open.page.locator('.side [data-name=g]').textContent(), '1.000e-451');
  // The step, opened, tells the same in its table.
  await open.page.locator('[data-card=openedStep] .place', { hasText: 't = 0' }).waitFor();
  const { head, rows } = await csvRows(open, 'openedStep', 'card');
  const cells = rows
    .map((row) => row.slice(head.indexOf('gradient_norm')).filter((_, i) => i !== 1))
    .filter(([norm]) => norm !== '0' && norm !== '');
  assert.ok(cells.length > 0);
  for (const [norm = '', gradient = ''] of cells)
    assert.ok(Math.abs(log10Of(gradient) - log10Of(norm)) < 1e-9 && log10Of(norm) < -440, `${gradient} beside ${norm}`);
});

it('shows the trained weather network', async () => {
  const expected = readFixture('weather/expected.json') as {
    norms: Record<'dh' | 'dx' | 'dWh', number[]>;
    sigmaMaxWh: number;
  };
  await open.host.run(weatherConfig({ dtype: 'float64' }));
  await open.page.locator('.run-name', { hasText: 'weather' }).waitFor();
  const flow = await csvRows(open, 'flow');
  assertClose(columnOf(flow, 'g_norm'), expected.norms.dh, 1e-9, 'dh');
  assertClose(columnOf(flow, 'dx_norm'), expected.norms.dx, 1e-9, 'dx');
  assert.equal(await open.page.locator('.badge').textContent(), 'VANISHING');
  await cursorTo(open.page, 72);
  assert.equal(await open.page.locator('.side [data-name=g]').textContent(), '5.969e-3');
});

describe('what is lost at the cursor', () => {
  // Each step keeps a tenth: a decade is lost a step.
  const tenth = (rest: object, upstream: unknown): string =>
    JSON.stringify({
      cell: 'identity',
      dtype: 'float64',
      sequences: [Array.from({ length: 6 }, () => [1])],
      upstreamGradient: upstream,
      ...rest,
    });
  const single = { weights: { Wx: [[1]], Wh: [[0.1]], b: [0] } };
  const given = (value: number): number[][][] => [Array.from({ length: 6 }, (_, t) => [t === 3 ? value : 0])];
  const name = (): Promise<string> =>
    open.page
      .locator('.side div:has(> [data-name="lost"]) dt')
      .innerText()
      .then((text) => text.trim());
  async function lostAt(...steps: readonly number[]): Promise<string[]> {
    const found: string[] = [];
    for (const t of steps) {
      await cursorTo(open.page, t);
      found.push(await side(open.page, 'lost'));
    }
    return found;
  }
  async function run(config: string, layer: number | null = null): Promise<void> {
    await open.host.run(config, layer);
    await painted(open);
  }

  it('is counted from where the loss is, and behind it nothing is lost', async () => {
    await run(tenth({ ...single, name: 'one given' }, given(1)));
    await open.page.locator('.run-name', { hasText: 'one given' }).waitFor();
    assert.equal(await name(), 'lost since the loss');
    const [here, back, behind] = await lostAt(3, 1, 5);
    assert.ok(Math.abs(Number(here)) < 1e-9 && here !== '', here);
    assert.ok(Math.abs(Number(back) - 2) < 1e-9, back);
    assert.equal(behind, '');
  });

  it('is told of the last step where no loss enters, and of a layer below another', async () => {
    await run(tenth({ ...single, name: 'none given' }, given(0)));
    await open.page.locator('.run-name', { hasText: 'none given' }).waitFor();
    assert.equal(await name(), 'lost since the last step');
    assert.ok(Math.abs(Number((await lostAt(1))[0]) - 4) < 1e-9);
    const layers = [0, 1].flatMap((layer) =>
      Object.entries({ weight_ih: [[1]], weight_hh: [[0.1]], bias_ih: [0], bias_hh: [0] }).map(
        ([key, value]): [string, unknown] => [`${key}_l${layer}`, value],
      ),
    );
    for (const [layer, wanted] of ['lost since the last step', 'lost since the loss'].entries()) {
      await run(tenth({ weights: Object.fromEntries(layers), name: `looked at ${layer}` }, 'last'), layer);
      await open.page.locator('.run-name', { hasText: `looked at ${layer}` }).waitFor();
      assert.equal(await name(), wanted);
      assert.ok(Math.abs(Number((await lostAt(1))[0]) - 4) < 1e-9);
    }
  });
});

describe('a cursor that zooming has left outside', () => {
  it('has no reading on lines of the steps in sight alone', async () => {
    await open.host.run(readFileSync('examples/lstm-forget-bias/lstm-forget-bias.rnn.json', 'utf8'));
    await painted(open);
    await open.page.locator('.run-name', { hasText: 'lstm-forget-bias' }).waitFor();
    const readings = (track: string): Promise<string[]> =>
      open.page.locator(`[data-track=${track}] .chip b:visible`).allTextContents();
    await cursorTo(open.page, 54);
    await zoomTo(open.page, 20, 40);
    for (const track of ['units', 'gateLines', 'kept', 'paths']) {
      const chips = open.page.locator(`[data-track=${track}] .chip b`);
      await chips.first().scrollIntoViewIfNeeded();
      await open.page.waitForFunction(
        (id) => document.querySelector(`[data-track=${id}] .chip b`)?.textContent === '–',
        track,
      );
      assert.deepEqual(
        [...new Set(await readings(track))].filter((text) => text !== ''),
        ['–'],
        track,
      );
    }
    assert.match(await open.page.locator('.at-step h2').innerText(), /t = 54/);
    assert.notEqual(await side(open.page, 'g'), '');
    // Back in sight each is that of the step.
    await cursorTo(open.page, 30);
    await open.page.waitForFunction(() =>
      /\d/.test(document.querySelector('[data-track=units] .chip b')?.textContent ?? ''),
    );
    const unit = open.page.locator('.unit-values tbody tr').first().locator('td').first();
    assert.equal((await readings('units'))[0], await unit.innerText());
  });
});
