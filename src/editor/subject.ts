import type * as vscode from 'vscode';
import type { Inspection } from '../protocol/messages.js';
import { isConfig, isForeign } from './configIndex.js';
import type { ConfigIndex } from './configIndex.js';
import type { Inspections } from './inspections.js';
import { withToken } from './waiting.js';

/** Configs, and every JSON file that a config may name; providers ask `Subjects` which of them matter. */
export const jsonSelector: vscode.DocumentSelector = [{ language: 'json' }, { language: 'jsonc' }];

/** A document seen as part of an experiment. */
export type Subject = { readonly config: vscode.Uri; readonly file: string; readonly inspection: Inspection };

/** Finds the experiment that a document belongs to: a config its own, any other file that of a config that names it. */
export class Subjects {
  constructor(readonly inspections: Inspections, readonly index: ConfigIndex) {}

  async configOf({ uri }: vscode.TextDocument): Promise<vscode.Uri | null> {
    if (isConfig(uri)) return uri;
    if (isForeign(uri)) return null;
    return (await this.index.configsFor(uri))[0] ?? null;
  }

  async of(document: vscode.TextDocument, token?: vscode.CancellationToken): Promise<Subject | null> {
    const config = await withToken(this.configOf(document), token);
    if (config === null) return null;
    const inspection = await this.inspections.of(config, token);
    return inspection === null ? null : { config, file: document.uri.toString(), inspection };
  }
}
