// The names that Keras' paths become, and the order and facts that its model gives them.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { kerasLayers } from '../../../src/config/formats/kerasConfig.js';
import { kerasContainer } from '../../../src/config/formats/kerasNames.js';
import { tensor } from './formatSupport.js';

const quiet = (): void => undefined;

describe('the names of a Keras file', () => {
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

describe('the model of a Keras file', () => {
  const layersOf = (layers: readonly unknown[], tick = quiet) =>
    kerasLayers(JSON.stringify({ config: { layers } }), tick);
  const layer = (class_name: string, name: string, config: object = {}, more: object = {}) => ({
    class_name,
    config: { name, ...config },
    ...more,
  });

  it('calls each layer by its class, counted, as Keras makes names of classes', () => {
    const classes = ['LSTM', 'SimpleRNN', 'LSTM', 'GRUCell', 'My>LSTMLayer', 'Conv1D', 'LSTM'];
    assert.deepEqual(
      layersOf(classes.map((kind, i) => layer(kind, `l${i}`))).map(({ name, counted }) => `${name} ${counted}`),
      ['l0 lstm', 'l1 simple_rnn', 'l2 lstm_1', 'l3 gru_cell', 'l4 my_lstm_layer', 'l5 conv1d', 'l6 lstm_2'],
    );
  });

  it('holds models in models, each under its own name', () => {
    const inner = layer('Functional', 'inner', { layers: [layer('GRU', 'a'), layer('GRU', 'b')] });
    assert.deepEqual(
      layersOf([inner, layer('GRU', 'c')]).map(({ name, counted }) => `${name} ${counted}`),
      ['inner functional', 'inner/a functional/gru', 'inner/b functional/gru_1', 'c gru'],
    );
    const below = layersOf([inner]).map(({ facts }) => facts.find(({ key }) => key === 'layer_below')?.value);
    assert.deepEqual(below, [undefined, undefined, 'inner/a']);
  });

  it('says of a layer what it says of its cell, and of two directions what each of them says', () => {
    const cell = { class_name: 'GRUCell', config: { activation: 'relu' } };
    assert.deepEqual(layersOf([layer('RNN', 'r', { cell })])[0]?.facts, [{ key: 'activation', value: 'relu' }]);
    assert.deepEqual(layersOf([layer('RNN', 'r', { cell, activation: 'tanh' })])[0]?.facts, [
      { key: 'activation', value: 'tanh' },
    ]);
    const [own] = layersOf([layer('GRU', 'r', { activation: { class_name: 'ReLU', config: {} } })]);
    assert.deepEqual(own?.facts, [{ key: 'activation', value: 'ReLU' }]);
    const [registered] = layersOf([layer('GRU', 'r', { activation: { class_name: 'f', registered_name: 'my>f' } })]);
    assert.deepEqual(registered?.facts, [{ key: 'activation', value: 'my>f' }]);
    const [both] = layersOf([
      layer('Bidirectional', 'b', {
        layer: layer('GRU', 'f', { activation: 'tanh' }),
        backward_layer: layer('GRU', 'g', { activation: 'relu' }),
      }),
    ]);
    assert.deepEqual(
      [both?.forward, both?.backward],
      [[{ key: 'activation', value: 'tanh' }], [{ key: 'activation', value: 'relu' }]],
    );
    // Of another layer nothing is told.
    assert.deepEqual(layersOf([layer('Dense', 'd', { activation: 'relu' })])[0]?.facts, []);
  });

  it('is asked once for what a layer takes, however many take the same', (t) => {
    const count = 300;
    let asked = 0;
    const layers = Array.from({ length: 2 * count }, (_, i) => ({
      ...(layer(i < count ? 'Masking' : 'GRU', `l${i}`) as object),
      get inbound_nodes() {
        asked++;
        return [`l${Math.min(i, count) - 1}`];
      },
    }));
    t.mock.method(JSON, 'parse', () => ({ config: { layers } }));
    kerasLayers('', quiet);
    assert.equal(asked, layers.length);
  });

  it('names what a layer takes its numbers from', () => {
    const belowOf = (...layers: readonly unknown[]): unknown =>
      layersOf(layers)
        .at(-1)
        ?.facts.find(({ key }) => key === 'layer_below')?.value;
    assert.equal(belowOf(layer('Bidirectional', 'two'), layer('GRU', 'r')), 'two');
    assert.equal(belowOf(layer('Dense', 'two'), layer('GRU', 'r')), 'Dense two');
    // As far down as Keras nests the names of inputs, and no farther.
    const nested = (depth: number): unknown => Array.from({ length: depth }).reduce<unknown>((inner) => [inner], 'two');
    const inbound = (depth: number): unknown =>
      belowOf(layer('GRU', 'two'), layer('Dense', 'x'), layer('GRU', 'r', {}, { inbound_nodes: nested(depth) }));
    assert.deepEqual([inbound(1), inbound(13), inbound(14)], ['two', 'two', undefined]);
    // Of two layers of one name the first is meant.
    const twins = [layer('Dense', 'two'), layer('GRU', 'two'), layer('GRU', 'r', {}, { inbound_nodes: ['two'] })];
    assert.equal(belowOf(...twins), 'Dense two');
    const mixed = [[null, 3, true, { args: ['two'] }]];
    assert.equal(
      belowOf(layer('GRU', 'two'), layer('Dense', 'x'), layer('GRU', 'r', {}, { inbound_nodes: mixed })),
      'two',
    );
  });

  it('pauses once for 64 layers, and once at its beginning', () => {
    let ticks = 0;
    layersOf(
      Array.from({ length: 65 }, (_, i) => layer('Dense', `d${i}`)),
      () => ticks++,
    );
    assert.equal(ticks, 3);
  });
});
