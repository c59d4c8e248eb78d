// How well a block of numbers fits a network, by shapes alone: what a list of files to choose from is sorted by.
import { t } from '@vscode/l10n';
import type { MadeSequences } from './fileAccess.js';
import type { FileSurvey, FoundBlock, FoundNetwork } from './survey.js';

/** What a file is wanted for, under its key in a config. */
export type PairRole = 'sequences' | 'initialState' | 'upstreamGradient' | 'targets';

/** What is known already; null where it is not. */
export type KnownPair = {
  readonly network: FoundNetwork | null;
  readonly B: number | null;
  readonly T: number | null;
  /** Of a loss: whether its targets are class numbers, how many places it has, and outputs. */
  readonly loss: { readonly classes: boolean; readonly places: number | null; readonly O: number | null } | null;
};

/** `reason`: why it does not fit; null where it does. Of two that fit the lower rank is the likelier one. */
export type Fit = { readonly rank: number; readonly reason: string | null };

/** A size, or the letter of one that is not known yet. */
type Size = number | string;

/** The shapes that the reader takes, the usual one first. */
export function wantedShapes(role: PairRole, { network, B, T, loss }: KnownPair): readonly (readonly Size[])[] {
  const layers = network?.widths ?? [];
  const [first = 'H'] = layers;
  const output = network === null ? 'H' : layers.slice(-network.directions).reduce((sum, H) => sum + H, 0);
  const [b, steps] = [B ?? 'B', T ?? 'T'];
  /** A single sequence needs no list around it. */
  const alone = (shape: readonly Size[]): readonly (readonly Size[])[] => (B === 1 ? [shape] : []);
  switch (role) {
    case 'sequences': {
      const I = network?.I ?? 'I';
      return [
        [b, steps, I],
        [steps, I],
      ];
    }
    case 'initialState':
      return layers.length > 1 ? [[layers.length, b, first]] : [[b, first], [1, b, first], ...alone([first])];
    case 'upstreamGradient':
      return [[b, steps, output], ...alone([steps, output])];
    case 'targets': {
      const places = loss?.places ?? steps;
      const end = loss?.classes === true ? [] : [loss?.O ?? 'O'];
      return [...(places === 1 ? [[b, ...end]] : []), [b, places, ...end], ...alone([places, ...end])];
    }
  }
}

const print = (shape: readonly Size[]): string => `[${shape.join(', ')}]`;

/** Sizes that are not known take any number, the same letter the same one. */
function matches({ shape, lengths }: FoundBlock, wanted: readonly Size[]): boolean {
  if (shape.length !== wanted.length) return false;
  return wanted.every((size, axis) => {
    const found = shape[axis];
    if (typeof size === 'number' && size !== found) return axis === 1 && lengths !== null;
    return true;
  });
}

export function fitOf(role: PairRole, block: FoundBlock, known: KnownPair): Fit {
  const wanted = wantedShapes(role, known);
  const at = wanted.findIndex((shape) => matches(block, shape));
  if (at >= 0) return { rank: at, reason: null };
  const { network } = known;
  // Of a table some columns can be chosen.
  const columns = block.table === true ? block.shape.at(-1)! : 0;
  if (role === 'sequences' && columns > (network?.I ?? Infinity)) return { rank: 2, reason: null };
  const usual = wanted[0]!;
  const found = block.shape.at(-1);
  const hasAxes = wanted.some(({ length }) => length === block.shape.length);
  if (role === 'sequences' && hasAxes && network?.I !== null && network !== null && found !== network.I)
    return {
      rank: 0,
      reason:
        found === 1
          ? t('1 number per timestep, and the weights take {0}', network.I)
          : t('{0} numbers per timestep, and the weights take {1}', found!, network.I),
    };
  return { rank: hasAxes ? 1 : 2, reason: t('not of the shape {0}', print(usual)) };
}

/** The block of a file that fits best; null where it holds none. */
export function bestBlock(survey: FileSurvey, role: PairRole, known: KnownPair): FoundBlock | null {
  const ranked = survey.blocks.map((block) => ({ block, fit: fitOf(role, block, known) }));
  ranked.sort((a, b) => Number(a.fit.reason !== null) - Number(b.fit.reason !== null) || a.fit.rank - b.fit.rank);
  return ranked[0]?.block ?? null;
}

/** More made-up numbers than this would make a text that nobody can read: then one sequence has to do. */
const mostMade = 100_000;

/** What weights are run on where there are no sequences; `I`: how many numbers of a timestep they take. */
export function usualSequences(I: number | null): MadeSequences {
  const T = 100;
  return { made: 'random', B: 4 * T * (I ?? 1) <= mostMade ? 4 : 1, T, seed: 1 };
}
