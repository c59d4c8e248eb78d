import { readFileSync, writeFileSync } from 'node:fs';

export const results = 'test/bench/RESULTS.md';

/** A text of sections with this one in the place of an older one of its title, or behind them all. */
export function withSection(text: string, title: string, body: string): string {
  const start = `\n${text}`.indexOf(`\n${title}\n`);
  const rest = start < 0 ? '' : text.slice(start + title.length).replace(/^[^]*?(?=\n## |$)/, '');
  return `${(start < 0 ? text : text.slice(0, start)).trimEnd()}\n\n${title}\n\n${body}\n${rest}`;
}

/** The same before all other sections where there is none yet. */
export function withFirstSection(text: string, title: string, body: string): string {
  const first = text.indexOf('\n## ');
  if (text.includes(`\n${title}\n`) || first < 0) return withSection(text, title, body);
  return `${withSection(text.slice(0, first), title, body)}${text.slice(first)}`;
}

/** A text of sections with this before them all. */
export const withHead = (text: string, head: string): string => {
  const first = text.search(/^## /m);
  return `${head.trimEnd()}\n\n${first < 0 ? '' : text.slice(first)}`;
};

/**
 * Prints a section of what was measured in a window, and puts it into RESULTS.md in the place of an older one; with
 * --dry only prints.
 */
export function addSection(title: string, lines: readonly string[]): void {
  const text = lines.join('\n');
  console.log(`${title.replace(/^#+ /, '')}\n${text}`);
  if (process.argv.includes('--dry')) return;
  writeFileSync(results, withSection(readFileSync(results, 'utf8'), title, text));
}
