// What a command is about when nothing was passed to it: the palette, a keybinding, a link of the walkthrough.
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { fileInFront } from '../editor/context/index.js';
import { openConfigs } from '../editor/language/index.js';
import { entryUri, isConfig } from '../editor/following/index.js';
import { whyNoVerdict } from '../editor/status/index.js';
import type { Session } from '../editor/following/index.js';
import type { Context } from './commandContext.js';

/** The run of the panel in front, else of the experiment that the file in front belongs to. */
export function sessionInFront({ panels, sessions }: Context): Session | undefined {
  const file = fileInFront();
  return panels.activeSession ?? (file === undefined ? undefined : sessions.naming(file));
}

/**
 * The run in front, else one on screen: of several the one that the user picks. Null when there is none, as for a
 * config in front that has not run; undefined when the user gives up.
 */
export async function sessionMeant(context: Context, title: string): Promise<Session | null | undefined> {
  const front = sessionInFront(context);
  if (front !== undefined) return front;
  const file = fileInFront();
  const { panels } = context;
  if (file !== undefined && isConfig(file)) return null;
  const [only, ...others] = panels.sessionsShown;
  if (only === undefined || others.length === 0) return only ?? null;
  const choices = panels.sessionsShown.map((session) => ({
    label: session.title,
    description: vscode.workspace.asRelativePath(entryUri(session.entry)),
    session,
  }));
  const answer = await vscode.window.showQuickPick(choices, {
    title,
    placeHolder: t('Of which run?'),
    matchOnDescription: true,
  });
  return answer?.session;
}

/** The run that is meant, once it has a result; where there is none it says why. */
export async function resultMeant(context: Context, title: string): Promise<Session | undefined> {
  const session = await sessionMeant(context, title);
  if (session === undefined || (session !== null && session.summary !== null)) return session;
  void vscode.window.showInformationMessage(
    session === null
      ? t('There is no run to show yet. Open a config and choose Run RNN first.')
      : t('Run RNN: {0} has no verdict. {1}', session.title, whyNoVerdict(session)),
  );
  return undefined;
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
