// CONTRIBUTING tells of each dependency why it is there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';

it('every dependency, and no other, has a reason in CONTRIBUTING, and stands on one version', () => {
  const { dependencies = {}, devDependencies = {} } = JSON.parse(readFileSync('package.json', 'utf8')) as Readonly<
    Record<'dependencies' | 'devDependencies', Readonly<Record<string, string>> | undefined>
  >;
  const all = { ...dependencies, ...devDependencies };
  const [, table = ''] = /^## Dependencies\n([^]*?)^## /m.exec(readFileSync('CONTRIBUTING.md', 'utf8')) ?? [];
  const told = [...table.matchAll(/^\| (`[^|]*) \| .{10,} \|$/gm)].flatMap(([, names = '']) =>
    [...names.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name),
  );
  assert.deepEqual(told.toSorted(), Object.keys(all).toSorted());
  for (const [name, version] of Object.entries(all)) assert.match(version, /^\d+\.\d+\.\d+$/, name);
});
