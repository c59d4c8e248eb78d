// Conditions that the manifest and the walkthrough ask for.
import * as vscode from 'vscode';
import { prefix } from './settings.js';

export const setContextKey = (key: string, value: unknown): Thenable<unknown> =>
  vscode.commands.executeCommand('setContext', `${prefix}.${key}`, value);

type Key = 'configCreated' | 'verdictArrived' | 'panelShown' | 'gradientMended' | 'networkShown';

/**
 * A walkthrough waits for a key to become true; one that is true already when the walkthrough is first opened would
 * never be heard.
 */
export async function pulse(key: Key): Promise<void> {
  for (const value of [true, false]) await setContextKey(key, value);
}
