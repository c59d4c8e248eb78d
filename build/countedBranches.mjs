// Before any test of `npm run coverage`, in each of its threads: writes the thread's counters when it ends. Tests that
// draw their cases draw the same ones each time, so that the count is the same each time.
import { writeFileSync } from 'node:fs';
import { threadId } from 'node:worker_threads';
import fc from 'fast-check';

fc.configureGlobal({ seed: 1 });

process.on('exit', () => {
  const counted = globalThis.__coverage__;
  const folder = process.env.RNN_COVERAGE;
  if (counted !== undefined && folder !== undefined)
    writeFileSync(`${folder}/${process.pid}-${threadId}.json`, JSON.stringify(counted));
});
