import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Problem } from '../../config/json/index.js';
import { sequenceOrders } from '../../config/read/index.js';
import type { Change, GateName, Offer } from '../../protocol/index.js';
import { toRange } from './diagnostics.js';
import { forgetBiasTitle, gateOffers, isMeantAt, isOfOneOfSeveral, meets } from './gateActions.js';
import type { Refactorings, Target } from './refactorings.js';
import { prefix } from '../context/settings.js';
import { jsonSelector } from '../following/experimentLookup.js';
import type { Subject, Subjects } from '../following/experimentLookup.js';

const { QuickFix, RefactorExtract, RefactorInline, RefactorRewrite } = vscode.CodeActionKind;

/** What more configs than this make of a file is not offered in it. */
const mostConfigs = 5;

/** Of a file with many problems only the first ones are mended from elsewhere. */
const mostFixes = 20;

/** An action that is about one value. */
class PlacedAction extends vscode.CodeAction {
  constructor(
    title: string,
    kind: vscode.CodeActionKind,
    readonly target: Target,
  ) {
    super(title, kind);
  }
}

/** An action whose edit is computed only when the user chooses it, because it may rewrite megabytes. */
class LateAction extends PlacedAction {
  constructor(
    title: string,
    kind: vscode.CodeActionKind,
    target: Target,
    readonly change: Change,
  ) {
    super(title, kind, target);
  }
}

const inMenu = ({ kind, title }: PlacedAction): string => `${kind?.value} ${title}`;

/** What several configs of one file offer alike is offered once; what is offered alike at several places says where. */
function toldApart(actions: readonly PlacedAction[]): PlacedAction[] {
  const place = ({ target }: PlacedAction): string => `${target.file} ${target.path}`;
  const different = [
    ...new Map(actions.toReversed().map((action) => [`${inMenu(action)} ${place(action)}`, action])).values(),
  ].toReversed();
  const alike = different.filter((action) =>
    different.some((other) => other !== action && inMenu(other) === inMenu(action)),
  );
  for (const action of alike) action.title += ` (${action.target.path})`;
  return different;
}

/** Mends what a problem says, and changes the numbers of a config in ways that only their meaning allows. */
class Actions implements vscode.CodeActionProvider {
  constructor(
    readonly subjects: Subjects,
    readonly refactorings: Refactorings,
  ) {}

  async provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
    token: vscode.CancellationToken,
  ): Promise<vscode.CodeAction[]> {
    const actions: PlacedAction[] = [];
    for (const subject of await this.subjects.allOf(document, mostConfigs, token))
      actions.push(...this.#actions(range, context, subject, await this.#gateAt(range.start, subject, token)));
    return toldApart(actions);
  }

  /** The gate whose numbers the cursor stands among; null outside of the numbers of weights. */
  async #gateAt(
    position: vscode.Position,
    { config, file, inspection }: Subject,
    token: vscode.CancellationToken,
  ): Promise<GateName | null> {
    const isInside = inspection.offers.some(
      (offer) => offer.kind === 'initialiseGates' && offer.file === file && toRange(offer.value).contains(position),
    );
    return isInside ? this.subjects.inspections.gateAt(config, vscode.Uri.parse(file, true), position, token) : null;
  }

  #actions(
    range: vscode.Range,
    context: vscode.CodeActionContext,
    subject: Subject,
    gate: GateName | null,
  ): PlacedAction[] {
    const { inspection, file } = subject;
    // What names a file offers what that file offers.
    const named = new Set(
      inspection.links
        .filter((link) => link.file === file && meets(toRange(link.whole), range))
        .map(({ target }) => target),
    );
    const fixes = inspection.problems
      .flatMap((problem) => {
        const isHere = problem.file === file;
        // Of a file that is no text nothing has a place but the path that names it.
        const place = isHere || problem.namedBy?.file !== file ? problem.range : problem.namedBy.range;
        const isMeant =
          isHere || problem.namedBy?.file === file
            ? meets(toRange(place), range)
            : named.has(problem.file) && !toRange(problem.range).isEmpty;
        return isMeant ? this.#fixes(problem, place, subject, isHere, context) : [];
      })
      .slice(0, mostFixes);
    const offers = inspection.offers.filter((offer) =>
      offer.file === file
        ? isMeantAt(offer, range, inspection)
        : named.has(offer.file) && !isOfOneOfSeveral(offer, inspection),
    );
    return [...fixes, ...offers.flatMap((offer) => this.#refactors(offer, subject, gate))];
  }

  async resolveCodeAction(action: vscode.CodeAction): Promise<vscode.CodeAction> {
    if (!(action instanceof LateAction)) return action;
    const ready = await this.refactorings.editOrWarn(action.target, action.change);
    if (ready !== null) action.edit = ready.edit;
    return action;
  }

  #fixes(
    problem: Problem,
    place: Problem['range'],
    { config, inspection }: Subject,
    isHere: boolean,
    context: vscode.CodeActionContext,
  ): PlacedAction[] {
    const diagnostics = context.diagnostics.filter(
      ({ source, range, message }) =>
        message === problem.message || (source === 'Run RNN' && range.isEqual(toRange(place))),
    );
    const mend = (action: PlacedAction): PlacedAction[] => {
      action.diagnostics = diagnostics;
      // Nothing is changed in another file by a key that mends whatever is wrong here.
      action.isPreferred = isHere;
      return [action];
    };
    const target = (path: string, name: string): Target => ({
      config: config.toString(),
      file: problem.file,
      path,
      name,
    });
    if (problem.fix?.kind === 'replace') {
      const action = new PlacedAction(
        problem.fix.title ?? t('Change to {0}', problem.fix.text),
        QuickFix,
        target(problem.path, problem.path),
      );
      action.edit = new vscode.WorkspaceEdit();
      const at = toRange(problem.fix.at ?? problem.range);
      action.edit.replace(vscode.Uri.parse(problem.file, true), at, problem.fix.text);
      return mend(action);
    }
    if (problem.fix?.kind === 'allow') {
      // Never preferred: nothing is allowed by a key that mends whatever is wrong.
      const { target: file } = problem.fix;
      const title = t('Allow reading {0}', vscode.Uri.parse(file, true).path);
      const action = new PlacedAction(title, QuickFix, target(problem.path, problem.path));
      action.command = { title, command: `${prefix}.allowFile`, arguments: [file] };
      action.diagnostics = diagnostics;
      return [action];
    }
    if (problem.fix?.kind === 'copyPython') {
      const title = t('Copy the Python lines that export safetensors');
      const action = new PlacedAction(title, QuickFix, target(problem.path, problem.path));
      action.command = { title, command: `${prefix}.copyPyTorchExport`, arguments: [problem.fix.lines] };
      action.diagnostics = diagnostics;
      return [action];
    }
    if (problem.fix?.kind === 'sequenceOrder') {
      // Neither is preferred: nobody but the user knows.
      const answers = { TBI: t('The steps come first: [T][B][I]'), BTI: t('The sequences come first: [B][T][I]') };
      return sequenceOrders.map((order) => {
        const action = new LateAction(answers[order], QuickFix, target(problem.path, 'sequences'), {
          kind: 'sequenceOrder',
          order,
        });
        action.diagnostics = diagnostics;
        return action;
      });
    }
    if (problem.fix?.kind === 'transpose') {
      const name =
        inspection.parts.find(({ file, path }) => file === problem.file && path === problem.path)?.name ?? problem.path;
      return mend(
        new LateAction(t('Transpose {0}', name), QuickFix, target(problem.path, name), { kind: 'transpose' }),
      );
    }
    const bias =
      problem.code === 'missing-key'
        ? inspection.offers.find(
            ({ kind, file, path }) => kind === 'addBias' && file === problem.file && path === problem.path,
          )
        : undefined;
    return bias === undefined
      ? []
      : mend(
          new LateAction(t('Add {0} of zeros', bias.name), QuickFix, target(bias.path, bias.name), { kind: 'addBias' }),
        );
  }

  #refactors(offer: Offer, { config, file }: Subject, gate: GateName | null): PlacedAction[] {
    const target: Target = { config: config.toString(), file: offer.file, path: offer.path, name: offer.name };
    const change = this.refactorings.plainChange(offer);
    const late = (title: string, kind: vscode.CodeActionKind): PlacedAction[] =>
      change === null ? [] : [new LateAction(title, kind, target, change)];
    const asking = (title: string, command: string, change: object, kind = RefactorRewrite): PlacedAction => {
      const action = new PlacedAction(title, kind, target);
      action.command = { title, command: `${prefix}.${command}`, arguments: [{ ...target, ...change }] };
      return action;
    };
    switch (offer.kind) {
      case 'transpose':
        return late(t('Transpose {0}', offer.name), RefactorRewrite);
      case 'rescale':
        return [
          asking(t('Rescale {0} to a spectral radius…', offer.name), 'rescaleWeights', { quantity: 'spectralRadius' }),
          asking(t('Rescale {0} to a largest singular value…', offer.name), 'rescaleWeights', { quantity: 'sigmaMax' }),
        ];
      case 'initialise': {
        const square = offer.square
          ? [asking(t('Replace {0} by the identity', offer.name), 'initialiseWeights', { way: 'identity' })]
          : [];
        return [
          asking(t('Replace {0} by an orthogonal matrix…', offer.name), 'initialiseWeights', { way: 'orthogonal' }),
          ...square,
          asking(t("Replace {0} by Glorot's uniform initialisation…", offer.name), 'initialiseWeights', {
            way: 'glorot',
          }),
          asking(t("Replace {0} by He's normal initialisation…", offer.name), 'initialiseWeights', { way: 'he' }),
        ];
      }
      case 'initialiseGates':
        return gateOffers(offer, offer.file === file ? gate : null).map(({ title, way, gates }) =>
          asking(title, 'initialiseWeights', { way, gates }),
        );
      case 'forgetBias':
        return late(forgetBiasTitle(offer), RefactorRewrite);
      case 'addBias':
        return late(t('Add {0} of zeros', offer.name), RefactorRewrite);
      case 'addInitialState':
        return late(t('Add an initial state of zeros'), RefactorRewrite);
      case 'moveToFile':
        return [asking(t('Move the weights to a file of their own'), 'moveWeightsToFile', {}, RefactorExtract)];
      case 'copyToJson':
        return [asking(t('Copy the weights to a JSON file, where they can be changed'), 'copyWeightsToJson', {})];
      case 'moveInline':
        return late(t('Move the weights into this config'), RefactorInline);
    }
  }
}

export const registerCodeActions = (subjects: Subjects, refactorings: Refactorings): vscode.Disposable =>
  vscode.languages.registerCodeActionsProvider(jsonSelector, new Actions(subjects, refactorings), {
    providedCodeActionKinds: [QuickFix, RefactorRewrite, RefactorExtract, RefactorInline],
  });
