// A session's run as a plain document that nobody can change: for screen readers, and for pasting into an issue.
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { nameInWorkspace } from '../editor/files/index.js';
import type { Session } from '../editor/following/index.js';
import { runFileName } from '../protocol/index.js';
import { problemLine } from '../worker/record/index.js';
import { ofFinishedRun, reportFailure } from './saveFile.js';

/** The whole result, or its gradients beside centred differences. */
export type TextForm = 'whole' | 'gradientCheck';

const scheme = 'rnn-gradients-result';

/** Texts stay as they were asked for, because one that changes while it is read aloud is lost: asking again renews. */
export class ResultTexts implements vscode.Disposable {
  readonly #texts = new Map<string, string>();
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #subscription: vscode.Disposable;

  constructor() {
    this.#subscription = vscode.Disposable.from(
      vscode.workspace.registerTextDocumentContentProvider(scheme, {
        onDidChange: this.#changed.event,
        provideTextDocumentContent: (uri) =>
          this.#texts.get(uri.toString()) ?? t('This was the result of an earlier run. Run the experiment again.'),
      }),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => this.#texts.delete(uri.toString())),
    );
  }

  /** Shows a text of the run on screen. Failures are told to the user. */
  async show(session: Session, form: TextForm): Promise<void> {
    const isWhole = form === 'whole';
    const waiting = isWhole
      ? t('{0}: the text waits for the analyses', session.title)
      : t('{0}: gradients beside differences of the loss', session.title);
    try {
      const text = await ofFinishedRun(session, waiting, (runId, stop) =>
        session.ask('resultText', { runId, form, cancel: stop.flag }, stop),
      );
      if (text === null) return;
      const uri = vscode.Uri.from({
        scheme,
        path: `/${runFileName(session.title, isWhole ? 'result' : 'gradient-check', 'txt')}`,
        query: session.key,
      });
      const stale = session.stale === null ? [] : [session.stale, ''];
      const problems = session.problems.map((problem) => problemLine(problem, nameInWorkspace));
      const holds = t(
        'This text holds the verdict, norms and exponents of the run, and its problems, which may name and quote ' +
          'your files; no weight, input or state of a unit.',
      );
      const beside = isWhole ? [...problems.map((line) => `${line}\n`), `${holds}\n`] : [];
      this.#texts.set(uri.toString(), [...stale, text, ...beside].join('\n'));
      this.#changed.fire(uri);
      await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri), { preview: false });
    } catch (error) {
      reportFailure(error, session.log);
    }
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }
}
