// Bundles of unit tests over sources that something else has rewritten before: with counters, or with mutants.
import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { kernelsInBundles } from './kernelsInBundles.mjs';
import { root } from './modules.mjs';

/** Each source that `matches` (by its name in the project) is what `rewrite` makes of its text. */
const rewriting = ({ matches, rewrite }) => ({
  name: 'rewriting',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      const name = path.relative(root, file).replaceAll(path.sep, '/');
      if (!matches(name)) return undefined;
      return { contents: await rewrite(name, await readFile(file, 'utf8')), loader: 'ts' };
    });
  },
});

/** The build's own modules stay where they lie, as in build/esbuild.mjs; so does what a name is led to here. */
const staysOutside = (instead) => ({
  name: 'stays-outside',
  setup({ onResolve }) {
    onResolve({ filter: /\/build\/[\w.-]+\.mjs$/ }, ({ path: file, resolveDir }) => ({
      path: pathToFileURL(path.resolve(resolveDir, file)).href,
      external: true,
    }));
    onResolve({ filter: /^node:/ }, ({ path: name }) =>
      instead[name] === undefined ? undefined : { path: pathToFileURL(instead[name]).href, external: true },
    );
  },
});

/**
 * Writes one bundle (over kernels that are there) for each test file into `outdir`, laid out as in out/test. `instead`
 * leads a name to a file of this project: `{ 'node:test': '…' }`. Gives which files each bundle is made of, as the
 * project names them.
 */
export async function bundleTests({ files, outdir, matches, rewrite, instead = {} }) {
  const { metafile } = await build({
    absWorkingDir: root,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    packages: 'external',
    sourcemap: 'linked',
    logLevel: 'warning',
    metafile: true,
    ...kernelsInBundles,
    define: { productVersion: '"0"', 'process.env.NODE_ENV': '"development"', isReport: 'false' },
    plugins: [staysOutside(instead), rewriting({ matches, rewrite })],
    entryPoints: files,
    outbase: 'test',
    outdir,
    outExtension: { '.js': '.mjs' },
  });
  return Object.values(metafile.outputs)
    .filter(({ entryPoint }) => entryPoint !== undefined)
    .map(({ entryPoint, inputs }) => ({ file: entryPoint, sources: Object.keys(inputs) }));
}
