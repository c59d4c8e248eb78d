// Work that several threads may share: each does calls of its own on the same memory, then all wait for the last.
import type { DType } from '../core/dtypes.js';
import type { Exports, Task, Team } from './instance.js';

const operations = [
  'input',
  'forward',
  'backward',
  'inputGradient',
  'sums',
  'flowSlopes',
  'flowRows',
  'flowInputs',
  'flowNorms',
  'gramRows',
  'formPanels',
] as const;
type Operation = (typeof operations)[number];

export const mostTaskNumbers = 9;

export const task = (operation: Operation, dtype: DType, ...args: readonly number[]): Task => [
  2 * operations.indexOf(operation) + (dtype === 'float32' ? 0 : 1),
  ...args,
];

export function perform(
  exports: Exports,
  [code = 0, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0]: Task,
): void {
  const float32 = code % 2 === 0;
  switch (operations[code >> 1]) {
    case 'input':
      if (float32) exports.input32(a, b, c);
      else exports.input64(a, b, c);
      return;
    case 'forward':
      if (float32) exports.forward32(a, b, c, d, e);
      else exports.forward64(a, b, c, d, e);
      return;
    case 'backward':
      if (float32) exports.backward32(a, b, c, d, e, f);
      else exports.backward64(a, b, c, d, e, f);
      return;
    case 'inputGradient':
      if (float32) exports.inputGradient32(a, b, c, d, e);
      else exports.inputGradient64(a, b, c, d, e);
      return;
    case 'sums':
      if (float32) exports.sums32(a, b, c, d, e, f, g, h);
      else exports.sums64(a, b, c, d, e, f, g, h);
      return;
    case 'flowSlopes':
      exports.flowSlopes(a, b, c, d);
      return;
    case 'flowRows':
      exports.flowRows(a, b, c, d, e, f);
      return;
    case 'flowInputs':
      exports.flowInputs(a, b, c);
      return;
    case 'flowNorms':
      exports.flowNorms(a, b, c, d, e);
      return;
    case 'gramRows':
      if (float32) exports.gramRows32(a, b, c, d, e);
      else exports.gramRows64(a, b, c, d, e);
      return;
    case 'formPanels':
      if (float32) exports.formPanels32(a, b, c, d, e);
      else exports.formPanels64(a, b, c, d, e);
      return;
    case undefined:
      throw new Error(`There is no kernel operation ${code}.`);
  }
}

/** Shares tasks out to a team; without one the caller does them all. */
export function share(team: Team | null, exports: Exports, tasks: readonly (Task | null)[]): void {
  if (team !== null) team.run(tasks);
  else for (const own of tasks) if (own !== null) perform(exports, own);
}
