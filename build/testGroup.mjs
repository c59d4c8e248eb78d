// Runs several test files in one process, one after the other, so that they share what takes long to start (a browser,
// a VS Code window: test/support/shared.ts). Each is a suite of its own: its hooks run before and after its own tests.
import { enableCompileCache } from 'node:module';
import path from 'node:path';
import { after, describe } from 'node:test';
import { pathToFileURL } from 'node:url';
import { root } from './modules.mjs';

/** What test/support/shared.ts keeps, until the group is done. */
const kept = { things: new Map(), shelves: new Map(), closers: [] };
globalThis[Symbol.for('rnn-gradients.tests.kept')] = kept;
after(async () => {
  for (const close of kept.closers.reverse()) await close();
});

const files = process.argv.slice(2);
/** Programs and threads of the project's own that unit tests start by the hundred: each is compiled once in all. */
const compiled = path.join(root, 'out', 'compiled');
if (files.every((file) => /[\\/]test[\\/](?:unit|package)[\\/]/.test(file))) {
  process.env.NODE_COMPILE_CACHE ??= compiled;
  enableCompileCache(compiled);
}

for (const file of files) {
  describe(
    path
      .relative(path.join(root, 'out', 'test'), file)
      .replaceAll(path.sep, '/')
      .replace(/\.mjs$/, ''),
    async () => {
      await import(pathToFileURL(file).href);
    },
  );
}
