// `npm run load [-- threads edits panels rewriting]`: test/vscode/load inside VS Code, each file in its own window.
// Says at the end what each did and what was held before and after; exit code 1 where it grew, or the loop was held up.
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../../build/modules.mjs';
import { runVscodeSuite } from './run.mjs';

const all = ['threads', 'edits', 'panels', 'rewriting'];
const named = process.argv.slice(2);
const unknown = named.find((name) => !all.includes(name));
if (unknown !== undefined) throw new Error(`There is no load "${unknown}"; expected ${all.join(', ')}.`);
const results = path.join(root, 'out', 'load.txt');
await mkdir(path.dirname(results), { recursive: true });
await rm(results, { force: true });
process.env.RNN_LOAD_RESULTS = results;
// Alone it takes half an hour.
process.env.RNN_VSCODE_MINUTES = '90';
let failed = 0;
for (const name of named.length > 0 ? named : all) {
  const counts = await runVscodeSuite([`test/vscode/load/${name}.test.ts`], 'load');
  failed += counts.failed;
  for (const failure of counts.failures) console.error(failure);
}
console.log(`\n${await readFile(results, 'utf8').catch(() => 'No load came to its end.\n')}`);
process.exitCode = failed > 0 ? 1 : 0;
