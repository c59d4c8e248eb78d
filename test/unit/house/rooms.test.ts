import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { whyNot } from '../../../build/rooms.mjs';

describe('the order of the rooms', () => {
  const allowed: readonly (readonly [file: string, specifier: string, typeOnly?: boolean])[] = [
    ['src/engine/rnn.ts', './tensor.js'],
    ['src/engine/spectrum.ts', 'ml-matrix'],
    ['src/config/index.ts', '../engine/types.js'],
    ['src/worker/client.ts', 'node:worker_threads'],
    ['src/panel/panel.ts', '../editor/session.js'],
    ['src/editor/settings.ts', '../engine/types.js', true],
    ['src/cli.ts', './engine/index.js'],
    ['src/report/page.ts', '../worker/replay.js'],
    ['src/cli.ts', './report/html.js'],
    ['src/engine/reason.ts', '@vscode/l10n'],
    ['src/worker/client.ts', '../l10n.js'],
    ['webview/main.ts', '../src/protocol/messages.js', true],
    ['webview/main.ts', '../src/protocol/rpc.js'],
    ['webview/ui.ts', '@vscode/webview-ui-toolkit'],
    ['test/unit/a.test.ts', '../../src/engine/index.js'],
  ];
  for (const [file, specifier, typeOnly] of allowed) it(`${file} may import ${specifier}`, () => assert.equal(whyNot(file, specifier, typeOnly), null));

  const refused: readonly (readonly [file: string, specifier: string, typeOnly?: boolean])[] = [
    ['src/engine/rnn.ts', '../config/index.js'],
    ['src/engine/rnn.ts', 'node:fs'],
    ['src/l10n.ts', 'vscode'],
    ['src/l10n.ts', './engine/index.js'],
    ['src/config/index.ts', 'vscode'],
    ['src/config/index.ts', '../worker/client.js'],
    ['src/protocol/messages.ts', '../config/problem.js'],
    ['src/worker/client.ts', 'vscode'],
    ['src/report/html.ts', 'vscode'],
    ['src/worker/record.ts', '../report/html.js'],
    ['src/editor/session.ts', '../panel/panel.js'],
    ['src/editor/session.ts', '../engine/index.js'],
    ['src/panel/panel.ts', '../../webview/main.js'],
    ['src/panel/panel.ts', '../../test/support/page.js'],
    ['webview/main.ts', '../src/engine/index.js', true],
    ['webview/main.ts', '../src/protocol/messages.js'],
    ['webview/tracks.ts', '@vscode/webview-ui-toolkit'],
    ['webview/main.ts', 'vscode'],
  ];
  for (const [file, specifier, typeOnly] of refused) it(`${file} may not import ${specifier}`, () => assert.notEqual(whyNot(file, specifier, typeOnly), null));
});
