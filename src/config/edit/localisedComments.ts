// A config's comments and its name in another language; everything that is read stays as it is.

/** Comments are broken after so many columns, of which a Hangul syllable takes two. */
const columns = 118;

/** Where a name stands, or comments on lines of their own: those that follow each other are one. */
const told = /^([ \t]*)\/\/ .*(?:\n\1\/\/ .*)*|(?<=^[ \t]*"name": )"(?:[^"\\]|\\.)*"/gm;

const width = (text: string): number =>
  text.length + (text.match(/[\u1100-\u11ff\u3000-\ud7ff\uff00-\uffef]/g) ?? []).length;

/** The texts that a reader of a config is told, in the order in which they stand. */
export const toldIn = (config: string): string[] => [...config.matchAll(told)].map(([text]) => bare(text));

const bare = (text: string): string =>
  text.startsWith('"')
    ? String(JSON.parse(text))
    : text
        .split('\n')
        .map((line) => line.replace(/^[ \t]*\/\/ /, ''))
        .join(' ');

/** The config with each of its texts as the table has it; those that it lacks stay. */
export const retold = (config: string, texts: Readonly<Record<string, string>>): string =>
  // A comment has an indent, if only an empty one.
  config.replace(told, (text, indent: string | undefined) => {
    const now = texts[bare(text)];
    if (now === undefined) return text;
    return text.startsWith('"') ? JSON.stringify(now) : comment(now, indent!);
  });

function comment(text: string, indent: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const line = lines.at(-1);
    if (line === undefined || width(line) + 1 + width(word) > columns) lines.push(`${indent}// ${word}`);
    else lines[lines.length - 1] = `${line} ${word}`;
  }
  return lines.join('\n');
}
