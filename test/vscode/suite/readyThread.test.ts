// A thread is ready where a run is likely, with the editor's own events.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { registerReadyThread } from '../../../src/editor/following/index.js';
import { Inspections } from '../../../src/editor/following/inspections.js';
import { Sessions } from '../../../src/editor/following/sessions.js';
import { closeEverything, copyExample, openDoors, openText, until, workerPath } from './support.js';

describe('The thread that is ready', () => {
  afterEach(closeEverything);

  it('is prepared when a config has been read that is in front and that nothing shows', async () => {
    const log = vscode.window.createOutputChannel('ready thread test', { log: true });
    const inspections = new Inspections(workerPath(), log, openDoors());
    let prepared = 0;
    class Counted extends Sessions {
      override prepare(): void {
        prepared++;
        super.prepare();
      }
    }
    const sessions = new Counted(workerPath(), log, openDoors());
    const ready = registerReadyThread(sessions, inspections);
    const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 800));
    try {
      const uri = await copyExample('vanishing');
      await inspections.of(uri);
      await pause();
      assert.equal(prepared, 0, 'a config that is not in front');

      await openText(uri);
      await until('a thread for the config in front', () => (prepared === 1 ? true : undefined));
      const session = sessions.open({ kind: 'config', config: uri.toString() });
      assert.equal((await session.run()).kind, 'done');
      inspections.forget(uri);
      await inspections.of(uri);
      await pause();
      assert.equal(prepared, 1, 'a config that is shown');

      sessions.close(session);
      await until('a thread for the config that is shown no more', () => (prepared === 2 ? true : undefined));
    } finally {
      ready.dispose();
      sessions.dispose();
      inspections.dispose();
      log.dispose();
    }
  });
});
