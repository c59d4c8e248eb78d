import * as vscode from 'vscode';
import type { Problem, ProblemCode } from '../../config/json/index.js';
import { isUnsaved, writtenAt } from './editorFiles.js';

/** A file that nobody has written for this time, ms, is whole: what is wrong with it is its own fault. */
const settling = 1_000;
/** Whoever writes longer than this, ms, without ever leaving a whole file behind is told about it. */
const longest = 15_000;
/** Between two looks at a file that is being written, ms. */
const pause = 100;

/** What a file looks like in the middle of being written, or between being removed and put back. */
const hasty: ReadonlySet<ProblemCode> = new Set(['not-json', 'missing-file', 'unreadable-file']);

/** Tells a file that is wrong from one that another program, such as a training script, is just writing. */
export class PartialWrites {
  readonly #writes = new Map<string, number>();
  #since: number | null = null;

  /** Whether a half-written file could be the reason of these problems. */
  static mayExplain(problems: readonly Problem[]): boolean {
    return problems.some(({ severity, code }) => severity === 'error' && hasty.has(code));
  }

  /** The disk tells that the file was written or removed. */
  note(uri: vscode.Uri): void {
    this.#writes.set(uri.toString(), performance.now());
  }

  /** Whether these problems are likely to go away by themselves. */
  async explain(problems: readonly Pick<Problem, 'severity' | 'code' | 'file'>[]): Promise<boolean> {
    const now = performance.now();
    this.#since ??= now;
    if (now - this.#since > longest) return false;
    for (const { severity, code, file } of problems) {
      if (severity !== 'error' || !hasty.has(code)) continue;
      // A file that is not there has no time; of one that is no JSON its own time alone decides.
      if (code !== 'not-json' && [...this.#writes.keys()].some((id) => this.#isFresh(id))) return true;
      if (code !== 'missing-file' && (await this.#isBeingWritten(file))) return true;
    }
    return false;
  }

  /** The run has ended in one way or the other: patience starts anew. */
  settled(): void {
    this.#since = null;
  }

  pause(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, pause));
  }

  async #isBeingWritten(file: string): Promise<boolean> {
    const uri = vscode.Uri.parse(file, true);
    if (isUnsaved(uri)) return false;
    if (this.#isFresh(file)) return true;
    const at = await writtenAt(uri);
    return at !== null && Math.abs(Date.now() - at) < settling;
  }

  #isFresh(file: string): boolean {
    const at = this.#writes.get(file);
    return at !== undefined && performance.now() - at < settling;
  }
}
