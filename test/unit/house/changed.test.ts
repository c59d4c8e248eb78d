// `npm test -- --changed`: what a change can break.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mayBreak } from '../../../build/changed.mjs';

const graph: Readonly<Record<string, readonly string[]>> = {
  'src/extension.ts': ['src/extension.ts', 'src/editor/session.ts', 'src/config/index.ts'],
  'src/worker/entry.ts': [
    'src/worker/entry.ts',
    'src/config/index.ts',
    'src/engine/verdict.ts',
    'out/kernels/simd.deflate',
  ],
  'src/cli.ts': ['src/cli.ts', 'src/config/index.ts', 'src/engine/verdict.ts'],
  'webview/main.ts': ['webview/main.ts', 'webview/theme.ts'],
  'test/unit/config/json.test.ts': ['test/unit/config/json.test.ts', 'src/config/index.ts'],
  'test/unit/engine/weather.test.ts': ['test/unit/engine/weather.test.ts', 'src/engine/verdict.ts'],
  'test/unit/fast/flat.test.ts': ['test/unit/fast/flat.test.ts', 'test/unit/fast/support.ts'],
  'test/unit/cli/cli.test.ts': ['test/unit/cli/cli.test.ts'],
  'test/unit/house/rooms.test.ts': ['test/unit/house/rooms.test.ts'],
  'test/page/look.test.ts': ['test/page/look.test.ts', 'test/support/page.ts', 'src/engine/verdict.ts'],
  'test/e2e/run.test.ts': ['test/e2e/run.test.ts', 'test/support/workbench.ts'],
  'test/vscode/suite/run.test.ts': ['test/vscode/suite/run.test.ts'],
};
const texts: Readonly<Record<string, string>> = {
  'test/unit/engine/weather.test.ts': "readFixture('weather/weights.json')",
  'test/unit/fast/support.ts': "path.join('out', 'kernels', name) // kernels/",
  'test/unit/cli/cli.test.ts': "'dist/cli.js'",
};
const tests = Object.keys(graph).filter((file) => file.endsWith('.test.ts'));
const broken = (...changed: string[]): string[] =>
  [...mayBreak({ changed, graph, textOf: (file) => texts[file] ?? '' })]
    .map((file) => file.replace(/^test\/(.*)\.test\.ts$/, '$1'))
    .sort();

describe('what a change can break', () => {
  const cases: readonly (readonly [what: string, changed: string, expected: readonly string[]])[] = [
    ['a test: itself', 'test/unit/config/json.test.ts', ['unit/config/json', 'unit/house/rooms']],
    ['a helper: the tests that import it', 'test/support/page.ts', ['page/look', 'unit/house/rooms']],
    [
      'a file of the engine: its tests, and whatever runs the product',
      'src/engine/verdict.ts',
      ['e2e/run', 'page/look', 'unit/cli/cli', 'unit/engine/weather', 'unit/house/rooms', 'vscode/suite/run'],
    ],
    ['the command line: not the windows', 'src/cli.ts', ['unit/cli/cli', 'unit/house/rooms']],
    [
      'the page: all of its tests',
      'webview/theme.ts',
      ['e2e/run', 'page/look', 'unit/cli/cli', 'unit/house/rooms', 'vscode/suite/run'],
    ],
    [
      'a kernel, which is bundled as what it is compiled to',
      'src/engine/kernels/flow.ts',
      ['e2e/run', 'unit/cli/cli', 'unit/fast/flat', 'unit/house/rooms', 'vscode/suite/run'],
    ],
    [
      'a fixture: who names its folder',
      'test/fixtures/weather/weights.json',
      ['unit/engine/weather', 'unit/house/rooms'],
    ],
    [
      'an example',
      'examples/weather/weights.json',
      ['e2e/run', 'page/look', 'unit/cli/cli', 'unit/engine/weather', 'unit/house/rooms', 'vscode/suite/run'],
    ],
    ['a document: who reads the project', 'README.md', ['unit/house/rooms']],
  ];
  for (const [what, changed, expected] of cases) it(what, () => assert.deepEqual(broken(changed), expected));

  it('nothing: only what reads the project, which no import tells', () =>
    assert.deepEqual(broken(), ['unit/house/rooms']));

  for (const [what, changed] of [
    ['how things are built', 'build/esbuild.mjs'],
    ['the packages', 'package-lock.json'],
    ['the manifest', 'package.json'],
    ['a file that nobody names', 'test/fixtures/new/a.json'],
  ] as const) {
    it(`everything: ${what}`, () => assert.equal(broken(changed).length, tests.length));
  }
});
