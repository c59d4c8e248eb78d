// Work that several threads may share: each does calls of its own on the same memory, then all wait for the last.
import type { DType } from '../core/dtypes.js';
import { dtypeKernels, otherKernels } from './abi.js';
import type { DTypeKernel, Exports, KernelName, Numbers, StructName, Table } from './abi.js';
import type { Kernels, Task, Team } from './instance.js';

/** The kernels that work on a struct, whose address comes first; and what they take behind it. */
export type JobKernel = {
  [Name in KernelName]: Table[Name]['takes'] extends readonly [`job: ${StructName}`, ...(readonly string[])]
    ? Name
    : never;
}[KernelName];
export type AfterJob<Name extends JobKernel> = Table[Name]['takes'] extends readonly [string, ...infer Rest]
  ? Numbers<Rest>
  : never;

/** Every kernel by the name that a module gives it; a task begins with the place of its kernel here. */
export const exportNames: readonly (keyof Exports)[] = [
  ...(Object.keys(dtypeKernels) as DTypeKernel[]).flatMap((name) => [`${name}32`, `${name}64`] as const),
  ...(Object.keys(otherKernels) as (keyof typeof otherKernels)[]),
];

const places = new Map<string, number>(exportNames.map((name, place) => [name, place]));
const placesIn = (bits: 32 | 64): ReadonlyMap<string, number> =>
  new Map([
    ...places,
    ...Object.keys(dtypeKernels).map((name): [string, number] => [name, places.get(`${name}${bits}`) ?? NaN]),
  ]);
const placesOf: Readonly<Record<DType, ReadonlyMap<string, number>>> = {
  float32: placesIn(32),
  float64: placesIn(64),
};

/** Numbers of the longest task. */
export const mostTaskNumbers =
  1 + Math.max(...[...Object.values(dtypeKernels), ...Object.values(otherKernels)].map(({ takes }) => takes.length));

/** The call of a kernel that works on the struct at `job`. */
export const task = <Name extends JobKernel>(name: Name, dtype: DType, job: number, ...args: AfterJob<Name>): Task => [
  placesOf[dtype].get(name) ?? NaN,
  job,
  ...args,
];

/** The kernels in float64 whose arguments are all whole numbers, which is what threads can hand to each other. */
type WholeKernel = {
  [Name in keyof typeof otherKernels]: Table[Name]['takes'][number] extends `${string}: ${'i32' | 'usize'}`
    ? Name
    : never;
}[keyof typeof otherKernels];

/** The call of one of them. */
export const call = <Name extends WholeKernel>(name: Name, ...args: Numbers<Table[Name]['takes']>): Task => [
  places.get(name) ?? NaN,
  ...args,
];

/** Calls the kernel that a task names. @throws Error where there is no kernel of that number */
export function perform(exports: Exports, [place = -1, ...args]: Task): void {
  const name = exportNames[place];
  if (name === undefined) throw new Error(`There is no kernel ${place}: the last is ${exportNames.length - 1}.`);
  const kernel: (...args: readonly number[]) => void = exports[name];
  kernel(...args);
}

/** Shares tasks out to a team; without one the caller does them all. */
export function share(team: Team | null, exports: Exports, tasks: readonly (Task | null)[]): void {
  if (team !== null) team.run(tasks);
  else for (const own of tasks) if (own !== null) perform(exports, own);
}

/** Multiplications below which handing them out takes longer than doing them, some 12 µs. */
const worthAsking = 1.5e5;

/** How many threads of these kernels' team are worth asking for so many multiplications. */
export const threadsOf = ({ team }: Kernels, multiplications: number): number =>
  team === null || multiplications < worthAsking ? 1 : team.size;

/**
 * `count` rows (or panels) in equal parts for the threads of these kernels' team, `unit` of them together; `work`:
 * multiplications of one. The parts must not write where another one reads.
 */
export function inParts(
  kernels: Kernels,
  { count, unit = 1, work }: { readonly count: number; readonly unit?: number; readonly work: number },
  taskOf: (first: number, end: number) => Task,
): void {
  const units = Math.ceil(count / unit);
  const parts = Math.min(units, threadsOf(kernels, count * work));
  const border = (part: number): number => Math.min(count, unit * Math.floor((units * part) / parts));
  if (parts > 1) kernels.team?.run(Array.from({ length: parts }, (_, part) => taskOf(border(part), border(part + 1))));
  else if (count > 0) perform(kernels.exports, taskOf(0, count));
}
