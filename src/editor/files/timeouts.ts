import type * as vscode from 'vscode';

/** Whoever asks for something in the editor waits this long at most, ms. */
export const patience = 3_000;

/** What a promise gives, or undefined when that takes longer than so many ms. */
export function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve(undefined), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** What a promise gives, or null once nobody is interested any more. */
export function withToken<T>(promise: Promise<T>, token: vscode.CancellationToken | undefined): Promise<T | null> {
  if (token === undefined) return promise;
  if (token.isCancellationRequested) return Promise.resolve(null);
  return new Promise((resolve, reject) => {
    const subscription = token.onCancellationRequested(() => {
      subscription.dispose();
      resolve(null);
    });
    void promise.then(resolve, reject).finally(() => {
      subscription.dispose();
    });
  });
}
