import { inflateRawSync } from 'node:zlib';
import relaxed from 'kernels/relaxed.deflate';
import simd from 'kernels/simd.deflate';
import { Kernels } from '../../engine/index.js';
import { threadsHere, WorkerTeam } from './threadTeam.js';

const bytes = {
  get relaxed() {
    return inflateRawSync(relaxed);
  },
  get simd() {
    return inflateRawSync(simd);
  },
};
const load = (shared: boolean): Kernels | null => Kernels.load(bytes, undefined, shared);

/**
 * The kernels that this machine runs fastest, from the bytes that the build put into the bundle; null where it has no
 * SIMD, no WebAssembly at all, or no memory for them. Without shared memory the caller works alone.
 *
 * @param entry a module that calls `help` with its workerData when `isHelper` says so; without one the caller works
 *   alone
 * @param threads for large runs, 0: as many as are worth it here
 */
export function loadKernels(entry: string | URL | null = null, threads = 0): Kernels | null {
  const kernels = load(false);
  const count = threads === 0 ? threadsHere() : threads;
  const shared = kernels === null || entry === null || count < 2 ? null : load(true);
  if (kernels !== null && shared !== null && entry !== null) kernels.team = new WorkerTeam(shared, entry, count - 1);
  return kernels;
}
