// From nothing to a picture: the questions of a new config, answered as a person does.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'node:test';
import { longScenario, scenario } from '../support/workbench.js';

describe('a new config', () => {
  scenario(
    'is asked for step by step, refuses sizes that make no sense, goes back, and runs',
    {},
    async (workbench) => {
      await workbench.palette('RNN: Create RNN Config');
      await workbench.answer(/Where do the numbers come from/, 'Made-up');
      await workbench.answer(/Which cell/, 'identity');
      await workbench.answer(/How many layers, in which directions/, 'Several layers, both');
      await workbench.answer(/Layers, one above the other/, '0');
      await workbench.answer(/A whole number from 1/, '2');
      await workbench.answer(/Sizes B, T, I, H/, '1, 50, 2');
      await workbench.answer(/Four whole numbers/, '1, 50, 2, 5000');
      await workbench.answer(/Put larger ones in files/, '2, 20, 3, 8');
      await workbench.asked(/How do the recurrent weights/);
      await workbench.page.locator('.quick-input-widget [aria-label^="Back"]').click();
      await workbench.answer(/Sizes B, T, I, H/, '2, 30, 3, 8');
      await workbench.answer(/How do the recurrent weights/, 'Orthogonal');
      await workbench.answer(/Seed/, '7');
      await workbench.page.locator('.tab.active').filter({ hasText: 'network.rnn.json' }).waitFor();
      await workbench.badge(/fading|healthy/i);
      await workbench.page.locator('.tab').filter({ hasText: 'identity, 2 layers, both directions' }).waitFor();
      const text = workbench.page.locator('.tab.active').filter({ hasText: 'network.rnn.json' });
      await text.waitFor();
      assert.ok(!existsSync(path.join(workbench.folder, 'network.rnn.json')), 'nothing was written');
    },
  );

  longScenario('has its panel again after a reload, also once it is saved', {}, async (workbench) => {
    await workbench.palette('RNN: Create RNN Config');
    await workbench.acceptAll([
      /Where do the numbers come from/,
      /Which cell/,
      /How many layers, in which directions/,
      /Sizes B, T, I, H/,
      /How do the recurrent weights/,
      /Seed/,
    ]);
    await workbench.badge(/vanishing/i);
    await workbench.reload();
    await workbench.badge(/vanishing/i);
    await workbench.replaceInEditor('"tanh",', '"identity",');
    await workbench.badge(/healthy/i);
    await workbench.page.locator('.tab').filter({ hasText: 'network.rnn.json' }).click();
    await workbench.page.keyboard.press('Control+S');
    await workbench.until('the config on the disk', () =>
      Promise.resolve(existsSync(path.join(workbench.folder, 'network.rnn.json'))),
    );
    await workbench.replaceInEditor('"identity",', '"tanh",');
    await workbench.badge(/vanishing/i);
    assert.equal(await workbench.page.locator('.tab').filter({ hasText: 'RNN:' }).count(), 1);
  });

  longScenario('names existing files by their place in the workspace', {}, async (workbench) => {
    await workbench.palette('RNN: Create RNN Config');
    await workbench.answer(/Where do the numbers come from/, 'Existing files');
    await workbench.answer(/Which file holds the weights/, 'weights.json');
    await workbench.answer(/Which cell/, 'tanh');
    await workbench.answer(/Which file holds the sequences/, 'sequences.json');
    await workbench.answer(/What flows in from above/, 'A gradient from a file');
    await workbench.answer(/Which file holds the upstream gradient/, 'dhs.json');
    await workbench.answer(/Where does the state begin/, 'Zeros');
    await workbench.page.locator('.tab.active').filter({ hasText: 'network.rnn.json' }).waitFor();
    await workbench.page.locator('.view-line').filter({ hasText: '"weather/weights.json"' }).waitFor();
    await workbench.page.locator('.view-line').filter({ hasText: '"weather/dhs.json"' }).waitFor();
    await workbench.badge(/vanishing/i);
    await workbench.page.locator('.tab').filter({ hasText: 'network.rnn.json' }).click();
    await workbench.page.keyboard.press('Control+S');
    await workbench.until('the config on the disk', () =>
      Promise.resolve(existsSync(path.join(workbench.folder, 'network.rnn.json'))),
    );
  });
});
