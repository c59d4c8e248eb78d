// Third-party notices: which packages stand in the bundles, by esbuild's own account of them, and under which licences.
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { root } from './modules.mjs';

/** The file of all bundles, in dist; and that of the page and the report, whose text each report carries. */
export const noticesFile = 'THIRD-PARTY.md';
export const pageNoticesFile = 'webview/notices.txt';

/**
 * Packages on npm without the licence file that their repositories hold. Only the text of package.json's own licence
 * may stand in for it.
 */
const withoutFile = {
  '@microsoft/fast-element': 'microsoft-mit.txt',
  '@microsoft/fast-foundation': 'microsoft-mit.txt',
  '@microsoft/fast-web-utilities': 'microsoft-mit.txt',
  '@vscode/l10n': 'microsoft-mit.txt',
};
const standIns = { 'microsoft-mit.txt': 'MIT' };

/**
 * The package that an input of a bundle belongs to, by its folder; null for the project's own files. The compiled
 * kernels hold parts of AssemblyScript's standard library.
 */
function packageOf(input, folder) {
  const at = input.lastIndexOf('node_modules/');
  if (at >= 0) {
    const [name] = /^(?:@[^/]+\/)?[^/]+/.exec(input.slice(at + 'node_modules/'.length));
    // esbuild tells of inputs relative to the working folder, also where node_modules is a link to somewhere else.
    return path.resolve(folder, input.slice(0, at), 'node_modules', name);
  }
  if (/^out\/kernels\/\w+\.(?:wasm|deflate)$/.test(input)) return path.join(folder, 'node_modules', 'assemblyscript');
  if (/^(?:src|webview)\//.test(input) || /^(?:<stdin>|<define:)/.test(input)) return null;
  throw new Error(
    `${input} is in a bundle, and nothing says whose it is. Expected a file of src, webview or a package, ` +
      `or a kernel; teach build/notices.mjs.`,
  );
}

/** Folders of the packages of which something stands in the outputs of these builds, each once. */
export function packagesIn(metafiles, folder = root) {
  const outputs = metafiles
    .flatMap(({ outputs: made }) => Object.entries(made))
    .filter(([file]) => !file.endsWith('.map'));
  const inputs = outputs.flatMap(([, { inputs: used }]) =>
    Object.entries(used)
      .filter(([, { bytesInOutput }]) => bytesInOutput > 0)
      .map(([input]) => input),
  );
  return [...new Set(inputs.map((input) => packageOf(input, folder)).filter((found) => found !== null))];
}

const isLicence = (file) => /^(?:licen[cs]e|copying)(?:[.-]|$)/i.test(file);
/** What the Apache licence asks to be passed on. */
const isNotice = (file) => /^notice(?:\.(?:md|txt))?$/i.test(file);

const textOf = (...file) =>
  readFileSync(path.join(...file), 'utf8')
    .replaceAll('\r\n', '\n')
    .replace(/^\uFEFF/, '')
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(/^\n+|\n+$/g, '');

/** Name, version and licence of a package with the texts that go along with it. */
export function noticeOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const files = readdirSync(folder).sort();
  const licences = files.filter(isLicence).map((file) => textOf(folder, file));
  if (licences.length === 0) {
    const standIn = withoutFile[name];
    if (standIn === undefined || standIns[standIn] !== license) {
      throw new Error(
        `${name} ${version} (${license ?? 'no licence in its package.json'}) is bundled, and ${folder} ` +
          `holds no LICENSE. Put the text from its repository into build/licenses and name it in ` +
          `build/notices.mjs, or do without the package.`,
      );
    }
    licences.push(textOf(root, 'build', 'licenses', standIn));
  }
  const notices = files.filter(isNotice).map((file) => textOf(folder, file));
  return { name, version, license, text: [...licences, ...notices].join('\n\n') };
}

const rule = '-'.repeat(80);

/**
 * The notices of these packages as one text: each once, those with one text together, in an order that depends on
 * nothing but their names.
 */
export function noticesText(folders) {
  const notices = folders
    .map(noticeOf)
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.version < b.version ? -1 : 1));
  const byText = Map.groupBy(notices, ({ text }) => text);
  const parts = [...byText].map(([text, same]) => {
    const names = new Set(same.map(({ name, version, license }) => `${name} ${version} (${license})`));
    return `${[...names].join('\n')}\n\n${text}\n`;
  });
  return [`RNN Gradients holds parts of these packages, each under its own licence.\n`, ...parts].join(`\n${rule}\n\n`);
}
