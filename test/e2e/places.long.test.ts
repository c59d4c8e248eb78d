// Windows that show several folders, or none.
import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import path from 'node:path';
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

const choices = (workbench: Workbench) => workbench.page.locator('.quick-input-list .monaco-list-row');

describe('a window', () => {
  scenario(
    'of several folders offers the configs of all, each with its folder, and runs them with the files beside them',
    { folders: ['vanishing', 'weather'] },
    async (workbench) => {
      await workbench.palette('Run RNN');
      await choices(workbench).filter({ hasText: 'vanishing.rnn.json' }).filter({ hasText: 'vanishing' }).waitFor();
      await workbench.answer(/weather\.rnn\.json/, 'weather.rnn.json');
      await workbench.badge(/vanishing/i);
      await workbench.page.locator('.tab').filter({ hasText: 'RNN: tanh RNN on daily weather' }).waitFor();
      await workbench.palette('RNN: Create RNN Config');
      await workbench.answer(/Where do the numbers come from/, 'Existing files');
      await workbench.answer(/Which file holds the weights/, 'weights.json');
      await workbench.answer(/Which cell/, 'tanh');
      await workbench.answer(/Which file holds the sequences/, 'sequences.json');
      await workbench.answer(/What flows in from above/, 'Ones at the last step');
      await workbench.answer(/Where does the state begin/, 'Zeros');
      await workbench.page.locator('.view-line').filter({ hasText: '"../weather/weights.json"' }).waitFor();
      await workbench.palette('Run RNN');
      await workbench.page.locator('.tab').filter({ hasText: 'RNN: weights' }).waitFor();
    },
  );

  scenario(
    'of no folder runs an example and a config that is not saved, and tells what a path in it lacks',
    { folders: [] },
    async (workbench) => {
      await workbench.palette('Run RNN');
      await workbench.answer(/Create an example/, 'Create an example');
      await workbench.answer(/Orthogonal/, 'Orthogonal');
      await workbench.badge(/healthy/i);
      // What is made of a config that lies nowhere is offered a place that is there.
      await workbench.palette('RNN: Save as HTML Report');
      const place = workbench.page.locator('.quick-input-widget input[type="text"]').filter({ visible: true });
      await workbench.until('a place in the own folder', async () =>
        (await place.inputValue()).startsWith(path.join(homedir(), 'orthogonal')),
      );
      await workbench.page.keyboard.press('Escape');
      await place.waitFor({ state: 'hidden' });
      await workbench.replaceAll('{ "weights": "w.json", "sequences": [[[1]]] }');
      await workbench.until('the problem', async () =>
        (await workbench.problems()).some(({ text }) => text.includes('not saved, and no folder is open')),
      );
      assert.equal(await workbench.page.locator('.tab.dirty').count(), 1);
    },
  );
});
