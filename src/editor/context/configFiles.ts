// Which files are configs, by their names alone.
import type * as vscode from 'vscode';

export const configPattern = '**/*.rnn.json';
export const ignored = '**/{node_modules,.git}/**';

/**
 * Earlier states of files, kept to be looked at, and VS Code's own settings: nothing in them is part of an experiment.
 */
const foreign: ReadonlySet<string> = new Set([
  'git',
  'gitfs',
  'pr',
  'review',
  'vscode-local-history',
  'vscode-userdata',
  'vscode-settings',
  'output',
]);
export const isForeign = ({ scheme }: vscode.Uri): boolean => foreign.has(scheme);
export const isConfig = (uri: vscode.Uri): boolean => uri.path.endsWith('.rnn.json') && !isForeign(uri);
