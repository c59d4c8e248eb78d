// What settings and the state of runs change outside of a text: the status bar, the panel, the palette.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

const statusBarSays = (workbench: Workbench, words: RegExp): Promise<void> =>
  workbench.page
    .locator('.part.statusbar .statusbar-item[id$="rnnGradients.verdict"]')
    .filter({ visible: true })
    .filter({ hasText: words })
    .waitFor();

async function offersToCancel(workbench: Workbench): Promise<boolean> {
  const labels = await workbench.offers('RNN: Cancel the Run');
  await workbench.page.keyboard.press('Escape');
  await workbench.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  return labels.includes('RNN: Cancel the Run');
}

describe('the bounds of the verdict in the settings', () => {
  scenario(
    'hold in the panel and in the status bar',
    {
      settings: {
        'rnnGradients.verdict.vanishingBelow': 1e-9,
        'rnnGradients.verdict.fadingBelow': 1e-9,
        'rnnGradients.verdict.explodingAbove': 20_000,
      },
    },
    async (workbench) => {
      for (const [example, factor] of [
        ['vanishing', /healthy ×0\.500/],
        ['exploding', /healthy ×1\.50/],
      ] as const) {
        await workbench.openFile(`${example}.rnn.json`);
        await workbench.palette('Run RNN');
        await workbench.badge(/healthy/i);
        await statusBarSays(workbench, factor);
      }
    },
  );
});

describe('a run that takes long', () => {
  scenario('can be cancelled from the palette, as long as it runs', {}, async (workbench) => {
    const folder = path.join(workbench.folder, 'long');
    mkdirSync(folder);
    const [H, T] = [512, 20_000];
    const row = new Array<number>(H).fill(0.001);
    // Its exponents alone take far longer than this test may.
    const weights = { Wx: [row], Wh: row.map((_, i) => row.map((__, j) => (i === j ? 1 : 0.001))), b: row };
    writeFileSync(path.join(folder, 'w.json'), JSON.stringify(weights));
    writeFileSync(path.join(folder, 'x.json'), JSON.stringify(new Array(T).fill([0.5])));
    writeFileSync(path.join(folder, 'long.rnn.json'), '{ "weights": "w.json", "sequences": "x.json" }');
    await workbench.openFile('long.rnn.json');
    await workbench.palette('Run RNN');
    await workbench.until('an offer to cancel', () => offersToCancel(workbench));
    await workbench.palette('RNN: Cancel the Run');
    await workbench.until('no offer any more', async () => !(await offersToCancel(workbench)));
  });
});
