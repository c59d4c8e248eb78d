// The log with its last lines at hand, for somebody who reports a fault.
import type * as vscode from 'vscode';

const mostLines = 100;

export type KeptLog = vscode.LogOutputChannel & {
  /** Oldest first; what is for debugging alone is left out. */
  readonly lastLines: readonly string[];
};

/** Of numbers only that there is one; of what is quoted nothing: it may stand in a file. The time of a line stays. */
export function withoutContents(line: string): string {
  const [time = '', ...words] = line.split(' ');
  const told = words
    .join(' ')
    .replaceAll(/"(?:[^"\\]|\\.)*(?:"|$)/gs, '"…"')
    .replaceAll(/\d[\d.,eE+-]*/g, '#');
  return `${time} ${told}`;
}

/** Where in the program it was is for the channel alone: its numbers would be left out of what is copied. */
const withoutPlaces = (text: string): string => text.replaceAll(/\n[ \t]+at [^\n]*/g, '');

export function keptLog(channel: vscode.LogOutputChannel): KeptLog {
  const lastLines: string[] = [];
  let isClosed = false;
  const keeping =
    (level: 'info' | 'warn' | 'error') =>
    (message: string | Error, ...more: unknown[]): void => {
      const text = message instanceof Error ? message.message : message;
      lastLines.push(`${new Date().toISOString()} [${level}] ${withoutPlaces(text)}`);
      if (lastLines.length > mostLines) lastLines.shift();
      // What was under way when the extension was shut down may still have something to say.
      if (isClosed) return;
      if (level === 'error') channel.error(message, ...more);
      else channel[level](text, ...more);
    };
  // What is not said here is the channel's own.
  return Object.assign(Object.create(channel) as vscode.LogOutputChannel, {
    lastLines,
    info: keeping('info'),
    warn: keeping('warn'),
    error: keeping('error'),
    debug: (message: string, ...more: unknown[]): void => {
      if (!isClosed) channel.debug(message, ...more);
    },
    dispose: (): void => {
      isClosed = true;
      channel.dispose();
    },
  });
}
