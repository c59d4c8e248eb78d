// A mutation by its number: which experiment, what is done to it, and the bytes of its files after that.
import type { Entry } from '../../src/config/index.js';
import { corpus } from './corpus.js';
import type { Specimen } from './corpus.js';
import { Dice } from './dice.js';
import type { Room } from './dice.js';
import { configMutators } from './configs.js';
import { someFile } from './mutator.js';
import { structureMutators } from './structure.js';
import { byteMutators, textMutators } from './text.js';
import { copyOf } from './tree.js';
import { numpyText, plain, pythonText, scriptText, soundStyle, write } from './write.js';

/** A mutator by its name, and the file where it knows no more than one. */
export type Done = { readonly name: string; readonly file?: string };
export type Mutation = {
  readonly seed: number;
  readonly number: number;
  readonly origin: string;
  /** What was done to the origin, in turn. */
  readonly done: readonly Done[];
  readonly entry: Entry;
  readonly files: Readonly<Record<string, Uint8Array>>;
};

/** Streams of choices that do not disturb each other. */
export const streams = { mutate: 0, walk: 1 } as const;

const usual: Room = { characters: 600, filled: false };
/** One mutation in so many repeats something until a file is large. */
const largeOnes = 200;
const large = (dice: Dice): Room => ({ characters: dice.spread(3000, 600_000), filled: true });
/** No file grows beyond this. */
const mostBytes = 1_500_000;

const treeMutators = [...configMutators, ...structureMutators];
const grows = ({ grows: does }: { readonly grows?: true }): boolean => does === true;
const soundMutators = treeMutators.filter(({ sound }) => sound === true);

/** Makes the mutations of one seed, each from its number alone. */
export class Mutations {
  readonly #seed: number;
  readonly #corpus: readonly Specimen[];

  constructor(seed: number) {
    this.#seed = seed;
    this.#corpus = corpus();
  }

  of(number: number): Mutation {
    const dice = new Dice(this.#seed, number, streams.mutate);
    const specimen = dice.weighted(this.#corpus);
    const room = dice.chance(1 / largeOnes) ? large(dice) : usual;
    const done: Done[] = [];
    // A third stays sound as far as it goes, so that there is something to run.
    const { way } = dice.weighted([
      { way: 'sound', weight: room.filled ? 0 : 3 },
      { way: 'tree', weight: 4 },
      { way: 'text', weight: 2 },
      { way: 'bytes', weight: room.filled ? 0 : 1.5 },
    ] as const);
    const texts = this.#texts(dice, specimen, way, room, done);
    const files = new Map([...texts].map(([name, text]) => [name, new TextEncoder().encode(text)]));
    if (way === 'bytes') {
      const name = someFile(dice, [...files.keys()]);
      for (let i = dice.spread(1, 3); i > 0; i--) {
        const mutator = dice.weighted(byteMutators);
        done.push({ name: mutator.name, file: name });
        files.set(name, mutator.mutate(dice, files.get(name) ?? new Uint8Array(), [...files.values()], usual));
      }
    }
    return {
      seed: this.#seed,
      number,
      origin: specimen.name,
      done,
      entry: specimen.entry,
      files: Object.fromEntries([...files].map(([name, bytes]) => [name, bytes.slice(0, mostBytes)])),
    };
  }

  #texts(
    dice: Dice,
    { entry, files }: Specimen,
    way: 'sound' | 'tree' | 'text' | 'bytes',
    room: Room,
    done: Done[],
  ): Map<string, string> {
    // As it lies on the disk, with the comments that a tree has lost.
    const flat = way === 'text' || way === 'bytes';
    const asItIs = files.some(({ text }) => text !== null) && dice.chance(flat ? 0.6 : 0);
    const trees = new Map(files.map(({ name, tree }) => [name, copyOf(tree)]));
    if (!asItIs) {
      const mutators = way === 'sound' ? soundMutators : treeMutators;
      const count = flat ? dice.below(2) : dice.spread(1, 5);
      for (let i = 0; i < count; i++) {
        // Only the first one fills the room.
        const fills = room.filled && !flat && i === 0;
        const mutator = dice.weighted(fills ? treeMutators.filter(grows) : mutators);
        done.push({ name: mutator.name });
        mutator.mutate(dice, { entry, trees, room: fills ? room : usual });
      }
    }
    const style = dice.chance(0.3) ? plain : soundStyle(dice);
    const texts = new Map(
      [...trees].map(([name, tree]) => [
        name,
        (asItIs ? files.find((file) => file.name === name)?.text : null) ?? write(tree, style, dice),
      ]),
    );
    if (way === 'tree' && dice.chance(room.filled ? 0.25 : 0.08)) {
      const [name, tree] = dice.pick([...trees]);
      const [kind, print] = dice.pick([
        ['Python', pythonText],
        ['NumPy', numpyText],
        ['JavaScript', scriptText],
      ] as const);
      done.push({ name: `as ${kind} prints it`, file: name });
      texts.set(name, print(tree, dice));
    }
    if (way === 'text') {
      const name = someFile(dice, [...texts.keys()]);
      const count = dice.spread(1, 4);
      for (let i = 0; i < count; i++) {
        const fills = room.filled && i === 0;
        const mutator = dice.weighted(fills ? textMutators.filter(grows) : textMutators);
        done.push({ name: mutator.name, file: name });
        const made = mutator.mutate(dice, texts.get(name) ?? '', [...texts.values()], fills ? room : usual);
        texts.set(name, made.slice(0, mostBytes));
      }
    }
    return texts;
  }
}
