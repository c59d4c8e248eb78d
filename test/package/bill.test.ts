// The bill of materials beside the package tells of that package, and of all that others wrote of it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import JSZip from 'jszip';
import type { Bill } from '../../build/sbom.mjs';

const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly name: string;
  readonly version: string;
};
const bytes = readFileSync(`${name}-${version}.vsix`);
const bill = JSON.parse(readFileSync(`${name}-${version}.cdx.json`, 'utf8')) as Bill;
const calledOf = ({ group, name: own }: Bill['components'][number]): string =>
  group === undefined ? own : `${group}/${own}`;

describe('the bill of materials', () => {
  it('is that of the package that it lies beside', () => {
    assert.deepEqual(bill.metadata.component.hashes, [
      { alg: 'SHA-256', content: createHash('sha256').update(bytes).digest('hex') },
    ]);
    assert.deepEqual([bill.metadata.component.name, bill.metadata.component.version], [name, version]);
  });

  it('has every package of the notices with its licence, and no other', async () => {
    const notices = (await JSZip.loadAsync(bytes)).file('extension/dist/THIRD-PARTY.md');
    assert.ok(notices);
    const told = (await notices.async('string')).match(/^\S+ \d+\.\d+\.\d+\S* \([^)\n]+\)$/gm) ?? [];
    const billed = bill.components.map((component) => {
      const [licence] = component.licenses;
      assert.ok(licence);
      const told = 'license' in licence ? licence.license.id : licence.expression;
      return `${calledOf(component)} ${component.version} (${told})`;
    });
    assert.ok(billed.length > 10, `${billed.length} packages`);
    assert.deepEqual([...new Set(billed)].sort(), [...new Set(told)].sort());
  });

  it('has the hashes of the lock file, and none of the packages runs a script where it is installed', () => {
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
      readonly packages: Readonly<
        Record<string, { readonly version: string; readonly integrity?: string; readonly hasInstallScript?: boolean }>
      >;
    };
    for (const component of bill.components) {
      const places = Object.entries(packages).filter(
        ([place, own]) => place.endsWith(`node_modules/${calledOf(component)}`) && own.version === component.version,
      );
      const hashes = places.map(([, { integrity = '' }]) =>
        Buffer.from(integrity.replace(/^sha512-/, ''), 'base64').toString('hex'),
      );
      assert.deepEqual(
        component.hashes?.map(({ content }) => hashes.includes(content)),
        [true],
        component['bom-ref'],
      );
      for (const [place, { hasInstallScript }] of places) assert.equal(hasInstallScript, undefined, place);
    }
  });
});
