// Entry of `npm run bench`: compiles what is measured and hands over to test/bench/bench.ts.
//   --quick      under a minute: fewer rounds, no XL, no peers that have to be installed, no VS Code
//   --rows S,M   only these rows; READING is the reading of files
//   --avx2       NumPy and PyTorch restricted to AVX2 (OPENBLAS_CORETYPE=Haswell), for machines with AVX-512
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ensureModules, node24, root, underNode24 } from './modules.mjs';

ensureModules();
await underNode24();
const { buildKernels, compile } = await import('./kernels.mjs');
const { build } = await import('esbuild');
await buildKernels();
await compile('src/engine/kernels/peak.ts', 'out/bench/peak.wasm', 'simd,relaxed-simd,threads');
const shared = {
  absWorkingDir: root, bundle: true, platform: 'node', target: 'node24', logLevel: 'warning',
  alias: { 'kernels/relaxed.wasm': './out/kernels/relaxed.wasm', 'kernels/simd.wasm': './out/kernels/simd.wasm', 'kernels/numbers.wasm': './out/kernels/numbers.wasm' }, loader: { '.wasm': 'binary' },
};
// The product's worker, made apart from dist so that a build meanwhile does not take it away.
await build({
  ...shared, format: 'cjs', mainFields: ['module', 'main'], entryPoints: { worker: 'src/worker/entry.ts' }, outdir: 'out/bench', outExtension: { '.js': '.cjs' },
});
await build({
  ...shared, format: 'esm', packages: 'external',
  entryPoints: ['test/bench/bench.ts', 'test/bench/tfjs.ts'], outdir: 'out/bench', outExtension: { '.js': '.mjs' },
});
const { status } = spawnSync(node24, [path.join(root, 'out/bench/bench.mjs'), ...process.argv.slice(2)], { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;
// How soon the picture follows a key: in a real VS Code, after everything else because it needs the whole product built.
if (process.exitCode === 0 && !process.argv.some((arg) => ['--quick', '--rows', '--avx2'].includes(arg))) {
  for (const args of [['build/esbuild.mjs', '--tests'], ['out/test/bench/latency.mjs', ...process.argv.slice(2)]]) {
    process.exitCode ||= spawnSync(node24, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
  }
}
