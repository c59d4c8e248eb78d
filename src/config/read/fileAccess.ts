/**
 * What came back for a file that a config names. `id` says which file it is, the same for every way to name it;
 * `version` changes with its content.
 */
export type FileContent =
  | { readonly ok: true; readonly id: string; readonly bytes: Uint8Array; readonly version?: string }
  | { readonly ok: false; readonly id: string; readonly reason: FileTrouble; readonly detail: string };

/** `folder`: there is one of that name. `unplaced`: the path is relative to nothing. */
export type FileTrouble = 'missing' | 'folder' | 'unreadable' | 'unplaced';

/** Where bytes come from: the editor (unsaved text first) or the disk. */
export type Files = {
  /**
   * `reference` as written in the file `from` (relative to its folder, or absolute); `from` null: `reference` is an id.
   */
  read(reference: string, from: string | null): Promise<FileContent>;
};

/** What a user can run: a config, or a weights file with a sequences file and everything else at its default. */
export type Entry =
  | { readonly kind: 'config'; readonly config: string }
  | { readonly kind: 'pair'; readonly weights: string; readonly sequences: string };
