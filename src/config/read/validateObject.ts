import { t } from '@vscode/l10n';
import { listAdvice, objectAdvice } from '../problems/formatAdvice.js';
import { describeNode, quote } from '../json/node.js';
import type { Tick } from '../json/scanner.js';
import { filePart } from './fileParts.js';
import { nearest } from '../problems/editDistance.js';
import { cut } from '../json/problem.js';
import type { Fix } from '../json/problem.js';
import type { Report } from '../problems/problemReport.js';
import { partKeys } from './partKeys.js';
import type { KeySpec } from './keySpec.js';
import type { Value } from '../json/jsonValue.js';

/** Values of an object's keys that have the right form; keys that are absent, null or wrong are left out. */
export type Valid<K extends string> = ReadonlyMap<K, Value>;

/** An object with more unknown keys than this is no config; its keys are not compared one by one. */
const maxUnknown = 50;
/** Names that are compared between two ticks. */
const namesPerTick = 1024;

/**
 * Checks an object against a table of keys and reports everything that does not fit it. `told`: keys that are unknown
 * and have been reported.
 */
export function validateObject<K extends string>(
  value: Value,
  keys: Readonly<Record<K, KeySpec>>,
  required: readonly NoInfer<K>[],
  report: Report,
  told: ReadonlySet<string> = new Set(),
): Valid<K> {
  const valid = new Map<K, Value>();
  const unknown = value.entries().filter(([key]) => !Object.hasOwn(keys, key) && !told.has(key));
  const free = Object.keys(keys).filter((name) => value.get(name) === null);
  for (const [key, entry] of unknown.slice(0, maxUnknown))
    reportUnknownKey(entry, key, Object.keys(keys), free, report);
  for (const [key, spec] of Object.entries(keys) as [K, KeySpec][]) {
    const entry = value.get(key);
    if (entry === null) {
      if (required.includes(key)) {
        report.error(value, {
          code: 'missing-key',
          message: t('The key "{0}" is missing.', key),
          expected: `"${key}": ${spec.expected}`,
          found: describeNode(value.node),
          advice: missingAdvice(unknown, key, spec, value.document.tick),
        });
      }
    } else if (validateValue(entry, key, spec, report) && entry.node.kind !== 'null') {
      valid.set(key, entry);
    }
  }
  return valid;
}

/** Only a key that means nothing else can have been meant. */
function missingAdvice(unknown: readonly (readonly [string, Value])[], key: string, spec: KeySpec, tick: Tick): string {
  const mistyped = unknown.find(([name], i) => {
    if (i % namesPerTick === 0) tick();
    return nearest(name, [key]) !== null;
  });
  if (mistyped !== undefined) return t('Did you mean it by "{0}"? Write "{1}".', mistyped[0], key);
  const example = spec.examples?.[0];
  return example === undefined
    ? t('Add the key "{0}".', key)
    : t('Add it, for example {0}.', `"${key}": ${JSON.stringify(example)}`);
}

/** Nothing when there is no text to put there. */
const replaceBy = (meant: unknown): { fix?: Fix } =>
  meant === null || meant === undefined ? {} : { fix: { kind: 'replace', text: JSON.stringify(meant) } };

/** A key that stands there already is not what was meant. */
function reportUnknownKey(
  entry: Value,
  key: string,
  known: readonly string[],
  free: readonly string[],
  report: Report,
): void {
  const meant = nearest(key, free);
  report.warning(entry, {
    code: 'unknown-key',
    message: t('The key {0} is unknown and is ignored.', quote(key)),
    expected: meant === null ? t('one of {0}', known.filter((name) => name !== '$schema').join(', ')) : `"${meant}"`,
    found: quote(key),
    advice: meant === null ? t('Remove it.') : t('Did you mean "{0}"?', meant),
    ...replaceBy(meant),
  });
}

function validateValue(value: Value, key: string, spec: KeySpec, report: Report): boolean {
  const { node } = value;
  const place = value.itself();
  // NaN stands for a word that is not JSON; the parser has reported it.
  if (node.kind === 'number' && Number.isNaN(node.value)) return false;
  if (spec.file !== undefined && filePart(value) !== null) {
    validateObject<string>(value, spec.file.keys ?? partKeys(), ['file'], report);
    return true;
  }
  const type: string = node.kind === 'tensor' ? 'array' : node.kind;
  if (!spec.types.some((one) => one === type)) {
    report.error(place, {
      code: 'wrong-type',
      message: t('"{0}" holds the wrong type of value.', key),
      expected: spec.expected,
      found: describeNode(node),
      advice: typeAdvice(value, key, spec),
      ...replaceBy(meantValue(value, spec)),
    });
    return false;
  }
  if (node.kind === 'string' && spec.choices !== undefined)
    return validateChoice(place, key, node.value, spec, spec.choices, report);
  if (node.kind === 'number') return validateNumber(place, key, node.value, spec, report);
  if (node.kind === 'string' && spec.file !== undefined && node.value.trim() === '') {
    report.error(place, {
      code: 'wrong-value',
      message: t('"{0}" is an empty text, which names no file.', key),
      expected: spec.expected,
      found: '""',
      advice: t('Write the path of a file, relative to this one.'),
    });
    return false;
  }
  return true;
}

function validateChoice(
  place: Value,
  key: string,
  word: string,
  spec: KeySpec,
  choices: Readonly<Record<string, string>>,
  report: Report,
): boolean {
  if (Object.hasOwn(choices, word)) return true;
  const meant = nearest(word, Object.keys(choices));
  report.error(place, {
    code: 'wrong-value',
    message: t('{0} is no value of "{1}".', quote(word), key),
    expected: spec.expected,
    found: quote(word),
    advice: meant === null ? t('Write {0}.', spec.expected) : t('Did you mean "{0}"?', meant),
    ...replaceBy(meant),
  });
  return false;
}

function validateNumber(place: Value, key: string, x: number, spec: KeySpec, report: Report): boolean {
  const found = cut(place.document.text.slice(place.node.offset, place.node.offset + place.node.length), 38);
  if (!Number.isFinite(x)) {
    report.error(place, {
      code: 'number-overflow',
      message: t('{0} is too large for any number type.', found),
      expected: spec.expected,
      found,
      advice: t('Write a smaller number.'),
    });
    return false;
  }
  const inside =
    (spec.minimum === undefined || x >= spec.minimum) &&
    (spec.exclusiveMinimum === undefined || x > spec.exclusiveMinimum) &&
    (spec.maximum === undefined || x <= spec.maximum) &&
    (spec.integer !== true || Number.isSafeInteger(x));
  if (!inside)
    report.error(place, {
      code: 'wrong-value',
      message: t('{0} is no value of "{1}".', found, key),
      expected: spec.expected,
      found,
      advice: t('Write {0}.', spec.expected),
    });
  return inside;
}

/** What a value of the wrong type was surely meant to be; undefined when that is not clear. */
function meantValue({ node }: Value, spec: KeySpec): unknown {
  if (node.kind === 'string') {
    const text = node.value.trim();
    if (spec.types.includes('boolean') && (text === 'true' || text === 'false')) return text === 'true';
    if (spec.types.includes('number') && text !== '' && Number.isFinite(Number(text))) return Number(text);
  }
  if (node.kind === 'number' && node.value > 0 && spec.keys !== undefined && Object.hasOwn(spec.keys, 'norm'))
    return { norm: node.value };
  return undefined;
}

function typeAdvice(value: Value, key: string, spec: KeySpec): string {
  const { node } = value;
  const meant = meantValue(value, spec);
  const hint = spec.types.includes('array')
    ? objectAdvice(value)
    : spec.types.includes('object')
      ? listAdvice(value)
      : null;
  if (hint !== null) return hint;
  if (node.kind === 'string' && meant !== undefined)
    return t('Remove the quotes: write {0}.', cut(node.value.trim(), 38));
  if (node.kind === 'number' && meant !== undefined) return t('Write {0}.', `"${key}": { "norm": ${node.value} }`);
  if (node.kind === 'null' && spec.default !== undefined)
    return t('Remove the key to get the default {0}.', JSON.stringify(spec.default));
  return t('Write {0}.', spec.expected);
}
