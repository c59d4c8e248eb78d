// In Stryker's sandbox, once: bundles the unit tests that reach a mutated source. What they reach is written beside
// them. With patterns, those that reach what these name.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../modules.mjs';
import { testFiles } from '../nodeTests.mjs';
import { bundleTests } from '../rewrittenTests.mjs';
import { mutated, rooms } from './scope.mjs';

const patterns = process.argv.length > 2 ? process.argv.slice(2) : mutated;
const isMutated = (source) => patterns.some((pattern) => path.matchesGlob(source, pattern));
const outdir = path.join('out', 'mutants');
let mutants = 0;

/**
 * Stryker chooses and counts mutants by functions over strings, which take most of the time of a loop that they stand
 * in (a test of 3 s takes 19). Numbers in one array say the same.
 */
function withNumbers(name, text) {
  const header = /function stryNS_\w+\(\) \{[^]*?\n  return isActive\(id\);\n\}/;
  const numbered = text
    .replace(header, 'const stry = globalThis.mutantsInTests;')
    .replaceAll(/\bstryMutAct_\w+\("(\d+)"\)/g, '(stry.active === $1 && stry.reached())')
    .replaceAll(/\bstryCov_\w+\(((?:"\d+"(?:, )?)+)\)/g, (_, ids) => {
      const all = ids.split(', ').map((id) => Number(id.slice(1, -1)));
      mutants = Math.max(mutants, ...all.map((id) => id + 1));
      return all.map((id) => `stry.hits[${id}]++`).join(', ');
    });
  if (/stry(?:NS|Cov|MutAct)_/.test(numbered)) throw new Error(`${name}: Stryker writes its mutants in another form now.`);
  return numbered;
}

const bundles = await bundleTests({
  files: testFiles('unit').filter((file) => rooms.some((room) => room.test(file))),
  outdir,
  matches: isMutated,
  rewrite: withNumbers,
  instead: { 'node:test': path.join(root, 'build', 'mutation', 'nodeTest.mjs') },
});
const reaching = bundles
  .map(({ file, sources }) => ({
    bundle: path.join(outdir, file.replace(/^test\//, '').replace(/\.ts$/, '.mjs')),
    file,
    sources: sources.filter(isMutated),
  }))
  .filter(({ sources }) => sources.length > 0);
await mkdir(path.join(root, outdir), { recursive: true });
await writeFile(path.join(root, outdir, 'tests.json'), JSON.stringify({ bundles: reaching, mutants }));
