// What a page is told of a run that lies over its own.
import { describeProblem } from '../config/json/index.js';
import type { Problem } from '../config/json/index.js';
import type { Session } from '../editor/following/index.js';
import type { ComparedRun } from '../protocol/index.js';

/** The last part of a URI. */
const fileName = (uri: string): string => decodeURIComponent(/[^/:]*$/.exec(uri)?.[0] ?? uri);

/** Of a problem, as `weights.json:12:3`. */
export const placeOf = ({ file, range: { start } }: Problem): string =>
  `${fileName(file)}:${start.line + 1}:${start.character + 1}`;

/** What the page is told of a compared session. */
export function comparedRun({
  key,
  title,
  running,
  summary,
  problems,
  stale,
}: Pick<Session, 'key' | 'title' | 'running' | 'summary' | 'problems' | 'stale'>): ComparedRun {
  const error = problems.find(({ severity }) => severity === 'error');
  return {
    config: key,
    name: title,
    // Once there is a summary only analyses go on, and nothing of them is compared.
    running: running !== null && running.runId !== summary?.runId,
    problem: error === undefined ? stale : `${placeOf(error)}: ${describeProblem(error)}`,
    run:
      summary === null
        ? null
        : {
            runId: summary.runId,
            cell: summary.cell.name,
            network: summary.network,
            kind: summary.verdict.kind,
            perStepFactor: summary.verdict.perStepFactor,
            log10Ratio: summary.verdict.log10Ratio,
            curve: {
              T: summary.shapes.T,
              t: summary.steps,
              dh: summary.layers[0].log10.dh,
              singleSource: summary.layers[0].log10.singleSource,
            },
          },
  };
}

/** What is told of a session apart from its curve, which is as it was while this is. */
const stateOf = ({ curve, ...run }: NonNullable<ComparedRun['run']>): unknown => ({ ...run, T: curve.T });
export const newsOf = (compared: readonly ComparedRun[]): string =>
  JSON.stringify(compared.map((one) => ({ ...one, run: one.run === null ? null : stateOf(one.run) })));
