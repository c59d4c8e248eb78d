// Configs in places that are not an ordinary folder of the workspace.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { problemsOf, rangeOf, writeFiles, sibling } from './editorSupport.js';
import { closeEverything, copyExample, lensSays, openText, replaceText, until } from './support.js';

const config = '{ "weights": "w.json", "sequences": [[[1, 0], [0, 1], [0, 0], [0, 0]]] }';
const weights = (scale: number): string => JSON.stringify({ Wx: [[1, 0], [0, 1]], Wh: [[scale, 0], [0, scale]], b: [0, 0] });
const hover = async (document: vscode.TextDocument, needle: string): Promise<string> =>
  (await vscode.commands.executeCommand<vscode.Hover[]>('vscode.executeHoverProvider', document.uri, rangeOf(document, needle).start)).flatMap(({ contents }) => contents.map((content) => (content instanceof vscode.MarkdownString ? content.value : ''))).join('\n');

describe('A config in a folder that is a link', () => {
  afterEach(closeEverything);

  it('is followed when the files in the real folder are written', async () => {
    const real = path.dirname((await writeFiles({ 'a.rnn.json': config.replace('[[[1, 0], [0, 1]', '[[[1e-6, 0], [0, 0]'), 'w.json': weights(0.5) })).fsPath);
    const link = path.join(await mkdtemp(path.join(tmpdir(), 'rnn-link-')), 'link');
    await symlink(real, link, 'dir');
    const uri = vscode.Uri.file(path.join(link, 'a.rnn.json'));
    const { document } = await openText(uri);
    assert.match(await hover(document, 'w.json'), /Wh/);
    await vscode.commands.executeCommand('rnnGradients.run');
    await lensSays(uri, /×0\.500/);
    await writeFile(path.join(real, 'w.json'), weights(0.25));
    await lensSays(uri, /×0\.250/);
    // Without a run too: the problem of a file that nobody has open.
    await closeEverything();
    await openText(uri);
    await writeFile(path.join(real, 'w.json'), weights(0.25).replace('"Wh"', '"Wj"'));
    await until('the problem', () => problemsOf(sibling(uri, 'w.json'))[0]);
    await writeFile(path.join(real, 'w.json'), weights(0.25));
    await until('no problem', () => (problemsOf(sibling(uri, 'w.json')).length === 0 ? true : undefined));
  });
});

describe('A file that may not be written', () => {
  afterEach(closeEverything);

  it('runs, tells its shapes, and takes edits like any other until it is saved', async () => {
    const uri = await copyExample('vanishing');
    await chmod(uri.fsPath, 0o444);
    const { document } = await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run');
    await lensSays(uri, /vanishing/);
    assert.match(await hover(document, '"Wh"'), /\[4, 4\]/);
    await replaceText(document, '0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
    await lensSays(uri, /exploding/);
  });
});

/** Files of a scheme of their own, as those of a remote repository. */
class Memory implements vscode.FileSystemProvider {
  readonly #changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.#changed.event;
  readonly files = new Map<string, { bytes: Uint8Array; mtime: number }>();
  put(uri: vscode.Uri, text: string): void {
    this.files.set(uri.path, { bytes: new TextEncoder().encode(text), mtime: Date.now() });
    this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
  }
  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }
  stat(uri: vscode.Uri): vscode.FileStat {
    const file = this.files.get(uri.path);
    if (file === undefined) {
      if ([...this.files.keys()].some((name) => name.startsWith(`${uri.path}/`))) return { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };
      throw vscode.FileSystemError.FileNotFound(uri);
    }
    return { type: vscode.FileType.File, ctime: 0, mtime: file.mtime, size: file.bytes.length };
  }
  readFile(uri: vscode.Uri): Uint8Array {
    const file = this.files.get(uri.path);
    if (file === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    return file.bytes;
  }
  readDirectory(uri: vscode.Uri): [string, vscode.FileType][] {
    return [...this.files.keys()].filter((name) => path.posix.dirname(name) === uri.path).map((name) => [path.posix.basename(name), vscode.FileType.File]);
  }
  writeFile(uri: vscode.Uri, bytes: Uint8Array): void {
    this.put(uri, new TextDecoder().decode(bytes));
  }
  createDirectory(): never {
    throw vscode.FileSystemError.NoPermissions();
  }
  delete(): never {
    throw vscode.FileSystemError.NoPermissions();
  }
  rename(): never {
    throw vscode.FileSystemError.NoPermissions();
  }
}

describe('A config on no disk', () => {
  afterEach(closeEverything);

  it('runs with the files beside it, follows them, links to them and tells their problems', async () => {
    const memory = new Memory();
    const registered = vscode.workspace.registerFileSystemProvider('rnnmemory', memory, { isCaseSensitive: true });
    try {
      const uri = vscode.Uri.parse('rnnmemory:/net/a.rnn.json');
      const file = sibling(uri, 'w.json');
      memory.put(uri, config.replace('[[[1, 0], [0, 1]', '[[[1e-6, 0], [0, 0]'));
      memory.put(file, weights(0.5));
      const { document } = await openText(uri);
      assert.match(await hover(document, 'w.json'), /`Wh` \[H, H\] = \[2, 2\]/);
      const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>('vscode.executeLinkProvider', uri, 10);
      assert.ok(links.some(({ target }) => target?.toString() === file.toString()), 'the link stays in its scheme');
      await vscode.commands.executeCommand('rnnGradients.run');
      await lensSays(uri, /×0\.500/);
      memory.put(file, weights(0.25));
      await lensSays(uri, /×0\.250/);
      memory.put(file, '{ "Wx": [[1, 0], [0, 1]], "Wh": [[1]], "b": [0] }');
      await until('a problem in the file', () => problemsOf(file)[0]);
      await lensSays(uri, /of the last good run/);
    } finally {
      await closeEverything();
      registered.dispose();
    }
  });
});
