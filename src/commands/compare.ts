// Several configs on the same axes: the run of the first, and those of the others over it.
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Entry } from '../config/read/index.js';
import { configPattern, entryKey, entryUri, ignored, isConfig } from '../editor/following/index.js';
import { longestSearch, searchFiles } from '../editor/files/index.js';
import { openConfigs } from '../editor/language/index.js';
import { isEntry, mostCompared } from '../panel/index.js';
import { configMeant } from './activeTarget.js';
import { chooseConfig } from './chooseConfig.js';
import type { CommandFactory, Context } from './commandContext.js';
import { fileItem, pickSeveral } from './quickInput.js';
import { errorMessage, errorStack } from '../protocol/index.js';

const entryOf = (config: vscode.Uri): Entry => ({ kind: 'config', config: config.toString() });
const isUri = (value: unknown): value is vscode.Uri => value instanceof vscode.Uri;

function show({ panels }: Context, entry: Entry, configs: readonly vscode.Uri[]): void {
  const session = panels.compare(
    entry,
    configs.map((uri) => uri.toString()),
  );
  if (configs.length > mostCompared)
    void vscode.window.showWarningMessage(
      t('{0} configs were chosen; the first {1} are compared with {2}.', configs.length, mostCompared, session.title),
    );
  if (session.summary === null && session.running === null) session.begin();
}

/** What is selected in the Explorer. The one that has a panel already keeps it. */
function compareSelected(context: Context, selected: readonly vscode.Uri[]): void {
  const configs = selected.filter(isConfig);
  const shown = new Set(context.panels.sessionsShown.map(({ key }) => key));
  const first = configs.find((uri) => shown.has(entryKey(entryOf(uri)))) ?? configs[0];
  if (first === undefined || configs.length < 2) {
    void vscode.window.showWarningMessage(
      t('Select two or more configs (*.rnn.json): their runs are laid over each other.'),
    );
    return;
  }
  show(
    context,
    entryOf(first),
    configs.filter((uri) => uri !== first),
  );
}

/** What the panel in front shows, what the text in front belongs to, or what the user picks. */
async function firstEntry(context: Context, title: string): Promise<Entry | undefined> {
  const { activeSession } = context.panels;
  if (activeSession !== undefined) return activeSession.entry;
  const config =
    (await configMeant(context)) ?? (await chooseConfig(context, title, { why: t('Compare which config?') }));
  return config !== undefined && isConfig(config) ? entryOf(config) : undefined;
}

async function askForOthers(
  { panels, sessions }: Context,
  entry: Entry,
  title: string,
): Promise<readonly vscode.Uri[] | undefined> {
  const own = entryKey(entry);
  const compared = panels.comparedWith(entry);
  return pickSeveral(title, t('Compare {0} with…', sessions.find(entry)?.title ?? fileItem(entryUri(entry)).label), {
    search: searchFiles(configPattern, ignored, undefined, longestSearch),
    known: [...compared.map((config) => vscode.Uri.parse(config, true)), ...openConfigs().values()],
    fits: (uri) => uri.toString() !== own,
    picked: (uri) => compared.includes(uri.toString()),
    filters: { [t('Configs')]: ['rnn.json', 'json'] },
    another: t('Another file…'),
    none: t('No other *.rnn.json found in this workspace'),
  });
}

/** From the palette, from a panel (which passes its entry), or on what is selected in the Explorer. */
export const compare: CommandFactory = (context) => async (argument, selected) => {
  const title = t('Compare RNN Runs');
  try {
    if (Array.isArray(selected) && selected.length > 1) {
      compareSelected(context, selected.filter(isUri));
      return;
    }
    const entry = isEntry(argument)
      ? argument
      : isUri(argument) && isConfig(argument)
        ? entryOf(argument)
        : await firstEntry(context, title);
    if (entry === undefined) return;
    const others = await askForOthers(context, entry, title);
    if (others !== undefined) show(context, entry, others);
  } catch (error) {
    const message = errorMessage(error);
    context.log.error(errorStack(error));
    void vscode.window.showErrorMessage(t('Compare RNN Runs: {0}', message));
  }
};
