// The preview that goes along with the editor.
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';
import type { Workbench } from '../support/workbench.js';

const preview = (workbench: Workbench, name: RegExp): Promise<void> =>
  workbench.page.locator('.tab').filter({ hasText: 'RNN preview: ' }).filter({ hasText: name }).waitFor();

describe('the preview in a window', () => {
  scenario('follows the editor, and comes back after a reload', {}, async (workbench) => {
    await workbench.openFile('vanishing.rnn.json');
    await workbench.page.keyboard.press('Control+K');
    await workbench.page.keyboard.press('v');
    await preview(workbench, /vanishing/);
    await workbench.badge(/vanishing/i);
    await workbench.openFile('exploding.rnn.json');
    await preview(workbench, /exploding/);
    await workbench.badge(/exploding/i);
    await workbench.reload();
    await workbench.badge(/exploding/i);
    await workbench.openFile('vanishing.rnn.json');
    await preview(workbench, /vanishing/);
    await workbench.badge(/vanishing/i);
  });
});
