// AssemblyScript. In and out of the packed layout (see simd.ts).
import { FUSED, panels, ROW, width } from './simd';

/** `rows` rows of N numbers from row-major memory into packed rows `rowBytes` apart; columns beyond N become zero. */
export function pack<T>(from: usize, rows: i32, N: i32, to: usize, panelBytes: usize, rowBytes: usize): void {
  if (N == width<T>() && rowBytes == ROW) memory.copy(to, from, <usize>rows * ROW);
  else packColumns<T>(from, <usize>N * sizeof<T>(), rows, N, to, panelBytes, rowBytes);
}

/** The same of rows that begin `fromBytes` apart: N columns of a wider matrix. */
export function packColumns<T>(
  from: usize, fromBytes: usize, rows: i32, N: i32, to: usize, panelBytes: usize, rowBytes: usize,
): void {
  const between = fromBytes - <usize>N * sizeof<T>();
  for (let r = 0; r < rows; r++) {
    let target = to;
    let left = N;
    for (; left >= width<T>(); left -= width<T>()) {
      v128.store(target, v128.load(from));
      v128.store(target, v128.load(from, 16), 16);
      v128.store(target, v128.load(from, 32), 32);
      v128.store(target, v128.load(from, 48), 48);
      from += ROW;
      target += panelBytes;
    }
    if (left > 0) {
      const zero = v128.splat<T>(0);
      v128.store(target, zero);
      v128.store(target, zero, 16);
      v128.store(target, zero, 32);
      v128.store(target, zero, 48);
      copyShort<T>(target, from, left);
      from += <usize>left * sizeof<T>();
    }
    from += between;
    to += rowBytes;
  }
}

/** The way back: packed rows `rowBytes` apart into row-major memory. */
export function unpack<T>(from: usize, panelBytes: usize, rowBytes: usize, rows: i32, N: i32, to: usize): void {
  if (N == width<T>() && rowBytes == ROW) memory.copy(to, from, <usize>rows * ROW);
  else unpackColumns<T>(from, panelBytes, rowBytes, rows, N, to, <usize>N * sizeof<T>());
}

/** The same into rows that begin `toBytes` apart: N columns of a wider matrix. */
export function unpackColumns<T>(
  from: usize, panelBytes: usize, rowBytes: usize, rows: i32, N: i32, to: usize, toBytes: usize,
): void {
  const between = toBytes - <usize>N * sizeof<T>();
  for (let r = 0; r < rows; r++) {
    let source = from;
    let left = N;
    for (; left >= width<T>(); left -= width<T>()) {
      v128.store(to, v128.load(source));
      v128.store(to, v128.load(source, 16), 16);
      v128.store(to, v128.load(source, 32), 32);
      v128.store(to, v128.load(source, 48), 48);
      to += ROW;
      source += panelBytes;
    }
    if (left > 0) {
      copyShort<T>(to, source, left);
      to += <usize>left * sizeof<T>();
    }
    to += between;
    from += rowBytes;
  }
}

/** `steps` rows of N numbers of each of B sequences into packed rows (t, b) from `to` on. Gives where they end. */
export function packSequences<T>(from: usize, B: i32, steps: i32, N: i32, to: usize): usize {
  const stepBytes = <usize>B * ROW;
  for (let b = 0; b < B; b++, to += ROW, from += <usize>(steps * N) * sizeof<T>())
    pack<T>(from, steps, N, to, <usize>steps * stepBytes, stepBytes);
  return from;
}

/** The way back, from panels `panelBytes` apart. */
export function unpackSequences<T>(from: usize, panelBytes: usize, B: i32, steps: i32, N: i32, to: usize): usize {
  for (let b = 0; b < B; b++, from += ROW, to += <usize>(steps * N) * sizeof<T>())
    unpack<T>(from, panelBytes, <usize>B * ROW, steps, N, to);
  return to;
}

@inline function copyShort<T>(to: usize, from: usize, count: i32): void {
  const end = from + <usize>count * sizeof<T>();
  for (; from + 16 <= end; from += 16, to += 16) v128.store(to, v128.load(from));
  for (; from < end; from += sizeof<T>(), to += sizeof<T>()) store<T>(to, load<T>(from));
}

/** The transpose of a row-major [N,K] matrix, packed: K rows, N columns. */
export function packTransposed<T>(from: usize, N: i32, K: i32, to: usize): void {
  packColumnsTransposed<T>(from, <usize>K * sizeof<T>(), N, K, to);
}

/** The same of rows that begin `rowBytes` apart: K columns of a wider matrix. */
export function packColumnsTransposed<T>(from: usize, rowBytes: usize, N: i32, K: i32, to: usize): void {
  const lanes: i32 = 16 / sizeof<T>();
  for (let left = N; left > 0; left -= width<T>()) {
    const columns = min(left, width<T>());
    if (columns < width<T>()) memory.fill(to, 0, <usize>K * ROW);
    for (let i = 0; i < columns; i += lanes) {
      const target = to + <usize>i * sizeof<T>();
      let k = 0;
      if (FUSED && i + lanes <= columns) {
        for (; k + lanes <= K; k += lanes)
          transposeBlock<T>(from + <usize>k * sizeof<T>(), rowBytes, target + <usize>k * ROW);
      }
      const some = min(lanes, columns - i);
      for (; k < K; k++) {
        for (let j = 0; j < some; j++)
          store<T>(
            target + <usize>k * ROW + <usize>j * sizeof<T>(),
            load<T>(from + <usize>j * rowBytes + <usize>k * sizeof<T>()),
          );
      }
      from += <usize>some * rowBytes;
    }
    to += <usize>K * ROW;
  }
}

/** Four by four float32, or two by two float64, from rows `rowBytes` apart to packed rows. */
@inline function transposeBlock<T>(from: usize, rowBytes: usize, to: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + rowBytes);
  if (sizeof<T>() == 8) {
    v128.store(to, v128.shuffle<u64>(r0, r1, 0, 2));
    v128.store(to, v128.shuffle<u64>(r0, r1, 1, 3), 64);
    return;
  }
  const r2 = v128.load(from + 2 * rowBytes);
  const r3 = v128.load(from + 3 * rowBytes);
  const low01 = v128.shuffle<u32>(r0, r1, 0, 4, 1, 5);
  const low23 = v128.shuffle<u32>(r2, r3, 0, 4, 1, 5);
  const high01 = v128.shuffle<u32>(r0, r1, 2, 6, 3, 7);
  const high23 = v128.shuffle<u32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<u64>(low01, low23, 0, 2));
  v128.store(to, v128.shuffle<u64>(low01, low23, 1, 3), 64);
  v128.store(to, v128.shuffle<u64>(high01, high23, 0, 2), 128);
  v128.store(to, v128.shuffle<u64>(high01, high23, 1, 3), 192);
}

/** One value in the first N columns of `rows` adjacent packed rows, zero beyond. */
export function fill<T>(value: T, N: i32, to: usize, panelBytes: usize, rows: i32): void {
  for (let left = N; left > 0; left -= width<T>()) {
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < width<T>(); i++)
        store<T>(to + <usize>r * ROW + <usize>i * sizeof<T>(), i < left ? value : <T>0);
    }
    to += panelBytes;
  }
}

// Bits for as many columns as a panel has, then as many without.
const BITS = memory.data<u64>([-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0], 16);

/** Where a row of bits begins that has those of the columns of the last panel of N. */
@inline export function maskOf<T>(N: i32): usize {
  const beyond = (width<T>() - N % width<T>()) % width<T>();
  return BITS + <usize>beyond * sizeof<T>();
}

/** Sets the columns beyond N of the last panel to zero again: ∞ and NaN reach them through products (∞·0). */
export function clearBeyond<T>(N: i32, lastPanel: usize, rows: i32): void {
  if (N % width<T>() == 0) return;
  const mask = maskOf<T>(N);
  const end = lastPanel + <usize>rows * ROW;
  for (let row = lastPanel; row < end; row += ROW) {
    for (let at: usize = 0; at < ROW; at += 16)
      v128.store(row + at, v128.and(v128.load(row + at), v128.load(mask + at)));
  }
}
