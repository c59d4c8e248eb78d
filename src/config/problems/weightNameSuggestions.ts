// Names of weights that are nearly those that are wanted: where they stand, what to say about them, and how to mend
// them.
import { t } from '@vscode/l10n';
import { isEmpty } from '../json/node.js';
import type { Named } from '../layouts/weightLayouts.js';
import { nearest } from './editDistance.js';
import type { Value } from '../json/jsonValue.js';
import type { Finding } from '../json/problem.js';

export type Misspelt = {
  readonly meant: string;
  readonly where: Value;
  readonly hint: Pick<Finding, 'advice' | 'fix'>;
};

/** Names that are compared between two ticks. */
const namesPerTick = 1024;

/** The first name that is nearly one of those that are wanted; undefined when there is none. */
export function misspelt(named: readonly Named[], wanted: readonly string[]): Misspelt | undefined {
  for (const [i, one] of named.entries()) {
    if (i % namesPerTick === 0) one.value.document.tick();
    const meant = nearest(one.name, wanted);
    if (meant !== null && meant !== one.name) return told(one, meant);
  }
  return undefined;
}

/**
 * Each bias that is missing and stands there under another name: a list of `size` numbers (of any length where that is
 * not known) whose name is nearer to it than to any other that is missing.
 */
export function misspeltBiases(named: readonly Named[], missing: readonly string[], size: number | null): Misspelt[] {
  const found = new Map<string, Misspelt>();
  for (const [i, one] of named.entries()) {
    if (i % namesPerTick === 0) one.value.document.tick();
    if (found.size === missing.length) break;
    const meant = isVector(one.value, size)
      ? nearestBias(
          one.name,
          missing.filter((name) => !found.has(name)),
        )
      : null;
    if (meant !== null && meant !== one.name) found.set(meant, told(one, meant));
  }
  return [...found.values()];
}

function told({ name, value }: Named, meant: string): Misspelt {
  const key = value.placeText;
  const at = key.lastIndexOf(name);
  const advice = t('Did you mean "{0}" by "{1}"? Names are matched exactly.', meant, name);
  return {
    meant,
    where: value,
    hint:
      at < 0
        ? { advice }
        : { advice, fix: { kind: 'replace', text: key.slice(0, at) + meant + key.slice(at + name.length) } },
  };
}

/**
 * Almost any name is near to one of a letter or two: only what holds the b, or is nearly the whole word, was meant for
 * it.
 */
function nearestBias(name: string, missing: readonly string[]): string | null {
  const [short, long] = [missing.filter((wanted) => wanted.length <= 2), missing.filter((wanted) => wanted.length > 2)];
  const near = nearest(name, [...long, ...(/b/i.test(name) ? short : [])]);
  return near ?? (nearest(name, ['bias']) === null ? null : (short[0] ?? null));
}

function isVector({ node }: Value, size: number | null): boolean {
  if (node.kind !== 'tensor' || isEmpty(node)) return false;
  const { shape } = node;
  return (
    (shape.length === 1 || (shape.length === 2 && shape[0] === 1)) &&
    (size === null || size === shape.reduce((product, n) => product * n, 1))
  );
}
