import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { Problem } from '../config/problem.js';
import type { Offer } from '../protocol/messages.js';
import { toRange } from './diagnostics.js';
import type { Refactorings, Target } from './refactorings.js';
import { prefix } from './settings.js';
import { jsonSelector } from './subject.js';
import type { Subject, Subjects } from './subject.js';

const { QuickFix, RefactorExtract, RefactorInline, RefactorRewrite } = vscode.CodeActionKind;

/** What more configs than this make of a file is not offered in it. */
const mostConfigs = 5;

/** An action whose edit is computed only when the user chooses it, because it may rewrite megabytes. */
class LateAction extends vscode.CodeAction {
  constructor(title: string, kind: vscode.CodeActionKind, readonly target: Target, readonly offer: Pick<Offer, 'kind'>) {
    super(title, kind);
  }
}

/** Mends what a problem says, and changes the numbers of a config in ways that only their meaning allows. */
class Actions implements vscode.CodeActionProvider {
  constructor(readonly subjects: Subjects, readonly refactorings: Refactorings) {}

  async provideCodeActions(document: vscode.TextDocument, range: vscode.Range, context: vscode.CodeActionContext, token: vscode.CancellationToken): Promise<vscode.CodeAction[]> {
    const actions = (await this.subjects.allOf(document, mostConfigs, token)).flatMap((subject) => this.#actions(document, range, context, subject));
    // What several configs of one file offer alike is offered once.
    return [...new Map(actions.toReversed().map((action) => [`${action.kind?.value} ${action.title}`, action])).values()].toReversed();
  }

  #actions(document: vscode.TextDocument, range: vscode.Range, context: vscode.CodeActionContext, subject: Subject): vscode.CodeAction[] {
    const { inspection, file } = subject;
    const here = inspection.problems.filter((problem) => problem.file === file && meets(toRange(problem.range), range));
    const fixes = here.flatMap((problem) => this.#fixes(problem, subject, document.uri, context));
    const named = new Set(inspection.links.filter((link) => link.file === file && meets(toRange(link.range), range)).map(({ target }) => target));
    const offers = inspection.offers.filter((offer) => (offer.file === file ? meets(toRange(offer.key), range) || meets(toRange(offer.value), range) : named.has(offer.file)));
    return [...fixes, ...offers.flatMap((offer) => this.#refactors(offer, subject))];
  }

  async resolveCodeAction(action: vscode.CodeAction): Promise<vscode.CodeAction> {
    if (!(action instanceof LateAction)) return action;
    const change = this.refactorings.plainChange(action.offer);
    if (change === null) return action;
    const edit = await this.refactorings.editOrWarn(action.target, change);
    if (edit !== null) action.edit = edit;
    return action;
  }

  #fixes(problem: Problem, { config, inspection }: Subject, uri: vscode.Uri, context: vscode.CodeActionContext): vscode.CodeAction[] {
    const diagnostics = context.diagnostics.filter(({ source, range, message }) => message === problem.message || (source === 'Run RNN' && range.isEqual(toRange(problem.range))));
    const mend = (action: vscode.CodeAction): vscode.CodeAction[] => {
      action.diagnostics = diagnostics;
      action.isPreferred = true;
      return [action];
    };
    const target = (path: string, name: string): Target => ({ config: config.toString(), file: problem.file, path, name });
    if (problem.fix?.kind === 'replace') {
      const action = new vscode.CodeAction(t('Change to {0}', problem.fix.text), QuickFix);
      action.edit = new vscode.WorkspaceEdit();
      action.edit.replace(uri, toRange(problem.range), problem.fix.text);
      return mend(action);
    }
    if (problem.fix?.kind === 'transpose') {
      const name = inspection.parts.find(({ file, path }) => file === problem.file && path === problem.path)?.name ?? problem.path;
      return mend(new LateAction(t('Transpose {0}', name), QuickFix, target(problem.path, name), { kind: 'transpose' }));
    }
    const bias = problem.code === 'missing-key' ? inspection.offers.find(({ kind, file, path }) => kind === 'addBias' && file === problem.file && path === problem.path) : undefined;
    return bias === undefined ? [] : mend(new LateAction(t('Add {0} of zeros', bias.name), QuickFix, target(bias.path, bias.name), bias));
  }

  #refactors(offer: Offer, { config }: Subject): vscode.CodeAction[] {
    const target: Target = { config: config.toString(), file: offer.file, path: offer.path, name: offer.name };
    const late = (title: string, kind: vscode.CodeActionKind): vscode.CodeAction[] => [new LateAction(title, kind, target, offer)];
    const asking = (title: string, command: string, change: object, kind = RefactorRewrite): vscode.CodeAction => {
      const action = new vscode.CodeAction(title, kind);
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
        const square = offer.square ? [asking(t('Replace {0} by the identity', offer.name), 'initialiseWeights', { way: 'identity' })] : [];
        return [
          asking(t('Replace {0} by an orthogonal matrix…', offer.name), 'initialiseWeights', { way: 'orthogonal' }), ...square,
          asking(t('Replace {0} by Glorot\'s uniform initialisation…', offer.name), 'initialiseWeights', { way: 'glorot' }),
          asking(t('Replace {0} by He\'s normal initialisation…', offer.name), 'initialiseWeights', { way: 'he' }),
        ];
      }
      case 'addBias':
        return late(t('Add {0} of zeros', offer.name), RefactorRewrite);
      case 'addInitialState':
        return late(t('Add an initial state of zeros'), RefactorRewrite);
      case 'moveToFile':
        return [asking(t('Move the weights to a file of their own'), 'moveWeightsToFile', {}, RefactorExtract)];
      case 'moveInline':
        return late(t('Move the weights into this config'), RefactorInline);
    }
  }
}

const meets = (a: vscode.Range, b: vscode.Range): boolean => a.intersection(b) !== undefined;

export const registerCodeActions = (subjects: Subjects, refactorings: Refactorings): vscode.Disposable =>
  vscode.languages.registerCodeActionsProvider(jsonSelector, new Actions(subjects, refactorings), { providedCodeActionKinds: [QuickFix, RefactorRewrite, RefactorExtract, RefactorInline] });
