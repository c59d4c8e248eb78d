// The map of a network, its gates, its paths and what is kept: numbers read back from the page and held against the
// reference cases, and against closed forms where there are none.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import type { Locator } from 'playwright-core';
import { some } from '../support/long.js';
import { startPages } from '../support/page.js';
import { networkConfigOf, readFixture } from '../support/experiments.js';
import { choose } from '../support/menus.js';
import {
  computed,
  csvRows,
  cursorTo,
  keepPaintedText,
  nextFrames,
  painted,
  paintedText,
  plotOf,
  relativeError,
} from './support.js';
import type { OpenPage, PageServer } from '../support/page.js';

type Series = readonly number[];
type Layer = {
  readonly layer: number;
  readonly direction: string;
  readonly norms: { readonly ds: Series; readonly dc: Series | null };
  readonly gates: Readonly<Record<string, { readonly mean: Series; readonly closed: Series; readonly open: Series }>>;
};
type Reference = {
  readonly name: string;
  readonly expected: { readonly layers: readonly Layer[]; readonly norms: { readonly dx: Series } };
} & Readonly<Record<string, unknown>>;

const fixture = (name: string): Reference => readFixture(`reference/networks/${name}.json`) as Reference;
const configOf = (reference: Readonly<Record<string, unknown>>): string => JSON.stringify(networkConfigOf(reference));

let pages: PageServer;
let open: OpenPage;
before(async () => {
  pages = await startPages();
  open = await pages.open({ height: 1400 });
});
after(() => pages.close());

async function show(config: string, name: string, layer: number | null = null): Promise<void> {
  await open.host.run(config, layer);
  await painted(open);
  await open.page.locator('.run-name', { hasText: name }).waitFor();
}
const numbers = async (track: string, at: number): Promise<number[]> =>
  (await csvRows(open, track)).rows.map((row) => Number(row[at]));
function near(actual: Series, expected: Series, what: string): void {
  assert.equal(actual.length, expected.length, what);
  expected.forEach((value, t) =>
    assert.ok(relativeError(actual[t] ?? NaN, value) <= 1e-9, `${what} at t = ${t}: ${actual[t] ?? ''} and ${value}`),
  );
}
const visible = (view: string): Promise<boolean> => open.page.locator(view).isVisible();

describe('the Jacobians of a step', () => {
  it('are of all states of the cell that is on the screen, and say so', async () => {
    const { page } = open;
    const told = async (cell: string): Promise<readonly (string | null)[]> => {
      const reference = fixture(cell);
      await show(configOf(reference), reference.name, 0);
      await computed(page, 'jacobian');
      await page.locator('.proofs [data-name=product]').waitFor();
      const texts = [];
      for (const place of [
        '[data-track=jacobian]',
        '.proofs div:has(> [data-name=product]) dt',
        '.at-step div:has(> [data-name=jacobian]) dt',
      ])
        texts.push(await page.locator(place).textContent());
      return texts.map((text) => /∂[hs]/.exec(text ?? '')?.[0] ?? null);
    };
    assert.deepEqual(await told('gru_bi_final'), ['∂h', '∂h', '∂h']);
    assert.deepEqual(await told('lstm_2layer_every'), ['∂s', '∂s', '∂s']);
    assert.match((await page.locator('[data-track=jacobian]').textContent()) ?? '', /s = \(h, c\)/);
  });
});

describe('the network map', () => {
  it('has the gradient of the state of every layer, the last on top, and what leaves below', async () => {
    const reference = fixture('lstm_2layer_every');
    await show(configOf(reference), reference.name);
    const [lower, upper] = reference.expected.layers;
    near(await numbers('networkMap', 1), upper!.norms.ds, 'layer 1');
    near(await numbers('networkMap', 2), lower!.norms.ds, 'layer 0');
    near(await numbers('networkMap', 3), reference.expected.norms.dx, 'dx');
  });

  for (const name of some(['lstm_bi_2layer_ragged', 'gru_bi_final']))
    it(`has both directions by position, forward above reverse: ${name}`, async () => {
      const reference = fixture(name);
      await show(configOf(reference), reference.name, 0);
      const rows = reference.expected.layers.toSorted(
        (a, b) => b.layer - a.layer || (a.direction === 'forward' ? -1 : 1),
      );
      for (const [at, { norms, layer, direction }] of rows.entries())
        near(await numbers('networkMap', at + 1), norms.ds, `${layer} ${direction}`);
      near(await numbers('networkMap', rows.length + 1), reference.expected.norms.dx, 'dx');
    });

  it('has both by position in its table also when the reverse layer is looked at', async () => {
    const reference = fixture('gru_bi_final');
    await show(configOf(reference), reference.name, 1);
    const [forward, reverse] = reference.expected.layers;
    near(await numbers('networkMap', 1), forward!.norms.ds, 'forward');
    near(await numbers('networkMap', 2), reverse!.norms.ds, 'reverse');
  });

  it('leads to a layer by a click on its row, and by [ and ]', async () => {
    const reference = fixture('lstm_2layer_every');
    await show(configOf(reference), reference.name, 0);
    const { page, host } = open;
    host.sent.chooseLayer.length = 0;
    const canvas = page.locator('#track-networkMap-plot[data-plot]');
    await canvas.scrollIntoViewIfNeeded();
    const box = (await canvas.boundingBox())!;
    await page.mouse.click(box.x + 200, box.y + 16);
    while (host.sent.chooseLayer.length === 0) await nextFrames(page);
    assert.deepEqual(host.sent.chooseLayer, [{ layer: 1 }]);
    await page.keyboard.press(']');
    while (host.sent.chooseLayer.length === 1) await nextFrames(page);
    assert.deepEqual(host.sent.chooseLayer[1], { layer: 1 });
    // Keys that follow each other count from there; above the last layer and below the first there is none.
    for (const key of [']', '[', '[']) await page.keyboard.press(key);
    while (host.sent.chooseLayer.length === 2) await nextFrames(page);
    await nextFrames(page);
    assert.deepEqual(host.sent.chooseLayer.slice(2), [{ layer: 0 }]);
  });

  it('gives the gradient flow the lines of all layers, by position, in the legend and in its table', async () => {
    const reference = fixture('lstm_bi_2layer_ragged');
    await show(configOf(reference), reference.name, 0);
    const { page } = open;
    const toggle = page.locator('[data-track=flow] button.all-layers');
    assert.equal((await csvRows(open, 'flow')).head.filter((name) => name.startsWith('ds_norm_')).length, 0);
    await toggle.click();
    const chips = page.locator('[data-track=flow] .chip');
    await chips.filter({ hasText: /^layer 1, forward *\d/ }).waitFor();
    const { head, rows } = await csvRows(open, 'flow');
    const cursor = Number((await page.locator('.flag').innerText()).slice(4));
    const lines: (readonly [direction: string, look: string])[] = [];
    for (const { norms, layer, direction } of reference.expected.layers) {
      const at = head.indexOf(`ds_norm_layer${layer}_${direction}`);
      near(
        rows.map((row) => Number(row[at])),
        norms.ds,
        `${layer} ${direction}`,
      );
      const chip = chips.filter({ hasText: `layer ${layer}, ${direction}` });
      const told = (await chip.locator('b').innerText()).trim();
      assert.equal(told, norms.ds[cursor]!.toPrecision(4));
      lines.push([
        direction,
        await chip.locator('.swatch').evaluate((swatch) => getComputedStyle(swatch).backgroundImage),
      ]);
    }
    // A colour for each layer, a pattern for each direction.
    assert.equal(new Set(lines.map(([, look]) => look)).size, lines.length, lines.join(' | '));
    await toggle.click();
    await chips.filter({ hasText: 'total' }).waitFor();
    await show(configOf(fixture('lstm_last')), 'lstm_last');
    assert.equal(await toggle.isVisible(), false);
  });

  it('has the dx of the whole network; that of a layer or direction is told as its own', async () => {
    const { page } = open;
    const told = async (name: string, layer: number): Promise<readonly [...string[], readonly string[]]> => {
      await show(configOf(fixture(name)), name, layer);
      const [at, legend] = [page.locator('.at-step div:has(> [data-name=dx]) dt'), '[data-track=flow] .chip'];
      const chip = await page.locator(legend, { hasText: 'dx' }).innerText();
      const heads = (await csvRows(open, 'flow')).head.filter((head) => head.startsWith('dx'));
      const plain = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
      return [plain(await at.innerText()), plain(chip).replace(/ \S+$/, ''), heads];
    };
    assert.deepEqual(await told('lstm_2layer_every', 0), ['‖dxt‖', '‖dxt‖', ['dx_norm']]);
    assert.deepEqual(await told('lstm_2layer_every', 1), [
      '‖dxt‖ layer 1',
      '‖dxt‖ of layer 1',
      ['dx_norm_layer1_forward'],
    ]);
    assert.deepEqual(await told('gru_bi_final', 1), [
      '‖dxt‖ layer 0, reverse',
      '‖dxt‖ of layer 0, reverse',
      ['dx_norm_layer0_reverse'],
    ]);
  });

  it('is not there for one layer in one direction', async () => {
    const reference = fixture('lstm_last');
    await show(configOf(reference), reference.name);
    assert.equal(await visible('[data-track=networkMap]'), false);
  });
});

describe('the unrolled network of a stack', () => {
  const reference = fixture('lstm_2layer_every');
  before(() => show(configOf(reference), reference.name, 0));

  it('has a row for each layer, with the gradient of its state, in the table too', async () => {
    const [lower, upper] = reference.expected.layers;
    const { head, rows } = await csvRows(open, 'network');
    for (const [name, { norms }] of [
      ['ds_norm_layer1_forward', upper!],
      ['ds_norm_layer0_forward', lower!],
    ] as const)
      near(
        rows.map((row) => Number(row[head.indexOf(name)])),
        norms.ds,
        name,
      );
    const { page } = open;
    await keepPaintedText(open);
    await cursorTo(page, 3);
    await page.locator('#track-network-plot').scrollIntoViewIfNeeded();
    for (const { norms } of [lower!, upper!])
      await page.waitForFunction(
        (wanted) =>
          (window as unknown as { paintedTextOf: Map<string, Set<string>> }).paintedTextOf
            .get('track-network-plot')
            ?.has(wanted) === true,
        norms.ds[3]!.toPrecision(3),
      );
  });

  it('leads to a layer and a step by a click on its box', async () => {
    const { page, host } = open;
    host.sent.chooseLayer.length = 0;
    const canvas = page.locator('#track-network-plot');
    await canvas.scrollIntoViewIfNeeded();
    const box = (await canvas.boundingBox())!;
    const { left } = await plotOf(page, 'network');
    // The upper row, the first step under the lens.
    await page.mouse.click(box.x + left + 40, box.y + 50);
    while (host.sent.chooseLayer.length === 0) await nextFrames(page);
    assert.deepEqual(host.sent.chooseLayer, [{ layer: 1 }]);
    await page.locator('.flag', { hasText: /^t = 0$/ }).waitFor();
  });
});

describe('the gates', () => {
  for (const [name, layer] of some(
    [
      ['lstm_2layer_every', 1],
      ['gru_2layer_ragged_last', 0],
      ['lstm_saturated', 0],
    ] as const,
    3,
    1,
  ))
    it(`have the means and shares of the reference: ${name}`, async () => {
      const reference = fixture(name);
      await show(configOf(reference), reference.name, layer);
      const { gates } = reference.expected.layers[layer]!;
      for (const [at, [gate, { mean, closed, open: wide }]] of Object.entries(gates).entries()) {
        near(await numbers('gateLines', 3 * at + 1), mean, `mean of ${gate}`);
        // Of a candidate the reference counts values, not sizes: it is below 0.1 wherever it is negative.
        if (gate === 'g' || gate === 'n') continue;
        near(await numbers('gateLines', 3 * at + 2), closed, `${gate} shut`);
        near(await numbers('gateLines', 3 * at + 3), wide, `${gate} open`);
      }
    });

  it('have axes that say what they count, and so have the paths', async () => {
    const { page } = open;
    await keepPaintedText(open);
    await show(configOf(fixture('gru_2layer_ragged_last')), 'gru_2layer_ragged_last', 0);
    for (const [track, title] of [
      ['gateLines', 'mean'],
      ['paths', 'share'],
    ] as const) {
      await page.locator(`#track-${track}-plot`).scrollIntoViewIfNeeded();
      await page.waitForFunction(
        ([id, text]) =>
          (window as unknown as { paintedTextOf: Map<string, Set<string>> }).paintedTextOf.get(id)?.has(text) === true,
        [`track-${track}-plot`, title] as const,
      );
    }
  });

  it('are not offered where a cell has one', async () => {
    await show(
      JSON.stringify({
        name: 'one',
        cell: 'tanh',
        weights: { Wx: [[1]], Wh: [[0.5]], b: [[0]] },
        sequences: [[[1], [0]]],
      }),
      'one',
    );
    assert.equal(await visible('.tab[data-group=gates]'), false);
    for (const track of ['gateLines', 'kept', 'paths', 'gateMap', 'cellState'])
      assert.equal(await visible(`[data-track=${track}]`), false, track);
  });
});

describe('saturation', () => {
  const told = (): Locator => open.page.locator('.at-step [data-name=saturation]');
  const rows = (): Promise<string> => open.page.locator('.toolbar vscode-option[value=saturation]').innerText();

  it('is nothing of gated cells: no row at the cursor, and their units are sorted by mean |h|', async () => {
    for (const name of ['lstm_last', 'gru_last']) {
      const reference = fixture(name);
      await show(configOf(reference), reference.name);
      assert.deepEqual([await told().count(), await rows()], [0, 'by mean |h|'], name);
    }
  });

  it('is measured of tanh, and impossible for relu', async () => {
    for (const [cell, expected] of [
      ['tanh', ['0 %', 'by saturation']],
      ['relu', ['none possible', 'by mean |h|']],
    ] as const) {
      const weights = { Wx: [[0.1]], Wh: [[0.5]], b: [[0]] };
      await show(JSON.stringify({ name: cell, cell, weights, sequences: [[[1], [0]]] }), cell);
      assert.deepEqual([await told().innerText(), await rows()], expected, cell);
    }
  });
});

describe('units that forget nothing', () => {
  it('are told so: where the gate is exactly 1, and of a single step', async () => {
    const config = {
      name: 'open',
      cell: 'lstm',
      weights: {
        weight_ih_l0: [[0.1], [0], [0.2], [0.1]],
        weight_hh_l0: [[0], [0], [0], [0]],
        bias_ih_l0: [0, 40, 0, 0],
        bias_hh_l0: [0, 0, 0, 0],
      },
    };
    const loses = 'The median unit loses nothing; 1 of 1 units keep more than half over the whole run.';
    const note = open.page.locator('[data-card=halfLives] .note', { hasText: '1 of 1 units' });
    for (const [name, steps] of [
      ['open', 3],
      ['single', 1],
    ] as const) {
      const sequences = [Array.from({ length: steps }, () => [1])];
      await show(JSON.stringify({ ...config, name, sequences }), name);
      assert.equal(await note.textContent(), loses);
    }
  });
});

describe('an LSTM of one unit that nothing enters', () => {
  const T = 40;
  const sigma = (x: number): number => 1 / (1 + Math.exp(-x));
  // i, f, g, o; without weights every gate is what its bias makes it.
  const biases = [0.3, 2, 0.8, -0.4] as const;
  const [i, f, g, o] = [sigma(biases[0]), sigma(biases[1]), Math.tanh(biases[2]), sigma(biases[3])];
  const weights = {
    weight_ih_l0: biases.map(() => [0]),
    weight_hh_l0: biases.map(() => [0]),
    bias_ih_l0: biases,
    bias_hh_l0: biases.map(() => 0),
  };
  const config = JSON.stringify({
    name: 'lonely',
    cell: 'lstm',
    dtype: 'float64',
    weights,
    sequences: [Array.from({ length: T }, () => [0])],
  });
  before(() => show(config, 'lonely'));

  it('keeps f to the power of the steps to the end', async () => {
    const expected = Array.from({ length: T }, (_, t) => f ** (T - 1 - t));
    near(await numbers('kept', 1), expected, 'median');
    near(await numbers('kept', 2), expected, 'unit 0');
  });

  it('remembers half for ln 2 / −ln f steps', async () => {
    const { rows } = await csvRows(open, 'halfLives', 'card');
    near([Number(rows[0]?.[1])], [Math.log(2) / -Math.log(f)], 'half-life');
    await open.page.locator('[data-card=halfLives] .note', { hasText: 'has lost half after' }).waitFor();
  });

  it('sends its gradient back by c alone', async () => {
    const { rows } = await csvRows(open, 'paths');
    // At the source itself nothing has come from behind; each step before has what f keeps, and all of it.
    for (const row of rows.slice(1, -1)) {
      assert.ok(relativeError(Number(row[2]), 1) < 1e-12, row.join());
      for (const share of [4, 6, 8, 10]) assert.equal(Number(row[share]), 0, row.join());
    }
    near(
      rows.slice(1, -2).map((row) => Number(row[1])),
      rows.slice(1, -2).map(() => f),
      'factor of c by f',
    );
  });

  it('tells the gradient of c and that of the state in the table and under the mouse', async () => {
    const { page } = open;
    const last = (i * g * (1 - f ** T)) / (1 - f);
    const dc = Array.from({ length: T }, (_, t) => o * (1 - Math.tanh(last) ** 2) * f ** (T - 1 - t));
    // The loss knows h alone, and without weights h tells the next step nothing.
    const ds = dc.map((value, t) => (t === T - 1 ? 1 : value));
    const { head } = await csvRows(open, 'flow');
    assert.deepEqual(head, ['t', 'g_norm', 'dc_norm', 'ds_norm', 'single_source_norm', 'dx_norm']);
    near(await numbers('flow', 2), dc, 'c');
    near(await numbers('flow', 3), ds, 'state');
    await page.locator('#track-flow-plot').scrollIntoViewIfNeeded();
    const { left, right } = await plotOf(page, 'flow');
    const box = (await page.locator('#track-flow-plot').boundingBox())!;
    await keepPaintedText(open);
    for (const within of [0.4, 0.6])
      await page.mouse.move(box.x + left + ((30 + within) / T) * (right - left), box.y + 60);
    for (const [name, values] of [
      ['dc', dc],
      ['ds', ds],
    ] as const)
      await page.waitForFunction(
        (line) =>
          (window as unknown as { paintedTextOf: Map<string, Set<string>> }).paintedTextOf
            .get('track-flow-plot')
            ?.has(line) === true,
        `‖${name}‖ = ${values[30]!.toExponential(3)}`,
      );
  });

  it('keeps the lines of c and of the state where a long run is known finer around the cursor', async () => {
    const { page } = open;
    const [steps, kept] = [33_000, 0.9999];
    // Without i and g the cell state stays 0.
    const bias = [0, Math.log(kept / (1 - kept)), 0, 0];
    await show(
      JSON.stringify({
        ...(JSON.parse(config) as object),
        name: 'long',
        weights: { ...weights, bias_ih_l0: bias },
        sequences: [Array.from({ length: steps }, () => [0])],
      }),
      'long',
    );
    await cursorTo(page, 7);
    const chip = page.locator('[data-track=flow] .chip');
    const reading = (legend: string): Promise<string> => chip.filter({ hasText: legend }).locator('b').innerText();
    // Nothing comes back to h itself: this is known once the step is.
    while ((await reading('total')) !== '0') await nextFrames(page);
    const expected = (0.5 * kept ** (steps - 1 - 7)).toPrecision(4);
    assert.deepEqual([await reading('∂c'), await reading('∂s')], [expected, expected]);
    await show(config, 'lonely');
  });

  it('has the cell state and the gate of the equations', async () => {
    const c: number[] = [];
    for (let t = 0; t < T; t++) c.push(f * (c.at(-1) ?? 0) + i * g);
    near(await numbers('cellState', 1), c, 'c');
    near(
      await numbers('hiddenMap', 1),
      c.map((value) => o * Math.tanh(value)),
      'h',
    );
    near(
      await numbers('gateMap', 1),
      c.map(() => f),
      'forget gate',
    );
    await open.page.locator('[data-track=gateMap] vscode-dropdown').click();
    await open.page.locator('[data-track=gateMap] vscode-option[value=o]').click();
    await open.page.locator('[data-track=gateMap] .formula', { hasText: 'o of every unit' }).waitFor();
    near(
      await numbers('gateMap', 1),
      c.map(() => o),
      'output gate',
    );
  });
});

describe('a saved picture of a network', () => {
  it('says of the whole network how large it is, and of which layer its curves are', async () => {
    await keepPaintedText(open);
    for (const layer of [1, 2]) {
      await show(readFileSync('examples/stack/stack.rnn.json', 'utf8'), 'stack: the middle layer forgets', layer);
      const { saveFile } = open.host.sent;
      const before = saveFile.length;
      await choose(open.page, '[data-track=flow]', 'PNG');
      while (saveFile.length === before) await nextFrames(open.page);
      const kind = layer === 1 ? 'VANISHING' : 'FADING';
      const texts = await paintedText(open.page, '');
      assert.ok(
        texts.includes(
          'stack: the middle layer forgets · lstm · 3 layers · B 2 · T 60 · I 2 · H 4 · FADING · ' +
            `layer ${layer}: ${kind}`,
        ),
        texts.join(' | '),
      );
    }
  });
});
