// What is pictured: runs that between them show everything a view can draw, and how the page is brought there.
import { configOf, referenceCase, weatherConfig } from '../support/experiments.js';
import { computed, cursorTo, nextFrames, openTable } from './support.js';
import { choose } from '../support/menus.js';
import type { OpenPage } from '../support/page.js';
import type { GroupId } from '../../webview/page/groups.js';

export type Scene = {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly config: string;
  /** Which group of views is chosen first; all of them unless this says otherwise. */
  readonly group?: GroupId;
  /** Counted with its directions, of a network. */
  readonly layer?: number;
  /**
   * Names of its pictures and the elements that they show; null: the header, the toolbar, the ruler, every track and
   * every card.
   */
  readonly parts: Readonly<Record<string, string>> | null;
  readonly prepare?: (open: OpenPage) => Promise<void>;
};

/** Three layers of LSTM: the forget gates of the middle one are shut, those of the others keep. */
function stack(): string {
  const [B, T, I, H] = [4, 120, 6, 24];
  let seed = 7;
  const uniform = (): number => {
    seed = (seed * 1664525 + 1013904223) >>> 0;
    return 2 * (seed / 2 ** 32) - 1;
  };
  const scale = 1 / Math.sqrt(H);
  const row = (length: number, size = scale): number[] => Array.from({ length }, () => uniform() * size);
  const matrix = (rows: number, columns: number, size = scale): number[][] =>
    Array.from({ length: rows }, () => row(columns, size));
  const weights = Object.assign(
    {},
    ...[4.5, -1.2, 4.5].map((forget, l) => ({
      [`weight_ih_l${l}`]: matrix(4 * H, l === 0 ? I : H),
      [`weight_hh_l${l}`]: matrix(4 * H, H),
      [`bias_ih_l${l}`]: row(4 * H).map((value, j) => value + (j >= H && j < 2 * H ? forget : 0)),
      [`bias_hh_l${l}`]: new Array<number>(4 * H).fill(0),
    })),
  ) as Record<string, unknown>;
  return JSON.stringify({
    name: 'three-layer LSTM',
    cell: 'lstm',
    weights,
    sequences: Array.from({ length: B }, () => matrix(T, I, 1)),
  });
}

const track = (id: string): string => `[data-track=${id}]`;
const card = (id: string): string => `[data-card=${id}]`;

/** A scalar cell that an input saturates in the second half of its steps: two rates. */
const twoRates = JSON.stringify({
  name: 'two rates',
  cell: 'tanh',
  dtype: 'float64',
  weights: { Wx: [[1]], Wh: [[0.95]], b: [[0]] },
  sequences: [Array.from({ length: 100 }, (_, t) => [t < 50 ? 0 : 1.5])],
});

/**
 * Shows a run with what only this machine, this moment or the last bit say (how long it took, what rounding left of
 * exact checks) put to fixed numbers.
 */
export async function show({ host, page }: OpenPage, config: string, layer: number | null = null): Promise<void> {
  await host.run(config, layer, (summary) => ({ ...summary, elapsedMs: 1.4 }));
  if (host.spectrum !== null && host.spectrum.lyapunov !== null)
    host.spectrum = { ...host.spectrum, lyapunovSumError: 7.1e-15, lyapunovError: 2.4e-15 };
  host.sendAll();
  await page.locator('.facts', { hasText: '1.4 ms' }).waitFor();
}

const whatIf = async ({ page }: OpenPage, name: string, value: string): Promise<void> => {
  await page.locator('.bar vscode-button', { hasText: 'What if' }).click();
  const field = page.locator(`[data-field=${name}] .number`).first();
  await field.fill(value);
  await field.press('Enter');
  await page.locator('[data-track=flow] .chip', { hasText: 'what if' }).first().waitFor();
};
const pin = ({ page }: OpenPage): Promise<void> => choose(page, '.bar', 'Pin run');

export const scenes: readonly Scene[] = [
  {
    name: 'weather',
    width: 1200,
    height: 3900,
    config: weatherConfig(),
    parts: null,
    async prepare({ page }) {
      for (const fold of await page.locator('.track:not([hidden]) .fold[aria-expanded=false]').all())
        await fold.click();
      for (const id of ['jacobian', 'product', 'attribution']) await computed(page, id);
      await page.locator('[data-card=reach] [data-name=horizon]').waitFor();
    },
  },
  {
    // A loss at every step, cuts, a clip, saturated units, one run pinned and another tried.
    name: 'every',
    width: 1200,
    height: 3900,
    config: configOf(referenceCase('saturated'), {
      name: 'saturated',
      upstreamGradient: 'every',
      truncate: 7,
      clip: { norm: 0.5 },
    }),
    parts: {
      head: '.head',
      whatIf: '.whatif',
      flow: track('flow'),
      contributions: track('contributions'),
      network: track('network'),
      gradientMap: track('gradientMap'),
      hiddenMap: track('hiddenMap'),
      saturation: track('saturation'),
      jacobian: track('jacobian'),
      attribution: track('attribution'),
      sources: track('sources'),
      atStep: '.side > section',
      compare: card('compare'),
      history: card('history'),
      openedStep: card('openedStep'),
    },
    async prepare(open) {
      await pin(open);
      await show(
        open,
        configOf(referenceCase('saturated'), {
          name: 'a second version',
          upstreamGradient: 'every',
          truncate: 5,
          clip: { norm: 0.5 },
        }),
      );
      await whatIf(open, 'inputScale', '0.6');
      for (const id of ['jacobian', 'attribution']) await computed(open.page, id);
      await cursorTo(open.page, 8);
    },
  },
  {
    // Drawn as its distance to a pin; tables.
    name: 'exploding',
    width: 1200,
    height: 3900,
    config: configOf(referenceCase('exploding')),
    parts: {
      head: '.head',
      flow: track('flow'),
      gradientMap: track('gradientMap'),
      hiddenMap: track('hiddenMap'),
      attribution: track('attribution'),
      eigenvalues: card('eigenvalues'),
    },
    async prepare(open) {
      const { page } = open;
      await pin(open);
      await show(open, configOf(referenceCase('exploding'), { name: 'every step', upstreamGradient: 'every' }));
      await page.locator('[data-card=compare] input[type=checkbox]').check();
      await computed(page, 'attribution');
      await openTable(page, 'flow');
      await choose(page, '[data-card=eigenvalues]', 'Table');
    },
  },
  // Below what float32 can hold; a rate that changes on the way; nothing before the last cut; every number of a small
  // network, and a help.
  {
    name: 'underflow',
    width: 1200,
    height: 1000,
    config: configOf(referenceCase('underflow'), { dtype: 'float32' }),
    parts: { head: '.head', flow: track('flow') },
  },
  { name: 'rates', width: 1200, height: 1000, config: twoRates, parts: { head: '.head', flow: track('flow') } },
  {
    name: 'cut',
    width: 1200,
    height: 1000,
    config: weatherConfig({ upstreamGradient: 'last', truncate: 40 }),
    parts: { flow: track('flow') },
  },
  {
    name: 'stripes',
    width: 1200,
    height: 1000,
    config: weatherConfig({ name: 'stripes', upstreamGradient: 'every', truncate: 1 }),
    parts: { contributions: track('contributions') },
    async prepare({ page }) {
      await page.setViewportSize({ width: 460, height: 1600 });
    },
  },
  {
    name: 'tiny',
    width: 1200,
    height: 2400,
    config: configOf(referenceCase('tiny')),
    parts: { network: track('network'), openedStep: card('openedStep'), help: '.popover' },
    async prepare({ page }) {
      await choose(page, '[data-track=product]', 'What it shows');
    },
  },
  {
    // What a user sees first, beside an editor.
    name: 'overview',
    width: 720,
    height: 830,
    config: weatherConfig(),
    group: 'overview',
    parts: { panel: 'body' },
  },
  {
    name: 'stack',
    width: 720,
    height: 1000,
    config: stack(),
    layer: 1,
    group: 'overview',
    parts: { panel: 'body' },
  },
  {
    name: 'gates',
    width: 1200,
    height: 1300,
    config: stack(),
    layer: 1,
    group: 'gates',
    parts: {
      gateLines: track('gateLines'),
      kept: track('kept'),
      paths: track('paths'),
      gateMap: track('gateMap'),
      halfLives: card('halfLives'),
    },
    async prepare({ page }) {
      await page.locator('[data-card=halfLives] .note', { hasText: 'has lost half' }).waitFor();
      await page.locator('[data-track=gateMap] .colour-bar').waitFor();
      await nextFrames(page);
    },
  },
  {
    // All layers of a network at once; a step of an LSTM, and the blocks of its weights.
    name: 'layers',
    width: 1200,
    height: 3900,
    config: stack(),
    layer: 1,
    parts: {
      flow: track('flow'),
      network: track('network'),
      gates: card('gates'),
      eigenvalues: card('eigenvalues'),
      weights: card('weights'),
    },
    async prepare({ page }) {
      await page.locator('.all-layers').click();
      await page.locator('[data-track=flow] .chip', { hasText: 'layer 2' }).waitFor();
      await page.locator('[data-card=gates] .opened-node dt').first().waitFor();
      await page.locator('[data-card=weights] [data-name=cell-step]').waitFor();
      await page.waitForFunction(() =>
        (document.querySelector('#card-eigenvalues')?.getAttribute('aria-label') ?? '').includes(' 96 values'),
      );
      await nextFrames(page);
    },
  },
  {
    name: 'narrow',
    width: 420,
    height: 1100,
    config: weatherConfig({ upstreamGradient: 'every', truncate: 25, clip: { norm: 0.001 } }),
    group: 'overview',
    parts: { panel: 'body' },
    async prepare({ page }) {
      await nextFrames(page);
    },
  },
];
