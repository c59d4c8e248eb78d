// The tree of tensors by their names: groups, their order, what is open at first, and names that are hostile.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openAtFirst, pathTo, rowsOf, tensorNodes, treeOf } from '../../../webview/tensors/tensorTree.js';
import type { TreeNode } from '../../../webview/tensors/tensorTree.js';

const named = (...names: readonly string[]): readonly TreeNode[] =>
  treeOf(names.map((name, index) => ({ index, name })));
const all = { has: () => true } as unknown as ReadonlySet<string>;
const shown = (nodes: readonly TreeNode[], open: ReadonlySet<string> = all): string[] =>
  rowsOf(nodes, open).map(({ node, position, siblings }) => `${node.level} ${node.label} ${position}/${siblings}`);

describe('the tree of tensors', () => {
  it('groups by dots and slashes, in the order of the file; what holds one thing is one with it', () => {
    const nodes = named(
      'encoder.lstm.weight_ih_l0',
      'norm.weight',
      'encoder.lstm.weight_hh_l0',
      'layers/cell/vars/0',
      'layers/cell/vars/1',
      'bias',
    );
    assert.deepEqual(shown(nodes), [
      '1 encoder.lstm 1/4',
      '2 weight_ih_l0 1/2',
      '2 weight_hh_l0 2/2',
      '1 norm.weight 2/4',
      '1 layers/cell/vars 3/4',
      '2 0 1/2',
      '2 1 2/2',
      '1 bias 4/4',
    ]);
    assert.deepEqual(nodes[0]?.prefixes, ['encoder', 'encoder.lstm']);
    assert.deepEqual(
      nodes.map(({ tensors }) => tensors),
      [2, 1, 2, 1],
    );
    const leaf = tensorNodes(nodes).get(2);
    assert.deepEqual(leaf === undefined ? [] : pathTo(leaf).map(({ label }) => label), [
      'weight_hh_l0',
      'encoder.lstm',
    ]);
  });

  it('keeps apart a tensor and a group of the same name, and takes names of dots alone', () => {
    assert.deepEqual(shown(named('a', 'a.b', 'a.c', '', '.', '..', '/rnn/W', '/rnn/R')), [
      ...['1 a 1/6', '1 a 2/6', '2 b 1/2', '2 c 2/2', '1  3/6', '1 . 4/6', '1 .. 5/6'],
      ...['1 /rnn 6/6', '2 W 1/2', '2 R 2/2'],
    ]);
    const keys = rowsOf(named('a', 'a.b', 'a.c', 'group a'), all).map(({ node }) => node.key);
    assert.equal(new Set(keys).size, keys.length);
  });

  it('opens what can be overlooked, and the layers that are recognised wherever they are', () => {
    const many = Array.from({ length: 500 }, (_, i) => `blocks.${i}.weight`);
    const nodes = named(
      'head.weight',
      'head.bias',
      ...many,
      'deep.rnn.weight_ih_l0',
      'deep.rnn.weight_hh_l0',
      'deep.x',
    );
    const open = (...prefixes: readonly string[]): string[] => shown(nodes, openAtFirst(nodes, new Set(prefixes)));
    assert.deepEqual(
      open().map((row) => row.split(' ')[1]),
      ['head', 'weight', 'bias', 'blocks', 'deep', 'rnn', 'weight_ih_l0', 'weight_hh_l0', 'x'],
    );
    assert.equal(open('blocks').length, 9 + 500);
  });

  it('looks at each character of a name at most twice, and is no deeper than can be read', () => {
    let looked = 0;
    const counting = (name: string): string =>
      new Proxy(Object(name) as object, {
        get: (text, key) => {
          if (typeof key === 'string' && /^\d+$/.test(key)) looked++;
          const value: unknown = Reflect.get(text, key, text);
          return typeof value === 'function' ? (value as () => unknown).bind(text) : value;
        },
      }) as unknown as string;
    const names = Array.from({ length: 2_000 }, (_, i) => `model.layers.${i % 100}.block${i}.weight`);
    const characters = names.reduce((sum, { length }) => sum + length, 0);
    const nodes = treeOf(names.map((name, index) => ({ index, name: counting(name) })));
    assert.ok(looked <= 2 * characters, `${looked} looks at ${characters} characters`);
    assert.equal(tensorNodes(nodes).size, 2_000);
    const deep = named('a.'.repeat(100_000), `${'a.'.repeat(100_000)}b`);
    assert.ok(shown(deep).every((row) => Number(row.split(' ')[0]) <= 13));
  });
});
