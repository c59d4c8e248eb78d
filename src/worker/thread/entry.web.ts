// The engine's thread in a browser: the bundle that the extension itself is loaded from, in a worker.
import { setLanguage } from '../../l10n.js';
import { loadKernels } from './loadKernels.web.js';
import { Service } from './service.js';
import type { EngineData } from './startThread.js';
import { ready } from './startThread.web.js';

/** What there is of a worker's own scope; the types of the project are those of a page. */
type Scope = {
  onmessage: ((event: MessageEvent<unknown>) => void) | null;
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  addEventListener(name: 'unhandledrejection', listener: (event: PromiseRejectionEvent) => void): void;
};

export function serve(): void {
  const scope = globalThis as unknown as Scope;
  // A thread of Node ends with such an error; here only what is thrown is told to whoever has started it.
  scope.addEventListener('unhandledrejection', ({ reason }) => reportError(reason));
  scope.onmessage = ({ data }) => {
    setLanguage((data as EngineData).language);
    new Service(
      {
        post: (message, transfer) => scope.postMessage(message, [...transfer]),
        onMessage: (listener) => {
          scope.onmessage = (event) => listener(event.data);
        },
      },
      loadKernels(),
    );
  };
  scope.postMessage(ready, []);
}
