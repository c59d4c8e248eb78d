// What a command is about when nothing was passed to it: the palette, a keybinding, a link of the walkthrough.
import * as vscode from 'vscode';
import { fileInFront } from '../editor/context/index.js';
import { openConfigs } from '../editor/language/index.js';
import type { Session } from '../editor/following/index.js';
import type { Context } from './commandContext.js';

/**
 * The run of the panel in front, else of the experiment that the file in front belongs to, else the only one on screen.
 */
export function sessionMeant({ panels, sessions }: Context): Session | undefined {
  const file = fileInFront();
  const front = panels.activeSession ?? (file === undefined ? undefined : sessions.naming(file));
  return front ?? (panels.sessionsShown.length === 1 ? panels.sessionsShown[0] : undefined);
}

const configOf = (session: Session | undefined): vscode.Uri | undefined =>
  session?.entry.kind === 'config' ? vscode.Uri.parse(session.entry.config, true) : undefined;

/**
 * The config of the panel in front, else that of the text in front. With neither (a walkthrough, the settings) that of
 * the only run, of text in sight, or the only one with a tab. Undefined when that leaves a choice, which is the user's.
 */
export async function configMeant({ panels, subjects }: Context): Promise<vscode.Uri | undefined> {
  if (panels.activeSession !== undefined) return configOf(panels.activeSession);
  const { activeTextEditor, visibleTextEditors } = vscode.window;
  if (activeTextEditor !== undefined) return (await subjects.configOf(activeTextEditor.document)) ?? undefined;
  const ofSession = panels.sessionsShown.length === 1 ? configOf(panels.sessionsShown[0]) : undefined;
  if (ofSession !== undefined) return ofSession;
  for (const { document } of visibleTextEditors) {
    const config = await subjects.configOf(document);
    if (config !== null) return config;
  }
  const [only, another] = [...openConfigs().values()];
  return another === undefined ? only : undefined;
}
