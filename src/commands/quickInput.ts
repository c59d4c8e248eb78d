import path from 'node:path';
import * as vscode from 'vscode';
import { patience, within } from '../editor/files/index.js';

/** The user wants the question before this one. */
export const back = Symbol('back');
/** Undefined: the user gives up. */
export type Answer<T> = T | typeof back | undefined;
/** A question by itself, or where it stands among its others. */
export type Step = { readonly title: string; readonly number?: number; readonly of?: number };
/** Asks one thing; what it returns is added to the answers. */
export type Question<A> = (step: Step) => Promise<Answer<Partial<A>>>;

/**
 * Asks until `next` has no more questions; every question but the first can be gone back from. Undefined when the user
 * gives up.
 */
export async function askAll<A extends object>(
  title: string,
  next: (answers: Partial<A>) => { readonly ask: Question<A>; readonly of: number } | null,
): Promise<Partial<A> | undefined> {
  const history: Partial<A>[] = [{}];
  for (;;) {
    const answers = history.at(-1) ?? {};
    const question = next(answers);
    if (question === null) return answers;
    const answer = await question.ask({ title, number: history.length, of: question.of });
    if (answer === undefined) return undefined;
    if (answer === back) history.pop();
    else history.push({ ...answers, ...answer });
  }
}

function show<T>(
  input: vscode.QuickInput & Pick<vscode.InputBox, 'buttons' | 'onDidAccept' | 'onDidTriggerButton'>,
  { title, number, of }: Step,
  accepted: () => T | undefined,
  others: (done: (answer: T) => void) => unknown = () => undefined,
): Promise<Answer<T>> {
  input.title = title;
  input.step = number;
  input.totalSteps = of;
  input.ignoreFocusOut = number !== undefined;
  input.buttons = number !== undefined && number > 1 ? [vscode.QuickInputButtons.Back] : [];
  return new Promise((resolve) => {
    const done = (answer: Answer<T>): void => {
      resolve(answer);
      input.dispose();
    };
    input.onDidAccept(() => {
      const answer = accepted();
      if (answer !== undefined) done(answer);
    });
    input.onDidTriggerButton(() => done(back));
    input.onDidHide(() => done(undefined));
    others(done);
    input.show();
  });
}

export function pick<T extends vscode.QuickPickItem>(
  step: Step,
  placeholder: string,
  items: readonly T[],
): Promise<Answer<T>> {
  const input = vscode.window.createQuickPick<T>();
  input.items = items;
  input.placeholder = placeholder;
  input.matchOnDescription = true;
  return show(input, step, () => input.activeItems[0]);
}

/** So many of the items, or any but none where `count` is null; `picked` are ticked at first. */
export async function pickMany(
  step: Step,
  placeholder: string,
  names: readonly string[],
  picked: readonly string[],
  count: number | null,
): Promise<Answer<readonly string[]>> {
  const items = names.map((label): vscode.QuickPickItem => ({ label }));
  const isPicked = ({ label }: vscode.QuickPickItem): boolean => picked.includes(label);
  if (count === 1) {
    // What was ticked comes first.
    items.sort((a, b) => Number(isPicked(b)) - Number(isPicked(a)));
    const answer = await pick(step, placeholder, items);
    return answer === undefined || answer === back ? answer : [answer.label];
  }
  const input = vscode.window.createQuickPick();
  input.items = items;
  input.placeholder = placeholder;
  input.canSelectMany = true;
  input.selectedItems = items.filter(isPicked);
  return show(input, step, () => {
    const chosen = new Set(input.selectedItems.map(({ label }) => label));
    const isEnough = count === null ? chosen.size > 0 : chosen.size === count;
    return isEnough ? names.filter((name) => chosen.has(name)) : undefined;
  });
}

/** A file as the explorer shows it: its name, and its folder unless that is the workspace's own. */
export const fileItem = (uri: vscode.Uri): { readonly label: string; readonly description: string } => ({
  label: path.posix.basename(uri.path),
  description: path.posix.dirname(vscode.workspace.asRelativePath(uri)).replace(/^\.$/, ''),
});

/** What can be chosen once a search is done; while it goes on, nothing is known (undefined). */
export type Choices<T> = (found: readonly vscode.Uri[] | undefined) => {
  readonly placeholder: string;
  readonly items: readonly T[];
};

/**
 * Waits a little for what is searched; a search that takes longer goes on while the question stands, and adds to it
 * what it finds.
 */
export async function pickFound<T extends vscode.QuickPickItem>(
  step: Step,
  search: Promise<readonly vscode.Uri[]>,
  choices: Choices<T>,
): Promise<Answer<T>> {
  const soon = await within(search, patience);
  const input = vscode.window.createQuickPick<T>();
  input.matchOnDescription = true;
  const fill = (found: readonly vscode.Uri[] | undefined): void => {
    input.busy = found === undefined;
    const { placeholder, items } = choices(found);
    input.placeholder = placeholder;
    input.items = items;
  };
  fill(soon);
  const answer = show(input, step, () => input.activeItems[0]);
  if (soon !== undefined) return answer;
  // A search that fails ends the question.
  return Promise.race([answer, search.then(fill).then(() => answer)]).finally(() => input.dispose());
}

/** Known by its key when the list is another one. */
export type KeyedItem = vscode.QuickPickItem & { readonly key: string };

/**
 * A list that grows while it stands: `list` is asked again whenever something was found. What the user has moved to
 * stays chosen.
 */
export async function pickGrowing<T extends KeyedItem>(
  step: Step,
  placeholder: string,
  list: () => { readonly items: readonly T[]; readonly busy: boolean },
  onDidGrow: (listener: () => void) => vscode.Disposable,
  /** What the button of an item chooses. */
  byButton: (item: T) => T = (item) => item,
): Promise<Answer<T>> {
  const input = vscode.window.createQuickPick<T>();
  input.placeholder = placeholder;
  input.matchOnDescription = true;
  let first: string | undefined;
  const fill = (): void => {
    const { items, busy } = list();
    const [active] = input.activeItems;
    const moved =
      active !== undefined && active.key !== first ? items.find(({ key }) => key === active.key) : undefined;
    input.busy = busy;
    input.items = items;
    if (moved !== undefined) input.activeItems = [moved];
    first = items.find(({ kind }) => kind !== vscode.QuickPickItemKind.Separator)?.key;
  };
  fill();
  const growing = onDidGrow(fill);
  return show(
    input,
    step,
    () => input.activeItems[0],
    (done) => input.onDidTriggerItemButton(({ item }) => done(byButton(item))),
  ).finally(() => {
    growing.dispose();
  });
}

/** Several files: those of a search, which goes on while the question stands, and those that are known. */
export type SeveralFiles = {
  readonly search: Promise<readonly vscode.Uri[]>;
  readonly known: readonly vscode.Uri[];
  /** Whether a file can be chosen at all. */
  readonly fits: (uri: vscode.Uri) => boolean;
  /** Whether it is chosen at first. */
  readonly picked: (uri: vscode.Uri) => boolean;
  /** Of the dialog for files elsewhere, and what its button says. */
  readonly filters: Readonly<Record<string, string[]>>;
  readonly another: string;
  /** What is told when there is nothing to choose from. */
  readonly none: string;
};

/** The files that were ticked; undefined when the user gives up. */
export async function pickSeveral(
  title: string,
  placeholder: string,
  { search, known, fits, picked, filters, another, none }: SeveralFiles,
): Promise<readonly vscode.Uri[] | undefined> {
  type Item = vscode.QuickPickItem & { readonly uri: vscode.Uri };
  const input = vscode.window.createQuickPick<Item>();
  input.canSelectMany = true;
  input.matchOnDescription = true;
  const items = new Map<string, Item>();
  const add = (uris: readonly vscode.Uri[], tick: (uri: vscode.Uri) => boolean): void => {
    const ticked = new Set(input.selectedItems.map(({ uri }) => uri.toString()));
    for (const uri of uris.filter(fits)) {
      const key = uri.toString();
      if (tick(uri) && !items.has(key)) ticked.add(key);
      items.set(key, items.get(key) ?? { ...fileItem(uri), uri });
    }
    input.items = [...items.values()];
    input.selectedItems = input.items.filter(({ uri }) => ticked.has(uri.toString()));
  };
  const fill = (found: readonly vscode.Uri[]): void => {
    add(
      found.toSorted((a, b) => a.path.localeCompare(b.path)),
      picked,
    );
    input.busy = false;
    input.placeholder = items.size === 0 ? none : placeholder;
  };
  input.placeholder = placeholder;
  add(known, picked);
  input.busy = true;
  let asking = false;
  const answer = new Promise<readonly vscode.Uri[] | undefined>((resolve) => {
    input.onDidAccept(() => resolve(input.selectedItems.map(({ uri }) => uri)));
    // A dialog hides the question for a moment.
    input.onDidHide(() => {
      if (!asking) resolve(undefined);
    });
    input.onDidTriggerButton(() => {
      asking = true;
      void vscode.window.showOpenDialog({ title, canSelectMany: true, filters }).then((uris) => {
        asking = false;
        add(uris ?? [], () => true);
        input.show();
      });
    });
  });
  input.title = title;
  input.buttons = [{ iconPath: new vscode.ThemeIcon('folder-opened'), tooltip: another }];
  input.show();
  // A search that fails ends the question.
  return Promise.race([answer, search.then(fill).then(() => answer)]).finally(() => input.dispose());
}

/** `refuse` says what is wrong with a text, or null. */
export function type(
  step: Step,
  prompt: string,
  value: string,
  refuse: (text: string) => string | null,
): Promise<Answer<string>> {
  const input = vscode.window.createInputBox();
  input.prompt = prompt;
  input.value = value;
  const check = (): string | null => {
    const message = refuse(input.value);
    input.validationMessage = message ?? '';
    return message;
  };
  input.onDidChangeValue(check);
  return show(input, step, () => (check() === null ? input.value : undefined));
}
