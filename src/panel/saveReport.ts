// A session's run as one HTML file.
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { describeProblem } from '../config/json/index.js';
import { nameInWorkspace } from '../editor/files/index.js';
import type { Session } from '../editor/following/index.js';
import { languageInUse } from '../l10n.js';
import { runFileName } from '../protocol/index.js';
import { readAssets, reportHtml } from '../report/index.js';
import { ofFinishedRun, reportFailure, saveBytes } from './saveFile.js';

const readFrom =
  (extensionUri: vscode.Uri) =>
  async (name: string): Promise<string> =>
    new TextDecoder().decode(
      await vscode.workspace.fs.readFile(vscode.Uri.joinPath(extensionUri, 'dist', 'webview', name)),
    );

/** Saves the report of the run on screen; asks where, unless a target is given. Failures are told to the user. */
export async function saveReport(session: Session, extensionUri: vscode.Uri, target?: vscode.Uri): Promise<void> {
  try {
    const { summary } = session;
    const data = await ofFinishedRun(session, t('{0}: the report waits for the analyses', session.title), (runId) =>
      session.request('reportData', { runId }),
    );
    if (data === null || summary === null) return;
    const { extent, config, files, record } = data;
    const html = await reportHtml({
      title: session.title,
      summary,
      extent,
      config,
      record: new TextDecoder().decode(record),
      files: files.map(({ id, bytes }) => ({ name: nameInWorkspace(id), bytes })),
      warnings: session.problems
        .filter(({ severity }) => severity === 'warning')
        .map(
          (problem) =>
            `${nameInWorkspace(problem.file)}:${problem.range.start.line + 1}:${problem.range.start.character + 1} ` +
            describeProblem(problem),
        ),
      date: new Date(),
      language: languageInUse(),
      assets: await readAssets(readFrom(extensionUri)),
    });
    await saveBytes(session, runFileName(session.title, 'report', 'html'), new TextEncoder().encode(html), target);
  } catch (error) {
    reportFailure(error, session.log);
  }
}
