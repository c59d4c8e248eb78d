// The page is built in parts, ES modules that name each other. A report is one file, whose policy lets no script load
// another, and a panel has its first picture sooner when it asks for no script: here parts become one script, in which
// each is a function's body and takes what it needs of the others from what these have returned. What the parts are
// made of is esbuild's, which writes imports first and exports last, both by name; test/package/pageParts.test.ts holds
// it, and that nothing exported is assigned anew later.

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

/** `load`: what stands in place of loading a part while another one runs. */
function partOf(name: string, text: string, load: (part: string) => string): Part {
  const placed = (reference: string): string => new URL(reference, new URL(name, 'parts:/')).pathname.slice(1);
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
      return load(placed(reference));
    });
  const given = namesIn(exported?.[1] ?? '').map(([own, theirs]) => (own === theirs ? own : `${theirs}: ${own}`));
  return { needed, later, body: `${taken.join('\n')}\n${code}\nreturn { ${given.join(', ')} };` };
}

/** Gives the text of a part by its name. */
type Read = (name: string) => Promise<string>;

/** `entry` and what it leads to: at once, or with `all` also later. */
async function partsBehind(
  entry: string,
  read: Read,
  load: (part: string) => string,
  all: boolean,
): Promise<ReadonlyMap<string, Part>> {
  const parts = new Map<string, Part>();
  const fetchPart = async (name: string): Promise<void> => {
    if (parts.has(name)) return;
    const part = partOf(name, await read(name), load);
    parts.set(name, part);
    for (const other of [...part.needed, ...(all ? part.later : [])]) await fetchPart(other);
  };
  await fetchPart(entry);
  return parts;
}

/** One script of the parts, each behind those that it needs; `first`: what it begins with. */
function joined(parts: ReadonlyMap<string, Part>, entry: string, first: readonly string[]): string {
  const ordered = new Set<string>();
  const place = (name: string): void => {
    for (const other of parts.get(name)?.needed ?? []) if (!ordered.has(other)) place(other);
    ordered.add(name);
  };
  for (const { later } of parts.values())
    for (const name of later) if (parts.has(name) && !ordered.has(name)) place(name);
  place(entry);
  return [
    '(() => {',
    '"use strict";',
    'const parts = {};',
    ...first,
    ...[...ordered].map((name) => `${called(name)} = (() => {\n${parts.get(name)?.body ?? ''}\n})();`),
    '})();',
  ].join('\n');
}

/**
 * One script that does what the module `entry` does, of the parts that `read` gives by their names. What it would
 * load later has run before the entry does.
 */
export async function joinParts(entry: string, read: Read): Promise<string> {
  const parts = await partsBehind(entry, read, (name) => `Promise.resolve(${called(name)})`, true);
  return joined(parts, entry, []);
}

/** A script that stands in its page, and the parts that it is made of besides its entry. */
export type FirstScript = { readonly script: string; readonly parts: readonly string[] };

/**
 * The same of what `entry` needs at once. What it loads later stays a module of its own, below the address that the
 * script's element names (`data-from`); for the parts that stand in the script the page's import map has stand-ins.
 */
export async function joinFirstParts(entry: string, read: Read): Promise<FirstScript> {
  const parts = await partsBehind(entry, read, (name) => `globalThis.loadPart(${JSON.stringify(name)})`, false);
  const script = joined(parts, entry, [
    'globalThis.firstParts = parts;',
    'const { from } = document.currentScript.dataset;',
    'globalThis.loadPart = (name) => import(from + name);',
  ]);
  return { script, parts: [...parts.keys()].filter((name) => name !== entry) };
}

/**
 * The module that gives the modules of a page what a part exports that stands in its first script; the build writes it
 * (build/esbuild.mjs).
 */
export const standIn = (part: string): string => part.replace(/\.js$/, '.first.js');
