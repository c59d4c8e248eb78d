// Entry of `npm run bench`: compiles what is measured and hands over to test/bench/bench.ts.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureModules, node24, root, underNode24 } from './modules.mjs';

const usage = `npm run bench [-- FLAG…]

Without a flag everything is measured, for an hour or longer, and written to test/bench/RESULTS.md.

  --quick             under a minute: fewer rounds, no XL, peers on one thread and none that has to be installed, no
                      page and no VS Code; writes nothing
  --rows S,M          only these rows (S, M, L, XL, LONG), no page and no VS Code; writes nothing
  --sections pauses   only these sections (networks, cells, wholeRuns, directions, analyses, reading, pauses,
                      subnormal, differences, worker, waking, page: zooms and what-ifs of the page in a browser), no
                      VS Code; writes nothing
  --json FILE         writes what every contestant of networks, cells, wholeRuns and directions took: section, row,
                      cell, layers, where the gradient enters, contestant, threads, median and best ms, runs
  --threads 1         nobody runs on several threads
  --renew             puts what was measured into RESULTS.md all the same, in the place of older sections
  --dry               writes nothing`;

/** What the flags say; a flag that nobody knows must not begin what takes an hour. */
const readFlags = () => {
  try {
    return parseArgs({
      options: {
        quick: { type: 'boolean' },
        rows: { type: 'string' },
        sections: { type: 'string' },
        json: { type: 'string' },
        threads: { type: 'string' },
        renew: { type: 'boolean' },
        dry: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    console.error(`${error.message}\n\n${usage}`);
    return process.exit(2);
  }
};
const flags = readFlags();
if (flags.help === true) {
  console.log(usage);
  process.exit(0);
}
ensureModules();
await underNode24();
const { buildKernels, compile } = await import('./kernels.mjs');
const { kernelsInBundles } = await import('./kernelsInBundles.mjs');
const { build } = await import('esbuild');
await buildKernels();
await compile('test/bench/kernels/peak.ts', 'out/bench/peak.wasm', 'simd,relaxed-simd,threads');
const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node24',
  logLevel: 'warning',
  ...kernelsInBundles,
};
// The product's worker, made apart from dist so that a build meanwhile does not take it away.
await build({
  ...shared,
  format: 'cjs',
  mainFields: ['module', 'main'],
  entryPoints: { worker: 'src/worker/thread/entry.ts' },
  outdir: 'out/bench',
  outExtension: { '.js': '.cjs' },
});
await build({
  ...shared,
  format: 'esm',
  packages: 'external',
  entryPoints: ['test/bench/bench.ts', 'test/bench/tfjs.ts', 'test/bench/onnxruntime.ts'],
  outdir: 'out/bench',
  outExtension: { '.js': '.mjs' },
});
const { status } = spawnSync(node24, [path.join(root, 'out/bench/bench.mjs'), ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
// After everything else, because it needs the whole product built: the page in a browser, and in a real VS Code how
// soon the picture follows a key and what a key costs the extension host.
const part = flags.quick === true || flags.rows !== undefined || flags.sections !== undefined;
const sections = flags.sections?.split(',') ?? [];
const wanted = part ? sections.filter((name) => name === 'page') : ['page', 'firstPicture', 'latency', 'hostLoop'];
if (process.exitCode === 0 && wanted.length > 0) {
  for (const args of [
    ['build/esbuild.mjs', '--tests'],
    // What users have.
    ['build/esbuild.mjs', '--production'],
    ...wanted.map((name) => [`out/test/bench/${name}.mjs`, ...(part ? ['--dry'] : process.argv.slice(2))]),
  ]) {
    process.exitCode ||= spawnSync(node24, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
  }
}
