// Configs in places that are not an ordinary folder of the workspace.
import assert from 'node:assert/strict';
import { chmod, mkdtemp, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { ConfigIndex } from '../../../src/editor/following/configIndex.js';
import type { Inspections } from '../../../src/editor/following/inspections.js';
import { freeReference } from '../../../src/editor/language/refactorings.js';
import { freeNames } from '../../../src/panel/outputNames.js';
import { searchFiles } from '../../../src/editor/files/findFiles.js';
import type { Reference } from '../../../src/protocol/messages.js';
import { problemsOf, rangeOf, writeFiles, sibling } from './editorSupport.js';
import { closeEverything, copyExample, lensSays, openText, replaceText, until } from './support.js';

const config = '{ "weights": "w.json", "sequences": [[[1, 0], [0, 1], [0, 0], [0, 0]]] }';
const weights = (scale: number): string =>
  JSON.stringify({
    Wx: [
      [1, 0],
      [0, 1],
    ],
    Wh: [
      [scale, 0],
      [0, scale],
    ],
    b: [0, 0],
  });
const hover = async (document: vscode.TextDocument, needle: string): Promise<string> =>
  (
    await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      rangeOf(document, needle).start,
    )
  )
    .flatMap(({ contents }) =>
      contents.map((content) => (content instanceof vscode.MarkdownString ? content.value : '')),
    )
    .join('\n');

describe('A config in a folder that is a link', () => {
  afterEach(closeEverything);

  it('is followed when the files in the real folder are written', async () => {
    const real = path.dirname(
      (
        await writeFiles({
          'a.rnn.json': config.replace('[[[1, 0], [0, 1]', '[[[1e-6, 0], [0, 0]'),
          'w.json': weights(0.5),
        })
      ).fsPath,
    );
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
  /** What is told of a file besides the truth. */
  readonly told = new Map<string, Partial<vscode.FileStat>>();
  /** Files and folders that are not looked at, and why. */
  readonly refused = new Map<string, Error>();
  /** Every file that was read. */
  readonly reads: string[] = [];
  put(uri: vscode.Uri, text: string): void {
    this.files.set(uri.path, { bytes: new TextEncoder().encode(text), mtime: Date.now() });
    this.#changed.fire([{ type: vscode.FileChangeType.Changed, uri }]);
  }
  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined);
  }
  stat(uri: vscode.Uri): vscode.FileStat {
    const refusal = this.refused.get(uri.path);
    if (refusal !== undefined) throw refusal;
    const file = this.files.get(uri.path);
    if (file === undefined) {
      if ([...this.files.keys()].some((name) => name.startsWith(`${uri.path}/`)))
        return { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };
      throw vscode.FileSystemError.FileNotFound(uri);
    }
    return {
      type: vscode.FileType.File,
      ctime: 0,
      mtime: file.mtime,
      size: file.bytes.length,
      ...this.told.get(uri.path),
    };
  }
  readFile(uri: vscode.Uri): Uint8Array {
    this.reads.push(uri.path);
    const file = this.files.get(uri.path);
    if (file === undefined) throw vscode.FileSystemError.FileNotFound(uri);
    return file.bytes;
  }
  readDirectory(uri: vscode.Uri): [string, vscode.FileType][] {
    return [...this.files.keys()]
      .filter((name) => path.posix.dirname(name) === uri.path)
      .map((name) => [path.posix.basename(name), vscode.FileType.File]);
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
      assert.ok(
        links.some(({ target }) => target?.toString() === file.toString()),
        'the link stays in its scheme',
      );
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

  it('reads no file that is larger than may be, and nothing that is no file', async () => {
    const memory = new Memory();
    const registered = vscode.workspace.registerFileSystemProvider('rnnmemory', memory, { isCaseSensitive: true });
    try {
      const uri = vscode.Uri.parse('rnnmemory:/large/a.rnn.json');
      const file = sibling(uri, 'w.json');
      memory.put(uri, config);
      memory.put(file, weights(0.5));
      memory.told.set(file.path, { size: 600e6 });
      await openText(uri);
      const told = async (text: RegExp): Promise<unknown> =>
        until(String(text), () => problemsOf(uri).find(({ message }) => text.test(message)));
      await told(/"w\.json" is too large to be read\. Expected at most 512 MB, found 600 MB/);
      memory.told.set(file.path, { type: vscode.FileType.Unknown });
      memory.put(file, weights(0.5));
      await told(/"w\.json" is not a file that holds anything/);
      assert.ok(!memory.reads.includes(file.path), 'nothing of it was read');
      memory.told.clear();
      memory.put(file, weights(0.5));
      await until('no problem', () => (problemsOf(uri).length === 0 ? true : undefined));
      assert.ok(memory.reads.includes(file.path));
    } finally {
      await closeEverything();
      registered.dispose();
    }
  });

  it('tells why a file is not read: each reason of VS Code with what helps', async () => {
    const memory = new Memory();
    const registered = vscode.workspace.registerFileSystemProvider('rnnmemory', memory, { isCaseSensitive: true });
    try {
      const uri = vscode.Uri.parse('rnnmemory:/refused/a.rnn.json');
      const file = sibling(uri, 'w.json');
      memory.put(uri, config);
      await openText(uri);
      for (const [refusal, told] of [
        [vscode.FileSystemError.NoPermissions(file), /"w\.json" may not be read\..* Allow it to be read/s],
        [vscode.FileSystemError.Unavailable(file), /"w\.json" cannot be read at the moment\..* wait until/s],
        [vscode.FileSystemError.FileNotADirectory(file), /"w\.json" does not exist/],
        [new vscode.FileSystemError('the tape is torn'), /"w\.json" cannot be read\..* found the tape is torn/s],
      ] as const) {
        memory.refused.set(file.path, refusal);
        memory.put(file, weights(0.5));
        await until(String(told), () => problemsOf(uri).find(({ message }) => told.test(message)));
      }
    } finally {
      await closeEverything();
      registered.dispose();
    }
  });

  it('has beside it only names free that nothing has: not those that nobody could look at', async () => {
    const memory = new Memory();
    const registered = vscode.workspace.registerFileSystemProvider('rnnmemory', memory, { isCaseSensitive: true });
    try {
      const uri = vscode.Uri.parse('rnnmemory:/free/a.rnn.json');
      const reference = (): Promise<string> => freeReference(['w', 'a.w'], 'json', uri);
      const bytes = new TextEncoder().encode('{}');
      const names = (): ReturnType<typeof freeNames> =>
        freeNames(sibling(uri, '.'), 'a', () => ({ config: bytes, tensors: bytes }));
      memory.put(uri, '{}');
      assert.equal(await reference(), 'w.json');
      assert.deepEqual(await names(), { name: 'a-2', isThere: false });
      memory.put(sibling(uri, 'w.json'), '');
      memory.put(sibling(uri, 'a.safetensors'), '{}');
      assert.equal(await reference(), 'a.w.json');
      assert.deepEqual(await names(), { name: 'a', isThere: true });
      for (const refusal of [vscode.FileSystemError.Unavailable(), vscode.FileSystemError.NoPermissions()]) {
        for (const name of ['a.w.json', 'a.safetensors']) memory.refused.set(sibling(uri, name).path, refusal);
        await assert.rejects(reference(), { code: refusal.code });
        await assert.rejects(names(), { code: refusal.code });
      }
    } finally {
      registered.dispose();
    }
  });

  it('has a weights file that is recognised without its config being open', async () => {
    const memory = new Memory();
    const registered = vscode.workspace.registerFileSystemProvider('rnnmemory', memory, { isCaseSensitive: true });
    try {
      const file = vscode.Uri.parse('rnnmemory:/closed/w.json');
      memory.put(sibling(file, 'a.rnn.json'), config);
      memory.put(file, weights(0.5));
      const { document } = await openText(file);
      assert.match(await hover(document, '"Wh"'), /\[H, H\] = \[2, 2\]/);
    } finally {
      await closeEverything();
      registered.dispose();
    }
  });

  it('is looked for no longer than is allowed where nobody can search', async () => {
    const memory = new Memory();
    const registered = vscode.workspace.registerFileSystemProvider('rnnmemory', memory, { isCaseSensitive: true });
    try {
      memory.put(vscode.Uri.parse('rnnmemory:/searched/a.json'), '{}');
      assert.deepEqual(
        await searchFiles(new vscode.RelativePattern(vscode.Uri.parse('rnnmemory:/searched'), '*.json'), '', 10, 500),
        [],
      );
    } finally {
      registered.dispose();
    }
  });
});

describe('A JSON document that belongs to no experiment', () => {
  afterEach(closeEverything);

  const outline = async (uri: vscode.Uri): Promise<string[]> =>
    (
      (await vscode.commands.executeCommand<vscode.DocumentSymbol[] | undefined>(
        'vscode.executeDocumentSymbolProvider',
        uri,
      )) ?? []
    ).map(({ name }) => name);

  it('keeps its outline, also where nobody can search', async () => {
    const memory = new Memory();
    const registered = vscode.workspace.registerFileSystemProvider('rnnmemory', memory, { isCaseSensitive: true });
    try {
      const uri = vscode.Uri.parse('rnnmemory:/notes/notes.json');
      memory.put(uri, '{ "colour": "blue" }');
      await openText(uri);
      assert.deepEqual(
        await until('the outline', async () => ((await outline(uri)).length > 0 ? outline(uri) : undefined)),
        ['colour'],
      );
    } finally {
      await closeEverything();
      registered.dispose();
    }
  });

  it("keeps its outline among VS Code's own files", async () => {
    const uri = vscode.Uri.parse('vscode-userdata:/User/snippets/notes.json');
    await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode('{ "colour": "blue" }'));
    await openText(uri);
    assert.deepEqual(
      await until('the outline', async () => ((await outline(uri)).length > 0 ? outline(uri) : undefined)),
      ['colour'],
    );
  });
});

describe('A config that the worker cannot understand', () => {
  it('hides no other one', async () => {
    const uri = await writeFiles({ 'a.rnn.json': config, 'w.json': weights(0.5) });
    const told: string[] = [];
    const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };
    const stands = new vscode.EventEmitter<never>();
    const references = (bytes: Uint8Array): Promise<Reference[]> =>
      new TextDecoder().decode(bytes) === config
        ? Promise.resolve([{ key: 'weights', reference: 'w.json', range, whole: range }])
        : Promise.reject(new Error('The engine stopped.'));
    const index = new ConfigIndex({
      references,
      onDidInspect: stands.event,
      log: { error: (message: string) => told.push(message) },
    } as unknown as Inspections);
    try {
      assert.deepEqual((await index.configsFor(sibling(uri, 'w.json'))).map(String), [uri.toString()]);
      // With the place in the program that it came from.
      assert.ok(
        told.length > 0 && told.every((message) => /^Error: The engine stopped\.\n\s+at /.test(message)),
        told.join(),
      );
    } finally {
      index.dispose();
    }
  });
});

describe('A path that leads to a folder', () => {
  afterEach(closeEverything);

  it('is told so, with what to write instead; through a file it leads nowhere', async () => {
    for (const [written, told] of [
      ['.', /"\." is a folder, not a file\..*Name a file inside it/s],
      ['w.json/w.json', /"w\.json\/w\.json" does not exist/],
    ] as const) {
      const uri = await writeFiles({ 'a.rnn.json': config.replace('w.json', written), 'w.json': weights(0.5) });
      await openText(uri);
      assert.match((await until('the problem', () => problemsOf(uri)[0])).message, told);
    }
  });
});

describe('A path that begins with two slashes', () => {
  afterEach(closeEverything);

  it('is the file that it is on the command line, and the config beside it is recognised all the same', async () => {
    const uri = await writeFiles({
      'a.rnn.json': config.replace('[[[1, 0], [0, 1]', '[[[1e-6, 0], [0, 0]'),
      'w.json': weights(0.5),
    });
    const { document } = await openText(uri);
    await replaceText(document, '"w.json"', `"/${sibling(uri, 'w.json').path}"`);
    await vscode.commands.executeCommand('rnnGradients.run');
    await lensSays(uri, /×0\.500/);
    assert.match(await hover(document, 'w.json'), /`Wh`/);
  });

  it('and leads nowhere is a problem at its place', async () => {
    const uri = await writeFiles({
      'a.rnn.json': config.replace('w.json', '//srv/w.json'),
      'b.rnn.json': config,
      'w.json': weights(0.5),
    });
    const { document } = await openText(uri);
    const problem = await until('the problem', () => problemsOf(uri)[0]);
    assert.equal(document.getText(problem.range), '"//srv/w.json"');
    assert.match(problem.message, /does not exist/);
    const other = await openText(sibling(uri, 'w.json'));
    assert.match(await hover(other.document, '"Wh"'), /\[H, H\] = \[2, 2\]/);
  });

  for (const [what, written] of [
    ['a character of no text', '\\ud800.json'],
    ['a character of no path', 'w\\u0000.json'],
  ] as const) {
    it(`or holds ${what} is a problem at its place too`, async () => {
      const uri = await writeFiles({
        'a.rnn.json': config.replace('w.json', written),
        'b.rnn.json': config,
        'w.json': weights(0.5),
      });
      const { document } = await openText(uri);
      const problem = await until('the problem', () => problemsOf(uri)[0]);
      assert.equal(document.getText(problem.range), `"${written}"`);
      const other = await openText(sibling(uri, 'w.json'));
      assert.match(await hover(other.document, '"Wh"'), /\[H, H\] = \[2, 2\]/);
    });
  }
});

describe('A file that is not there', () => {
  afterEach(closeEverything);

  it('is told in the letters of its name', async () => {
    const uri = await writeFiles({ 'a.rnn.json': config.replace('w.json', '가중치 é.json') });
    await openText(uri);
    assert.ok(
      (await until('the problem', () => problemsOf(uri)[0])).message.includes(
        `found nothing at ${sibling(uri, '가중치 é.json').path}. `,
      ),
    );
  });
});
