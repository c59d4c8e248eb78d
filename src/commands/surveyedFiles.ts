// The workspace's files with what they hold, as it becomes known: what lists of files to choose from are made of.
import path from 'node:path';
import * as vscode from 'vscode';
import { isForeignName, mayHoldNumbers, readableExtensions } from '../config/read/index.js';
import { listFolder, longestSearch, searchFiles, within } from '../editor/files/index.js';
import type { Surveyed, Surveys } from '../editor/following/index.js';
import { Stop } from '../worker/scheduling/index.js';

const ignored = '**/{node_modules,.git,.vscode}/**';
const mostFiles = 500;
/** Each of those that lie on no disk may come through a network. */
const mostRemote = 30;
/** A list that is not complete waits so long before it is shown, and between two of its states, ms. */
const [firstWait, betweenStates] = [1_500, 300];

export type SurveyedFile = { readonly uri: vscode.Uri; readonly surveyed: Surveyed | null };

/** Looks for files and into them, until it is let go. */
export class SurveyedFiles implements vscode.Disposable {
  readonly #surveys: Surveys;
  readonly #stop = new Stop();
  readonly #grown = new vscode.EventEmitter<void>();
  readonly onDidGrow = this.#grown.event;
  readonly #known = new Map<string, SurveyedFile>();
  #timer: NodeJS.Timeout | undefined;
  #left = Infinity;
  readonly #done: Promise<void>;

  /** `beside`: a file whose folder may lie outside of the workspace. */
  constructor(surveys: Surveys, beside: vscode.Uri | null) {
    this.#surveys = surveys;
    this.#done = this.#look(beside);
  }

  get all(): readonly SurveyedFile[] {
    return [...this.#known.values()];
  }

  get isComplete(): boolean {
    return this.#left === 0;
  }

  /** Waits a little, because most workspaces are looked through by then. A search that fails ends in an error. */
  async soon(): Promise<void> {
    await within(this.#done, firstWait);
  }

  dispose(): void {
    this.#stop.ask();
    clearTimeout(this.#timer);
    this.#grown.dispose();
  }

  async #look(beside: vscode.Uri | null): Promise<void> {
    const search = searchFiles(`**/*.{${readableExtensions.join(',')}}`, ignored, mostFiles, longestSearch);
    const folder = beside === null ? [] : await filesBeside(beside);
    for (const uri of folder) this.#note(uri, null);
    for (const uri of await search) this.#note(uri, null);
    const files = [...this.#known.values()];
    this.#left = files.length;
    this.#tell();
    // Those in the same folder come first, as they were noted.
    let remote = 0;
    for (const { uri } of files) {
      if (this.#stop.isAsked()) return;
      if (uri.scheme === 'file' || remote++ < mostRemote)
        this.#note(uri, await this.#surveys.of(uri, { behind: true, stop: this.#stop }));
      this.#left--;
      this.#tell();
    }
    this.#left = 0;
  }

  #note(uri: vscode.Uri, surveyed: Surveyed | null): void {
    const name = path.posix.basename(uri.path);
    if (mayHoldNumbers(name) && !isForeignName(name)) this.#known.set(uri.toString(), { uri, surveyed });
  }

  #tell(): void {
    if (this.#stop.isAsked()) return;
    clearTimeout(this.#left === 0 ? this.#timer : undefined);
    if (this.#left === 0) this.#timer = undefined;
    this.#timer ??= setTimeout(
      () => {
        this.#timer = undefined;
        this.#grown.fire();
      },
      this.#left === 0 ? 0 : betweenStates,
    );
  }
}

async function filesBeside(file: vscode.Uri): Promise<vscode.Uri[]> {
  const folder = vscode.Uri.joinPath(file, '..');
  return (await listFolder(folder))
    .filter(([, type]) => (type & vscode.FileType.File) !== 0)
    .slice(0, mostFiles)
    .map(([name]) => vscode.Uri.joinPath(folder, name));
}
