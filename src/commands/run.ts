import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { fileInFront } from '../editor/context/index.js';
import { bestBlock, checkpointEnding, fitOf, mayHoldNumbers } from '../config/read/index.js';
import type { Entry, FileSurvey, FoundNetwork, KnownPair, Pair } from '../config/read/index.js';
import { describeProblem } from '../config/json/index.js';
import type { Problem } from '../config/json/index.js';
import { prefix, withLateProgress } from '../editor/following/index.js';
import type { Session } from '../editor/following/index.js';
import { reportFailure } from '../panel/index.js';
import type { PairWish } from '../panel/index.js';
import { errorMessage, errorStack } from '../protocol/index.js';
import type { RunOutcome, SequenceChoice } from '../protocol/index.js';
import { Stop } from '../worker/scheduling/index.js';
import { chooseConfig } from './chooseConfig.js';
import { baseName } from './openDialog.js';
import type { CommandFactory, Context } from './commandContext.js';
import { configMeant } from './activeTarget.js';
import { chooseNetwork, chooseWeights } from './networkPicker.js';
import { changeSequences, chooseSequences, configItems, faultOfSequences, networkOf, pairOf } from './pairs.js';
import { applyAsConfig, saveAsConfig } from './savePair.js';
import { back, pick } from './quickInput.js';

/** What a file that the user points at holds. Null when the user has had enough of waiting. */
async function survey(uri: vscode.Uri, { surveys }: Context): Promise<FileSurvey | null> {
  const stop = new Stop();
  const surveyed = await withLateProgress(
    t('Run RNN: {0}', baseName(uri)),
    surveys.of(uri, { meant: true, stop }),
    () => stop.ask(),
  );
  if (surveyed.kind === 'unread') throw new Error(t('{0} cannot be read: {1}.', baseName(uri), surveyed.why));
  return surveyed.kind === 'known' ? surveyed.survey : null;
}

/** A file that cannot be read, and what its format says of it. */
class Unreadable extends Error {
  constructor(
    uri: vscode.Uri,
    readonly problem: Problem,
  ) {
    super(`${baseName(uri)}: ${describeProblem(problem)}`);
  }
}

/** Which network of the file is meant, as the viewer's buttons say; menus pass something else, or nothing. */
type MeantNetwork = { readonly network: string | null };
const meantNetwork = (argument: unknown): MeantNetwork | null => {
  if (typeof argument !== 'object' || argument === null || !('network' in argument)) return null;
  const { network } = argument;
  return typeof network === 'string' || network === null ? { network } : null;
};

/** How sequences are to be read, as the button of their preview says. */
type MeantSequences = { readonly sequences: SequenceChoice };
const meantSequences = (argument: unknown): SequenceChoice | null =>
  typeof argument === 'object' && argument !== null && 'sequences' in argument
    ? (argument as MeantSequences).sequences
    : null;

const ofConfig = (config: vscode.Uri): Entry => ({ kind: 'config', config: config.toString() });

/** What the panels run of these weights without a config, the latest last. */
const pairsShown = (weights: vscode.Uri, { panels }: Context): Pair[] =>
  panels.sessionsShown
    .map(({ entry }) => entry)
    .filter((entry) => entry.kind === 'pair')
    .filter((entry) => entry.weights === weights.toString());

/** What runs the same network on the same file of sequences, however these are read. */
function sessionLike({ weights, network, sequences }: Pair, context: Context): Session | undefined {
  const shown = pairsShown(vscode.Uri.parse(weights, true), context);
  const same = shown.findLast((pair) => pair.network === network && pair.sequences === sequences);
  return same === undefined ? undefined : context.sessions.find(same);
}

/** What runs a file already, unless its file holds several networks: then which one is asked again. */
function entryShown(uri: vscode.Uri, { sessions }: Context): Entry | undefined {
  const entry = sessions.naming(uri)?.entry;
  const isOneOfSeveral = entry?.kind === 'pair' && entry.weights === uri.toString() && entry.network !== undefined;
  return isOneOfSeveral ? undefined : entry;
}

/** Weights: a config that names them, or sequences alone. */
async function entryOfWeights(
  weights: vscode.Uri,
  { networks }: FileSurvey,
  context: Context,
  known: MeantNetwork | null,
): Promise<Entry | undefined> {
  const configs = await context.subjects.configsOf(weights);
  const meant = known === null ? networks : networks.filter(({ name }) => name === known.network);
  const shown = known === null && networks.length > 1 ? pairsShown(weights, context) : [];
  const chosen = await chooseNetwork(
    { title: t('Run RNN: {0}', baseName(weights)) },
    weights,
    meant.length > 0 ? meant : networks,
    shown.at(-1)?.network ?? null,
  );
  if (chosen === undefined || chosen === back) return undefined;
  const again = shown.findLast(({ network }) => network === chosen.network?.name);
  if (again !== undefined) return again;
  const answer = await chooseSequences(context, chosen, configs);
  return answer?.kind === 'config' ? ofConfig(answer.config) : answer;
}

/**
 * Sequences: the config that names them, one of several, or weights that are run on them. `seen`: how they are read,
 * where the user has looked at them; of a table or a text nobody runs what he has not seen.
 */
async function entryOfSequences(
  sequences: vscode.Uri,
  found: FileSurvey,
  context: Context,
  seen: SequenceChoice | null = null,
): Promise<Entry | undefined> {
  const title = t('Run RNN: {0}', baseName(sequences));
  const [config, ...others] = seen === null ? await context.subjects.configsOf(sequences) : [];
  if (config !== undefined) {
    if (others.length === 0) return ofConfig(config);
    const answer = await pick({ title }, t('Which config?'), configItems([config, ...others]));
    return answer === undefined || answer === back ? undefined : ofConfig(answer.choice.config);
  }
  const knownFor = (network: FoundNetwork | null): KnownPair => ({ network, B: null, T: null, loss: null });
  if (found.isPlain && seen === null) {
    await context.previews.show(sequences, null, vscode.ViewColumn.Active);
    return undefined;
  }
  const misfit = (network: FoundNetwork): string | null => {
    const block = bestBlock(found, 'sequences', knownFor(network));
    return block === null ? null : fitOf('sequences', block, knownFor(network)).reason;
  };
  const waiting = seen === null ? null : context.previews.waitingFor(sequences);
  const answer =
    waiting ?? (await chooseWeights({ title }, context.surveys, t('Which file holds the weights?'), sequences, misfit));
  if (answer === undefined || answer === back) return undefined;
  const { weights, network } = answer;
  if (seen !== null) context.previews.remember(sequences, { weights, network, choice: seen });
  const array = seen === null ? bestBlock(found, 'sequences', knownFor(network))?.name : seen.array;
  return pairOf(weights, network?.name ?? null, sequences.toString(), array ?? null, seen?.options);
}

/**
 * What to run for a file. `meant`: the user pointed at it, so that it is told when it cannot be run; else something
 * else is offered.
 */
async function entryFor(
  uri: vscode.Uri,
  meant: boolean,
  context: Context,
  known: MeantNetwork | null = null,
): Promise<Entry | undefined> {
  if (uri.path.endsWith('.rnn.json')) return ofConfig(uri);
  const found = await survey(uri, context);
  switch (found?.kind) {
    case undefined:
      return undefined;
    case 'config':
      return ofConfig(uri);
    case 'weights':
      return entryOfWeights(uri, found, context, known);
    case 'sequences':
      return entryOfSequences(uri, found, context);
    case 'unknown': {
      // Several arrays, none of which is called sequences.
      if (found.blocks.some(({ shape }) => shape.length === 3)) return entryOfSequences(uri, found, context);
      // A text in front may be anything; a checkpoint that nobody can read is meant to be one.
      if (found.problem !== undefined && (meant || checkpointEnding.test(uri.path)))
        throw new Unreadable(uri, found.problem);
      if (!meant) {
        const why = t('{0} is neither a config nor weights. Which config instead?', baseName(uri));
        const chosen = await chooseConfig(context, t('Run RNN'), { why, weights: true });
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
  return outcome;
}

/**
 * Runs an experiment in its panel. Where the sequences of a pair do not fit, others are asked for, with what is wrong;
 * every other problem is told.
 */
async function runEntry(entry: Entry, context: Context): Promise<void> {
  let session = context.panels.show(entry);
  for (;;) {
    const { kind, problems } = await runWithProgress(session);
    if (kind !== 'refused') return;
    const fault = session.entry.kind === 'pair' ? faultOfSequences(session.entry, problems) : null;
    if (fault === null) {
      const firstError = problems.find(({ severity }) => severity === 'error');
      // Nobody waits until the message is read.
      if (firstError !== undefined) void tellProblem(firstError);
      return;
    }
    const other = await otherSequences(session, context, fault.message);
    if (other === undefined) return;
    session = other;
  }
}

/** The panel of a pair with the sequences that the user chooses instead; undefined when there are none. */
async function otherSequences(session: Session, context: Context, why?: string): Promise<Session | undefined> {
  const { entry } = session;
  if (entry.kind !== 'pair') return undefined;
  const chosen = await networkOf(context, entry);
  const configs = await context.subjects.configsOf(chosen.weights);
  const answer = await chooseSequences(context, chosen, configs, why);
  if (answer === undefined) return undefined;
  return context.panels.become(session, answer.kind === 'config' ? ofConfig(answer.config) : answer);
}

/** What the panel of a pair asks for, and the preview of sequences that weights wait for. */
export function registerPairs(context: Context): vscode.Disposable {
  const grant = async (wish: PairWish, session: Session): Promise<void> => {
    if (typeof wish === 'object')
      return session.entry.kind === 'pair' ? applyAsConfig(context, session.entry, session, wish) : undefined;
    switch (wish) {
      case 'run':
        return runEntry(session.entry, context);
      case 'save':
        return session.entry.kind === 'pair' ? saveAsConfig(context, session.entry, session) : undefined;
      case 'sequences': {
        if (session.entry.kind === 'config') return changeSequences(context, session);
        const other = await otherSequences(session, context);
        return other === undefined ? undefined : runEntry(other.entry, context);
      }
      case 'BTI':
      case 'TBI': {
        const { entry } = session;
        if (entry.kind !== 'pair') return undefined;
        return runEntry(context.panels.become(session, { ...entry, order: wish }).entry, context);
      }
    }
  };
  return vscode.Disposable.from(
    context.panels.onDidWish(({ wish, session }) => {
      grant(wish, session).catch((error: unknown) => fail(error, context));
    }),
    context.previews.onDidAskToSave(({ sequences, waiting: { weights, network, choice } }) => {
      const pair = pairOf(weights, network?.name ?? null, sequences.toString(), choice.array, choice.options);
      saveAsConfig(context, pair, sessionLike(pair, context)).catch((error: unknown) => fail(error, context));
    }),
  );
}

function fail(error: unknown, { log }: Context): void {
  const fix = error instanceof Unreadable ? error.problem.fix : undefined;
  if (fix?.kind !== 'copyPython') {
    reportFailure(error, log);
    return;
  }
  log.error(errorStack(error));
  void offerLines(t('Run RNN: {0}', errorMessage(error)), fix.lines);
}

/** `lines`: of Python, which export what cannot be read. */
async function offerLines(told: string, lines: string): Promise<void> {
  const copy = t('Copy the lines');
  if ((await vscode.window.showErrorMessage(told, copy)) === copy)
    await vscode.commands.executeCommand(`${prefix}.copyPyTorchExport`, lines);
}

async function tellProblem({ message }: Problem): Promise<void> {
  const show = t('Show Problems');
  if ((await vscode.window.showErrorMessage(t('Run RNN: {0}', message), show)) === show)
    await vscode.commands.executeCommand('workbench.actions.view.problems');
}

const runnable = new Set(['json', 'jsonc']);

/** The file that the user means: what a menu passed, else the JSON, table or file of tensors that is in front. */
function target(argument: unknown): vscode.Uri | undefined {
  if (argument instanceof vscode.Uri) return argument;
  const document = vscode.window.activeTextEditor?.document;
  if (document !== undefined)
    return runnable.has(document.languageId) || /\.(?:jsonc?|csv|tsv|tab)$/i.test(document.uri.path)
      ? document.uri
      : undefined;
  // A file that is no text has a tab without an editor.
  const shown = fileInFront();
  return shown !== undefined && mayHoldNumbers(baseName(shown)) ? shown : undefined;
}

export const run: CommandFactory = (context) => async (argument, second) => {
  try {
    const known = meantNetwork(second);
    const seen = meantSequences(second);
    if (seen !== null && argument instanceof vscode.Uri) {
      const found = await survey(argument, context);
      const entry = found === null ? undefined : await entryOfSequences(argument, found, context, seen);
      if (entry?.kind === 'pair') {
        const session = sessionLike(entry, context);
        if (session !== undefined) context.panels.become(session, entry);
      }
      if (entry !== undefined) await runEntry(entry, context);
      return;
    }
    const active = argument instanceof vscode.Uri ? undefined : context.panels.activeSession;
    if (active !== undefined) {
      await runEntry(active.entry, context);
      return;
    }
    const open = target(argument);
    // Text that is no JSON is in front: the user chooses. Without any (a walkthrough) there may be one that is meant.
    const meant = open ?? (vscode.window.activeTextEditor === undefined ? await configMeant(context) : undefined);
    const uri = meant ?? (await chooseConfig(context, t('Run RNN'), { weights: true }));
    if (uri === undefined) return;
    const entry =
      (known === null ? entryShown(uri, context) : undefined) ??
      (await entryFor(uri, open === undefined || argument instanceof vscode.Uri, context, known));
    if (entry !== undefined) await runEntry(entry, context);
  } catch (error) {
    fail(error, context);
  }
};
