// What runs in every window that wakes the extension. VS Code does so for each JSON file with comments (tsconfig.json,
// settings.json), so this waits for a config, a command or a panel, and loads the rest (assemble.ts) only then.
import * as vscode from 'vscode';
import type { Assembly } from './assemble.js';
import { configPattern, ignored, isConfig, prefix } from './editor/context/index.js';
import { previewType, rendererId, sequencesType, tensorsType, viewType } from './panel/index.js';

type Manifest = {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly languageModelTools: readonly { readonly name: string }[];
  };
};

export function activate(context: vscode.ExtensionContext): void {
  const { subscriptions, extension } = context;
  const waiting: vscode.Disposable[] = [];
  let assembly: Promise<Assembly> | null = null;
  const load = (): Promise<Assembly> => {
    assembly ??= import('./assemble.js').then(({ assemble }) => {
      for (const one of waiting) one.dispose();
      return assemble(context);
    });
    return assembly;
  };
  const loadNow = (): void => void load();

  const { commands, languageModelTools } = (extension.packageJSON as Manifest).contributes;
  for (const { command } of commands) {
    const name = command.slice(prefix.length + 1);
    subscriptions.push(
      vscode.commands.registerCommand(command, async (...args: unknown[]) => (await load()).execute(name, args)),
    );
  }
  for (const { name } of languageModelTools)
    subscriptions.push(
      vscode.lm.registerTool<unknown>(name, {
        prepareInvocation: async ({ input }, token) => (await load()).tools.prepare(name, input, token),
        invoke: async ({ input }, token) => (await load()).tools.invoke(name, input, token),
      }),
    );
  const serializer: vscode.WebviewPanelSerializer = {
    deserializeWebviewPanel: async (panel, state: unknown) => {
      await (await load()).panels.deserializeWebviewPanel(panel, state);
    },
  };
  for (const type of [viewType, previewType])
    subscriptions.push(vscode.window.registerWebviewPanelSerializer(type, serializer));

  const fills = [
    [tensorsType, (made: Assembly) => made.showTensors],
    [sequencesType, (made: Assembly) => made.showSequences],
  ] as const;
  for (const [type, fillOf] of fills)
    subscriptions.push(
      vscode.window.registerCustomEditorProvider(
        type,
        {
          openCustomDocument: (uri) => ({ uri, dispose: () => undefined }),
          resolveCustomEditor: async ({ uri }, panel) => fillOf(await load())(uri, panel),
        } satisfies vscode.CustomReadonlyEditorProvider,
        { supportsMultipleEditorsPerDocument: true },
      ),
    );

  const messaging = vscode.notebooks.createRendererMessaging(rendererId);
  subscriptions.push(
    messaging.onDidReceiveMessage(async ({ editor, message }) => {
      const { outputs } = await load();
      outputs.receive(editor.notebook.uri, message, messaging);
    }),
  );

  const isThere = (): boolean => vscode.workspace.textDocuments.some(({ uri }) => isConfig(uri));
  if (isThere()) {
    loadNow();
    return;
  }
  /** A file that a config names is opened without its config: only the workspace's configs can tell. */
  const search = async (): Promise<void> => {
    const [found] = await vscode.workspace.findFiles(configPattern, ignored, 1);
    if (found !== undefined) loadNow();
  };
  const watcher = vscode.workspace.createFileSystemWatcher(configPattern, false, true, true);
  waiting.push(
    watcher,
    watcher.onDidCreate(loadNow),
    vscode.workspace.onDidOpenTextDocument(({ uri }) => {
      if (isConfig(uri)) loadNow();
    }),
    vscode.workspace.onDidChangeWorkspaceFolders(() => void search()),
  );
  subscriptions.push(
    new vscode.Disposable(() => {
      for (const one of waiting) one.dispose();
    }),
  );
  void search();
}
