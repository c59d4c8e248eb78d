// Suites that run side by side: how many at a time, in which order, and how what they say stays readable.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Lanes, Speakers } from '../../../build/lanes.mjs';

describe('lanes', () => {
  it('run the heaviest job first, and no more at a time than there are lanes', async () => {
    const lanes = new Lanes(2);
    const begun: number[] = [];
    let [now, most] = [0, 0];
    const job = (weight: number) => async (): Promise<number> => {
      begun.push(weight);
      most = Math.max(most, ++now);
      await new Promise((resolve) => setTimeout(resolve, 1));
      now--;
      return weight;
    };
    const given = await Promise.all([1, 5, 3, 4, 2].map((weight) => lanes.add(job(weight), weight)));
    assert.deepEqual(begun, [5, 4, 3, 2, 1]);
    assert.equal(most, 2);
    assert.deepEqual(given, [1, 5, 3, 4, 2]);
  });

  it('go on after a job that fails, and tell of it', async () => {
    const lanes = new Lanes(1);
    const failing = lanes.add(() => Promise.reject(new Error('no')), 2);
    const next = lanes.add(() => Promise.resolve('yes'), 1);
    await assert.rejects(failing, /no/);
    assert.equal(await next, 'yes');
  });
});

describe('what suites say', () => {
  it('is live of the first one, and whole of each other one once those before it are done', () => {
    let said = '';
    const speakers = new Speakers((text) => {
      said += text;
    });
    const [a, b, c] = [speakers.open(), speakers.open(), speakers.open()];
    a.write('a1 ');
    b.write('b1 ');
    c.write('c1 ');
    assert.equal(said, 'a1 ');
    b.end();
    a.write('a2 ');
    assert.equal(said, 'a1 a2 ');
    a.end();
    assert.equal(said, 'a1 a2 b1 c1 ');
    c.write('c2 ');
    c.end();
    assert.equal(said, 'a1 a2 b1 c1 c2 ');
  });
});
