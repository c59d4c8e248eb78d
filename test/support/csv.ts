// A saved table read back as a program does: strictly, so that a file that only spreadsheets forgive fails.

export type Csv = {
  /** Lines above the header, without `# `. */
  readonly comments: string[];
  readonly head: string[];
  readonly rows: string[][];
};

/** What pandas gives as an attribute and R as it is: letters, digits and underscores, no digit first. */
const variable = /^[A-Za-z][A-Za-z0-9_]*$/;

/**
 * RFC 4180 below comments. @throws Error where a line is no row of as many cells as the header, or a name is no name
 */
export function parseCsv(text: string): Csv {
  const comments: string[] = [];
  let rest = text;
  while (rest.startsWith('#')) {
    const end = rest.indexOf('\r\n');
    const line = rest.slice(0, end);
    if (end < 0 || !/^# [^\r\n,"]+$/.test(line)) throw new Error(`no comment: ${JSON.stringify(line)}`);
    comments.push(line.slice(2));
    rest = rest.slice(end + 2);
  }
  const lines: string[][] = [];
  // Any text before a comma or a line end: plain without quotes, or quoted with its quotes doubled.
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  let line: string[] = [];
  while (cell.lastIndex < rest.length) {
    const at = cell.lastIndex;
    const match = cell.exec(rest);
    if (match === null) throw new Error(`no cell: ${JSON.stringify(rest.slice(at, at + 60))}`);
    line.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? '');
    if (match[3] === ',') continue;
    lines.push(line);
    line = [];
  }
  const [head = [], ...rows] = lines;
  if (line.length > 0) throw new Error('the last line has no end');
  for (const [at, name] of head.entries()) {
    if (!variable.test(name)) throw new Error(`${JSON.stringify(name)} is no name of a variable`);
    if (head.indexOf(name) !== at) throw new Error(`two columns are called ${name}`);
  }
  for (const row of rows)
    if (row.length !== head.length)
      throw new Error(`${row.length} cells below ${head.length} names: ${row.join(' | ')}`);
  return { comments, head, rows };
}
