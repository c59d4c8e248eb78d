// What goes to another thread without being copied.

/**
 * The same data with buffers that are moved. An array that is a part of a larger buffer has a copy of its own then,
 * because a buffer moves as a whole.
 */
export function movable<Value>(value: Value): { readonly value: Value; readonly buffers: ArrayBuffer[] } {
  const buffers = new Set<ArrayBuffer>();
  const moved = (item: unknown): unknown => {
    if (ArrayBuffer.isView(item)) {
      const own = item as Uint8Array;
      const whole = own.byteLength === own.buffer.byteLength && own.buffer instanceof ArrayBuffer ? own : own.slice();
      buffers.add(whole.buffer as ArrayBuffer);
      return whole;
    }
    if (Array.isArray(item)) return item.map(moved);
    if (typeof item !== 'object' || item === null) return item;
    return Object.fromEntries(Object.entries(item).map(([name, inner]) => [name, moved(inner)]));
  };
  return { value: moved(value) as Value, buffers: [...buffers] };
}
