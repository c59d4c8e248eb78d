// Which files the references of a config may lead to. A workspace that nobody trusts may come from anywhere, and its
// configs can name every file of the machine: what lies outside of its folders is read only when the user has allowed
// that file.
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { FileTrouble } from '../../config/read/index.js';
import { isUnder, troubleOf } from '../../worker/thread/index.js';
import { diskOf } from './localDisk.js';
import { mayReach } from './networkHosts.js';
import { prefix } from './settings.js';

/** `real`: where to read, without links: what was looked at is what is read. `guarded`: nothing of it may be quoted. */
export type Way =
  | { readonly open: true; readonly real: vscode.Uri; readonly guarded: boolean }
  | ({ readonly open: false } & FileTrouble);

/** Where the workspace remembers what the user has allowed in it. */
const memory = 'allowedFiles';
const settings = [`${prefix}.maxTextFileSize`, 'security.restrictUNCAccess', 'security.allowedUNCHosts'];

export class Doors implements vscode.Disposable {
  readonly #memento: vscode.Memento;
  readonly #changed = new vscode.EventEmitter<void>();
  /** Other files may be read now than before. */
  readonly onDidChange = this.#changed.event;
  readonly #subscription: vscode.Disposable;

  constructor(memento: vscode.Memento) {
    this.#memento = memento;
    this.#subscription = vscode.Disposable.from(
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.#changed.fire()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => {
        if (!vscode.workspace.isTrusted) this.#changed.fire();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (settings.some((key) => event.affectsConfiguration(key))) this.#changed.fire();
      }),
    );
  }

  /** Lets this file be read from now on in this workspace, by where it really is. */
  async allow(target: string): Promise<void> {
    if (!this.#allowed.includes(target)) await this.#memento.update(memory, [...this.#allowed, target]);
    this.#changed.fire();
  }

  /** Why the file of a reference may not even be looked at; null when it may. `from`: the file that names it. */
  refusal(uri: vscode.Uri, from: vscode.Uri): FileTrouble | null {
    const host = uri.authority;
    if (process.platform !== 'win32' || uri.scheme !== 'file' || host === '') return null;
    const security = vscode.workspace.getConfiguration('security');
    const allowed: unknown = security.get('allowedUNCHosts');
    const rules = {
      restrict: security.get<unknown>('restrictUNCAccess') !== false,
      allowed: Array.isArray(allowed) ? allowed.filter((one) => typeof one === 'string') : [],
      known: [from, ...(vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri)].map(
        ({ authority }) => authority,
      ),
    };
    return mayReach(host, rules) ? null : { reason: 'network', host, detail: t('it is on another computer') };
  }

  /** Whether the file of a reference may be read. `isUnsaved`: the text of the editor stands for it, not the disk. */
  async way(uri: vscode.Uri, isUnsaved: boolean): Promise<Way> {
    if (vscode.workspace.isTrusted) return { open: true, real: uri, guarded: false };
    const place = await this.#place(uri);
    if (place instanceof vscode.Uri) {
      if (await isInside(place)) return { open: true, real: place, guarded: false };
      const target = place.toString();
      if (this.#allowed.includes(target)) return { open: true, real: place, guarded: true };
      return { open: false, reason: 'outside', target, detail: t('it is outside of the workspace') };
    }
    // Text that was never on the disk, or is not any more, is what the user has open.
    return isUnsaved ? { open: true, real: uri, guarded: true } : { open: false, ...place };
  }

  /** Where a file really is, and whether that is in a folder of the workspace; or why there is none. */
  async standing(uri: vscode.Uri): Promise<{ readonly real: vscode.Uri; readonly inside: boolean } | FileTrouble> {
    const place = await this.#place(uri);
    return place instanceof vscode.Uri ? { real: place, inside: await isInside(place) } : place;
  }

  dispose(): void {
    this.#subscription.dispose();
    this.#changed.dispose();
  }

  get #allowed(): readonly string[] {
    const kept = this.#memento.get<unknown>(memory);
    return Array.isArray(kept) ? kept.filter((one) => typeof one === 'string') : [];
  }

  /** Where a file really is, or why there is none. */
  async #place(uri: vscode.Uri): Promise<vscode.Uri | FileTrouble> {
    const disk = diskOf(uri);
    if (disk === null) return uri;
    try {
      return vscode.Uri.file(await disk.realPlace(uri.fsPath));
    } catch (error) {
      return troubleOf(error);
    }
  }
}

/** Whether a file that no link leads to is in a folder of the workspace. */
async function isInside(file: vscode.Uri): Promise<boolean> {
  if (diskOf(file) === null) return vscode.workspace.getWorkspaceFolder(file) !== undefined;
  for (const { uri } of vscode.workspace.workspaceFolders ?? []) {
    // A folder that is gone holds nothing, and a virtual one no file of the disk.
    const folder = await diskOf(uri)
      ?.realPlace(uri.fsPath)
      .catch(() => null);
    if (typeof folder === 'string' && isUnder(file.fsPath, folder)) return true;
  }
  return false;
}
