// Formats the tree with Prettier, or with --check tells what is not formatted; with --short too of all but the tests.
import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { node24, root } from './modules.mjs';

/** AssemblyScript's decorators on functions are no TypeScript to Prettier: those files are formatted by hand. */
const byHand = /\/kernels\/[^/]*\.ts$/;
const mostColumns = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')).prettier.printWidth;

const folders = process.argv.includes('--short') ? '{src,webview}' : '{src,webview,test}';
const files = globSync(['*.mjs', 'build/*.{mjs,mts}', `${folders}/**/*.{ts,mjs,cjs,css}`], { cwd: root });
const formatted = files.filter((file) => !byHand.test(file));
const flag = process.argv.includes('--check') ? '--check' : '--write';
const { status } = spawnSync(
  node24,
  ['node_modules/prettier/bin/prettier.cjs', flag, '--log-level', 'warn', ...formatted],
  { cwd: root, stdio: 'inherit' },
);
process.exitCode = status ?? 1;

for (const file of files.filter((name) => byHand.test(name))) {
  for (const [i, line] of readFileSync(path.join(root, file), 'utf8').split('\n').entries()) {
    if (line.length <= mostColumns) continue;
    console.error(`${file}:${i + 1} has ${line.length} columns: break the line by hand, ${mostColumns} are the most.`);
    process.exitCode = 1;
  }
}
