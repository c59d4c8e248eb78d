import * as vscode from 'vscode';
import type { Entry } from '../../config/read/index.js';
import { languageInUse } from '../../l10n.js';
import { SpareThread } from '../../worker/thread/index.js';
import type { Doors } from '../context/doors.js';
import { readSettings } from '../context/settings.js';
import { Session, entryKey } from './session.js';

/**
 * All experiments that are on screen, in a panel of their own or laid over another's, found by what they run. One ends
 * with the last that shows it.
 */
export class Sessions implements vscode.Disposable {
  readonly #byKey = new Map<string, { session: Session; subscriptions: vscode.Disposable[]; holders: number }>();
  readonly #changed = new vscode.EventEmitter<Session>();
  readonly #closed = new vscode.EventEmitter<Session>();
  /** A session has a new status, problems or summary. */
  readonly onDidChange = this.#changed.event;
  readonly onDidClose = this.#closed.event;
  readonly #spare: SpareThread;

  constructor(
    readonly workerPath: string,
    readonly log: vscode.LogOutputChannel,
    readonly doors: Doors,
  ) {
    this.#spare = new SpareThread(workerPath);
  }

  get all(): Session[] {
    return [...this.#byKey.values()].map(({ session }) => session);
  }

  find(entry: Entry): Session | undefined {
    return this.#byKey.get(entryKey(entry))?.session;
  }

  /** The session that has read this file: its config, its weights, its sequences. */
  naming(uri: vscode.Uri): Session | undefined {
    const id = uri.toString();
    return [...this.#byKey.values()].find(({ session }) => session.follows(id))?.session;
  }

  /** Starts a thread for the session that is opened next, which then need not wait for it. */
  prepare(): void {
    this.#spare.prepare({ language: languageInUse(), threads: readSettings().threads });
  }

  /** Whoever opens it closes it. */
  open(entry: Entry): Session {
    const known = this.#byKey.get(entryKey(entry));
    if (known !== undefined) {
      known.holders++;
      return known.session;
    }
    const session = new Session(entry, this.#spare, this.log, this.doors);
    const changed = (): void => this.#changed.fire(session);
    this.#byKey.set(session.key, {
      session,
      subscriptions: [session.onDidChange(changed), session.onDidSummarise(changed)],
      holders: 1,
    });
    return session;
  }

  async cancelAll(): Promise<void> {
    await Promise.all([...this.#byKey.values()].map(({ session }) => session.cancel()));
  }

  close(session: Session): void {
    const known = this.#byKey.get(session.key);
    if (known?.session !== session || --known.holders > 0) return;
    this.#end(known);
  }

  #end({ session, subscriptions }: { session: Session; subscriptions: vscode.Disposable[] }): void {
    this.#byKey.delete(session.key);
    for (const subscription of subscriptions) subscription.dispose();
    session.dispose();
    this.#closed.fire(session);
  }

  dispose(): void {
    for (const known of [...this.#byKey.values()]) this.#end(known);
    this.#spare.end();
    this.#changed.dispose();
    this.#closed.dispose();
  }
}
