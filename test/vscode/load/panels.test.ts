// Panels that are opened and closed, and many configs at once.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import {
  closeEverything,
  copyExample,
  lenses,
  lensSays,
  liveWorkers,
  openText,
  panelTabs,
  until,
} from '../suite/support.js';
import { Holdings, share, times } from './holdings.js';

describe('panels that are opened and closed', () => {
  afterEach(closeEverything);

  it('leave nothing', async function () {
    this.timeout(0);
    const panels = times(50);
    const holdings = new Holdings('panels');
    const uri = await copyExample('weather');
    await openText(uri);
    for (let i = 0; i < panels; i++) {
      await vscode.commands.executeCommand('rnnGradients.run', uri);
      await lensSays(uri, /vanishing/);
      await vscode.window.tabGroups.close(panelTabs());
      await until('no panel', () => (panelTabs().length === 0 ? true : undefined));
      await holdings.look();
      holdings.watchLoop();
    }
    holdings.end(`${panels} panels opened and closed`);
  });
});

describe('many configs', () => {
  afterEach(closeEverything);

  it('are open at once, read and closed again, and leave nothing', async function () {
    this.timeout(0);
    const configs = Math.max(20, Math.round(200 * share));
    const rounds = 10;
    const holdings = new Holdings('configs');
    const uri = await copyExample('vanishing');
    const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));
    const made = await Promise.all(
      Array.from({ length: configs }, async (_, i) => {
        const own = vscode.Uri.joinPath(uri, '..', `config-${i}.rnn.json`);
        await vscode.workspace.fs.writeFile(own, new TextEncoder().encode(text.replace('vanishing', `config ${i}`)));
        return own;
      }),
    );
    const threads = liveWorkers();
    for (let round = 0; round < rounds; round++) {
      for (const own of made) await openText(own);
      for (const own of [made[0], made.at(-1)]) {
        assert.ok(own);
        await until('its lens', async () =>
          (await lenses(own)).some((line) => line.includes('Run RNN')) ? true : undefined,
        );
      }
      assert.ok(liveWorkers() <= threads + 2, 'one thread reads for all of them');
      await closeEverything();
      await holdings.look();
      holdings.watchLoop();
    }
    holdings.end(`${configs} configs open at once, ${rounds} times`);
  });
});
