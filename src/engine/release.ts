// Memory of results that nobody needs any more.
import type { AnyRun, Trace } from './types.js';

/** Node 20 has no `transfer`; there the garbage collector does it later. */
type Transferable = { readonly transfer?: (bytes: number) => ArrayBuffer };

const shared = new WeakSet<ArrayBufferLike>();

/** Results of several runs lie in this buffer: none of them gives it back. */
export const shareBuffer = (buffer: ArrayBufferLike): void => void shared.add(buffer);

/**
 * Gives the memory of tensors back now, and with it that of whatever lies beside them; they are empty then. The garbage collector would come late, because it
 * sees little of them, and the next run would take memory that is not warm.
 */
export function giveBack(...traces: readonly Trace[]): void {
  let last: ArrayBufferLike | null = null;
  for (const trace of traces) {
    // Of a small run all have one buffer.
    if (!ArrayBuffer.isView(trace) || trace.buffer === last) continue;
    last = trace.buffer;
    if (last.byteLength > 0 && !shared.has(last)) (last as Transferable).transfer?.(0);
  }
}

/** The tensors of a run over time; norms and gradients of a small run lie beside them. */
export const release = ({ hs, dhTotal, dxs, dhScaled }: AnyRun): void => giveBack(hs, dhTotal, dxs, dhScaled);
