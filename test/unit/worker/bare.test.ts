// Runtimes that lack shared memory, WebAssembly, or room for its memories: the same numbers, on one thread or through
// the reference classes.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, afterEach, beforeEach, describe, it } from 'node:test';
import type { Entry, SentFile } from '../../../src/config/read/fileAccess.js';
import { defaultBounds, Kernels, supportedVariants } from '../../../src/engine/index.js';
import type { RunSummary, SpectrumSummary } from '../../../src/protocol/messages.js';
import { EngineClient } from '../../../src/worker/thread/client.js';
import { begin, hasBegun, hold, newFlag, raise, raised, release } from '../../../src/worker/scheduling/cancelFlag.js';
import { Stop } from '../../../src/worker/scheduling/stop.js';
import { loadKernels } from '../../../src/worker/thread/loadKernels.js';
import { configOf, newConfig, referenceCase } from '../../support/experiments.js';
import { flat } from '../engine/fixtures.js';

const entry = { kind: 'config', config: 'bare.rnn.json' } as const satisfies Entry;

type Probe = {
  readonly client: EngineClient;
  readonly summaries: RunSummary[];
  readonly spectra: SpectrumSummary[];
  readonly crashes: string[];
  readonly reads: string[];
  text: string;
  onRun: () => void;
  onRead: () => void;
};
const clients: EngineClient[] = [];
after(() => {
  for (const client of clients) client.dispose();
});

function probe(workerPath = path.resolve('test/fixtures/worker/bare.cjs')): Probe {
  const found: Omit<Probe, 'client'> = {
    summaries: [],
    spectra: [],
    crashes: [],
    reads: [],
    text: '',
    onRun: () => undefined,
    onRead: () => undefined,
  };
  const client = new EngineClient({
    workerPath,
    readFile: ({ reference }): SentFile => {
      found.reads.push(reference);
      found.onRead();
      return { ok: true, id: reference, bytes: new TextEncoder().encode(found.text) };
    },
    events: {
      progress: ({ phase }) => {
        if (phase === 'run') found.onRun();
      },
      problems: () => undefined,
      summary: (summary) => found.summaries.push(summary),
      spectrum: (spectrum) => found.spectra.push(spectrum),
      failed: ({ message }) => found.crashes.push(message),
    },
    onCrash: (message) => found.crashes.push(message),
  });
  clients.push(client);
  return Object.assign(found, { client });
}

const near = (actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void => {
  assert.equal(actual.length, expected.length, what);
  for (let i = 0; i < expected.length; i++)
    assert.ok(
      Object.is(actual[i], expected[i]) || Math.abs(actual[i]! - expected[i]!) <= 1e-10,
      `${what}[${i}] is ${actual[i]}, not ${expected[i]}`,
    );
};

/** A stored case through the thread: everything that was read, run and analysed. */
async function assertReference(): Promise<void> {
  const subject = probe();
  const given = referenceCase('typical');
  subject.text = configOf(given);
  assert.equal((await subject.client.run(entry, defaultBounds)).kind, 'done');
  const [summary, spectrum] = [subject.summaries.at(-1) ?? assert.fail(), subject.spectra.at(-1) ?? assert.fail()];
  near(
    summary.layers[0].log10.dh,
    given.expected.norms.log10dh.map((value) => value ?? -Infinity),
    'log10 of the norms',
  );
  near(
    summary.layers[0].log10.parameters['Wh'] ?? [],
    given.expected.norms.dWh.map(Math.log10),
    'log10 of the norms of dWh',
  );
  near(spectrum.jacobianSigmaMax, given.expected.spectrum.jacobianSigmaMax, 'σ_max of the Jacobians');
  near(
    [spectrum.spectralRadiusWh, spectrum.sigmaMaxWh],
    [given.expected.spectrum.spectralRadiusWh, given.expected.spectrum.sigmaMaxWh],
    'of Wh',
  );
  const json = await subject.client.request('resultJson', { runId: summary.runId });
  const whole = JSON.parse(new TextDecoder().decode(json ?? assert.fail())) as { readonly hs: number[][][] };
  near(flat(whole.hs), flat(given.expected.hs), 'states');
  assert.deepEqual(subject.crashes, []);
}

/** Wide and long: not over before it can be cancelled. */
const longConfig = (): string => {
  const [T, H] = [20_000, 192];
  const matrix = (rows: number, columns: number, value: number): number[][] =>
    Array.from({ length: rows }, () => Array.from({ length: columns }, () => value));
  return JSON.stringify({
    dtype: 'float64',
    weights: { Wx: matrix(1, H, 0.1), Wh: matrix(H, H, 0.01), b: matrix(1, H, 0) },
    sequences: matrix(T, 1, 0.5),
  });
};

describe('without shared memory', () => {
  const shared = globalThis.SharedArrayBuffer;
  beforeEach(() => {
    process.env['BARE'] = 'SharedArrayBuffer';
    Reflect.deleteProperty(globalThis, 'SharedArrayBuffer');
  });
  afterEach(() => {
    globalThis.SharedArrayBuffer = shared;
  });

  it('a config gives the reference numbers', assertReference);

  it('the kernels work, on one thread', () => {
    assert.equal(supportedVariants().length > 0, true);
    const kernels = loadKernels('nowhere.js', 4);
    assert.deepEqual([kernels?.team, kernels?.apart()?.variant], [null, kernels?.variant]);
  });

  it('a run is cancelled by a message, in the thread that holds the last one', async () => {
    const subject = probe();
    subject.text = configOf(referenceCase('typical'));
    await subject.client.run(entry, defaultBounds);
    const started = new Promise<void>((resolve) => {
      subject.onRun = resolve;
    });
    subject.text = longConfig();
    const long = subject.client.run(entry, defaultBounds);
    await started;
    await subject.client.cancel();
    assert.equal((await long).kind, 'cancelled');
    const request = { tensor: 'hs', sequence: 0, window: { t0: 0, t1: 3 }, maxColumns: 3, maxRows: 3 } as const;
    assert.notEqual(
      await subject.client.request('heatmap', { runId: subject.summaries[0]?.runId ?? NaN, ...request }),
      null,
      'the thread was not ended',
    );
    assert.deepEqual(subject.crashes, []);
  });

  it('a flag is a name of its own, and is heard of while what it belongs to goes on', () => {
    const [flag, other] = [newFlag(), newFlag()];
    assert.ok(typeof flag === 'number' && flag !== other);
    const isRaised = raised(flag);
    raise(flag);
    assert.equal(isRaised(), false, 'before');
    hold(flag);
    raise(flag);
    hold(flag);
    begin(flag);
    assert.deepEqual([isRaised(), hasBegun(flag), raised(other)()], [true, true, false]);
    release(flag);
    assert.deepEqual([isRaised(), hasBegun(flag)], [false, false], 'behind its end');
  });

  it('of a burst of questions only the one that is still wanted reads its files', async () => {
    const { client, reads, crashes } = probe();
    const stops = Array.from({ length: 20 }, () => new Stop());
    const answers = stops.map((stop, i) => client.ask('inspect', { config: `${i}.rnn.json`, cancel: stop.flag }, stop));
    for (const stop of stops.slice(0, -1)) stop.ask();
    const told = await Promise.all(answers);
    assert.deepEqual(
      told.map((inspection) => inspection?.config ?? null),
      stops.map((_, i) => (i === 19 ? '19.rnn.json' : null)),
    );
    assert.deepEqual([reads, crashes], [['19.rnn.json'], []]);
  });

  it('a question stops at its next pause, and its thread goes on', async () => {
    const subject = probe();
    const stop = new Stop();
    subject.text = JSON.stringify({ weights: 'w.json', sequences: 'x.json' });
    // While it waits for the first file it is told; it asks for no second one.
    subject.onRead = () => stop.ask();
    assert.equal(await subject.client.ask('inspect', { config: 'a.rnn.json', cancel: stop.flag }, stop), null);
    assert.deepEqual([subject.reads, subject.crashes], [['a.rnn.json'], []]);
  });

  it('a question that does not stop costs its thread once it has had its turn', async () => {
    const { client } = probe(path.resolve('test/fixtures/worker/halfDeaf.cjs'));
    const thread = (): Promise<string> => client.request('newConfig', newConfig);
    const first = await thread();
    const stop = new Stop();
    const endless = client.ask('inspect', { config: 'endless', cancel: stop.flag }, stop);
    while (!hasBegun(stop.flag)) await new Promise((resolve) => setTimeout(resolve, 5));
    stop.ask();
    assert.equal(await endless, null);
    assert.notEqual(await thread(), first);
  });
});

describe('without WebAssembly', () => {
  const wasm = globalThis.WebAssembly;
  beforeEach(() => {
    process.env['BARE'] = 'WebAssembly';
    Reflect.deleteProperty(globalThis, 'WebAssembly');
  });
  afterEach(() => {
    globalThis.WebAssembly = wasm;
  });

  it('a config gives the reference numbers', assertReference);

  it('there are no kernels', () => {
    assert.deepEqual([supportedVariants(), loadKernels('nowhere.js', 4)], [[], null]);
  });
});

describe('without memory for WebAssembly', () => {
  const { Memory } = WebAssembly;
  beforeEach(() => {
    process.env['BARE'] = 'memory';
  });
  afterEach(() => {
    WebAssembly.Memory = Memory;
  });
  const none = (): void => {
    WebAssembly.Memory = function none() {
      throw new RangeError('could not allocate memory');
    } as unknown as typeof Memory;
  };

  it('a config gives the reference numbers', assertReference);

  it('there are no kernels, and no second memory beside a first one', () => {
    const kernels = loadKernels();
    assert.ok(kernels instanceof Kernels);
    none();
    assert.deepEqual([loadKernels('nowhere.js', 4), kernels.apart()], [null, null]);
  });
});
