// What a reader of files takes in blocks of memory: buffers and arrays of numbers, each as it is made.

export type Taken = { largest: number; total: number };

const kinds = [
  'ArrayBuffer',
  'Int8Array',
  'Uint8Array',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
] as const;

type Block = ArrayBuffer | ArrayBufferView;
type BlockMaker = new (...args: unknown[]) => Block;
const isBuffer = (value: unknown): boolean => value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;
const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as { slice: (...args: unknown[]) => ArrayBufferView };

/**
 * Runs the work and counts the bytes of every block that it makes. Views of what is there already are none. Not seen
 * are blocks that `filter` or `map` of an array make, and those of fflate, which holds the classes by names of its own:
 * it is handed 4 kB at a time, and what they become is counted where it is put together.
 */
export function takenBy(work: () => void): Taken {
  const taken: Taken = { largest: 0, total: 0 };
  const note = (bytes: number): void => {
    taken.largest = Math.max(taken.largest, bytes);
    taken.total += bytes;
  };
  const globals = globalThis as unknown as Record<string, BlockMaker>;
  const before = kinds.map((kind) => [kind, globals[kind]] as const);
  const { slice } = typedArray;
  for (const [kind, maker] of before) {
    if (maker === undefined) continue;
    globals[kind] = new Proxy(maker, {
      construct(target, args: unknown[], newTarget: BlockMaker) {
        const own = newTarget === globals[kind] ? target : newTarget;
        const block = Reflect.construct(target, args, own);
        if (!isBuffer(args[0])) note(block.byteLength);
        return block;
      },
    });
  }
  typedArray.slice = function (this: ArrayBufferView, ...args) {
    const block = slice.apply(this, args);
    note(block.byteLength);
    return block;
  };
  try {
    work();
  } finally {
    typedArray.slice = slice;
    for (const [kind, maker] of before) if (maker !== undefined) globals[kind] = maker;
  }
  return taken;
}
