// Several configs in one panel: chosen in the Explorer or by their panel, followed, and told about when they break.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import type { ComparedRun } from '../../../src/protocol/index.js';
import { panelOver } from './paperPanel.js';
import type { Paper } from './paperPanel.js';
import {
  closeEverything,
  copyExample,
  lensSays,
  lenses,
  liveWorkers,
  settledWorkers,
  openText,
  panelTabs,
  replaceText,
  until,
} from './support.js';

/** What the page was told last. */
const told = ({ posted }: Paper): readonly ComparedRun[] | undefined =>
  posted.findLast(({ type, name }) => type === 'event' && name === 'compared')?.payload as
    readonly ComparedRun[] | undefined;
const toldOf = (paper: Paper, what: string, fits: (run: ComparedRun) => boolean): Promise<ComparedRun> =>
  until(what, () => told(paper)?.find(fits));

describe('Compare RNN Runs', () => {
  afterEach(closeEverything);

  it('runs what is selected in the Explorer in one panel, follows each, and ends them with it', async () => {
    const [first, second] = [await copyExample('vanishing'), await copyExample('exploding')];
    await openText(first);
    const { document } = await openText(second);
    const before = await settledWorkers();
    // As the Explorer calls it: the file under the mouse, then all that are selected.
    await vscode.commands.executeCommand('rnnGradients.compareSelected', second, [first, second]);
    await lensSays(first, /vanishing/);
    const was = await lensSays(second, /exploding/);
    assert.equal(panelTabs().length, 1);
    assert.match(panelTabs()[0]?.label ?? '', /vanishing/);
    await replaceText(document, '0.75,  0.75, -0.75, -0.75', '0.25,  0.75, -0.75, -0.75');
    await until('the run of the edited text', async () =>
      (await lenses(second)).some((title) => title.includes('per step') && title !== was) ? true : undefined,
    );
    await vscode.window.tabGroups.close(panelTabs());
    await until('no thread of either', () => (liveWorkers() <= before ? true : undefined));
    assert.ok((await lenses(second)).every((title) => !title.includes('per step')));
  });

  it('leaves a run alive that has a panel of its own, and takes that one for the others', async () => {
    const [first, second] = [await copyExample('vanishing'), await copyExample('exploding')];
    await openText(first);
    await openText(second);
    await vscode.commands.executeCommand('rnnGradients.run', second);
    await lensSays(second, /exploding/);
    await vscode.commands.executeCommand('rnnGradients.compareSelected', first, [first, second]);
    await lensSays(first, /vanishing/);
    assert.deepEqual(
      panelTabs().map(({ label }) => label.includes('exploding')),
      [true],
    );
    // The compared one gets a panel of its own, and keeps its run when that is closed.
    await vscode.commands.executeCommand('rnnGradients.run', first);
    const own = await until('its own panel', () => panelTabs().find(({ label }) => label.includes('vanishing')));
    await vscode.window.tabGroups.close(own);
    await lensSays(first, /vanishing/);
  });

  it('asks for configs, with those that are compared ticked', async () => {
    const [first, second] = [await copyExample('vanishing'), await copyExample('exploding')];
    await openText(second);
    await openText(first);
    const ask = async (...keys: readonly string[]): Promise<void> => {
      const asked = vscode.commands.executeCommand('rnnGradients.compare', first);
      for (const key of [...keys, 'acceptSelectedQuickOpenItem']) {
        // A key that comes before the list is there does nothing; then the list is asked for again.
        await new Promise((resolve) => setTimeout(resolve, 300));
        await vscode.commands.executeCommand(`workbench.action.${key}`);
      }
      await vscode.commands.executeCommand('workbench.action.closeQuickOpen');
      await asked;
    };
    const isCompared = async (): Promise<boolean> =>
      (await lenses(second)).some((title) => title.includes('exploding, ×1.50 per step'));
    await until('the run of the other one', async () => {
      if (!(await isCompared())) await ask('quickOpenSelectNext', 'quickPickManyToggle');
      return (await isCompared()) ? true : undefined;
    });
    await lensSays(first, /vanishing/);
    assert.equal(panelTabs().length, 1);
    await ask();
    assert.ok(await isCompared(), 'what is compared is ticked');
    await until('nothing compared', async () => {
      if (await isCompared()) await ask('quickOpenSelectNext', 'quickPickManyToggle');
      return (await isCompared()) ? undefined : true;
    });
    assert.equal(panelTabs().length, 1);
  });

  it('needs two configs and says so', async () => {
    const only = await copyExample('vanishing');
    await vscode.commands.executeCommand('rnnGradients.compareSelected', only, [
      only,
      vscode.Uri.joinPath(only, '../a.txt'),
    ]);
    assert.equal(panelTabs().length, 0);
  });
});

describe('a compared run', () => {
  afterEach(closeEverything);

  it('tells its curve, verdict and problems; the rest stays when it breaks', async () => {
    const [first, second] = [await copyExample('vanishing'), await copyExample('exploding')];
    const { document } = await openText(second);
    const paper = panelOver(first, () => undefined);
    try {
      await paper.session.run();
      paper.panel.comparison.choose([second.toString(), first.toString()]);
      const well = await toldOf(paper, 'its run', ({ run }) => run !== null);
      assert.equal(told(paper)?.length, 1, 'nothing is compared with itself');
      assert.equal(well.run?.kind, 'exploding');
      assert.ok((well.run.perStepFactor ?? 0) > 1);
      assert.equal(well.run.curve.dh.length, well.run.curve.T);
      assert.equal(well.problem, null);
      const own = paper.session.summary;
      await replaceText(document, '"weights"', '"wieghts"');
      const broken = await toldOf(paper, 'its problem', ({ problem }) => problem !== null);
      assert.match(broken.problem ?? '', /^exploding\.rnn\.json:\d+:\d+: /);
      assert.deepEqual(broken.run, well.run, 'its last run is kept');
      assert.equal(paper.session.summary, own);
      assert.deepEqual(
        paper.session.problems.filter(({ severity }) => severity === 'error'),
        [],
      );
      await replaceText(document, '"wieghts"', '"weights"');
      await toldOf(paper, 'it is well again', ({ problem, run }) => problem === null && run !== null);
      // The page takes it away.
      paper.send({ type: 'event', name: 'compared', payload: { config: second.toString(), act: 'remove' } });
      await until('nothing compared', () => (told(paper)?.length === 0 ? true : undefined));
      assert.equal(paper.sessions.find({ kind: 'config', config: second.toString() }), undefined);
    } finally {
      paper.close();
    }
  });

  it('of a file that is not there tells which', async () => {
    const first = await copyExample('vanishing');
    const paper = panelOver(first, () => undefined);
    try {
      await paper.session.run();
      paper.panel.comparison.choose([vscode.Uri.joinPath(first, '../gone.rnn.json').toString()]);
      const gone = await toldOf(paper, 'its problem', ({ problem }) => problem !== null);
      assert.match(gone.problem ?? '', /gone\.rnn\.json/);
      assert.equal(gone.run, null);
      assert.ok(paper.session.summary !== null);
    } finally {
      paper.close();
    }
  });
});
