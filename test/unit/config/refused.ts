// Configs with one mistake each, and the one problem that tells it.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeProblem } from '../../../src/config/index.js';
import type { ProblemCode } from '../../../src/config/index.js';
import { configName, readTexts, unmark, withoutAssumedCell } from './memory.js';

/** « » mark the range of the problem. A text instead of files is the config. */
export type Refused = {
  readonly title: string;
  readonly text: string | Readonly<Record<string, string>>;
  readonly code: ProblemCode;
  readonly path: string;
  readonly severity?: 'warning' | 'info';
  readonly message: RegExp;
  readonly expected: RegExp;
  readonly found: RegExp;
  readonly advice: RegExp;
};

export function itRefuses(cases: readonly Refused[]): void {
  for (const { title, text, code, path, severity, message, expected, found, advice } of cases) {
    it(title, async () => {
      const { texts, range } = unmark(typeof text === 'string' ? { [configName]: text } : text);
      const { experiment, problems: all } = await readTexts(texts);
      const problems = withoutAssumedCell(all);
      const [problem] = problems;
      assert.equal(problems.length, 1, problems.map(describeProblem).join('\n'));
      assert.ok(problem !== undefined);
      const place = { range: problem.range, path: problem.path, code: problem.code, severity: problem.severity };
      assert.deepEqual(place, { range, path, code, severity: severity ?? 'error' }, describeProblem(problem));
      assert.match(problem.message, message);
      assert.match(problem.expected, expected);
      assert.match(problem.found, found);
      assert.match(problem.advice, advice);
      assert.equal(experiment === null, severity === undefined);
    });
  }
}
