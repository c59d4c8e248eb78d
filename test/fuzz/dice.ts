// Seeded choices. The same seed and number give the same choices on every machine, so that a mutation is known by its
// number alone.
import { Random } from '../../src/engine/core/random.js';

/** How many characters what is repeated may take; `filled`: takes, as far as it goes. */
export type Room = { readonly characters: number; readonly filled: boolean };

export class Dice {
  readonly #random: Random;

  /** @param stream choices of one purpose, so that another purpose that chooses more or less leaves them as they are */
  constructor(seed: number, number: number, stream: number) {
    // The low 53 bits of a seed count: 32 for the number, 16 for the seed, the rest for the stream.
    this.#random = new Random(((stream & 31) * 2 ** 16 + (seed & 0xffff)) * 2 ** 32 + (number >>> 0));
  }

  /** 0 … n − 1 */
  below(n: number): number {
    return Math.floor(this.#random.uniform() * n);
  }

  /** Both ends included. */
  between(from: number, to: number): number {
    return from + this.below(to - from + 1);
  }

  /** Both ends included; as many between 10 and 20 as between 1,000 and 2,000. */
  spread(from: number, to: number): number {
    return Math.round(from * (to / from) ** this.#random.uniform());
  }

  /** How often something of `size` characters is repeated, so that all of it takes no more than the room. */
  times({ characters, filled }: Room, size: number): number {
    const most = Math.max(2, Math.floor(characters / Math.max(1, size)));
    return filled ? most : this.spread(2, most);
  }

  chance(share: number): boolean {
    return this.#random.uniform() < share;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error('Nothing to choose from.');
    return item;
  }

  /** An item with a larger `weight` comes more often; 1 where there is none. */
  weighted<Item extends { readonly weight?: number }>(items: readonly Item[]): Item {
    let left = this.#random.uniform() * items.reduce((sum, { weight }) => sum + (weight ?? 1), 0);
    for (const item of items) {
      left -= item.weight ?? 1;
      if (left < 0) return item;
    }
    return this.pick(items);
  }
}
