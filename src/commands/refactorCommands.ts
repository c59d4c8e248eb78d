import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { describeShape, quote } from '../config/json/index.js';
import type { Initialisation } from '../engine/index.js';
import type { Change, GateInitialisation, Offer } from '../protocol/index.js';
import type { Target } from '../editor/language/index.js';
import { chooseConfig } from './chooseConfig.js';
import type { CommandFactory, Context } from './commandContext.js';
import { configMeant } from './activeTarget.js';
import { ways, wholeNumber } from './initialisationQuestions.js';

type RescaleArgument = Target & { readonly quantity?: 'spectralRadius' | 'sigmaMax'; readonly to?: number };
type InitialiseArgument = Target & {
  readonly way?: Initialisation;
  readonly seed?: number;
  /** Of a matrix of several gates: which of its blocks. */
  readonly gates?: Pick<GateInitialisation, 'gate' | 'direction'>;
};

/**
 * A code action and a keybinding pass an object; the palette nothing, and then the active editor says what is meant.
 */
const isTarget = (argument: unknown): argument is Target =>
  typeof argument === 'object' && argument !== null && 'config' in argument && 'file' in argument && 'path' in argument;

/** The config that is meant, else one that the user picks, or that names the file that the user picks. */
async function configFor(context: Context, title: string): Promise<vscode.Uri | null> {
  const meant = await configMeant(context);
  if (meant !== undefined) return meant;
  const picked = await chooseConfig(context, title);
  if (picked === undefined) return null;
  const config = await context.subjects.configOf(await vscode.workspace.openTextDocument(picked));
  if (config === null)
    void vscode.window.showWarningMessage(t('No config names {0}.', path.posix.basename(picked.path)));
  return config;
}

/**
 * Brings a change into sight that nobody would see, because a walkthrough is in front: there it can be looked at and
 * undone.
 */
async function applyInSight({ panels, refactorings }: Context, target: Target, change: Change): Promise<boolean> {
  const applied = await refactorings.apply(target, change);
  if (applied && panels.activeSession === undefined && vscode.window.visibleTextEditors.length === 0)
    await vscode.window.showTextDocument(vscode.Uri.parse(target.file, true), { preview: false });
  return applied;
}

/** The value of an experiment that a change is offered for; asks when there are several. */
async function choose(
  context: Context,
  kinds: readonly Offer['kind'][],
  title: string,
): Promise<(Target & Pick<Offer, 'kind'>) | undefined> {
  const config = await configFor(context, title);
  if (config === null) return undefined;
  const inspection = await context.subjects.inspections.of(config);
  const offers = inspection?.offers.filter(({ kind }) => kinds.includes(kind)) ?? [];
  if (offers.length === 0) {
    void vscode.window.showWarningMessage(
      t(
        '{0} holds nothing that this can be done to, neither itself nor in its files.',
        path.posix.basename(config.path),
      ),
    );
    return undefined;
  }
  const chosen =
    offers.length === 1
      ? offers[0]
      : (
          await vscode.window.showQuickPick(
            offers.map((offer) => ({
              label: offer.name,
              description: offer.shape === null ? '' : describeShape(offer.shape),
              // Layers, and networks, may have names alike.
              ...(offer.path === offer.name ? {} : { detail: offer.path }),
              offer,
            })),
            { title },
          )
        )?.offer;
  return chosen === undefined
    ? undefined
    : { config: config.toString(), file: chosen.file, path: chosen.path, name: chosen.name, kind: chosen.kind };
}

const aboveZero = (text: string): string | null =>
  Number(text) > 0 && Number.isFinite(Number(text)) ? null : t('A number above 0, such as 0.95.');

const quantities = { spectralRadius: () => t('spectral radius'), sigmaMax: () => t('largest singular value') } as const;

/** Multiplies Wh by the factor that gives it the chosen spectral radius or largest singular value. */
export const rescaleWeights: CommandFactory = (context) => async (argument) => {
  const given: RescaleArgument | undefined = isTarget(argument) ? argument : undefined;
  const target = given ?? (await choose(context, ['rescale'], t('Rescale')));
  if (target === undefined) return;
  const picks = (['spectralRadius', 'sigmaMax'] as const).map((quantity) => ({
    label: quantities[quantity](),
    quantity,
  }));
  const quantity =
    given?.quantity ??
    (await vscode.window.showQuickPick(picks, { title: t('Rescale {0}', target.name), placeHolder: t('To a chosen…') }))
      ?.quantity;
  if (quantity === undefined) return;
  const to =
    given?.to ??
    (await askNumber(
      t('Rescale {0}', target.name),
      quantity === 'sigmaMax'
        ? t('New largest singular value of {0}', target.name)
        : t('New spectral radius of {0}', target.name),
      '1',
      aboveZero,
    ));
  if (to !== undefined) await applyInSight(context, target, { kind: 'rescale', quantity, to });
};

/**
 * Replaces a matrix by a fresh one; the seed is written above it, or in the config where its file takes no comments,
 * and into the log.
 */
export const initialiseWeights: CommandFactory = (context) => async (argument) => {
  const given: InitialiseArgument | undefined = isTarget(argument) ? argument : undefined;
  const chosen = given ?? (await choose(context, ['initialise', 'initialiseGates'], t('Initialise')));
  if (chosen === undefined) return;
  const gates = given?.gates ?? ('kind' in chosen && chosen.kind === 'initialiseGates' ? eachGate : null);
  const { config, file, path: place, name } = chosen;
  const target: Target = { config, file, path: place, name };
  const way =
    given?.way ??
    (await vscode.window.showQuickPick(ways(), { title: t('Initialise {0}', target.name), placeHolder: t('How?') }))
      ?.way;
  if (way === undefined) return;
  const seed =
    way === 'identity'
      ? 0
      : (given?.seed ?? (await askNumber(t('Initialise {0}', target.name), t('Seed'), '1', wholeNumber)));
  if (seed === undefined) return;
  const change: Change =
    gates === null ? { kind: 'initialise', way, seed, gain: 1 } : { kind: 'initialiseGates', way, seed, ...gates };
  if ((await applyInSight(context, target, change)) && way !== 'identity')
    context.log.info(`${gateNote(gates)}${quote(name)} of ${file}: ${way}, seed ${seed}`);
};

type Gates = NonNullable<InitialiseArgument['gates']>;
const eachGate: Gates = { gate: null, direction: null };
/** Which blocks of a matrix, for the log. */
const gateNote = (gates: Gates | null): string => {
  const which = [gates?.gate ?? [], gates?.direction ?? []].flat();
  return which.length === 0 ? '' : `gate ${which.join(' ')} in `;
};

/** Moves inline weights, comments and all, into a new file beside the config. */
export const moveWeightsToFile: CommandFactory = (context) => async (argument) => {
  const target = isTarget(argument) ? argument : await choose(context, ['moveToFile'], t('Move the weights'));
  if (target !== undefined) await context.refactorings.moveToFile(target);
};

/** Copies weights of a file that is never changed into a JSON file beside it, which the config then names. */
export const copyWeightsToJson: CommandFactory = (context) => async (argument) => {
  const target = isTarget(argument) ? argument : await choose(context, ['copyToJson'], t('Copy the weights to JSON'));
  if (target !== undefined) await context.refactorings.copyToJson(target);
};

async function askNumber(
  title: string,
  prompt: string,
  value: string,
  validateInput: (text: string) => string | null,
): Promise<number | undefined> {
  const text = await vscode.window.showInputBox({ title, prompt, value, validateInput });
  return text === undefined ? undefined : Number(text);
}
