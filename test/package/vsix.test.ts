// What is inside the .vsix: exactly the files that run, so that neither sources nor a forgotten file ever ship.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { before, describe, it } from 'node:test';
import JSZip from 'jszip';
import { standIn } from '../../src/report/pageParts.js';
import { partsFrom } from '../support/pageParts.js';

type Manifest = {
  readonly name: string;
  readonly version: string;
  readonly icon: string;
  readonly main: string;
  readonly browser: string;
  readonly contributes: {
    readonly chatSkills: readonly { readonly path: string }[];
    readonly notebookRenderer: readonly { readonly entrypoint: string }[];
    readonly jsonValidation: readonly { readonly url: string }[];
    readonly walkthroughs: readonly {
      readonly steps: readonly { readonly media: { readonly markdown?: string; readonly svg?: string } }[];
    }[];
  };
  readonly categories: readonly string[];
  readonly keywords: readonly string[];
  readonly license: string;
};

const readManifest = async () => JSON.parse(await readFile('package.json', 'utf8')) as Manifest;

const shipped = [
  '[Content_Types].xml',
  'extension.vsixmanifest',
  'extension/LICENSE.txt',
  'extension/changelog.md',
  'extension/README.ko.md',
  'extension/dist/THIRD-PARTY.md',
  'extension/dist/assemble.js',
  'extension/dist/cli.js',
  'extension/dist/extension.js',
  'extension/dist/mcpServer.js',
  'extension/dist/result.schema.json',
  'extension/dist/rnn.schema.json',
  'extension/dist/rnn.schema.ko.json',
  'extension/dist/web.js',
  'extension/dist/webview/main.js',
  'extension/dist/webview/notebook.js',
  'extension/dist/webview/notices.txt',
  'extension/dist/webview/report.css',
  'extension/dist/webview/report.js',
  'extension/dist/webview/sequences.js',
  'extension/dist/webview/sequencesStyle.css',
  'extension/dist/webview/style.css',
  'extension/dist/webview/tensors.js',
  'extension/dist/webview/tensorsStyle.css',
  'extension/dist/worker.js',
  // "Create an Example Config" opens them.
  'extension/examples/exploding/exploding.rnn.json',
  'extension/examples/lstm-forget-bias/lstm-forget-bias.rnn.json',
  'extension/examples/orthogonal/orthogonal.rnn.json',
  'extension/examples/packed/packed.rnn.json',
  'extension/examples/stack/stack.rnn.json',
  'extension/examples/vanishing/vanishing.rnn.json',
  'extension/examples/weather/README.md',
  'extension/examples/weather/dhs.json',
  'extension/examples/weather/gru.readout.json',
  'extension/examples/weather/gru.rnn.json',
  'extension/examples/weather/gru.state_dict.json',
  'extension/examples/weather/lstm.readout.json',
  'extension/examples/weather/lstm.rnn.json',
  'extension/examples/weather/lstm.state_dict.json',
  'extension/examples/weather/sequences.json',
  'extension/examples/weather/targets.json',
  'extension/examples/weather/weather.rnn.json',
  'extension/examples/weather/weights.json',
  'extension/l10n/bundle.l10n.ko.json',
  'extension/l10n/examples.ko.json',
  'extension/media/icon.png',
  'extension/media/notebook/show_gradients.py',
  'extension/media/skills/rnn-gradients/SKILL.md',
  'extension/media/walkthrough/create.ko.md',
  'extension/media/walkthrough/create.md',
  'extension/media/walkthrough/mend.ko.svg',
  'extension/media/walkthrough/mend.svg',
  'extension/media/walkthrough/network.ko.md',
  'extension/media/walkthrough/network.md',
  'extension/media/walkthrough/pytorch.ko.md',
  'extension/media/walkthrough/pytorch.md',
  'extension/media/walkthrough/read.ko.svg',
  'extension/media/walkthrough/read.svg',
  'extension/media/walkthrough/run.ko.md',
  'extension/media/walkthrough/run.md',
  'extension/package.json',
  'extension/package.nls.json',
  'extension/package.nls.ko.json',
  'extension/readme.md',
];

/** Files of `dist` that these load, themselves among them. */
async function readPrograms(names: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  const visit = async (name: string): Promise<void> => {
    if (found.has(name)) return;
    found.add(name);
    const loaded = (await readFile(path.join('dist', name), 'utf8')).matchAll(/\brequire\("(\.{1,2}\/[^"]+)"\)/g);
    for (const [, other = ''] of loaded) await visit(path.posix.join(path.posix.dirname(name), other));
  };
  for (const name of names) await visit(name);
  return [...found];
}

/** What pages and programs are cut into; their names change with what is in them. */
const parts: string[] = [];
before(async () => {
  const all = new Set(
    [
      ...(await partsFrom('main.js', true)),
      ...(await partsFrom('tensors.js', true)),
      ...(await partsFrom('sequences.js', true)),
    ].map(([file]) => file),
  );
  const ofPrograms = await readPrograms(['worker.js', 'cli.js', 'mcpServer.js']);
  const first = (await Promise.all(['main.js', 'tensors.js', 'sequences.js'].map((page) => partsFrom(page)))).flatMap(
    (found) => [...found.keys()].filter((file) => file.startsWith('parts/')).map(standIn),
  );
  parts.push(
    ...[...new Set(first)].map((file) => `extension/dist/webview/${file}`),
    ...[...all].filter((file) => file.startsWith('parts/')).map((file) => `extension/dist/webview/${file}`),
    ...ofPrograms.filter((file) => file.startsWith('parts/')).map((file) => `extension/dist/${file}`),
  );
  assert.ok(parts.length > ofPrograms.length);
});

describe('the packaged extension', () => {
  let bytes = Buffer.alloc(0);
  let zip = new JSZip();

  before(async () => {
    const { name, version } = await readManifest();
    bytes = await readFile(`${name}-${version}.vsix`);
    zip = await JSZip.loadAsync(bytes);
  });

  const text = async (file: string) => {
    const entry = zip.file(file);
    assert.ok(entry, `${file} is not in the package`);
    return entry.async('string');
  };

  it('holds exactly the files that run', () => {
    const files = Object.values(zip.files)
      .filter(({ dir }) => !dir)
      .map(({ name }) => name);
    assert.deepEqual(files.sort(), [...shipped, ...parts].sort());
  });

  it('is smaller than 1.5 MB', () => {
    assert.ok(bytes.length < 1_500_000, `${bytes.length} bytes`);
  });

  it('names only files that it holds, in every language', async () => {
    const { icon, main, browser, contributes } = JSON.parse(await text('extension/package.json')) as Manifest;
    const media = contributes.walkthroughs.flatMap(({ steps }) =>
      steps.map((step) => step.media.markdown ?? step.media.svg ?? ''),
    );
    const schemas = contributes.jsonValidation.map(({ url }) => url);
    const skills = contributes.chatSkills.map((skill) => skill.path);
    const renderers = contributes.notebookRenderer.map(({ entrypoint }) => entrypoint);
    for (const file of [icon, main, browser, ...skills, ...renderers])
      assert.ok(shipped.includes(`extension/${file.replace('./', '')}`), file);
    for (const language of ['package.nls.json', 'package.nls.ko.json']) {
      const sentences = JSON.parse(await text(`extension/${language}`)) as Record<string, string>;
      for (const key of [...media, ...schemas]) {
        const file = sentences[key.replaceAll('%', '')] ?? key;
        assert.ok(shipped.includes(`extension/${file.replace('./', '')}`), `${language}: ${file}`);
      }
    }
  });

  it('shows no picture and leads to no file that it does not hold', async () => {
    for (const readme of ['extension/readme.md', 'extension/README.ko.md']) {
      const lines = (await text(readme)).split('\n');
      const dead = lines.filter((line) => /\]\((?!https:|#)/.test(line));
      assert.deepEqual(dead, [], readme);
    }
  });

  it('is a production build: no source maps, no reference to one', async () => {
    for (const file of [...shipped, ...parts].filter((name) => /\.(js|css)$/.test(name)))
      assert.doesNotMatch(await text(file), /^(?:\/\/|\/\*)# sourceMappingURL/m, file);
  });

  it('tells the marketplace what it is and under which licence', async () => {
    const manifest = JSON.parse(await text('extension/package.json')) as Manifest;
    assert.equal(manifest.license, 'MIT');
    assert.notDeepEqual(manifest.categories, []);
    assert.notDeepEqual(manifest.keywords, []);
    assert.match(await text('extension/LICENSE.txt'), /MIT License/);
  });

  it('holds a command line that runs by itself, wherever it is unpacked', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rnn-gradients-vsix-'));
    try {
      for (const [name, file] of Object.entries(zip.files)) {
        if (file.dir) continue;
        await mkdir(path.join(folder, path.dirname(name)), { recursive: true });
        await writeFile(path.join(folder, name), await file.async('nodebuffer'));
      }
      const config = path.resolve('examples/vanishing/vanishing.rnn.json');
      const own = path.join(folder, 'extension/dist/cli.js');
      const run = (cli: string, ...args: readonly string[]): string =>
        execFileSync(process.execPath, [cli, 'run', config, ...args], { cwd: folder, encoding: 'utf8' });
      assert.equal(run(own, '--html', 'a.html'), run(path.resolve('dist/cli.js')));
      assert.match(await readFile(path.join(folder, 'a.html'), 'utf8'), /<title>[^<]*vanish/);
      assert.notEqual(run(own, '--language', 'ko'), run(own));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
