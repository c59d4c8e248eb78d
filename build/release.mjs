// `npm run release`: checks, packages twice, publishes to the VS Code Marketplace and to Open VSX, and tags. With
// `-- --dry-run` everything but publishing and tagging; `--skip-tests` leaves the tests out, for when they have just
// been run.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ensureModules, root, underNode24 } from './modules.mjs';

ensureModules();
await underNode24();
const { billPathOf, packageInto } = await import('./packaging.mjs');
const { changesOf, configFaults } = await import('./releaseFields.mjs');
const { default: JSZip } = await import('jszip');
const { default: config } = await import('./release.config.mjs');

const { values: flags } = parseArgs({
  options: { 'dry-run': { type: 'boolean' }, 'skip-tests': { type: 'boolean' } },
});
const isDry = flags['dry-run'] === true;
const { name, version, publisher } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
const tag = `v${version}`;
const tokenName = 'OVSX_PAT';

const fail = (...lines) => {
  console.error(lines.join('\n'));
  process.exit(1);
};
const git = (...args) => {
  const { status, stdout, error } = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  return error === undefined && status === 0 ? stdout.trimEnd() : null;
};
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** What a maintainer has to do before this can be published. A dry run tells it and goes on. */
function obstacles() {
  const { unset } = configFaults(config);
  const changed = git('status', '--porcelain', '--untracked-files=no');
  return [
    ...unset.map((field) => `build/release.config.mjs: ${field} is not set. Its comment says what belongs there.`),
    ...(changed === null
      ? ['This is no git checkout, so nothing can be tagged. Release from a clone of the repository.']
      : changed === ''
        ? []
        : [`There are changes that are not committed. Commit them, or put them aside:\n${changed}`]),
    ...(git('rev-parse', '--verify', '--quiet', `refs/tags/${tag}`) === null
      ? []
      : [`The tag ${tag} is there already. Raise "version" in package.json, and give CHANGELOG.md its heading.`]),
    ...((process.env[tokenName] ?? '') === ''
      ? [`The environment has no ${tokenName}, the token of Open VSX (open-vsx.org, Settings, Access Tokens).`]
      : []),
  ];
}

/** The files of a package with their hashes, in the form that sha256sum checks. */
async function sums(bytes) {
  const files = Object.values((await JSZip.loadAsync(bytes)).files).filter(({ dir }) => !dir);
  const lines = await Promise.all(files.map(async (file) => `${sha256(await file.async('nodebuffer'))}  ${file.name}`));
  return `${lines.join('\n')}\n`;
}

/** As Open VSX's own client does it. What is there already was published before something else failed. */
async function publishToOpenVsx(bytes) {
  const address = new URL('https://open-vsx.org/api/-/publish');
  address.searchParams.set('token', process.env[tokenName]);
  const headers = { 'Content-Type': 'application/octet-stream' };
  const response = await fetch(address, { method: 'POST', headers, body: bytes });
  const said = response.ok ? '' : await response.text();
  if (!response.ok && !/already published/i.test(said))
    fail(`Open VSX answered ${response.status}: ${said.slice(0, 500)}`, 'Run the release again when that is mended.');
}

const run = (command, args) => {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (error !== undefined || status !== 0)
    fail(`${[path.basename(command), ...args].join(' ')} ended with ${error?.message ?? `exit code ${status}`}.`);
};

const { faults } = configFaults(config);
if (faults.length > 0) fail(...faults);
const changes = changesOf(await readFile(path.join(root, 'CHANGELOG.md'), 'utf8'), version);
if (changes === null || changes === '')
  fail(
    `CHANGELOG.md: expected a heading "## [${version}] - YYYY-MM-DD" with what is new below it, found ` +
      `${changes === null ? 'none' : 'nothing below it'}. Write it, as keepachangelog.com says.`,
  );
const inTheWay = obstacles();
if (inTheWay.length > 0) {
  console.error(['Nothing can be published before this is mended:', ...inTheWay.map((line) => `- ${line}`)].join('\n'));
  if (!isDry) process.exit(1);
}

if (flags['skip-tests'] === true) console.log('The tests were skipped.');
else run(process.execPath, ['build/test.mjs']);

const file = path.join(root, `${name}-${version}.vsix`);
const first = path.join(root, 'out', 'release', `${name}-${version}.first.vsix`);
await mkdir(path.dirname(first), { recursive: true });
const one = await packageInto(first, config);
const other = await packageInto(file, config);
if (sha256(one) !== sha256(other)) {
  const lines = [(await sums(one)).split('\n'), (await sums(other)).split('\n')];
  const different = lines.flatMap((own, i) => own.filter((line) => !lines[1 - i].includes(line)));
  fail(
    `Two builds of the same sources differ in\n${different.join('\n')}\nCompare ${first} with ${file}, and find ` +
      'what depends on when it is built.',
  );
}
await rm(first);
await rm(billPathOf(first));
// Goes along with the package: whoever has one can hold it against the other, by the hash of the package in it.
const bill = path.join(root, 'out', 'release', path.basename(billPathOf(file)));
await copyFile(billPathOf(file), bill);
const sumsFile = path.join(root, 'out', 'release', `${name}-${version}.sha256`);
await writeFile(`${sumsFile}.new`, await sums(other));
await rename(`${sumsFile}.new`, sumsFile);

// Tokens that are valid everywhere end in December 2026: vsce asks Azure who publishes.
const publish = ['publish', '--azure-credential', '--skip-duplicate', '--packagePath'];
const verb = isDry ? 'It would be' : 'It is';
const relative = path.relative(root, sumsFile);
console.log(
  [
    `Packaged twice, the same bytes: ${path.basename(file)}, ${other.length} bytes, sha256 ${sha256(other)}`,
    `Hashes of its files: ${relative}`,
    `What is bundled in it (CycloneDX 1.6): ${path.relative(root, bill)}, sha256 ${sha256(await readFile(bill))}`,
    `${verb} published as ${config.publisher ?? publisher}.${name} ${version}, and tagged ${tag}:`,
    `- to the VS Code Marketplace: vsce ${[...publish, path.basename(file)].join(' ')}`,
    `- to Open VSX: open-vsx.org, with the token in ${tokenName}`,
  ].join('\n'),
);
if (isDry) {
  console.log('This was a dry run: nothing was published or tagged.');
  process.exit(0);
}
run(process.execPath, [path.join(root, 'node_modules', '@vscode', 'vsce', 'vsce'), ...publish, file]);
await publishToOpenVsx(other);
// Last, so that a release that failed half-way can be run again.
run('git', ['tag', '--annotate', tag, '--message', `${name} ${version}`]);
run('git', ['push', 'origin', tag]);
