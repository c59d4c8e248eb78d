// The kernels in a browser: one thread, because helpers would need shared memory and threads that may wait for it.
import { inflateSync } from 'fflate/browser';
import relaxed from 'kernels/relaxed.deflate';
import simd from 'kernels/simd.deflate';
import { Kernels } from '../../engine/index.js';

const bytes = {
  get relaxed() {
    return inflateSync(relaxed);
  },
  get simd() {
    return inflateSync(simd);
  },
};

/** As in Node; null as well where the window's policy forbids to compile WebAssembly. */
export function loadKernels(): Kernels | null {
  try {
    return Kernels.load(bytes);
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return null;
    throw error;
  }
}
