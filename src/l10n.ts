// The language of everything the product says: set once by whoever starts a thread, before anything is said.
import { config } from '@vscode/l10n';

/** English sentence → the same in the user's language. */
export type Bundle = Readonly<Record<string, string>>;
export type Language = {
  /** BCP 47 name, as `vscode.env.language`; English when there is no bundle for the user's own. */
  readonly name: string;
  readonly bundle: Bundle;
};

const english: Language = { name: 'en', bundle: {} };
let current = english;

/** Sentences of `t` are in this language from now on; a later call replaces it. */
export function setLanguage(language: Language = english): void {
  current = language;
  config({ contents: { ...language.bundle } });
}

/** For another thread or the page, which set it on their side. */
export const languageInUse = (): Language => current;
