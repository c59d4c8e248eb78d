// Before any test of `npm run coverage`, in each of its threads: writes the thread's counters when it ends.
import { writeFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';

process.on('exit', () => {
  const counted = globalThis.__coverage__;
  const folder = process.env.RNN_COVERAGE;
  if (counted !== undefined && folder !== undefined)
    writeFileSync(`${folder}/${process.pid}-${threadId}.json`, JSON.stringify(counted));
});
