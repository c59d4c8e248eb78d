// The kernels in a browser: one thread, because helpers would need shared memory and threads that may wait for it.
import relaxed from 'kernels/relaxed.wasm';
import simd from 'kernels/simd.wasm';
import { Kernels } from '../../engine/index.js';

/** As in Node; null as well where the window's policy forbids to compile WebAssembly. */
export function loadKernels(): Kernels | null {
  try {
    return Kernels.load({ relaxed, simd });
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return null;
    throw error;
  }
}
