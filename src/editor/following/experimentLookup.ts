import type * as vscode from 'vscode';
import type { Inspection } from '../../protocol/index.js';
import { isConfig, isForeign } from '../context/configFiles.js';
import type { ConfigIndex } from './configIndex.js';
import type { Inspections } from './inspections.js';
import { withToken } from '../files/timeouts.js';

/** Configs, and every JSON file that a config may name; providers ask `Subjects` which of them matter. */
export const jsonSelector: vscode.DocumentSelector = [{ language: 'json' }, { language: 'jsonc' }];

/** A document seen as part of an experiment. */
export type Subject = { readonly config: vscode.Uri; readonly file: string; readonly inspection: Inspection };

/** Finds the experiment that a document belongs to: a config its own, any other file that of a config that names it. */
export class Subjects {
  constructor(
    readonly inspections: Inspections,
    readonly index: ConfigIndex,
  ) {}

  /** The configs that a file is part of: its own, or those that name it, open ones first. */
  async configsOf(uri: vscode.Uri): Promise<vscode.Uri[]> {
    if (isConfig(uri)) return [uri];
    return isForeign(uri) ? [] : this.index.configsFor(uri);
  }

  async configOf({ uri }: vscode.TextDocument): Promise<vscode.Uri | null> {
    return (await this.configsOf(uri))[0] ?? null;
  }

  async of(document: vscode.TextDocument, token?: vscode.CancellationToken): Promise<Subject | null> {
    return (await this.allOf(document, 1, token))[0] ?? null;
  }

  /** The document as a part of each of its first `most` configs. */
  async allOf({ uri }: vscode.TextDocument, most: number, token?: vscode.CancellationToken): Promise<Subject[]> {
    const subjects: Subject[] = [];
    for (const config of ((await withToken(this.configsOf(uri), token)) ?? []).slice(0, most)) {
      const inspection = await this.inspections.of(config, token);
      if (inspection !== null) subjects.push({ config, file: uri.toString(), inspection });
    }
    return subjects;
  }
}
