import { t } from '@vscode/l10n';
import { fileName } from '../json/fileName.js';
import { shortened } from '../json/problem.js';
import type { Finding, Problem, ProblemCode } from '../json/problem.js';
import { unquoted } from './unquoted.js';
import type { Value } from '../json/jsonValue.js';

/** A finding that may occur very often in one file: its sentences are made only where they are told. */
export type LateFinding = { readonly code: ProblemCode; readonly tell: () => Omit<Finding, 'code'> };

/** Repeats of one code in one array that are told singly; the rest is told in one sentence. */
export const maxRepeats = 20;

/** Problems of one code in one file that are told at all, so that a hopeless file does not drown the others. */
const maxPerFile = 200;

/** How the command line names what is meant of a file that holds several networks or arrays. */
export const optionText = (option: '--name' | '--array', name: string): string => `${option} ${wordOf(name)}`;

/** A word of a command line, in quotes where it has to be: in single ones where a shell would do what it says. */
export function wordOf(name: string): string {
  if (/^[\w./-]+$/.test(name)) return name;
  return /["$`\\!]/.test(name) ? `'${name.replaceAll("'", "'\\''")}'` : JSON.stringify(name);
}

/** Collects everything that is wrong, in all files of an experiment. */
export class Report {
  /** Whether options of the command line say what a config would. */
  readonly byOption: boolean;
  readonly #problems: Problem[] = [];
  readonly #counts = new Map<string, number>();
  readonly #guarded = new Set<string>();
  readonly #references = new Map<string, string>();

  constructor(byOption = false) {
    this.byOption = byOption;
  }

  /** How the config names a file, from its own folder. */
  refer(file: string, reference: string): void {
    if (!this.#references.has(file)) this.#references.set(file, reference);
  }

  /** The file of a value as a config would name it. */
  referenceOf({ document: { id } }: Value): string {
    return this.#references.get(id) ?? fileName(id);
  }

  /** Nothing of what stands in this file is to be told. */
  guard(file: string): void {
    this.#guarded.add(file);
  }

  guards({ document }: Value): boolean {
    return this.#guarded.has(document.id);
  }

  error(where: Value, finding: Finding | LateFinding): void {
    this.#tell(where, 'error', finding);
  }

  warning(where: Value, finding: Finding | LateFinding): void {
    this.#tell(where, 'warning', finding);
  }

  info(where: Value, finding: Finding | LateFinding): void {
    this.#tell(where, 'info', finding);
  }

  add(problem: Problem): void {
    const room = this.#roomFor(problem.code, problem.file);
    if (room !== 'none') this.#keep(problem, room);
  }

  /** A place that is not told costs nothing but its count. */
  #tell(where: Value, severity: Problem['severity'], finding: Finding | LateFinding): void {
    const room = this.#roomFor(finding.code, where.document.id);
    if (room === 'none') return;
    const { fix, ...told } = 'tell' in finding ? { fix: undefined, code: finding.code, ...finding.tell() } : finding;
    // Most fixes are changes of a text.
    const mends = fix !== undefined && (where.document.binary === null || fix.kind === 'copyPython');
    this.#keep({ ...where.address(), severity, ...told, ...(mends ? { fix } : {}) }, room);
  }

  /** Whether a problem of one of these codes would still be told in the file: to find its place may take long. */
  hasRoom(codes: readonly ProblemCode[], file: string): boolean {
    return codes.some((code) => (this.#counts.get(`${code} ${file}`) ?? 0) < maxPerFile);
  }

  #roomFor(code: ProblemCode, file: string): 'some' | 'last' | 'none' {
    const kind = `${code} ${file}`;
    const count = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, count);
    return count < maxPerFile ? 'some' : count === maxPerFile ? 'last' : 'none';
  }

  #keep(problem: Problem, room: 'some' | 'last'): void {
    this.#problems.push(
      shortened(
        room === 'some'
          ? problem
          : {
              ...problem,
              message: t('More problems of this kind follow in this file and are not listed.'),
              found: t('many of them'),
              advice: t('Mend the way the file is made; the first ones show what is wrong.'),
            },
      ),
    );
  }

  get hasErrors(): boolean {
    return this.#problems.some(({ severity }) => severity === 'error');
  }

  /** By file in the given order, then by place. */
  sorted(files: readonly string[]): Problem[] {
    const fileOrder = new Map(files.map((file, i) => [file, i]));
    const order = (problem: Problem): number => fileOrder.get(problem.file)!;
    const told = this.#problems.map((problem) => (this.#guarded.has(problem.file) ? unquoted(problem) : problem));
    return told.toSorted(
      (a, b) =>
        order(a) - order(b) ||
        a.range.start.line - b.range.start.line ||
        a.range.start.character - b.range.start.character,
    );
  }
}
