// Sequences are looked at before they are run: a table opens in its preview, is followed, and runs as it was chosen.
import assert from 'node:assert/strict';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { SequenceReader } from '../../../src/editor/following/sequenceReader.js';
import type { SequenceFacts } from '../../../src/protocol/index.js';
import {
  closeEverything,
  lensSays,
  liveWorkers,
  openDoors,
  openText,
  panelTabs,
  until,
  workerPath,
} from './support.js';

const viewType = 'rnnGradients.sequences';
const shown = (name: string): vscode.Tab | undefined =>
  vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .find(
      ({ input, label }) => input instanceof vscode.TabInputCustom && input.viewType === viewType && label === name,
    );

/** Five columns of numbers and a date: nothing else in the workspace has five inputs. */
const rows = Array.from({ length: 40 }, (_, i) => `d${i},${i},${i % 3},${i % 5},${i % 7},${-i}`);
const table = `day,a,b,c,d,e\n${rows.join('\n')}\n`;
const row = (x: number): string => `[${x}, ${x}]`;
const inputs = [1, 2, 3, 4, 5].map((x) => row(x / 10)).join(', ');
const weights = `{ "Wx": [${inputs}], "Wh": [${row(0.5)}, ${row(0.2)}], "b": [0, 0] }`;

async function folder(): Promise<{
  readonly table: vscode.Uri;
  readonly weights: vscode.Uri;
  readonly config: vscode.Uri;
}> {
  const place = await mkdtemp(path.join(tmpdir(), 'rnn-preview-'));
  const files = { 'sequences.csv': table, 'w.json': weights, 'a.rnn.json': config };
  for (const [name, text] of Object.entries(files)) await writeFile(path.join(place, name), text);
  const at = (name: string): vscode.Uri => vscode.Uri.file(path.join(place, name));
  return { table: at('sequences.csv'), weights: at('w.json'), config: at('a.rnn.json') };
}
const config = '{ "weights": "w.json", "sequences": { "file": "sequences.csv", "window": 10 } }';

describe('the preview of sequences', () => {
  afterEach(closeEverything);

  it('opens a table and a config in tabs with threads of their own, which end with them', async () => {
    const files = await folder();
    // The thread that reads for the editor is there before they are counted.
    await openText(files.config);
    await lensSays(files.config, /Run RNN/);
    const others = liveWorkers();
    const previews = [files.table, files.config];
    for (const [i, file] of previews.entries()) {
      await vscode.commands.executeCommand('rnnGradients.previewSequences', file);
      // A page that is hidden before it has been loaded asks for nothing yet.
      await until(`thread ${i + 1}`, () => (liveWorkers() > others + i ? true : undefined));
    }
    for (const name of ['sequences.csv', 'a.rnn.json']) {
      const tab = await until(`the preview of ${name}`, () => shown(name));
      await vscode.window.tabGroups.close(tab);
    }
    await until('the end of their threads', () => (liveWorkers() <= others ? true : undefined));
  });

  it('stands before a table is run: weights that wait for it run on what is chosen there', async () => {
    const files = await folder();
    const asked = vscode.commands.executeCommand('rnnGradients.run', files.weights);
    // The config that names the weights comes first, then the only file that fits them.
    await until('the preview of the chosen table', async () => {
      if (shown('sequences.csv') !== undefined) return true;
      await vscode.commands.executeCommand('workbench.action.quickOpenNavigateNext');
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return undefined;
    });
    await asked;
    assert.equal(panelTabs().length, 0);
    // As the button of the page asks for it: nothing more is asked.
    const choice = { options: { window: 20, stride: 10, normalise: 'zScore' }, array: null };
    await vscode.commands.executeCommand('rnnGradients.run', files.table, { sequences: choice });
    await until('the panel of the run', () => (panelTabs().length > 0 ? true : undefined));
  });

  it('follows the file, and reads it as it is chosen', async () => {
    const files = await folder();
    const log = vscode.window.createOutputChannel('preview test', { log: true });
    const reader = new SequenceReader(files.table, workerPath(), log, openDoors());
    const becomes = (what: string, is: (facts: SequenceFacts) => boolean): Promise<true> =>
      until(what, () => {
        const facts = reader.read?.list.sequences ?? null;
        return facts !== null && is(facts) ? true : undefined;
      });
    try {
      await becomes('all of the table', ({ B, T, I }) => B === 1 && T === 40 && I === 5);
      reader.choose({ options: { window: 8, columns: ['b'] }, array: null });
      await becomes('windows of one column', ({ B, T, I }) => B === 5 && T === 8 && I === 1);
      await writeFile(files.table.fsPath, table + rows.join('\n'));
      await becomes('those of the longer table', ({ B, table: facts }) => B === 10 && facts?.rows === 80);
      // A text that is not saved yet counts too.
      const document = await vscode.workspace.openTextDocument(files.table);
      const edit = new vscode.WorkspaceEdit();
      edit.replace(files.table, new vscode.Range(0, 0, document.lineCount, 0), `b\n${'1\n'.repeat(16)}`);
      assert.ok(await vscode.workspace.applyEdit(edit));
      await becomes('those of the unsaved text', ({ B, table: facts }) => B === 2 && facts?.rows === 16);
    } finally {
      reader.dispose();
      log.dispose();
    }
  });
});
