import * as vscode from 'vscode';
import type { Context } from './commands/index.js';
import { commands } from './commands/index.js';
import { registerCodeLens, registerLanguageFeatures } from './editor/language/index.js';
import { registerContextKeys, registerStatusBar } from './editor/status/index.js';
import { Sessions } from './editor/following/index.js';
import { Doors, prefix } from './editor/context/index.js';
import { setLanguage } from './l10n.js';
import { Panels, previewType, viewType } from './panel/index.js';

export function activate({ extensionUri, subscriptions, workspaceState }: vscode.ExtensionContext): void {
  setLanguage(vscode.l10n.bundle === undefined ? undefined : { name: vscode.env.language, bundle: vscode.l10n.bundle });
  const log = vscode.window.createOutputChannel('RNN Gradients', { log: true });
  const doors = new Doors(workspaceState);
  const sessions = new Sessions(vscode.Uri.joinPath(extensionUri, 'dist', 'worker.js').fsPath, log, doors);
  const panels = new Panels(sessions, extensionUri);
  const features = registerLanguageFeatures(sessions, log);
  const context: Context = {
    extensionUri,
    sessions,
    panels,
    log,
    subjects: features.subjects,
    refactorings: features.refactorings,
  };
  subscriptions.push(
    log,
    panels,
    sessions,
    features.disposable,
    doors,
    registerCodeLens(sessions, features.subjects.inspections),
    registerContextKeys(sessions, panels, features.subjects),
    registerStatusBar(sessions, panels),
    vscode.window.registerWebviewPanelSerializer(viewType, panels),
    vscode.window.registerWebviewPanelSerializer(previewType, panels),
    ...Object.entries(commands).map(([name, make]) =>
      vscode.commands.registerCommand(`${prefix}.${name}`, make(context)),
    ),
  );
}
