// What is run without a config, written down as one.
import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { NewSequences } from '../config/edit/index.js';
import { pairName } from '../config/read/index.js';
import type { Pair } from '../config/read/index.js';
import { textColumn } from '../editor/context/index.js';
import { isTaken } from '../editor/files/index.js';
import { isConfig } from '../editor/following/index.js';
import type { Session } from '../editor/following/index.js';
import { freeReference } from '../editor/language/index.js';
import { write } from '../panel/index.js';
import type { AppliedPair } from '../panel/index.js';
import type { Context } from './commandContext.js';
import { placeOf } from './configAnswers.js';
import { networkOf } from './pairs.js';
import { relativeReference } from './relativeReference.js';

/** The name of a config for files of numbers. */
const asConfig = (file: vscode.Uri): vscode.Uri => {
  const name = path.posix.basename(file.path);
  return vscode.Uri.joinPath(file, '..', `${name.replace(/(?!^)(?:\.rnn)?\.[^.]*$/, '')}.rnn.json`);
};

/**
 * Where the config goes: only by its name is it one in the editor. What is there already is written over when the user
 * has picked it, and only then.
 */
async function nameFor(picked: vscode.Uri): Promise<vscode.Uri> {
  if (isConfig(picked) || (await isTaken(picked))) return picked;
  const named = picked.with({ path: picked.path.replace(/(?:\.jsonc?)?$/, '.rnn.json') });
  return (await isTaken(named)) ? picked : named;
}

/** The text of a config at `target`; `session`: of the panel that runs the pair, if one does. */
async function textFor(
  target: vscode.Uri,
  entry: Pair,
  session: Session | undefined,
  context: Context,
): Promise<string> {
  const weights = vscode.Uri.parse(entry.weights, true);
  const summary = session?.summary ?? null;
  const { network } = await networkOf(context, entry);
  const refer = (file: vscode.Uri): string => relativeReference(target, file);
  const sequences: NewSequences =
    typeof entry.sequences === 'string'
      ? {
          kind: 'file',
          place: placeOf(refer, vscode.Uri.parse(entry.sequences, true), entry.array ?? null),
          ...(entry.options === undefined ? {} : { options: entry.options }),
        }
      : { kind: 'made', made: entry.sequences, I: network?.I ?? summary?.shapes.I ?? 1 };
  return context.subjects.inspections.newConfig({
    name: session?.title ?? pairName(entry),
    source: {
      kind: 'files',
      cell: network === null ? (summary?.cell.name ?? null) : network.cell,
      weights: placeOf(refer, weights, entry.network ?? null),
      sequences,
      ...(entry.order === undefined ? {} : { order: entry.order }),
      initialState: null,
      above: { kind: 'ones', at: 'last' },
    },
  });
}

/** Writes a pair down as a config where the user wants it; its panel, if it has one, is then the config's. */
export async function saveAsConfig(context: Context, entry: Pair, session: Session | undefined): Promise<void> {
  const weights = vscode.Uri.parse(entry.weights, true);
  // The first one is appended to a name that has neither; of "weights.rnn.json" VS Code's own dialog (remote windows,
  // the web) sees the second one alone.
  const extensions = ['rnn.json', 'json'];
  const picked = await vscode.window.showSaveDialog({
    defaultUri: asConfig(weights),
    filters: { [t('RNN config (*.rnn.json)')]: extensions },
  });
  if (picked === undefined) return;
  const target = await nameFor(picked);
  const text = await textFor(target, entry, session, context);
  await write(target, new TextEncoder().encode(text));
  const shown = vscode.window.showTextDocument(target, { viewColumn: textColumn() });
  if (session !== undefined) context.panels.become(session, { kind: 'config', config: target.toString() }).begin();
  await shown;
}

/**
 * Applies what needs a config: after one question the pair is saved as one beside its weights, the panel becomes its
 * panel, and the change is made there, in a copy of weights whose file is never changed.
 */
export async function applyAsConfig(
  context: Context,
  entry: Pair,
  session: Session,
  { whatIf, copy }: AppliedPair,
): Promise<void> {
  const weights = vscode.Uri.parse(entry.weights, true);
  const bare = path.posix.basename(asConfig(weights).path, '.rnn.json');
  const name = await freeReference([bare], 'rnn.json', weights);
  const target = vscode.Uri.joinPath(weights, '..', name);
  const copyTo = copy === null ? null : await freeReference([copy], 'json', target);
  if (!(await mayWrite(session.title, name, copyTo))) return;
  const text = await textFor(target, entry, session, context);
  await write(target, new TextEncoder().encode(text));
  await vscode.window.showTextDocument(target, { viewColumn: textColumn(), preserveFocus: true });
  const saved = context.panels.become(session, { kind: 'config', config: target.toString() });
  // What the change is seen against.
  await saved.run();
  await context.panels.apply(saved, whatIf, copyTo);
}

async function mayWrite(title: string, config: string, copyTo: string | null): Promise<boolean> {
  const write = copyTo === null ? t('Write {0}', config) : t('Write {0} and {1}', config, copyTo);
  const question =
    copyTo === null
      ? t('This change stands in a config, and there is none here. Save {0} as {1}, and apply it there?', title, config)
      : t(
          'The weights stand in a file that is never changed, and there is no config here. Save {0} as {1}, and ' +
            'write the weights, changed, to {2}?',
          title,
          config,
          copyTo,
        );
  const detail = t('The panel is that of the config then. One undo takes the change back; the config stays.');
  return (await vscode.window.showInformationMessage(question, { modal: true, detail }, write)) === write;
}
