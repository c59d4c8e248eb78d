import type * as vscode from 'vscode';
import type { KeptLog } from '../editor/context/index.js';
import type { Refactorings } from '../editor/language/index.js';
import type { Sessions, Subjects, Surveys, WeightFiles } from '../editor/following/index.js';
import type { Panels, ResultTexts, SequencePreviews } from '../panel/index.js';

/** What every command works with. */
export type Context = {
  readonly extensionUri: vscode.Uri;
  readonly sessions: Sessions;
  readonly panels: Panels;
  readonly log: KeptLog;
  readonly subjects: Subjects;
  readonly refactorings: Refactorings;
  readonly surveys: Surveys;
  readonly weightFiles: WeightFiles;
  readonly previews: SequencePreviews;
  readonly texts: ResultTexts;
};

/** Makes the handler of a command; its arguments are whatever a menu, a lens or a keybinding passes. */
export type CommandFactory = (context: Context) => (...args: unknown[]) => unknown;
