// Threads that fail, end, or never answer. This file is the helpers' entry too.
import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import { describe, it, mock } from 'node:test';
import threads, { isMainThread, MessagePort, Worker, workerData } from 'node:worker_threads';
import { fastPass } from '../../../src/engine/wasm/pass.js';
import { task } from '../../../src/engine/wasm/team.js';
import { finish } from '../../../src/engine/index.js';
import type { Job, Kernels, Task, Variant } from '../../../src/engine/index.js';
import type { Pass } from '../../../src/engine/network/referencePass.js';
import { help, isHelper, WorkerTeam } from '../../../src/worker/thread/threadTeam.js';
import { kernelsOf, plainLayer, randomExperiment, variants } from './support.js';

const here = new URL(import.meta.url);

/**
 * A kernel whose helper can be held in the middle of its task: input32(at, fails) sets the number at `at`, waits until
 * the next one is set, sets the third, and traps when it is told to.
 */
const held = Uint8Array.from([
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00, 0x01, 0x07, 0x01, 0x60, 0x03, 0x7f, 0x7f, 0x7f, 0x00],
  // A shared memory of 1 to 65,535 pages from `env`; the function's name.
  ...[
    0x02,
    0x12,
    0x01,
    0x03,
    ...Buffer.from('env'),
    0x06,
    ...Buffer.from('memory'),
    0x02,
    0x03,
    0x01,
    0xff,
    0xff,
    0x03,
  ],
  ...[
    0x03,
    0x02,
    0x01,
    0x00,
    0x07,
    0x0b,
    0x01,
    0x07,
    ...Buffer.from('input32'),
    0x00,
    0x00,
    0x0a,
    0x26,
    0x01,
    0x24,
    0x00,
  ],
  // i32.atomic.store; loop: i32.atomic.load, i32.eqz, br_if; i32.atomic.store; if: unreachable.
  ...[0x20, 0x00, 0x41, 0x01, 0xfe, 0x17, 0x02, 0x00],
  ...[0x03, 0x40, 0x20, 0x00, 0xfe, 0x10, 0x02, 0x04, 0x45, 0x0d, 0x00, 0x0b],
  ...[0x20, 0x00, 0x41, 0x01, 0xfe, 0x17, 0x02, 0x08],
  ...[0x20, 0x01, 0x04, 0x40, 0x00, 0x0b, 0x0b],
]);
const [begun, goOn, done] = [0, 1, 2];
const at = 64;

type Held = { readonly team: WorkerTeam; readonly numbers: Int32Array; readonly memory: WebAssembly.Memory };

/** A team of two whose caller does what `own` says while the helper is in the middle of its task. */
async function withHeld(
  own: (held: Held) => void,
  work: (held: Held) => void | Promise<void>,
  slices?: number,
): Promise<void> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65535, shared: true });
  const numbers = new Int32Array(memory.buffer, at, 4);
  const input32 = (): void => {
    while (Atomics.load(numbers, begun) === 0);
    own(all);
  };
  const team = new WorkerTeam(
    { module: new WebAssembly.Module(held), memory, exports: { input32 } } as unknown as Kernels,
    here,
    1,
    slices,
  );
  const all: Held = { team, numbers, memory };
  await team.up();
  assert.equal(team.size, 2);
  try {
    await work(all);
  } finally {
    await team.stop();
  }
}

const ownTask: Task = task('input', 'float32', 0, 0, 0);
const numbersOf = ({ hs, dhTotal, dxs, gradients, norms }: Pass): unknown => ({ hs, dhTotal, dxs, gradients, norms });

if (isHelper(workerData)) help(workerData);
else if (isMainThread) {
  describe('a team of threads', () => {
    it('tells when a helper fails, and works no more', async () => {
      await withHeld(
        ({ numbers }) => {
          numbers[goOn] = 1;
        },
        async ({ team }) => {
          assert.throws(() => team.run([ownTask, task('input', 'float32', at, 1, 0)]), /A thread of the engine failed/);
          assert.equal(team.size, 1);
          await team.up();
        },
      );
    });

    it("does not leave while a helper still writes, when the caller's own task throws", async () => {
      await withHeld(
        ({ memory }) => {
          // Somebody else lets the helper go on, a while after the caller has thrown.
          const later =
            "const { workerData: [buffer, at] } = require('node:worker_threads'); const n = new " +
            'Int32Array(buffer, at, 4); Atomics.wait(n, 3, 0, 100); Atomics.store(n, 1, 1);';
          new Worker(later, { eval: true, workerData: [memory.buffer, at] });
          throw new Error('the caller fails');
        },
        ({ team, numbers }) => {
          assert.throws(() => team.run([ownTask, task('input', 'float32', at, 0, 0)]), /the caller fails/);
          assert.equal(numbers[done], 1);
          assert.equal(team.size, 2, 'the helper is as good as before');
        },
      );
    });

    it('does not wait for ever for a task that was taken', async () => {
      await withHeld(
        () => undefined,
        ({ team, numbers }) => {
          assert.throws(() => team.run([ownTask, task('input', 'float32', at, 0, 0)]), /A thread of the engine failed/);
          assert.deepEqual([numbers[done], team.size], [0, 1]);
        },
        1,
      );
    });

    it('does a job itself where there is no room to send it, and tells what cannot be sent', async () => {
      await withHeld(
        () => undefined,
        ({ team }) => {
          const job = { kernels: team.kernels, task: { unsent: () => undefined } } as unknown as Job;
          assert.throws(() => team.elsewhere(job), /could not be cloned/);
          const post = mock.method(MessagePort.prototype, 'postMessage', () => {
            throw new DOMException('Data cannot be cloned, out of memory.', 'DataCloneError');
          });
          try {
            assert.equal(team.elsewhere({ ...job, task: {} }), null);
            assert.equal(post.mock.callCount(), 1);
          } finally {
            post.mock.restore();
          }
        },
      );
    });

    it('refuses more tasks than it has threads, and one that it does not know', async () => {
      await withHeld(
        () => undefined,
        ({ team }) => {
          assert.throws(() => team.run([null, null, null]), /3 tasks for 2 threads/);
          assert.throws(() => team.run([[99]]), /no kernel 99/);
        },
      );
    });
  });

  describe('a helper that does not come up', () => {
    const kernels = kernelsOf(variants[0], true);
    const entry = (thrown: string): URL => new URL(`data:text/javascript,throw ${encodeURIComponent(thrown)}`);
    const withCode = (code: string): string => `Object.assign(new Error('no room'), { code: '${code}' })`;

    /** What asking for helpers gives: their number, or what is told. */
    async function asked(file: string | URL): Promise<{ readonly team: WorkerTeam; readonly told: unknown }> {
      const team = new WorkerTeam(kernels, file, 1);
      const told = await team.up().catch((error: unknown) => error);
      return { team, told };
    }

    for (const thrown of [
      withCode('ERR_WORKER_INIT_FAILED'),
      withCode('ERR_WORKER_OUT_OF_MEMORY'),
      "new RangeError('WebAssembly.Instance(): Out of memory: Cannot allocate Wasm memory')",
      "new DOMException('Data cannot be cloned, out of memory.', 'DataCloneError')",
    ])
      it(`leaves the caller alone without a word where the machine has no room for it: ${thrown}`, async () => {
        const { team, told } = await asked(entry(thrown));
        assert.equal(told, undefined);
        assert.deepEqual([team.size, team.most], [1, 1]);
      });

    it('leaves the caller alone without a word where the system refuses the thread at once', async () => {
      const refusing = mock.property(
        threads,
        'Worker',
        new Proxy(Worker, {
          construct: () => {
            throw Object.assign(new Error('EAGAIN'), { code: 'ERR_WORKER_INIT_FAILED' });
          },
        }),
      );
      syncBuiltinESMExports();
      try {
        const { team, told } = await asked(here);
        assert.equal(told, undefined);
        assert.deepEqual([team.size, team.most], [1, 1]);
      } finally {
        refusing.mock.restore();
        syncBuiltinESMExports();
      }
    });

    for (const [title, file, cause] of [
      ['while it comes up', entry("new TypeError('broken')"), /^broken$/],
      ['before it comes up', 'helper.js', /absolute path/],
    ] as const)
      it(`for a fault of ours is told, once: ${title}`, async () => {
        const { team, told } = await asked(file);
        assert.ok(told instanceof Error && told.cause instanceof Error);
        assert.match(told.cause.message, cause);
        assert.match(told.message, /^A thread of the engine failed \(.*\)\. Run it again: then one thread/);
        assert.deepEqual([team.size, team.most], [1, 1]);
      });
  });

  for (const variant of variants) {
    describe(`a team with ${variant} instructions`, () => {
      const experiment = randomExperiment({
        ...plainLayer,
        seed: 31,
        B: 7,
        T: 600,
        I: 20,
        H: 50,
        upstream: 'given',
        initial: true,
      });
      const expected = numbersOf(finish(fastPass(kernelsOf(variant), experiment))!);

      it('whose helpers ended between two runs gives the right numbers on one thread', async () => {
        const { kernels, team } = await teamOf(variant);
        assert.deepEqual(numbersOf(finish(fastPass(kernels, experiment))!), expected);
        await team.stop();
        assert.equal(team.size, 1);
        assert.deepEqual(numbersOf(finish(fastPass(kernels, experiment))!), expected);
        await team.up();
      });

      it(
        'whose helpers ended unheard, in the middle of a run, gives the right numbers: the caller does what ' +
          'nobody has taken',
        async () => {
          const { kernels, team } = await teamOf(variant);
          const steps = fastPass(kernels, experiment);
          for (let i = 0; i < 3; i++) assert.notEqual(steps.next().done, true);
          const stopped = team.stop();
          // Long enough for the threads to be gone; nothing is heard of it without a turn of the event loop.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
          assert.equal(team.size, 3);
          assert.deepEqual(numbersOf(finish(steps)!), expected);
          await stopped;
          assert.equal(team.size, 1);
        },
      );
    });
  }

  async function teamOf(variant: Variant): Promise<{ kernels: Kernels; team: WorkerTeam }> {
    const kernels = kernelsOf(variant);
    const team = new WorkerTeam(kernelsOf(variant, true), here, 2);
    kernels.team = team;
    await team.up();
    assert.equal(team.size, 3);
    return { kernels, team };
  }
}
