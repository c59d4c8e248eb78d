// What the palette offers where the user is.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

const mending = [
  'RNN: Rescale the Recurrent Weights…',
  'RNN: Initialise Weights…',
  'RNN: Move the Weights to a File of Their Own',
];

/** The commands of the category that the palette offers. */
async function offered(workbench: Workbench): Promise<string[]> {
  const labels = await workbench.offers('RNN: ');
  await workbench.page.keyboard.press('Escape');
  await workbench.page.locator('.quick-input-widget').waitFor({ state: 'hidden' });
  return labels.filter((label) => label.startsWith('RNN: '));
}

/** The text in front is looked up in the configs first, which takes a moment. */
const offers = (workbench: Workbench, wanted: readonly string[]): Promise<void> =>
  workbench.until(`${wanted.join(', ')} in the palette`, async () => {
    const labels = await offered(workbench);
    return wanted.every((label) => labels.includes(label));
  });

describe('the palette', () => {
  scenario(
    'offers what changes weights at a config, at its files and at its panel, and at no other JSON',
    {},
    async (workbench) => {
      await writeFile(path.join(workbench.folder, 'other.json'), '{ "Wh": [[1]] }');
      await workbench.openFile('other.json');
      const elsewhere = await offered(workbench);
      assert.deepEqual(
        elsewhere.filter(
          (label) => mending.includes(label) || /Fold|Panel|Report|Gradient Preview|Stop|Cancel/.test(label),
        ),
        [],
      );
      assert.ok(elsewhere.includes('RNN: Create RNN Config…'), elsewhere.join(', '));

      await workbench.openFile('weather/weights.json');
      await offers(workbench, [...mending, 'RNN: Fold All Matrices', 'RNN: Open Gradient Preview to the Side']);
      await workbench.openFile('vanishing.rnn.json');
      await offers(workbench, [...mending, 'RNN: Fold All Matrices']);
      await workbench.palette('Run RNN');
      const page = workbench.webview();
      await workbench.badge(/vanishing/i);
      await page.locator('#track-flow-plot').focus();
      await offers(workbench, [...mending, 'RNN: Save as HTML Report…']);
      // And they do it there.
      await workbench.palette('RNN: Initialise Weights');
      for (const [question, answer] of [
        [/Wh/, 'Wh'],
        [/Orthogonal/, 'Orthogonal'],
        [/Seed/, '1'],
      ] as const)
        await workbench.answer(question, answer);
      await workbench.badge(/healthy/i);

      await workbench.openFile('other.json');
      await workbench.until('the palette without them', async () =>
        (await offered(workbench)).every((label) => !mending.includes(label)),
      );
    },
  );
});
