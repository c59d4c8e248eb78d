import { t } from '@vscode/l10n';
import { quote } from '../json/node.js';
import type { Report } from '../problems/problemReport.js';
import { configKeys, deprecation } from './schema.js';
import type { KeySpec, KeyTable } from './keySpec.js';
import type { Value } from '../json/jsonValue.js';

type FileKey = { readonly path: readonly string[]; readonly list: boolean; readonly words: readonly string[] };

const fileKeysOf = (keys: KeyTable, before: readonly string[]): FileKey[] =>
  Object.entries(keys).flatMap(([key, spec]) => [
    ...(spec.file === undefined
      ? []
      : [{ path: [...before, key], list: spec.file.list === true, words: spec.file.words ?? [] }]),
    ...(spec.keys === undefined ? [] : fileKeysOf(spec.keys, [...before, key])),
    ...(spec.file?.keys === undefined ? [] : fileKeysOf(spec.file.keys, [...before, key])),
  ]);

// Names are the same in every language, so they are gathered once.
let files: readonly FileKey[] | undefined;
let older: ReadonlyMap<string, string> | undefined;

/** Where a config may name files, as `loss`, `readout`; with the words there that are no paths. */
export const fileKeys = (): readonly FileKey[] => (files ??= fileKeysOf(configKeys(), []));

/** The key that a name means: itself, or the one that it is another name of. */
export const keyOf = (name: string): string => olderNames().get(name) ?? name;

const olderNames = (): ReadonlyMap<string, string> => (older ??= olderNamesOf(configKeys()));

const olderNamesOf = (keys: KeyTable): ReadonlyMap<string, string> =>
  new Map(
    Object.entries<KeySpec>(keys).flatMap(([key, { deprecated = [] }]) => deprecated.map((other) => [other, key])),
  );

/**
 * A deprecated name that stands in a config, and the key that it means. `other`: the name of that key that is in force
 * instead, because both stand there.
 */
export type OlderName = {
  readonly name: string;
  readonly key: string;
  readonly entry: Value;
  readonly other: string | null;
};

/**
 * A config, or an object of one that has keys of its own, with each deprecated name as the key that it means, unless
 * that is there too, or another name of it before this one: then it stays, and is ignored.
 */
export function underItsKeys(
  config: Value,
  own: KeyTable | null = null,
): { readonly config: Value; readonly older: readonly OlderName[] } {
  const keys = new Map<string, string>();
  const older: OlderName[] = [];
  const inForce = new Map<string, string>();
  const there = [...(own === null ? olderNames() : olderNamesOf(own))].flatMap(([name, key]) => {
    const entry = config.get(name);
    if (config.get(key) !== null) inForce.set(key, key);
    return entry === null ? [] : [{ name, key, entry }];
  });
  for (const found of there.toSorted((a, b) => a.entry.place.offset - b.entry.place.offset)) {
    const other = inForce.get(found.key) ?? null;
    older.push({ ...found, other });
    if (other !== null) continue;
    inForce.set(found.key, found.name);
    keys.set(found.name, found.key);
  }
  return { config: keys.size === 0 ? config : config.renamed((name) => keys.get(name) ?? name), older };
}

/** What stands at a path of keys, each by whatever name; the first one by its own. */
export function valueAt(config: Value, path: readonly string[]): Value | null {
  let value: Value | null = config;
  let keys: KeyTable | undefined = configKeys();
  for (const [depth, key] of path.entries()) {
    if (value === null) return null;
    const own: Value = depth === 0 || keys === undefined ? value : underItsKeys(value, keys).config;
    value = own.get(key);
    keys = keys?.[key]?.keys;
  }
  return value;
}

/** Names that stay, and are ignored. */
export const toldOf = (older: readonly OlderName[]): ReadonlySet<string> =>
  new Set(older.filter(({ other }) => other !== null).map(({ name }) => name));

export function reportOlder(older: readonly OlderName[], report: Report): void {
  for (const { name, key, entry, other } of older)
    report.warning(entry, {
      code: 'deprecated-key',
      message: deprecation(name, key),
      expected: quote(key),
      ...(other === null
        ? {
            found: quote(name),
            advice: t('It is read as "{0}". Write "{0}".', key),
            fix: { kind: 'replace', text: JSON.stringify(key) },
          }
        : {
            found: t('both "{0}" and "{1}"', other, name),
            advice: t('"{0}" is in force, and "{1}" is ignored. Remove one of them.', other, name),
          }),
    });
}
