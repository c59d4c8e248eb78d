// Values as cells of a text that a spreadsheet opens: tab-separated on the clipboard, comma-separated in a file (RFC
// 4180).

const number = /^[+-]?(?:Infinity|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)$/i;

/**
 * Spreadsheets take a text that begins with one of these for a formula, and a formula may fetch or start something;
 * names come from files of others. An apostrophe makes it a text, as it does where it is typed. Numbers stay numbers.
 */
const safe = (text: string): string => (/^\s*[=+\-@]/.test(text) && !number.test(text) ? `'${text}` : text);

/** Tabs and line ends would make other cells. */
export const tsvLine = (cells: readonly string[]): string =>
  cells.map((text) => safe(text.replace(/[\t\r\n]+/g, ' '))).join('\t');

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
export const csvLine = (cells: readonly string[]): string => cells.map((text) => quoted(safe(text))).join(',');

/** A line that `read_csv(…, comment='#')` passes over; quotes, commas and line ends would count for some readers. */
export const csvComment = (text: string): string => `# ${text.replace(/[\s\p{Cc}",]+/gu, ' ').trim()}`;
