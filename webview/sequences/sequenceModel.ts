// What the page knows of sequences that somebody looks at, and what is chosen of them.
import type {
  PreviewLines,
  PreviewLinesRequest,
  SequenceChoice,
  SequenceFacts,
  ShownSequences,
} from '../../src/protocol/index.js';

export type AskLines = (request: PreviewLinesRequest) => Promise<PreviewLines | null>;

export class SequenceModel {
  shown: ShownSequences | null = null;
  /** Of the last reading that gave any: what is chosen is told of it also while the newest choice gives none. */
  last: SequenceFacts | null = null;
  readonly #ask: AskLines;

  constructor(ask: AskLines) {
    this.#ask = ask;
  }

  show(shown: ShownSequences): void {
    this.shown = shown;
    this.last = shown.sequences ?? this.last;
  }

  get facts(): SequenceFacts | null {
    return this.shown?.sequences ?? null;
  }

  /** Null: a later reading has ended it. */
  async lines(request: Omit<PreviewLinesRequest, 'reading'>): Promise<PreviewLines | null> {
    return this.shown === null ? null : this.#ask({ ...request, reading: this.shown.reading });
  }
}

/** A choice as a page wrote it down, which may have been an older version of this one; null where it is none. */
export function choiceIn(kept: Record<string, unknown>): SequenceChoice | null {
  const { options, array } = kept;
  if (typeof options !== 'object' || options === null) return null;
  return { options, array: typeof array === 'string' ? array : null };
}
