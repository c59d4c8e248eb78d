// Compiles the engine's kernels (AssemblyScript, src/engine/kernels) to WebAssembly in out/kernels, once for each kind
// of SIMD, and the reader of numbers.
import asc from 'assemblyscript/asc';
import { createHash } from 'node:crypto';
import { globSync } from 'node:fs';
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { root } from './modules.mjs';

const variants = { relaxed: 'simd,relaxed-simd,threads', simd: 'simd,threads' };
// -O3 regroups the chains of multiply-adds so that their sums no longer fit the registers.
const flags = ['-O2', '--noAssert', '--runtime', 'stub', '--importMemory'];
const sharedMemory = ['--sharedMemory', '--maximumMemory', '65535'];

/**
 * Everything that decides the bytes of a kernel: the sources in its folder, compiler and flags. The time of a file says
 * nothing after a checkout or an install.
 */
async function madeOf(folder) {
  const files = [
    ...globSync(`${folder}/*.{ts,json}`, { cwd: root }).sort(),
    'build/kernels.mjs',
    'node_modules/assemblyscript/package.json',
  ];
  const hash = createHash('sha256');
  for (const file of files)
    hash
      .update(`${file.replaceAll('\\', '/')}\0`)
      .update(await readFile(path.join(root, file)))
      .update('\0');
  return hash.digest('hex');
}

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

/**
 * Compiles the engine's kernels where they were made of something else than is there now; each has a file beside it
 * that says of what.
 */
export async function buildKernels() {
  const modules = [
    ...Object.entries(variants).map(([name, features]) => ({ name, entry: 'src/engine/kernels/index.ts', features })),
    { name: 'numbers', entry: 'src/config/json/kernels/numbers.ts', features: '' },
  ];
  for (const { name, entry, features } of modules) {
    const target = `out/kernels/${name}.wasm`;
    const source = await madeOf(path.posix.dirname(entry));
    const packed = path.join(root, `out/kernels/${name}.deflate`);
    const stamp = path.join(root, `${target}.from`);
    const made = [readFile(stamp, 'utf8'), access(path.join(root, target)), access(packed)];
    const [known] = await Promise.all(made).catch(() => [null]);
    if (known === source) continue;
    await compile(entry, target, features);
    await writeFile(packed, deflateRawSync(await readFile(path.join(root, target)), { level: 9 }));
    await writeFile(stamp, source);
  }
}
