// A window that wakes the extension for some JSON with comments loads next to nothing until there is a config. What is
// counted is whether the rest of the extension was loaded, with VS Code replaced by what the waiting part asks of it.
import assert from 'node:assert/strict';
import Module, { createRequire } from 'node:module';
import { statSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

const bundle = path.resolve('dist/extension.js');
const load = createRequire(bundle);

type Uri = { readonly scheme: string; readonly path: string };
type Listener<T> = (value: T) => void;
type Commands = ReadonlyMap<string, (...args: unknown[]) => Promise<unknown>>;
type CustomEditor = { resolveCustomEditor(document: { uri: Uri }, panel: unknown): Promise<unknown> };
type Tool = { invoke(options: { input: unknown }, token: unknown): Promise<unknown> };
type RendererMessage = { readonly editor: { readonly notebook: { readonly uri: Uri } }; readonly message: unknown };
type Serializer = { deserializeWebviewPanel(panel: unknown, state: unknown): Promise<unknown> };

const file = (name: string): Uri => ({ scheme: 'file', path: `/home/somebody/${name}` });

/** A window with these documents open and these configs in its folders. */
async function windowWith(open: readonly string[], configs: readonly string[]) {
  const commands = new Map<string, (...args: unknown[]) => Promise<unknown>>();
  const serializers = new Map<string, Serializer>();
  const editors = new Map<string, CustomEditor>();
  const tools = new Map<string, Tool>();
  const renderers = new Map<string, (arrived: RendererMessage) => Promise<unknown>>();
  const hear: Record<'opened' | 'created' | 'folders', Listener<never>[]> = { opened: [], created: [], folders: [] };
  const listen = (kind: keyof typeof hear) => (listener: Listener<never>) => {
    hear[kind].push(listener);
    return { dispose: () => void hear[kind].splice(hear[kind].indexOf(listener), 1) };
  };
  const found = [...configs];
  const vscode = {
    commands: {
      registerCommand: (id: string, run: (...args: unknown[]) => Promise<unknown>) => void commands.set(id, run),
    },
    window: {
      registerWebviewPanelSerializer: (type: string, serializer: Serializer) => void serializers.set(type, serializer),
      registerCustomEditorProvider: (type: string, editor: CustomEditor) => void editors.set(type, editor),
    },
    notebooks: {
      createRendererMessaging: (id: string) => ({
        onDidReceiveMessage: (listener: (arrived: RendererMessage) => Promise<unknown>) =>
          void renderers.set(id, listener),
      }),
    },
    lm: { registerTool: (name: string, tool: Tool) => void tools.set(name, tool) },
    workspace: {
      textDocuments: open.map((name) => ({ uri: file(name) })),
      findFiles: () => Promise.resolve(found.map(file)),
      createFileSystemWatcher: () => ({ onDidCreate: listen('created'), dispose: () => undefined }),
      onDidOpenTextDocument: listen('opened'),
      onDidChangeWorkspaceFolders: listen('folders'),
    },
    Disposable: class {
      readonly dispose: () => void;
      constructor(dispose: () => void) {
        this.dispose = dispose;
      }
    },
  };
  const told: unknown[] = [];
  let loads = 0;
  const assemble = () => ({
    panels: { deserializeWebviewPanel: (panel: unknown, state: unknown) => told.push(['panel', panel, state]) },
    showTensors: (uri: Uri, panel: unknown) => told.push(['tensors', uri.path, panel]),
    outputs: { receive: (notebook: Uri, message: unknown) => told.push(['output', notebook.path, message]) },
    tools: { invoke: (name: string, input: unknown) => told.push([name, input]) },
    execute: (name: string, args: readonly unknown[]) => {
      told.push([name, ...args]);
      return 'done';
    },
  });
  const loader = Module as unknown as { _load: (request: string, ...rest: unknown[]) => unknown };
  const original = loader._load;
  loader._load = (request, ...rest) => {
    if (request === 'vscode') return vscode;
    if (request !== './assemble.js') return original(request, ...rest);
    loads++;
    return { assemble };
  };
  const contributed = ['run', 'preview'].map((name) => ({ command: `rnnGradients.${name}` }));
  try {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- the bundle has to run anew in each window
    delete load.cache[bundle];
    const extension = load(bundle) as { activate(context: unknown): void };
    extension.activate({
      subscriptions: [],
      extension: {
        packageJSON: {
          contributes: { commands: contributed, languageModelTools: [{ name: 'rnn-gradients_analyse' }] },
        },
      },
    });
    await settled();
  } finally {
    // What is loaded later is loaded while the test goes on.
    after.push(() => {
      loader._load = original;
    });
  }
  const tell = async (kind: keyof typeof hear, value: unknown): Promise<void> => {
    for (const listener of [...hear[kind]]) listener(value as never);
    await settled();
  };
  return {
    commands: commands as Commands,
    serializers,
    editors,
    tools,
    renderers,
    told,
    found,
    tell,
    listeners: hear,
    loads: () => loads,
  };
}

const after: (() => void)[] = [];
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a window without a config', () => {
  const inWindow = (name: string, test: () => Promise<void>): void =>
    void it(name, async () => {
      try {
        await test();
      } finally {
        for (const undo of after.splice(0).reverse()) undo();
      }
    });

  inWindow('loads a few kilobytes and nothing else', async () => {
    const { loads, tell } = await windowWith(['tsconfig.json'], []);
    await tell('opened', { uri: file('settings.json') });
    await tell('folders', {});
    assert.equal(loads(), 0);
    assert.ok(statSync(bundle).size < 16_000, `${statSync(bundle).size} bytes`);
  });

  inWindow('loads the rest when a config is opened, once, and no longer listens', async () => {
    const { loads, tell, listeners } = await windowWith(['tsconfig.json'], []);
    await tell('opened', { uri: file('a.rnn.json') });
    await tell('opened', { uri: file('b.rnn.json') });
    assert.equal(loads(), 1);
    assert.deepEqual([listeners.opened.length, listeners.folders.length], [0, 0]);
  });

  inWindow('is not woken by an earlier state of a config', async () => {
    const { loads, tell } = await windowWith([], []);
    await tell('opened', { uri: { scheme: 'git', path: '/home/somebody/a.rnn.json' } });
    assert.equal(loads(), 0);
  });

  inWindow('loads the rest when a config appears in its folders, or a folder that has one', async () => {
    const first = await windowWith([], []);
    await first.tell('created', file('new.rnn.json'));
    assert.equal(first.loads(), 1);
    const second = await windowWith([], []);
    second.found.push('far/away.rnn.json');
    await second.tell('folders', {});
    assert.equal(second.loads(), 1);
  });

  inWindow(
    'runs a command, restores a panel, shows a file of tensors, an output, and answers an assistant',
    async () => {
      const { commands, serializers, editors, tools, renderers, told, loads } = await windowWith([], []);
      assert.equal(loads(), 0, 'that there is a tool loads nothing');
      assert.equal(await commands.get('rnnGradients.run')?.('a', 2), 'done');
      await serializers.get('rnnGradients.panel')?.deserializeWebviewPanel('view', 'state');
      await editors.get('rnnGradients.tensors')?.resolveCustomEditor({ uri: file('model.pt') }, 'tab');
      await tools.get('rnn-gradients_analyse')?.invoke({ input: 'input' }, 'token');
      const editor = { notebook: { uri: file('a.ipynb') } };
      await renderers.get('rnnGradients.output')?.({ editor, message: 'message' });
      assert.deepEqual(told, [
        ['run', 'a', 2],
        ['panel', 'view', 'state'],
        ['tensors', '/home/somebody/model.pt', 'tab'],
        ['rnn-gradients_analyse', 'input'],
        ['output', '/home/somebody/a.ipynb', 'message'],
      ]);
      assert.equal(loads(), 1);
    },
  );
});

describe('a window with a config', () => {
  it('loads everything at once, whether it is open or lies in a folder', async () => {
    const open = await windowWith(['a.rnn.json'], []);
    const inFolder = await windowWith(['tsconfig.json'], ['deep/a.rnn.json']);
    for (const undo of after.splice(0).reverse()) undo();
    assert.deepEqual([open.loads(), inFolder.loads()], [1, 1]);
  });
});
