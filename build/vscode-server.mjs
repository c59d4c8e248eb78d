// A real VS Code where the desktop program cannot be downloaded: the workbench and extension host of the npm package
// code-server, run by the project's own Node 24 on a loopback port. Tests drive it in a browser; `npm start` falls back
// on it.
import { spawn } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { node24, npm, root } from './modules.mjs';

/**
 * code-server's versions, which decide in which VS Code the tests run: 4.139.1 is VS Code 1.139.1. `oldest` is that of
 * `engines.vscode`.
 */
export const serverVersions = { newest: '4.139.1', oldest: '4.100.3' };

/** What is installed beside a server's own packages: that one's search of files would fetch its program by a script. */
const addedPackages = { newest: [], oldest: ['@vscode/ripgrep@1.18.0'] };

/** Which of both is meant: `npm test -- --vscode oldest` says it to all programs of the run in this variable. */
export const wantedVscode = process.env.RNN_TEST_VSCODE ?? null;
if (wantedVscode !== null && !(wantedVscode in serverVersions))
  throw new Error(`RNN_TEST_VSCODE is "${wantedVscode}"; it can be ${Object.keys(serverVersions).join(' or ')}.`);

const version = wantedVscode ?? 'newest';
const serverVersion = serverVersions[version];

/** Kept between runs; not part of the project. */
export const cache = path.join(root, '.vscode-test');
const home = path.join(cache, `code-server-${serverVersion}`);
const app = path.join(home, 'node_modules', 'code-server', 'lib', 'vscode');
const serverScript = path.join(app, 'out', 'server-main.js');

/** Runs a command to its end with everything it says in `log`; throws with the last lines when it fails. */
const logged = async ({ command, args, options }, log, what) => {
  const file = createWriteStream(log, { flags: 'a' });
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.pipe(file, { end: false });
  child.stderr.pipe(file, { end: false });
  const outcome = await new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (code, signal) => resolve(code === 0 ? null : `exit code ${code ?? signal}`));
  });
  await new Promise((resolve) => file.end(resolve));
  if (outcome === null) return;
  const tail = (await readFile(log, 'utf8')).trimEnd().split('\n').slice(-30).join('\n');
  throw new Error(`${what} failed (${outcome}). The end of ${log}:\n${tail}`);
};

const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=warn'];

/**
 * Installs packages (each with its version) into the folder `name` of the cache, once: until `whole` is there. Their
 * install scripts stay off. `more(folder, log)` may add to what was installed.
 */
export async function installOnce(name, packages, whole, more = async () => undefined) {
  await mkdir(cache, { recursive: true });
  // Made elsewhere and renamed when whole: an install that broke off is never taken for a good one.
  const place = await mkdtemp(path.join(cache, 'installing-'));
  const log = path.join(cache, `install-${name}.log`);
  await rm(log, { force: true });
  try {
    await writeFile(path.join(place, 'package.json'), JSON.stringify({ private: true }));
    await logged(npm(['install', ...quiet, ...packages], { cwd: place }), log, `Installing ${packages.join(', ')}`);
    await more(place, log);
    await rename(place, path.join(cache, name)).catch((error) => {
      // Somebody else finished the same install meanwhile: theirs is as good.
      if (!existsSync(whole)) throw error;
    });
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/**
 * Installs the server once per version. The packages' install scripts stay off: they would compile for minutes and need
 * system libraries, only for log files and terminals that nothing here uses.
 */
export async function ensureServer() {
  if (existsSync(serverScript)) return;
  console.log(`Installing code-server ${serverVersion}, a VS Code for browsers and tests (once, about 20 s) …`);
  await installOnce(path.basename(home), [`code-server@${serverVersion}`], serverScript, async (place, log) => {
    const inner = path.join(place, 'node_modules', 'code-server', 'lib', 'vscode');
    await logged(
      npm(['install', '--omit=dev', ...quiet, ...addedPackages[version]], { cwd: inner }),
      log,
      'Installing the packages of code-server',
    );
  });
}

/** A window that stays quiet: no welcome page, no chat, no tips, no asking, no saving behind the test's back. */
const quietSettings = {
  'workbench.startupEditor': 'none',
  'workbench.colorTheme': 'Dark Modern',
  'window.autoDetectColorScheme': false,
  'workbench.tips.enabled': false,
  'workbench.enableExperiments': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'chat.disableAIFeatures': true,
  'window.restoreWindows': 'none',
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'git.enabled': false,
  // It would look through all processes of this machine for ports, every other second.
  'remote.autoForwardPorts': false,
  'telemetry.telemetryLevel': 'off',
  'files.autoSave': 'off',
  // A folder that is not trusted is opened in Restricted Mode without a question.
  'security.workspace.trust.startupPrompt': 'never',
  'editor.accessibilitySupport': 'off',
};

/** Added by tests: what moves or is painted without need takes a browser without a graphics card much of its time. */
export const stillSettings = {
  'workbench.reduceMotion': 'on',
  'editor.cursorBlinking': 'solid',
  'editor.minimap.enabled': false,
  // A quarter of what the suite inside VS Code took, in long lines of numbers.
  'editor.unicodeHighlight.ambiguousCharacters': false,
  'editor.unicodeHighlight.invisibleCharacters': false,
  'editor.unicodeHighlight.nonBasicASCII': false,
  // What is drawn and asked for anew wherever the cursor stands.
  'breadcrumbs.enabled': false,
  'editor.bracketPairColorization.enabled': false,
  'editor.guides.indentation': false,
  'editor.lightbulb.enabled': 'off',
  'editor.matchBrackets': 'never',
  'editor.occurrencesHighlight': 'off',
  'editor.renderLineHighlight': 'none',
  'editor.selectionHighlight': false,
  'editor.stickyScroll.enabled': false,
  'window.commandCenter': false,
  'workbench.layoutControl.enabled': false,
};

/**
 * The extensions of VS Code itself that a test needs: JSON, notebooks, the grammars of what hovers and clipboard hold,
 * a theme and its icons. The others (an assistant of 20 MB, git, TypeScript, …) would wake in every window.
 */
const neededExtensions = [
  'json',
  'json-language-features',
  'ipynb',
  'configuration-editing',
  'markdown-basics',
  'python',
  'theme-defaults',
  'theme-seti',
];

/** A folder of links to the needed extensions, in the place of the server's own. */
async function linkNeededExtensions(dataDir) {
  const folder = path.join(dataDir, 'built-in');
  await mkdir(folder, { recursive: true });
  for (const name of neededExtensions) {
    const link = path.join(folder, name);
    if (!existsSync(link)) await symlink(path.join(app, 'extensions', name), link, 'junction');
  }
  return folder;
}

/**
 * Writes the user settings and keys of a server that is to start; `settings` are added to those that keep the window
 * quiet.
 */
async function writeSettings(dataDir, settings, keybindings) {
  const userDir = path.join(dataDir, 'data', 'User');
  await mkdir(userDir, { recursive: true });
  await writeFile(path.join(userDir, 'settings.json'), JSON.stringify({ ...quietSettings, ...settings }, null, 2));
  if (keybindings.length > 0)
    await writeFile(path.join(userDir, 'keybindings.json'), JSON.stringify(keybindings, null, 2));
}

/** The environment of a server: this process's own, without what an editor or Node around it would force on it. */
const serverEnvironment = (extra) => {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|NODE_OPTIONS$|NODE_TEST_CONTEXT$|NODE_V8_COVERAGE$)/.test(name),
  );
  // Without a gallery the server has no reason to reach beyond this machine.
  return { ...Object.fromEntries(own), EXTENSIONS_GALLERY: '{"serviceUrl":""}', ...extra };
};

const killTree = (child) => {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  if (process.platform === 'win32') {
    spawn('taskkill', ['/pid', String(child.pid), '/T', '/F'], { stdio: 'ignore' });
    return;
  }
  try {
    // The server leads a process group of its own, so its extension hosts end with it and nobody else does.
    process.kill(-child.pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
};

/** Installs a packaged extension into `dataDir`, as a user who installs a .vsix does. */
export async function installVsix(vsix, dataDir) {
  await ensureServer();
  await mkdir(dataDir, { recursive: true });
  const args = [serverScript, '--install-extension', path.resolve(vsix), '--server-data-dir', dataDir];
  await logged(
    { command: node24, args, options: { cwd: dataDir, env: serverEnvironment({}) } },
    path.join(dataDir, 'install-extension.log'),
    `Installing ${vsix}`,
  );
}

/**
 * Starts a server that only this machine can reach and waits until it answers.
 * `dataDir` holds settings, installed extensions and the server's log; it is made when missing.
 * `trusted: false` leaves workspace trust on, for tests of Restricted Mode. `sparse`: without those of VS Code's own
 * extensions that no test needs.
 */
export async function startServer({
  dataDir,
  settings = {},
  keybindings = [],
  env = {},
  port = 0,
  trusted = true,
  sparse = false,
}) {
  await ensureServer();
  // None of the extensions that it has then runs in the browser.
  await writeSettings(dataDir, sparse ? { 'extensions.webWorker': false, ...settings } : settings, keybindings);
  const args = [
    serverScript,
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--without-connection-token',
    '--accept-server-license-terms',
    // Without this switch a built server ignores the extension payload in the address (workbenchUrl). The oldest one
    // takes that anyway, and with the switch it refuses every question that VS Code asks in a dialog.
    ...(version === 'newest' ? ['--enable-smoke-test-driver'] : []),
    // Its extensions need nothing of what a login shell sets, and it would start one for each window.
    '--force-disable-user-env',
    '--telemetry-level',
    'off',
    '--server-data-dir',
    dataDir,
    ...(trusted ? ['--disable-workspace-trust'] : []),
    // Nothing goes further than this machine.
    '--disable-websocket-compression',
    // Windows of the oldest one look for all of them, and tell of each that is missing.
    ...(sparse && version === 'newest' ? ['--builtin-extensions-dir', await linkNeededExtensions(dataDir)] : []),
  ];
  const child = spawn(node24, args, {
    cwd: dataDir,
    env: serverEnvironment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: process.platform !== 'win32',
  });
  const onExit = () => killTree(child);
  process.on('exit', onExit);
  const logFile = path.join(dataDir, 'server.log');
  const log = createWriteStream(logFile);
  const ended = new Promise((resolve) => child.on('close', (code, signal) => resolve(code ?? signal)));
  child.stderr.pipe(log, { end: false });
  const listening = new Promise((resolve, reject) => {
    let text = '';
    const look = (chunk) => {
      text += chunk;
      const found = /listening on (\d+)/.exec(text);
      if (found === null) return;
      child.stdout.off('data', look);
      resolve(Number(found[1]));
    };
    child.stdout.on('data', look);
    child.stdout.pipe(log, { end: false });
    child.on('error', reject);
    void ended.then((code) =>
      reject(new Error(`The VS Code server ended (${code}) before it listened; its log is ${logFile}.`)),
    );
    setTimeout(
      () => reject(new Error(`The VS Code server did not listen within a minute; its log is ${logFile}.`)),
      60_000,
    ).unref();
  });
  const stop = async () => {
    killTree(child);
    await ended;
    process.off('exit', onExit);
    await new Promise((resolve) => log.end(resolve));
  };
  try {
    const url = `http://localhost:${await listening}`;
    await answers(`${url}/version`);
    return { url, pid: child.pid, logFile, ended, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const answers = async (url) => {
  const end = performance.now() + 30_000;
  for (;;) {
    const refusal = await fetch(url).then(
      (reply) => (reply.ok ? null : `status ${reply.status}`),
      (error) => error.message,
    );
    if (refusal === null) return;
    if (performance.now() > end) throw new Error(`${url} does not answer: ${refusal}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};

/**
 * The address that opens `folder`, or the folders of a `workspace` file, in a window of the server; an empty window
 * without either, with `file` open in it. `developmentPath` loads an extension from its source folder, `testsPath` has
 * the extension host run that module's `run()` (paths on this machine).
 */
export function workbenchUrl(serverUrl, { folder, workspace, file, developmentPath, testsPath }) {
  const { host } = new URL(serverUrl);
  const remote = (place) => `vscode-remote://${host}${encodeURI(asUrlPath(place))}`;
  const payload = [
    ...(file === undefined ? [] : [['openFile', remote(file)]]),
    ...(developmentPath === undefined ? [] : [['extensionDevelopmentPath', remote(developmentPath)]]),
    ...(testsPath === undefined ? [] : [['extensionTestsPath', remote(testsPath)]]),
  ];
  const url = new URL(serverUrl);
  if (workspace !== undefined) url.searchParams.set('workspace', asUrlPath(workspace));
  else if (folder === undefined) url.searchParams.set('ew', 'true');
  else url.searchParams.set('folder', asUrlPath(folder));
  if (payload.length > 0) url.searchParams.set('payload', JSON.stringify(payload));
  return url.href;
}

const asUrlPath = (file) => {
  const slashed = path.resolve(file).split(path.sep).join('/');
  return slashed.startsWith('/') ? slashed : `/${slashed}`;
};
