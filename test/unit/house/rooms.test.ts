import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { circle, circlesOf, importGraph, innerRooms, kernelRooms, rooms, whyNot } from '../../../build/rooms.mjs';

type Import = readonly [file: string, specifier: string, typeOnly?: boolean];

describe('the order of the rooms', () => {
  const allowed: readonly Import[] = [
    ['src/engine/network/rnn.ts', './rnnUnit.js'],
    ['src/engine/network/rnn.ts', '../core/tensor.js'],
    ['src/engine/index.ts', './run/run.js'],
    ['src/engine/verdict/reason.ts', '@vscode/l10n'],
    ['src/config/index.ts', '../engine/index.js'],
    ['src/config/edit/textEdits.ts', '../read/readWeights.js'],
    ['src/worker/thread/client.ts', 'node:worker_threads'],
    ['src/worker/thread/client.ts', '../../l10n.js'],
    ['src/panel/panel.ts', '../editor/following/index.js'],
    ['src/editor/following/settings.ts', '../../engine/index.js', true],
    ['src/cli.ts', './engine/index.js'],
    ['src/report/reportPage.ts', '../worker/record/index.js'],
    ['src/cli.ts', './report/index.js'],
    ['src/cli.ts', './cli/index.js'],
    ['src/protocol/rpc.ts', './checks.js'],
    ['src/panel/messageChecks.ts', '../worker/thread/index.js'],
    ['src/cli/outputs.ts', '../report/index.js'],
    ['webview/main.ts', '../src/protocol/index.js', true],
    ['webview/main.ts', './tracks/track.js'],
    ['webview/header/header.ts', '../widgets/controls.js'],
    ['webview/lateControls.ts', './ui.js'],
    ['webview/ui.ts', '@vscode/webview-ui-toolkit'],
    ['test/unit/a.test.ts', '../../src/engine/network/rnn.js'],
  ];
  for (const [file, specifier, typeOnly] of allowed) {
    it(`${file} may import ${specifier}`, () => assert.equal(whyNot(file, specifier, typeOnly), null));
  }

  const refused: readonly (readonly [...Import, reason: RegExp])[] = [
    ['src/engine/network/rnn.ts', '../../config/index.js', false, /src\/engine lies below src\/config/],
    ['src/engine/network/rnn.ts', 'node:fs', false, /may not touch node:fs/],
    ['src/engine/analysis/spectrum.ts', 'ml-matrix', false, /may not touch ml-matrix/],
    [
      'src/engine/analysis/spectrum.ts',
      '../wasm/spectrum.js',
      true,
      /src\/engine\/analysis lies below src\/engine\/wasm/,
    ],
    ['src/engine/core/norm.ts', '../index.js', false, /stands above all rooms of src\/engine/],
    ['src/engine/cellar/wine.ts', '../core/norm.js', false, /src\/engine\/cellar has no place/],
    ['src/l10n.ts', 'vscode', false, /may not touch vscode/],
    ['src/l10n.ts', './engine/index.js', false, /lies below src\/engine/],
    ['src/config/index.ts', 'vscode', false, /may not touch vscode/],
    ['src/config/index.ts', '../worker/thread/index.js', false, /lies below src\/worker/],
    ['src/config/index.ts', '../engine/network/rnn.js', false, /entered by its index\.ts/],
    ['src/config/json/node.ts', '../read/classify.js', false, /src\/config\/json lies below src\/config\/read/],
    ['src/protocol/messages.ts', '../config/json/index.js', false, /stands on nothing that runs/],
    ['src/worker/thread/client.ts', 'vscode', false, /may not touch vscode/],
    ['src/report/reportHtml.ts', 'vscode', false, /may not touch vscode/],
    ['src/worker/record/reportRecord.ts', '../../report/index.js', false, /lies below src\/report/],
    ['src/editor/following/session.ts', '../../panel/index.js', false, /lies below src\/panel/],
    ['src/editor/following/session.ts', '../../engine/index.js', false, /asks the worker/],
    ['src/editor/files/disk.ts', '../language/hover.js', false, /src\/editor\/files lies below src\/editor\/language/],
    ['src/panel/panel.ts', '../../webview/main.js', false, /lies below webview/],
    ['src/panel/panel.ts', '../../test/support/page.js', false, /project's rooms only/],
    ['webview/main.ts', '../src/engine/index.js', true, /page may not import from src\/engine/],
    ['webview/main.ts', '../src/protocol/messages.js', true, /entered by its index\.ts/],
    ['webview/page/model.ts', '../chart/scene.js', true, /webview\/page lies below webview\/chart/],
    ['webview/tracks/trackStack.ts', '@vscode/webview-ui-toolkit', false, /only webview\/ui\.ts/],
    ['webview/main.ts', 'vscode', false, /may not touch vscode/],
  ];
  for (const [file, specifier, typeOnly, reason] of refused) {
    it(`${file} may not import ${specifier}`, () =>
      assert.match(whyNot(file, specifier, typeOnly) ?? 'allowed', reason));
  }
});

describe('circles of imports', () => {
  it('are told with the way around', () => {
    const graph = new Map([
      ['a.ts', ['b.ts']],
      ['b.ts', ['c.ts', 'd.ts']],
      ['c.ts', ['a.ts']],
      ['d.ts', []],
    ]);
    assert.deepEqual(circle(graph, 'a.ts', 'b.ts'), ['b.ts', 'c.ts', 'a.ts']);
    assert.equal(circle(graph, 'b.ts', 'd.ts'), null);
  });

  it('are looked for where there is one alone, in any graph', () => {
    const names = Array.from({ length: 10 }, (_, i) => `${i}.ts`);
    let found = 0;
    for (let seed = 1, state = seed; seed <= 100; seed++) {
      const random = (): number => (state = (state * 48271) % 2147483647) / 2147483647;
      const graph = new Map(names.map((name) => [name, names.filter(() => random() < 0.12)]));
      const circles = circlesOf(graph);
      for (const [file, targets] of graph)
        for (const target of targets) {
          const way = circle(graph, file, target);
          if (way !== null) found++;
          assert.equal(circles.get(file) === circles.get(target), way !== null, `${file} to ${target}, graph ${seed}`);
        }
    }
    assert.ok(found > 100, `${found} imports are part of a circle`);
  });

  it('do not exist, and nothing points up', () => {
    const faults: string[] = [];
    const graph = importGraph('.');
    assert.ok(graph.size > 200, 'the sources were found');
    for (const [file, targets] of graph) {
      for (const target of targets) {
        const way = circle(graph, file, target);
        if (way !== null) faults.push([file, ...way].join(' → '));
      }
    }
    assert.deepEqual(faults, []);
  });
});

describe('every folder', () => {
  const folders = ['src', 'webview'].flatMap((top) =>
    readdirSync(top, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ parentPath, name }) => `${parentPath}/${name}`),
  );

  it('has one sentence in CONTRIBUTING', () => {
    const text = readFileSync('CONTRIBUTING.md', 'utf8');
    const missing = folders.filter((folder) => !new RegExp(`^\\| \`${folder}\` \\| .{15,} \\|$`, 'm').test(text));
    assert.deepEqual(missing, []);
  });

  it('is a room that the lint knows', () => {
    const known = new Set([
      ...rooms,
      ...Object.keys(innerRooms),
      ...kernelRooms,
      ...Object.entries(innerRooms).flatMap(([room, inner]) => inner.map((name) => `${room}/${name}`)),
    ]);
    assert.deepEqual(
      folders.filter((folder) => !known.has(folder)),
      [],
    );
  });
});
