import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { Channel, ChannelClosed, buffersOf } from '../../../src/protocol/rpc.js';
import type { None, Port } from '../../../src/protocol/rpc.js';

type Answering = {
  requests: {
    double: { params: Float64Array; result: Float64Array };
    fail: { params: null; result: never };
    never: { params: null; result: null };
  };
  events: { note: string };
};
type Silent = { requests: None; events: None };

const portOf = (port: MessagePort): Port => ({
  post: (message, transfer) => port.postMessage(message, [...transfer]),
  onMessage: (listener) => port.on('message', listener),
});

function pair(): { caller: Channel<Silent, Answering>; notes: string[]; answered: Float64Array[]; end: () => void } {
  const { port1, port2 } = new MessageChannel();
  const notes: string[] = [];
  const answered: Float64Array[] = [];
  new Channel<Answering, Silent>(
    portOf(port2),
    {
      double: (values) => {
        const result = values.map((value) => 2 * value);
        answered.push(result);
        return result;
      },
      fail: () => {
        throw new Error('no such thing');
      },
      never: () => new Promise<null>(() => undefined),
    },
    { note: (text) => notes.push(text) },
  );
  return { caller: new Channel<Silent, Answering>(portOf(port1), {}, {}), notes, answered, end: () => port1.close() };
}

describe('Channel', () => {
  it('answers requests and moves typed arrays instead of copying them', async () => {
    const { caller, answered, end } = pair();
    assert.deepEqual(await caller.request('double', Float64Array.of(1, 2)), Float64Array.of(2, 4));
    assert.equal(answered[0]?.byteLength, 0, 'the answer has moved away from the other side');
    end();
  });

  it("gives a handler's error to its caller", async () => {
    const { caller, end } = pair();
    await assert.rejects(caller.request('fail', null), /no such thing/);
    end();
  });

  it('delivers events in order', async () => {
    const { caller, notes, end } = pair();
    caller.emit('note', 'first');
    caller.emit('note', 'second');
    await caller.request('double', Float64Array.of(1));
    assert.deepEqual(notes, ['first', 'second']);
    end();
  });

  it('rejects everyone who waits, and everyone who asks later, once it is closed', async () => {
    const { caller, end } = pair();
    const waiting = caller.request('never', null);
    caller.close('the other side is gone');
    await assert.rejects(waiting, ChannelClosed);
    await assert.rejects(caller.request('double', Float64Array.of(1)), /the other side is gone/);
    end();
  });

  it('finds each buffer once, however often it is viewed', () => {
    const buffer = new ArrayBuffer(16);
    assert.deepEqual(buffersOf({ a: new Float32Array(buffer), list: [new Uint8Array(buffer)], n: 1, nothing: null }), [
      buffer,
    ]);
  });
});
