// What the page knows of a file of tensors. Facts are asked for one tensor after the other, and only of those in sight.
import { errorMessage } from '../../src/protocol/index.js';
import type { ShownTensors, TensorFacts, TensorLine, TensorPicture, TensorRequests } from '../../src/protocol/index.js';

export type Ask = <K extends keyof TensorRequests>(
  name: K,
  params: TensorRequests[K]['params'],
) => Promise<TensorRequests[K]['result']>;

/** `why`: they could not be made. */
export type KnownFacts = { readonly facts: TensorFacts | null; readonly why: string | null; readonly reading: number };

export class TensorModel {
  shown: ShownTensors | null = null;
  readonly #ask: Ask;
  /** By the names of tensors, so that those of an older writing stand there until the new ones are known. */
  readonly #facts = new Map<string, KnownFacts>();
  readonly #wanted = new Set<number>();
  /** The chosen tensor while its facts are still to be asked for, whether its row is in sight or not. */
  #chosen: number | null = null;
  #asking = false;
  readonly #listeners = new Set<(index: number) => void>();

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  get tensors(): readonly TensorLine[] {
    return this.shown?.file?.tensors ?? [];
  }

  /** Hears when the facts of a tensor are known. */
  onFacts(listener: (index: number) => void): void {
    this.#listeners.add(listener);
  }

  show(shown: ShownTensors): void {
    this.shown = shown;
    const names = new Set(this.tensors.map(({ name }) => name));
    for (const name of this.#facts.keys()) if (!names.has(name)) this.#facts.delete(name);
    this.#wanted.clear();
    this.#chosen = null;
  }

  factsOf(index: number): KnownFacts | null {
    return this.#facts.get(this.tensors[index]?.name ?? '') ?? null;
  }

  /** A tensor has come into sight, or has left it. */
  want(index: number, inSight: boolean): void {
    if (inSight) this.#wanted.add(index);
    else this.#wanted.delete(index);
    void this.#next();
  }

  /** Somebody looks at all that is known of this tensor. Null: of none. */
  choose(index: number | null): void {
    this.#chosen = index;
    void this.#next();
  }

  /** Null: the file was written meanwhile, and what it holds now is told next; or a later picture was asked for. */
  async picture(index: number, maxRows: number, maxColumns: number): Promise<TensorPicture | null> {
    const reading = this.shown?.reading ?? 0;
    return this.#ask('tensorPicture', { reading, index, maxRows, maxColumns });
  }

  async #next(): Promise<void> {
    const reading = this.shown?.reading;
    if (this.#asking || reading === undefined) return;
    const index = this.#take(reading);
    if (index === null) return;
    this.#asking = true;
    const name = this.tensors[index]?.name ?? '';
    const known = await this.#ask('tensorFacts', { reading, index }).then(
      (facts) => (facts === null ? null : { facts, why: null, reading }),
      (error: unknown) => ({ facts: null, why: errorMessage(error), reading }),
    );
    this.#asking = false;
    if (known !== null && this.shown?.reading === reading) {
      this.#facts.set(name, known);
      for (const listener of this.#listeners) listener(index);
    }
    await this.#next();
  }

  /** The chosen one first. Null: nothing is left to be asked for. */
  #take(reading: number): number | null {
    const [chosen, wanted] = [this.#chosen, [...this.#wanted]];
    this.#chosen = null;
    for (const index of chosen === null ? wanted : [chosen, ...wanted]) {
      this.#wanted.delete(index);
      const shape = this.tensors[index]?.shape ?? null;
      if (shape !== null && this.factsOf(index)?.reading !== reading) return index;
    }
    return null;
  }
}
