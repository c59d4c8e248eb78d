// The tools as VS Code offers them to its assistants.
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { ToolCancelled, ToolError, tools } from '../../assistant/index.js';
import type { Subject, Tool, ToolHost } from '../../assistant/index.js';
import { errorStack } from '../../protocol/index.js';
import { Stop } from '../../worker/scheduling/index.js';
import type { Doors } from '../context/doors.js';
import { readSettings } from '../context/settings.js';
import { nameInWorkspace } from '../files/editorFiles.js';
import type { Inspections } from '../following/inspections.js';
import { AllowedFiles, nothingAsked, placeOf } from './allowedFiles.js';
import type { Asked } from './allowedFiles.js';

/** Calls that were prepared and never made are forgotten beyond this many. */
const mostPrepared = 50;

/** Names are no markup. */
const plainly = (text: string): vscode.MarkdownString => new vscode.MarkdownString().appendText(text);
const keyOf = (name: string, input: unknown): string => JSON.stringify([name, input]);

const toolCalled = (name: string): Tool => {
  const tool = tools.find((one) => one.name === name);
  if (tool === undefined) throw new Error(`There is no tool ${name}.`);
  return tool;
};

/** Null of an input that the call itself will refuse. */
function subjectOf(tool: Tool, input: unknown): Subject | null {
  try {
    return tool.subject(input);
  } catch (error) {
    if (error instanceof ToolError) return null;
    throw error;
  }
}

export class AssistantTools {
  readonly #files: AllowedFiles;
  /** What the user is asked about, by the call that it belongs to: VS Code makes no call that he has not agreed to. */
  readonly #asked = new Map<string, Asked>();

  constructor(
    readonly workerPath: string,
    doors: Doors,
    inspections: Inspections,
    readonly log: vscode.LogOutputChannel,
  ) {
    this.#files = new AllowedFiles(doors, inspections);
  }

  async prepare(name: string, input: unknown, token: vscode.CancellationToken): Promise<vscode.PreparedToolInvocation> {
    const subject = subjectOf(toolCalled(name), input);
    if (subject === null) return {};
    const stop = new Stop();
    const subscription = token.onCancellationRequested(() => stop.ask());
    try {
      const asked = await this.#files.outside(subject, stop);
      this.#keep(keyOf(name, input), asked);
      const invocationMessage = plainly(t('Looking at the gradient of {0}', subject.path));
      if (asked.files.size === 0) return { invocationMessage };
      const message = plainly(
        t(
          'These files are in no folder of the workspace. An assistant is told numbers of them, and none of ' +
            'their text.',
        ),
      );
      for (const file of asked.files) message.appendMarkdown('\n\n').appendText(nameInWorkspace(file));
      if (asked.folders.length > 0)
        message.appendMarkdown('\n\n').appendText(t('Files in its folder that the config names are read too.'));
      return {
        invocationMessage,
        confirmationMessages: { title: t('Read files outside of the workspace?'), message },
      };
    } catch (error) {
      // The call tells it.
      if (error instanceof ToolError) return {};
      throw error;
    } finally {
      subscription.dispose();
    }
  }

  async invoke(name: string, input: unknown, token: vscode.CancellationToken): Promise<vscode.LanguageModelToolResult> {
    const key = keyOf(name, input);
    const asked = this.#asked.get(key) ?? nothingAsked;
    this.#asked.delete(key);
    const { bounds } = readSettings();
    const host: ToolHost = {
      workerPath: this.workerPath,
      bounds,
      threads: () => readSettings().threads,
      place: async (path) => (await placeOf(path)).toString(),
      readFile: (request) => this.#files.read(request, asked),
      nameOf: nameInWorkspace,
    };
    const controller = new AbortController();
    const subscription = token.onCancellationRequested(() => controller.abort());
    if (token.isCancellationRequested) controller.abort();
    try {
      const text = await toolCalled(name).run(input, host, controller.signal);
      return new vscode.LanguageModelToolResult([new vscode.LanguageModelTextPart(text)]);
    } catch (error) {
      if (error instanceof ToolCancelled) throw new vscode.CancellationError();
      if (!(error instanceof ToolError)) this.log.error(`${name}: ${errorStack(error)}`);
      throw error;
    } finally {
      subscription.dispose();
    }
  }

  #keep(key: string, asked: Asked): void {
    this.#asked.delete(key);
    this.#asked.set(key, asked);
    const [oldest] = this.#asked.keys();
    if (this.#asked.size > mostPrepared && oldest !== undefined) this.#asked.delete(oldest);
  }
}
