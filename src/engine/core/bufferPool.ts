// Memory of results that nobody needs any more, for the next one. Fresh memory comes from the system page by page,
// which takes longer than filling it.
import type { Sequence } from './tensor.js';
import type { DType, FloatArray, Trace } from './dtypes.js';

/** Node 20 has no `transfer`; there the garbage collector has its turn. */
type Transferable = { readonly transfer?: () => ArrayBuffer };

/** Where in a buffer of several runs the tensors begin that nobody has given back yet. */
const shared = new WeakMap<ArrayBufferLike, Set<number>>();
let spare: ArrayBuffer[] = [];

/**
 * A buffer for the results of several runs: none of them gives it back alone. `lent`: where the first tensor of each
 * begins, for who makes them.
 */
export type Shared = { readonly numbers: Float64Array<ArrayBuffer>; readonly lent: Set<number> };

/**
 * A new one, in the memory of `before` if all that lay there has been given back; what is left of that is empty then.
 */
export function sharedBuffer(length: number, before: Shared | null): Shared {
  const own =
    before?.lent.size === 0 && before.numbers.length === length
      ? (before.numbers.buffer as Transferable).transfer?.()
      : undefined;
  const next = { numbers: new Float64Array(own ?? new ArrayBuffer(8 * length)), lent: new Set<number>() };
  shared.set(next.numbers.buffer, next.lent);
  return next;
}

/**
 * Tensors that nobody needs any more, hs first, and with them whatever lies beside them. They are empty then, or will
 * be; the next result takes their memory, and what was given back before is dropped.
 */
export function giveBack(...traces: readonly Trace[]): void {
  const given: ArrayBuffer[] = [];
  let last: ArrayBufferLike | null = null;
  for (const trace of traces) {
    // Of a small run all have one buffer.
    if (!ArrayBuffer.isView(trace) || trace.buffer === last) continue;
    last = trace.buffer;
    if (last.byteLength === 0) continue;
    const lent = shared.get(last);
    lent?.delete(trace.byteOffset);
    if (lent !== undefined) continue;
    const own = (last as Transferable).transfer?.();
    if (own !== undefined) given.push(own);
  }
  spare = given;
}

/** What nobody has taken is kept no longer: after a run, and when no run follows. */
export function dropSpare(): void {
  spare = [];
}

function taken(bytes: number): ArrayBuffer | null {
  const place = spare.findIndex(({ byteLength }) => byteLength === bytes);
  const [buffer = null] = place < 0 ? [] : spare.splice(place, 1);
  // Another shape: what does not fit is not kept beside what is made now.
  if (buffer === null) dropSpare();
  return buffer;
}

/** So many numbers, whatever they are: for who fills all of them. */
export function unfilled(dtype: 'float64', length: number): Float64Array<ArrayBuffer>;
export function unfilled(dtype: DType, length: number): FloatArray;
export function unfilled(dtype: DType, length: number): FloatArray {
  const bytes = length * (dtype === 'float32' ? 4 : 8);
  const buffer = taken(bytes) ?? new ArrayBuffer(bytes);
  return dtype === 'float32' ? new Float32Array(buffer) : new Float64Array(buffer);
}

export const unfilledSequence = (dtype: DType, B: number, T: number, N: number): Sequence => ({
  B,
  T,
  N,
  data: unfilled(dtype, B * T * N),
});
