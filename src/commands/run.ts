import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { mayHoldNumbers } from '../config/read/index.js';
import type { Entry } from '../config/read/index.js';
import type { Problem } from '../config/json/index.js';
import { withLateProgress } from '../editor/following/index.js';
import { readUri } from '../editor/files/index.js';
import type { Session } from '../editor/following/index.js';
import type { FileKind, RunOutcome } from '../protocol/index.js';
import { EngineClient } from '../worker/thread/index.js';
import { isConfig } from '../editor/context/index.js';
import { Stop } from '../worker/scheduling/index.js';
import { baseName, chooseConfig, fileChoice, openDialog } from './chooseConfig.js';
import type { Choice } from './chooseConfig.js';
import type { CommandFactory, Context } from './commandContext.js';
import { configMeant } from './activeTarget.js';
import { saveAsConfig } from './saveAsConfig.js';

/**
 * Asks a worker what the file is, so that a big file is never parsed in the extension host. Null when the user has had
 * enough of waiting.
 */
async function classify(uri: vscode.Uri, { sessions }: Context): Promise<FileKind | null> {
  if (uri.path.endsWith('.rnn.json')) return 'config';
  const content = await readUri(uri);
  if (!content.ok) throw new Error(t('{0} cannot be read: {1}.', baseName(uri), content.detail));
  const client = new EngineClient({
    workerPath: sessions.workerPath,
    readFile: () => Promise.reject(new Error('Nothing is read here.')),
    events: {
      progress: () => undefined,
      problems: () => undefined,
      summary: () => undefined,
      spectrum: () => undefined,
      failed: ({ message }) => sessions.log.error(message),
    },
    onCrash: (message) => sessions.log.error(message),
  });
  try {
    const stop = new Stop();
    return await withLateProgress(
      t('Run RNN: {0}', baseName(uri)),
      client.ask('classify', { bytes: content.bytes, cancel: stop.flag }, stop),
      () => stop.ask(),
    );
  } finally {
    client.dispose();
  }
}

/** What a weights file is run with: a config that names it, or sequences alone. */
async function choosePartner(weights: vscode.Uri, configs: readonly vscode.Uri[]): Promise<vscode.Uri | undefined> {
  const folder = vscode.Uri.joinPath(weights, '..');
  const likely = (await vscode.workspace.fs.readDirectory(folder))
    .filter(([name, type]) => (type & vscode.FileType.File) !== 0 && mayHoldNumbers(name) && name !== baseName(weights))
    .map(([name]) => vscode.Uri.joinPath(folder, name));
  // Files that say so in their name first.
  likely.sort(
    (a, b) =>
      Number(/seq|xs|input/i.test(baseName(b))) - Number(/seq|xs|input/i.test(baseName(a))) ||
      a.path.localeCompare(b.path),
  );
  const known = configs.map((uri): Choice => ({ ...fileChoice(uri), description: t('a config that names this file') }));
  const choices: Choice[] = [
    ...known,
    ...likely.map(fileChoice),
    { label: `$(folder-opened) ${t('Another file…')}`, choose: () => openDialog(t('Sequences for Run RNN')) },
  ];
  return (
    await vscode.window.showQuickPick(choices, {
      title: t('Run RNN: sequences for {0}', baseName(weights)),
      placeHolder: t('A file with the input sequences, [B][T][I] or [T][I]'),
    })
  )?.choose();
}

/**
 * What to run for a file. `meant`: the user pointed at it, so that it is told when it cannot be run; else something
 * else is offered.
 */
async function entryFor(uri: vscode.Uri, meant: boolean, context: Context): Promise<Entry | undefined> {
  const kind = await classify(uri, context);
  switch (kind) {
    case null:
      return undefined;
    case 'config':
      return { kind: 'config', config: uri.toString() };
    case 'weights': {
      const partner = await choosePartner(uri, await context.subjects.configsOf(uri));
      if (partner === undefined) return undefined;
      return isConfig(partner)
        ? { kind: 'config', config: partner.toString() }
        : { kind: 'pair', weights: uri.toString(), sequences: partner.toString() };
    }
    case 'sequences':
      throw new Error(
        t(
          '{0} holds sequences. Run RNN on the weights file, or on a *.rnn.json config that names both.',
          baseName(uri),
        ),
      );
    case 'unknown': {
      if (!meant) {
        const chosen = await chooseConfig(
          context,
          t('Run RNN'),
          t('{0} is neither a config nor weights. Which config instead?', baseName(uri)),
        );
        return chosen === undefined ? undefined : entryFor(chosen, true, context);
      }
      throw new Error(
        t(
          "{0} is neither a config nor weights: weights are an object with Wx, Wh and b (or PyTorch's or " +
            "Keras' names). A config is named *.rnn.json.",
          baseName(uri),
        ),
      );
    }
  }
}

/** Runs, with a cancellable notification when it takes long, and tells what stands in the way. */
async function runWithProgress(session: Session): Promise<RunOutcome> {
  const outcome = await withLateProgress(
    t('Run RNN: {0}', session.title),
    session.run(),
    () => void session.cancel(),
    (tell) =>
      session.onDidChange(() => {
        if (session.running === null) return;
        const { phase, fraction } = session.running;
        const done = Math.round(100 * fraction);
        tell(
          phase === 'read'
            ? t('reading')
            : phase === 'run'
              ? t('forward and backward {0} %', done)
              : t('Jacobians and exponents {0} %', done),
        );
      }),
  );
  const firstError = outcome.problems.find((problem) => problem.severity === 'error');
  // Nobody waits until the message is read.
  if (outcome.kind === 'refused' && firstError !== undefined) void tellProblem(firstError);
  return outcome;
}

async function tellProblem({ message }: Problem): Promise<void> {
  const show = t('Show Problems');
  if ((await vscode.window.showErrorMessage(t('Run RNN: {0}', message), show)) === show)
    await vscode.commands.executeCommand('workbench.actions.view.problems');
}

const runnable = new Set(['json', 'jsonc']);

/** The file that the user means: what a menu passed, else the JSON in the active editor. */
function target(argument: unknown): vscode.Uri | undefined {
  if (argument instanceof vscode.Uri) return argument;
  const document = vscode.window.activeTextEditor?.document;
  return document !== undefined && (runnable.has(document.languageId) || /\.jsonc?$/.test(document.uri.path))
    ? document.uri
    : undefined;
}

export const run: CommandFactory = (context) => async (argument) => {
  try {
    const active = argument instanceof vscode.Uri ? undefined : context.panels.activeSession;
    if (active !== undefined) {
      await runWithProgress(active);
      return;
    }
    const open = target(argument);
    // Text that is no JSON is in front: the user chooses. Without any (a walkthrough) there may be one that is meant.
    const meant = open ?? (vscode.window.activeTextEditor === undefined ? await configMeant(context) : undefined);
    const uri = meant ?? (await chooseConfig(context, t('Run RNN')));
    if (uri === undefined) return;
    const entry =
      context.sessions.naming(uri)?.entry ??
      (await entryFor(uri, open === undefined || argument instanceof vscode.Uri, context));
    if (entry === undefined) return;
    const isNew = context.sessions.find(entry) === undefined;
    const { kind } = await runWithProgress(context.panels.show(entry));
    if (entry.kind === 'pair' && isNew && kind !== 'refused') await saveAsConfig(entry);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    context.log.error(message);
    void vscode.window.showErrorMessage(t('Run RNN: {0}', message));
  }
};
