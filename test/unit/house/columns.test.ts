// No line is wider than the formatter's width: it breaks code, but not a literal, a pattern or a comment.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { it } from 'node:test';

const { prettier } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly prettier: { readonly printWidth: number };
};

/** What is written by hand; what is stored of others, or made by a program, is not. */
const written = (): string[] =>
  globSync(['*.mjs', '{src,webview,test,build,media}/**/*.{ts,mts,mjs,cjs,css}'])
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => !file.startsWith('test/fixtures/'));

it('no line of the code is wider than 120 columns', () => {
  assert.equal(prettier.printWidth, 120);
  const files = written();
  for (const room of ['src/engine/kernels/', 'src/', 'webview/', 'test/', 'build/'])
    assert.ok(
      files.some((file) => file.startsWith(room)),
      room,
    );
  const wide = files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split(/\r\n|\r|\n/)
      .flatMap((line, i) => (line.length > prettier.printWidth ? [`${file}:${i + 1} has ${line.length} columns`] : [])),
  );
  assert.deepEqual(wide, []);
});
