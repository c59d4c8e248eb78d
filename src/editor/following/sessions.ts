import * as vscode from 'vscode';
import type { Entry } from '../../config/read/index.js';
import type { Doors } from '../context/doors.js';
import { Session, entryKey } from './session.js';

/** All experiments that are on screen, found by what they run. */
export class Sessions implements vscode.Disposable {
  readonly #byKey = new Map<string, { session: Session; subscriptions: vscode.Disposable[] }>();
  readonly #changed = new vscode.EventEmitter<Session>();
  readonly #closed = new vscode.EventEmitter<Session>();
  /** A session has a new status, problems or summary. */
  readonly onDidChange = this.#changed.event;
  readonly onDidClose = this.#closed.event;

  constructor(
    readonly workerPath: string,
    readonly log: vscode.LogOutputChannel,
    readonly doors: Doors,
  ) {}

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

  open(entry: Entry): Session {
    const known = this.find(entry);
    if (known !== undefined) return known;
    const session = new Session(entry, this.workerPath, this.log, this.doors);
    const changed = (): void => this.#changed.fire(session);
    this.#byKey.set(session.key, {
      session,
      subscriptions: [session.onDidChange(changed), session.onDidSummarise(changed)],
    });
    return session;
  }

  async cancelAll(): Promise<void> {
    await Promise.all([...this.#byKey.values()].map(({ session }) => session.cancel()));
  }

  close(session: Session): void {
    const known = this.#byKey.get(session.key);
    if (known?.session !== session) return;
    this.#byKey.delete(session.key);
    for (const subscription of known.subscriptions) subscription.dispose();
    session.dispose();
    this.#closed.fire(session);
  }

  dispose(): void {
    for (const { session } of [...this.#byKey.values()]) this.close(session);
    this.#changed.dispose();
    this.#closed.dispose();
  }
}
