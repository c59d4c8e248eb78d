// Text of others (names, keys, what a file says) in front of an assistant, which may take a sentence for an order and
// marks for markup.
import { escapeControls } from './escapeControls.js';

/** Longer names tell nobody more. */
const longestName = 80;

const marks: Readonly<Record<string, string>> = { '`': "'", '<': '‹', '>': '›', '*': '·', '](': '] (' };

/** In quotes, on one line, cut after `most` characters, without what makes links, code or HTML of it. */
export function asData(text: string, most = longestName): string {
  const characters = Array.from(text);
  const cut = characters.length > most ? `${characters.slice(0, most).join('')}…` : text;
  return JSON.stringify(escapeControls(cut.replaceAll(/`|<|>|\*|\]\(/g, (mark) => marks[mark] ?? '')));
}
