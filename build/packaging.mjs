// The production build as a .vsix. The same sources give the same bytes.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createVSIX, listFiles, PackageManager } from '@vscode/vsce';
import JSZip from 'jszip';
import { root } from './modules.mjs';
import { configFaults, readmeAlone, shippedManifest } from './releaseFields.mjs';
import { billFile, billOfPackage } from './sbom.mjs';

/** Where the bill of materials of a package lies. */
export const billPathOf = (packagePath) => packagePath.replace(/\.vsix$/, '.cdx.json');

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

/** Sentences and their translations: the examples are for people. */
const isForProgramsAlone = (file) => /^(?:l10n\/|package\.nls\.).*\.json$/.test(file.replaceAll('\\', '/'));

const withoutBlanks = async (file) => writeFile(file, JSON.stringify(JSON.parse(await readFile(file, 'utf8'))));

/** @throws when the build fails; it has said why */
function buildForUsers() {
  const { status } = spawnSync(process.execPath, ['build/esbuild.mjs', '--production'], {
    cwd: root,
    stdio: 'inherit',
  });
  if (status !== 0)
    throw new Error(`The production build ended with exit code ${status}: its own words above say why.`);
}

/**
 * Writes the package to a file. What goes into it is staged in a folder of its own, because its manifest is not that of
 * the checkout: it has what the config of releases says. Everything is bundled, so no packages go along; the bill of
 * what is bundled lies beside the package.
 */
export async function packageInto(packagePath, config, { build = true } = {}) {
  const { faults } = configFaults(config);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  if (build) buildForUsers();
  const manifest = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  const stage = await mkdtemp(path.join(tmpdir(), 'rnn-gradients-package-'));
  try {
    for (const file of await listFiles({ cwd: root, packageManager: PackageManager.None })) {
      await cp(path.join(root, file), path.join(stage, file));
      if (isForProgramsAlone(file)) await withoutBlanks(path.join(stage, file));
    }
    await cp(path.join(root, '.vscodeignore'), path.join(stage, '.vscodeignore'));
    await writeFile(path.join(stage, 'package.json'), JSON.stringify(shippedManifest(manifest, config)));
    const { repository } = config;
    if (repository === null)
      for (const readme of ['README.md', 'README.ko.md'])
        await writeFile(path.join(stage, readme), readmeAlone(await readFile(path.join(root, readme), 'utf8')));
    await createVSIX({
      cwd: stage,
      packagePath,
      dependencies: false,
      allowMissingRepository: repository === null,
      rewriteRelativeLinks: repository !== null,
      ...(repository === null
        ? {}
        : { baseContentUrl: `${repository}/blob/HEAD`, baseImagesUrl: `${repository}/raw/HEAD` }),
    });
    const bytes = await repeatable(await readFile(packagePath));
    await writeFile(packagePath, bytes);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    const bill = billOfPackage(await readFile(path.join(root, billFile), 'utf8'), sha256);
    await writeFile(billPathOf(packagePath), bill);
    return bytes;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}
