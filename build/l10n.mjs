// Finds every translatable sentence in the sources, and keeps the bundles of `l10n` in step with them.
//   node build/l10n.mjs   sorts every bundle, adds the sentences it lacks with an empty text, and drops those that
// nothing says any more
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The languages besides English, which is the key of every sentence. */
export const languages = ['ko'];
export const bundlePath = (language) => path.join(root, 'l10n', `bundle.l10n.${language}.json`);
export const readBundle = (language) => JSON.parse(readFileSync(bundlePath(language), 'utf8'));

/** `{0}`, `{1}` … of a sentence, in order and once each. */
export const placeholders = (sentence) => [...new Set(sentence.match(/\{\d+\}/g) ?? [])].sort();

/** The files whose sentences a user can meet. */
export const sourceFiles = () =>
  globSync(['src/**/*.ts', 'webview/**/*.ts'], { cwd: root })
    .map((file) => file.split(path.sep).join('/'))
    .filter((file) => !/^src\/.*\/kernels\//.test(file))
    .sort();

const comesFromL10n = (specifier) => specifier === '@vscode/l10n' || /\/l10n\.js$/.test(specifier);

/** The local names under which a file imports `t`. */
function namesOfT(file) {
  const imports = file.statements
    .filter(ts.isImportDeclaration)
    .filter(({ moduleSpecifier }) => comesFromL10n(moduleSpecifier.text));
  const bindings = imports
    .map(({ importClause }) => importClause?.namedBindings)
    .filter((clause) => clause !== undefined && ts.isNamedImports(clause));
  return new Set(
    bindings
      .flatMap(({ elements }) => elements)
      .filter(({ name, propertyName }) => (propertyName ?? name).text === 't')
      .map(({ name }) => name.text),
  );
}

/** The start of a page runs after everything that it imports, the language first. */
const startLast = ['webview/main.ts', 'webview/tensors.ts', 'webview/sequences.ts'];

/** Sentences said while a module loads would be said before the language is known. */
const insideFunction = (node) => {
  if (startLast.includes(node.getSourceFile().fileName)) return true;
  for (let at = node.parent; at !== undefined; at = at.parent) {
    if (
      ts.isFunctionLike(at) ||
      (ts.isPropertyDeclaration(at) && !at.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.StaticKeyword))
    )
      return true;
  }
  return false;
};

/** The text of a literal, or of literals that a plus joins because a line ends; null for anything else. */
function joinedText(node) {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (!ts.isBinaryExpression(node) || node.operatorToken.kind !== ts.SyntaxKind.PlusToken) return null;
  const [left, right] = [joinedText(node.left), joinedText(node.right)];
  return left === null || right === null ? null : left + right;
}

const faultOf = (call, key) => {
  if (key === null) return 'the sentence has to stand here as a literal';
  if (!insideFunction(call)) return 'the language is not known yet while a module loads: say it inside a function';
  const wanted = placeholders(key);
  const given = call.arguments.length - 1;
  if (call.arguments.some(ts.isSpreadElement)) return null;
  return wanted.every((placeholder, i) => placeholder === `{${i}}`) && wanted.length === given
    ? null
    : `${JSON.stringify(key)} wants ${wanted.join(' ') || 'nothing'} and is given ${given} values`;
};

/**
 * Every sentence of one source text with the lines that say it, and what is wrong with the ways in which it is said.
 */
export function collectFrom(name, text) {
  const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
  const names = namesOfT(file);
  const found = [];
  const faults = [];
  const visit = (node) => {
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && names.has(node.expression.text)) {
      const [first] = node.arguments;
      const key = first === undefined ? null : joinedText(first);
      const place = `${name}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}`;
      const fault = faultOf(node, key);
      if (key !== null) found.push({ key, place });
      if (fault !== null) faults.push(`${place}: ${fault}`);
    }
    if (ts.isTaggedTemplateExpression(node) && ts.isIdentifier(node.tag) && names.has(node.tag.text))
      faults.push(`${name}: t\`…\` hides its key; write t('… {0}', value)`);
    ts.forEachChild(node, visit);
  };
  if (names.size > 0) visit(file);
  return { found, faults };
}

/** Every sentence of the product: key → the places that say it. */
export function collect() {
  const sentences = new Map();
  const faults = [];
  for (const name of sourceFiles()) {
    const here = collectFrom(name, readFileSync(path.join(root, name), 'utf8'));
    faults.push(...here.faults);
    for (const { key, place } of here.found) sentences.set(key, [...(sentences.get(key) ?? []), place]);
  }
  return { sentences, faults };
}

/** Text of a literal without its values; null for anything else. */
const textOf = (node) => {
  const joined = joinedText(node);
  if (joined !== null) return joined;
  return ts.isTemplateExpression(node)
    ? [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)].join(' … ')
    : null;
};

/** Calls whose text no user reads: logs, broken invariants, what a program parses. */
const unread = [
  /^(?:this\.)?(?:#?log|log|console|sessions\.log|session\.log|context\.log|inspections\.log)\./,
  /\.log\.(?:error|warn|info|debug)$/,
  /^(?:Type|Range)?Error$/,
];
const isUnreadCall = (called) => unread.some((pattern) => pattern.test(called));

const isUnread = (node) => {
  for (let at = node.parent; at !== undefined; at = at.parent) {
    if (ts.isImportDeclaration(at) || ts.isLiteralTypeNode(at)) return true;
    if ((ts.isCallExpression(at) || ts.isNewExpression(at)) && isUnreadCall(at.expression.getText())) return true;
    // Titles of papers and formulas stay as they are.
    if (ts.isPropertyAssignment(at) && ['source', 'formula'].includes(at.name.getText())) return true;
    if (ts.isFunctionLike(at)) return false;
  }
  return false;
};

/** Literals that look like sentences (three words in a row) and are not said through `t`. */
export function unsaid() {
  const out = [];
  for (const name of sourceFiles()) {
    const text = readFileSync(path.join(root, name), 'utf8');
    const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest, true);
    const names = namesOfT(file);
    const visit = (node) => {
      if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && names.has(node.expression.text)) {
        node.arguments.slice(1).forEach(visit);
        return;
      }
      const told = textOf(node);
      if (told !== null && /\b[A-Za-z]{2,},? [a-z]{2,},? [a-z]{2,}\b/.test(told) && !isUnread(node))
        out.push(`${name}:${file.getLineAndCharacterOfPosition(node.getStart()).line + 1}: ${told}`);
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return out;
}

function bringInStep(language) {
  const known = readBundle(language);
  const keys = [...collect().sentences.keys()].sort();
  const missing = keys.filter((key) => (known[key] ?? '') === '');
  const unused = Object.keys(known).filter((key) => !keys.includes(key));
  writeFileSync(
    bundlePath(language),
    `${JSON.stringify(Object.fromEntries(keys.map((key) => [key, known[key] ?? ''])), null, 2)}\n`,
  );
  console.log(
    `${path.basename(bundlePath(language))}: ${keys.length} sentences, ${missing.length} to translate, ` +
      `${unused.length} dropped`,
  );
  for (const key of missing) console.log(`  ${JSON.stringify(key)}`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) for (const language of languages) bringInStep(language);
