// What files hold, for lists to choose from: asked of the worker once for each content of a file.
import path from 'node:path';
import type * as vscode from 'vscode';
import type { SentFile } from '../../config/read/index.js';
import type { FileSurvey } from '../../protocol/index.js';
import { SerialQueue, Stop } from '../../worker/scheduling/index.js';
import type { Doors } from '../context/doors.js';
import { statIfThere } from '../files/disk.js';
import { fileVersion, isUnsaved, readUri } from '../files/editorFiles.js';
import type { Inspections } from './inspections.js';

/** Larger files are read only when the user points at them, bytes. */
const mostBytes = 64e6;
/** A question that gave way to others so often is asked like them. */
const mostWaits = 5;
/** Files whose surveys are kept; those that were asked for longest ago are let go. */
const mostKept = 2_000;

/** `large`: nobody has looked into it. `unread`: nobody can, and why. `stopped`: nobody wants to know any more. */
export type Surveyed =
  | { readonly kind: 'known'; readonly survey: FileSurvey }
  | { readonly kind: 'large'; readonly bytes: number }
  | { readonly kind: 'unread'; readonly why: string }
  | { readonly kind: 'stopped' };

/** `behind`: for nobody who waits, so that it gives way. `meant`: the user points at it, wherever and however large. */
export type SurveyOptions = { readonly stop?: Stop; readonly behind?: boolean; readonly meant?: boolean };

const nameOf = (uri: vscode.Uri): string => path.posix.basename(uri.path);

type Kept = { readonly version: string; readonly surveyed: Surveyed };

export class Surveys {
  readonly #inspections: Inspections;
  readonly #doors: Doors;
  readonly #kept = new Map<string, Kept>();
  /** One file at a time, so that few bytes are held. */
  readonly #queue = new SerialQueue();

  constructor(inspections: Inspections, doors: Doors) {
    this.#inspections = inspections;
    this.#doors = doors;
  }

  /** What a file holds as it is now. */
  async of(uri: vscode.Uri, options: SurveyOptions = {}): Promise<Surveyed> {
    const known = this.known(uri, await fileVersion(uri), options.meant === true);
    if (known !== null) return known;
    if (options.behind !== true) return this.#look(uri, options);
    return this.#queue.add(() => this.#look(uri, options));
  }

  /** What is known of this version of a file; null where nothing is. */
  known(uri: vscode.Uri, version: string | null, meant = false): Surveyed | null {
    const kept = this.#kept.get(uri.toString());
    if (kept === undefined || version === null || kept.version !== version) return null;
    return meant && kept.surveyed.kind !== 'known' ? null : kept.surveyed;
  }

  async #look(uri: vscode.Uri, { stop = new Stop(), behind = false, meant = false }: SurveyOptions): Promise<Surveyed> {
    for (let waits = 0; ; waits++) {
      if (stop.isAsked()) return { kind: 'stopped' };
      const version = await fileVersion(uri);
      // Somebody else has asked meanwhile.
      const known = this.known(uri, version, meant);
      if (known !== null) return known;
      const bytes = isUnsaved(uri) ? 0 : ((await statIfThere(uri))?.bytes ?? 0);
      if (!meant && bytes > mostBytes) return this.#keep(uri, version, { kind: 'large', bytes });
      const content = meant ? await readUri(uri, { cancel: stop.flag }) : await this.#read(uri, stop);
      if (!content.ok) return this.#keep(uri, version, { kind: 'unread', why: content.detail });
      // A stop of its own, because other questions end this one without ending what it is asked for.
      const own = new Stop();
      const forget = stop.onAsked(() => own.ask());
      const gives = behind && waits < mostWaits;
      const survey = await this.#inspections.survey(content.bytes, nameOf(uri), own, gives).finally(() => {
        forget();
      });
      if (survey !== null) return this.#keep(uri, version, { kind: 'known', survey });
    }
  }

  async #read(uri: vscode.Uri, stop: Stop): Promise<SentFile> {
    const way = await this.#doors.way(uri, isUnsaved(uri));
    return way.open ? readUri(uri, { real: way.real, cancel: stop.flag }) : { ...way, ok: false, id: uri.toString() };
  }

  #keep(uri: vscode.Uri, version: string | null, surveyed: Surveyed): Surveyed {
    const id = uri.toString();
    if (version === null) return surveyed;
    this.#kept.delete(id);
    this.#kept.set(id, { version, surveyed });
    for (const old of this.#kept.keys()) {
      if (this.#kept.size <= mostKept) break;
      this.#kept.delete(old);
    }
    return surveyed;
  }
}
