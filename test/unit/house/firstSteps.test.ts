// The two commands begin on the Node that the user has, before any package is installed.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

/** What a file imports before any of it runs. */
const imports = (text: string): string[] =>
  [...text.matchAll(/^(?:import|export)\b[^'"`;]*?(?:from )?'([^']+)';$/gm)].map(([, name = '']) => name);

/** Those of a file and of all files that it imports so; no file twice. */
function packagesOf(file: string, seen: Set<string>): string[] {
  if (seen.has(file)) return [];
  seen.add(file);
  return imports(readFileSync(file, 'utf8')).flatMap((name) =>
    name.startsWith('.')
      ? packagesOf(path.join(path.dirname(file), name), seen)
      : name.startsWith('node:')
        ? []
        : [name],
  );
}

describe('npm start, npm test and npm run release', () => {
  for (const file of ['build/start.mjs', 'build/test.mjs', 'build/release.mjs'])
    it(`${file} asks for nothing but Node before the packages are there`, () => {
      const seen = new Set<string>();
      assert.deepEqual(packagesOf(file, seen), []);
      assert.ok(seen.has(path.join('build', 'modules.mjs')));
    });

  it('are promised to the Node that the manifest names', () => {
    const { engines } = JSON.parse(readFileSync('package.json', 'utf8')) as {
      readonly engines: { readonly node: string };
    };
    assert.equal(engines.node, '>=20');
    assert.match(readFileSync('README.md', 'utf8'), /Both need Node 20 or newer/);
  });

  it('would be seen asking for more', () => {
    assert.deepEqual(
      imports("import a from 'b';\nimport {\n  c,\n} from './d.mjs';\nimport 'e';\nawait import('f');\n"),
      ['b', './d.mjs', 'e'],
    );
  });
});
