// `npm test -- --changed`: which test files can break by what has changed since the branch main, what is not committed
// included. By the import graph of the build (out/meta.json); what is read at run time, which no import tells, by its
// name in a text of the graph. Where nobody can know, everything runs.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { root } from './modules.mjs';

const git = (...args) => {
  const { status, stdout, stderr, error } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (error !== undefined)
    throw new Error(`--changed asks git what has changed, and git could not be started (${error.message}).`);
  return status === 0 ? { lines: stdout.split('\n').filter(Boolean) } : { lines: null, why: stderr.trim() };
};

/** Files that differ from where this branch left main (from the last commit where there is no main), and new ones. */
export async function changedFiles() {
  const [base = 'HEAD'] = ['main', 'origin/main']
    .map((branch) => git('merge-base', branch, 'HEAD').lines?.[0])
    .filter((found) => found !== undefined);
  const lists = [git('diff', '--name-only', '--no-renames', base), git('ls-files', '--others', '--exclude-standard')];
  const refused = lists.find(({ lines }) => lines === null);
  if (refused !== undefined) throw new Error(`--changed asks git what has changed, and git said: ${refused.why}`);
  return [...new Set(lists.flatMap(({ lines }) => lines))].sort();
}

/** They make every bundle, or decide how each test is run. */
const decidesAll = /^(build\/|\.ci\/|package(-lock)?\.json$|tsconfig\.json$)/;
/** The test files that read the project itself: its sources as text, its documents. They are quick. */
const readsTheProject = /^test\/unit\/(house|l10n)\//;
/** Whose tests run the extension as a whole, with what it reads besides. */
const runsInWindows = /^test\/(e2e|vscode|package|start)\//;
const readByTheProduct = /^(examples|l10n|media|package\.nls|\.vscodeignore)/;
const shownByThePage = (file) => file.startsWith('webview/') || file === 'src/report/reportPage.ts';
const isDocument = /(\.md|LICENSE|\.gitignore)$/;
const isKernel = /^src\/engine\/kernels\//;

/**
 * What a text would call a file that it reads: a folder of fixtures, the folder of an example, else the name of the
 * file.
 */
const nameOf = (file) => /^(?:test\/fixtures|examples)\/([^/]+)\//.exec(file)?.[1] ?? path.posix.basename(file);

/**
 * The test files that the changed files may break, of all that are among the entries of `graph` (entry → all files
 * that it is made of). `textOf` gives the text of a file of the project.
 */
export function mayBreak({ changed, graph, textOf }) {
  const entries = Object.keys(graph);
  const tests = entries.filter((file) => file.endsWith('.test.ts'));
  const madeFrom = (wanted) => new Set(entries.filter(wanted).flatMap((file) => graph[file]));
  const product = madeFrom((file) => /^(src|webview)\//.test(file));
  const inWindows = madeFrom((file) => /^(src|webview)\//.test(file) && file !== 'src/cli.ts');
  const page = madeFrom(shownByThePage);
  // The compiled kernels stand in the graph, not their sources.
  const compiled = changed.some((file) => isKernel.test(file))
    ? [...product].filter((file) => file.startsWith('out/kernels/'))
    : [];
  const code = new Set([...changed, ...compiled]);
  const inGraph = new Set(Object.values(graph).flat());
  const data = changed.filter((file) => !inGraph.has(file) && !isKernel.test(file) && !isDocument.test(file));
  const names = new Map(data.map((file) => [file, nameOf(file)]));

  const texts = new Map();
  const ownFiles = (test) => graph[test].filter((file) => file.startsWith('test/'));
  const mentions = (test, name) =>
    ownFiles(test).some((file) => {
      if (!texts.has(file)) texts.set(file, textOf(file));
      return texts.get(file).includes(name);
    });
  const touches = (files) => [...code].some((file) => files.has(file));
  const readChanged = data.some((file) => readByTheProduct.test(file));
  const [productChanged, windowsChanged, pageChanged] = [product, inWindows, page].map(
    (files) => readChanged || touches(files),
  );

  const may = (test) =>
    readsTheProject.test(test) ||
    touches(new Set(graph[test])) ||
    (runsInWindows.test(test) && windowsChanged) ||
    (test.startsWith('test/page/') && pageChanged) ||
    (productChanged && mentions(test, 'dist/')) ||
    (compiled.length > 0 && mentions(test, 'kernels/')) ||
    data.some((file) => mentions(test, names.get(file)));
  // A new kind of file that no text names: nobody knows who reads it.
  const unknown = data.filter(
    (file) =>
      !readByTheProduct.test(file) &&
      !file.startsWith('src/') &&
      !tests.some((test) => mentions(test, names.get(file))),
  );
  return new Set(changed.some((file) => decidesAll.test(file)) || unknown.length > 0 ? tests : tests.filter(may));
}

/** The test files that these changed files may break, by what the last build wrote. */
export async function testsThatMayBreak(changed) {
  const graph = JSON.parse(await readFile(path.join(root, 'out', 'meta.json'), 'utf8'));
  return mayBreak({ changed, graph, textOf: (file) => readFileSync(path.join(root, file), 'utf8') });
}
