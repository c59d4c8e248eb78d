import assert from 'node:assert/strict';
import path from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { defaultBounds } from '../../../src/engine/index.js';
import { languageInUse } from '../../../src/l10n.js';
import { EngineClient } from '../../../src/worker/thread/client.js';
import { SpareThread } from '../../../src/worker/thread/spareThread.js';

const data = { language: languageInUse(), threads: 0 };
const engine = path.resolve('dist/worker.js');
const spares: SpareThread[] = [];
const spareOf = (file: string): SpareThread => {
  const spare = new SpareThread(file);
  spares.push(spare);
  return spare;
};
const missing = path.resolve('test/fixtures/worker/none.cjs');
const config = JSON.stringify({ weights: { Wx: [[0.5]], Wh: [[0.5]], b: [[0]] }, sequences: [[1], [1]] });
const nothing = (): undefined => undefined;

describe('SpareThread', () => {
  afterEach(() => {
    for (const spare of spares.splice(0)) spare.end();
  });

  it('gives the thread that waits away once, and however often it was prepared there is one', () => {
    const spare = spareOf(engine);
    assert.equal(spare.take(data, nothing), null);
    spare.prepare(data);
    spare.prepare({ ...data });
    const taken = spare.take(data, nothing);
    assert.ok(taken !== null);
    assert.equal(spare.take(data, nothing), null);
    taken.end();
  });

  it('gives no thread away that was given something else', () => {
    const spare = spareOf(engine);
    spare.prepare(data);
    assert.equal(spare.take({ ...data, threads: 1 }, nothing), null);
    spare.prepare({ ...data, threads: 1 });
    assert.equal(spare.take(data, nothing), null);
    spare.take({ ...data, threads: 1 }, nothing)?.end();
  });

  it('tells whoever has taken a thread that it ends', async () => {
    const spare = spareOf(path.resolve('test/fixtures/worker/exits.cjs'));
    spare.prepare(data);
    const died = new Promise<string>((resolve) => {
      spare.take(data, resolve)?.port.post('anything', []);
    });
    assert.match(await died, /exit code 7/);
  });

  it('gives no thread away that has ended by itself', async () => {
    const spare = spareOf(missing);
    // Each thread has twice the time of the one before it to end, however slow the machine is.
    let isGone = false;
    for (let wait = 50; !isGone && wait < 20_000; wait *= 2) {
      spare.prepare(data);
      await new Promise((resolve) => setTimeout(resolve, wait));
      isGone = spare.take(data, nothing) === null;
    }
    assert.ok(isGone);
  });

  it('is what a client runs on', async () => {
    const spare = spareOf(engine);
    const crashes: string[] = [];
    const client = new EngineClient({
      workerPath: missing,
      spare,
      readFile: () => ({ ok: true, id: 'a.rnn.json', bytes: new TextEncoder().encode(config) }),
      events: { progress: nothing, problems: nothing, summary: nothing, spectrum: nothing, failed: nothing },
      onCrash: (message) => crashes.push(message),
    });
    spare.prepare(data);
    try {
      const outcome = await client.run({ kind: 'config', config: 'a.rnn.json' }, defaultBounds);
      assert.equal(outcome.kind, 'done');
    } finally {
      client.dispose();
    }
    assert.deepEqual(crashes, []);
  });
});
