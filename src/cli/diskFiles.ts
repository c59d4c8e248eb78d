// The files that the command line reads.
import path from 'node:path';
import type { Files } from '../config/read/index.js';
import { openedFile, readRegularFile } from '../worker/thread/index.js';

/** Files of the disk, relative to the one that names them. `bound`: bytes of the largest that is read whole. */
export const diskFiles = (bound: number): Files => ({
  async read(reference, from) {
    const id = from === null ? reference : path.resolve(path.dirname(from), reference);
    return openedFile({ id, ...(await readRegularFile(id, { bound })) });
  },
});
