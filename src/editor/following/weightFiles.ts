import path from 'node:path';
import * as vscode from 'vscode';
import { isForeignName, likelyWeights, mayHoldNumbers, readableExtensions } from '../../config/read/index.js';
import { statIfThere } from '../files/disk.js';
import { longestSearch, searchFiles } from '../files/findFiles.js';
import { NewFolders } from '../files/newFolders.js';
import { Stop } from '../../worker/scheduling/index.js';
import type { Surveys } from './surveys.js';

const pattern = `**/*.{${readableExtensions.join(',')}}`;
/** What holds no weights, and is not looked into either. */
const ignored = '**/{node_modules,.git,.vscode}/**';
const isIgnored = ({ path: place }: vscode.Uri): boolean => /\/(node_modules|\.git|\.vscode)\//.test(place);

/** More files than this, or more bytes, are not looked into: their names have to do. */
const mostFiles = 2_000;
const mostBytes = 512e6;
/** What is written again and again and holds no weights is let alone after so many looks. */
const mostLooks = 5;
/** A file that is written is looked into after a pause of this length, ms. */
const debounce = 1_000;
/** The menus hear of what was found at most this often, ms. */
const betweenNews = 250;

const nameOf = (uri: vscode.Uri): string => path.posix.basename(uri.path);

/**
 * The workspace's files that hold a recurrent network, whatever they are called: looked into one after the other behind
 * everything else, once for each content.
 */
export class WeightFiles implements vscode.Disposable {
  readonly #surveys: Surveys;
  readonly #log: (error: unknown) => void;
  readonly #found = new Map<string, vscode.Uri>();
  readonly #queue = new Map<string, vscode.Uri>();
  readonly #changed = new vscode.EventEmitter<void>();
  /** Other files are weights than before. */
  readonly onDidChange = this.#changed.event;
  readonly #stop = new Stop();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  #subscriptions: readonly Pick<vscode.Disposable, 'dispose'>[] = [];
  #news: NodeJS.Timeout | undefined;
  readonly #looks = new Map<string, number>();
  #bytes = 0;
  #working = false;
  #searched = false;
  #complete = false;

  constructor(surveys: Surveys, log: (error: unknown) => void) {
    this.#surveys = surveys;
    this.#log = log;
  }

  get all(): vscode.Uri[] {
    return [...this.#found.values()];
  }

  /** Whether each file of the workspace has been looked into, or is taken by its name. */
  get isComplete(): boolean {
    return this.#complete;
  }

  /** Looks through the workspace and follows what is made in it, from now on; what lies on no disk is left alone. */
  async begin(): Promise<void> {
    const folders = vscode.workspace.workspaceFolders ?? [];
    if (this.#subscriptions.length > 0 || folders.some(({ uri }) => uri.scheme !== 'file')) return;
    const watcher = vscode.workspace.createFileSystemWatcher(pattern);
    this.#subscriptions = [
      watcher,
      watcher.onDidCreate((uri) => this.#later(uri)),
      // Weights that a training script writes again are weights still.
      watcher.onDidChange((uri) => {
        const id = uri.toString();
        if (!this.#found.has(id) && (this.#looks.get(id) ?? 0) < mostLooks) this.#later(uri);
      }),
      watcher.onDidDelete((uri) => this.#forget(uri)),
      new NewFolders((folder) => this.#search(new vscode.RelativePattern(folder, pattern)), this.#log),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.#search(pattern)),
    ];
    await this.#search(pattern);
    this.#searched = true;
    if (!this.#working) this.#rest();
  }

  dispose(): void {
    this.#stop.ask();
    clearTimeout(this.#news);
    for (const timer of this.#timers.values()) clearTimeout(timer);
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#changed.dispose();
  }

  async #search(where: vscode.GlobPattern): Promise<void> {
    try {
      const files = await searchFiles(where, ignored, mostFiles, longestSearch);
      const likely = files.toSorted(
        (a, b) => Number(likelyWeights.test(nameOf(b))) - Number(likelyWeights.test(nameOf(a))),
      );
      for (const uri of likely) this.#add(uri);
    } catch (error) {
      this.#log(error);
    }
  }

  #later(uri: vscode.Uri): void {
    const id = uri.toString();
    clearTimeout(this.#timers.get(id));
    const timer = setTimeout(() => {
      this.#timers.delete(id);
      this.#add(uri);
    }, debounce);
    this.#timers.set(id, timer);
  }

  #add(uri: vscode.Uri): void {
    const name = nameOf(uri);
    if (isIgnored(uri) || isForeignName(name) || !mayHoldNumbers(name) || this.#stop.isAsked()) return;
    this.#queue.set(uri.toString(), uri);
    if (!this.#working) void this.#work();
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (let next = this.#next(); next !== undefined && !this.#stop.isAsked(); next = this.#next()) {
      try {
        this.#know(next, await this.#isWeights(next));
      } catch (error) {
        this.#log(error);
      }
    }
    this.#working = false;
    this.#rest();
  }

  /** Nothing is left to look into. */
  #rest(): void {
    this.#complete = this.#searched;
    this.#tell();
  }

  #next(): vscode.Uri | undefined {
    const [first] = this.#queue;
    if (first !== undefined) this.#queue.delete(first[0]);
    return first?.[1];
  }

  async #isWeights(uri: vscode.Uri): Promise<boolean> {
    this.#looks.set(uri.toString(), (this.#looks.get(uri.toString()) ?? 0) + 1);
    this.#bytes += (await statIfThere(uri))?.bytes ?? 0;
    if (this.#bytes > mostBytes) return likelyWeights.test(nameOf(uri));
    const surveyed = await this.#surveys.of(uri, { behind: true, stop: this.#stop });
    if (surveyed.kind === 'known') return surveyed.survey.networks.length > 0;
    return surveyed.kind === 'large' && likelyWeights.test(nameOf(uri));
  }

  #know(uri: vscode.Uri, isWeights: boolean): void {
    const id = uri.toString();
    if (isWeights === this.#found.has(id)) return;
    if (isWeights) this.#found.set(id, uri);
    else this.#found.delete(id);
    this.#tell();
  }

  #forget(uri: vscode.Uri): void {
    this.#queue.delete(uri.toString());
    this.#know(uri, false);
  }

  #tell(): void {
    if (this.#stop.isAsked()) return;
    this.#news ??= setTimeout(() => {
      this.#news = undefined;
      this.#changed.fire();
    }, betweenNews);
  }
}
