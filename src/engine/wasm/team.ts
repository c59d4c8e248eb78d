// Work that several threads may share: each does calls of its own on the same memory, then all wait for the last.
import type { DType } from '../core/dtypes.js';
import { dtypeKernels, otherKernels } from './abi.js';
import type { DTypeKernel, Exports, KernelName, Numbers, StructName, Table } from './abi.js';
import type { Task, Team } from './instance.js';

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
const placeOf = (name: KernelName, dtype: DType): number =>
  places.get(name) ?? places.get(`${name}${dtype === 'float32' ? 32 : 64}`) ?? NaN;

/** Numbers of the longest task. */
export const mostTaskNumbers =
  1 + Math.max(...[...Object.values(dtypeKernels), ...Object.values(otherKernels)].map(({ takes }) => takes.length));

/** The call of a kernel that works on the struct at `job`. */
export const task = <Name extends JobKernel>(name: Name, dtype: DType, job: number, ...args: AfterJob<Name>): Task => [
  placeOf(name, dtype),
  job,
  ...args,
];

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
