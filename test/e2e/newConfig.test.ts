// From nothing to a picture: the questions of a new config, answered as a person does.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';

describe('a new config', () => {
  scenario('is asked for step by step, refuses sizes that make no sense, goes back, and runs', {}, async (workbench) => {
    await workbench.palette('RNN: Create RNN Config');
    await workbench.asked(/Which cell/);
    await workbench.answer('identity');
    await workbench.asked(/Where do the numbers come from/);
    await workbench.answer('Made-up');
    await workbench.asked(/Sizes B, T, I, H/);
    await workbench.answer('1, 50, 2');
    await workbench.asked(/Four whole numbers/);
    await workbench.answer('1, 50, 2, 5000');
    await workbench.asked(/Put larger ones in files/);
    await workbench.answer('2, 20, 3, 8');
    await workbench.asked(/How do the recurrent weights/);
    await workbench.page.locator('.quick-input-widget [aria-label^="Back"]').click();
    await workbench.asked(/Sizes B, T, I, H/);
    await workbench.answer('2, 30, 3, 8');
    await workbench.asked(/How do the recurrent weights/);
    await workbench.answer('Orthogonal');
    await workbench.asked(/Seed/);
    await workbench.answer('7');
    await workbench.page.locator('.tab.active').filter({ hasText: 'network.rnn.json' }).waitFor();
    await workbench.palette('Run RNN');
    await workbench.badge(/healthy/i);
    assert.ok(!existsSync(path.join(workbench.folder, 'network.rnn.json')), 'nothing was written');
  });

  scenario('names existing files by their place in the workspace', {}, async (workbench) => {
    await workbench.palette('RNN: Create RNN Config');
    await workbench.asked(/Which cell/);
    await workbench.answer('tanh');
    await workbench.asked(/Where do the numbers come from/);
    await workbench.answer('Existing files');
    await workbench.asked(/Which file holds the weights/);
    await workbench.answer('weights.json');
    await workbench.asked(/Which file holds the sequences/);
    await workbench.answer('sequences.json');
    await workbench.page.locator('.tab.active').filter({ hasText: 'network.rnn.json' }).waitFor();
    await workbench.page.locator('.view-line').filter({ hasText: '"weather/weights.json"' }).waitFor();
    await workbench.palette('Run RNN');
    await workbench.badge(/vanishing/i);
    await workbench.page.locator('.tab').filter({ hasText: 'network.rnn.json' }).click();
    await workbench.page.keyboard.press('Control+S');
    await workbench.until('the config on the disk', () => Promise.resolve(existsSync(path.join(workbench.folder, 'network.rnn.json'))));
  });
});
