// Sequences are looked at before they are run: a table opens in its preview, is followed, and runs as it was chosen.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import type { Context } from '../../../src/commands/commandContext.js';
import { pairOf } from '../../../src/commands/pairs.js';
import { saveAsConfig } from '../../../src/commands/savePair.js';
import { readExperiment } from '../../../src/config/index.js';
import type { Entry, SequenceOptions } from '../../../src/config/read/index.js';
import { Inspections } from '../../../src/editor/following/inspections.js';
import { SequenceReader } from '../../../src/editor/following/sequenceReader.js';
import { Surveys } from '../../../src/editor/following/surveys.js';
import { asItIs } from '../../../src/engine/index.js';
import { SequencePreviews } from '../../../src/panel/index.js';
import type { SeenPair } from '../../../src/panel/index.js';
import type { SequenceFacts } from '../../../src/protocol/index.js';
import { sibling } from './editorSupport.js';
import { paperPage } from './paperPanel.js';
import type { PaperPage } from './paperPanel.js';
import {
  closeEverything,
  lensSays,
  liveWorkers,
  settledWorkers,
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

/** A folder whose weights have been run, which asks for sequences: the table has been chosen and is in sight. */
async function previewOfWeights(): ReturnType<typeof folder> {
  const files = await folder();
  // Else the config that names the weights would come first; now the table is the only file that fits them.
  await rm(files.config.fsPath);
  const asked = vscode.commands.executeCommand('rnnGradients.run', files.weights);
  await until('the preview of the chosen table', async () => {
    if (shown('sequences.csv') !== undefined) return true;
    await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
    return undefined;
  });
  await asked;
  return files;
}

describe('the preview of sequences', () => {
  const { createWebviewPanel, showInformationMessage, showSaveDialog } = vscode.window;
  afterEach(async () => {
    Object.assign(vscode.window, { createWebviewPanel, showInformationMessage, showSaveDialog });
    // A list that is open still would take the answers of the next test.
    await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
    return closeEverything();
  });

  it('opens a table and a config in tabs with threads of their own, which end with them', async () => {
    const files = await folder();
    // The threads of the editor and of the next run are there before they are counted.
    await openText(files.config);
    await lensSays(files.config, /Run RNN/);
    const others = await settledWorkers();
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
    const files = await previewOfWeights();
    assert.equal(panelTabs().length, 0);
    // As the button of the page asks for it: nothing more is asked.
    const choice = { options: { window: 20, stride: 10, normalise: 'zScore' }, array: null };
    await vscode.commands.executeCommand('rnnGradients.run', files.table, { sequences: choice });
    await until('the panel of the run', () => (panelTabs().length > 0 ? true : undefined));
  });

  it('stays with its file when that is renamed, in front or behind, and so do the weights that wait', async () => {
    const files = await previewOfWeights();
    const tabs = (): readonly vscode.Tab[] => vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    let place = files.table;
    const renames = async (name: string): Promise<void> => {
      const edit = new vscode.WorkspaceEdit();
      const next = sibling(place, name);
      edit.renameFile(place, next);
      assert.ok(await vscode.workspace.applyEdit(edit));
      place = next;
      await until(`the preview of ${name} alone`, () =>
        shown(name) !== undefined && tabs().filter(({ label }) => label.endsWith('.csv')).length === 1
          ? true
          : undefined,
      );
    };
    await renames('days.csv');
    assert.ok(shown('days.csv')?.isActive);
    await vscode.window.showTextDocument(files.weights, { preview: false });
    await renames('weeks.csv');
    assert.equal(shown('weeks.csv')?.isActive, false);
    assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), files.weights.toString());
    // Nothing more is asked.
    await vscode.commands.executeCommand('rnnGradients.run', place, { sequences: { options: {}, array: null } });
    await until('the panel of the run', () => (panelTabs().length > 0 ? true : undefined));
  });

  it('runs the weights that wait under their new name when only they are renamed', async () => {
    const files = await previewOfWeights();
    const trained = sibling(files.weights, 'trained.json');
    const edit = new vscode.WorkspaceEdit();
    edit.renameFile(files.weights, trained);
    // Told a little later than the edit is done.
    const told = new Promise<void>((resolve) => {
      const listening = vscode.workspace.onDidRenameFiles(() => {
        listening.dispose();
        resolve();
      });
    });
    assert.ok(await vscode.workspace.applyEdit(edit));
    await told;
    // Nothing more is asked.
    await vscode.commands.executeCommand('rnnGradients.run', files.table, { sequences: { options: {}, array: null } });
    const panel = await until('the panel of the run', () => panelTabs()[0]);
    // With the sequences behind it once the run is there.
    assert.match(panel.label, /^RNN: trained\b/);
  });

  /** Panels over pages of paper; how many were made. */
  const onPaper = (): { readonly page: PaperPage; made: number } => {
    const paper = { page: paperPage(), made: 0 };
    Object.assign(vscode.window, {
      createWebviewPanel: () => {
        paper.made++;
        return paper.page.view;
      },
    });
    return paper;
  };
  /** The newest run that a page shows, and of what. */
  const shownOn = ({ posted }: PaperPage): { readonly entry?: Entry; readonly title?: string } =>
    posted.findLast(({ name }) => name === 'status')?.payload ?? {};
  const optionsOn = (page: PaperPage): SequenceOptions | undefined => {
    const { entry } = shownOn(page);
    return entry?.kind === 'pair' ? entry.options : undefined;
  };

  it('runs in one panel, which takes each choice; asked for weights once it remembers them', async () => {
    const files = await folder();
    const paper = onPaper();
    await vscode.commands.executeCommand('rnnGradients.previewSequences', files.table);
    await until('the preview', () => shown('sequences.csv'));
    const first = { options: { window: 20 }, array: null };
    const asked = vscode.commands.executeCommand('rnnGradients.run', files.table, { sequences: first });
    // The only weights that fit stand first.
    await until('the panel', async () => {
      if (paper.made > 0) return true;
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      return undefined;
    });
    await asked;
    assert.deepEqual(optionsOn(paper.page), first.options);
    // Nothing is asked now, or this would wait for ever.
    const second = { options: { window: 20, stride: 5 }, array: null };
    await vscode.commands.executeCommand('rnnGradients.run', files.table, { sequences: second });
    await until('the second choice', () => (optionsOn(paper.page)?.stride === 5 ? true : undefined));
    assert.equal(paper.made, 1);
    paper.page.view.dispose();
  });

  it('leads to a change of a checkpoint without a config, by one question; one undo takes it back', async () => {
    const files = await folder();
    const root = vscode.extensions.getExtension('rnn-gradients.rnn-gradients')?.extensionPath ?? '';
    const two = await readFile(path.join(root, 'test', 'fixtures', 'files', 'two_networks.pt'));
    const weightsFile = sibling(files.table, 'two.pt');
    await writeFile(weightsFile.fsPath, two);
    const pair = {
      kind: 'pair',
      weights: weightsFile.toString(),
      network: 'encoder',
      sequences: files.table.toString(),
    };
    const choice = { options: { columns: ['a', 'b', 'c'], window: 20 }, array: null };
    const paper = onPaper();
    await vscode.commands.executeCommand('rnnGradients.previewSequences', pair);
    await until('the preview', () => shown('sequences.csv'));
    await vscode.commands.executeCommand('rnnGradients.run', files.table, { sequences: choice });
    // Of several networks in the file the one that is run is named.
    await until('the name', () => (shownOn(paper.page).title === 'two · encoder + sequences.csv' ? true : undefined));
    const questions: string[] = [];
    const answers = [undefined, 'Write two.rnn.json and two.json'];
    Object.assign(vscode.window, {
      showInformationMessage: (message: string) => {
        questions.push(message);
        return Promise.resolve(answers.shift());
      },
    });
    const apply = { name: 'applyWhatIf', params: { ...asItIs, inputScale: 2 } };
    assert.equal((await paper.page.ask(apply)).result, false);
    const config = sibling(files.table, 'two.rnn.json');
    await until('the question', () => (questions.length === 1 ? true : undefined));
    assert.match(
      questions[0] ?? '',
      /Save two · encoder \+ sequences\.csv as two\.rnn\.json, .*changed, to two\.json\?/,
    );
    await assert.rejects(readFile(config.fsPath));
    await paper.page.ask(apply);
    const document = await until('the config with the copy', () =>
      vscode.workspace.textDocuments.find(({ uri, isDirty }) => uri.toString() === config.toString() && isDirty),
    );
    assert.equal(questions.length, 2);
    const saved = await readFile(config.fsPath, 'utf8');
    assert.match(saved, /"file": "two\.pt"[^]*"columns"[^]*"window": 20/);
    assert.match(document.getText(), /"weights": "two\.json"/);
    const copy = JSON.parse(await readFile(sibling(config, 'two.json').fsPath, 'utf8')) as object;
    assert.ok(Object.keys(copy).length > 0);
    assert.deepEqual(await readFile(weightsFile.fsPath), two);
    await until('the panel of the config', () => (shownOn(paper.page).entry?.kind === 'config' ? true : undefined));
    await openText(config);
    await vscode.commands.executeCommand('undo');
    await until('the text that was saved', () => (document.getText() === saved ? true : undefined));
    paper.page.view.dispose();
  });

  it('writes weights that wait and what is seen down as a config', async () => {
    const files = await folder();
    const log = vscode.window.createOutputChannel('save test', { log: true });
    const inspections = new Inspections(workerPath(), log, openDoors());
    const surveys = new Surveys(inspections, openDoors());
    const previews = new SequencePreviews({
      extensionUri: vscode.Uri.file('/'),
      workerPath: workerPath(),
      log,
      doors: openDoors(),
    });
    const page = paperPage();
    const asked: SeenPair[] = [];
    try {
      previews.onDidAskToSave((seen) => asked.push(seen));
      const choice = { options: { window: 8 }, array: null };
      previews.remember(files.table, { weights: files.weights, network: null, choice });
      assert.equal(previews.waitingFor(files.table), null);
      previews.fill(files.table, page.view);
      previews.remember(files.table, { weights: files.weights, network: null, choice });
      const later = { options: { window: 10, stride: 5, normalise: 'zScore' as const }, array: null };
      page.send({ type: 'event', name: 'saveAsConfig', payload: later });
      assert.deepEqual(asked, [
        { sequences: files.table, waiting: { weights: files.weights, network: null, choice: later } },
      ]);
      const target = sibling(files.table, 'seen.rnn.json');
      Object.assign(vscode.window, { showSaveDialog: () => Promise.resolve(target) });
      const context = { surveys, subjects: { inspections } } as unknown as Context;
      const entry = pairOf(files.weights, null, files.table.toString(), null, later.options);
      await saveAsConfig(context, entry, undefined);
      const { experiment, problems } = await readExperiment(
        { kind: 'config', config: target.fsPath },
        {
          read: async (reference) => {
            const id = path.resolve(path.dirname(target.fsPath), reference);
            return { ok: true, id, bytes: new Uint8Array(await readFile(id)) };
          },
        },
      );
      assert.deepEqual(
        problems.filter(({ severity }) => severity === 'error'),
        [],
      );
      assert.deepEqual(experiment && [experiment.name, experiment.shapes.B, experiment.shapes.T], [
        'w + sequences.csv',
        7,
        10,
      ]);
      page.view.dispose();
      assert.equal(previews.waitingFor(files.table), null);
    } finally {
      previews.dispose();
      inspections.dispose();
      log.dispose();
    }
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
