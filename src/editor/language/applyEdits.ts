import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { ChangeOutcome } from '../../protocol/index.js';
import { resolveReference } from '../files/editorFiles.js';
import { toRange } from './diagnostics.js';
import { refusedEdit, whyNotMade } from './newFile.js';
import type { NewFile } from './newFile.js';
import { freeReference } from './refactorings.js';

/** The text may change while the worker computes; it is asked again this often. */
const attempts = 3;

const versions = (): Map<string, number> =>
  new Map(vscode.workspace.textDocuments.map(({ uri, version }) => [uri.toString(), version]));

/** Asks for changes; `copyTo`: the reference of a new file for weights whose own file is never changed. */
type Ask = (copyTo: string | null) => Promise<ChangeOutcome>;

/**
 * `copyTo`: the user has agreed to a copy of this reference. `needsConfig`: hears that the change needs a config where
 * there is none, and where the weights could be copied to.
 */
type ApplyOptions = {
  readonly config?: vscode.Uri | null;
  readonly copyTo?: string | null;
  readonly needsConfig?: (copy: string | null) => void;
};

/**
 * Asks for changes of any number of files and makes one edit of them, so that one undo takes all back. Where weights
 * stand in a file that is never changed, the user is asked for a copy beside it, which `config` then names. The files;
 * null when it cannot be done, which the user is told.
 */
export async function applyChanges(
  ask: Ask,
  { config = null, copyTo: agreed = null, needsConfig }: ApplyOptions = {},
): Promise<readonly vscode.Uri[] | null> {
  let copyTo = agreed;
  let isRefused = false;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const before = versions();
    const outcome: ChangeOutcome = await ask(copyTo);
    if (!outcome.ok) {
      if (outcome.needsConfig === true && needsConfig !== undefined) {
        needsConfig(outcome.copy ?? null);
        return null;
      }
      if (outcome.copy === undefined || config === null || copyTo !== null) {
        void vscode.window.showWarningMessage(outcome.message);
        return null;
      }
      copyTo = await freeReference([outcome.copy], 'json', config);
      if (!(await mayCopy(copyTo))) return null;
      continue;
    }
    const now = versions();
    if (outcome.changes.some(({ file }) => before.get(file) !== now.get(file))) continue;
    const edit = new vscode.WorkspaceEdit();
    let made: NewFile | null = null;
    if (outcome.newFile !== null && copyTo !== null && config !== null) {
      const created = resolveReference(copyTo, config);
      if (created === null) break;
      made = { uri: created, bytes: new TextEncoder().encode(outcome.newFile) };
      edit.createFile(created, { contents: made.bytes });
    }
    for (const { file, range, text } of outcome.changes)
      edit.replace(vscode.Uri.parse(file, true), toRange(range), text);
    if (await vscode.workspace.applyEdit(edit))
      return [...new Set(outcome.changes.map(({ file }) => file))].map((file) => vscode.Uri.parse(file, true));
    const why = made === null ? null : await whyNotMade(made);
    if (why !== null) {
      void vscode.window.showErrorMessage(t('Run RNN: {0}', why));
      return null;
    }
    isRefused = true;
  }
  void vscode.window.showWarningMessage(
    isRefused ? refusedEdit() : t('The text changes faster than it can be read; try again.'),
  );
  return null;
}

async function mayCopy(reference: string): Promise<boolean> {
  const write = t('Write {0}', reference);
  const answer = await vscode.window.showInformationMessage(
    t('The weights stand in a file that is never changed. Write them, changed, to {0}?', reference),
    { modal: true, detail: t('The config will name the new file; one undo takes both back.') },
    write,
  );
  return answer === write;
}

const fileOf = ({ input }: vscode.Tab): vscode.Uri | null => (input instanceof vscode.TabInputText ? input.uri : null);

/**
 * Gives files that were changed without being open a tab behind the text in the first column: VS Code would put one in
 * front of whatever has the focus, such as a panel.
 */
export async function showBehind(files: readonly vscode.Uri[]): Promise<void> {
  const open = new Set(vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map((tab) => fileOf(tab)?.toString())));
  const unseen = files.filter((file) => !open.has(file.toString()));
  const column = vscode.window.tabGroups.all.find(({ viewColumn }) => viewColumn === vscode.ViewColumn.One);
  const front = column?.activeTab;
  const text = front === undefined ? null : fileOf(front);
  if (unseen.length === 0 || front === undefined || text === null) return;
  const show = (file: vscode.Uri, preview: boolean): Thenable<unknown> =>
    vscode.window.showTextDocument(file, { viewColumn: vscode.ViewColumn.One, preserveFocus: true, preview });
  for (const file of unseen) await show(file, false);
  await show(text, front.isPreview);
}
