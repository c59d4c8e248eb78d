import type * as node from './machineMemory.js';

/** Most browsers do not tell; no tab gets more than this anyway, GiB. */
const most = 4;

export const machineMemory: typeof node.machineMemory = () => {
  const told: unknown = (globalThis as { navigator?: { deviceMemory?: unknown } }).navigator?.deviceMemory;
  return Math.min(typeof told === 'number' ? told : most, most) * 2 ** 30;
};
