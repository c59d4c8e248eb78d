// What a page is told of the state of its run.
import { describeProblem } from '../config/json/index.js';
import type { Session } from '../editor/following/index.js';
import type { PanelStatus } from '../protocol/index.js';
import { placeOf } from './comparedRun.js';

export function statusOf(session: Pick<Session, 'title' | 'entry' | 'running' | 'stale' | 'problems'>): PanelStatus {
  const { title, entry, running, stale, problems } = session;
  return {
    title,
    entry,
    running,
    stale,
    problems: problems.map((problem, index) => ({
      index,
      severity: problem.severity,
      place: placeOf(problem),
      text: describeProblem(problem),
      asksForOrder: problem.code === 'unclear-order',
    })),
  };
}
