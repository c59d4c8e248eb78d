// What build/release.config.mjs says, checked, and what it makes of the manifest and the README.

const isAddress = (text) => typeof text === 'string' && /^https:\/\/[^\s/]+\.[^\s/]+(?:\/\S*)?$/.test(text);

/** Each field: what it may be, in words, and whether it has to be there. */
const fields = {
  publisher: {
    required: true,
    expected: "the publisher's id: letters, digits and hyphens",
    isValid: (value) => typeof value === 'string' && /^[a-z0-9][a-z0-9-]*$/i.test(value),
  },
  repository: {
    required: true,
    expected: 'https://HOST/OWNER/NAME',
    isValid: (value) => isAddress(value) && /^https:\/\/[^/]+(?:\/[\w.-]+){2,}$/.test(value) && !value.endsWith('.git'),
  },
  bugs: { required: false, expected: 'an https address, or null', isValid: isAddress },
  homepage: { required: false, expected: 'an https address, or null', isValid: isAddress },
  qna: {
    required: false,
    expected: 'an https address, false, or null',
    isValid: (value) => value === false || isAddress(value),
  },
};

/** What is wrong with a config, a sentence each; `unset`: required fields that nobody has set, which is no mistake. */
export function configFaults(config) {
  const faults = [];
  const unset = [];
  for (const [name, { required, expected, isValid }] of Object.entries(fields)) {
    const value = config[name] ?? null;
    if (value === null) {
      if (required) unset.push(name);
    } else if (!isValid(value))
      faults.push(`build/release.config.mjs: ${name}: expected ${expected}, found ${JSON.stringify(value)}.`);
  }
  for (const name of Object.keys(config).filter((key) => !(key in fields)))
    faults.push(`build/release.config.mjs: there is no field ${name}. Expected ${Object.keys(fields).join(', ')}.`);
  return { faults, unset };
}

/** The manifest that is shipped: without what only a checkout needs, with what the config says. */
export function shippedManifest(manifest, config) {
  const shipped = Object.fromEntries(
    Object.entries(manifest).filter(
      ([key]) => !['scripts', 'devDependencies', 'allowScripts', 'prettier'].includes(key),
    ),
  );
  const { publisher, repository, bugs, homepage, qna } = config;
  if (publisher !== null) shipped.publisher = publisher;
  if (repository !== null) {
    shipped.repository = { type: 'git', url: `${repository}.git` };
    shipped.bugs = { url: bugs ?? `${repository}/issues` };
    shipped.homepage = homepage ?? `${repository}#readme`;
  }
  if (qna !== null) shipped.qna = qna;
  return shipped;
}

/**
 * The README of a package that says of no repository where its pictures and other files are: VS Code would draw broken
 * pictures, and links that lead nowhere.
 */
export const readmeAlone = (readme) =>
  readme.replaceAll(/^!\[.*\]\((?!https:)[^)]*\)\n+/gm, '').replaceAll(/\[([^\]]*)\]\((?!https:|#)[^)]*\)/g, '$1');

/** What is between the heading of this version and the next one, without either; null where it has no dated heading. */
export function changesOf(changelog, version) {
  const headings = [...changelog.matchAll(/^## \[([^\]]+)\](?: - (\d{4}-\d{2}-\d{2}))?$/gm)];
  const at = headings.findIndex(([, name, date]) => name === version && date !== undefined);
  if (at < 0) return null;
  const [heading, next] = [headings[at], headings[at + 1]];
  return changelog.slice(heading.index + heading[0].length, next?.index).trim();
}
