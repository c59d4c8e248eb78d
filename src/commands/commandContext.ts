import type * as vscode from 'vscode';
import type { Refactorings } from '../editor/language/refactorings.js';
import type { Sessions } from '../editor/following/sessions.js';
import type { Subjects } from '../editor/following/experimentLookup.js';
import type { Panels } from '../panel/panels.js';

/** What every command works with. */
export type Context = { readonly extensionUri: vscode.Uri; readonly sessions: Sessions; readonly panels: Panels; readonly log: vscode.LogOutputChannel; readonly subjects: Subjects; readonly refactorings: Refactorings };

/** Makes the handler of a command; its arguments are whatever a menu, a lens or a keybinding passes. */
export type CommandFactory = (context: Context) => (...args: unknown[]) => unknown;
