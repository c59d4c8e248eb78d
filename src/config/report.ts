import type { Problem, ProblemCode } from './problem.js';
import type { Value } from './value.js';

export type Finding = { readonly code: ProblemCode; readonly message: string; readonly expected: string; readonly found: string; readonly advice: string };

/** Repeats of one code in one array that are told singly; the rest is told in one sentence. */
export const maxRepeats = 20;

/** Problems of one code in one file that are told at all, so that a hopeless file does not drown the others. */
const maxPerFile = 200;

/** Collects everything that is wrong, in all files of an experiment. */
export class Report {
  readonly #problems: { readonly problem: Problem; readonly fileOrder: number }[] = [];
  readonly #counts = new Map<string, number>();
  readonly #fileOrder = new Map<string, number>();

  error(where: Value, finding: Finding): void {
    this.add({ ...where.address(), severity: 'error', ...finding });
  }

  warning(where: Value, finding: Finding): void {
    this.add({ ...where.address(), severity: 'warning', ...finding });
  }

  add(problem: Problem): void {
    const kind = `${problem.code} ${problem.file}`;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    if (count > maxPerFile) return;
    const fileOrder = this.#fileOrder.get(problem.file) ?? this.#fileOrder.size;
    this.#fileOrder.set(problem.file, fileOrder);
    this.#problems.push({ problem, fileOrder });
  }

  get hasErrors(): boolean {
    return this.#problems.some(({ problem }) => problem.severity === 'error');
  }

  /** By file in the order of first mention, then by place. */
  sorted(): Problem[] {
    const order = (a: Problem, b: Problem): number => a.range.start.line - b.range.start.line || a.range.start.character - b.range.start.character;
    return this.#problems.toSorted((a, b) => a.fileOrder - b.fileOrder || order(a.problem, b.problem)).map(({ problem }) => problem);
  }
}
