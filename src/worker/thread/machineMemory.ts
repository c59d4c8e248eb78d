import { totalmem } from 'node:os';

/** Bytes of memory that this machine has. */
export const machineMemory = (): number => totalmem();
