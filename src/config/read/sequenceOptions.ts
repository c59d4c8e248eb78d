// What a user chooses for a table or a text without a config, as the value that a config would hold.
import { Lines } from '../json/lineIndex.js';
import { Value } from '../json/jsonValue.js';
import type { JsonNode, Property } from '../json/node.js';
import type { Tick } from '../json/scanner.js';
import type { Report } from '../problems/problemReport.js';
import type { SequenceOptions } from './fileAccess.js';
import { sequencePartKeys } from './partKeys.js';
import { validateObject } from './validateObject.js';

const nowhere = { offset: 0, length: 0 };

function nodeOf(value: string | number | readonly string[]): JsonNode {
  if (typeof value === 'string') return { kind: 'string', value, ...nowhere };
  if (typeof value === 'number') return { kind: 'number', value, ...nowhere };
  return { kind: 'array', items: value.map(nodeOf), ...nowhere };
}

/** What is wrong with it is told at the first character of the file that it is said of. Checked as in a config. */
export function optionsValue(id: string, options: SequenceOptions, tick: Tick, report: Report): Value {
  const properties = Object.entries(options).map(([key, value]): Property => ({
    key,
    keySpan: nowhere,
    value: nodeOf(value),
  }));
  const root = { kind: 'object', properties, ...nowhere } as const;
  const document = { id, text: '', lines: new Lines('', tick), root, problems: [], tick, binary: null };
  const value = Value.ofRoot(document, root);
  validateObject<string>(value, sequencePartKeys(), [], report);
  return value;
}
