// One mistake is told once: a bracket that is missing makes a reader stumble in many places.
import type { SyntaxIssue } from './syntaxIssues.js';

/** An issue, and how many others follow from it. */
export type FoldedIssue = { readonly issue: SyntaxIssue; readonly more: number };

/** Blanks between two issues that belong together. */
const mostBlanks = 80;

/** Whether nothing but blanks stands between the one and the other, or they mark the same. */
function touches(text: string, before: SyntaxIssue, { offset }: SyntaxIssue): boolean {
  const end = Math.min(before.offset + before.length, offset);
  return offset - end < mostBlanks && /^\s*$/.test(text.slice(end, offset));
}

/**
 * `issues` are the first of `count`. Where the text cannot be understood, the first issue of its structure is the
 * mistake, with what touches it from the left: what comes behind it follows from it. Where it can, an issue that
 * touches another one follows from that, if either is one of structure.
 */
export function foldIssues(text: string, issues: readonly SyntaxIssue[], count: number): readonly FoldedIssue[] {
  const follows = (at: number): boolean => {
    const [before, issue] = [issues[at - 1], issues[at]];
    if (before === undefined || issue === undefined || !(before.structural || issue.structural)) return false;
    return touches(text, before, issue);
  };
  if (issues.some(({ broken }) => broken)) {
    let cause = issues.findIndex(({ structural }) => structural);
    while (follows(cause)) cause--;
    const told = issues.slice(0, cause + 1);
    return told.map((issue, at) => ({ issue, more: at < cause ? 0 : count - cause - 1 }));
  }
  const folded: { issue: SyntaxIssue; more: number }[] = [];
  for (const [at, issue] of issues.entries()) {
    const last = folded.at(-1);
    if (last !== undefined && follows(at)) last.more++;
    else folded.push({ issue, more: 0 });
  }
  return folded;
}
