// Finds a Chromium-like browser for tests and screenshots; on Debian-like machines installs one.
import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * A browser without anything but pages: tests take a third less processor time in it than in a whole one that hides its
 * window.
 */
const shells = ['chromium-headless-shell', 'chrome-headless-shell'];
const names = [
  ...shells,
  'chromium',
  'chromium-browser',
  'google-chrome',
  'google-chrome-stable',
  'chrome',
  'microsoft-edge',
  'microsoft-edge-stable',
  'msedge',
];

const usualPlaces = () => {
  if (process.platform === 'darwin') {
    return ['Google Chrome', 'Chromium', 'Microsoft Edge'].flatMap((name) =>
      ['/Applications', path.join(process.env.HOME ?? '', 'Applications')].map(
        (folder) => `${folder}/${name}.app/Contents/MacOS/${name}`,
      ),
    );
  }
  if (process.platform === 'win32') {
    const folders = [process.env.PROGRAMFILES, process.env['PROGRAMFILES(X86)'], process.env.LOCALAPPDATA].filter(
      (folder) => folder !== undefined,
    );
    return folders.flatMap((folder) =>
      [
        'Google\\Chrome\\Application\\chrome.exe',
        'Chromium\\Application\\chrome.exe',
        'Microsoft\\Edge\\Application\\msedge.exe',
      ].map((file) => path.join(folder, file)),
    );
  }
  return ['/snap/bin/chromium', '/opt/google/chrome/chrome', '/opt/microsoft/msedge/msedge'];
};

const isExecutable = (file) => {
  try {
    accessSync(file, process.platform === 'win32' ? constants.F_OK : constants.X_OK);
    return true;
  } catch {
    return false;
  }
};

/** The full path of the first of `commands` that lies on the PATH, or null. */
export function onPath(commands) {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', '.bat'] : [''];
  for (const command of commands) {
    for (const folder of (process.env.PATH ?? '').split(path.delimiter).filter(Boolean)) {
      const found = endings.map((ending) => path.join(folder, command + ending)).find(isExecutable);
      if (found !== undefined) return found;
    }
  }
  return null;
}

const find = () => onPath(names) ?? usualPlaces().find(isExecutable) ?? null;

/** How this user may run apt-get without being asked anything, or null. */
const rootPrefix = () => {
  if (process.getuid?.() === 0) return [];
  return onPath(['sudo']) !== null && spawnSync('sudo', ['-n', 'true']).status === 0 ? ['sudo', '-n'] : null;
};

const aptInstall = (packageName) => {
  const prefix = process.platform === 'linux' && onPath(['apt-get']) !== null ? rootPrefix() : null;
  if (prefix === null) return false;
  const apt = (...args) => {
    const [command, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
    const { status } = spawnSync(command, rest, { stdio: ['ignore', 2, 2] });
    return status === 0;
  };
  console.error(`Installing ${packageName} with apt-get …`);
  // A list that cannot be renewed may still be good enough: the install itself decides.
  apt('update');
  return apt('install', '-y', '--no-install-recommends', packageName);
};

/** A program that an apt package brings, installed when it is missing and may be; null when it is not to be had. */
export const commandFromApt = (command, packageName) =>
  onPath([command]) ?? (aptInstall(packageName) ? onPath([command]) : null);

const aptKnows = (packageName) =>
  onPath(['apt-cache']) !== null && spawnSync('apt-cache', ['show', packageName], { stdio: 'ignore' }).status === 0;

/**
 * The path of a Chromium, Chrome or Edge. CHROMIUM_PATH decides when it is set.
 * Throws, with the way to mend it, when there is none and none can be installed.
 */
export function findChromium() {
  const chosen = process.env.CHROMIUM_PATH;
  if (chosen !== undefined && chosen !== '') {
    if (isExecutable(chosen)) return chosen;
    throw new Error(`CHROMIUM_PATH is ${chosen}, and that is no program that can be started.`);
  }
  const found = find() ?? ([shells[0], 'chromium'].some(aptInstall) ? find() : null);
  if (found !== null) return found;
  throw new Error(
    "These tests need a browser: install Chromium, Chrome or Edge, or set CHROMIUM_PATH to the browser's executable.",
  );
}

/**
 * Once before many tests that need a browser: brings the headless shell even beside a whole browser, where apt has it
 * and may install. Throws as `findChromium`.
 */
function prepareChromium() {
  const chosen = process.env.CHROMIUM_PATH ?? '';
  if (chosen === '' && onPath(shells) === null && aptKnows(shells[0])) aptInstall(shells[0]);
  findChromium();
}

/**
 * Switches that keep a browser under test quiet and let it start in a container, where its own sandbox cannot. The
 * headless shell draws letters with whole hinting unless it is told to draw them as a whole browser does.
 */
export const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--font-render-hinting=slight',
];

// As a program of its own it brings the browser, or says why there is none.
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    prepareChromium();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
