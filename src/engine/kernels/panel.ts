// AssemblyScript. In and out of the packed layout (see simd.ts).
import { panels, ROW, width } from './simd';

/** `rows` rows of N numbers from row-major memory into packed rows `rowBytes` apart; columns beyond N become zero. */
export function pack<T>(from: usize, rows: i32, N: i32, to: usize, panelBytes: usize, rowBytes: usize): void {
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
    to += rowBytes;
  }
}

/** The way back: packed rows `rowBytes` apart into row-major memory. */
export function unpack<T>(from: usize, panelBytes: usize, rowBytes: usize, rows: i32, N: i32, to: usize): void {
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
    from += rowBytes;
  }
}

@inline function copyShort<T>(to: usize, from: usize, count: i32): void {
  const end = from + <usize>count * sizeof<T>();
  for (; from + 16 <= end; from += 16, to += 16) v128.store(to, v128.load(from));
  for (; from < end; from += sizeof<T>(), to += sizeof<T>()) store<T>(to, load<T>(from));
}

/** The transpose of a row-major [N,K] matrix, packed: K rows, N columns. */
export function packTransposed<T>(from: usize, N: i32, K: i32, to: usize): void {
  for (let n = 0; n < panels<T>(N) * width<T>(); n += width<T>()) {
    for (let k = 0; k < K; k++) {
      for (let i = 0; i < width<T>(); i++) {
        store<T>(to, n + i < N ? load<T>(from + (<usize>(n + i) * K + k) * sizeof<T>()) : <T>0);
        to += sizeof<T>();
      }
    }
  }
}

/** One value in the first N columns of `rows` adjacent packed rows, zero beyond. */
export function fill<T>(value: T, N: i32, to: usize, panelBytes: usize, rows: i32): void {
  for (let left = N; left > 0; left -= width<T>()) {
    for (let r = 0; r < rows; r++) {
      for (let i = 0; i < width<T>(); i++) store<T>(to + <usize>r * ROW + <usize>i * sizeof<T>(), i < left ? value : <T>0);
    }
    to += panelBytes;
  }
}

/** Sets the columns beyond N of the last panel to zero again: ∞ and NaN reach them through products (∞·0). */
export function clearBeyond<T>(N: i32, lastPanel: usize, rows: i32): void {
  const used = N % width<T>();
  if (used == 0) return;
  for (let r = 0; r < rows; r++) {
    for (let i = used; i < width<T>(); i++) store<T>(lastPanel + <usize>r * ROW + <usize>i * sizeof<T>(), <T>0);
  }
}
