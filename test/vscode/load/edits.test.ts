// Somebody types for a day.
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { closeEverything, copyExample, lensSays, openText, panelTabs, replaceText, until } from '../suite/support.js';
import { Holdings, times } from './holdings.js';

describe('edits of a config whose panel is open', () => {
  afterEach(closeEverything);

  it('leave nothing, and the last of them is shown', async function () {
    this.timeout(0);
    const edits = times(10_000);
    const holdings = new Holdings('edits');
    const uri = await copyExample('weather');
    const { document } = await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /vanishing/);
    let name = 'tanh RNN on daily weather';
    for (let i = 0; i < edits; i++) {
      await replaceText(document, name, `edit ${i}`);
      name = `edit ${i}`;
      // Faster than it runs, and now and then as slow as somebody who looks.
      if (i % 20 === 19) await new Promise((resolve) => setTimeout(resolve, 250));
      // As typing over and over would: what is undone is the editor's to keep, so it is saved away.
      if (i % 500 === 499) await document.save();
      if (i % Math.ceil(edits / 50) === 0) {
        await holdings.look();
        holdings.watchLoop();
      }
    }
    await until('the panel with the last name', () =>
      panelTabs().some(({ label }) => label === `RNN: ${name}`) ? true : undefined,
    );
    holdings.end(`${edits} edits followed`);
  });
});
