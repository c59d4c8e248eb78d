// From nothing to a picture: the questions of a new config, answered as a person does.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

const badge = (workbench: Workbench, verdict: RegExp): Promise<void> => workbench.webview().locator('.badge').filter({ hasText: verdict }).waitFor();

/** Waits for a question by what its field says. */
const asked = (workbench: Workbench, words: RegExp): Promise<void> => workbench.until(`the question ${String(words)}`, async () => {
  const widget = workbench.page.locator('.quick-input-widget').filter({ visible: true });
  return words.test(`${await widget.locator('input[type="text"]').first().getAttribute('placeholder').catch(() => '') ?? ''} ${await widget.innerText().catch(() => '')}`);
});

describe('a new config', () => {
  scenario('is asked for step by step, refuses sizes that make no sense, goes back, and runs', {}, async (workbench) => {
    await workbench.palette('RNN: Create RNN Config');
    await asked(workbench, /Which cell/);
    await workbench.answer('identity');
    await asked(workbench, /Where do the numbers come from/);
    await workbench.answer('Made-up');
    await asked(workbench, /Sizes B, T, I, H/);
    await workbench.answer('1, 50, 2');
    await asked(workbench, /Four whole numbers/);
    await workbench.answer('1, 50, 2, 5000');
    await asked(workbench, /Put larger ones in files/);
    await workbench.answer('2, 20, 3, 8');
    await asked(workbench, /How do the recurrent weights/);
    await workbench.page.locator('.quick-input-widget [aria-label^="Back"]').click();
    await asked(workbench, /Sizes B, T, I, H/);
    await workbench.answer('2, 30, 3, 8');
    await asked(workbench, /How do the recurrent weights/);
    await workbench.answer('Orthogonal');
    await asked(workbench, /Seed/);
    await workbench.answer('7');
    await workbench.page.locator('.tab.active').filter({ hasText: 'network.rnn.json' }).waitFor();
    await workbench.palette('Run RNN');
    await badge(workbench, /healthy/i);
    assert.ok(!existsSync(path.join(workbench.folder, 'network.rnn.json')), 'nothing was written');
  });

  scenario('names existing files by their place in the workspace', {}, async (workbench) => {
    await workbench.palette('RNN: Create RNN Config');
    await asked(workbench, /Which cell/);
    await workbench.answer('tanh');
    await asked(workbench, /Where do the numbers come from/);
    await workbench.answer('Existing files');
    await asked(workbench, /Which file holds the weights/);
    await workbench.answer('weights.json');
    await asked(workbench, /Which file holds the sequences/);
    await workbench.answer('sequences.json');
    await workbench.page.locator('.tab.active').filter({ hasText: 'network.rnn.json' }).waitFor();
    await workbench.page.locator('.view-line').filter({ hasText: '"weather/weights.json"' }).waitFor();
    await workbench.palette('Run RNN');
    await badge(workbench, /vanishing/i);
    await workbench.page.locator('.tab').filter({ hasText: 'network.rnn.json' }).click();
    await workbench.page.keyboard.press('Control+S');
    await workbench.until('the config on the disk', () => Promise.resolve(existsSync(path.join(workbench.folder, 'network.rnn.json'))));
  });
});
