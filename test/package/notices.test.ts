// Whatever others wrote of what is shipped is named with its licence: in the package, and in each report.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { build } from 'esbuild';
import type { BuildOptions } from 'esbuild';
import JSZip from 'jszip';
import { kernelsInBundles } from '../../build/kernelsInBundles.mjs';
import { noticeOf, noticesText, packagesIn } from '../../build/notices.mjs';
import { withoutForms } from '../../build/withoutForms.mjs';
import { ringConfig } from '../support/experiments.js';

const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly name: string;
  readonly version: string;
};

/**
 * Packages of which something stands in the bundle of an entry, folder → name, found here without the build's own
 * account.
 */
async function reached(entry: string, options: BuildOptions): Promise<Map<string, string>> {
  const { metafile } = await build({
    ...options,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    minify: true,
    outdir: 'out/never',
    logLevel: 'silent',
    loader: { '.wasm': 'empty', '.deflate': 'empty' },
    define: { productVersion: '"0"' },
    alias: kernelsInBundles.alias,
  });
  const folders = new Map<string, string>();
  for (const [file, { inputs }] of Object.entries(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      if (bytesInOutput === 0) continue;
      const [, folder, called] = /^(.*node_modules\/((?:@[^/]+\/)?[^/]+))\//.exec(input) ?? [];
      if (folder !== undefined && called !== undefined) folders.set(path.resolve(folder), called);
      else assert.match(input, /^(src|webview|out\/kernels)\//, `${file} holds ${input}, which belongs to nobody`);
    }
  }
  return folders;
}
const forNode: BuildOptions = {
  platform: 'node',
  format: 'cjs',
  mainFields: ['module', 'main'],
  external: ['vscode'],
  plugins: [withoutForms],
};
const forPage: BuildOptions = { platform: 'browser', format: 'esm' };

/** Lines of white space tell nothing. */
const essence = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();

describe('the third-party notices', () => {
  let shipped = '';
  let ofPage = '';
  let folder = '';
  before(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'rnn-gradients-notices-'));
    const zip = await JSZip.loadAsync(readFileSync(`${name}-${version}.vsix`));
    const text = async (file: string): Promise<string> => {
      const entry = zip.file(file);
      assert.ok(entry, `${file} is not in the package`);
      return entry.async('string');
    };
    shipped = await text('extension/dist/THIRD-PARTY.md');
    ofPage = await text('extension/dist/webview/notices.txt');
  });
  after(() => rmSync(folder, { recursive: true }));

  const holds = (text: string, called: string, place: string): void => {
    const own = JSON.parse(readFileSync(path.join(place, 'package.json'), 'utf8')) as {
      readonly version: string;
      readonly license: string;
    };
    assert.ok(
      text.includes(`\n${called} ${own.version} (${own.license})\n`),
      `${called} ${own.version} is bundled and has no notice`,
    );
    for (const file of globSync('{LICENSE,LICENCE,license,NOTICE}{,.md,.txt}', { cwd: place })) {
      assert.ok(
        essence(text).includes(essence(readFileSync(path.join(place, file), 'utf8'))),
        `${called}: the text of its ${file} is not there`,
      );
    }
  };

  for (const entry of ['src/assemble.ts', 'src/worker/thread/entry.ts', 'src/cli.ts', 'src/mcpServer.ts']) {
    it(`name every package in ${entry} with its licence`, async () => {
      const found = await reached(entry, forNode);
      assert.ok([...found.values()].includes('@vscode/l10n'));
      for (const [place, called] of found) holds(shipped, called, place);
    });
  }

  it('name every package in the page, in the file of the page too', async () => {
    const found = new Map([
      ...(await reached('webview/main.ts', { ...forPage, splitting: true })),
      ...(await reached('src/report/reportPage.ts', forPage)),
      ...(await reached('webview/style.css', forPage)),
    ]);
    for (const called of ['chart.js', '@kurkle/color', '@vscode/webview-ui-toolkit', '@microsoft/fast-element'])
      assert.ok([...found.values()].includes(called), called);
    for (const [place, called] of found) {
      holds(shipped, called, place);
      holds(ofPage, called, place);
    }
  });

  it('name AssemblyScript, parts of whose library are compiled into the kernels', () => {
    holds(shipped, 'assemblyscript', path.resolve('node_modules/assemblyscript'));
    // Its other functions are written after musl's and Sun's, and would ask for theirs.
    const used = globSync('src/**/kernels/*.ts').flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/\b(?:Native)?Math[f]?\.(\w+)/g)].map(([, method]) => method ?? ''),
    );
    assert.deepEqual(
      [...new Set(used)].filter((method) => !['sqrt', 'abs', 'min', 'max', 'floor', 'ceil'].includes(method)),
      [],
      'Only what is one instruction of WebAssembly.',
    );
  });

  it('stand in a report that the packaged command line writes', () => {
    const [config, target] = [path.join(folder, 'a.rnn.json'), path.join(folder, 'a.html')];
    writeFileSync(config, ringConfig(0.5, 2, 4));
    execFileSync(process.execPath, ['dist/cli.js', 'run', config, '--html', target], { stdio: 'pipe' });
    const [, notices = ''] =
      /<details class="notices">[^]*?<pre[^>]*>([^]*?)<\/pre>/.exec(readFileSync(target, 'utf8')) ?? [];
    const entities: Readonly<Record<string, string>> = {
      '&amp;': '&',
      '&lt;': '<',
      '&gt;': '>',
      '&quot;': '"',
      '&#39;': "'",
    };
    assert.equal(
      notices.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, (entity) => entities[entity] ?? entity),
      ofPage,
    );
  });

  describe('of a package', () => {
    const install = (called: string, files: Readonly<Record<string, string>>, license = 'MIT'): string => {
      const place = path.join(folder, 'node_modules', called);
      mkdirSync(place, { recursive: true });
      for (const [file, text] of Object.entries({
        'package.json': JSON.stringify({ name: called, version: '1.0.0', license }),
        ...files,
      }))
        writeFileSync(path.join(place, file), text);
      return place;
    };
    const bundleOf = (input: string, bytesInOutput = 1) => [
      { outputs: { 'dist/a.js': { inputs: { [input]: { bytesInOutput } } } } },
    ];

    it('without a licence file end the build', () => {
      assert.throws(
        () => noticesText([install('bare', {})]),
        /bare 1\.0\.0 \(MIT\) is bundled, and .* holds no LICENSE\. Put the text/,
      );
    });

    it('under another licence than the text that stands in for its file end the build', () => {
      assert.throws(
        () => noticesText([install('@vscode/l10n', {}, 'GPL-3.0')]),
        /@vscode\/l10n 1\.0\.0 \(GPL-3\.0\) is bundled/,
      );
    });

    it('are those of its own files, with what the Apache licence wants passed on', () => {
      assert.equal(
        noticeOf(install('both', { 'LICENSE-MIT.txt': 'one\r\n', NOTICE: 'two  \n', 'readme.md': 'three' })).text,
        'one\n\ntwo',
      );
    });

    it('are found by its folder, also a nested one, and only where something of it is left', () => {
      assert.deepEqual(packagesIn(bundleOf('node_modules/a/node_modules/@b/c/d/e.js'), '/x'), [
        path.resolve('/x/node_modules/a/node_modules/@b/c'),
      ]);
      assert.deepEqual(packagesIn(bundleOf('../y/node_modules/a/b.js'), '/x'), [path.resolve('/y/node_modules/a')]);
      assert.deepEqual(packagesIn(bundleOf('node_modules/a/b.js', 0), '/x'), []);
      assert.deepEqual(packagesIn(bundleOf('src/a.ts'), '/x'), []);
      assert.throws(
        () => packagesIn(bundleOf('vendor/a.js'), '/x'),
        /vendor\/a\.js is in a bundle, and nothing says whose it is/,
      );
    });
  });
});
