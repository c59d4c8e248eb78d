// The clock of a machine jumps: it is set, or the machine has slept. What waits or measures asks the one that only goes
// on (`performance.now`); the time of day is for showing, and for what is held against the times of files.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';

/** Where the time of day is asked, and how often. */
const known: Readonly<Record<string, { readonly times: number; readonly why: string }>> = {
  'src/editor/following/session.ts': { times: 1, why: 'when a result came, as the history shows it' },
  'src/editor/files/partialWrites.ts': { times: 1, why: 'held against the time of a file' },
  'src/editor/files/editorFiles.ts': { times: 1, why: 'held against the times of a file' },
  'src/editor/context/keptLog.ts': { times: 1, why: 'the time of a line of the log' },
  'src/panel/saveReport.ts': { times: 1, why: 'when a report was made' },
  'src/cli/runCommand.ts': { times: 1, why: 'when a report was made' },
};

describe('the time of day', () => {
  it('measures nothing and ends no wait', () => {
    const found: Record<string, number> = {};
    for (const folder of ['src', 'webview'])
      for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
        if (!name.endsWith('.ts')) continue;
        const file = path.join(folder, name).split(path.sep).join('/');
        const times = [...readFileSync(file, 'utf8').matchAll(/\bDate\.now\b|\bnew Date\(\)/g)].length;
        if (times > 0) found[file] = times;
      }
    assert.deepEqual(found, Object.fromEntries(Object.entries(known).map(([file, { times }]) => [file, times])));
  });
});
