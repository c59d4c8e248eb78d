import * as vscode from 'vscode';
import { isConfig } from '../context/configFiles.js';
import { fileInFront } from '../context/fileInFront.js';
import type { Inspections } from './inspections.js';
import type { Sessions } from './sessions.js';

/** A look at a config of this length, ms, is taken as a sign that it may be run. */
const settled = 300;

/**
 * Has a thread ready where a run is likely, which is a config in front that nothing shows yet. It starts behind what
 * the editor itself asks of the config, and again after each reading, because one that waits too long ends.
 */
export function registerReadyThread(sessions: Sessions, inspections: Inspections): vscode.Disposable {
  let timer: NodeJS.Timeout | undefined;
  const prepare = (): void => {
    const inFront = fileInFront();
    if (inFront === undefined || !isConfig(inFront) || inspections.latest(inFront) === null) return;
    if (sessions.find({ kind: 'config', config: inFront.toString() }) === undefined) sessions.prepare();
  };
  const look = (): void => {
    clearTimeout(timer);
    timer = setTimeout(prepare, settled);
  };
  return vscode.Disposable.from(
    vscode.window.onDidChangeActiveTextEditor(look),
    inspections.onDidInspect(look),
    sessions.onDidClose(look),
    { dispose: () => clearTimeout(timer) },
  );
}
