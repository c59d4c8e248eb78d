import { readFileSync, writeFileSync } from 'node:fs';

const results = 'test/bench/RESULTS.md';

/**
 * Prints a section of what was measured in a window, and puts it into RESULTS.md in the place of an older one; with
 * --dry only prints.
 */
export function addSection(title: string, lines: readonly string[]): void {
  const text = lines.join('\n');
  console.log(`${title.replace(/^#+ /, '')}\n${text}`);
  if (process.argv.includes('--dry')) return;
  const before = readFileSync(results, 'utf8');
  const start = before.indexOf(title);
  const rest = start < 0 ? '' : before.slice(start + title.length).replace(/^[^]*?(?=\n## |$)/, '');
  writeFileSync(results, `${(start < 0 ? before : before.slice(0, start)).trimEnd()}\n\n${title}\n\n${text}\n${rest}`);
}
