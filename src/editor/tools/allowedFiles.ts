// Which files a call of a tool may read: those of the workspace, and outside of it those that the user was asked about.
import path from 'node:path';
import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import { ToolError } from '../../assistant/index.js';
import type { Subject } from '../../assistant/index.js';
import type { FileTrouble, SentFile } from '../../config/read/index.js';
import type { FileRequest } from '../../protocol/index.js';
import type { Stop } from '../../worker/scheduling/index.js';
import type { Doors } from '../context/doors.js';
import { statIfThere } from '../files/disk.js';
import { findReference, readUri, resolveReference, throughDoors } from '../files/editorFiles.js';
import type { Found } from '../files/editorFiles.js';
import type { Inspections } from '../following/inspections.js';

/** Files outside of the workspace by where they really are; of a config also what it names in its own folder. */
export type Asked = { readonly files: ReadonlySet<string>; readonly folders: readonly vscode.Uri[] };
export const nothingAsked: Asked = { files: new Set(), folders: [] };

const withScheme = /^[a-z][a-z0-9+.-]+:\/\//i;
const isText = (uri: vscode.Uri): boolean => /\.jsonc?$/.test(uri.path);
const folderOf = (uri: vscode.Uri): vscode.Uri => vscode.Uri.joinPath(uri, '..');

/** What a path of an input means: a relative one in the first folder that has it. @throws ToolError */
export async function placeOf(input: string): Promise<vscode.Uri> {
  if (withScheme.test(input)) return vscode.Uri.parse(input, true);
  const folders = (vscode.workspace.workspaceFolders ?? []).map(({ uri }) => vscode.Uri.joinPath(uri, 'input'));
  if (path.isAbsolute(input)) {
    const found = resolveReference(input, folders[0] ?? vscode.Uri.file('/input'));
    if (found !== null) return found;
  }
  const found = folders.flatMap((folder) => resolveReference(input, folder) ?? []);
  for (const uri of found) if ((await statIfThere(uri)) !== null) return uri;
  const [first] = found;
  if (first !== undefined) return first;
  throw new ToolError(
    t('The path {0} leads nowhere: no folder is open that it starts at. Pass the whole path.', JSON.stringify(input)),
  );
}

/** Where a path of an input starts from, as far as it starts anywhere. */
const ofWindow = (): vscode.Uri => vscode.workspace.workspaceFolders?.[0]?.uri ?? vscode.Uri.file('/');

const isUnder = (uri: vscode.Uri, folder: vscode.Uri): boolean =>
  uri.scheme === folder.scheme && uri.authority === folder.authority && uri.path.startsWith(`${folder.path}/`);

const isTrouble = (standing: object): standing is FileTrouble => 'reason' in standing;

export class AllowedFiles {
  constructor(
    readonly doors: Doors,
    readonly inspections: Inspections,
  ) {}

  /** What lies outside of the workspace of the files that a call would read. */
  async outside({ path: main, sequences }: Subject, stop: Stop): Promise<Asked> {
    const files = new Set<string>();
    const folders: vscode.Uri[] = [];
    /** Where it really is when that is outside. On another computer nothing is even looked for. */
    const look = async (uri: vscode.Uri): Promise<vscode.Uri | null> => {
      if (this.doors.refusal(uri, ofWindow()) !== null) return null;
      const standing = await this.#standing(uri);
      if (isTrouble(standing) || standing.inside) return null;
      files.add(standing.real.toString());
      return standing.real;
    };
    const uri = await placeOf(main);
    const real = await look(uri);
    // A config outside is not read before the user has answered.
    if (real !== null && isText(uri)) folders.push(folderOf(real));
    if (real === null && isText(uri)) for (const named of await this.#named(uri, stop)) await look(named);
    if (sequences !== undefined) await look(await placeOf(sequences));
    return { files, folders };
  }

  /** The files that a config of the workspace names, without opening them. */
  async #named(config: vscode.Uri, stop: Stop): Promise<vscode.Uri[]> {
    const content = await this.read({ reference: config.toString(), from: null }, nothingAsked);
    if (!content.ok) return [];
    const references = await this.inspections.references(content.bytes, stop);
    return (references ?? []).flatMap(({ reference }) => {
      const uri = resolveReference(reference, config);
      return uri === null || this.doors.refusal(uri, config) !== null ? [] : [uri];
    });
  }

  async read(request: FileRequest, asked: Asked): Promise<SentFile> {
    const found = await this.#found(request);
    if (!found.ok) return found;
    const id = found.uri.toString();
    const standing = await this.#standing(found.uri);
    if (isTrouble(standing)) return { ...standing, ok: false, id };
    const { real, inside } = standing;
    if (!inside && !asked.files.has(real.toString()) && !asked.folders.some((folder) => isUnder(real, folder)))
      return {
        ok: false,
        id,
        reason: 'beyond',
        target: real.toString(),
        allowed: t('a file in a folder of the workspace'),
        advice: t('Call the tool again, so that the user is asked, or open the folder that holds the file.'),
        detail: t('it is outside of the workspace'),
      };
    const content = await readUri(found.uri, { real, cancel: request.cancel ?? null });
    // What lies outside is told in numbers; no problem quotes it.
    return content.ok && (found.guarded || !inside) ? { ...content, guarded: true } : content;
  }

  /** Text that was never on the disk is what the user has open. */
  #standing(uri: vscode.Uri): ReturnType<Doors['standing']> {
    return uri.scheme === 'untitled' ? Promise.resolve({ real: uri, inside: true }) : this.doors.standing(uri);
  }

  /** An id is what an input names, not what the user has opened: it goes through the doors as a reference does. */
  #found(request: FileRequest): Promise<Found> {
    if (request.from !== null) return findReference(request, this.doors);
    const uri = vscode.Uri.parse(request.reference, true);
    return throughDoors(uri, ofWindow(), request.reference, this.doors);
  }
}
