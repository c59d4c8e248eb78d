import relaxed from 'kernels/relaxed.wasm';
import simd from 'kernels/simd.wasm';
import { Kernels } from '../engine/index.js';

/** The kernels that this machine runs fastest, from the bytes that the build put into the bundle; null where it has no SIMD. */
export const loadKernels = (): Kernels | null => Kernels.load({ relaxed, simd });
