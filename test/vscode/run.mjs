// Runs test/vscode/suite inside VS Code through @vscode/test-electron: in the desktop program (the oldest version that
// the extension supports, and the newest) where it can be downloaded, else in the server that launcher.mjs starts.
import { spawn, spawnSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { downloadAndUnzipVSCode, resolveCliArgsFromVSCodeExecutablePath, runTests } from '@vscode/test-electron';
import { commandFromApt } from '../../build/chromium.mjs';
import { root } from '../../build/modules.mjs';

const launcher = path.join(root, 'test', 'vscode', 'launcher.mjs');

/** The oldest VS Code that package.json promises to support. */
const oldest = async () =>
  JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')).engines.vscode.replace(/^[^\d]*/, '');

const silent = { report() {}, error() {} };

/** A desktop VS Code of this version that can be started, or why there is none. */
const desktop = async (version) => {
  try {
    // Short: a network that lets this download through answers within seconds.
    const program = await downloadAndUnzipVSCode({
      version,
      timeout: 10_000,
      cachePath: path.join(root, '.vscode-test'),
      reporter: silent,
    });
    const [cli, ...args] = resolveCliArgsFromVSCodeExecutablePath(program);
    const asked = spawnSync(cli, [...args, '--no-sandbox', '--version'], {
      encoding: 'utf8',
      shell: process.platform === 'win32',
    });
    if (asked.status === 0) return { program };
    return { why: `it does not start (${(asked.error?.message ?? asked.stderr).trim().split('\n')[0]})` };
  } catch (error) {
    return { why: `it cannot be downloaded (${error.message.split('\n')[0]})` };
  }
};

/**
 * Starts a display for programs with windows where there is none; returns how to end it, or null when none is to be
 * had.
 */
const openDisplay = async () => {
  if (process.platform !== 'linux' || process.env.DISPLAY || process.env.WAYLAND_DISPLAY) return () => {};
  const xvfb = commandFromApt('Xvfb', 'xvfb');
  if (xvfb === null) return null;
  // With -displayfd the server chooses a free display and writes its number once it listens.
  const child = spawn(xvfb, ['-displayfd', '3', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const number = await new Promise((resolve) => {
    child.stdio[3].once('data', (data) => resolve(String(data).trim()));
    child.once('exit', () => resolve(null));
    child.once('error', () => resolve(null));
  });
  if (number === null) return null;
  process.env.DISPLAY = `:${number}`;
  return () => {
    delete process.env.DISPLAY;
    child.kill();
  };
};

/**
 * One run of the suite (of some of its files, as they are named in the project) in `program`; the counts of its tests.
 */
const runIn = async (program, files, suite) => {
  const scratch = await mkdtemp(path.join(tmpdir(), 'rnn-vscode-'));
  try {
    const folder = path.join(scratch, 'workspace');
    await cp(path.join(root, 'examples'), folder, { recursive: true });
    const resultFile = path.join(scratch, 'result.json');
    let failure = null;
    await runTests({
      vscodeExecutablePath: program,
      extensionDevelopmentPath: root,
      extensionTestsPath: path.join(root, 'out', 'test', 'vscode', suite, 'index.js'),
      launchArgs: [
        folder,
        `--user-data-dir=${path.join(scratch, 'user')}`,
        `--extensions-dir=${path.join(scratch, 'extensions')}`,
        '--disable-extensions',
      ],
      extensionTestsEnv: { RNN_GRADIENTS_TEST_RESULT: resultFile, RNN_GRADIENTS_TEST_FILES: files.join(',') },
    }).catch((error) => {
      failure = error;
    });
    const counts = await readFile(resultFile, 'utf8').then(JSON.parse, () => null);
    if (counts === null)
      return {
        passed: 0,
        failed: 1,
        skipped: 0,
        failures: [],
        error: `the tests never reported: ${failure?.message ?? 'the run ended without a result'}`,
      };
    // A run that ended badly although each test passed (an exception outside of tests, a crash at the end) is a failure
    // too.
    return failure !== null && counts.failed === 0 ? { ...counts, failed: 1, error: failure.message } : counts;
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
};

/**
 * Runs the suite, or another folder of tests; says on the way which VS Code it used.
 * `{ passed, failed, skipped, failures, used }`
 */
export async function runVscodeSuite(files = [], suite = 'suite') {
  await mkdir(path.join(root, 'out'), { recursive: true });
  const sum = { passed: 0, failed: 0, skipped: 0, failures: [], used: [] };
  const add = async (name, program) => {
    console.log(`\nThe suite in ${name}:`);
    const { error, ...counts } = await runIn(program, files, suite);
    if (error !== undefined) {
      console.error(`${name}: ${error}`);
      sum.failures.push(`${name}: ${error}`);
    }
    sum.failures.push(...counts.failures);
    for (const key of ['passed', 'failed', 'skipped']) sum[key] += counts[key];
    sum.used.push(name);
  };
  const newest = await desktop('stable');
  const endDisplay = newest.program === undefined ? null : await openDisplay();
  if (newest.program === undefined || endDisplay === null) {
    console.log(`Desktop VS Code: ${newest.why ?? 'there is no display, and Xvfb is not to be had'}. Instead:`);
    await add('the VS Code server with a headless browser', launcher);
    return sum;
  }
  try {
    const version = await oldest();
    const old = await desktop(version);
    if (old.program === undefined) console.log(`Desktop VS Code ${version}: ${old.why}; the newest alone is tested.`);
    else await add(`desktop VS Code ${version}`, old.program);
    await add('desktop VS Code, newest', newest.program);
  } finally {
    endDisplay();
  }
  return sum;
}

// As a program of its own, with its count for whoever started it.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const counts = await runVscodeSuite(process.argv.slice(2));
  if (process.send === undefined) console.log(counts);
  else process.send(counts);
}
