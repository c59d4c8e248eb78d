// A training script that rewrites its checkpoint twice a second for eight hours, in less time.
import { readFile, rename, writeFile } from 'node:fs/promises';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { sibling } from '../suite/editorSupport.js';
import { closeEverything, copyExample, lensSays, openText } from '../suite/support.js';
import { Holdings, times } from './holdings.js';

/** Between two rewrites, ms. */
const period = 10;

describe('a checkpoint that is rewritten as often as in eight hours', () => {
  afterEach(closeEverything);

  it('leaves nothing, and the last of it is shown', async function () {
    this.timeout(0);
    const rewrites = times(8 * 3600 * 2);
    const holdings = new Holdings('rewriting');
    const uri = await copyExample('weather');
    await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /vanishing/);
    const { fsPath } = sibling(uri, 'weights.json');
    const { Wx, Wh, b } = JSON.parse(await readFile(fsPath, 'utf8')) as Record<'Wx' | 'Wh' | 'b', number[][]>;
    const scaled = (scale: number): string =>
      JSON.stringify({ Wx, Wh: Wh.map((row) => row.map((weight) => weight * scale)), b });
    const versions = Array.from({ length: 16 }, (_, i) => scaled(1 + i / 100));
    const write = async (text: string): Promise<void> => {
      await writeFile(`${fsPath}.new`, text);
      await rename(`${fsPath}.new`, fsPath);
    };
    for (let i = 0; i < rewrites; i++) {
      await write(versions[i % versions.length] ?? '');
      await new Promise((resolve) => setTimeout(resolve, period));
      if (i % Math.ceil(rewrites / 50) === 0) {
        await holdings.look();
        holdings.watchLoop();
      }
    }
    await write(scaled(0));
    await lensSays(uri, /vanishing, ×0\.00 /);
    holdings.end(`a checkpoint rewritten ${rewrites} times`);
  });
});
