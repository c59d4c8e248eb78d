// An old result is whole whatever happens while a new one is written: signals and disks that are full.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { watch } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { long } from '../../support/long.js';
import { cli, leftIn, longConfig, needsPosix, program, shell } from './support.js';

/** `INTERRUPTS=50 node --test out/test/unit/cli/interrupts.test.mjs` for many more. */
const moments = Number(process.env['INTERRUPTS'] ?? (long ? 10 : 2));
const old = 'the old result\n'.repeat(1000);

let folder = '';
let config = '';
before(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'rnn-gradients-interrupts-'));
  config = path.join(folder, 'long.rnn.json');
  await writeFile(config, longConfig());
});
after(() => rm(folder, { recursive: true }));

const outputs = [
  ['--json', 'old.json'],
  ['--html', 'old.html'],
] as const;

/** Whether the whole of a new result stands there. */
function isComplete(name: string, content: string): boolean {
  if (name.endsWith('.html')) return content.startsWith('<!DOCTYPE html>') && content.endsWith('</body>\n</html>\n');
  return (JSON.parse(content) as { schema: number }).schema === 2;
}

/** Fails on anything but the whole old or the whole new file; tells which it is. */
async function whichIsThere(name: string, when: string): Promise<'old' | 'new'> {
  const content = await readFile(path.join(folder, name), 'utf8');
  assert.deepEqual(
    await leftIn(folder, 'long.rnn.json', ...outputs.map(([, known]) => known)),
    [],
    `left beside the result, ${when}`,
  );
  if (content === old) return 'old';
  assert.ok(
    isComplete(name, content),
    `${name} is neither the old file nor a complete new one (${content.length} characters), ${when}`,
  );
  return 'new';
}

type End = { readonly code: number | null; readonly signal: NodeJS.Signals | null };
const endOf = (child: ReturnType<typeof spawn>): Promise<End> =>
  new Promise((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });

/** A number from 0 below `end`, the same in every run of the tests. */
function seeded(seed: number): (end: number) => number {
  let state = seed;
  return (end) => (((state = (state * 48271) % 2147483647) / 2147483647) * end) | 0;
}

describe('an interrupt while a result is written', { skip: needsPosix }, () => {
  for (const [option, name] of outputs) {
    it(`leaves the old file of ${option} whole before each touch of the disk`, async () => {
      const target = path.join(folder, name);
      await writeFile(target, old);
      const run = async (at: number, signal: string): Promise<End & { readonly touches: number }> => {
        const child = spawn(
          process.execPath,
          ['--require', path.resolve('test/support/interruptMe.cjs'), program, 'run', config, option, target],
          {
            stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
            env: { ...process.env, INTERRUPT: JSON.stringify({ at, signal }) },
          },
        );
        const counted = text(child.stdio[3] as unknown as AsyncIterable<string>);
        return { ...(await endOf(child)), touches: Number(await counted) };
      };
      const whole = await run(0, 'SIGINT');
      assert.equal(whole.code, 0);
      assert.ok(whole.touches >= 4, `a file is opened, written, flushed and renamed, not ${whole.touches} touches`);
      assert.equal(await whichIsThere(name, 'without an interrupt'), 'new');

      // The last one is another case than those before it.
      const touches = Array.from({ length: whole.touches }, (_, i) => i + 1);
      for (const at of touches.filter((one) => long || one % 4 === 1 || one === whole.touches)) {
        const signal = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const)[at % 3] ?? 'SIGINT';
        await writeFile(target, old);
        const when = `${signal} before touch ${at} of ${whole.touches}`;
        const end = await run(at, signal);
        const there = await whichIsThere(name, when);
        if (at < whole.touches) {
          assert.equal(end.signal, signal, `it ends as any program does, ${when}`);
          assert.equal(there, 'old', when);
          continue;
        }
        // The last touch gives the new file its name: it, and the program, may be done before the signal is heard.
        assert.ok(end.signal === signal || end.code === 0, `${String(end.signal ?? end.code)}, ${when}`);
        if (end.signal === null) assert.equal(there, 'new', when);
      }
    });

    it(`leaves the old file of ${option} whole at ${moments} moments of a run`, async (test) => {
      const target = path.join(folder, name);
      const random = seeded(option.length + moments);
      const counts = { old: 0, new: 0 };
      let [changes, interrupted] = [1, 0];
      for (let moment = 0; moment <= moments; moment++) {
        await writeFile(target, old);
        const child = spawn(process.execPath, [program, 'run', config, option, target], {
          stdio: ['ignore', 'ignore', 'inherit'],
        });
        // From the folder's first change on, which is the first that a write shows of itself. The first run is not
        // interrupted: it counts them.
        const at = moment === 0 ? Infinity : 1 + random(changes);
        let seen = 0;
        const watcher = watch(folder, () => {
          seen++;
          if (seen === at) child.kill('SIGINT');
        });
        const end = await endOf(child);
        watcher.close();
        if (end.signal === null) assert.equal(end.code, 0);
        else interrupted++;
        const there = await whichIsThere(name, `SIGINT at change ${at} of ${changes} in the folder`);
        if (moment === 0) changes = seen;
        else counts[there]++;
      }
      assert.ok(interrupted > 0, 'no interrupt came while it ran');
      test.diagnostic(
        `${option}: ${interrupted} of ${moments} were interrupted; ${counts.old} times the old file, ` +
          `${counts.new} times the new one, whole each time`,
      );
    });
  }
});

describe('a full disk', { skip: needsPosix }, () => {
  for (const [option, name] of outputs) {
    it(`leaves the old file of ${option} whole`, async () => {
      const target = path.join(folder, name);
      const random = seeded(7);
      // The limit counts blocks of 512 bytes, in some shells of 1024: at most half of the result.
      for (const blocks of [1, ...Array.from({ length: long ? 3 : 1 }, () => 1 + random(900))]) {
        await writeFile(target, old);
        const { code, stderr } = await shell(
          'ulimit -f "$1"; CLI run "$2" "$3" "$4"',
          String(blocks),
          config,
          option,
          target,
        );
        assert.equal(code, 2, stderr);
        assert.match(
          stderr,
          /^[^\n]*old\.(json|html):1:1: The result could not be written: E(FBIG|NOSPC)[^\n]* Make room there[^\n]*\n$/,
        );
        assert.equal(await whichIsThere(name, `${blocks} blocks`), 'old');
      }
    });
  }

  it('is told in one sentence when a device is the target', async (test) => {
    if (process.platform !== 'linux') {
      test.skip('only Linux has /dev/full');
      return;
    }
    for (const [option] of outputs) {
      const { code, stderr } = await cli('run', config, option, '/dev/full');
      assert.equal(code, 2);
      assert.match(
        stderr,
        /^\/dev\/full:1:1: The result could not be written: ENOSPC[^\n]* Make room there, or save elsewhere\.\n$/,
      );
    }
  });
});
