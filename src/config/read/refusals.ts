// Why no run takes a network of a file: what the run itself says, as far as names and shapes tell it.
import { describeProblem } from '../json/problem.js';
import type { Value } from '../json/jsonValue.js';
import { networkNames } from '../layouts/networkGroups.js';
import { weightNames } from '../layouts/weightNames.js';
import { Report } from '../problems/problemReport.js';
import { partOf } from './fileParts.js';
import { readWeights } from './readWeights.js';
import { storedInParts } from './storedParts.js';

/** Each reason once, behind the name of its network where there are several. No number of a file of tensors is read. */
export function refusedIn(root: Value): string[] {
  if (root.node.kind !== 'object') return [];
  const { named, groups, network } = weightNames(root);
  if (network?.kind === 'network' || (network === null && storedInParts(named) !== undefined)) return whyRefused(root);
  return [...new Set(networkNames(groups).values())].flatMap((prefix) => {
    const part = prefix === '' ? null : partOf(root, prefix);
    return part === null ? [] : whyRefused(part).map((reason) => `${prefix}: ${reason}`);
  });
}

function whyRefused(part: Value): string[] {
  const report = new Report();
  const shapes = part.document.binary === null ? part : part.withoutNumbers();
  readWeights(shapes, { cell: null, dtype: 'float64', inputs: null }, report);
  const told = report.sorted([part.document.id]).filter(({ severity }) => severity === 'error');
  return [...new Map(told.toReversed().map((problem) => [problem.message, problem])).values()]
    .toReversed()
    .map(describeProblem);
}
