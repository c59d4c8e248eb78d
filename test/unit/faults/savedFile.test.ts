// A file that is saved while the disk refuses a step, any of them: afterwards there is the old file or the new one,
// whole, and nothing beside it.
import assert from 'node:assert/strict';
import { arm, disarm } from '../../support/faults.js';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { writeWhole } from '../../../src/report/index.js';

const folder = mkdtempSync(path.join(tmpdir(), 'rnn-faults-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const pieces = ['new ', 'and ', 'whole'];

describe('a file that is saved', () => {
  for (const before of ['old', null])
    for (const persistent of [false, true])
      it(
        `${before === null ? 'is not there' : 'is as it was'} where a step fails, ` +
          (persistent ? 'and all after it' : 'once'),
        async (t) => {
          const target = path.join(folder, `saved-${String(before)}-${persistent}.json`);
          let survived = 0;
          for (let n = 1; ; n++) {
            rmSync(target, { force: true });
            if (before !== null) {
              writeFileSync(target, before);
              // Another mode than a new file has, so that it has to be set.
              chmodSync(target, 0o640);
            }
            arm('file', n, persistent);
            const error = await writeWhole(target, pieces).then(
              () => null,
              (reason: unknown) => reason,
            );
            const { failed } = disarm();
            const name = path.basename(target);
            if (failed === 0) {
              assert.equal(error, null);
              break;
            }
            survived++;
            assert.ok(error instanceof Error && error.message.startsWith('EIO'), `${n}: ${String(error)}`);
            assert.deepEqual(
              readdirSync(folder).filter((file) => file.startsWith('.rnn') || file === name),
              before === null ? [] : [name],
            );
            if (before !== null) assert.equal(readFileSync(target, 'utf8'), before);
          }
          assert.equal(readFileSync(target, 'utf8'), pieces.join(''));
          t.diagnostic(`${survived} places`);
          assert.ok(survived >= 6, `${survived} places`);
        },
      );
});
