// The way between a page and the extension host.
import type { Port } from '../../src/protocol/index.js';
import type { VsCodeApi } from './pageState.js';

export const hostPort = (api: VsCodeApi): Port => ({
  post: (message) => api.postMessage(message),
  // Frames of the editor share this window's message event; only the channel's own messages carry one of these types.
  onMessage: (listener) =>
    addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (
        typeof data === 'object' &&
        data !== null &&
        'type' in data &&
        ['request', 'ok', 'error', 'event'].includes(String(data.type))
      )
        listener(data);
    }),
});
