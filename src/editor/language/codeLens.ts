import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { isConfig } from '../context/configFiles.js';
import { configKeys } from './topLevelKeys.js';
import { toRange } from './diagnostics.js';
import type { Inspections } from '../following/inspections.js';
import { prefix } from '../context/settings.js';
import type { Session } from '../following/session.js';
import type { Sessions } from '../following/sessions.js';
import { tripLine, verdictLine, verdictWords } from '../status/verdictLabels.js';

/** The files that the editor features of this extension belong to. */
export const configSelector: vscode.DocumentSelector = { pattern: '**/*.rnn.json' };

const top = new vscode.Range(0, 0, 0, 0);

/**
 * "Run RNN" and "Preview" above the config; what the last run said there, above the weights and above the gradient that
 * flows in.
 */
class RunLens implements vscode.CodeLensProvider {
  readonly onDidChangeCodeLenses: vscode.Event<void>;
  readonly #changed = new vscode.EventEmitter<void>();

  constructor(
    readonly sessions: Sessions,
    readonly inspections: Inspections,
  ) {
    this.onDidChangeCodeLenses = this.#changed.event;
  }

  refresh(): void {
    this.#changed.fire();
  }

  async provideCodeLenses(document: vscode.TextDocument, token: vscode.CancellationToken): Promise<vscode.CodeLens[]> {
    const { uri } = document;
    if (!isConfig(uri)) return [];
    const lens = (range: vscode.Range, title: string, tooltip: string, command: string): vscode.CodeLens =>
      new vscode.CodeLens(range, { title, tooltip, command: `${prefix}.${command}`, arguments: [uri] });
    const lenses = [
      lens(
        top,
        `$(play) ${t('Run RNN')}`,
        t('Run forward and backward through time and show the gradient at every step'),
        'run',
      ),
      lens(
        top,
        `$(open-preview) ${t('Preview')}`,
        t('A panel that shows whichever config is in front, and follows it while you edit'),
        'preview',
      ),
    ];
    const session = this.sessions.find({ kind: 'config', config: uri.toString() });
    const words = session === undefined ? null : verdictWords(session);
    if (session === undefined || words === null) return lenses;
    const keys = configKeys(document) ?? (await this.#keysFromWorker(uri, token));
    const [weights, upstream, trip] = [
      keys.get('weights'),
      keys.get('upstreamGradient') ?? keys.get('loss'),
      tripLine(session),
    ];
    lenses.push(lens(top, verdictLine(words), words.reason, 'showPanel'));
    // In a config on one line it stands there already.
    if (weights !== undefined && weights.start.line > 0)
      lenses.push(lens(weights, verdictLine(words), words.reason, 'showPanel'));
    if (upstream !== undefined && trip !== null)
      lenses.push(lens(upstream, trip, t('What is left of a gradient that starts at the last step'), 'showPanel'));
    return lenses;
  }

  async #keysFromWorker(
    config: vscode.Uri,
    token: vscode.CancellationToken,
  ): Promise<ReadonlyMap<string, vscode.Range>> {
    const outline =
      (await this.inspections.of(config, token))?.documents.find(({ file }) => file === config.toString())?.outline ??
      [];
    return new Map(outline.map(({ name, key }) => [name, toRange(key)]));
  }
}

/** Calls `refresh` when lenses would say something else. */
export function whenVerdictsChange(sessions: Sessions, refresh: () => void): vscode.Disposable {
  const told = new WeakMap<Session, string>();
  return vscode.Disposable.from(
    // Progress is told many times a second; the lenses change only with the verdict.
    sessions.onDidChange((session) => {
      const news = `${session.summary?.runId} ${session.stale === null}`;
      if (told.get(session) === news) return;
      told.set(session, news);
      refresh();
    }),
    sessions.onDidClose(refresh),
  );
}

export function registerCodeLens(sessions: Sessions, inspections: Inspections): vscode.Disposable {
  const lens = new RunLens(sessions, inspections);
  return vscode.Disposable.from(
    vscode.languages.registerCodeLensProvider(configSelector, lens),
    whenVerdictsChange(sessions, () => lens.refresh()),
  );
}
