// The extension in a browser (VS Code for the Web), and its engine's thread: one bundle for both, so that nothing is
// sent or packaged twice. Whichever it runs as, it wakes only its own half.
import type * as vscode from 'vscode';

/** Put in by the build: true when nobody loads this as a module, which is how a worker runs it. */
declare const isThread: boolean;

if (isThread) void import('./worker/thread/index.web.js').then(({ serve }) => serve());

export async function activate(context: vscode.ExtensionContext): Promise<void> {
  const { activate: wake } = await import('./extension.js');
  wake(context);
}
