// The files of an output that holds its config and tensors itself: they are read as if they lay beside each other.
import { t } from '@vscode/l10n';
import type { SentFile } from '../config/read/index.js';
import type { FileRequest, OutputContent } from '../protocol/index.js';
import { fromBase64 } from '../worker/record/index.js';

export type Inside = OutputContent & { readonly kind: 'inside' };

/** Under which address a config is known that lies nowhere. */
const nowhere = 'rnn-gradients-output:/';

/** A name as a file may have it. */
export const safeName = (name: string): string =>
  name
    .replaceAll(/[\\/:*?"<>|\p{Cc}]/gu, '-')
    .replace(/^\.+/, '')
    .slice(0, 100) || 'gradients';

/** A name in a folder, and nothing that leads out of it. */
export const isBeside = (file: string): boolean => /^[^\\/:]+\.rnn\.json$/.test(file);

export class OutputFiles {
  readonly config: string;
  readonly #text: Uint8Array;
  readonly #tensors: Uint8Array;
  readonly #tensorsName: string;

  /** @throws DOMException when the tensors are no base64 */
  constructor({ name, config, tensors }: Inside) {
    this.config = `${nowhere}${encodeURIComponent(safeName(name))}.rnn.json`;
    this.#text = new TextEncoder().encode(config);
    this.#tensors = fromBase64(tensors);
    this.#tensorsName = `${name}.safetensors`;
  }

  /** What the config asks for; it can ask for nothing else than its own tensors. */
  read({ reference, from }: FileRequest): SentFile {
    if (from === null && reference === this.config) return { ok: true, id: reference, bytes: this.#text.slice() };
    const id = `${nowhere}${encodeURIComponent(reference)}`;
    if (from === this.config && reference === this.#tensorsName) return { ok: true, id, bytes: this.#tensors.slice() };
    return { ok: false, id, reason: 'missing', detail: t('an output of a notebook holds no other files') };
  }

  /** The same two files under another name, in which they name each other. */
  static named(
    { name, config, tensors }: Inside,
    other: string,
  ): { readonly config: Uint8Array; readonly tensors: Uint8Array } {
    const reference = (of: string): string => JSON.stringify(`${of}.safetensors`);
    return {
      config: new TextEncoder().encode(config.replaceAll(reference(name), reference(other))),
      tensors: fromBase64(tensors),
    };
  }
}
