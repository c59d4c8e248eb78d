import { t } from '@vscode/l10n';
import type { Fix, Problem, ProblemCode } from '../json/problem.js';
import { unquoted } from './unquoted.js';
import type { Value } from '../json/jsonValue.js';

export type Finding = {
  readonly code: ProblemCode;
  readonly message: string;
  readonly expected: string;
  readonly found: string;
  readonly advice: string;
  readonly fix?: Fix;
};

/** Repeats of one code in one array that are told singly; the rest is told in one sentence. */
export const maxRepeats = 20;

/** Problems of one code in one file that are told at all, so that a hopeless file does not drown the others. */
const maxPerFile = 200;

/** Collects everything that is wrong, in all files of an experiment. */
export class Report {
  readonly #problems: Problem[] = [];
  readonly #counts = new Map<string, number>();
  readonly #guarded = new Set<string>();

  /** Nothing of what stands in this file is to be told. */
  guard(file: string): void {
    this.#guarded.add(file);
  }

  guards({ document }: Value): boolean {
    return this.#guarded.has(document.id);
  }

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
    if (count === maxPerFile) {
      this.#problems.push({
        ...problem,
        message: t('More problems of this kind follow in this file and are not listed.'),
        found: t('many of them'),
        advice: t('Mend the way the file is made; the first ones show what is wrong.'),
      });
      return;
    }
    this.#problems.push(problem);
  }

  get hasErrors(): boolean {
    return this.#problems.some(({ severity }) => severity === 'error');
  }

  /** By file in the given order, then by place. */
  sorted(files: readonly string[]): Problem[] {
    const fileOrder = new Map(files.map((file, i) => [file, i]));
    const order = (problem: Problem): number => fileOrder.get(problem.file) ?? files.length;
    const told = this.#problems.map((problem) => (this.#guarded.has(problem.file) ? unquoted(problem) : problem));
    return told.toSorted(
      (a, b) =>
        order(a) - order(b) ||
        a.range.start.line - b.range.start.line ||
        a.range.start.character - b.range.start.character,
    );
  }
}
