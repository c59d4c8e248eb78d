// A file of tensors opens in the viewer, is followed while it is written, and leads to a run.
import assert from 'node:assert/strict';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { TensorReader } from '../../../src/editor/following/tensorReader.js';
import { floats, safetensorsParts, writeParts } from '../../support/largeFiles.js';
import { closeEverything, liveWorkers, openDoors, panelTabs, until, workerPath } from './support.js';

const viewType = 'rnnGradients.tensors';
const H = 4;
/** A network behind an embedding that makes the file one of those that are read in ranges. */
function write(file: string, scale: number): void {
  const tensor = (name: string, shape: readonly number[]) => ({
    name,
    shape,
    data: floats(
      shape.reduce((product, size) => product * size, 1),
      () => scale,
    ),
  });
  const { parts } = safetensorsParts([
    { name: 'embedding.weight', shape: [1_000_000, 3], data: 12_000_000 },
    tensor('encoder.rnn.weight_ih_l0', [H, 3]),
    tensor('encoder.rnn.weight_hh_l0', [H, H]),
  ]);
  writeParts(file, parts);
}

const shown = (): vscode.Tab | undefined =>
  vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .find(({ input }) => input instanceof vscode.TabInputCustom && input.viewType === viewType);

describe('the viewer of files of tensors', () => {
  afterEach(closeEverything);

  it('opens a file in a tab with a thread of its own, which ends with the tab', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rnn-viewer-'));
    const file = path.join(folder, 'model.safetensors');
    write(file, 0.5);
    const before = liveWorkers();
    await vscode.commands.executeCommand('vscode.openWith', vscode.Uri.file(file), viewType);
    const tab = await until('the tab of the viewer', shown);
    assert.equal(tab.label, 'model.safetensors');
    await until('the thread of the viewer', () => (liveWorkers() > before ? true : undefined));
    await vscode.window.tabGroups.close(tab);
    await until('the end of the thread', () => (liveWorkers() <= before ? true : undefined));
  });

  it('its button runs the network that stands beside it', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rnn-viewer-'));
    const file = vscode.Uri.file(path.join(folder, 'model.safetensors'));
    write(file.fsPath, 0.5);
    await vscode.workspace.fs.writeFile(
      vscode.Uri.file(path.join(folder, 'data.json')),
      new TextEncoder().encode('[[[1, 2, 3], [4, 5, 6]]]'),
    );
    await vscode.commands.executeCommand('vscode.openWith', file, viewType);
    await until('the tab of the viewer', shown);
    // As the page asks for it; the list of sequences is answered by its first line.
    const ran = vscode.commands.executeCommand('rnnGradients.run', file, { network: null });
    await until('the panel of the run', async () => {
      if (panelTabs().length > 0) return true;
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return undefined;
    });
    await ran;
  });

  it('reads again what another program writes, and keeps nothing of a file that is half-written', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'rnn-viewer-'));
    const file = path.join(folder, 'model.safetensors');
    write(file, 1);
    const log = vscode.window.createOutputChannel('viewer test', { log: true });
    const reader = new TensorReader(vscode.Uri.file(file), workerPath(), log, openDoors());
    try {
      const norm = async (): Promise<number | undefined> => {
        if (reader.read === null) return undefined;
        const index = reader.read.list.file?.tensors.findIndex(({ name }) => name.endsWith('hh_l0')) ?? -1;
        const facts = await reader
          .request('tensorFacts', { reading: reader.read.reading, index })
          // Written again meanwhile: the next reading tells.
          .catch(() => null);
        return facts?.norm;
      };
      const becomes = (wanted: number): Promise<true> =>
        until(`the norm ${wanted}`, async () => ((await norm()) === wanted ? true : undefined));
      await becomes(H);
      const heard: (boolean | null)[] = [];
      reader.onDidRead(({ list }) => heard.push(list.file !== null));
      for (let scale = 2; scale <= 6; scale++) {
        writeParts(file, [new Uint8Array(20)]);
        await new Promise((resolve) => setTimeout(resolve, 30));
        write(file, scale);
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      await becomes(6 * H);
      assert.ok(heard.length > 0 && heard.every(Boolean), JSON.stringify(heard));
    } finally {
      reader.dispose();
      log.dispose();
    }
  });
});
