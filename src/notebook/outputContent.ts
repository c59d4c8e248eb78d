// What stands in an output: { version: 1, config, tensors } or { version: 1, file }, as show_gradients.py writes it.
import type { OutputContent } from '../protocol/index.js';

/** The only version there is. */
const known = 1;

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A config as a person reads it: lists of numbers stay on one line. */
const asText = (config: object): string =>
  JSON.stringify(config, null, 2).replaceAll(/\[[^[\]{}]*\]/g, (list) => list.replaceAll(/\s+/g, ' '));

/** A sentence where it is something else; the renderer has no other language before the host has answered. */
export function contentOf(data: unknown): OutputContent | string {
  if (!isRecord(data)) return 'This output of RNN Gradients holds no object. Run its cell again.';
  const { version, config, tensors, file } = data;
  if (version !== known)
    return (
      `This output is of version ${JSON.stringify(version)}, and this RNN Gradients draws version ${known}. ` +
      'Copy the Python function again (RNN: Copy Python Function for Notebooks) and run the cell.'
    );
  if (typeof file === 'string') return { kind: 'beside', file };
  if (!isRecord(config) || typeof config['name'] !== 'string' || typeof tensors !== 'string')
    return (
      'This output of RNN Gradients holds neither "file" nor "config" with a "name" and "tensors". ' +
      'Run its cell again.'
    );
  return { kind: 'inside', name: config['name'], config: asText(config), tensors };
}
