import * as vscode from 'vscode';
import type { Link } from '../../config/read/index.js';
import { errorStack } from '../../protocol/index.js';
import type { Inspection } from '../../protocol/index.js';
import { SerialQueue, Stop } from '../../worker/scheduling/index.js';
import { readUri, resolveReference } from '../files/editorFiles.js';
import type { Inspections } from './inspections.js';
import { after, isUnder } from '../files/fileMoves.js';
import type { Move } from '../files/fileMoves.js';
import { NewFolders } from '../files/newFolders.js';
import { listFolder, longestSearch, searchFiles } from '../files/findFiles.js';
import { patience, within } from '../files/timeouts.js';
import { configPattern, ignored, isConfig } from '../context/configFiles.js';

/** A workspace with more configs than this is not read through; those that are open are known anyway. */
const mostConfigs = 500;
/** Folders that the search does not reach are looked through again after this time, ms. */
const folderAge = 10_000;

type Known = { readonly config: vscode.Uri; readonly links: readonly Link[] };

/**
 * Which config names which file: that is how weights and sequences are recognised, and what a renamed file has to be
 * told to.
 */
export class ConfigIndex implements vscode.Disposable {
  readonly #inspections: Inspections;
  readonly #known = new Map<string, Known>();
  readonly #stale = new Map<string, vscode.Uri>();
  readonly #folders = new Map<string, { readonly at: number; readonly looked: Promise<void> }>();
  readonly #newFolders = new NewFolders(
    (folder) => this.#lookInto(folder),
    (error) => this.#log(error),
  );
  readonly #disposables: vscode.Disposable[];
  #all: { readonly at: number; readonly read: Promise<void> } | null = null;
  /** Whether the search has told all configs of the workspace. */
  #searched = false;
  readonly #changed = new vscode.EventEmitter<void>();
  /** A config names other files now, or is new, or gone. */
  readonly onDidChange = this.#changed.event;
  /** The config that is being read, and what ends that: its text is another one already. */
  #reading: { readonly id: string; readonly stop: Stop } | null = null;
  /** One asker after the other: nobody may see a half-read state. */
  readonly #queue = new SerialQueue();

  constructor(inspections: Inspections) {
    this.#inspections = inspections;
    const watcher = vscode.workspace.createFileSystemWatcher(configPattern, false, false, true);
    // A folder that is gone takes its configs along without a word about them.
    const gone = vscode.workspace.createFileSystemWatcher('**/*', true, true, false);
    const touched = (uri: vscode.Uri): void => {
      if (!isConfig(uri)) return;
      this.#stale.set(uri.toString(), uri);
      if (this.#reading?.id === uri.toString()) this.#reading.stop.ask();
      this.#changed.fire();
    };
    this.#disposables = [
      watcher,
      watcher.onDidChange(touched),
      watcher.onDidCreate(touched),
      gone,
      gone.onDidDelete((uri) => this.#doubt(uri)),
      vscode.workspace.onDidDeleteFiles(({ files }) => files.forEach((uri) => this.#doubt(uri))),
      vscode.workspace.onDidRenameFiles(({ files }) => this.#move(files)),
      // Text that nobody saved is gone with its document.
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === 'untitled') this.#drop(uri);
        else touched(uri);
      }),
      inspections.onDidInspect((inspection) => this.#learn(inspection)),
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        this.#all = null;
        this.#changed.fire();
      }),
    ];
  }

  /** Configs that name the file; those that are open first. */
  async configsFor(file: vscode.Uri): Promise<vscode.Uri[]> {
    await this.#catchUp();
    const id = file.toString();
    const naming = (): Known[] =>
      [...this.#known.values()].filter(({ links }) => links.some(({ target }) => target === id));
    // Of a config in a folder that has just been made nobody may have been told.
    if (!this.#isSearched(file) || naming().length === 0) await this.#lookBeside(file);
    const open = new Set(vscode.workspace.textDocuments.map(({ uri }) => uri.toString()));
    return naming()
      .map(({ config }) => config)
      .sort((a, b) => Number(open.has(b.toString())) - Number(open.has(a.toString())) || a.path.localeCompare(b.path));
  }

  /** Every reference of every config, as the text stands now. */
  async references(): Promise<Known[]> {
    await this.#catchUp();
    for (const { config } of this.#known.values())
      if (vscode.workspace.textDocuments.some(({ uri, isDirty }) => isDirty && uri.toString() === config.toString()))
        await this.#readOne(config);
    return [...this.#known.values()];
  }

  dispose(): void {
    this.#reading?.stop.ask();
    this.#newFolders.dispose();
    for (const disposable of this.#disposables) disposable.dispose();
    this.#changed.dispose();
  }

  /** Files that configs name as their weights, as far as the configs have been read. */
  get weightFiles(): vscode.Uri[] {
    const links = [...this.#known.values()].flatMap((known) => known.links);
    return [...new Set(links.filter(({ key }) => key === 'weights').map(({ target }) => target))].map((target) =>
      vscode.Uri.parse(target, true),
    );
  }

  /** Reads what has not been read yet. */
  async read(): Promise<void> {
    await this.#catchUp();
  }

  #learn({ config, links }: Inspection): void {
    this.#stale.delete(config);
    this.#know(vscode.Uri.parse(config, true), links);
  }

  /** The files that the links lead to; what stands there and is no path leads to none. */
  #know(config: vscode.Uri, references: readonly Omit<Link, 'target'>[]): void {
    const links = references.flatMap((one) => {
      const target = resolveReference(one.reference, config)?.toString();
      return target === undefined ? [] : [{ ...one, target }];
    });
    const targets = (known: readonly Link[] | undefined): string =>
      JSON.stringify(known?.map(({ key, target }) => [key, target]));
    const before = this.#known.get(config.toString());
    this.#known.set(config.toString(), { config, links });
    if (targets(before?.links) !== targets(links)) this.#changed.fire();
  }

  /**
   * A file or folder is told to be gone: whatever was known of it is read again, because it may be back by the time
   * that this is heard.
   */
  #doubt(place: vscode.Uri): void {
    const doubtful = [...this.#known.values()].map(({ config }) => config).filter((config) => isUnder(config, place));
    for (const config of doubtful) this.#stale.set(config.toString(), config);
    if (doubtful.length > 0) this.#changed.fire();
  }

  /** Forgets a config, or all that stand in a folder; gives what was known. */
  #drop(place: vscode.Uri): vscode.Uri[] {
    const dropped = [...this.#known.values()].map(({ config }) => config).filter((config) => isUnder(config, place));
    for (const config of dropped) this.#known.delete(config.toString());
    for (const [id, config] of this.#stale) if (isUnder(config, place)) this.#stale.delete(id);
    if (dropped.length > 0) this.#changed.fire();
    return dropped;
  }

  /** Configs are read where they are now; their references may have been led to other places on the way. */
  #move(moves: readonly Move[]): void {
    const dropped = moves.flatMap(({ oldUri }) => this.#drop(oldUri));
    for (const config of dropped.map((old) => after(old, moves)))
      if (isConfig(config)) this.#stale.set(config.toString(), config);
    // A file that is called a config only now.
    for (const { newUri } of moves) if (isConfig(newUri)) this.#stale.set(newUri.toString(), newUri);
    this.#changed.fire();
  }

  #catchUp(): Promise<void> {
    return this.#queue.add(() => this.#readStale());
  }

  async #readStale(): Promise<void> {
    this.#all ??= { at: performance.now(), read: this.#readAll() };
    await within(this.#all.read, Math.max(0, this.#all.at + patience - performance.now()));
    for (const { uri } of vscode.workspace.textDocuments)
      if (isConfig(uri) && !this.#known.has(uri.toString())) this.#stale.set(uri.toString(), uri);
    const stale = [...this.#stale.values()];
    this.#stale.clear();
    for (const uri of stale) await this.#readOne(uri);
  }

  async #readAll(): Promise<void> {
    this.#searched = false;
    const began = performance.now();
    try {
      for (const uri of await searchFiles(configPattern, ignored, mostConfigs, longestSearch)) await this.#readOne(uri);
      this.#searched = performance.now() - began < longestSearch;
    } catch (error) {
      this.#log(error);
      this.#all = null;
    }
  }

  /** Whether the search has reached the place of the file. */
  #isSearched(file: vscode.Uri): boolean {
    return this.#searched && vscode.workspace.getWorkspaceFolder(file) !== undefined;
  }

  /** A file that the search does not reach has its configs in its own folder, if anywhere. */
  #lookBeside(file: vscode.Uri): Promise<void> {
    if (vscode.workspace.fs.isWritableFileSystem(file.scheme) === undefined) return Promise.resolve();
    const folder = vscode.Uri.joinPath(file, '..');
    const before = this.#folders.get(folder.toString());
    if (before !== undefined && performance.now() - before.at < folderAge) return before.looked;
    const looked = this.#readFolder(folder);
    this.#folders.set(folder.toString(), { at: performance.now(), looked });
    return looked;
  }

  async #readFolder(folder: vscode.Uri): Promise<void> {
    const configs = (await listFolder(folder)).map(([name]) => vscode.Uri.joinPath(folder, name)).filter(isConfig);
    for (const uri of configs.slice(0, mostConfigs)) if (!this.#known.has(uri.toString())) await this.#readOne(uri);
  }

  /** Of the configs in a folder that has just been made nobody may have been told. */
  async #lookInto(folder: vscode.Uri): Promise<void> {
    // The search that is still to come finds them all.
    if (this.#all === null) return;
    try {
      const configs = await searchFiles(
        new vscode.RelativePattern(folder, configPattern),
        ignored,
        mostConfigs,
        longestSearch,
      );
      const unknown = configs.filter((uri) => !this.#known.has(uri.toString()));
      for (const uri of unknown) this.#stale.set(uri.toString(), uri);
      if (unknown.length > 0) this.#changed.fire();
    } catch (error) {
      this.#log(error);
    }
  }

  #log(error: unknown): void {
    this.#inspections.log.error(errorStack(error));
  }

  async #readOne(config: vscode.Uri): Promise<void> {
    const content = await readUri(config);
    if (!content.ok) {
      this.#drop(config);
      return;
    }
    const reading = { id: config.toString(), stop: new Stop() };
    this.#reading = reading;
    // One config that cannot be understood must not hide the others.
    const found = await this.#inspections.references(content.bytes, reading.stop).catch((error: unknown) => {
      this.#log(error);
      return [];
    });
    if (this.#reading === reading) this.#reading = null;
    // It has been touched meanwhile, so it is read again.
    if (found === null) return;
    this.#know(
      config,
      found.map((one) => ({ file: config.toString(), ...one })),
    );
  }
}
