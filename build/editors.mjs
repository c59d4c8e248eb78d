// Finds a VS Code, or an editor made from it, that is installed on this machine.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { onPath } from './chromium.mjs';
import { root } from './modules.mjs';

/** Command, name of the macOS application, folder of the Windows installation; VS Code itself comes first. */
const editors = [
  ['code', 'Visual Studio Code', 'Microsoft VS Code'],
  ['code-insiders', 'Visual Studio Code - Insiders', 'Microsoft VS Code Insiders'],
  ['codium', 'VSCodium', 'VSCodium'],
  ['code-oss', 'Code - OSS', 'Code - OSS'],
  ['cursor', 'Cursor', 'cursor'],
  ['windsurf', 'Windsurf', 'Windsurf'],
  ['positron', 'Positron', 'Positron'],
];
const flatpaks = ['com.visualstudio.code', 'com.vscodium.codium'];

const usualPlaces = ([command, application, folder]) => {
  if (process.platform === 'darwin')
    return ['/Applications', path.join(process.env.HOME ?? '', 'Applications')].map(
      (place) => `${place}/${application}.app/Contents/Resources/app/bin/${command}`,
    );
  if (process.platform === 'win32') {
    return [process.env.LOCALAPPDATA && path.join(process.env.LOCALAPPDATA, 'Programs'), process.env.PROGRAMFILES]
      .filter(Boolean)
      .map((place) => path.join(place, folder, 'bin', `${command}.cmd`));
  }
  return [`/usr/share/${command}/bin/${command}`, `/snap/bin/${command}`];
};

const quoted = (text) => (process.platform === 'win32' ? `"${text}"` : text);

/** Runs an editor's command line tool, which on Windows is a command file that only a shell can start. */
export const runEditor = (editor, args, options = {}) =>
  spawnSync(quoted(editor.command), args.map(quoted), {
    encoding: 'utf8',
    shell: process.platform === 'win32',
    ...options,
  });

/**
 * What an editor needs besides to start for the user root, who gets no sandbox and has to name a folder for its
 * settings.
 */
export const rootFlags = (dataDir) => (process.getuid?.() === 0 ? ['--no-sandbox', `--user-data-dir=${dataDir}`] : []);

/** The oldest VS Code that package.json supports, as [1, minor]. */
const oldestMinor = () =>
  Number(/1\.(\d+)/.exec(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).engines.vscode)[1]);

const isRecent = (name, version) => {
  // Editors made from VS Code count their own versions; only VS Code and its plain builds can be judged by it.
  const minor = /^1\.(\d+)\./.exec(version);
  return !name.startsWith('cod') || minor === null || Number(minor[1]) >= oldestMinor();
};

/** Every installed editor that answers `--version` and is recent enough: `{ command, name, version }`. */
export function* installedEditors(dataDir) {
  const found = editors.flatMap((editor) =>
    [onPath([editor[0]]), ...usualPlaces(editor)].map((command) => ({ name: editor[0], command })),
  );
  const candidates = [...found, ...flatpaks.map((name) => ({ name, command: `/var/lib/flatpak/exports/bin/${name}` }))];
  const seen = new Set();
  for (const { name, command } of candidates) {
    if (command === null || seen.has(command) || !existsSync(command)) continue;
    seen.add(command);
    const { status, stdout } = runEditor({ command }, [...rootFlags(dataDir), '--version'], { timeout: 20_000 });
    const version = (stdout ?? '').split('\n')[0].trim();
    if (status === 0 && isRecent(name, version)) yield { command, name, version };
  }
}
