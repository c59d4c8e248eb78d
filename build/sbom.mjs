// The bill of what is bundled, as CycloneDX 1.6 in JSON (cyclonedx.org): packages by esbuild's own account, their
// licences from the packages, their hashes from package-lock.json. It has no dates and no random ids, so that the same
// sources give the same bytes.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './modules.mjs';

/** Written by each build; packaging puts it beside the package with the package's own hash. */
export const billFile = path.join('out', 'bundled.cdx.json');

/** The package as npm names it to the world (purl-spec, type npm): the `@` of a scope is written %40. */
export const purlOf = (name, version) => `pkg:npm/${name.replace(/^@/, '%40')}@${encodeURIComponent(version)}`;

const readManifest = (folder) => JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));

/** One identifier, or an expression of several. */
const licencesOf = (license) =>
  /\s/.test(license) ? [{ expression: license.replace(/^\((.*)\)$/, '$1') }] : [{ license: { id: license } }];

const named = (name) => {
  const [, group, own] = /^(?:(@[^/]+)\/)?(.+)$/.exec(name);
  return { ...(group === undefined ? {} : { group }), name: own };
};

/** npm's `sha512-BASE64`, as CycloneDX has it. */
function hashOf(integrity) {
  const [, sort, digest] = /^(sha\d+)-([A-Za-z0-9+/]+=*)$/.exec(integrity);
  return { alg: sort.replace('sha', 'SHA-'), content: Buffer.from(digest, 'base64').toString('hex') };
}

/** What the lock file says of the package in this folder. @throws where it does not know it, or in another version */
function lockedAs(folder, version, lock) {
  const slashed = folder.replaceAll(path.sep, '/');
  const [place] = Object.keys(lock.packages)
    .filter((key) => key !== '' && slashed.endsWith(`/${key}`))
    .sort((a, b) => b.length - a.length);
  const locked = lock.packages[place];
  if (locked?.version !== version || locked.integrity === undefined)
    throw new Error(
      `${folder} holds ${version}, and package-lock.json knows ${locked?.version ?? 'nothing of it'}: expected the ` +
        `version of the lock file with its integrity. Run npm ci.`,
    );
  return locked;
}

/** @param folders of the packages that are bundled (`packagesIn` of build/notices.mjs) */
export function billOf(folders, manifest, lock) {
  const packages = folders
    .map((folder) => ({ folder, ...readManifest(folder) }))
    .map(({ folder, name, version, license, dependencies = {} }) => ({
      name,
      version,
      license,
      wants: Object.keys(dependencies),
      purl: purlOf(name, version),
      integrity: lockedAs(folder, version, lock).integrity,
    }))
    .sort((a, b) => (a.purl < b.purl ? -1 : 1));
  const own = purlOf(manifest.name, manifest.version);
  const refsOf = (names) => packages.filter(({ name }) => names.includes(name)).map(({ purl }) => purl);
  return {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': own,
        name: manifest.name,
        version: manifest.version,
        licenses: licencesOf(manifest.license),
      },
    },
    components: packages.map(({ name, version, license, purl, integrity }) => ({
      type: 'library',
      'bom-ref': purl,
      ...named(name),
      version,
      scope: 'required',
      hashes: [hashOf(integrity)],
      licenses: licencesOf(license),
      purl,
    })),
    // Everything stands in the bundles of the product itself; what a package wants of the others is told, too.
    dependencies: [
      { ref: own, dependsOn: packages.map(({ purl }) => purl) },
      ...packages.map(({ purl, wants }) => ({ ref: purl, dependsOn: refsOf(wants) })),
    ],
  };
}

/** The bill of these packages as text. */
export const billText = (folders) => {
  const read = (file) => JSON.parse(readFileSync(path.join(root, file), 'utf8'));
  return `${JSON.stringify(billOf(folders, read('package.json'), read('package-lock.json')), null, 2)}\n`;
};

/** The bill of one package: that of its build, with the hash of its bytes. */
export function billOfPackage(text, sha256) {
  const bill = JSON.parse(text);
  bill.metadata.component.hashes = [{ alg: 'SHA-256', content: sha256 }];
  return `${JSON.stringify(bill, null, 2)}\n`;
}
