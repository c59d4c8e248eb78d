import * as vscode from 'vscode';
import type { Context } from './commands/commandContext.js';
import { commands } from './commands/commandTable.js';
import { registerCodeLens } from './editor/language/codeLens.js';
import { registerContextKeys } from './editor/status/contextKeys.js';
import { registerLanguageFeatures } from './editor/language/languageFeatures.js';
import { Sessions } from './editor/following/sessions.js';
import { prefix } from './editor/following/settings.js';
import { registerStatusBar } from './editor/status/statusBar.js';
import { setLanguage } from './l10n.js';
import { previewType, viewType } from './panel/panel.js';
import { Panels } from './panel/panels.js';

export function activate({ extensionUri, subscriptions }: vscode.ExtensionContext): void {
  setLanguage(vscode.l10n.bundle === undefined ? undefined : { name: vscode.env.language, bundle: vscode.l10n.bundle });
  const log = vscode.window.createOutputChannel('RNN Gradients', { log: true });
  const sessions = new Sessions(vscode.Uri.joinPath(extensionUri, 'dist', 'worker.js').fsPath, log);
  const panels = new Panels(sessions, extensionUri);
  const features = registerLanguageFeatures(sessions, log);
  const context: Context = { extensionUri, sessions, panels, log, subjects: features.subjects, refactorings: features.refactorings };
  subscriptions.push(
    log,
    panels,
    sessions,
    features.disposable,
    registerCodeLens(sessions, features.subjects.inspections),
    registerContextKeys(sessions, panels, features.subjects),
    registerStatusBar(sessions, panels),
    vscode.window.registerWebviewPanelSerializer(viewType, panels),
    vscode.window.registerWebviewPanelSerializer(previewType, panels),
    ...Object.entries(commands).map(([name, make]) => vscode.commands.registerCommand(`${prefix}.${name}`, make(context))),
  );
}
