// In Stryker's sandbox, once: bundles the unit tests that reach a mutated source. What they reach is written beside
// them. With a pattern, those that reach what it names.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from '../modules.mjs';
import { testFiles } from '../nodeTests.mjs';
import { bundleTests } from '../rewrittenTests.mjs';
import { mutated, rooms } from './scope.mjs';

const patterns = process.argv.length > 2 ? process.argv.slice(2) : mutated;
const outdir = path.join('out', 'mutants');
const bundles = await bundleTests({
  files: testFiles('unit').filter((file) => rooms.some((room) => room.test(file))),
  outdir,
  matches: () => false,
  rewrite: () => '',
  instead: { 'node:test': path.join(root, 'build', 'mutation', 'nodeTest.mjs') },
});
const reaching = bundles
  .map(({ file, sources }) => ({
    bundle: path.join(outdir, file.replace(/^test\//, '').replace(/\.ts$/, '.mjs')),
    file,
    sources: sources.filter((source) => patterns.some((pattern) => path.matchesGlob(source, pattern))),
  }))
  .filter(({ sources }) => sources.length > 0);
await mkdir(path.join(root, outdir), { recursive: true });
await writeFile(path.join(root, outdir, 'tests.json'), JSON.stringify(reaching));
