// Mending a network from the palette, question by question, and taking it back.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

const widget = (workbench: Workbench) => workbench.page.locator('.quick-input-widget').filter({ visible: true });
const config = 'vanishing.rnn.json';
const onDisk = (workbench: Workbench): Buffer => readFileSync(path.join(workbench.folder, 'vanishing', config));

/** One undo, and the file is saved with the bytes that it had. */
async function undone(workbench: Workbench, before: Buffer): Promise<void> {
  await workbench.page.locator('.tab').filter({ hasText: config }).first().click();
  await workbench.page.keyboard.press('Control+Z');
  await workbench.badge(/vanishing/i);
  await workbench.page.keyboard.press('Control+S');
  await workbench.until('no unsaved text', async () => (await workbench.page.locator('.tab.dirty').count()) === 0);
  // While VS Code writes a file it may be empty.
  await workbench.until('the file as it was', () => Promise.resolve(onDisk(workbench).equals(before)));
}

describe('mending from the palette', () => {
  scenario('rescales the recurrent weights to what is typed, and one undo takes it back', {}, async (workbench) => {
    const before = onDisk(workbench);
    await workbench.openFile(config);
    await workbench.palette('Run RNN');
    await workbench.badge(/vanishing/i);
    await workbench.palette('RNN: Rescale the Recurrent Weights');
    await workbench.answer(/Rescale Wh[^]*largest singular value/, 'spectral radius');
    await workbench.answer(/New spectral radius of Wh/, '-1');
    await workbench.answer(/A number above 0/, '1.4');
    await workbench.badge(/exploding/i);
    await workbench.page.locator('.view-line').filter({ hasText: /0\.7,/ }).first().waitFor();
    await workbench.page.keyboard.press('Control+S');
    await workbench.until('other bytes on the disk', () => Promise.resolve(!onDisk(workbench).equals(before)));
    await undone(workbench, before);
  });

  scenario('initialises the weights that are picked from a seed, and one undo takes it back', {}, async (workbench) => {
    const before = onDisk(workbench);
    await workbench.openFile(config);
    await workbench.palette('Run RNN');
    await workbench.badge(/vanishing/i);
    await workbench.palette('RNN: Initialise Weights');
    await workbench.answer(/Initialise[^]*Wh[^]*Wx/, 'Wh');
    await workbench.answer(/Initialise Wh[^]*Glorot uniform/, 'Orthogonal');
    await workbench.answer(/Seed/, 'a few');
    await workbench.answer(/A whole number from 0/, '12');
    await workbench.badge(/healthy/i);
    await workbench.page
      .locator('.view-line')
      .filter({ hasText: /Wh:\sorthogonal.*seed\s12/ })
      .waitFor();
    await undone(workbench, before);
  });

  scenario('changes nothing when a question is closed', {}, async (workbench) => {
    await workbench.openFile(config);
    for (const [command, answers] of [
      ['RNN: Rescale the Recurrent Weights', ['spectral radius']],
      ['RNN: Initialise Weights', ['Wh', 'Orthogonal']],
    ] as const) {
      for (let given = 0; given <= answers.length; given++) {
        await workbench.palette(command);
        for (const answer of answers.slice(0, given)) {
          await workbench.answer(new RegExp(answer), answer);
        }
        await workbench.asked(given < answers.length ? new RegExp(answers[given] ?? '') : /New spectral radius|Seed/);
        await workbench.page.keyboard.press('Escape');
        await widget(workbench).waitFor({ state: 'hidden' });
      }
    }
    assert.equal(await workbench.page.locator('.tab.dirty').count(), 0);
    assert.deepEqual(await workbench.notifications(), []);
  });
});
