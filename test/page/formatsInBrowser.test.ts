// Files of every form are read the same in a worker of a browser, where there is no Node, as in Node.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { it } from 'node:test';
import { build } from 'esbuild';
import { kernelsInBundles } from '../../build/kernelsInBundles.mjs';
import { holdBrowser } from '../support/browser.js';
import { digest } from '../support/documentDigest.js';

const folder = path.join('test', 'fixtures', 'files');
const { files } = JSON.parse(readFileSync(path.join(folder, 'manifest.json'), 'utf8')) as {
  readonly files: readonly { readonly file: string }[];
};

const entry = `import { digest } from './test/support/documentDigest.ts';
onmessage = ({ data: { id, files } }) => {
  try {
    postMessage(digest(id, files));
  } catch (error) {
    postMessage([String(error.stack)]);
  }
};`;

it('every file of the reference set holds the same in a worker of the browser as in Node', async () => {
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: process.cwd(), loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    ...kernelsInBundles,
    define: { productVersion: '"0"' },
  });
  const script = outputFiles[0]?.text ?? '';
  // Those of the folder that one names are beside it.
  const besideOf = (file: string): string[] =>
    readdirSync(path.join(folder, path.dirname(file)), { withFileTypes: true })
      .filter((other) => other.isFile() && other.name.endsWith('.data'))
      .map(({ name }) => path.posix.join(path.posix.dirname(file), name));
  const server = createServer((request, response) => {
    const place = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname).slice(1);
    response.setHeader('content-type', place === 'worker.js' ? 'text/javascript' : 'text/html');
    if (place === 'worker.js' || place === '') response.end(place === '' ? '<title>files</title>' : script);
    else response.end(readFileSync(path.join(folder, place)));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { thing: browser, giveBack } = await holdBrowser();
  const context = await browser.newContext();
  try {
    const page = await context.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const wanted = files.map(({ file }) => ({ file, all: [file, ...besideOf(file)] }));
    const found = await page.evaluate(async (list) => {
      const worker = new Worker('/worker.js');
      const results: Record<string, string[]> = {};
      for (const { file, all } of list) {
        const bytes: Record<string, Uint8Array> = {};
        for (const name of all) bytes[name] = new Uint8Array(await (await fetch(`/${name}`)).arrayBuffer());
        const answer = new Promise<string[]>((resolve, reject) => {
          worker.onmessage = ({ data }) => resolve(data as string[]);
          worker.onerror = ({ message }) => reject(new Error(message));
        });
        worker.postMessage({ id: file, files: bytes });
        results[file] = await answer;
      }
      return results;
    }, wanted);
    assert.ok(wanted.length >= 150, `${wanted.length} files`);
    for (const { file, all } of wanted) {
      const bytes = Object.fromEntries(all.map((name) => [name, readFileSync(path.join(folder, name))]));
      const own = digest(file, bytes);
      assert.ok(own.length > 0, file);
      assert.deepEqual(found[file], own, file);
    }
  } finally {
    await context.close();
    await giveBack();
    server.close();
    server.closeAllConnections();
  }
});
