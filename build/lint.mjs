// Types and lint over one program: what TypeScript has found out for the one, the other need not ask again.
//   node build/lint.mjs           everything
//   node build/lint.mjs FILE …    lint of these files alone, and all types
//   node build/lint.mjs --short   what `npm test` looks at: the product and its build, and all types
import path from 'node:path';
import { ESLint } from 'eslint';
import ts from 'typescript';
import { root } from './modules.mjs';

const system = { ...ts.sys, getCurrentDirectory: () => root };
const { fileNames, options, errors } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(path.join(root, 'tsconfig.json'), ts.sys.readFile).config,
  system,
  root,
);
const program = ts.createProgram(fileNames, options, ts.createCompilerHost(options, true));

const eslint = new ESLint({
  cwd: root,
  overrideConfig: {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: false, programs: [program] } },
  },
});
const asked = process.argv.slice(2);
const results = await eslint.lintFiles(
  asked.length === 0 ? '.' : asked.flatMap((one) => (one === '--short' ? ['*.mjs', 'build', 'src', 'webview'] : one)),
);
const found = await (await eslint.loadFormatter('stylish')).format(results);
if (found !== '') console.error(found);

const mistakes = [...errors, ...ts.getPreEmitDiagnostics(program)];
const host = { getCanonicalFileName: (file) => file, getCurrentDirectory: () => root, getNewLine: () => '\n' };
if (mistakes.length > 0) console.error(ts.formatDiagnosticsWithColorAndContext(mistakes, host));

const wrong =
  mistakes.length + results.reduce((sum, { errorCount, warningCount }) => sum + errorCount + warningCount, 0);
process.exitCode = wrong === 0 ? 0 : 1;
