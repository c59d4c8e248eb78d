// A training script that writes faster than runs follow: what is told of it is what has happened.
import assert from 'node:assert/strict';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { Session } from '../../../src/editor/following/session.js';
import { SpareThread } from '../../../src/worker/thread/index.js';
import { sibling } from './editorSupport.js';
import { closeEverything, copyExample, openDoors, until, workerPath } from './support.js';

const followEdits = (on: boolean | undefined): Thenable<void> =>
  vscode.workspace.getConfiguration('rnnGradients').update('followEdits', on, vscode.ConfigurationTarget.Global);

describe('writes of a training script', () => {
  afterEach(async () => {
    await followEdits(undefined);
    await closeEverything();
  });

  it('that no run has shown are counted, and the step and loss of those that are shown are kept', async () => {
    const uri = await copyExample('weather');
    const weights = sibling(uri, 'weights.json').fsPath;
    const original = JSON.parse(await readFile(weights, 'utf8')) as Readonly<Record<string, unknown>>;
    const write = async (step: number): Promise<void> => {
      await writeFile(`${weights}.tmp`, JSON.stringify({ step, loss: 1 / step, ...original }));
      await rename(`${weights}.tmp`, weights);
    };
    const errors: string[] = [];
    const log = { info: () => undefined, debug: () => undefined, error: (line: string) => errors.push(line) };
    const session = new Session(
      { kind: 'config', config: uri.toString() },
      new SpareThread(workerPath()),
      log as unknown as vscode.LogOutputChannel,
      openDoors(),
    );
    try {
      // Runs begin when the test says so.
      await followEdits(false);
      await session.run();
      assert.deepEqual(
        session.history.list().versions.map(({ training }) => training),
        [null],
      );
      for (let step = 1; step <= 4; step++) {
        await write(step);
        await until(`write ${step} was seen`, () => (session.unreadWrites === step ? true : undefined));
      }
      await session.run();
      const { skipped, versions } = session.history.list();
      assert.equal(skipped, 3);
      assert.deepEqual(versions.at(-1)?.training, { step: 4, epoch: null, loss: 0.25 });
      assert.equal(session.unreadWrites, 0);
      // One at a time loses nothing.
      await write(5);
      await until('the last write was seen', () => (session.unreadWrites === 1 ? true : undefined));
      await session.run();
      assert.equal(session.history.list().skipped, 3);
      assert.equal(session.history.list().versions.at(-1)?.training?.step, 5);
      assert.deepEqual(errors, []);
    } finally {
      session.dispose();
    }
  });
});
