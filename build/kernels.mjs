// Compiles the engine's kernels (AssemblyScript, src/engine/kernels) to WebAssembly in out/kernels, once for each kind
// of SIMD, and the reader of numbers.
import asc from 'assemblyscript/asc';
import { globSync } from 'node:fs';
import { mkdir, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { root } from './modules.mjs';

const variants = { relaxed: 'simd,relaxed-simd,threads', simd: 'simd,threads' };
// -O3 regroups the chains of multiply-adds so that their sums no longer fit the registers.
const flags = ['-O2', '--noAssert', '--runtime', 'stub', '--importMemory'];
const sharedMemory = ['--sharedMemory', '--maximumMemory', '65535'];

const changed = async (file) =>
  stat(path.join(root, file)).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );

/**
 * Compiles one entry file (paths relative to the project); without `features` to plain WebAssembly on memory of its
 * own. Throws with the compiler's words when it does not compile.
 */
export async function compile(source, target, features) {
  await mkdir(path.dirname(path.join(root, target)), { recursive: true });
  // Written beside and renamed: another build never meets half a file.
  const unfinished = `${target}.${process.pid}.wasm`;
  const { error, stderr } = await asc.main([
    source,
    '--baseDir',
    root,
    '-o',
    unfinished,
    ...flags,
    ...(features === '' ? [] : [...sharedMemory, '--enable', features]),
  ]);
  if (error !== null) throw new Error(`${source} does not compile: ${stderr.toString()}`);
  await rename(path.join(root, unfinished), path.join(root, target));
}

/** Compiles the engine's kernels where they are older than their sources. */
export async function buildKernels() {
  const modules = [
    ...Object.entries(variants).map(([name, features]) => ({ name, entry: 'src/engine/kernels/index.ts', features })),
    { name: 'numbers', entry: 'src/config/json/kernels/numbers.ts', features: '' },
  ];
  for (const { name, entry, features } of modules) {
    const target = `out/kernels/${name}.wasm`;
    const sources = [...globSync(`${path.posix.dirname(entry)}/*.ts`, { cwd: root }), 'build/kernels.mjs'];
    const newest = Math.max(...(await Promise.all(sources.map(changed))));
    if ((await changed(target)) <= newest) await compile(entry, target, features);
  }
}
