// The first minutes of somebody who has read nothing: from an empty folder, and from a PyTorch model, to a picture.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe } from 'node:test';
import type { Locator } from 'playwright-core';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

/** Counts what a person does in a window, until the picture stands. */
function hands(workbench: Workbench): { done: () => string } {
  let acts = 0;
  const from = performance.now();
  const { keyboard } = workbench.page;
  const press = keyboard.press.bind(keyboard);
  keyboard.press = (key, options) => {
    acts++;
    return press(key, options);
  };
  return {
    done: () => `${acts} keys besides the text of the command, ${((performance.now() - from) / 1000).toFixed(1)} s`,
  };
}

const transposed = (matrix: readonly (readonly number[])[]): number[][] =>
  (matrix[0] ?? []).map((_, column) => matrix.map((row) => row[column] ?? NaN));

/**
 * What the documented Python lines write of a model with an nn.RNN and a head: PyTorch's names, [H,I] and [H,H],
 * everything on one line.
 */
function pyTorchFolder(): string {
  const read = (name: string): unknown => JSON.parse(readFileSync(path.join('examples', 'weather', name), 'utf8'));
  const { Wx, Wh, b } = read('weights.json') as {
    readonly Wx: number[][];
    readonly Wh: number[][];
    readonly b: number[][];
  };
  const bias = b.flat();
  const folder = mkdtempSync(path.join(tmpdir(), 'rnn-torch-'));
  writeFileSync(
    path.join(folder, 'weights.json'),
    JSON.stringify({
      'rnn.weight_ih_l0': transposed(Wx),
      'rnn.weight_hh_l0': transposed(Wh),
      'rnn.bias_ih_l0': bias.map((x) => x / 4),
      'rnn.bias_hh_l0': bias.map((x) => 0.75 * x),
      'head.weight': [bias],
      'head.bias': [0],
    }),
  );
  writeFileSync(path.join(folder, 'sequences.json'), JSON.stringify(read('sequences.json')));
  return folder;
}

const emptyFolder = mkdtempSync(path.join(tmpdir(), 'rnn-empty-'));

describe('the first picture', () => {
  scenario('of an empty folder takes the palette and Enter', { workspace: emptyFolder }, async (workbench) => {
    const { done } = hands(workbench);
    await workbench.palette('Run RNN');
    await workbench.acceptAll([/No \*\.rnn\.json found in this workspace/, /What should the gradient do/]);
    await workbench.badge(/vanishing/i);
    console.log(`      empty folder to picture: ${done()}`);
    assert.deepEqual(readdirSync(workbench.folder), [], 'nothing was written');
    // What is still computed behind the picture is told there too, until it is done.
    await workbench.until('nothing to be told', async () => (await workbench.notifications()).length === 0);
  });

  scenario(
    'of an empty folder, by the walkthrough: create with Enter alone, then run what was created',
    { workspace: emptyFolder },
    async (workbench) => {
      const { done } = hands(workbench);
      const step = (id: string): Locator => workbench.page.locator(`.getting-started-step[data-step-id$="#${id}"]`);
      await workbench.palette('Welcome: Open Walkthrough');
      await workbench.answer(/See whether a recurrent/, 'See whether a recurrent network can learn');
      await step('create').locator('.monaco-button').filter({ hasText: 'Create RNN Config' }).click();
      await workbench.acceptAll([
        /Where do the numbers come from/,
        /Which cell/,
        /How many layers/,
        /Sizes B, T, I, H/,
        /How do the recurrent weights/,
        /Seed/,
      ]);
      await workbench.page.locator('.tab.active').filter({ hasText: 'network.rnn.json' }).waitFor();
      await workbench.page.locator('.tab').filter({ hasText: 'Welcome' }).click();
      await step('run').click();
      await step('run').locator('.monaco-button').filter({ hasText: 'Run RNN' }).click();
      // The only config with a tab is the one that is meant.
      await workbench.badge(/vanishing|fading|healthy|exploding/i);
      console.log(`      empty folder to picture by the walkthrough: ${done()}, and 4 clicks`);
      assert.deepEqual(readdirSync(workbench.folder), [], 'nothing was written');
    },
  );

  scenario('of a PyTorch state_dict as JSON needs no renaming', { workspace: pyTorchFolder() }, async (workbench) => {
    const { done } = hands(workbench);
    await workbench.openFile('weights.json');
    await workbench.palette('Run RNN');
    await workbench.acceptAll([/sequences\.json/]);
    await workbench.badge(/vanishing/i);
    console.log(`      state_dict to picture: ${done()}`);
    // The network of the example under the tutorial's names: the same factor.
    await workbench.page.locator('.statusbar-item[id$="rnnGradients.verdict"]').filter({ hasText: '×0.879' }).waitFor();
    // A state_dict says nothing of the activation.
    const [assumed, ...others] = await workbench.problems();
    assert.match(assumed?.text ?? '', /tanh is assumed/);
    assert.deepEqual([assumed?.severity, others], ['info', []]);
  });
});
