import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { LayerPlace } from '../../config/read/index.js';
import type { Change, Offer } from '../../protocol/index.js';
import { toRange } from './diagnostics.js';
import { isTaken } from '../files/disk.js';
import { resolveReference, versionOf } from '../files/editorFiles.js';
import type { Inspections } from '../following/inspections.js';
import { refusedEdit, whyNotMade } from './newFile.js';
import type { NewFile } from './newFile.js';

/** A value of a config or of a file that it names. */
export type Target = { readonly config: string; readonly file: string; readonly path: string; readonly name: string };

/** The text may change while the worker computes; it is asked again this often. */
const attempts = 3;

export type MadeEdit = { readonly edit: vscode.WorkspaceEdit; readonly made: NewFile | null };

/** Turns changes that the worker computes into edits of the editor. */
export class Refactorings {
  constructor(readonly inspections: Inspections) {}

  /** The whole change as one edit, with the file that it makes; or the sentence that says why there is none. */
  async editFor({ config, file, path: place }: Target, change: Change): Promise<MadeEdit | string> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const before = [versionOf(config), versionOf(file)];
      const outcome = await this.inspections.change({ config, file, path: place, change });
      if (before[0] !== versionOf(config) || before[1] !== versionOf(file)) continue;
      if (!outcome.ok) return outcome.message;
      const edit = new vscode.WorkspaceEdit();
      let made: NewFile | null = null;
      if (outcome.newFile !== null && (change.kind === 'moveToFile' || change.kind === 'copyToJson')) {
        const created = resolveReference(change.reference, vscode.Uri.parse(config, true));
        if (created === null) return t('The config is not saved yet, so there is no folder for the new file.');
        made = { uri: created, bytes: new TextEncoder().encode(outcome.newFile) };
        edit.createFile(created, { contents: made.bytes });
      }
      for (const { file: changed, range, text } of outcome.changes)
        edit.replace(vscode.Uri.parse(changed, true), toRange(range), text);
      return { edit, made };
    }
    return t('The text changes faster than it can be read; try again.');
  }

  /** Applies a change at once; tells the user when it cannot be done. */
  async apply(target: Target, change: Change): Promise<boolean> {
    const ready = await this.editOrWarn(target, change);
    if (ready === null) return false;
    if (await vscode.workspace.applyEdit(ready.edit)) return true;
    const why = ready.made === null ? null : await whyNotMade(ready.made);
    if (why === null) void vscode.window.showWarningMessage(refusedEdit());
    else void vscode.window.showErrorMessage(t('Run RNN: {0}', why));
    return false;
  }

  /** The whole change as one edit; null when it cannot be done, which the user is told. */
  async editOrWarn(target: Target, change: Change): Promise<MadeEdit | null> {
    const ready = await this.editFor(target, change);
    if (typeof ready !== 'string') return ready;
    void vscode.window.showWarningMessage(ready);
    return null;
  }

  /** A change for offers that are one edit without a question; null for the others, which are commands. */
  plainChange({ kind, layer }: Pick<Offer, 'kind' | 'layer'>): Change | null {
    switch (kind) {
      case 'forgetBias':
        return { kind, layers: layer === null ? null : numbersOf(layer) };
      case 'transpose':
      case 'addBias':
      case 'addInitialState':
      case 'moveInline':
        return { kind };
      case 'moveToFile':
      case 'copyToJson':
      case 'rescale':
      case 'initialise':
      case 'initialiseGates':
        return null;
    }
  }

  /** The weights of a config into a new file beside it, under a name that is free. */
  async moveToFile(target: Target): Promise<boolean> {
    const config = vscode.Uri.parse(target.config, true);
    const inspection = await this.inspections.of(config);
    const extension = inspection?.weightsHaveComments === true ? 'jsonc' : 'json';
    const base = path.posix.basename(config.path).replace(/\.rnn\.json$/, '');
    const reference = await freeReference(['weights', `${base}.weights`], extension, config);
    return this.apply(target, { kind: 'moveToFile', reference });
  }

  /** The weights of a file that is never changed into a JSON file beside it, which the config then names. */
  async copyToJson(target: Target): Promise<boolean> {
    const reference = await freeReference([target.name], 'json', vscode.Uri.parse(target.config, true));
    return this.apply(target, { kind: 'copyToJson', reference });
  }
}

/** Numbers of the layers in a tensor: two where it holds both directions. */
const numbersOf = ({ index, direction, directions }: LayerPlace): number[] =>
  direction === null && directions === 2 ? [index, index + 1] : [index];

/** The first of these references, or of the last with a number, that no file has yet. */
export async function freeReference(names: readonly string[], extension: string, config: vscode.Uri): Promise<string> {
  for (let i = 0; ; i++) {
    const reference = `${names[i] ?? `${names.at(-1)}-${i - names.length + 2}`}.${extension}`;
    const uri = resolveReference(reference, config);
    if (uri === null || !(await isTaken(uri))) return reference;
  }
}
