// All parts of the extension, put together: bundled apart from extension.ts, which loads it when there is a config.
import * as vscode from 'vscode';
import type { Context } from './commands/index.js';
import { commands, registerPairs } from './commands/index.js';
import { Doors, endWriting, keptLog } from './editor/context/index.js';
import { registerReadyThread, Sessions } from './editor/following/index.js';
import { registerCodeLens, registerLanguageFeatures, registerLayerLens } from './editor/language/index.js';
import { registerContextKeys, registerStatusBar } from './editor/status/index.js';
import { AssistantTools } from './editor/tools/index.js';
import { setLanguage } from './l10n.js';
import { errorStack } from './protocol/index.js';
import {
  followRenames,
  NotebookOutputs,
  Panels,
  readPage,
  ResultTexts,
  SequencePreviews,
  showTensors,
} from './panel/index.js';
import { threadFile } from './worker/thread/index.js';

export type Assembly = {
  readonly panels: Panels;
  readonly tools: AssistantTools;
  readonly outputs: NotebookOutputs;
  /** Fills the tab of a file of tensors. */
  readonly showTensors: (uri: vscode.Uri, view: vscode.WebviewPanel) => void;
  /** Fills the tab of a preview of sequences. */
  readonly showSequences: (uri: vscode.Uri, view: vscode.WebviewPanel) => void;
  /** Runs a command by its name without the prefix. */
  execute(command: string, args: readonly unknown[]): unknown;
};

export function assemble({ extensionUri, subscriptions, workspaceState }: vscode.ExtensionContext): Assembly {
  setLanguage(vscode.l10n.bundle === undefined ? undefined : { name: vscode.env.language, bundle: vscode.l10n.bundle });
  const log = keptLog(vscode.window.createOutputChannel('RNN Gradients', { log: true }));
  const doors = new Doors(workspaceState);
  const thread = vscode.Uri.joinPath(extensionUri, 'dist', threadFile());
  // In a browser the extension has an address, not a path.
  const sessions = new Sessions(thread.scheme === 'file' ? thread.fsPath : thread.toString(true), log, doors);
  // Before somebody wants the first panel.
  readPage(extensionUri, 'main').catch((error: unknown) => log.error(errorStack(error)));
  const panels = new Panels(sessions, extensionUri);
  const features = registerLanguageFeatures(sessions, log);
  const viewerParts = { extensionUri, workerPath: sessions.workerPath, log, doors };
  const previews = new SequencePreviews(viewerParts);
  const outputs = new NotebookOutputs(viewerParts);
  const context: Context = {
    extensionUri,
    sessions,
    panels,
    log,
    subjects: features.subjects,
    refactorings: features.refactorings,
    surveys: features.surveys,
    weightFiles: features.weightFiles,
    previews,
    texts: new ResultTexts(),
  };
  subscriptions.push(
    log,
    context.texts,
    panels,
    previews,
    outputs,
    sessions,
    features.disposable,
    doors,
    registerCodeLens(sessions, features.subjects.inspections),
    registerLayerLens(sessions, features.subjects.inspections),
    registerContextKeys(sessions, panels, features.subjects, features.weightFiles),
    registerStatusBar(sessions, panels),
    registerReadyThread(sessions, features.subjects.inspections),
    registerPairs(context),
    followRenames(previews, (error) => log.error(errorStack(error))),
    new vscode.Disposable(endWriting),
  );
  const made = new Map(Object.entries(commands).map(([name, make]) => [name, make(context)]));
  return {
    panels,
    outputs,
    tools: new AssistantTools(sessions.workerPath, doors, features.subjects.inspections, log),
    showTensors: (uri, view) => showTensors(uri, view, viewerParts),
    showSequences: (uri, view) => previews.fill(uri, view),
    execute: (command, args) => {
      const known = made.get(command);
      if (known === undefined) throw new Error(`There is no command ${command}.`);
      return known(...args);
    },
  };
}
