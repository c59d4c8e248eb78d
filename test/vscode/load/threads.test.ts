// The engine's thread is killed in the middle of what it does, again and again.
import assert from 'node:assert/strict';
import threads from 'node:worker_threads';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { closeEverything, copyExample, lensSays, openText, panelTabs, replaceText, until } from '../suite/support.js';
import { Holdings, times } from './holdings.js';

/** Threads that the extension starts from now on. */
const started = new Set<threads.Worker>();
const { Worker } = threads;
class Watched extends Worker {
  constructor(...args: ConstructorParameters<typeof Worker>) {
    super(...args);
    if (!String(args[0]).endsWith('worker.js')) return;
    started.add(this);
    this.once('exit', () => started.delete(this));
  }
}

describe('threads that are killed', () => {
  afterEach(() => {
    threads.Worker = Worker;
    return closeEverything();
  });

  it('leave nothing, and the next run succeeds', async function () {
    this.timeout(0);
    threads.Worker = Watched;
    const kills = times(1_000);
    const holdings = new Holdings('threads', true);
    const uri = await copyExample('vanishing');
    const { document } = await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /vanishing, ×0\.500/);
    let killed = 0;
    let name = 'vanishing: half is lost at every step';
    const edit = async (to: string): Promise<void> => {
      await replaceText(document, name, to);
      name = to;
    };
    for (let round = 0; killed < kills; round++) {
      // Somewhere in the reading and running of an edit.
      await edit(`round ${round}`);
      await new Promise((resolve) => setTimeout(resolve, round % 160));
      const victims = [...started];
      await Promise.all(victims.map((victim) => victim.terminate()));
      killed += victims.length;
      if (victims.length === 0 || round % 10 === 0) {
        await vscode.commands.executeCommand('rnnGradients.run', uri);
        await lensSays(uri, /vanishing, ×0\.500 per step back$/);
      }
      if (round % Math.ceil(kills / 50) === 0) {
        // The run's thread, and that of what is told in the text, which starts again with the next edit.
        await edit(`round ${round}, whole`);
        await until('both threads', () => (started.size === 2 ? true : undefined));
        await holdings.look();
        holdings.watchLoop();
      }
    }
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /vanishing, ×0\.500 per step back$/);
    assert.equal(panelTabs().length, 1);
    holdings.end(`${killed} threads killed`);
  });
});
