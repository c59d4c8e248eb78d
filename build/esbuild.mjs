// Bundles everything that runs: the extension host, the worker, the page, the command line and, with --tests, every
// test.
import { build, context } from 'esbuild';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildKernels } from './kernels.mjs';
import { kernelsInBundles } from './kernelsInBundles.mjs';
import { languages, readBundle } from './l10n.mjs';
import { noticesFile, noticesText, packagesIn, pageNoticesFile } from './notices.mjs';
import { billFile, billText } from './sbom.mjs';
import { withoutForms } from './withoutForms.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const flags = new Set(process.argv.slice(2));
const production = flags.has('--production');

const shared = {
  absWorkingDir: root,
  bundle: true,
  minify: production,
  sourcemap: production ? false : 'linked',
  legalComments: 'none',
  logLevel: 'warning',
  // The engine's kernels, compiled below, travel inside the bundles that run them.
  ...kernelsInBundles,
  define: {
    productVersion: JSON.stringify(JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).version),
    'process.env.NODE_ENV': production ? '"production"' : '"development"',
  },
};
// The oldest supported VS Code (see engines in package.json) runs Node 20 in its extension host and Chromium 132 in its
// window. jsonc-parser's CommonJS build cannot be bundled, its module build can.
const forNode = { ...shared, platform: 'node', format: 'cjs', target: 'node20', mainFields: ['module', 'main'] };
const forPage = { ...shared, platform: 'browser', format: 'esm', target: 'chrome132' };

/**
 * What a browser does in another way stands in a twin: `x.web.ts` beside `x.ts`, with the same exports. In the bundle
 * for VS Code for the Web each twin takes the place of the other.
 */
const twins = {
  name: 'twins',
  setup({ onResolve }) {
    onResolve({ filter: /^\.{1,2}\/.*\.js$/ }, ({ path: file, resolveDir }) => {
      // A twin that is asked for by its own name, too: of two ways to one file esbuild takes what the faster one says.
      const twin = path.resolve(resolveDir, file.replace(/(?:\.web)?\.js$/, '.web.ts'));
      return existsSync(twin) ? { path: twin } : undefined;
    });
  },
};

/**
 * VS Code hands the extension a module to fill; in a worker there is none, and that is how the bundle knows where it
 * is. A `var` of a name that is there already leaves it as it is.
 */
const asModuleOrThread =
  'var isThread = typeof module === "undefined";' +
  'var module = isThread ? {} : module; var require = isThread ? () => ({}) : require;' +
  // All that the product and path-browserify ask a process for; test/package looks that it is all.
  'var process = { platform: "web", arch: "browser", versions: { node: "none" }, cwd: () => "/" };';

/**
 * The worker and the command line have most of their code in common. esbuild shares code between bundles only as ES
 * modules, which nothing else of Node's side is: so they are made as such in `out/programs`, and each file becomes
 * CommonJS.
 */
const programs = 'out/programs';
const asCommonJs = {
  name: 'as-common-js',
  setup({ onEnd, initialOptions }) {
    onEnd(async ({ metafile }) => {
      if (metafile === undefined || initialOptions.write === false) return;
      await build({
        ...forNode,
        bundle: false,
        alias: {},
        entryPoints: Object.keys(metafile.outputs).filter((file) => file.endsWith('.js')),
        outbase: programs,
        outdir: 'dist',
        supported: { 'dynamic-import': false },
      });
    });
  },
};

const outdirOfPages = 'dist/webview';
/**
 * What a page's script imports at once stands in the page itself (src/report/pageParts.ts). What is loaded later takes
 * each of those parts from a stand-in, so that none is there twice.
 */
const standIns = {
  name: 'stand-ins',
  setup({ onEnd, initialOptions: { write } }) {
    onEnd(async ({ metafile }) => {
      if (metafile === undefined || write === false) return;
      const { outputs } = metafile;
      const reach = (file, met) => {
        for (const { path: next, kind } of outputs[file].imports)
          if (kind === 'import-statement' && !met.has(next)) reach(next, met.add(next));
        return met;
      };
      const pages = Object.keys(outputs).filter((file) => path.posix.dirname(file) === outdirOfPages);
      const parts = new Set(
        pages.filter((file) => file.endsWith('.js')).flatMap((page) => [...reach(page, new Set())]),
      );
      for (const part of parts) {
        const names = outputs[part].exports.join(', ');
        const name = path.posix.relative(outdirOfPages, part);
        await writeFile(
          path.join(root, part.replace(/\.js$/, '.first.js')),
          `const { ${names} } = globalThis.firstParts[${JSON.stringify(name)}];\nexport { ${names} };\n`,
        );
      }
    });
  },
};

const product = [
  // The extension host shares nothing with them: it would load a whole engine for what it needs of it.
  {
    ...forNode,
    entryPoints: { extension: 'src/extension.ts', assemble: 'src/assemble.ts' },
    outdir: 'dist',
    // extension.ts loads assemble.js when there is a config, and not before.
    external: ['vscode', './assemble.js'],
    supported: { 'dynamic-import': false },
  },
  {
    ...forNode,
    format: 'esm',
    splitting: true,
    entryPoints: {
      worker: 'src/worker/thread/entry.ts',
      cli: 'src/cli.ts',
      // Only the command mcp of cli.js loads it.
      mcpServer: 'src/mcpServer.ts',
    },
    chunkNames: 'parts/[name]-[hash]',
    preserveSymlinks: true,
    outdir: programs,
    metafile: true,
    plugins: [withoutForms, asCommonJs],
  },
  {
    ...forPage,
    format: 'cjs',
    entryPoints: { web: 'src/web.ts' },
    outdir: 'dist',
    external: ['vscode'],
    alias: { ...shared.alias, 'node:path': 'path-browserify' },
    plugins: [twins],
    banner: { js: asModuleOrThread },
    mainFields: ['browser', 'module', 'main'],
    supported: { 'dynamic-import': false },
  },
  // What the first picture does without is a file of its own (test/package/firstPaint.test.ts). The panel shares
  // nothing with the viewers, so that each page holds no more than it needs.
  ...[{ main: 'webview/main.ts' }, { tensors: 'webview/tensors.ts', sequences: 'webview/sequences.ts' }].map(
    (entryPoints) => ({
      ...forPage,
      entryPoints,
      splitting: true,
      // Names of parts depend on where their sources lie: on what stands here, not on where a link leads.
      preserveSymlinks: true,
      chunkNames: 'parts/[name]-[hash]',
      outdir: outdirOfPages,
      metafile: true,
      plugins: [standIns],
    }),
  ),
  {
    ...forPage,
    entryPoints: {
      style: 'webview/style.css',
      report: 'webview/report.css',
      tensorsStyle: 'webview/tensors.css',
      sequencesStyle: 'webview/sequences.css',
    },
    outdir: 'dist/webview',
  },
  // VS Code imports it as a module; it shows main.js in a frame and shares nothing with it.
  { ...forPage, entryPoints: { notebook: 'src/notebook/renderer.ts' }, outdir: 'dist/webview', plugins: [twins] },
  { ...forPage, format: 'iife', entryPoints: { report: 'src/report/reportPage.ts' }, outdir: 'dist/webview' },
];

/**
 * What stands in the bundles, and under which licences: one file for all of them, and one for what a report is made of.
 */
async function writeNotices(results) {
  const made = results.map(({ metafile }) => metafile);
  const ofPage = made.filter(({ outputs }) => Object.keys(outputs).every((file) => file.startsWith('dist/webview/')));
  await mkdir(new URL('../dist/webview', import.meta.url), { recursive: true });
  await writeFile(new URL(`../dist/${noticesFile}`, import.meta.url), noticesText(packagesIn(made)));
  await writeFile(new URL(`../dist/${pageNoticesFile}`, import.meta.url), noticesText(packagesIn(ofPage)));
  await writeFile(path.join(root, billFile), billText(packagesIn(made)));
}

/**
 * Tests use the build's own modules where they lie: those find the project by their own place, which a bundle would
 * change.
 */
const buildScriptsStayOutside = {
  name: 'build-scripts-stay-outside',
  setup({ onResolve }) {
    onResolve({ filter: /\/build\/[\w.-]+\.mjs$/ }, ({ path: file, resolveDir }) => ({
      path: pathToFileURL(path.resolve(resolveDir, file)).href,
      external: true,
    }));
  },
};

/**
 * The contributed JSON schema is made from the table that validates configs, once in each language; package.nls.*.json
 * choose. That of the result is made from the parts that write it, and has words of no language.
 */
async function writeSchemas() {
  const contents =
    "export { setLanguage } from './src/l10n.js'; export { configJsonSchema } from './src/config/read/schema.js';" +
    "export { resultJsonSchema } from './src/worker/record/resultJson.js';";
  const { outputFiles } = await build({
    ...forPage,
    sourcemap: false,
    stdin: { contents, resolveDir: root },
    write: false,
  });
  const { setLanguage, configJsonSchema, resultJsonSchema } = await import(
    `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
  );
  await mkdir(new URL('../dist', import.meta.url), { recursive: true });
  const write = (name, schema) => writeFile(new URL(`../dist/${name}`, import.meta.url), JSON.stringify(schema));
  await write('result.schema.json', resultJsonSchema());
  await write('rnn.schema.json', configJsonSchema());
  for (const language of languages) {
    setLanguage({ name: language, bundle: readBundle(language) });
    await write(`rnn.schema.${language}.json`, configJsonSchema());
  }
}

const testEntries = (pattern) => globSync(pattern, { cwd: root });
/** Imports something that changes the others before they are loaded: parts of a bundle are loaded in another order. */
const isWhole = (entry) => entry === path.join('test', 'page', 'anyCell.test.ts');
/** Maps would double what is written. */
const forTests = { ...forNode, sourcemap: false };
const forNodeTests = {
  ...forTests,
  format: 'esm',
  target: 'node24',
  packages: 'external',
  plugins: [buildScriptsStayOutside],
  outbase: 'test',
  outdir: 'out/test',
  outExtension: { '.js': '.mjs' },
};
const tests = () => [
  {
    ...forNodeTests,
    // What several of them need is written once, and files that share a process share it, compiled as it is then.
    splitting: true,
    chunkNames: 'parts/[name]-[hash]',
    entryPoints: [
      ...testEntries('test/{unit,page,package,e2e,start}/**/*.test.ts').filter((entry) => !isWhole(entry)),
      'test/screenshots/take.ts',
      'test/soak/soak.ts',
      'test/realFiles/check.ts',
      'test/notebook/check.ts',
      'test/fuzz/fuzz.ts',
      'test/fuzz/thread.ts',
      'test/bench/firstPicture.ts',
      'test/bench/latency.ts',
      'test/bench/hostLoop.ts',
      'test/bench/page.ts',
    ],
  },
  { ...forNodeTests, entryPoints: testEntries('test/page/*.test.ts').filter(isWhole) },
  {
    ...forTests,
    entryPoints: testEntries('test/vscode/{suite,load}/{index.ts,*.test.ts}'),
    outbase: 'test/vscode',
    outdir: 'out/test/vscode',
    external: ['vscode', 'mocha'],
  },
];

/** Which files each entry is bundled from, itself among them: what `npm test -- --changed` goes by. */
function filesOfBundles(built) {
  const all = Object.assign({}, ...built.map(({ metafile }) => metafile.inputs));
  const reach = (file, met) => {
    if (met.has(file) || all[file] === undefined) return met;
    met.add(file);
    for (const { path: next, external } of all[file].imports) if (external !== true) reach(next, met);
    return met;
  };
  const entries = built.flatMap(({ metafile }) =>
    Object.values(metafile.outputs)
      .map(({ entryPoint }) => entryPoint)
      .filter((entry) => entry !== undefined),
  );
  return Object.fromEntries(entries.map((entry) => [entry, [...reach(entry, new Set())].sort()]));
}

await buildKernels();
if (flags.has('--watch')) {
  await writeSchemas();
  await writeNotices(await Promise.all(product.map((options) => build({ ...options, metafile: true, write: false }))));
  for (const options of product) await (await context(options)).watch();
} else {
  await rm(new URL('../dist', import.meta.url), { recursive: true, force: true });
  // Their names change with what is in them.
  if (flags.has('--tests')) await rm(new URL('../out/test/parts', import.meta.url), { recursive: true, force: true });
  const bundles = (flags.has('--tests') ? tests() : []).filter(
    (options) => Object.keys(options.entryPoints).length > 0,
  );
  const withMeta = (all) => Promise.all(all.map((options) => build({ ...options, metafile: true })));
  const [ofProduct, ofTests] = await Promise.all([withMeta(product), withMeta(bundles)]);
  await writeNotices(ofProduct);
  await writeSchemas();
  if (flags.has('--tests'))
    await writeFile(
      new URL('../out/meta.json', import.meta.url),
      JSON.stringify(filesOfBundles([...ofProduct, ...ofTests])),
    );
}
