// The configs that lie over the run of a panel, each in a session of its own, which follows its edits.
import * as vscode from 'vscode';
import { entryKey } from '../editor/following/index.js';
import type { Session, Sessions } from '../editor/following/index.js';
import type { ComparedRun } from '../protocol/index.js';
import { comparedRun, newsOf } from './comparedRun.js';

/** More lines than these cannot be told apart. */
export const mostCompared = 6;

export class Comparison implements vscode.Disposable {
  readonly #sessions: Sessions;
  readonly #own: Session;
  readonly #tell: (compared: readonly ComparedRun[]) => void;
  readonly #held = new Map<string, { session: Session; subscription: vscode.Disposable }>();
  #told = '[]';

  constructor(sessions: Sessions, own: Session, tell: (compared: readonly ComparedRun[]) => void) {
    this.#sessions = sessions;
    this.#own = own;
    this.#tell = tell;
  }

  /** The configs, in the order in which they were chosen. */
  get configs(): readonly string[] {
    return [...this.#held.keys()];
  }

  get runs(): readonly ComparedRun[] {
    return [...this.#held.values()].map(({ session }) => comparedRun(session));
  }

  /** Compares with these and no others; those that are new run. No more are taken than can be told apart. */
  choose(configs: readonly string[]): void {
    const wanted = [...new Set(configs)]
      .filter((config) => entryKey({ kind: 'config', config }) !== this.#own.key)
      .slice(0, mostCompared);
    for (const config of this.configs) if (!wanted.includes(config)) this.#release(config);
    for (const config of wanted) if (!this.#held.has(config)) this.#hold(config);
    this.#changed();
  }

  /** What the page asks for one of them; nothing where it is not compared any more. */
  find(config: string): Session | undefined {
    return this.#held.get(config)?.session;
  }

  dispose(): void {
    for (const config of this.configs) this.#release(config);
  }

  #hold(config: string): void {
    const session = this.#sessions.open({ kind: 'config', config });
    const changed = (): void => this.#changed();
    this.#held.set(config, {
      session,
      subscription: vscode.Disposable.from(session.onDidChange(changed), session.onDidSummarise(changed)),
    });
    const isNew = session.summary === null && session.running === null;
    if (isNew) session.begin();
  }

  #release(config: string): void {
    const held = this.#held.get(config);
    if (held === undefined) return;
    this.#held.delete(config);
    held.subscription.dispose();
    this.#sessions.close(held.session);
  }

  /** Progress of a run comes often and changes nothing here. */
  #changed(): void {
    const { runs } = this;
    const key = newsOf(runs);
    if (key === this.#told) return;
    this.#told = key;
    this.#tell(runs);
  }
}
