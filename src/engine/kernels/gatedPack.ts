// AssemblyScript. The parameters of LSTM and GRU between their matrices, whose rows hold all gates side by side, and
// the packed layout of ./gatedRun.ts, block by block as the kernels meet them.
import { BLOCKS, gatesOf, LSTM } from './gates';
import { packColumns, packColumnsTransposed, unpack, unpackColumns } from './panel';
import { panels, panelsOf, ROW, width } from './simd';

/** The gate of Wx or of Wh that the block at this place meets, of those that meet the input or the state. */
@inline function gateAt(cell: i32, isInput: i32, place: i32): i32 {
  return cell == LSTM || isInput != 0 ? place : (place + 2) % 3;
}

/** The place of a gate's block among those that meet the state. */
@inline function placeOfState(cell: i32, gate: i32): i32 {
  return cell == LSTM ? gate : (gate + 1) % 3;
}

/**
 * The rows row … row + rows − 1, which begin at `from`, of Wx [I,G·H] or Wh [H,G·H]. Forward Wx stands below Wh, the
 * blocks of one gate in the place of the state's block. Backward numbers beyond H are left as they are.
 */
export function packGates<T>(
  cell: i32, isInput: i32, from: usize, row: i32, rows: i32, I: i32, H: i32, forward: usize, backward: usize,
): void {
  packRows(cell, isInput, from, row, rows, I, H, forward, backward, sizeof<T>() == 8);
}

/** The same of either dtype, `wide` of float64. */
function packRows(
  cell: i32, isInput: i32, from: usize, row: i32, rows: i32, I: i32, H: i32, forward: usize, backward: usize,
  wide: bool,
): void {
  const G = gatesOf(cell);
  const w = wide ? width<f64>() : width<f32>();
  const hBytes = <usize>H * (ROW / <usize>w);
  const rowBytes = <usize>G * hBytes;
  const weightsBlock = <usize>(H + I) * ROW;
  const hPanels = panelsOf(H, wide);
  const block = <usize>(hPanels * w) * ROW;
  const panel = <usize>G * block;
  forward += <usize>(isInput != 0 ? H + row : row) * ROW;
  backward += <usize>((isInput != 0 ? hPanels : 0) + row / w) * panel;
  for (let place = 0; place < G; place++) {
    const gate = gateAt(cell, isInput, place);
    const columns = from + <usize>gate * hBytes;
    const to = forward + <usize>placeOfState(cell, gate) * weightsBlock;
    if (wide) packColumns<f64>(columns, rowBytes, rows, H, to, <usize>G * weightsBlock, ROW);
    else packColumns<f32>(columns, rowBytes, rows, H, to, <usize>G * weightsBlock, ROW);
    let target = backward + <usize>place * block;
    for (let r = 0; r < rows; r += w, target += panel) {
      const first = columns + <usize>r * rowBytes;
      if (wide) packColumnsTransposed<f64>(first, rowBytes, min(w, rows - r), H, target);
      else packColumnsTransposed<f32>(first, rowBytes, min(w, rows - r), H, target);
    }
  }
}

/** The same rows of dWx or dWh, which is at `from`, to `to`. */
export function unpackGates<T>(
  cell: i32, isInput: i32, from: usize, row: i32, rows: i32, I: i32, H: i32, to: usize,
): void {
  unpackRows(cell, isInput, from, row, rows, I, H, to, sizeof<T>() == 8);
}

export function unpackRows(
  cell: i32, isInput: i32, from: usize, row: i32, rows: i32, I: i32, H: i32, to: usize, wide: bool,
): void {
  const G = gatesOf(cell);
  const w = wide ? width<f64>() : width<f32>();
  const hBytes = <usize>H * (ROW / <usize>w);
  const panelBytes = <usize>(panelsOf(isInput != 0 ? I : H, wide) * w) * ROW;
  from += <usize>row * ROW;
  for (let place = 0; place < G; place++) {
    const target = to + <usize>gateAt(cell, isInput, place) * hBytes;
    if (wide) unpackColumns<f64>(from, panelBytes, ROW, rows, H, target, <usize>G * hBytes);
    else unpackColumns<f32>(from, panelBytes, ROW, rows, H, target, <usize>G * hBytes);
    from += <usize>panelsOf(H, wide) * panelBytes;
  }
}

/** The biases of every block [H/w][BLOCKS][w] from b [G·H], behind which bh [3·H] stands where the cell is GRU. */
export function packBiases<T>(cell: i32, from: usize, H: i32, to: usize): void {
  for (let j = 0; j < panels<T>(H) * width<T>(); j++) {
    const at = from + <usize>j * sizeof<T>();
    const gateBytes = <usize>H * sizeof<T>();
    const target = to + <usize>(j / width<T>() * BLOCKS) * ROW + <usize>(j % width<T>()) * sizeof<T>();
    for (let block = 0; block < BLOCKS; block++) {
      // The sum begins with 0, so that −0 becomes 0.
      let sum: T = 0;
      if (j < H) {
        if (cell == LSTM || block > 0)
          sum = sum + load<T>(at + <usize>(cell == LSTM ? block : block - 1) * gateBytes);
        if (cell != LSTM && block < 3) sum = sum + load<T>(at + <usize>(3 + (block + 2) % 3) * gateBytes);
      }
      store<T>(target + <usize>block * ROW, sum);
    }
  }
}

/** The gradients of the biases from those of the blocks, one row for every panel, in the order of `packBiases`. */
export function unpackBiases<T>(cell: i32, from: usize, H: i32, to: usize): void {
  const hBytes = <usize>H * sizeof<T>();
  const blockBytes = <usize>panels<T>(H) * ROW;
  for (let block = 0; block < BLOCKS; block++, from += blockBytes) {
    if (cell == LSTM || block > 0)
      unpack<T>(from, ROW, ROW, 1, H, to + <usize>(cell == LSTM ? block : block - 1) * hBytes);
    if (cell != LSTM && block < 3) unpack<T>(from, ROW, ROW, 1, H, to + <usize>(3 + (block + 2) % 3) * hBytes);
  }
}
