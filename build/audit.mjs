// `node build/audit.mjs`: known faults of the packages of which something is bundled, as the registry tells them for
// package-lock.json. It ends with 0 where there is none, 1 where there is one, 3 where the registry does not answer:
// then nothing is known, and nothing is claimed.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ensureModules, npm, root, underNode24 } from './modules.mjs';

ensureModules();
await underNode24();
const { bundledFaults } = await import('./bundledFaults.mjs');
const { billFile } = await import('./sbom.mjs');

const bill = path.join(root, billFile);
if (!existsSync(bill)) {
  console.error(`${billFile} is not there, so nobody knows what is bundled. Run npm run build first.`);
  process.exit(2);
}
const { command, args, options } = npm(['audit', '--json'], { cwd: root, encoding: 'utf8', maxBuffer: 1e8 });
const { stdout, error } = spawnSync(command, args, options);
if (error !== undefined) throw error;
const { asked, faults, why } = bundledFaults(JSON.parse(readFileSync(bill, 'utf8')), stdout);
if (!asked) {
  console.log(`Nobody told: the registry does not answer npm audit (${why}).`);
  process.exit(3);
}
for (const fault of faults) console.error(fault);
console.log(faults.length === 0 ? 'No known fault of what is bundled.' : `${faults.length} known faults.`);
process.exit(faults.length === 0 ? 0 : 1);
