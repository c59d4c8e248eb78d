import type { DiskFile, FileContent, SentFile } from '../../config/read/index.js';
import type * as node from './diskSource.js';

const refuse = ({ path }: DiskFile): never => {
  throw new Error(`There is no disk in a browser, and nobody there sends places on one: ${path}.`);
};

/** In a browser every file comes as its bytes. */
export const openSent: typeof node.openSent = (bytes) => (bytes instanceof Uint8Array ? bytes : refuse(bytes));

export const openedFile: typeof node.openedFile = (sent: SentFile): FileContent =>
  sent.ok ? { ...sent, bytes: openSent(sent.bytes) } : sent;
