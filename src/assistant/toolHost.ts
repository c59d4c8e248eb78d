// What the tools ask of whoever offers them: VS Code, or the command line.
import type { SentFile } from '../config/read/index.js';
import type { VerdictBounds } from '../engine/index.js';
import type { FileRequest } from '../protocol/index.js';

export type ToolHost = {
  /** Path of the bundled worker entry. */
  readonly workerPath: string;
  readonly bounds: VerdictBounds;
  readonly threads: () => number;
  /** The id of the file that a path of an input means. @throws ToolError */
  place(path: string): string | Promise<string>;
  /** Of the files that an assistant may read; whether it may is looked at for each of them. */
  readFile(request: FileRequest): Promise<SentFile>;
  /** What a file is called in an answer. */
  nameOf(id: string): string;
};

/** A tool cannot answer; the message says what was found, and what to do. */
export class ToolError extends Error {
  override readonly name = 'ToolError';
}

/** Whoever called the tool does not want its answer any more. */
export class ToolCancelled extends Error {
  override readonly name = 'ToolCancelled';
  constructor() {
    super('The call was cancelled.');
  }
}
