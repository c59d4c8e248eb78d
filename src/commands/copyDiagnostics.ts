// What a maintainer asks for first, as text: versions, settings, shapes and the log. Nothing of what stands in a file
// is in it.
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { withoutContents } from '../editor/context/index.js';
import type { Session } from '../editor/following/index.js';
import type { CommandFactory, Context } from './commandContext.js';

const id = 'rnn-gradients.rnn-gradients';

/** The manifest's settings that somebody has changed. */
function changedSettings(): string[] {
  const { contributes } = vscode.extensions.getExtension(id)?.packageJSON as {
    readonly contributes: { readonly configuration: { readonly properties: Readonly<Record<string, unknown>> } };
  };
  const settings = vscode.workspace.getConfiguration();
  return Object.keys(contributes.configuration.properties).flatMap((key) => {
    const found = settings.inspect(key);
    const value = settings.get<unknown>(key);
    return JSON.stringify(found?.defaultValue) === JSON.stringify(value) ? [] : [`${key}: ${JSON.stringify(value)}`];
  });
}

function runText({ summary, problems, stale }: Session): string {
  if (summary === null) return `no result, ${problems.length} problems`;
  const { cell, dtype, shapes, network, verdict, elapsedMs } = summary;
  const { B, T, I, H } = shapes;
  const layers = network === null ? `H ${H}` : network.layers.map((one) => `H ${one.H} ${one.direction}`).join(', ');
  const told = `${cell.name} ${dtype}, B ${B}, T ${T}, I ${network?.inputs ?? I}, ${layers}: ${verdict.kind}`;
  return `${told}, ${Math.round(elapsedMs)} ms, ${problems.length} problems${stale === null ? '' : ', not up to date'}`;
}

function diagnosticsText({ sessions, log }: Pick<Context, 'sessions' | 'log'>): string {
  const { version } = vscode.extensions.getExtension(id)?.packageJSON as { readonly version: string };
  const list = (lines: readonly string[]): string[] =>
    lines.length === 0 ? ['- none'] : lines.map((one) => `- ${one}`);
  return [
    'Versions, settings, sizes of the runs and the log. No number of a file and nothing that stands in one; paths of ' +
      'files are in it.',
    '',
    `RNN Gradients ${version}, VS Code ${vscode.version} (${vscode.env.appHost}, ${vscode.env.remoteName ?? 'local'})`,
    `${process.platform} ${process.arch}, Node ${process.versions.node}, language ${vscode.env.language}, ` +
      (vscode.workspace.isTrusted ? 'trusted' : 'Restricted Mode'),
    '',
    'Settings that are not the default:',
    ...list(changedSettings()),
    '',
    'Runs:',
    ...list(sessions.all.map(runText)),
    '',
    'Last lines of the log, every number as #, all that is quoted as …:',
    ...list(log.lastLines.map(withoutContents)),
    '',
  ].join('\n');
}

export const copyDiagnostics: CommandFactory = (context) => async () => {
  await vscode.env.clipboard.writeText(diagnosticsText(context));
  void vscode.window.showInformationMessage(
    t(
      'Copied versions, settings, shapes and the last lines of the log, which may name your files. Nothing of what ' +
        'stands in them is copied.',
    ),
  );
};
