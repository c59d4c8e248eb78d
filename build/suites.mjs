// The suites of `npm test`: what each needs, and the jobs that it is made of.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { node24, root } from './modules.mjs';
import { deal, estimates, failureText, runGroup, testFiles } from './nodeTests.mjs';
import { ensureServer } from './vscode-server.mjs';
import { ensureWeb } from './vscode-web.mjs';

const passed = { passed: 1, failed: 0, skipped: 0 };
const failed = (why) => ({ passed: 0, failed: 1, skipped: 0, failures: [why] });

/**
 * Runs one of the project's own programs under Node 24 with what it says in `write`; its exit code, what it said,
 * and what it sent to its parent.
 */
const runProgram = async (args, write) => {
  const child = spawn(node24, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => {
      said += text;
      write(text);
    });
  let message = null;
  child.on('message', (sent) => {
    message = sent;
  });
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve(status ?? signal));
  });
  return { code, said, message };
};

const isLong = () => process.env.RNN_LONG_TESTS === '1';

/** What a program takes where all that it can look at is a matter of the long form. */
const short = () => (isLong() ? [] : ['--short']);

/**
 * A suite that is one program: it passes when the program ends with 0. `more` gives arguments of the form that runs.
 */
const program =
  (seconds, args, more = () => []) =>
  () => [
    {
      seconds,
      run: async ({ write }) => {
        const { code, said } = await runProgram([...args, ...more()], write);
        return code === 0 ? passed : failed(failureText([`${args.join(' ')} ended (${code}).`], said));
      },
    },
  ];

/** How much longer the long form may take: some files of it need ten minutes on an idle processor. */
const patience = () => (isLong() ? 4 : 1);

/**
 * A suite of node:test files: test/FOLDER/**\/*.test.ts. Those of one `kind` are dealt out to so many processes
 * (`groups`), each of those without one has a process of its own.
 */
const nodeTests =
  (folder, { minutes, groups = {}, kind = () => Object.keys(groups)[0] }) =>
  async ({ picked, durations }) => {
    const files = await picked(testFiles(folder));
    const seconds = estimates(files);
    const byKind = Object.groupBy(files, (file) => kind(file) ?? 'alone');
    const dealt = Object.entries(byKind).flatMap(([name, own]) => deal(own, groups[name] ?? own.length, seconds));
    return dealt.map((group) => ({
      seconds: group.seconds,
      run: async ({ write }) => {
        // Whole, once it is done: of several that run beside each other no lines mix.
        let said = '';
        const counts = await runGroup(group.files, {
          minutes: (minutes + group.files.length) * patience(),
          durations,
          write: (text) => {
            said += text;
          },
        });
        write(said);
        return counts;
      },
    }));
  };

/** The suite inside VS Code: all of its files share one window. */
const vscodeSuite = async (files, write) => {
  const { code, message } = await runProgram(['test/vscode/run.mjs', ...files], write);
  if (message !== null) return message;
  const why = `The suite in VS Code ended (${code}) without a count.`;
  write(`${why}\n`);
  return failed(why);
};

/**
 * What unit tests share a process with: most of them with each other, because processes of their own cost more than
 * they; those that put a made-up cell into the table of cells with each other. Those that measure memory, start threads
 * or programs or stand in for globals are alone, and those that take twice as long behind others, which have shown the
 * compiler more kinds of arrays.
 */
const kindOfUnit = (file) => {
  const [, room, name] = /^test\/unit\/(\w+)\/(.*)\.test\.ts$/.exec(file);
  if (['cli', 'faults', 'fuzz'].includes(room)) return undefined;
  if (/memory|thread|^(?:bare|client|gatedPieces|gatedRuns|inBrowser|largeFiles|ranges|sequencePreviews)$/i.test(name))
    return undefined;
  return hasMadeUpCell(file) ? 'madeUpCell' : 'usual';
};

const hasMadeUpCell = (file) => /\b(?:leakyInTheTable|madeUpCell)\b/.test(readFileSync(path.join(root, file), 'utf8'));

/** Runs once, whoever asks: a missing browser or server is not installed twice at the same time. */
const once = (prepare) => {
  let prepared = null;
  return () => (prepared ??= prepare());
};
const prepareServer = once(ensureServer);
/** In a process of its own: while apt installs, the other suites go on. */
const prepareBrowser = once(async () => {
  const { code, said } = await runProgram(['build/chromium.mjs'], (text) => process.stderr.write(text));
  if (code !== 0) throw new Error(said);
});
const prepareWindows = once(() => Promise.all([prepareServer(), ensureWeb(), prepareBrowser()]));

/**
 * `needs`: suites without whose success this one means nothing; they run even when they are not named. `after`:
 * suites that must not run beside this one, and come first when they run at all: each of them writes dist anew.
 * `rank`: the higher, the sooner. `prepare` begins before everything else.
 */
export const suites = {
  lint: { needs: [], rank: 4, jobs: program(50, ['--max-semi-space-size=64', 'build/lint.mjs'], short) },
  format: { needs: [], rank: 1, jobs: program(12, ['build/format.mjs', '--check'], short) },
  build: {
    needs: [],
    rank: 9,
    // Bundles of tests that no longer exist must not run, and what was compiled of others is of no use.
    prepare: () =>
      Promise.all(
        ['test', 'compiled', 'meta.json'].map((name) =>
          rm(path.join(root, 'out', name), { recursive: true, force: true }),
        ),
      ),
    jobs: program(5, ['build/esbuild.mjs', '--tests']),
  },
  start: { needs: ['build'], rank: 8, prepare: prepareServer, jobs: nodeTests('start', { minutes: 10 }) },
  // From here on, dist holds the production build that the .vsix was made of: everything is tested with what users get.
  vsix: { needs: ['build'], after: ['start'], rank: 8, jobs: program(3, ['build/package.mjs']) },
  package: { needs: ['vsix'], rank: 3, jobs: nodeTests('package', { minutes: 10 }) },
  vscode: {
    needs: ['vsix'],
    rank: 7,
    prepare: prepareWindows,
    jobs: async ({ picked }) => {
      const files = await picked(testFiles('vscode/suite'));
      return files.length === 0 ? [] : [{ seconds: 200, run: ({ write }) => vscodeSuite(files, write) }];
    },
  },
  e2e: {
    needs: ['vsix'],
    rank: 6,
    prepare: prepareWindows,
    jobs: nodeTests('e2e', { minutes: 20, groups: { usual: 1 } }),
  },
  page: {
    needs: ['build'],
    after: ['start', 'vsix'],
    rank: 5,
    prepare: prepareBrowser,
    jobs: nodeTests('page', {
      minutes: 10,
      groups: { usual: 4 },
      kind: (file) => (hasMadeUpCell(file) ? undefined : 'usual'),
    }),
  },
  unit: {
    needs: ['build'],
    after: ['start', 'vsix'],
    rank: 3,
    jobs: nodeTests('unit', { minutes: 10, groups: { usual: 4, madeUpCell: 1 }, kind: kindOfUnit }),
  },
};
