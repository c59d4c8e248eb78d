// Formats the tree with Prettier, or with --check tells what is not formatted.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { node24, root } from './modules.mjs';

/** AssemblyScript's decorators on functions are no TypeScript to Prettier: those files are formatted by hand. */
const byHand = /\/kernels\/[^/]*\.ts$/;

const files = globSync(['*.mjs', 'build/*.{mjs,mts}', '{src,webview,test}/**/*.{ts,mjs,cjs,css}'], { cwd: root });
const formatted = files.filter((file) => !byHand.test(file));
const flag = process.argv.includes('--check') ? '--check' : '--write';
const { status } = spawnSync(
  node24,
  ['node_modules/prettier/bin/prettier.cjs', flag, '--log-level', 'warn', ...formatted],
  { cwd: root, stdio: 'inherit' },
);
process.exitCode = status ?? 1;
