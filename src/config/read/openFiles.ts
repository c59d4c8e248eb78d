import { readDocument } from '../formats/index.js';
import type { BesideFile, Bytes } from '../formats/index.js';
import { besideFiles } from './besideFiles.js';
import type { Document } from '../json/jsonDocument.js';
import { Value } from '../json/jsonValue.js';
import { filePart, partOf } from './fileParts.js';
import type { Tick } from '../json/scanner.js';
import type { FileContent, Files } from './fileAccess.js';

/** Turns bytes into a document; an editor keeps the documents of files that have not changed. */
export type ReadDocument = (id: string, bytes: Bytes, tick: Tick, beside?: ReadonlyMap<string, BesideFile>) => Document;

export type ReadOptions = {
  /** Called about every millisecond of work; may throw to give up, and what it throws passes through. */
  readonly tick?: Tick;
  readonly readDocument?: ReadDocument;
  /** Whether options of the command line say what a config would. */
  readonly byOption?: boolean;
};

/** A file that is there. `root` is null when it is not JSON, which its document says. */
export type OpenFile = { readonly document: Document; readonly root: Value | null };

/** The files of one experiment: each is asked for once by each name, and parsed once, whoever wants it. */
export class OpenFiles {
  readonly #files: Files;
  readonly #tick: Tick;
  readonly #readDocument: ReadDocument;
  readonly #contents = new Map<string, Promise<FileContent>>();
  readonly #beside = new Map<string, ReadonlyMap<string, BesideFile>>();
  readonly #open = new Map<string, OpenFile>();
  readonly #parts = new Map<Value, Map<string, Value | null>>();

  constructor(files: Files, { tick = () => undefined, readDocument: read = readDocument }: ReadOptions) {
    this.#files = files;
    this.#tick = tick;
    this.#readDocument = read;
  }

  /** What came back for `reference` as it stands in `from`, or for an id when `from` is null. */
  content(reference: string, from: string | null): Promise<FileContent> {
    const key = `${from ?? ''}\n${reference}`;
    const content = this.#contents.get(key) ?? this.#read(reference, from);
    this.#contents.set(key, content);
    return content;
  }

  async #read(reference: string, from: string | null): Promise<FileContent> {
    const content = await this.#files.read(reference, from);
    if (content.ok && !this.#beside.has(content.id)) {
      const read = (name: string, id: string): Promise<FileContent> => this.#files.read(name, id);
      this.#beside.set(content.id, await besideFiles(content, read, this.#tick));
    }
    return content;
  }

  /** Files that were read with another one. */
  besides(id: string): string[] {
    return [...(this.#beside.get(id)?.values() ?? [])].map((file) => file.id);
  }

  parsed({ id, bytes }: FileContent & { readonly ok: true }): OpenFile {
    const before = this.#open.get(id);
    if (before !== undefined) return before;
    const document = this.#readDocument(id, bytes, this.#tick, this.#beside.get(id));
    const open = { document, root: Value.root(document) };
    this.#open.set(id, open);
    return open;
  }

  /** What a name means in a file, always the same value. */
  part(root: Value, name: string): Value | null {
    const parts = this.#parts.get(root) ?? new Map<string, Value | null>();
    this.#parts.set(root, parts);
    const before = parts.get(name);
    const part = before === undefined ? partOf(root, name) : before;
    parts.set(name, part);
    return part;
  }

  /** Which file that is, and its root, or null where it cannot be read. */
  async root(reference: string, from: string | null): Promise<{ readonly id: string; readonly root: Value | null }> {
    const content = await this.content(reference, from);
    return { id: content.id, root: content.ok ? this.parsed(content).root : null };
  }

  /** The value itself, or the root of the file that it names when it is a text; null where that cannot be read. */
  async follow(value: Value | null): Promise<Value | null> {
    const part = value === null ? null : filePart(value);
    if (part !== null) {
      const root = await this.follow(part.file);
      return root === null || part.name === null ? root : this.part(root, part.name);
    }
    if (value?.node.kind !== 'string') return value;
    const reference = value.node.value;
    return reference.trim() === '' ? null : (await this.root(reference, value.document.id)).root;
  }
}
