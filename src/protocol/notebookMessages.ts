// What the renderer of a notebook's outputs and the host tell each other. The way between them carries JSON alone, so
// what a page and its host say to each other (PageContract, PanelContract) travels packed, as text.
import type { None } from './rpc.js';

/** An output that is on screen, by a name that no other has. */
type OfOutput = { readonly output: string };
/** A config with its tensors, or the name of one that stands beside the notebook; else what keeps it from being run. */
export type OutputContent =
  | { readonly kind: 'inside'; readonly name: string; readonly config: string; readonly tensors: string }
  | { readonly kind: 'beside'; readonly file: string }
  | { readonly kind: 'unknown'; readonly version: string; readonly known: number }
  | { readonly kind: 'incomplete' };

export type NotebookHostContract = {
  requests: None;
  events: {
    /** An output is to be drawn. */
    open: OfOutput & { readonly content: OutputContent };
    /** What its page says. */
    page: OfOutput & { readonly message: string };
    openInPanel: OfOutput;
    close: OfOutput;
  };
};

/** Sentences in the user's language, and the language of the page. */
export type OutputWords = {
  readonly language: string;
  readonly bundle: Readonly<Record<string, string>>;
  /** What the frame of the page is called. */
  readonly title: string;
  readonly openInPanel: string;
  readonly aboutOpening: string;
  readonly note: string;
};
export type NotebookRendererContract = {
  requests: None;
  events: {
    opened: OfOutput & { readonly words: OutputWords };
    /** What the host says to its page. */
    page: OfOutput & { readonly message: string };
    /** It cannot be drawn. */
    refused: OfOutput & { readonly why: string };
  };
};
