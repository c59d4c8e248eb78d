// The host of notebook outputs, with a renderer of paper: what is run, what is answered, what is refused and written.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { contentOf } from '../../../src/notebook/outputContent.js';
import { NotebookOutputs } from '../../../src/panel/notebookOutputs.js';
import type { OutputContent, PanelStatus, RunSummary } from '../../../src/protocol/index.js';
import { unpack } from '../../../src/worker/record/typedArrayJson.js';
import { closeEverything, openDoors, until, workerPath } from './support.js';

type Said = { readonly name: string; readonly payload: Readonly<Record<string, unknown>> };
type OnPage = {
  readonly type: string;
  readonly id?: number;
  readonly name?: string;
  readonly payload?: unknown;
  readonly result?: unknown;
};

/** A recurrent identity of one unit: what arrives t steps back from the last is Wh^t. */
const config = (name: string, more: object = {}): object => ({
  name,
  cell: 'identity',
  dtype: 'float64',
  weights: { file: `${name}.safetensors`, name: 'rnn' },
  sequences: [[[1], [0], [0], [0]]],
  ...more,
});

/** Wx 1, Wh as given, no bias, as safetensors. */
function tensors(Wh: number): Uint8Array {
  const tensor = (at: number): object => ({ dtype: 'F64', shape: [1, 1], data_offsets: [8 * at, 8 * at + 8] });
  const head = new TextEncoder().encode(
    JSON.stringify({ 'rnn.weight_ih_l0': tensor(0), 'rnn.weight_hh_l0': tensor(1) }),
  );
  const bytes = new Uint8Array(8 + head.length + 16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(head.length), true);
  bytes.set(head, 8);
  view.setFloat64(8 + head.length, 1, true);
  view.setFloat64(16 + head.length, Wh, true);
  return bytes;
}

const inside = (name: string, Wh: number, more: object = {}): OutputContent =>
  contentOf({
    version: 1,
    config: config(name, more),
    tensors: Buffer.from(tensors(Wh)).toString('base64'),
  });

describe('the host of notebook outputs', () => {
  let folder = '';
  let notebook = vscode.Uri.file('/');
  let said: Said[] = [];
  let outputs: NotebookOutputs | null = null;
  const errors: string[] = [];
  const quiet = (): void => undefined;

  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'rnn-notebook-'));
    notebook = vscode.Uri.file(path.join(folder, 'a.ipynb'));
    said = [];
    errors.length = 0;
    const log = { error: (line: string) => errors.push(line), info: quiet, warn: quiet, debug: quiet };
    outputs = new NotebookOutputs({
      extensionUri: vscode.Uri.file('/'),
      workerPath: workerPath(),
      log: log as unknown as vscode.LogOutputChannel,
      doors: openDoors(),
    });
  });
  afterEach(async () => {
    outputs?.dispose();
    await closeEverything();
    await rm(folder, { recursive: true });
  });

  const tell = (name: string, payload: object): void =>
    outputs?.receive(
      notebook,
      // As it travels.
      JSON.parse(JSON.stringify({ type: 'event', name, payload })),
      {
        postMessage: (message: Said) => {
          said.push(JSON.parse(JSON.stringify(message)) as Said);
          return Promise.resolve(true);
        },
      } as unknown as vscode.NotebookRendererMessaging,
    );
  const onPage = (output: string): OnPage[] =>
    said
      .filter(({ name, payload }) => name === 'page' && payload['output'] === output)
      .map(({ payload }) => unpack(String(payload['message'])) as OnPage);
  const summaryOf = (output: string): Promise<RunSummary> =>
    until(
      `the run of ${output}`,
      () => onPage(output).findLast(({ name }) => name === 'summary')?.payload,
    ) as Promise<RunSummary>;
  const ask = (output: string, id: number, name: string, params: object): Promise<unknown> => {
    tell('page', { output, message: JSON.stringify({ type: 'request', id, name, params }) });
    return until(`an answer of ${output}`, () =>
      onPage(output).find((message) => message.id === id && message.type !== 'request'),
    );
  };
  const refusal = (output: string): Promise<string> =>
    until('a refusal', () => said.find(({ name, payload }) => name === 'refused' && payload['output'] === output)).then(
      ({ payload }) => String(payload['why']),
    );

  it('runs what an output holds, and answers its page', async () => {
    tell('open', { output: 'one', content: inside('halves', 0.5) });
    const { layers, verdict, runId } = await summaryOf('one');
    // Ones at the last step, halved three times on the way back.
    assert.deepEqual(
      [...layers[0].log10.dh].map((value) => Math.round(1e9 * 10 ** value) / 1e9),
      [0.125, 0.25, 0.5, 1],
    );
    assert.equal(verdict.perStepFactor?.toFixed(9), '0.500000000');
    const answer = (await ask('one', 1, 'step', { runId, t: 1, sequence: 0 })) as {
      readonly result: { readonly h: Float64Array; readonly g: Float64Array; readonly gLog10: number };
    };
    assert.deepEqual([...answer.result.h], [0.5]);
    assert.ok(Math.abs((answer.result.g[0] ?? NaN) * 10 ** answer.result.gLog10 - 0.25) < 1e-12);
    const { payload } = said.find(({ name }) => name === 'opened') ?? {};
    assert.match(JSON.stringify(payload), /"language":"en".*Open in Panel/);
    assert.deepEqual(errors, []);
  });

  it('has few threads at a time, and one that has ended runs again for a question', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    for (const [i, name] of names.entries()) {
      tell('open', { output: name, content: inside(name, 0.5 + 0.0625 * i) });
      await summaryOf(name);
    }
    const { runId } = await summaryOf('a');
    const runs = (): number => onPage('a').filter(({ name }) => name === 'summary').length;
    assert.equal(runs(), 1);
    const answer = (await ask('a', 1, 'step', { runId, t: 1, sequence: 0 })) as {
      readonly result: { readonly h: Float64Array };
    };
    assert.deepEqual([...answer.result.h], [0.5]);
    assert.equal(runs(), 2, 'its thread had made room for others');
    const last = await summaryOf('f');
    await ask('f', 1, 'step', { runId: last.runId, t: 1, sequence: 0 });
    assert.equal(onPage('f').filter(({ name }) => name === 'summary').length, 1, 'the last ones have theirs still');
  });

  it('runs all of more outputs than have a thread, however many come at once', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    for (const name of names) tell('open', { output: name, content: inside(name, 0.5) });
    for (const name of names) assert.equal((await summaryOf(name)).verdict.perStepFactor?.toFixed(9), '0.500000000');
    assert.deepEqual(errors, []);
  });

  it('is idle after a cancel, whether it ran or waited for its turn', async () => {
    const sequences = [Array.from({ length: 60_000 }, () => [1])];
    const names = ['a', 'b', 'c', 'd', 'e'];
    const statusOf = (name: string): PanelStatus | undefined =>
      onPage(name).findLast((message) => message.name === 'status')?.payload as PanelStatus | undefined;
    for (const name of names) tell('open', { output: name, content: inside(name, 0.5, { sequences }) });
    const running = (name: string): boolean => (statusOf(name)?.running ?? null) !== null;
    assert.ok(names.every(running));
    const cancel = (output: string): void =>
      tell('page', { output, message: JSON.stringify({ type: 'event', name: 'cancel', payload: null }) });
    cancel('e');
    assert.equal(statusOf('e')?.running, null, 'four others had their turn before it');
    await until('a run that has begun', () => (statusOf('a')?.running?.phase === 'read' ? undefined : true));
    if (running('a')) cancel('a');
    await until('the run to end', () => (running('a') ? undefined : true));
    tell('page', { output: 'e', message: JSON.stringify({ type: 'event', name: 'rerun', payload: null }) });
    await summaryOf('e');
  });

  it('tells problems at their places, and refuses what leads elsewhere', async () => {
    tell('open', { output: 'odd', content: inside('odd', 0.5, { sequences: '/etc/passwd' }) });
    const { problems } = await until<PanelStatus>('a problem', () =>
      onPage('odd')
        .filter(({ name }) => name === 'status')
        .map(({ payload }) => payload as PanelStatus)
        .find((status) => status.problems.length > 0 && status.running === null),
    );
    assert.match(problems.map(({ place, text }) => `${place} ${text}`).join('\n'), /^odd\.rnn\.json:\d+:\d+ .*passwd/);
    tell('open', { output: 'away', content: { kind: 'beside', file: '../away.rnn.json' } });
    assert.match(await refusal('away'), /"\.\.\/away\.rnn\.json", which is no config beside the notebook/);
    tell('open', { output: 'newer', content: contentOf({ version: 2 }) });
    assert.match(await refusal('newer'), /is of version 2, and this extension draws version 1\. Copy the Python/);
    tell('open', { output: 'half', content: contentOf({ version: 1, config: {} }) });
    assert.match(await refusal('half'), /neither "file" nor "config"/);
    tell('open', { output: 'damaged', content: { ...inside('x', 1), tensors: '!' } });
    assert.match(await refusal('damaged'), /tensors of this output are damaged \((?!InvalidCharacterError)\w/);
    // A fault of ours is no damage: the output is told of it, and the log where it was.
    const { atob: decode } = globalThis;
    globalThis.atob = () => {
      throw new TypeError('a fault of ours');
    };
    try {
      tell('open', { output: 'faulty', content: inside('y', 1) });
      assert.equal(await refusal('faulty'), 'a fault of ours');
    } finally {
      globalThis.atob = decode;
    }
    const isFault = (line: string): boolean => /TypeError: a fault of ours\n\s+at /.test(line);
    await until('the fault in the log', () => errors.find(isFault));
    errors.length = 0;
    tell('open', { output: 1, content: null });
    await until('the fault to be told', () => (errors.length > 0 ? true : undefined));
    assert.match(errors.join('\n'), /open\.output must be a text|open\.content/);
  });

  it('runs a config beside the notebook as it is now', async () => {
    await writeFile(path.join(folder, 'there.rnn.json'), JSON.stringify(config('there')));
    await writeFile(path.join(folder, 'there.safetensors'), tensors(0.25));
    tell('open', { output: 'there', content: { kind: 'beside', file: 'there.rnn.json' } });
    assert.equal((await summaryOf('there')).verdict.perStepFactor?.toFixed(9), '0.250000000');
  });

  it('writes an output beside the notebook to open it in a panel, once, and touches no file of others', async () => {
    await writeFile(path.join(folder, 'other.safetensors'), 'somebody else’s');
    tell('open', { output: 'new', content: inside('new', 0.5) });
    await summaryOf('new');
    for (let i = 0; i < 2; i++) {
      tell('openInPanel', { output: 'new' });
      await until('the panel', () =>
        vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).find(({ label }) => label === 'RNN: new'),
      );
      await closeEverything();
    }
    assert.deepEqual((await readdir(folder)).sort(), ['new.rnn.json', 'new.safetensors', 'other.safetensors']);
    assert.deepEqual(await readFile(path.join(folder, 'new.safetensors')), Buffer.from(tensors(0.5)));
    assert.deepEqual(JSON.parse(await readFile(path.join(folder, 'new.rnn.json'), 'utf8')), config('new'));

    const { showInformationMessage } = vscode.window;
    const asked: string[] = [];
    const answer = (message: string, _: unknown, ...items: string[]): Promise<string | undefined> => {
      if (items.length === 0) return Promise.resolve(undefined);
      asked.push(message, ...items);
      return Promise.resolve(items[1]);
    };
    Object.assign(vscode.window, { showInformationMessage: answer });
    try {
      tell('open', { output: 'other', content: inside('other', 0.5) });
      await summaryOf('other');
      tell('openInPanel', { output: 'other' });
      // After its file until its run is known, then as the config calls itself.
      const titles = ['RNN: other-2', 'RNN: other'];
      await until('the panel', () =>
        vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).find(({ label }) => titles.includes(label)),
      );
    } finally {
      Object.assign(vscode.window, { showInformationMessage });
    }
    assert.deepEqual(asked, [
      'other or its tensors stand beside the notebook already, and are others than those of this output.',
      'Open other.rnn.json',
      'Write other-2.rnn.json',
    ]);
    assert.equal(await readFile(path.join(folder, 'other.safetensors'), 'utf8'), 'somebody else’s');
    assert.match(await readFile(path.join(folder, 'other-2.rnn.json'), 'utf8'), /"other-2\.safetensors"/);
  });
});
