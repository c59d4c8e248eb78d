// Weights of a file that is never changed as a JSON file beside it, where they can be.
import { t } from '@vscode/l10n';
import { openEntry } from '../../config/index.js';
import type { OpenEntry } from '../../config/index.js';
import { applied, changeBetween, replaceSpan } from '../../config/edit/index.js';
import type { TextChange } from '../../config/edit/index.js';
import { fileName, jsonPieces, networkTensors, storedNetwork } from '../../config/read/index.js';
import type { Entry, FileContent, StoredNetwork } from '../../config/read/index.js';
import type { ChangeOutcome, FileRequest } from '../../protocol/index.js';
import { binaryRefusal, Refusal } from './layerWrites.js';

export type Read = (request: FileRequest) => Promise<FileContent>;

/** The new file while it is not there yet; no file has such an id. */
const copyId = 'weights:copy';

/** Where the copy of a file is offered: its reference without the extension; null where there is no name of a file. */
export function copyReference({ config }: Pick<OpenEntry, 'config'>): string | null {
  const value = config?.get('weights') ?? null;
  const named = value?.node.kind === 'object' ? value.get('file') : value;
  return named?.node.kind === 'string' ? withoutExtension(named.node.value) : null;
}

/** The same of weights that no config names yet: it will lie beside them. */
export const copyBeside = (weights: string): string => withoutExtension(fileName(weights));

const withoutExtension = (reference: string): string => reference.replace(/\.[^./\\]*$/, '');

/** The weights are in a file that is never changed: said with where they can be copied to, if they can. */
export class Unwritable extends Refusal {
  constructor(
    binary: string,
    readonly copy: string | null,
  ) {
    super(binaryRefusal(binary));
  }
}

/** The same experiment with its weights in a JSON file that is not written yet. */
export class CopiedWeights {
  readonly #entry: Entry & { readonly kind: 'config' };
  readonly #config: { readonly before: string; readonly after: string };
  readonly #weights: string;
  readonly #reference: string;
  readonly #readFile: Read;

  private constructor(
    entry: Entry & { readonly kind: 'config' },
    config: { readonly before: string; readonly after: string },
    weights: string,
    reference: string,
    readFile: Read,
  ) {
    [this.#entry, this.#config, this.#weights, this.#reference] = [entry, config, weights, reference];
    this.#readFile = readFile;
  }

  /** @throws Refusal where the weights cannot be copied as they are */
  static async of(open: OpenEntry, network: StoredNetwork, reference: string, readFile: Read): Promise<CopiedWeights> {
    const { entry, config } = open;
    const value = config?.get('weights') ?? null;
    if (entry.kind !== 'config' || value === null)
      throw new Refusal(t('Which file holds the weights stands in a config, and there is none here. Save one first.'));
    const text = value.document.text;
    const after = applied(text, [replaceSpan(value.document, value.node, JSON.stringify(reference))]);
    const copy = new CopiedWeights(entry, { before: text, after }, textOf(network), reference, readFile);
    const other = await storedNetwork(
      await openEntry(entry, { read: (name, from) => copy.read({ reference: name, from }) }),
    );
    if (!isSame(network, other))
      throw new Refusal(t('JSON cannot say all that {0} says of these weights.', network.root.document.binary ?? ''));
    return copy;
  }

  readonly read: Read = async (request) => {
    const encoded = (id: string, text: string): FileContent => ({
      ok: true,
      id,
      bytes: new TextEncoder().encode(text),
    });
    const { config } = this.#entry;
    if (request.from === null && request.reference === config) return encoded(config, this.#config.after);
    if (request.from === config && request.reference === this.#reference) return encoded(copyId, this.#weights);
    return this.#readFile(request);
  };

  /** Changes of the experiment as it is read here, as changes of the files as they are. */
  outcome(changes: readonly TextChange[]): ChangeOutcome {
    const { config } = this.#entry;
    const of = (id: string): TextChange[] => changes.filter(({ file }) => file === id);
    return {
      ok: true,
      changes: [
        changeBetween(config, this.#config.before, applied(this.#config.after, of(config))),
        ...changes.filter(({ file }) => file !== config && file !== copyId),
      ],
      newFile: applied(this.#weights, of(copyId)),
    };
  }
}

function textOf({ root }: StoredNetwork): string {
  const content = networkTensors(root);
  if (content === null) throw new Refusal(t('The weights cannot be read as they are now.'));
  return [...jsonPieces(content)].join('');
}

/** Layers with the same numbers; a cell that only the other file tells is written into the config. */
function isSame({ layers }: StoredNetwork, other: StoredNetwork | null): other is StoredNetwork {
  return (
    other?.layers.length === layers.length &&
    layers.every(({ weights }, i) => {
      const copied = other.layers[i]?.weights;
      return (
        copied?.direction === weights.direction &&
        Object.entries(weights.parameters).every(([name, data]) => {
          const own = copied.parameters[name];
          return own?.length === data.length && data.every((x, k) => x === own[k]);
        })
      );
    })
  );
}
