// The names that Keras' paths become, and the order and facts that its model gives them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kerasContainer } from '../../../src/config/formats/kerasNames.js';
import { stridesOf } from '../../../src/config/formats/storedNumbers.js';

const quiet = (): void => undefined;

describe('the names of a Keras file', () => {
  const tensor = (name: string, ...shape: readonly number[]) => ({
    name,
    stored: {
      type: 'f4' as const,
      bytes: new Uint8Array(4 * shape.reduce((product, size) => product * size, 1)),
      little: true,
      shape,
      offset: 0,
      strides: stridesOf(shape),
    },
  });
  const names = (...paths: readonly string[]): string[] =>
    kerasContainer(
      paths.map((path) => tensor(path, 1, 1)),
      null,
      'names',
      quiet,
    ).tensors.map(({ name }) => name);

  it('are without groups that say nothing', () => {
    assert.deepEqual(names('model_weights/lstm/lstm/lstm_cell_12/kernel:0'), ['lstm/kernel']);
    assert.deepEqual(names('layers/lstm/cell/kernel'), ['lstm/kernel']);
    assert.deepEqual(names('a/cells/kernel:01'), ['a/cells/kernel:01']);
    assert.deepEqual(names('_layer_checkpoint_dependencies/a/cell_x/kernel'), ['a/cell_x/kernel']);
    assert.deepEqual(names('both/forward_lstm/lstm_cell/kernel:0', 'both/backward_lstm/lstm_cell_1/kernel:0'), [
      'both/forward_layer/kernel',
      'both/backward_layer/kernel',
    ]);
    assert.deepEqual(names('forward_lstm/kernel'), ['forward_lstm/kernel']);
    assert.deepEqual(names('a/my_forward_lstm/kernel'), ['a/my_forward_lstm/kernel']);
  });

  it('of numbered parts go by their shapes, ten and more too', () => {
    const parts = (...shapes: readonly (readonly number[])[]): string[] =>
      kerasContainer(
        shapes.map((shape, i) => tensor(`layers/x/vars/${i}`, ...shape)),
        null,
        'names',
        quiet,
      ).tensors.map(({ name }) => name);
    assert.deepEqual(parts([3, 8], [2, 8]), ['x/kernel', 'x/recurrent_kernel']);
    assert.deepEqual(parts([3, 8], [2, 8], [8], [8]), ['x/vars/0', 'x/vars/1', 'x/vars/2', 'x/vars/3']);
    assert.deepEqual(parts([3, 8], [8], [8]), ['x/vars/0', 'x/vars/1', 'x/vars/2']);
    assert.deepEqual(names('a/vars/10'), ['a/vars/10']);
    assert.deepEqual(names('a/vars/0/more'), ['a/vars/0/more']);
    const one = (path: string): string | undefined => names(`${path}/vars/0`)[0];
    assert.deepEqual(['embedding', 'embedding_7', 'my_embedding', 'embedding/x'].map(one), [
      'embedding/embeddings',
      'embedding_7/embeddings',
      'my_embedding/embeddings',
      'embedding/x/kernel',
    ]);
  });

  const model = (...layers: readonly (readonly [string, string])[]): string =>
    JSON.stringify({
      config: { layers: layers.map(([type, name]) => ({ class_name: type, config: { name, activation: 'relu' } })) },
    });
  const told = (config: string, by: 'names' | 'counted', ...paths: readonly string[]) => {
    const { tensors, facts = [] } = kerasContainer(
      paths.map((path) => tensor(path, 1, 1)),
      config,
      by,
      quiet,
    );
    return [tensors.map(({ name }) => name), facts.map(({ name, value }) => `${name} ${String(value)}`)];
  };

  it('stand in the order of the model, with what it says of those that have weights', () => {
    const config = model(['SimpleRNN', 'second'], ['SimpleRNN', 'first'], ['SimpleRNN', 'without']);
    const [found, facts] = told(
      config,
      'names',
      'other/kernel',
      'first/kernel',
      'second/kernel',
      'second/bias',
      'third/x',
    );
    assert.deepEqual(found, ['second/kernel', 'second/bias', 'first/kernel', 'other/kernel', 'third/x']);
    assert.ok(facts!.includes('second/activation relu') && facts!.includes('first/activation relu'), facts!.join());
    assert.ok(
      facts!.every((fact) => /^(?:first|second)\//.test(fact)),
      facts!.join(),
    );
    const [counted, of] = told(config, 'counted', 'simple_rnn_1/kernel', 'simple_rnn/kernel');
    assert.deepEqual(counted, ['second/kernel', 'first/kernel']);
    assert.ok(of!.includes('first/activation relu'));
  });
});
