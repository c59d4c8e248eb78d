import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { readableExtensions } from '../config/read/index.js';

export const baseName = (uri: vscode.Uri): string => path.posix.basename(uri.path);

export async function openDialog(title: string): Promise<vscode.Uri | undefined> {
  const filters = { [t('Configs, weights and sequences')]: [...readableExtensions] };
  return (await vscode.window.showOpenDialog({ title, canSelectMany: false, filters }))?.[0];
}
