import * as vscode from 'vscode';

/** What is over sooner shows no notification, so that nothing flickers, ms. */
const patience = 400;

/** Waits for `work`; shows a cancellable notification when it takes long. `follow` may tell how far it is. */
export async function withLateProgress<T>(
  title: string,
  work: Promise<T>,
  onCancel: () => void,
  follow?: (say: (message: string) => void) => vscode.Disposable,
): Promise<T> {
  const late = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), patience));
  if (
    (await Promise.race([
      work.then(
        () => 'done',
        () => 'failed',
      ),
      late,
    ])) !== 'late'
  )
    return work;
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, token) => {
      token.onCancellationRequested(onCancel);
      let shown = '';
      const subscription = follow?.((message) => {
        if (message !== shown) progress.report({ message });
        shown = message;
      });
      try {
        return await work;
      } finally {
        subscription?.dispose();
      }
    },
  );
}
