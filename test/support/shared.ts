// What takes long to start and can serve many tests: a browser, a VS Code server, a window. In a process that runs
// several test files (build/testGroup.mjs) it is kept until the last of them is done; in a file that is run alone
// until its holder gives it back.

/**
 * What a group of test files keeps: by name what was made, and how each of it is closed, in the order in which it was
 * made.
 */
type Kept = {
  readonly things: Map<string, Promise<unknown>>;
  readonly shelves: Map<string, Shelf<unknown>>;
  readonly closers: (() => Promise<void>)[];
};

/** Each test file is a bundle with modules of its own: what they share has to hang on the process. */
const process_ = globalThis as unknown as Readonly<Record<symbol, Kept | undefined>>;
const kept = (): Kept | null => process_[Symbol.for('rnn-gradients.tests.kept')] ?? null;

export type Held<T> = { readonly thing: T; readonly giveBack: () => Promise<void> };

/** The thing of this name: made anew where there is none, or where it is no longer `alive`. */
export async function hold<T>(
  name: string,
  how: { make(): Promise<T>; alive(thing: T): boolean; close(thing: T): Promise<void> },
): Promise<Held<T>> {
  const group = kept();
  if (group === null) {
    const thing = await how.make();
    return { thing, giveBack: () => how.close(thing) };
  }
  const before = await (group.things.get(name) as Promise<T> | undefined)?.catch(() => undefined);
  if (before !== undefined && how.alive(before)) return { thing: before, giveBack: () => Promise.resolve() };
  const made = how.make();
  group.things.set(name, made);
  const thing = await made;
  group.closers.push(() => how.close(thing));
  return { thing, giveBack: () => Promise.resolve() };
}

/** A place for a thing that one test leaves for the next. */
export type Shelf<T> = { thing: T | null };

/** The place of this name, which is emptied by `close` in the end; null where nothing is kept. */
export function shelf<T>(name: string, close: (thing: T) => Promise<void>): Shelf<T> | null {
  const group = kept();
  if (group === null) return null;
  const before = group.shelves.get(name) as Shelf<T> | undefined;
  if (before !== undefined) return before;
  const made: Shelf<T> = { thing: null };
  group.shelves.set(name, made);
  group.closers.push(async () => {
    if (made.thing !== null) await close(made.thing);
  });
  return made;
}
