import assert from 'node:assert/strict';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { asItIs, defaultBounds } from '../../../src/engine/index.js';
import type { Entry, SentFile } from '../../../src/config/read/fileAccess.js';
import type { CancelFlag, Progress, RunSummary } from '../../../src/protocol/messages.js';
import { EngineClient } from '../../../src/worker/thread/client.js';
import type { EngineClientOptions } from '../../../src/worker/thread/client.js';
import { hasBegun, newFlag, raise, raised } from '../../../src/worker/scheduling/cancelFlag.js';
import { Stop } from '../../../src/worker/scheduling/stop.js';
import { newConfig } from '../../support/experiments.js';

const realWorker = path.resolve('dist/worker.js');
const fixture = (name: string): string => path.resolve('test/fixtures/worker', name);
const entry = { kind: 'config', config: 'memory.rnn.json' } as const satisfies Entry;

const matrix = (rows: number, columns: number, value: number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, () => value));
const configText = (name: string, T: number, H: number): string =>
  JSON.stringify({
    name,
    dtype: 'float64',
    weights: { Wx: matrix(1, H, 0.1), Wh: matrix(H, H, 0.002), b: matrix(1, H, 0) },
    sequences: matrix(T, 1, 0.5),
  });

type Probe = {
  readonly client: EngineClient;
  readonly summaries: RunSummary[];
  readonly crashes: string[];
  readonly files: readonly (readonly string[])[];
  text: string;
  onProgress: (progress: Progress) => void;
};
const clients: EngineClient[] = [];
after(() => {
  for (const client of clients) client.dispose();
});

function probe(options: Partial<EngineClientOptions> = {}): Probe {
  const summaries: RunSummary[] = [];
  const crashes: string[] = [];
  const files: (readonly string[])[] = [];
  const state: Pick<Probe, 'text' | 'onProgress'> = { text: configText('first', 3, 2), onProgress: () => undefined };
  const client = new EngineClient({
    workerPath: realWorker,
    readFile: (): SentFile => ({
      ok: true,
      id: entry.config,
      bytes: Uint8Array.from(new TextEncoder().encode(state.text)),
    }),
    events: {
      progress: (progress) => state.onProgress(progress),
      problems: (reading) => files.push(reading.files),
      summary: (summary) => summaries.push(summary),
      spectrum: () => undefined,
      failed: ({ message }) => crashes.push(message),
    },
    onCrash: (message) => crashes.push(message),
    ...options,
  });
  clients.push(client);
  return Object.assign(state, { client, summaries, crashes, files });
}

describe('EngineClient', () => {
  it('runs a config in a worker thread and names the files it read', async () => {
    const { client, summaries, files } = probe();
    const outcome = await client.run(entry, defaultBounds);
    assert.equal(outcome.kind, 'done');
    assert.deepEqual(files, [[entry.config]]);
    assert.deepEqual(
      summaries.map(({ name }) => name),
      ['first'],
    );
    assert.deepEqual(summaries[0]?.shapes, { B: 1, T: 3, I: 1, H: 2 });
  });

  it('analyses a run that somebody paints when its picture is there, or nobody seems to paint it', async () => {
    const told: string[] = [];
    const { client } = probe({
      events: {
        progress: () => undefined,
        problems: () => undefined,
        summary: ({ runId }) => void told.push(`summary ${runId}`),
        spectrum: ({ runId }) => void told.push(`spectrum ${runId}`),
        failed: ({ message }) => void told.push(message),
      },
    });
    let isDone = false;
    const outcome = client.run(entry, defaultBounds, { awaitsPicture: true }).finally(() => {
      isDone = true;
    });
    // Each question is answered behind what the thread has told before.
    const ask = (): Promise<unknown> => client.request('cells', null);
    while (told.length === 0) await ask();
    for (let i = 0; i < 20; i++) await ask();
    assert.deepEqual([told, isDone], [['summary 1'], false]);
    client.painted(0);
    for (let i = 0; i < 20; i++) await ask();
    assert.deepEqual([told, isDone], [['summary 1'], false]);
    client.painted(1);
    assert.equal((await outcome).kind, 'done');
    assert.deepEqual(told, ['summary 1', 'spectrum 1']);

    // A newer run does not wait for the picture of the one before.
    const unseen = client.run(entry, defaultBounds, { awaitsPicture: true });
    while (told.length === 2) await ask();
    const next = client.run(entry, defaultBounds);
    assert.deepEqual([(await unseen).kind, (await next).kind], ['cancelled', 'done']);
    assert.deepEqual(told.slice(2), ['summary 2', 'summary 3', 'spectrum 3']);

    // Of a window that nobody sees.
    assert.equal((await client.run(entry, defaultBounds, { awaitsPicture: true })).kind, 'done');
    assert.deepEqual(told.slice(5), ['summary 4', 'spectrum 4']);
  });

  it('checks gradients behind what-ifs, and no others than those of the run on screen', async () => {
    const subject = probe();
    const { client, summaries } = subject;
    const weights = { Wx: matrix(2, 16, 0.3), Wh: matrix(16, 16, 0.05), b: matrix(1, 16, 0.1)[0] };
    subject.text = JSON.stringify({ name: 'checked', weights, sequences: matrix(300, 2, 0.5) });
    assert.equal((await client.run(entry, defaultBounds)).kind, 'done');
    const { runId } = summaries[0]!;
    const check = client.request('resultText', { runId, form: 'gradientCheck' });
    const whatIf = { ...asItIs, inputScale: 2 };
    const answer = await client.request('whatIf', { runId, whatIf });
    assert.equal(answer?.kind, 'run');
    assert.match((await check) ?? '', /^Gradient check {2}checked\nEvery gradient agrees /);
    assert.equal(await client.request('resultText', { runId: runId + 1, form: 'gradientCheck' }), null);
    // One that is given up ends in its thread, which stays and answers the next.
    const stop = new Stop();
    const givenUp = client.ask('resultText', { runId, form: 'gradientCheck', cancel: stop.flag }, stop);
    await client.request('step', { runId, t: 0, sequence: 0 });
    stop.ask();
    assert.equal(await givenUp, null);
    assert.match((await client.request('resultText', { runId, form: 'gradientCheck' })) ?? '', /^Gradient check/);
  });

  it('tells the leading exponents of a wide layer as text, and all of them as JSON', async () => {
    const H = 256;
    const subject = probe();
    const { client, summaries } = subject;
    const weights = { weight_ih_l0: matrix(3 * H, 1, 0.1), weight_hh_l0: matrix(3 * H, H, 0.002) };
    subject.text = JSON.stringify({ name: 'wide', cell: 'gru', weights, sequences: matrix(40, 1, 0.5) });
    assert.equal((await client.run(entry, defaultBounds)).kind, 'done');
    const { runId } = summaries[0]!;
    const line = async (): Promise<string | undefined> =>
      /^layer 0: .*Lyapunov.*$/m.exec((await client.request('resultText', { runId, form: 'whole' })) ?? '')?.[0];
    assert.match(
      (await line()) ?? '',
      /^layer 0: largest of the leading 32 of 256 Lyapunov exponents \S+ \(from Q = I\)$/,
    );
    const json = await client.request('resultJson', { runId });
    const { layers } = JSON.parse(new TextDecoder().decode(json ?? undefined)) as {
      readonly layers: readonly { readonly spectrum: { readonly lyapunov: readonly unknown[] } }[];
    };
    assert.equal(layers[0]?.spectrum.lyapunov.length, H);
    assert.match(
      (await line()) ?? '',
      /^layer 0: largest Lyapunov exponent \S+ \(from Q = I\); the best-surviving direction is multiplied by \S+ per/,
    );
  });

  it('lets a newer run cancel an older one inside its long computation', async () => {
    const subject = probe();
    const { client, summaries } = subject;
    subject.text = configText('long', 20_000, 192);
    const started = new Promise<void>((resolve) => {
      subject.onProgress = ({ phase }) => {
        if (phase === 'run') resolve();
      };
    });
    const long = client.run(entry, defaultBounds);
    await started;
    subject.text = configText('short', 3, 2);
    const short = client.run(entry, defaultBounds);
    assert.equal((await long).kind, 'cancelled');
    assert.equal((await short).kind, 'done');
    assert.deepEqual(
      summaries.map(({ name }) => name),
      ['short'],
    );
  });

  it('answers a what-if about the run on screen after a refused run came in between', async () => {
    const subject = probe();
    const { client, summaries } = subject;
    subject.text = configText('long', 20_000, 96);
    const shown = new Promise<void>((resolve) => {
      subject.onProgress = ({ phase }) => {
        if (phase === 'analyse') resolve();
      };
    });
    const long = client.run(entry, defaultBounds);
    await shown;
    const answer = client.request('whatIf', {
      runId: summaries[0]?.runId ?? NaN,
      whatIf: { ...asItIs, inputScale: 2 },
    });
    subject.text = '{ "weights": ';
    assert.equal((await client.run(entry, defaultBounds)).kind, 'refused');
    assert.equal((await answer)?.kind, 'run');
    assert.equal((await long).kind, 'cancelled');
  });

  it('finds the next thing to try behind every what-if, and again where one ended the search', async () => {
    const subject = probe();
    const { client, summaries } = subject;
    subject.text = configText('ill', 4_000, 48);
    await client.run(entry, defaultBounds);
    const runId = summaries[0]?.runId ?? NaN;
    const answered: string[] = [];
    const advice = client.request('advice', { runId }).then((found) => {
      answered.push('advice');
      return found;
    });
    const whatIf = client.request('whatIf', { runId, whatIf: { ...asItIs, inputScale: 2 } }).then((found) => {
      answered.push('what-if');
      return found;
    });
    assert.equal((await whatIf)?.kind, 'run');
    const found = await advice;
    assert.equal(found?.step.whatIf.initialise?.way, 'orthogonal');
    assert.ok(Math.abs(found.effect?.log10Ratio ?? NaN) < Math.abs(summaries[0]?.verdict.log10Ratio ?? NaN));
    assert.deepEqual(answered, ['what-if', 'advice']);
  });

  it('tells of a run that was begun ahead when it is due, and until then knows the one before', async () => {
    const subject = probe();
    const { client, summaries } = subject;
    await client.run(entry, defaultBounds);
    subject.text = configText('second', 4, 2);
    const phases: Progress[] = [];
    subject.onProgress = (progress) => phases.push(progress);
    const second = client.run(entry, defaultBounds, { ahead: true });
    const request = { tensor: 'hs', sequence: 0, window: { t0: 0, t1: 3 }, maxColumns: 10, maxRows: 10 } as const;
    // An analysis is answered while no run is under way: the second one is over, or still waits for its file.
    for (let i = 0; i < 20; i++) {
      assert.notEqual(await client.request('reach', { runId: 1 }), null);
      assert.equal((await client.request('heatmap', { runId: 1, ...request }))?.values.length, 6);
      assert.equal(await client.request('heatmap', { runId: 2, ...request }), null);
    }
    assert.deepEqual([summaries.map(({ runId }) => runId), phases], [[1], []]);
    client.due(2);
    assert.equal((await second).kind, 'done');
    assert.deepEqual(
      summaries.map(({ name }) => name),
      ['first', 'second'],
    );
    assert.equal((await client.request('heatmap', { runId: 2, ...request }))?.values.length, 6);
    assert.equal(await client.request('heatmap', { runId: 1, ...request }), null);
  });

  it('forgets what was begun ahead when another run takes its place, without a word', async () => {
    const told: string[] = [];
    const subject = probe({
      events: {
        progress: () => undefined,
        problems: ({ runId, problems }) => void told.push(`${problems.length} problems of ${runId}`),
        summary: ({ runId }) => void told.push(`summary ${runId}`),
        spectrum: () => undefined,
        failed: ({ message }) => void told.push(message),
      },
    });
    const { client } = subject;
    await client.run(entry, defaultBounds);
    told.length = 0;
    const begun: Promise<{ readonly kind: string }>[] = [];
    for (const text of [configText('second', 4, 2), '{', configText('fourth', 20_000, 192)]) {
      subject.text = text;
      begun.push(client.run(entry, defaultBounds, { ahead: true }));
      // The first two have nothing left to do but to wait.
      for (let i = 0; i < 20; i++) await client.request('cells', null);
    }
    subject.text = '{';
    const last = client.run(entry, defaultBounds, { ahead: true });
    assert.deepEqual(
      (await Promise.all(begun)).map(({ kind }) => kind),
      ['cancelled', 'cancelled', 'cancelled'],
    );
    for (let i = 0; i < 20; i++) await client.request('cells', null);
    assert.deepEqual(told, []);
    client.due(5);
    assert.equal((await last).kind, 'refused');
    assert.deepEqual(told, ['1 problems of 5']);
    assert.notEqual(await client.request('reach', { runId: 1 }), null);
  });

  it('tells of a run that is due before it could begin', async () => {
    const subject = probe();
    const { client, summaries } = subject;
    subject.text = configText('long', 20_000, 192);
    const started = new Promise<void>((resolve) => {
      subject.onProgress = ({ phase }) => {
        if (phase === 'run') resolve();
      };
    });
    const long = client.run(entry, defaultBounds);
    await started;
    subject.text = configText('short', 3, 2);
    const short = client.run(entry, defaultBounds, { ahead: true });
    client.due(client.latestRun);
    assert.deepEqual([(await long).kind, (await short).kind], ['cancelled', 'done']);
    assert.deepEqual(
      summaries.map(({ name }) => name),
      ['short'],
    );
  });

  it('stops a run that was begun ahead and is not due yet', async () => {
    const told: string[] = [];
    const { client } = probe({
      events: {
        progress: ({ phase }) => void told.push(phase),
        problems: ({ problems }) => void told.push(`${problems.length} problems`),
        summary: ({ runId }) => void told.push(`summary ${runId}`),
        spectrum: () => undefined,
        failed: ({ message }) => void told.push(message),
      },
    });
    const ahead = client.run(entry, defaultBounds, { ahead: true });
    for (let i = 0; i < 20; i++) await client.request('cells', null);
    await client.cancel();
    assert.equal((await ahead).kind, 'cancelled');
    assert.deepEqual(told, []);
    assert.equal((await client.run(entry, defaultBounds)).kind, 'done');
  });

  it('ends a burst of runs with the last one only', async () => {
    const subject = probe();
    const { client, summaries } = subject;
    const runs = Array.from({ length: 200 }, (_, i) => {
      subject.text = configText(`edit ${i}`, 5, 3);
      return client.run(entry, defaultBounds);
    });
    const kinds = (await Promise.all(runs)).map(({ kind }) => kind);
    assert.deepEqual(
      kinds.slice(0, -1).filter((kind) => kind !== 'cancelled'),
      [],
    );
    assert.equal(kinds.at(-1), 'done');
    assert.equal(summaries.at(-1)?.name, 'edit 199');
  });

  it('asks for files with the flag of the run, so that a reading that nobody waits for ends', async () => {
    let waiting = (): void => undefined;
    const asked: (CancelFlag | undefined)[] = [];
    const { client } = probe({
      readFile: async ({ cancel }) => {
        asked.push(cancel);
        // As a disk that is still reading: it answers as soon as it sees the flag.
        waiting();
        while (!raised(cancel ?? null)()) await new Promise((resolve) => setTimeout(resolve, 1));
        return { ok: false, id: entry.config, reason: 'unreadable', detail: '' };
      },
    });
    const begun = new Promise<void>((resolve) => {
      waiting = resolve;
    });
    const run = client.run(entry, defaultBounds);
    await begun;
    await client.cancel();
    assert.deepEqual(await run, { kind: 'cancelled', problems: [] });
    const reading = new Promise<void>((resolve) => {
      waiting = resolve;
    });
    const cancel = newFlag();
    const inspection = client.request('inspect', { config: entry.config, cancel });
    await reading;
    raise(cancel);
    assert.equal(await inspection, null);
    assert.equal(asked.length, 2);
  });

  it('stops when asked to, and runs again afterwards', async () => {
    const subject = probe();
    subject.text = configText('long', 20_000, 192);
    const long = subject.client.run(entry, defaultBounds);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await subject.client.cancel();
    assert.equal((await long).kind, 'cancelled');
    subject.text = configText('again', 3, 2);
    assert.equal((await subject.client.run(entry, defaultBounds)).kind, 'done');
  });

  it('stops a run that still waits for an older one to stop', async () => {
    const subject = probe();
    subject.text = configText('long', 20_000, 192);
    const started = new Promise<void>((resolve) => {
      subject.onProgress = ({ phase }) => {
        if (phase === 'run') resolve();
      };
    });
    const long = subject.client.run(entry, defaultBounds);
    await started;
    subject.text = configText('short', 3, 2);
    const short = subject.client.run(entry, defaultBounds);
    await subject.client.cancel();
    assert.deepEqual([(await long).kind, (await short).kind], ['cancelled', 'cancelled']);
    assert.deepEqual(subject.summaries, []);
    assert.equal((await subject.client.run(entry, defaultBounds)).kind, 'done');
  });

  it('answers slices of a run that is gone with null', async () => {
    const { client, summaries } = probe();
    await client.run(entry, defaultBounds);
    const runId = summaries[0]?.runId ?? -1;
    const request = { tensor: 'hs', sequence: 0, window: { t0: 0, t1: 3 }, maxColumns: 10, maxRows: 10 } as const;
    assert.equal((await client.request('heatmap', { runId, ...request }))?.values.length, 6);
    assert.equal(await client.request('heatmap', { runId: runId + 1, ...request }), null);
  });

  it('answers other questions, and gives way to a newer run, while it computes pre-activations', async () => {
    const subject = probe();
    const { client, summaries } = subject;
    subject.text = configText('wide', 2_000, 128);
    await client.run(entry, defaultBounds);
    const runId = summaries[0]?.runId ?? -1;
    const order: string[] = [];
    const told = async <Answer>(name: string, answer: Promise<Answer>): Promise<Answer> =>
      answer.finally(() => order.push(name));
    const z = { runId, tensor: 'z', sequence: 0, window: { t0: 0, t1: 2_000 }, maxColumns: 10, maxRows: 10 } as const;
    const [picture] = await Promise.all([
      told('z', client.request('heatmap', z)),
      told('step', client.request('step', { runId, t: 5, sequence: 0 })),
    ]);
    assert.deepEqual(order, ['step', 'z']);
    assert.equal(picture?.values.length, 100);
    // They are kept for the next question.
    const [rows] = await Promise.all([
      told('rows', client.request('steps', { ...z, from: 0, to: 3 })),
      told('step', client.request('step', { runId, t: 5, sequence: 0 })),
    ]);
    assert.ok(Math.abs((rows?.h[0] ?? NaN) - 0.05) < 1e-12, 'z_0 = x_0·Wx');
    subject.text = configText('next', 2_000, 128);
    await client.run(entry, defaultBounds);
    const newest = summaries.at(-1)?.runId ?? -1;
    const late = client.request('heatmap', { ...z, runId: newest });
    subject.text = configText('last', 3, 2);
    await client.run(entry, defaultBounds);
    assert.equal(await late, null);
  });

  it(
    'computes pre-activations of two sequences that are asked for at once, and after a run that was ' + 'refused',
    async () => {
      const subject = probe();
      const { client, summaries } = subject;
      subject.text = JSON.stringify({
        ...(JSON.parse(configText('two', 2, 64)) as object),
        sequences: [matrix(1_500, 1, 0.5), matrix(1_500, 1, -0.5)],
      });
      await client.run(entry, defaultBounds);
      const runId = summaries[0]?.runId ?? -1;
      const rows = (sequence: number): Promise<number | undefined> =>
        client.request('steps', { runId, tensor: 'z', sequence, from: 0, to: 3 }).then((block) => block?.h[0]);
      assert.deepEqual(
        (await Promise.all([rows(0), rows(1), rows(0)])).map((value) => value?.toFixed(12)),
        ['0.050000000000', '-0.050000000000', '0.050000000000'],
      );
      const again = [rows(1), rows(0)];
      subject.text = '{';
      assert.equal((await client.run(entry, defaultBounds)).kind, 'refused');
      assert.deepEqual(
        (await Promise.all(again)).map((value) => value?.toFixed(12)),
        ['-0.050000000000', '0.050000000000'],
      );
    },
  );

  it('reports a thread that dies and starts another for the next run', async () => {
    const { client, crashes } = probe({ workerPath: fixture('exits.cjs') });
    await assert.rejects(client.run(entry, defaultBounds), /exit code 7/);
    assert.equal(crashes.length, 1);
    await assert.rejects(client.run(entry, defaultBounds), /exit code 7/);
    assert.equal(crashes.length, 2);
  });

  it('reports a thread that runs out of memory, with advice', async () => {
    const { client, crashes } = probe({
      workerPath: fixture('exhausts.cjs'),
      resourceLimits: { maxOldGenerationSizeMb: 24, maxYoungGenerationSizeMb: 2 },
    });
    await assert.rejects(client.run(entry, defaultBounds), /ran out of memory.*[Ff]ewer/);
    assert.equal(crashes.length, 1);
  });

  it('ends a thread that does not hear a cancel', async () => {
    const { client, crashes } = probe({ workerPath: fixture('deaf.cjs') });
    const first = client.run(entry, defaultBounds);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await client.cancel();
    assert.equal((await first).kind, 'cancelled');
    assert.deepEqual(crashes, [], 'ending a thread on purpose is not a crash');
  });

  it('cancels what runs when it is disposed', async () => {
    const subject = probe();
    subject.text = configText('long', 20_000, 192);
    const long = subject.client.run(entry, defaultBounds);
    await new Promise((resolve) => setTimeout(resolve, 100));
    subject.client.dispose();
    assert.equal((await long).kind, 'cancelled');
  });
});

describe('a question that is to stop', () => {
  const inspect = (client: EngineClient, config: string, stop: Stop): Promise<unknown> =>
    client.ask('inspect', { config, cancel: stop.flag }, stop);
  const begins = async (stop: Stop): Promise<void> => {
    while (!hasBegun(stop.flag)) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it('costs its thread when it goes on, and what others asked of that thread is asked again', async () => {
    const { client, crashes } = probe({ workerPath: fixture('halfDeaf.cjs') });
    const first = await client.request('newConfig', newConfig);
    const stop = new Stop();
    const endless = inspect(client, 'endless', stop);
    await begins(stop);
    const others = Promise.all([inspect(client, 'another', new Stop()), client.request('newConfig', newConfig)]);
    stop.ask();
    assert.equal(await endless, null);
    const [inspection, thread] = await others;
    assert.equal(inspection, null, 'what the fixture answers');
    assert.notEqual(thread, first);
    assert.deepEqual(crashes, []);
  });

  it('is not the reason to end a thread where it only waits for its turn', async () => {
    const { client } = probe({ workerPath: fixture('halfDeaf.cjs') });
    const thread = await client.request('newConfig', newConfig);
    const stop = new Stop();
    const waiting = inspect(client, 'waiting', stop);
    stop.ask();
    // Three times as long as a question that has begun may take.
    await new Promise((resolve) => setTimeout(resolve, 900));
    assert.equal(await client.request('newConfig', newConfig), thread);
    assert.equal(await waiting, null);
  });

  it('lets one that waits be asked twice, not for ever', async () => {
    const { client } = probe({ workerPath: fixture('halfDeaf.cjs') });
    const waiting = assert.rejects(inspect(client, 'waiting', new Stop()), /did not stop by itself/);
    for (let round = 0; round < 2; round++) {
      const stop = new Stop();
      const endless = inspect(client, 'endless', stop);
      await begins(stop);
      stop.ask();
      assert.equal(await endless, null);
    }
    await waiting;
  });

  it('is not asked at all when that is known before', async () => {
    const { client } = probe({ workerPath: fixture('deaf.cjs') });
    const stop = new Stop();
    stop.ask();
    assert.equal(await inspect(client, 'endless', stop), null);
  });

  it('is heard while a file is classified or searched for references, and while a config is read', async () => {
    const { client } = probe();
    const flag = newFlag();
    raise(flag);
    const bytes = new TextEncoder().encode('{"weights":"w.json"}');
    assert.equal(await client.request('survey', { bytes, cancel: flag }), null);
    assert.equal(await client.request('references', { bytes, cancel: flag }), null);
    assert.equal(await client.request('inspect', { config: entry.config, cancel: flag }), null);
    assert.equal(hasBegun(flag), true);
    assert.equal((await client.request('survey', { bytes, cancel: null }))?.kind, 'config');
    assert.equal((await client.request('references', { bytes, cancel: newFlag() }))?.length, 1);
  });
});
