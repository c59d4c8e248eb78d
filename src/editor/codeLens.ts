import * as vscode from 'vscode';
import { prefix } from './settings.js';
import type { Session } from './session.js';
import type { Sessions } from './sessions.js';

/** The files that the editor features of this extension belong to. */
export const configSelector: vscode.DocumentSelector = { pattern: '**/*.rnn.json' };

const glyphs = { vanishing: '$(arrow-down)', healthy: '$(check)', exploding: '$(arrow-up)', nonfinite: '$(error)' } as const;

/** "Run RNN" above the config, and what the last run said. */
class RunLens implements vscode.CodeLensProvider {
  readonly onDidChangeCodeLenses: vscode.Event<void>;
  readonly #changed = new vscode.EventEmitter<void>();

  constructor(readonly sessions: Sessions) {
    this.onDidChangeCodeLenses = this.#changed.event;
  }

  refresh(): void {
    this.#changed.fire();
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const top = new vscode.Range(0, 0, 0, 0);
    const lenses = [new vscode.CodeLens(top, { title: '$(play) Run RNN', tooltip: 'Run forward and backward through time and show the gradient at every step', command: `${prefix}.run`, arguments: [document.uri] })];
    const session = this.sessions.find({ kind: 'config', config: document.uri.toString() });
    const verdict = session?.summary?.verdict;
    if (session !== undefined && verdict !== undefined) {
      const { kind, perStepFactor } = verdict;
      const rate = perStepFactor === null ? '' : `, ×${perStepFactor.toPrecision(3)} per step back`;
      const stale = session.stale === null ? '' : ' (of the last good run)';
      lenses.push(new vscode.CodeLens(top, { title: `${glyphs[kind]} ${kind === 'nonfinite' ? 'not finite' : kind}${rate}${stale}`, tooltip: verdict.reason, command: `${prefix}.run`, arguments: [document.uri] }));
    }
    return lenses;
  }
}

export function registerCodeLens(sessions: Sessions): vscode.Disposable {
  const lens = new RunLens(sessions);
  const told = new WeakMap<Session, string>();
  // Progress is told many times a second; the lenses change only with the verdict.
  const refresh = (session: Session): void => {
    const news = `${session.summary?.runId} ${session.stale === null}`;
    if (told.get(session) === news) return;
    told.set(session, news);
    lens.refresh();
  };
  return vscode.Disposable.from(vscode.languages.registerCodeLensProvider(configSelector, lens), sessions.onDidChange(refresh), sessions.onDidClose(() => lens.refresh()));
}
