import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { toRange } from './diagnostics.js';
import { configSelector } from './codeLens.js';
import { isConfig } from '../context/configFiles.js';
import { resolveReference } from '../files/editorFiles.js';
import type { Subjects } from '../following/experimentLookup.js';

/** Paths in a config open the files that they name. */
class FileLinks implements vscode.DocumentLinkProvider {
  constructor(readonly subjects: Subjects) {}

  async provideDocumentLinks(
    document: vscode.TextDocument,
    token: vscode.CancellationToken,
  ): Promise<vscode.DocumentLink[]> {
    if (!isConfig(document.uri)) return [];
    const subject = await this.subjects.of(document, token);
    if (subject === null) return [];
    return subject.inspection.links
      .filter(({ file }) => file === subject.file)
      .flatMap(({ range, reference, key }) => {
        const target = resolveReference(reference, document.uri);
        if (target === null) return [];
        const link = new vscode.DocumentLink(toRange(range), target);
        link.tooltip = t('Open the file of "{0}"', key);
        return [link];
      });
  }
}

export const registerLinks = (subjects: Subjects): vscode.Disposable =>
  vscode.languages.registerDocumentLinkProvider(configSelector, new FileLinks(subjects));
