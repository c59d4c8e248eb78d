// What stands in an output: { version: 1, config, tensors } or { version: 1, file }, as show_gradients.py writes it.
import type { OutputContent } from '../protocol/index.js';

/** The only version there is. */
const known = 1;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A config as a person reads it: lists of numbers stay on one line. */
const asText = (config: object): string =>
  JSON.stringify(config, null, 2).replaceAll(/\[[^[\]{}]*\]/g, (list) => list.replaceAll(/\s+/g, ' '));

/** What the host is asked to run; it also says, in the user's language, what is wrong with something else. */
export function contentOf(data: unknown): OutputContent {
  const { version, config, tensors, file } = isRecord(data) ? data : {};
  if (version !== known) return { kind: 'unknown', version: JSON.stringify(version ?? null), known };
  if (typeof file === 'string') return { kind: 'beside', file };
  if (!isRecord(config) || typeof config['name'] !== 'string' || typeof tensors !== 'string')
    return { kind: 'incomplete' };
  return { kind: 'inside', name: config['name'], config: asText(config), tensors };
}
