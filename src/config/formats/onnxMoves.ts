// Nodes of ONNX that only move numbers, or write them in another type: what they make of tensors that are stored.
// https://onnx.ai/onnx/operators
import { rangeOf, readRange, sizeOf } from './source.js';
import { bytesOf, countOf, eachPlace, isRowMajor, numbersOf, stridesOf } from './storedNumbers.js';
import type { NumberType, Stored } from './storedNumbers.js';
import type { Tick } from '../json/scanner.js';

/** How a node is asked. `integers`: of an attribute, or of a list that is an input; null where neither is known. */
export type Move = {
  readonly tensors: readonly (Stored | null)[];
  /** Whether an optional input is there. */
  readonly has: (input: number) => boolean;
  readonly integers: (attribute: string, input: number | null) => readonly number[] | null;
  readonly integer: (attribute: string) => number | null;
  readonly outputs: number;
  /** Which of the outputs is wanted. */
  readonly output: number;
  readonly tick: Tick;
  /** Told of bytes before they are written. */
  readonly spend: (bytes: number) => void;
};

/** More axes are of no use to a recurrent node. */
const mostAxes = 8;

/** Null where the node cannot be known, or does not fit its tensors. */
type Maker = (stored: Stored, move: Move) => Stored | null;

const withShape = (stored: Stored, shape: readonly number[], move: Move): Stored => ({
  ...rowMajor(stored, move),
  shape,
  strides: stridesOf(shape),
});

/** The same numbers one after the other, with nothing before or behind them. */
function rowMajor(stored: Stored, { tick, spend }: Move): Stored {
  const { type, bytes, shape, offset } = stored;
  const size = bytesOf(type);
  const length = countOf(shape)! * size;
  const plain = { ...stored, offset: 0, strides: stridesOf(shape) };
  if (isRowMajor(stored)) return { ...plain, bytes: rangeOf(bytes, offset * size, offset * size + length) };
  spend(length);
  const [from, to] = [readRange(bytes, 0, sizeOf(bytes)), new Uint8Array(length)];
  eachPlace(stored, tick, (i, place) => {
    for (let k = 0; k < size; k++) to[i * size + k] = from[place * size + k]!;
  });
  return { ...plain, bytes: to };
}

/** Counted from the end where it is negative; null outside. */
function axisOf(axis: number, rank: number): number | null {
  const own = axis < 0 ? axis + rank : axis;
  return own >= 0 && own < rank ? own : null;
}

function axesOf(given: readonly number[], rank: number): ReadonlySet<number> | null {
  const axes = given.map((axis) => axisOf(axis, rank));
  const distinct = new Set(axes.filter((axis) => axis !== null));
  return distinct.size === given.length ? distinct : null;
}

function unsqueeze(stored: Stored, move: Move): Stored | null {
  const given = move.integers('axes', 1);
  const rank = stored.shape.length + (given?.length ?? 0);
  const added = given === null || rank > mostAxes ? null : axesOf(given, rank);
  if (added === null) return null;
  const rest = [...stored.shape];
  return withShape(
    stored,
    Array.from({ length: rank }, (_, axis) => (added.has(axis) ? 1 : rest.shift()!)),
    move,
  );
}

/** Without axes it takes away every axis of one. */
function squeeze(stored: Stored, move: Move): Stored | null {
  const { shape } = stored;
  const isTold = move.has(1) || move.integers('axes', null) !== null;
  const given = isTold ? move.integers('axes', 1) : [...shape.keys()].filter((axis) => shape[axis] === 1);
  const taken = given === null ? null : axesOf(given, shape.length);
  if (taken === null || [...taken].some((axis) => shape[axis] !== 1)) return null;
  return withShape(
    stored,
    shape.filter((_, axis) => !taken.has(axis)),
    move,
  );
}

function transpose(stored: Stored, move: Move): Stored | null {
  const { shape, strides } = stored;
  const order = move.integers('perm', null) ?? [...shape.keys()].reverse();
  if (order.length !== shape.length || axesOf(order, shape.length) === null || order.some((axis) => axis < 0))
    return null;
  return { ...stored, shape: order.map((axis) => shape[axis]!), strides: order.map((axis) => strides[axis]!) };
}

/** 0: as many as before, unless `allowzero`; −1: as many as are left. */
function reshape(stored: Stored, move: Move): Stored | null {
  const given = move.integers('shape', 1);
  if (given === null || given.length > mostAxes) return null;
  const keeps = (move.integer('allowzero') ?? 0) === 0;
  const sizes = given.map((size, axis) => (size === 0 && keeps ? (stored.shape[axis] ?? Number.NaN) : size));
  const count = countOf(stored.shape)!;
  const known = sizes.filter((size) => size !== -1).reduce((product, size) => product * size, 1);
  const shape = sizes.map((size) => (size === -1 ? count / known : size));
  return sizes.length - sizes.filter((size) => size !== -1).length <= 1 && countOf(shape) === count
    ? withShape(stored, shape, move)
    : null;
}

function flatten(stored: Stored, move: Move): Stored | null {
  const { shape } = stored;
  const given = move.integer('axis') ?? 1;
  const axis = given < 0 ? given + shape.length : given;
  if (axis < 0 || axis > shape.length) return null;
  const sizes = [shape.slice(0, axis), shape.slice(axis)];
  return withShape(
    stored,
    sizes.map((part) => countOf(part)!),
    move,
  );
}

/** The types all of whose numbers a type has, too. */
const widened: Readonly<Partial<Record<NumberType, readonly NumberType[]>>> = {
  f4: ['bool', 'u1', 'i1', 'u2', 'i2', 'f2', 'bf16'],
  f8: ['bool', 'u1', 'i1', 'u2', 'i2', 'u4', 'i4', 'f2', 'bf16', 'f4'],
};

/** A cast that changes no number, and the one to float32, which rounds as every framework does. */
function cast(stored: Stored, to: NumberType | undefined, { tick, spend }: Move): Stored | null {
  const { type, shape } = stored;
  if (to === undefined) return null;
  if (to === type || widened[to]?.includes(type) === true) return stored;
  if (to !== 'f4' || type !== 'f8') return null;
  spend(4 * countOf(shape)!);
  const numbers = Float32Array.from(numbersOf(stored, tick));
  const bytes = new Uint8Array(4 * numbers.length);
  const view = new DataView(bytes.buffer);
  numbers.forEach((value, i) => view.setFloat32(4 * i, value, true));
  return { type: to, bytes, little: true, shape, offset: 0, strides: stridesOf(shape) };
}

/** The numbers at some places along an axis, one after the other; a place may stand there twice. */
function taken(stored: Stored, axis: number, places: readonly number[], move: Move): Stored {
  const { bytes, type, shape } = rowMajor(stored, move);
  const inner = countOf(shape.slice(axis + 1))! * bytesOf(type);
  const outer = countOf(shape.slice(0, axis))!;
  move.spend(outer * places.length * inner);
  const [from, to] = [readRange(bytes, 0, sizeOf(bytes)), new Uint8Array(outer * places.length * inner)];
  for (let row = 0, at = 0; row < outer; row++)
    for (const place of places) {
      const start = (row * shape[axis]! + place) * inner;
      to.set(from.subarray(start, start + inner), at);
      at += inner;
    }
  const own = shape.map((size, i) => (i === axis ? places.length : size));
  return { ...stored, bytes: to, shape: own, offset: 0, strides: stridesOf(own) };
}

/** What stands along an axis at each of some places, which are a tensor of whole numbers. */
function gather(stored: Stored, move: Move): Stored | null {
  const { tensors, tick } = move;
  const indices = tensors[1] ?? null;
  const axis = axisOf(move.integer('axis') ?? 0, stored.shape.length);
  if (indices === null || axis === null || (indices.type !== 'i8' && indices.type !== 'i4')) return null;
  const places = Array.from(numbersOf(indices, tick), (place) => axisOf(place, stored.shape[axis]!));
  const inside = places.filter((place) => place !== null);
  const shape = stored.shape.flatMap((size, i) => (i === axis ? indices.shape : [size]));
  if (inside.length < places.length || shape.length > mostAxes || shape.includes(0)) return null;
  return withShape(taken(stored, axis, inside, move), shape, move);
}

/** Axes of one are repeated, and others stand before the first one, until both shapes are the same. */
function expand(stored: Stored, move: Move): Stored | null {
  const given = move.integers('shape', 1);
  if (given === null || given.length > mostAxes) return null;
  const rank = Math.max(given.length, stored.shape.length);
  const sizesOf = (shape: readonly number[]): number[] => [...new Array<number>(rank - shape.length).fill(1), ...shape];
  const [own, wanted] = [sizesOf(stored.shape), sizesOf(given)];
  const shape = own.map((size, i) => (size === 1 ? wanted[i]! : size));
  const count = countOf(shape);
  if (!count || wanted.some((size, i) => size !== 1 && size !== shape[i])) return null;
  move.spend(count * bytesOf(stored.type));
  const strides = [...new Array<number>(rank - stored.shape.length).fill(0), ...stored.strides];
  return { ...stored, shape, strides: strides.map((stride, i) => (own[i] === 1 ? 0 : stride)) };
}

/** From one place to before another on some axes, in steps forward or back. */
function slice(stored: Stored, move: Move): Stored | null {
  const [starts, ends] = [move.integers('starts', 1), move.integers('ends', 2)];
  if (starts === null || ends?.length !== starts.length) return null;
  const axes = move.has(3) || move.integers('axes', null) !== null ? move.integers('axes', 3) : [...starts.keys()];
  const steps = move.has(4) ? move.integers('steps', 4) : starts.map(() => 1);
  const own = axes?.length === starts.length ? axesOf(axes, stored.shape.length) : null;
  if (own === null || steps?.length !== starts.length || steps.includes(0)) return null;
  const [shape, strides] = [[...stored.shape], [...stored.strides]];
  let { offset } = stored;
  const turned: number[] = [];
  for (const [i, axis] of [...own].entries()) {
    const [size, step] = [shape[axis]!, steps[i]!];
    // Back to the first place the end stands before it.
    const [least, most] = step > 0 ? [0, size] : [-1, size - 1];
    const inside = (place: number): number => Math.min(Math.max(place < 0 ? place + size : place, least), most);
    const [from, to] = [inside(starts[i]!), inside(ends[i]!)];
    const count = Math.max(0, Math.ceil((to - from) / step));
    shape[axis] = count;
    // A start before the first place stands there for some readers, and for others nowhere.
    if (step < 0 && starts[i]! < -size) return null;
    // A tensor reaches forward: what goes back is cut out so, and turned around behind that.
    if (step < 0) turned.push(axis);
    offset += (step > 0 ? from : from + (count - 1) * step) * strides[axis]!;
    strides[axis] = strides[axis]! * Math.abs(step);
  }
  if (shape.includes(0)) return null;
  return turned.reduce<Stored>((cut, axis) => taken(cut, axis, [...Array(shape[axis]).keys()].reverse(), move), {
    ...stored,
    shape,
    strides,
    offset,
  });
}

/** One of the pieces along an axis: of the sizes that are told, or of the same one. */
function split(stored: Stored, move: Move): Stored | null {
  const { outputs, output } = move;
  const axis = axisOf(move.integer('axis') ?? 0, stored.shape.length);
  if (axis === null) return null;
  const size = stored.shape[axis]!;
  const piece = Math.ceil(size / outputs);
  const isTold = move.has(1) || move.integers('split', null) !== null;
  const sizes = isTold
    ? move.integers('split', 1)
    : Array.from({ length: outputs }, (_, i) => Math.min(piece, size - i * piece));
  const own = sizes?.[output];
  if (own === undefined || sizes!.some((one) => one < 1) || sizes!.reduce((sum, one) => sum + one, 0) !== size)
    return null;
  const from = sizes!.slice(0, output).reduce((sum, one) => sum + one, 0);
  const shape = stored.shape.map((one, i) => (i === axis ? own : one));
  return { ...stored, shape, offset: stored.offset + from * stored.strides[axis]! };
}

/** Tensors beside each other on one axis. */
function concat(stored: Stored, move: Move): Stored | null {
  const { tensors, spend } = move;
  const rank = stored.shape.length;
  const axis = axisOf(move.integer('axis') ?? 0, rank);
  const parts = tensors.filter((part) => part !== null);
  const fits = parts.every(
    ({ type, shape }) =>
      type === stored.type && shape.length === rank && shape.every((size, i) => i === axis || size === stored.shape[i]),
  );
  // Without numbers there may be more rows than memory.
  const isEmpty = parts.some(({ shape }) => shape.includes(0));
  if (axis === null || parts.length < tensors.length || !fits || isEmpty) return null;
  const plain = parts.map((part) => rowMajor(part, move));
  const length = plain.reduce((sum, { bytes }) => sum + sizeOf(bytes), 0);
  spend(length);
  const outer = stored.shape.slice(0, axis).reduce((product, one) => product * one, 1);
  const whole = new Uint8Array(length);
  let at = 0;
  for (let row = 0; row < outer; row++)
    for (const { bytes } of plain) {
      const size = sizeOf(bytes) / outer;
      whole.set(readRange(bytes, row * size, (row + 1) * size), at);
      at += size;
    }
  const shape = stored.shape.map((one, i) => (i === axis ? plain.reduce((sum, part) => sum + part.shape[i]!, 0) : one));
  return { ...plain[0]!, bytes: whole, shape, strides: stridesOf(shape) };
}

const makers: ReadonlyMap<string, Maker> = new Map<string, Maker>([
  ['Identity', (stored) => stored],
  ['Unsqueeze', unsqueeze],
  ['Squeeze', squeeze],
  ['Transpose', transpose],
  ['Reshape', reshape],
  ['Flatten', flatten],
  ['Slice', slice],
  ['Gather', gather],
  ['Expand', expand],
  ['Split', split],
  ['Concat', concat],
]);

export const isMoving = (op: string): boolean => op === 'Cast' || makers.has(op);

/** `castTo`: the type that a Cast names. */
export function moved(op: string, move: Move, castTo: NumberType | undefined): Stored | null {
  const [first] = move.tensors;
  if (first === undefined || first === null) return null;
  return op === 'Cast' ? cast(first, castTo, move) : (makers.get(op)?.(first, move) ?? null);
}
