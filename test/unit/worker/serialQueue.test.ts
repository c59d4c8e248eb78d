import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SerialQueue } from '../../../src/worker/scheduling/serialQueue.js';

describe('work in a queue', () => {
  it('begins when the work before it has ended', async () => {
    const queue = new SerialQueue();
    const told: string[] = [];
    const work = (name: string) => async (): Promise<string> => {
      told.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      told.push(`${name} ends`);
      return name;
    };
    assert.deepEqual(await Promise.all([queue.add(work('a')), queue.add(work('b'))]), ['a', 'b']);
    assert.deepEqual(told, ['a begins', 'a ends', 'b begins', 'b ends']);
  });

  it('rejects its own caller alone', async () => {
    const queue = new SerialQueue();
    const fails = (): never => {
      throw new TypeError('a fault');
    };
    const [first, second] = await Promise.allSettled([queue.add(fails), queue.add(() => 2)]);
    assert.match(String(first.status === 'rejected' && first.reason), /a fault/);
    assert.deepEqual(second, { status: 'fulfilled', value: 2 });
  });
});
