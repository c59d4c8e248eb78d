import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { nothing, number, object, text } from '../../../src/protocol/checks.js';
import { Channel, ChannelClosed, buffersOf } from '../../../src/protocol/rpc.js';
import type { None, Port } from '../../../src/protocol/rpc.js';

const trusted = { checks: 'trusted', onFault: (error: Error): void => assert.fail(error) } as const;

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
    trusted,
  );
  return {
    caller: new Channel<Silent, Answering>(portOf(port1), {}, {}, trusted),
    notes,
    answered,
    end: () => port1.close(),
  };
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
    const error: unknown = await caller.request('fail', null).catch((reason: unknown) => reason);
    assert.ok(error instanceof Error);
    assert.equal(error.message, 'no such thing');
    assert.match(error.stack ?? '', /^Error: no such thing\n +at .*\bfail\b/, 'with where it was thrown');
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

type Guarded = {
  requests: { half: { params: { readonly of: number }; result: number }; late: { params: null; result: number } };
  events: { note: string; boom: null; lateBoom: null };
};

/**
 * A channel that gets what it hears by hand, and what it did: answers that it posted, calls of its handlers, faults
 * that it told.
 */
function guarded(checks: 'checked' | 'trusted' = 'checked') {
  const posted: unknown[] = [];
  const called: string[] = [];
  const faults: string[] = [];
  let hear: (message: unknown) => void = () => assert.fail('nobody listens');
  new Channel<Guarded, Silent>(
    {
      post: (message) => {
        const { stack, ...said } = message as { readonly stack?: string };
        assert.equal(typeof stack, 'message' in said ? 'string' : 'undefined');
        posted.push(said);
      },
      onMessage: (listener) => {
        hear = listener;
      },
    },
    {
      half: ({ of }) => {
        called.push('half');
        return of / 2;
      },
      late: () => Promise.reject(new Error('too late')),
    },
    {
      note: () => called.push('note'),
      boom: () => {
        throw new Error('bang');
      },
      lateBoom: () => Promise.reject(new Error('late bang')),
    },
    {
      checks:
        checks === 'trusted'
          ? checks
          : {
              requests: { half: object({ of: number() }), late: nothing },
              events: { note: text, boom: nothing, lateBoom: nothing },
            },
      onFault: ({ message }) => faults.push(message),
    },
  );
  const send = async (message: unknown): Promise<void> => {
    hear(message);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { posted, called, faults, send };
}

describe('what a broken side sends', () => {
  const inherited = ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf'];

  for (const checks of ['checked', 'trusted'] as const) {
    for (const name of [...inherited, 'nothing like it']) {
      it(`${name} is no request and no event (${checks})`, async () => {
        const { posted, called, faults, send } = guarded(checks);
        await send({ type: 'request', id: 7, name, params: null });
        await send({ type: 'event', name, payload: null });
        assert.deepEqual(posted, [
          { type: 'error', id: 7, message: `There is no request "${name}". Known: half, late.` },
        ]);
        assert.deepEqual(faults, [
          `The event "${name}" failed: There is no event "${name}". Known: note, boom, lateBoom.`,
        ]);
        assert.deepEqual(called, []);
      });
    }
  }

  const wrong: readonly (readonly [params: unknown, told: string])[] = [
    [null, 'half must be an object, found null'],
    [[1], 'half must be an object, found an array of 1'],
    [{}, 'half.of must be a finite number, found undefined'],
    [{ of: 'a text' }, 'half.of must be a finite number, found "a text"'],
    [{ of: Number.NaN }, 'half.of must be a finite number, found NaN'],
    [{ of: 'x'.repeat(1e6) }, `half.of must be a finite number, found "${'x'.repeat(40)}…"`],
  ];
  for (const [params, told] of wrong) {
    it(`a wrong parameter is refused with the request's name and the field: ${told}`, async () => {
      const { posted, called, send } = guarded();
      await send({ type: 'request', id: 1, name: 'half', params });
      assert.deepEqual(posted, [{ type: 'error', id: 1, message: `The request "half" was refused: ${told}.` }]);
      assert.deepEqual(called, [], 'the handler has not seen it');
      await send({ type: 'request', id: 2, name: 'half', params: { of: 8 } });
      assert.deepEqual(posted.at(-1), { type: 'ok', id: 2, result: 4 });
    });
  }

  const noMessages: readonly unknown[] = [
    undefined,
    null,
    5,
    'event',
    [],
    {},
    { type: 'other' },
    { type: 'event' },
    { type: 'event', name: ['note'] },
    { type: 'request', id: 1 },
    { type: 'request', id: 'one', name: 'half', params: { of: 1 } },
    { type: 'request', id: 1, name: { toString: 'half' }, params: { of: 1 } },
    { type: 'error', id: 1, message: {} },
    { type: 'ok', id: null, result: 1 },
  ];
  for (const message of noMessages) {
    it(`${JSON.stringify(message)} is told and left alone`, async () => {
      const { posted, called, faults, send } = guarded();
      await send(message);
      assert.match(faults.join('\n'), /^What arrived is no message: .{1,60}\. It was left alone\.$/);
      assert.deepEqual([posted, called], [[], []]);
      await send({ type: 'request', id: 2, name: 'half', params: { of: 8 } });
      assert.deepEqual(posted, [{ type: 'ok', id: 2, result: 4 }]);
    });
  }

  it('an answer that nobody asked for is told and left alone', async () => {
    const { faults, called, posted, send } = guarded();
    await send({ type: 'ok', id: 1, result: { anything: true } });
    await send({ type: 'error', id: 1, message: 'anything' });
    assert.equal(faults.length, 2);
    assert.deepEqual([posted, called], [[], []]);
  });

  it("an answer to the page that was there before is none of the host's faults", async () => {
    const { faults, send } = guarded('trusted');
    await send({ type: 'ok', id: 1, result: null });
    assert.deepEqual(faults, []);
  });

  it('a listener that throws, at once or late, is told, and the next message is heard', async () => {
    const { called, faults, send } = guarded();
    await send({ type: 'event', name: 'boom', payload: null });
    await send({ type: 'event', name: 'lateBoom', payload: null });
    await send({ type: 'event', name: 'note', payload: 3 });
    assert.deepEqual(faults, [
      'The event "boom" failed: bang',
      'The event "lateBoom" failed: late bang',
      'The event "note" failed: The event "note" was refused: note must be a text, found 3.',
    ]);
    assert.deepEqual(called, []);
    await send({ type: 'event', name: 'note', payload: 'a text' });
    assert.deepEqual(called, ['note']);
  });

  it('a request whose handler fails late is answered with an error', async () => {
    const { posted, send } = guarded();
    await send({ type: 'request', id: 3, name: 'late', params: null });
    assert.deepEqual(posted, [{ type: 'error', id: 3, message: 'too late' }]);
  });
});
