import type { Bytes, SystemReason } from '../formats/index.js';
import type { SequenceOrder } from './sequenceOrder.js';

/**
 * `id` says which file it is, the same for every way to name it; `version` changes with its content. `guarded`: nothing
 * of what stands in it may be quoted.
 */
type FileFacts = {
  readonly ok: true;
  readonly id: string;
  readonly version?: string;
  readonly guarded?: true;
};
type NoFile = { readonly ok: false; readonly id: string } & FileTrouble;

/** What came back for a file that a config names. */
export type FileContent = (FileFacts & { readonly bytes: Bytes }) | NoFile;

/**
 * A file of this machine's disk that is read in ranges, by whoever wants them; `stamp` says which writing of it is
 * meant.
 */
export type DiskFile = { readonly path: string; readonly size: number; readonly stamp: string };

/** The same on its way from one thread to another, which opens such a file itself. */
export type SentBytes = Uint8Array | DiskFile;
export type SentFile = (FileFacts & { readonly bytes: SentBytes }) | NoFile;

/** What is no file although it has a name like one; `other` stands for what some systems have besides. */
export type SpecialKind = 'device' | 'pipe' | 'socket' | 'other';

/**
 * Why a file was not read. `folder`: there is one of that name. `loop`: the links that it is behind go round in a
 * circle. `unplaced`: the path is relative to nothing. The reasons of the system stand beside their words
 * (`systemReasons.ts`).
 * `large`: it has more bytes than may be read. `outside`: it is not in a workspace that nobody trusts, and the user has
 * not allowed it; `target` is where it really is. `network`: it is on another computer, `host`, that VS Code may not
 * reach. `beyond`: an assistant may not read it; `allowed` and `advice` say what it may, and how to allow more.
 * `detail` says the same in a few words.
 */
export type FileTrouble = { readonly detail: string } & (
  | { readonly reason: 'missing' | 'folder' | 'loop' | 'unplaced' | SystemReason }
  | { readonly reason: 'special'; readonly kind: SpecialKind }
  | { readonly reason: 'large'; readonly bytes: number; readonly bound: number }
  | { readonly reason: 'outside'; readonly target: string }
  | { readonly reason: 'network'; readonly host: string }
  | { readonly reason: 'beyond'; readonly target: string; readonly allowed: string; readonly advice: string }
);

/** Where bytes come from: the editor (unsaved text first) or the disk. */
export type Files = {
  /**
   * `reference` as written in the file `from` (relative to its folder, or absolute); `from` null: `reference` is an id.
   */
  read(reference: string, from: string | null): Promise<FileContent>;
};

/** Sequences that stand in no file: standard normal numbers from a seed, or zeros, [B,T,I] as the weights take them. */
export type MadeSequences = {
  readonly made: 'random' | 'zeros';
  readonly B: number;
  readonly T: number;
  readonly seed: number;
};

/** How a table or a text becomes sequences: the keys that stand beside "file" in a config. */
export type SequenceOptions = {
  readonly columns?: readonly string[];
  readonly window?: number;
  readonly stride?: number;
  readonly normalise?: 'none' | 'zScore' | 'minMax';
  readonly normaliseOver?: number;
  readonly tokens?: 'characters' | 'words';
};

/**
 * A weights file with sequences and everything else at its default. `network` and `array` say which one is meant where
 * a file holds several, as `name` does in a config.
 */
export type Pair = {
  readonly kind: 'pair';
  readonly weights: string;
  readonly network?: string;
  readonly sequences: string | MadeSequences;
  readonly array?: string;
  /** Of a table or a text: how it is read. */
  readonly options?: SequenceOptions;
  /** Which of the two axes comes first, where the user has said so. */
  readonly order?: SequenceOrder;
};

/** What a user can run. */
export type Entry = { readonly kind: 'config'; readonly config: string } | Pair;
