import type * as node from './localDisk.js';

/** A browser has no disk. */
export const diskOf: typeof node.diskOf = () => null;
export const homeFolder: typeof node.homeFolder = () => null;
export const endWriting: typeof node.endWriting = () => undefined;
