// Which files of the workspace hold a recurrent network: by what is in them, looked into once for each content.
import assert from 'node:assert/strict';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { bestBlock, surveyFile } from '../../../src/config/read/index.js';
import type { Inspections } from '../../../src/editor/following/inspections.js';
import { fileVersion } from '../../../src/editor/files/editorFiles.js';
import { Surveys } from '../../../src/editor/following/surveys.js';
import { WeightFiles } from '../../../src/editor/following/weightFiles.js';
import { blockItems } from '../../../src/commands/blockPicker.js';
import type { BlockQuestion } from '../../../src/commands/blockPicker.js';
import { SurveyedFiles } from '../../../src/commands/surveyedFiles.js';
import { openDoors, openText, replaceText, until, watched, closeEverything } from './support.js';

const block = (...shape: readonly number[]): unknown => {
  const [size, ...rest] = shape;
  return size === undefined ? 0.1 : Array.from({ length: size }, () => block(...rest));
};

/** A worker that counts how often it is asked, and gives way as the real one does. */
function counting(): { readonly surveys: Surveys; readonly asked: () => number; giveWay: number } {
  const state = { asked: 0, giveWay: 0 };
  const survey = (bytes: Uint8Array, _name: string, _stop: unknown, behind: boolean): Promise<unknown> => {
    state.asked++;
    return Promise.resolve(behind && state.giveWay-- > 0 ? null : surveyFile(bytes, () => undefined));
  };
  const surveys = new Surveys({ survey } as unknown as Inspections, openDoors());
  return {
    surveys,
    asked: () => state.asked,
    get giveWay() {
      return state.giveWay;
    },
    set giveWay(times) {
      state.giveWay = times;
    },
  };
}

describe('The weights of a workspace', () => {
  const [root] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(root);
  const folder = vscode.Uri.joinPath(root.uri, 'recognised');
  const at = (name: string): vscode.Uri => vscode.Uri.joinPath(folder, name);
  const write = (name: string, value: unknown): Promise<void> => writeFile(at(name).fsPath, JSON.stringify(value));
  const own = (files: WeightFiles): string[] =>
    files.all
      .filter(({ path: place }) => place.includes('/recognised/'))
      .map(({ path: place }) => path.posix.basename(place))
      .sort();

  before(async () => {
    await mkdir(folder.fsPath, { recursive: true });
    await watched(folder);
    await write('brain.json', {
      'rnn.weight_ih_l0': block(16, 3),
      'rnn.weight_hh_l0': block(16, 4),
      'fc.weight': block(2, 4),
    });
    await write('weights.json', { 'conv.weight': block(3, 3) });
    await write('batch.json', block(4, 20, 3));
    await write('half.json', { xs: block(2, 9, 2), ys: block(2, 1) });
    await write('package.json', { 'rnn.weight_ih_l0': block(4, 1), 'rnn.weight_hh_l0': block(4, 1) });
    // What has just been written may be written again in the same step of the clock, and is not known by its times yet.
    for (const name of ['brain.json', 'weights.json', 'batch.json', 'half.json'])
      await until(`the times of ${name} to be of the past`, async () => (await fileVersion(at(name))) ?? undefined);
  });
  after(async () => {
    await closeEverything();
    await rm(folder.fsPath, { recursive: true, force: true });
  });

  it('are found by what is in them, and again nothing is read', async () => {
    const probe = counting();
    const errors: unknown[] = [];
    const files = new WeightFiles(probe.surveys, (error) => errors.push(error));
    const again = new WeightFiles(probe.surveys, (error) => errors.push(error));
    try {
      await files.begin();
      await until('all files', () => (files.isComplete ? true : undefined));
      assert.deepEqual(own(files), ['brain.json']);
      const asked = probe.asked();
      assert.ok(asked > 3);
      await again.begin();
      await until('all files', () => (again.isComplete ? true : undefined));
      assert.deepEqual([own(again), probe.asked()], [['brain.json'], asked]);

      // What is made later is found too, and what is gone is forgotten.
      await write('later.json', { Wx: block(1, 2), Wh: block(2, 2) });
      await until('the new file', () => (own(files).includes('later.json') ? true : undefined));
      await rm(at('later.json').fsPath);
      await until('the file to be gone', () => (own(files).includes('later.json') ? undefined : true));
      assert.deepEqual(errors, []);
    } finally {
      files.dispose();
      again.dispose();
    }
  });

  it('are looked into again when something else was asked meanwhile, and when the text is another one', async () => {
    const probe = counting();
    probe.giveWay = 2;
    const batch = at('batch.json');
    const first = await probe.surveys.of(batch, { behind: true });
    assert.ok(first.kind === 'known' && first.survey.blocks[0]?.shape[2] === 3);
    assert.equal(probe.asked(), 3);
    await probe.surveys.of(batch);
    assert.equal(probe.asked(), 3);
    // Unsaved text stands for its file.
    const { document } = await openText(at('half.json'));
    const before = await probe.surveys.of(document.uri);
    assert.ok(before.kind === 'known' && before.survey.blocks.length === 2);
    await replaceText(document, '"xs"', '"first"');
    const now = await probe.surveys.of(document.uri);
    assert.ok(now.kind === 'known' && now.survey.blocks[0]?.name === 'first');
    await vscode.commands.executeCommand('undo');
  });

  it('are not among the sequences to choose from, which stand as they fit', async () => {
    const probe = counting();
    const files = new SurveyedFiles(probe.surveys, at('brain.json'));
    try {
      await until('all files', () => (files.isComplete ? true : undefined));
      const here = files.all.filter(({ uri }) => uri.path.includes('/recognised/'));
      const weights = await probe.surveys.of(at('brain.json'));
      assert.ok(weights.kind === 'known');
      const question: BlockQuestion<'made'> = {
        role: 'sequences',
        placeholder: '',
        known: { network: weights.survey.networks[0] ?? null, B: null, T: null, loss: null },
        weights: at('brain.json'),
        first: [],
        then: [{ key: 'made', label: 'made', choice: 'made' }],
      };
      const told = blockItems(here, question).map(({ label, description = '', detail = '' }) =>
        [label, description.split('  ')[0], detail].join(' ').trim(),
      );
      assert.deepEqual(told, [
        'batch.json [4, 20, 3]',
        'made',
        '$(folder-opened) Another file…',
        'do not fit',
        'half.json · xs [2, 9, 2] $(warning) 2 numbers per timestep, and the weights take 3',
        'half.json · ys [2, 1] $(warning) 1 number per timestep, and the weights take 3',
      ]);
      const half = await probe.surveys.of(at('half.json'));
      assert.ok(half.kind === 'known');
      assert.equal(bestBlock(half.survey, 'sequences', question.known)?.name, 'xs');
    } finally {
      files.dispose();
    }
  });

  it('large ones are looked into only when they are pointed at, and nothing behind a door that is shut', async () => {
    const probe = counting();
    const large = at('large.json');
    await writeFile(large.fsPath, `[[[1]]]${' '.repeat(65e6)}`);
    assert.equal((await probe.surveys.of(large)).kind, 'large');
    assert.equal(probe.asked(), 0);
    assert.equal((await probe.surveys.of(large, { meant: true })).kind, 'known');
    await rm(large.fsPath);
    const shut = { way: () => Promise.resolve({ open: false, reason: 'outside', target: '', detail: 'outside' }) };
    const elsewhere = new Surveys({} as unknown as Inspections, shut as unknown as ReturnType<typeof openDoors>);
    assert.deepEqual(await elsewhere.of(at('batch.json')), { kind: 'unread', why: 'outside' });
  });
});
