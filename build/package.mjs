// `npm run package`: the production build as rnn-gradients-VERSION.vsix, which any VS Code installs. The same sources
// give the same bytes.
import { readFileSync, statSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ensureModules, root, underNode24 } from './modules.mjs';

ensureModules();
await underNode24();
const { createVSIX } = await import('@vscode/vsce');
const { default: JSZip } = await import('jszip');
const { name, version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const packagePath = path.join(root, `${name}-${version}.vsix`);

/** The earliest date that a zip can tell. */
const noDate = new Date(Date.UTC(1980, 0, 1));

/**
 * vsce writes the dates and modes of the files on this disk, in the order of this machine's language. (Its
 * SOURCE_DATE_EPOCH leaves the modes, the order and the time zone.) Here every file has one date and one mode, in the
 * order of their names.
 */
async function repeatable(bytes) {
  const [from, to] = [await JSZip.loadAsync(bytes), new JSZip()];
  const files = Object.values(from.files)
    .filter(({ dir }) => !dir)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const file of files)
    to.file(file.name, await file.async('nodebuffer'), {
      date: noDate,
      unixPermissions: 0o100644,
      createFolders: false,
    });
  return to.generateAsync({
    type: 'nodebuffer',
    platform: 'UNIX',
    compression: 'DEFLATE',
    compressionOptions: { level: 9 },
  });
}

// The build itself is the script vscode:prepublish, which vsce runs first. Everything is bundled, so no packages go
// along.
await createVSIX({
  cwd: root,
  packagePath,
  dependencies: false,
  allowMissingRepository: true,
  rewriteRelativeLinks: false,
});
await writeFile(packagePath, await repeatable(await readFile(packagePath)));
console.log(`${path.basename(packagePath)}: ${(statSync(packagePath).size / 1024).toFixed(0)} KiB`);
