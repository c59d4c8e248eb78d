// Brings the packages of test/realFiles/packages.json into out/realFiles, by name and version, and keeps of each what
// the product may read. Nothing of them is part of the project.
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync, globSync, lstatSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './modules.mjs';

export const folder = path.join(root, 'out', 'realFiles');
const endings = '{npy,npz,h5,hdf5,onnx,csv,tsv}';
/** Most of the ONNX test models are one node each that has nothing to do with recurrence. */
const isWanted = (file) => !/\/data\/node\//.test(file) || /lstm|gru|rnn/.test(file);

/** What unpacks a package into a folder; throws with what it said. */
const fetchers = {
  debian(name, version, into) {
    execFileSync('apt-get', ['download', '-q', `${name}=${version}`], { cwd: into, stdio: 'pipe' });
    const [file] = globSync('*.deb', { cwd: into });
    execFileSync('dpkg-deb', ['-x', file, '.'], { cwd: into, stdio: 'pipe' });
  },
  npm(name, version, into) {
    const packed = JSON.parse(
      execFileSync('npm', ['pack', '--json', `${name}@${version}`], { cwd: into, encoding: 'utf8', stdio: 'pipe' }),
    );
    execFileSync('tar', ['xzf', packed[0].filename], { cwd: into, stdio: 'pipe' });
  },
};

/** Names of the packages that are there afterwards, and why others are not. */
export async function fetchPackages() {
  const wanted = JSON.parse(await readFile(path.join(root, 'test', 'realFiles', 'packages.json'), 'utf8'));
  await mkdir(folder, { recursive: true });
  const [there, missing] = [[], []];
  for (const [kind, packages] of Object.entries(wanted))
    for (const [name, version] of Object.entries(packages)) {
      const target = path.join(folder, kind, name);
      const stamp = path.join(target, 'version');
      if (existsSync(stamp) && (await readFile(stamp, 'utf8')) === version) {
        there.push(name);
        continue;
      }
      const scratch = await mkdtemp(path.join(tmpdir(), 'rnn-real-'));
      try {
        fetchers[kind](name, version, scratch);
        await rm(target, { recursive: true, force: true });
        for (const file of globSync(`**/*.${endings}`, { cwd: scratch }).filter(isWanted)) {
          if (lstatSync(path.join(scratch, file)).isSymbolicLink()) continue;
          await mkdir(path.dirname(path.join(target, file)), { recursive: true });
          await cp(path.join(scratch, file), path.join(target, file));
        }
        await mkdir(target, { recursive: true });
        await writeFile(stamp, version);
        there.push(name);
      } catch (error) {
        missing.push(
          `${name} ${version}: ${String(error.stderr ?? error.message)
            .trim()
            .split('\n')
            .at(-1)}`,
        );
      } finally {
        await rm(scratch, { recursive: true, force: true });
      }
    }
  return { there, missing };
}
