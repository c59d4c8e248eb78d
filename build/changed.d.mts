export type Change = {
  /** Changed files, as they are named in the project. */
  readonly changed: readonly string[];
  /** Entries of the build with the files that they are made of. */
  readonly graph: Readonly<Record<string, readonly string[]>>;
  readonly textOf: (file: string) => string;
};

export function changedFiles(): Promise<string[]>;
/** The test files that the changed files may break. */
export function mayBreak(change: Change): Set<string>;
export function testsThatMayBreak(changed: readonly string[]): Promise<Set<string>>;
