import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Doors } from '../editor/context/index.js';
import { prefix, TensorReader } from '../editor/following/index.js';
import { Channel, errorStack } from '../protocol/index.js';
import type { TensorPageContract, TensorViewContract } from '../protocol/index.js';
import { tensorViewChecks } from './messageChecks.js';
import { fillView } from './viewPage.js';

/** What every viewer needs of the extension. */
export type ViewerParts = {
  readonly extensionUri: vscode.Uri;
  readonly workerPath: string;
  readonly log: vscode.LogOutputChannel;
  readonly doors: Doors;
};

/** Shows what is in a file of tensors, in the tab that VS Code has made for it, until that is closed. */
export function showTensors(uri: vscode.Uri, view: vscode.WebviewPanel, parts: ViewerParts): void {
  const { extensionUri, workerPath, log, doors } = parts;
  const { webview } = view;
  const name = path.posix.basename(uri.path);
  const failed = (message: string): void => log.error(`viewer of ${name}: ${message}`);
  const reader = new TensorReader(uri, workerPath, log, doors);
  const subscriptions: Pick<vscode.Disposable, 'dispose'>[] = [reader];
  const tell = (): void => {
    if (reader.read === null) return;
    const { list, reading, bytes } = reader.read;
    channel.emit('tensors', { ...list, reading, bytes, name });
  };
  const channel: Channel<TensorViewContract, TensorPageContract> = new Channel<TensorViewContract, TensorPageContract>(
    {
      post: (message) => void webview.postMessage(message),
      onMessage: (listener) => subscriptions.push(webview.onDidReceiveMessage(listener)),
    },
    {
      tensorFacts: (place) => reader.request('tensorFacts', place),
      tensorPicture: (request) => reader.request('tensorPicture', request),
    },
    {
      ready: tell,
      run: ({ network }) => vscode.commands.executeCommand(`${prefix}.run`, uri, { network }),
      copyPython: ({ lines }) => vscode.commands.executeCommand(`${prefix}.copyPyTorchExport`, lines),
      failed: ({ message }) => failed(message),
    },
    { checks: tensorViewChecks, onFault: (error) => failed(errorStack(error)) },
  );
  subscriptions.push(reader.onDidRead(tell));
  view.onDidDispose(() => {
    channel.close(t('The panel was closed.'));
    for (const subscription of subscriptions) subscription.dispose();
  });
  fillView(view, extensionUri, 'tensors', name).catch((error: unknown) => failed(errorStack(error)));
}
