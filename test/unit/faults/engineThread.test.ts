// Everything that the world can refuse the engine's thread, refused at every place where it is asked: each time the
// caller hears what happened, nothing hangs, nothing is left behind, and the next run is as good as any.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { asItIs, defaultBounds } from '../../../src/engine/index.js';
import type { SentFile } from '../../../src/config/read/index.js';
import type { RunSummary } from '../../../src/protocol/messages.js';
import { EngineClient, readRegularFile } from '../../../src/worker/thread/index.js';
import { WorkerTeam } from '../../../src/worker/thread/threadTeam.js';
import { arm, disarm, faultKinds, faultyWorker } from '../../support/faults.js';
import { kernelsOf, variants } from '../wasm/support.js';
import { long } from '../../support/long.js';
import { floats, safetensorsParts, writeParts } from '../../support/largeFiles.js';

const folder = mkdtempSync(path.join(tmpdir(), 'rnn-faults-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const [I, H, T] = [3, 32, 40];
const wave = (i: number): number => Math.sin(1 + 37 * i) / 4;
const lstm = [
  ['weight_ih_l0', [4 * H, I]],
  ['weight_hh_l0', [4 * H, H]],
  ['bias_ih_l0', [4 * H]],
  ['bias_hh_l0', [4 * H]],
] as const;
// Beside a tensor that nobody asks for, so large that the file is read in ranges.
const { parts } = safetensorsParts([
  ...lstm.map(([name, shape]) => ({
    name,
    shape,
    data: floats(
      shape.reduce((product, n) => product * n, 1),
      wave,
    ),
  })),
  { name: 'head.weight', shape: [3e6], data: 1.2e7 },
]);
writeParts(path.join(folder, 'model.safetensors'), parts);
writeFileSync(
  path.join(folder, 'data.json'),
  JSON.stringify(Array.from({ length: T }, (_, t) => Array.from({ length: I }, (_, k) => wave(t * I + k)))),
);
const config = path.join(folder, 'run.rnn.json');
writeFileSync(config, JSON.stringify({ weights: 'model.safetensors', sequences: 'data.json' }));
const entry = { kind: 'config', config: pathToFileURL(config).href } as const;

async function readFile({ reference, from }: { reference: string; from: string | null }): Promise<SentFile> {
  const url = from === null ? new URL(reference) : new URL(reference, from);
  const read = await readRegularFile(fileURLToPath(url), { bound: 1e9 });
  return { ...read, id: url.href };
}

const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));

async function usingSubject<R>(use: (subject: Subject) => Promise<R>): Promise<R> {
  const subject = new Subject();
  try {
    return await use(subject);
  } finally {
    subject.client.dispose();
  }
}

class Subject {
  summary: RunSummary | null = null;
  readonly told: string[] = [];
  readonly client = new EngineClient({
    workerPath: faultyWorker,
    threads: () => 1,
    readFile,
    events: {
      progress: () => undefined,
      problems: ({ problems }) => this.told.push(...problems.map(({ message }) => message)),
      summary: (summary) => {
        this.summary = summary;
      },
      spectrum: () => undefined,
      failed: ({ message }) => this.told.push(message),
    },
    onCrash: (message) => this.told.push(message),
  });

  /** A run, and what is asked about it; what came of each. */
  async everything(): Promise<string[]> {
    this.summary = null;
    this.told.length = 0;
    const asked = async (name: string, question: () => Promise<unknown>): Promise<string> => {
      try {
        const answer = await within(name, question());
        return answer === null ? `${name}: nothing` : `${name}: done`;
      } catch (error) {
        assert.ok(
          error instanceof Error && error.message.length > 10,
          `${name} failed without a word: ${String(error)}`,
        );
        return `${name}: ${error.message}`;
      }
    };
    const outcomes = [
      await asked('run', async () => {
        const outcome = await this.client.run(entry, defaultBounds);
        if (outcome.kind === 'done') return outcome;
        const said = outcome.problems.map(({ message }) => message).join(' ');
        throw new Error(`${outcome.kind} with ${outcome.problems.length} problems. ${said}`);
      }),
    ];
    const runId = this.client.latestRun;
    outcomes.push(
      await asked('inspection', () =>
        this.client.request('inspect', { config: entry.config, cancel: null }).then((found) => {
          const [problem] = found?.problems ?? [];
          if (problem !== undefined) throw new Error(`told ${problem.message}`);
          return found;
        }),
      ),
      await asked('what-if', () => this.client.request('whatIf', { runId, whatIf: { ...asItIs, inputScale: 2 } })),
      await asked('change', async () => {
        const change = { entry, whatIf: { ...asItIs, truncate: 5 }, copyTo: null };
        const made = await this.client.request('applyWhatIf', change);
        if (!made.ok) throw new Error(made.message);
        return made;
      }),
      await asked('export', () => this.client.request('resultJson', { runId })),
    );
    return outcomes;
  }
}

/** What takes longer hangs. */
async function within<R>(name: string, answer: Promise<R>): Promise<R> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new assert.AssertionError({ message: `${name} hangs` })), 20_000);
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
}

/** Places at which something fails: all of them, or some that lie apart. */
const places = (steps: number): number[] => {
  const count = long ? steps : Math.min(steps, 2);
  return Array.from({ length: count }, (_, i) => 1 + Math.floor((i * steps) / count));
};

describe('the engine thread', () => {
  const good = ['run: done', 'inspection: done', 'what-if: done', 'change: done', 'export: done'];
  for (const kind of faultKinds)
    for (const persistent of [false, true])
      it(`goes on after ${kind} failed at each place, ${persistent ? 'from there on' : 'once'}`, async (t) => {
        // With its thread still to start, which is one of the places.
        const steps = await usingSubject(async (subject) => {
          arm(kind, Infinity, false);
          const outcomes = await subject.everything().finally(() => disarm());
          assert.deepEqual(outcomes, good);
          return disarm().steps;
        });
        const chosen = places(steps);
        let survived = 0;
        await usingSubject(async (subject) => {
          for (const n of chosen) {
            arm(kind, n, persistent);
            await subject.everything().finally(() => disarm());
            survived += disarm().failed > 0 ? 1 : 0;
            assert.deepEqual(await subject.everything(), good, `after ${kind} ${n}: ${subject.told.join(' ')}`);
          }
        });
        t.diagnostic(`${steps} places, ${chosen.length} tried, ${survived} failed`);
        assert.ok(survived > chosen.length / 2);
        assert.deepEqual(unhandled, []);
      });
});

describe('helpers of the engine', () => {
  const [variant] = variants;
  it('that the system does not start leave the caller alone, which goes on', async () => {
    for (const n of [1, 2]) {
      const team = new WorkerTeam(kernelsOf(variant, true), faultyWorker, 2);
      arm('thread', n, false);
      assert.equal(team.size, 1);
      assert.equal(disarm().failed, 1);
      // Nobody tries again and again.
      arm('thread', 1, false);
      assert.deepEqual([team.size, team.most], [1, 1]);
      assert.equal(disarm().steps, 0);
      await within('waiting for helpers', team.up());
      await team.stop();
    }
  });
});
