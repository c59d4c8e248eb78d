// A training script that keeps rewriting its weights while the panel is open.
import assert from 'node:assert/strict';
import { utimesSync } from 'node:fs';
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { versionOnDisk } from '../../../src/editor/files/disk.js';
import { DiskPoll } from '../../../src/editor/files/diskPoll.js';
import { Session } from '../../../src/editor/following/session.js';
import { SpareThread } from '../../../src/worker/thread/index.js';
import type { RunOutcome } from '../../../src/protocol/index.js';
import { problemsOf, sibling, writeFiles } from './editorSupport.js';
import {
  closeEverything,
  copyExample,
  lensSays,
  lenses,
  openDoors,
  openText,
  panelTabs,
  replaceText,
  until,
  workerPath,
} from './support.js';
import { some } from '../../support/long.js';

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
/** Between two rewrites: 20 a second. */
const period = 50;
const mostSteps = 400;

type Weights = { readonly Wx: number[][]; readonly Wh: number[][]; readonly b: number[][] };

/**
 * Wh is `scale` times the identity and nothing else is left, so the gradient is multiplied by exactly `scale` at every
 * step back.
 */
const scaled = ({ Wx, Wh, b }: Weights, scale: number): string =>
  JSON.stringify({
    Wx: Wx.map((row) => row.map(() => 0)),
    Wh: Wh.map((row, i) => row.map((_, j) => (i === j ? scale : 0))),
    b: b.map((row) => row.map(() => 0)),
  });

/**
 * What one rewrite does. In place the file is emptied and filled in two halves, so that half of the time it is no JSON.
 */
const writers: Readonly<Record<string, (file: string, text: string) => Promise<void>>> = {
  'in place, in two halves': async (file, text) => {
    const handle = await open(file, 'w');
    await handle.write(text.slice(0, text.length / 2));
    await wait(period / 2);
    await handle.write(text.slice(text.length / 2));
    await handle.close();
  },
  'atomically, by rename': async (file, text) => {
    await writeFile(`${file}.tmp`, text);
    await rename(`${file}.tmp`, file);
  },
};

describe('a file that a training script rewrites', () => {
  afterEach(closeEverything);

  for (const [way, write] of some(Object.entries(writers), 2, 1)) {
    it(`is followed while it is rewritten 20 times a second ${way}, without tearing`, async () => {
      const uri = await copyExample('weather');
      const { document } = await openText(uri);
      await replaceText(document, '"upstreamGradient": "dhs.json"', '"upstreamGradient": "last"');
      const weights = sibling(uri, 'weights.json');
      const original = JSON.parse(await readFile(weights.fsPath, 'utf8')) as Weights;
      await write(weights.fsPath, scaled(original, 0.5));
      await vscode.commands.executeCommand('rnnGradients.run', uri);
      await lensSays(uri, /×0\.500/);

      const problems: string[] = [];
      const seen = new Set<string>();
      const subscription = vscode.languages.onDidChangeDiagnostics(() =>
        problems.push(...[uri, weights].flatMap(problemsOf).map(({ message }) => message)),
      );
      const over = new AbortController();
      const watching = (async () => {
        while (!over.signal.aborted) {
          for (const title of await lenses(uri)) if (title.includes('per step')) seen.add(title);
          await wait(period);
        }
      })();
      // The factor goes up by a thousandth with every rewrite: 0.501, 0.502, …
      let step = 0;
      while (seen.size < 5 && step < mostSteps) {
        step++;
        await write(weights.fsPath, scaled(original, 0.5 + step / 1000));
        await wait(period / 2);
      }
      over.abort();
      await watching;
      const last = (0.5 + step / 1000).toPrecision(3);
      await lensSays(uri, new RegExp(`×${last} per step back$`));
      subscription.dispose();

      const factors = [...seen].map((title) => Number(/×([\d.]+)/.exec(title)?.[1]));
      assert.ok(factors.length >= 5, `the picture moved on meanwhile: ${factors.join(', ')}`);
      assert.deepEqual(
        factors,
        [...factors].sort((a, b) => a - b),
        'one state of the file after the other',
      );
      for (const factor of factors)
        assert.ok(factor >= 0.5 && factor <= 0.5 + step / 1000, `${factor} was never written`);
      assert.deepEqual(
        [...seen].filter((title) => title.includes('last good run')),
        [],
        'never stale',
      );
      assert.deepEqual(problems, [], 'no problem was shown');
      assert.equal(panelTabs().length, 1);
    });
  }

  it('is told about when it stays half-written, with the last picture kept', async () => {
    const uri = await copyExample('weather');
    await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /vanishing/);
    const weights = sibling(uri, 'weights.json');
    const text = await readFile(weights.fsPath, 'utf8');
    const from = performance.now();
    await writeFile(weights.fsPath, text.slice(0, text.length / 2));
    await until('a problem', () => problemsOf(weights)[0]);
    assert.ok(
      performance.now() - from > 900,
      `nobody is told within the first second (${Math.round(performance.now() - from)} ms)`,
    );
    await lensSays(uri, /vanishing.*of the last good run/);
    await writeFile(weights.fsPath, text);
    await lensSays(uri, /vanishing.*per step back$/);
    assert.deepEqual(problemsOf(weights), []);
  });

  it('fails a run that is not the latest any more without a word about the one that has begun since', async () => {
    const file = await writeFiles({ 'thread.js': '' });
    const gone = sibling(file, 'gone.json').toString();
    // The second problem stands in no file; behind the look at the first file, that ends the run with an error.
    const problems = [gone, 'no address'].map((id) => ({ file: id, severity: 'error', code: 'unreadable-file' }));
    await writeFile(
      file.fsPath,
      "const { parentPort } = require('node:worker_threads'); parentPort.on('message', ({ id, name, params }) => { " +
        "if (name === 'run' && params.runId === 1) parentPort.postMessage({ type: 'ok', id, " +
        "result: { kind: 'refused', " +
        `files: [], problems: ${JSON.stringify(problems)} } }); });`,
    );
    const errors: string[] = [];
    const newer: Promise<RunOutcome>[] = [];
    const session = new Session(
      { kind: 'pair', weights: gone, sequences: gone },
      new SpareThread(file.fsPath),
      {
        error: (line: string) => errors.push(line),
        // The run has its outcome, and looks at the first file in some turns of the microtasks.
        debug: async () => {
          for (let turn = 0; turn < 20; turn++) await Promise.resolve();
          if (newer.length === 0) newer.push(session.run());
        },
      } as unknown as vscode.LogOutputChannel,
      openDoors(),
    );
    try {
      await assert.rejects(session.run(), /Scheme is missing/);
      assert.deepEqual([session.running?.runId, session.stale, errors], [2, null, []]);
    } finally {
      session.dispose();
    }
    const [outcome] = await Promise.all(newer);
    assert.equal(outcome?.kind, 'cancelled');
  });

  it('is told about by what it is, where no config names it', async () => {
    const uri = await copyExample('weather');
    const [weights, sequences] = [sibling(uri, 'weights.json'), sibling(uri, 'sequences.json')];
    const text = await readFile(weights.fsPath, 'utf8');
    const settings = vscode.workspace.getConfiguration('rnnGradients');
    const log = vscode.window.createOutputChannel('pair test', { log: true });
    const pair = { kind: 'pair', weights: weights.toString(), sequences: sequences.toString() } as const;
    const session = new Session(pair, new SpareThread(workerPath()), log, openDoors());
    try {
      await session.run();
      assert.equal(session.stale, null);
      await writeFile(weights.fsPath, '{}');
      await until('the problem', () => session.stale ?? undefined);
      assert.equal(session.stale, 'The weights or the sequences have problems.');
      await writeFile(weights.fsPath, text);
      await until('the picture of good weights', () => (session.stale === null ? true : undefined));
      await settings.update('followEdits', false, vscode.ConfigurationTarget.Global);
      await writeFile(weights.fsPath, `${text}\n`);
      await until('the picture to be left behind', () => session.stale ?? undefined);
      assert.equal(session.stale, 'The weights or the sequences have changed since, and edits are not followed.');
    } finally {
      await settings.update('followEdits', undefined, vscode.ConfigurationTarget.Global);
      session.dispose();
      log.dispose();
    }
  });

  it('may be gone for a moment', async () => {
    const uri = await copyExample('weather');
    await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /vanishing/);
    const weights = sibling(uri, 'weights.json');
    const problems: string[] = [];
    const subscription = vscode.languages.onDidChangeDiagnostics(() =>
      problems.push(...problemsOf(uri).map(({ message }) => message)),
    );
    const original = JSON.parse(await readFile(weights.fsPath, 'utf8')) as Weights;
    await vscode.workspace.fs.delete(weights);
    await wait(600);
    await writeFile(weights.fsPath, scaled(original, 1));
    await lensSays(uri, /healthy, ×1\.00 per step back$/);
    subscription.dispose();
    assert.deepEqual(problems, []);
  });

  it('is not read again once the run is cancelled', async () => {
    const uri = await copyExample('weather');
    const weights = sibling(uri, 'weights.json');
    const text = await readFile(weights.fsPath, 'utf8');
    await writeFile(weights.fsPath, text.slice(0, text.length / 2));
    let readings = 0;
    const log = {
      // One half has been read, and the other one is waited for: the file is fresh, however long the thread took.
      debug: (message: string) => {
        if (!message.includes(' refused ') || ++readings > 1) return;
        const now = new Date();
        utimesSync(weights.fsPath, now, now);
        setTimeout(() => void session.cancel(), 30);
      },
    };
    const session = new Session(
      { kind: 'config', config: uri.toString() },
      new SpareThread(workerPath()),
      log as unknown as vscode.LogOutputChannel,
      openDoors(),
    );
    try {
      const outcome = await session.run();
      assert.deepEqual([outcome.kind, readings], ['cancelled', 1]);
      assert.deepEqual([session.running, session.problems, session.stale], [null, [], 'The run was cancelled.']);
      await writeFile(weights.fsPath, text);
      await until('the picture of the whole file', () => session.summary ?? undefined);
    } finally {
      session.dispose();
    }
  });

  it('is not run after a long run that was cancelled, although it was written meanwhile', async () => {
    const [H, T] = [256, 100_000];
    const square = JSON.stringify(
      Array.from({ length: H }, (_, i) => Array.from({ length: H }, (_, j) => (i === j ? 1 : 0))),
    );
    const weights =
      `{ "Wx": [${JSON.stringify(new Array<number>(H).fill(1))}], "Wh": ${square}, "b": ` +
      `${JSON.stringify(new Array<number>(H).fill(0))} }`;
    const config = '{ "weights": "w.json", "sequences": "s.json" }';
    const uri = await writeFiles({
      'long.rnn.json': config,
      'w.json': weights,
      's.json': `[${new Array<string>(T).fill('[0]').join(', ')}]`,
    });
    const log = { debug: () => undefined, info: () => undefined };
    const session = new Session(
      { kind: 'config', config: uri.toString() },
      new SpareThread(workerPath()),
      log as unknown as vscode.LogOutputChannel,
      openDoors(),
    );
    const seen = new Set<number>();
    session.onDidChange(() => seen.add(session.running?.runId ?? 0));
    try {
      const run = session.run();
      await until('arithmetic', () => (session.running?.phase === 'run' ? true : undefined));
      await writeFile(uri.fsPath, `${config}\n`);
      // The disk is looked at twice a second.
      await wait(900);
      assert.equal(session.summary, null, 'the run is a long one');
      await session.cancel();
      assert.equal((await run).kind, 'cancelled');
      await wait(500);
      assert.deepEqual([...seen].sort(), [0, 1]);
    } finally {
      session.dispose();
    }
  });

  it('is followed while the analyses of the first run are under way, and after they were cancelled', async () => {
    const [H, T] = [256, 6_000];
    const weights = (scale: number): string => {
      const row = (i: number): number[] => Array.from({ length: H }, (_, j) => (i === j ? scale : 0));
      return JSON.stringify({ Wx: [row(-1)], Wh: Array.from({ length: H }, (_, i) => row(i)), b: row(-1) });
    };
    const uri = await writeFiles({
      'long.rnn.json': '{ "dtype": "float64", "weights": "w.json", "sequences": "s.json" }',
      'w.json': weights(0.5),
      's.json': JSON.stringify(new Array(T).fill([0])),
    });
    const log = { debug: () => undefined, info: () => undefined };
    const session = new Session(
      { kind: 'config', config: uri.toString() },
      new SpareThread(workerPath()),
      log as unknown as vscode.LogOutputChannel,
      openDoors(),
    );
    const shows = (factor: string): Promise<true> =>
      until(`the picture of ${factor}`, () =>
        session.summary?.verdict.perStepFactor?.toFixed(3) === factor && session.running?.phase === 'analyse'
          ? true
          : undefined,
      );
    try {
      const first = session.run();
      await shows('0.500');
      await writeFile(sibling(uri, 'w.json').fsPath, weights(0.25));
      await shows('0.250');
      assert.equal((await first).kind, 'cancelled', 'the analyses had ended before');
      await session.cancel();
      await until('the end of the analyses', () => (session.running === null ? true : undefined));
      await writeFile(sibling(uri, 'w.json').fsPath, weights(0.75));
      await shows('0.750');
    } finally {
      session.dispose();
    }
  });

  it('is told about at once when the broken text is not saved', async () => {
    const uri = await copyExample('vanishing');
    const { document } = await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /vanishing/);
    const from = performance.now();
    await replaceText(document, '"dtype": "float32",', '"dtype": float32,');
    await until('a problem', () => problemsOf(uri)[0]);
    console.log(`      an unsaved mistake was told after ${Math.round(performance.now() - from)} ms`);
    await lensSays(uri, /vanishing.*of the last good run/);
  });
});

describe('a file that changes before anybody listens', () => {
  it(
    'is told about once somebody looks, by what was read of it: written, removed, made; and not when it is the ' +
      'same',
    async () => {
      const same = await writeFiles({ 'same.json': '1', 'written.json': '1', 'removed.json': '1' });
      const [written, removed, made] = ['written.json', 'removed.json', 'made.json'].map((name) =>
        sibling(same, name),
      ) as [vscode.Uri, vscode.Uri, vscode.Uri];
      const told: string[] = [];
      const files = [same, written, removed, made];
      const poll = new DiskPoll(
        () => files.map(String),
        (uri) => told.push(uri.toString()),
        (error) => {
          throw error;
        },
      );
      try {
        for (const uri of [same, written, removed]) poll.saw(uri, await versionOnDisk(uri));
        poll.saw(made, null);
        await writeFile(written.fsPath, '12');
        await vscode.workspace.fs.delete(removed);
        await writeFile(made.fsPath, '1');
        await until('all three', () => (told.length >= 3 ? true : undefined));
        await wait(1_500);
        assert.deepEqual(told.toSorted(), [made, removed, written].map(String).toSorted());
      } finally {
        poll.dispose();
      }
    },
  );

  it('goes on after an error, of which its owner hears', async () => {
    const file = await writeFiles({ 'a.json': '1' });
    const errors: unknown[] = [];
    const poll = new DiskPoll(
      () => [file.toString()],
      () => {
        throw new Error('nobody listens');
      },
      (error) => errors.push(error),
    );
    try {
      for (const text of ['12', '123']) {
        const before = errors.length;
        poll.saw(file, await versionOnDisk(file));
        await writeFile(file.fsPath, text);
        await until('the error', () => (errors.length > before ? true : undefined));
      }
      assert.ok(errors.every((error) => error instanceof Error && error.message === 'nobody listens'));
    } finally {
      poll.dispose();
    }
  });
});
