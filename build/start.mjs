// `npm start`: builds the extension and opens the examples in a VS Code that runs it. The first of these that is to be
// had: an installed VS Code (or an editor made from it), a downloaded one, the VS Code server of the tests in the
// user's browser.
//   --browser   the server, whatever else there is
//   --check     starts it, sees whether it answers, says where, and ends
import { spawn, spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { ensureModules, node24, root, underNode24 } from './modules.mjs';

const flags = new Set(process.argv.slice(2));
const examples = path.join(root, 'examples');
const cache = path.join(root, '.vscode-test');
const desktopData = path.join(cache, 'start-desktop');

/** What is open at first where a window can be told: one edit turns its verdict. */
const firstConfig = path.join(examples, 'vanishing', 'vanishing.rnn.json');

const openArgs = [`--extensionDevelopmentPath=${root}`, examples];

/** Windows and macOS always have a screen; Linux says so in the environment. */
const hasDisplay = () => process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);

const startInstalled = async () => {
  const { installedEditors, rootFlags, runEditor } = await import('./editors.mjs');
  for (const editor of installedEditors(desktopData)) {
    console.log(`${editor.name} ${editor.version} (${editor.command})`);
    if (flags.has('--check')) return true;
    const { status } = runEditor(editor, [...rootFlags(desktopData), ...openArgs], { stdio: 'inherit' });
    if (status === 0) return true;
    console.log(`It ended with exit code ${status}; looking further.`);
  }
  return false;
};

const startDownloaded = async () => {
  const { downloadAndUnzipVSCode } = await import('@vscode/test-electron');
  const program = await downloadAndUnzipVSCode({ version: 'stable', timeout: 15_000, cachePath: cache }).catch(
    (error) => {
      console.log(`VS Code cannot be downloaded: ${error.message.split('\n')[0]}`);
      return null;
    },
  );
  if (program === null) return false;
  console.log(program);
  const { rootFlags } = await import('./editors.mjs');
  const data = rootFlags(desktopData).length > 0 ? rootFlags(desktopData) : [`--user-data-dir=${desktopData}`];
  if (flags.has('--check'))
    return spawnSync(program, [...data, '--version'], { shell: process.platform === 'win32' }).status === 0;
  console.log('VS Code runs until its window is closed.');
  const child = spawn(program, [...data, ...openArgs], { stdio: 'inherit' });
  return new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
};

const startServerInBrowser = async () => {
  const { startServer, workbenchUrl } = await import('./vscode-server.mjs');
  const dataDir = path.join(cache, flags.has('--check') ? 'check-server' : 'start-server');
  await mkdir(dataDir, { recursive: true });
  const server = await startServer({ dataDir });
  const url = workbenchUrl(server.url, { folder: examples, file: firstConfig, developmentPath: root });
  const page = await fetch(url);
  const isWorkbench = page.ok && (await page.text()).includes('workbench');
  if (!isWorkbench) {
    await server.stop();
    throw new Error(`${url} does not show a workbench (status ${page.status}); the server's log is ${server.logFile}.`);
  }
  console.log(`\nVS Code with the examples runs at\n\n  ${url}\n`);
  if (flags.has('--check')) return server.stop();
  const { port } = new URL(server.url);
  console.log(
    'Open this address in Chrome, Edge, Firefox or Safari on this machine; from another one after ' +
      `ssh -L ${port}:localhost:${port} HOST. Ctrl+C ends it.`,
  );
  const asked = new Promise((resolve) => {
    process.on('SIGINT', () => resolve('asked'));
    process.on('SIGTERM', () => resolve('asked'));
  });
  if ((await Promise.race([asked, server.ended])) !== 'asked')
    throw new Error(`The server ended by itself; its log is ${server.logFile}.`);
  return server.stop();
};

try {
  const unknown = [...flags].find((flag) => flag !== '--browser' && flag !== '--check');
  if (unknown !== undefined) throw new Error(`${unknown}? There are --browser and --check.`);
  ensureModules();
  await underNode24();
  console.log('Building …');
  if (spawnSync(node24, [path.join(root, 'build', 'esbuild.mjs')], { cwd: root, stdio: 'inherit' }).status !== 0)
    throw new Error('The build failed: its own words above say why.');
  if (!flags.has('--browser') && !hasDisplay()) console.log('There is no display here: VS Code runs in a browser.');
  const onDesktop = !flags.has('--browser') && hasDisplay() && ((await startInstalled()) || (await startDownloaded()));
  if (!onDesktop) await startServerInBrowser();
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
