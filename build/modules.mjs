// What has to be there before anything else can run: the packages of package-lock.json, and the Node that the project
// is written for.
// This file runs on whatever Node the user has (20 or newer) and before any package is installed, so it may import only
// Node's own modules.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(fileURLToPath(new URL('..', import.meta.url)));

/** The major version of Node that tests, builds and the VS Code server run on; the npm package `node` brings it. */
const wantedMajor = 24;

/** Node 24's executable, from the npm package `node`; it exists once the packages are installed. */
export const node24 = path.join(
  root,
  'node_modules',
  'node',
  'bin',
  process.platform === 'win32' ? 'node.exe' : 'node',
);

const readJson = (file) => JSON.parse(readFileSync(path.join(root, file), 'utf8'));

/** True when every package that the lock file asks for (optional ones aside) is installed in that very version. */
export function modulesAreCurrent() {
  // npm writes what it installed into this hidden lock file, in the form of package-lock.json.
  if (!existsSync(path.join(root, 'node_modules', '.package-lock.json')) || !existsSync(node24)) return false;
  const installed = readJson('node_modules/.package-lock.json').packages;
  return Object.entries(readJson('package-lock.json').packages).every(([place, wanted]) => {
    if (place === '') return true;
    const found = installed[place];
    return found === undefined ? wanted.optional === true : found.version === wanted.version;
  });
}

/**
 * How to run npm: the one that runs this very script, when one does, else the one on the PATH (a command file on
 * Windows, which only a shell can start).
 * Under `npm run`, npm hands its own settings down in the environment; they would point the inner npm at this project,
 * so they are left out.
 */
export function npm(args, options = {}) {
  const own = process.env.npm_execpath;
  const env = Object.fromEntries(
    Object.entries(options.env ?? process.env).filter(
      ([name]) => !/^npm_(config_(local_prefix|prefix|global_prefix|user_agent)|package_|lifecycle_)/i.test(name),
    ),
  );
  return own !== undefined && /\.c?js$/.test(own) && /npm-cli/.test(own)
    ? { command: process.execPath, args: [own, ...args], options: { ...options, env } }
    : { command: 'npm', args, options: { ...options, env, shell: process.platform === 'win32' } };
}

/** Installs the packages when they are missing or not those of the lock file. Throws with advice when that fails. */
export function ensureModules() {
  if (modulesAreCurrent()) return;
  console.log('Installing the packages of package-lock.json (npm ci) …');
  // Its errors alone: on Node 20 npm would warn of each package that asks for Node 22, and they all run on Node 24.
  const { command, args, options } = npm(['ci', '--loglevel=error'], { cwd: root, stdio: 'inherit' });
  const { status, error } = spawnSync(command, args, options);
  if (error !== undefined) throw new Error(`npm could not be started (${error.message}): is it on the PATH?`);
  if (status !== 0) throw new Error(`npm ci ended with exit code ${status}: its own words above say why.`);
  if (!existsSync(node24)) {
    throw new Error(
      'The packages are installed, but Node 24 is missing: the install script of the package "node" did not ' +
        'run. Allow it once with: npm rebuild node --ignore-scripts=false',
    );
  }
}

/** PATH with the project's tools and its Node in front, so that every child process meets the same Node. */
const pathWithTools = () => {
  const tools = path.join(root, 'node_modules', '.bin');
  const others = (process.env.PATH ?? '').split(path.delimiter).filter((folder) => folder !== tools);
  return [tools, ...others].join(path.delimiter);
};

/**
 * Makes the rest of the calling script run under Node 24 with the project's tools on the PATH.
 * Returns when this is already so; otherwise runs the script once more in the right way and ends with its exit code.
 */
export async function underNode24() {
  process.env.PATH = pathWithTools();
  if (Number(process.versions.node.split('.')[0]) >= wantedMajor) return;
  const child = spawn(node24, process.argv.slice(1), { stdio: 'inherit', env: process.env });
  // Ctrl+C reaches the child from the terminal itself; a signal sent to this process alone has to be handed on.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (status, signal) => resolve(status ?? (signal === 'SIGINT' ? 130 : 1)));
  });
  process.exit(code);
}
