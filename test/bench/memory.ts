// Peak memory of a piece of work in this process, from what Linux counts.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const status = '/proc/self/status';

const kilobytes = (field: 'VmRSS' | 'VmHWM'): number =>
  Number(new RegExp(`${field}:\\s*(\\d+)`).exec(readFileSync(status, 'utf8'))?.[1] ?? NaN);

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** MiB that were resident at most while `work` ran, beyond those before it; null where nobody counts them. */
export function peakMemory(work: () => void): number | null {
  if (!existsSync(status)) return null;
  gc();
  const before = kilobytes('VmRSS');
  // Sets the peak back to what is resident now.
  writeFileSync('/proc/self/clear_refs', '5');
  work();
  return Math.max(0, kilobytes('VmHWM') - before) / 1024;
}
