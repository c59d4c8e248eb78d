// What a table or a text calls its steps: a date, a word.
import { cut } from '../json/problem.js';

/** Sequence b has at step t the label `texts[b·stride + t]`, in the order of the input. */
export type StepLabels = { readonly texts: readonly string[]; readonly stride: number };

/** Of more rows than this none is labelled: labels travel with every result. */
const mostLabels = 2 ** 16;
const longest = 40;

/** Labels of rows as they are read, until there are too many of them. */
export class Labelling {
  #texts: string[] | null = [];

  add(text: string): void {
    if (this.#texts === null) return;
    if (this.#texts.length === mostLabels) this.#texts = null;
    else this.#texts.push(cut(text, longest));
  }

  get texts(): readonly string[] | null {
    return this.#texts;
  }
}

/** The labels of windows; null where the rows have none, or none that says anything. */
export const labelsOf = (texts: readonly string[] | null, stride: number): StepLabels | null =>
  texts === null || texts.every((text) => text === '') ? null : { texts, stride };

/** The labels of tokens by their places in the vocabulary. */
export function tokenLabels(ids: Int32Array, tokens: readonly string[], stride: number): StepLabels | null {
  const labelling = new Labelling();
  for (let i = 0; i < Math.min(ids.length, mostLabels + 1); i++) labelling.add(tokens[ids[i]!]!);
  return labelsOf(labelling.texts, stride);
}
