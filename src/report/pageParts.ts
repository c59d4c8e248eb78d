// The page is built in parts, ES modules that name each other. A report is one file, whose policy lets no script load
// another: here the parts become one script, in which each is a function's body and takes what it needs of the others
// from what these have returned. What the parts are made of is esbuild's, which writes imports first and exports last,
// both by name; test/package/pageParts.test.ts holds it, and that nothing exported is assigned anew later.
import path from 'node:path';

type Part = {
  /** Names of the parts that must have run before. */
  readonly needed: readonly string[];
  /** Those that it loads while it runs. */
  readonly later: readonly string[];
  /** A function's body that returns what the part exports. */
  readonly body: string;
};

/** `import {a as b} from "./x.js";` or `import "./x.js";`, with what stands before it. */
const importAt = /(?:\s|\/\/.*\n)*import\s*(?:\{([^{}]*)\}\s*from\s*)?"(\.{1,2}\/[\w./-]+)";?/y;
/** At the end, perhaps with the name of its source map. */
const exportAtEnd = /(?:^|[;}\s])export\s*\{([^{}]*)\};?\s*(?:\/\/# sourceMappingURL=\S*\s*)?$/;
const loading = /\bimport\(\s*"(\.{1,2}\/[\w./-]+)"\s*\)/g;

/** `a as b, c` */
const namesIn = (list: string): (readonly [string, string])[] =>
  list
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
    .map((one) => {
      const [from = '', to = from] = one.split(/\s+as\s+/);
      return [from, to];
    });

const called = (name: string): string => `parts[${JSON.stringify(name)}]`;

function partOf(name: string, text: string): Part {
  const placed = (reference: string): string => path.posix.join(path.posix.dirname(name), reference);
  const needed: string[] = [];
  const taken: string[] = [];
  importAt.lastIndex = 0;
  let end = 0;
  for (let found; (found = importAt.exec(text)) !== null; end = importAt.lastIndex) {
    const from = placed(found[2] ?? '');
    needed.push(from);
    const names = namesIn(found[1] ?? '').map(([theirs, own]) => (theirs === own ? own : `${theirs}: ${own}`));
    if (names.length > 0) taken.push(`const { ${names.join(', ')} } = ${called(from)};`);
  }
  const exported = exportAtEnd.exec(text);
  const later: string[] = [];
  const code = text
    .slice(end, exported === null ? undefined : text.lastIndexOf('export'))
    .replace(loading, (_, reference: string) => {
      later.push(placed(reference));
      return `Promise.resolve(${called(placed(reference))})`;
    });
  const given = namesIn(exported?.[1] ?? '').map(([own, theirs]) => (own === theirs ? own : `${theirs}: ${own}`));
  return { needed, later, body: `${taken.join('\n')}\n${code}\nreturn { ${given.join(', ')} };` };
}

/**
 * One script that does what the module `entry` does, of the parts that `read` gives by their names. What it would
 * load later has run before the entry does.
 */
export async function joinParts(entry: string, read: (name: string) => Promise<string>): Promise<string> {
  const parts = new Map<string, Part>();
  const fetchPart = async (name: string): Promise<void> => {
    if (parts.has(name)) return;
    const part = partOf(name, await read(name));
    parts.set(name, part);
    for (const other of [...part.needed, ...part.later]) await fetchPart(other);
  };
  await fetchPart(entry);
  const ordered = new Set<string>();
  const place = (name: string): void => {
    for (const other of parts.get(name)?.needed ?? []) if (!ordered.has(other)) place(other);
    ordered.add(name);
  };
  for (const { later } of parts.values()) for (const name of later) if (!ordered.has(name)) place(name);
  place(entry);
  return [
    '(() => {',
    '"use strict";',
    'const parts = {};',
    ...[...ordered].map((name) => `${called(name)} = (() => {\n${parts.get(name)?.body ?? ''}\n})();`),
    '})();',
  ].join('\n');
}
