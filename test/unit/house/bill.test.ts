// The bill of what is bundled, and what is known of the packages in it.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { bundledFaults } from '../../../build/bundledFaults.mjs';
import { billOf, billOfPackage, purlOf } from '../../../build/sbom.mjs';

const product = { name: 'product', version: '2.0.0', license: 'MIT' };

describe('the bill of materials', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'rnn-bill-'));
  after(() => rmSync(folder, { recursive: true }));

  const install = (place: string, manifest: Readonly<Record<string, unknown>>): string => {
    mkdirSync(path.join(folder, place), { recursive: true });
    writeFileSync(path.join(folder, place, 'package.json'), JSON.stringify(manifest));
    return path.join(folder, place);
  };
  // SHA-512 of nothing.
  const empty =
    'cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce' +
    '47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e';
  const integrity = `sha512-${Buffer.from(empty, 'hex').toString('base64')}`;

  it('names each package with its place in npm, its licence and its hash, and who wants whom', () => {
    const outer = install('node_modules/@some/outer', {
      name: '@some/outer',
      version: '1.2.3-rc.1+5',
      license: 'MIT',
      dependencies: { inner: '^1.0.0', absent: '*' },
    });
    const inner = install('node_modules/@some/outer/node_modules/inner', {
      name: 'inner',
      version: '1.0.0',
      license: '(MIT OR Zlib)',
    });
    const lock = {
      packages: {
        '': { version: '2.0.0' },
        'node_modules/@some/outer': { version: '1.2.3-rc.1+5', integrity },
        'node_modules/inner': { version: '9.9.9', integrity },
        'node_modules/@some/outer/node_modules/inner': { version: '1.0.0', integrity },
      },
    };
    const bill = billOf([inner, outer], product, lock);
    assert.deepEqual([bill.bomFormat, bill.specVersion, bill.version], ['CycloneDX', '1.6', 1]);
    assert.deepEqual(bill.components, [
      {
        type: 'library',
        'bom-ref': 'pkg:npm/%40some/outer@1.2.3-rc.1%2B5',
        group: '@some',
        name: 'outer',
        version: '1.2.3-rc.1+5',
        scope: 'required',
        hashes: [{ alg: 'SHA-512', content: empty }],
        licenses: [{ license: { id: 'MIT' } }],
        purl: 'pkg:npm/%40some/outer@1.2.3-rc.1%2B5',
      },
      {
        type: 'library',
        'bom-ref': 'pkg:npm/inner@1.0.0',
        name: 'inner',
        version: '1.0.0',
        scope: 'required',
        hashes: [{ alg: 'SHA-512', content: empty }],
        licenses: [{ expression: 'MIT OR Zlib' }],
        purl: 'pkg:npm/inner@1.0.0',
      },
    ]);
    const [outerRef, innerRef] = [purlOf('@some/outer', '1.2.3-rc.1+5'), purlOf('inner', '1.0.0')];
    assert.deepEqual(bill.dependencies, [
      { ref: 'pkg:npm/product@2.0.0', dependsOn: [outerRef, innerRef] },
      { ref: outerRef, dependsOn: [innerRef] },
      { ref: innerRef, dependsOn: [] },
    ]);
  });

  it('does not come to be of a package that is not the one of the lock file', () => {
    const place = install('node_modules/other', { name: 'other', version: '1.0.1', license: 'MIT' });
    const locked = (version: string) => ({ packages: { 'node_modules/other': { version, integrity } } });
    assert.throws(
      () => billOf([place], product, locked('1.0.0')),
      /other holds 1\.0\.1, and package-lock\.json knows 1\.0\.0/,
    );
    assert.throws(() => billOf([place], product, { packages: {} }), /knows nothing of it: expected .* Run npm ci\./);
    assert.equal(billOf([place], product, locked('1.0.1')).components.length, 1);
  });

  it('carries the hash of the package that it lies beside', () => {
    const text = billOfPackage(JSON.stringify(billOf([], product, { packages: {} })), 'ab'.repeat(32));
    const { metadata } = JSON.parse(text) as ReturnType<typeof billOf>;
    assert.deepEqual(metadata.component.hashes, [{ alg: 'SHA-256', content: 'ab'.repeat(32) }]);
  });
});

describe('known faults', () => {
  const bill = { components: [{ group: '@some', name: 'outer' }, { name: 'inner' }] };
  const fault = (name: string, ...via: readonly unknown[]) => ({ name, severity: 'high', range: '<2', via });

  it('are those of bundled packages alone', () => {
    const vulnerabilities = {
      '@some/outer': fault('@some/outer', { title: 'It burns' }, 'inner'),
      outer: fault('outer', { title: 'Another package' }),
      inner: fault('inner', 'deeper'),
    };
    const { asked, faults } = bundledFaults(bill, JSON.stringify({ vulnerabilities }));
    assert.equal(asked, true);
    assert.deepEqual(faults, ['@some/outer <2 (high): It burns', 'inner <2 (high): deeper']);
    assert.deepEqual(bundledFaults(bill, '{"vulnerabilities":{}}'), { asked: true, faults: [], why: null });
  });

  it('are not said to be none where the registry does not answer', () => {
    assert.deepEqual(bundledFaults(bill, '{"statusCode":405}'), { asked: false, faults: [], why: 'status 405' });
    assert.deepEqual(bundledFaults(bill, '{}'), { asked: false, faults: [], why: 'no list of faults' });
    assert.deepEqual(bundledFaults(bill, ''), { asked: false, faults: [], why: 'its answer is no JSON' });
  });
});
