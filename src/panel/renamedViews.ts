// Viewers and previews stay with their files when these are renamed.
import * as vscode from 'vscode';
import { after } from '../editor/files/index.js';
import type { Move } from '../editor/files/index.js';
import type { SequencePreviews, WaitingWeights } from './sequencePreviews.js';
import { sequencesType, tensorsType } from './viewTypes.js';

/** How long VS Code may take to open its own editor under the new name, ms. */
const patience = 2_000;

type View = {
  readonly viewType: string;
  readonly uri: vscode.Uri;
  readonly column: vscode.ViewColumn;
  readonly preview: boolean;
  readonly background: boolean;
  readonly waiting: WaitingWeights | null;
};

/** The tab of a file in another editor than ours. */
function otherTab({ uri, column }: View): vscode.Tab | undefined {
  const group = vscode.window.tabGroups.all.find(({ viewColumn }) => viewColumn === column);
  return group?.tabs.find(
    ({ input }) =>
      (input instanceof vscode.TabInputText || input instanceof vscode.TabInputCustom) &&
      input.uri.toString() === uri.toString() &&
      (input instanceof vscode.TabInputText || ![tensorsType, sequencesType].includes(input.viewType)),
  );
}

/** Waits for the tab that VS Code puts in the place of the view; undefined where it leaves the view alone. */
function replacement(view: View): Promise<vscode.Tab | undefined> {
  return new Promise((resolve) => {
    const look = (): void => {
      const tab = otherTab(view);
      if (tab !== undefined) end(tab);
    };
    const subscription = vscode.window.tabGroups.onDidChangeTabs(look);
    const timer = setTimeout(() => end(undefined), patience);
    const end = (tab: vscode.Tab | undefined): void => {
      subscription.dispose();
      clearTimeout(timer);
      resolve(tab);
    };
    look();
  });
}

function viewsOf(moves: readonly Move[], previews: SequencePreviews): View[] {
  return vscode.window.tabGroups.all.flatMap(({ tabs, viewColumn: column }) =>
    tabs.flatMap(({ input, isPreview, isActive }) => {
      if (!(input instanceof vscode.TabInputCustom)) return [];
      const { viewType, uri: before } = input;
      const uri = after(before, moves);
      if (uri === before || ![tensorsType, sequencesType].includes(viewType)) return [];
      const known = viewType === sequencesType ? previews.waitingFor(before) : null;
      const waiting = known === null ? null : { ...known, weights: after(known.weights, moves) };
      return [{ viewType, uri, column, preview: isPreview, background: !isActive, waiting }];
    }),
  );
}

/**
 * VS Code opens a file that is renamed in its default editor, whatever showed it before; the views are opened again in
 * its place, and the weights that wait in them go with them.
 */
export function followRenames(previews: SequencePreviews, failed: (error: unknown) => void): vscode.Disposable {
  let views: readonly View[] = [];
  const reopen = async (view: View): Promise<void> => {
    if (view.waiting !== null) previews.await(view.uri, view.waiting);
    if ((await replacement(view)) === undefined) return;
    const { viewType, uri, column: viewColumn, preview, background } = view;
    const options = { viewColumn, preview, background, preserveFocus: true };
    await vscode.commands.executeCommand('vscode.openWith', uri, viewType, options);
    const left = otherTab(view);
    if (left !== undefined && !left.isDirty) await vscode.window.tabGroups.close(left, true);
  };
  return vscode.Disposable.from(
    // Afterwards their tabs are gone.
    vscode.workspace.onWillRenameFiles(({ files }) => {
      views = viewsOf(files, previews);
    }),
    vscode.workspace.onDidRenameFiles(({ files }) => {
      previews.moveWeights(files);
      for (const view of views) reopen(view).catch(failed);
      views = [];
    }),
  );
}
