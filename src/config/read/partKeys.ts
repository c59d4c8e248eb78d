// The keys of an object in the place of a path: which part of a file is meant, and how a table or a text is read.
import { t } from '@vscode/l10n';
import type { KeyTable } from './keySpec.js';

/** What stands in the place of a path where a part of a file is meant. */
export const partKeys = () =>
  ({
    file: {
      docs: t('The path of a file, relative to this one.'),
      types: ['string'],
      expected: t('a path'),
    },
    name: {
      docs: t('Which network or tensor of the file is meant; the last parts of its name are enough.'),
      types: ['string'],
      expected: t('a name'),
    },
  }) as const satisfies KeyTable;

/** Beside the file: how columns of a table or tokens of a text become numbers. */
const plainKeys = () =>
  ({
    ...partKeys(),
    columns: {
      docs: t(
        'Of a table: the columns by their names, in this order; of a table without names by their numbers, `"1"`, ' +
          '`"2"`. Left out, all columns that hold numbers.',
      ),
      types: ['array'],
      expected: t('a list of names'),
      examples: [['temperature', 'pressure']],
    },
    normalise: {
      docs: t(
        'Of a table: how each column is shifted and scaled, by the first part of its rows alone (`normaliseOver`), ' +
          'because what comes behind is not known when a network is trained. Left out, numbers are run as they ' +
          'stand, and columns whose mean is beyond ±3, or whose deviation is below 0.1 or above 10, are noted; ' +
          '"none" says that this is meant.',
      ),
      types: ['string'],
      expected: t('"none", "zScore" or "minMax"'),
      default: 'none',
      choices: {
        none: t('Numbers as they stand in the file.'),
        zScore: t('`(x − mean) / standard deviation`.'),
        minMax: t('`(x − min) / (max − min)`.'),
      },
    },
    normaliseOver: {
      docs: t('The share of the rows, from the first one on, that `normalise` looks at.'),
      types: ['number'],
      expected: t('a number above 0, at most 1'),
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.7,
    },
    tokens: {
      docs: t('Reads the file as a text: each step is one token.'),
      types: ['string'],
      expected: t('"characters" or "words"'),
      choices: {
        characters: t('Each character (code point) is a step.'),
        words: t('Each word is a step: what stands between blanks.'),
      },
    },
    vocabulary: {
      docs: t(
        'Of a text: the path of its tokens in the order in which the network was trained: a JSON list, an object ' +
          'with the place of each, or a .txt with one token a line. Left out, the tokens of the text in the order of ' +
          'their code points.',
      ),
      types: ['string'],
      expected: t('a path'),
      examples: ['vocabulary.json'],
      file: {},
    },
  }) as const satisfies KeyTable;

export const sequencePartKeys = () =>
  ({
    ...plainKeys(),
    window: {
      docs: t('Of a table or a text: how many steps each sequence has. Left out, all of it is one sequence.'),
      types: ['number'],
      expected: t('a whole number of at least 1'),
      integer: true,
      minimum: 1,
      examples: [24],
    },
    stride: {
      docs: t('How many steps after the start of one window the next begins. Left out, windows do not overlap.'),
      types: ['number'],
      expected: t('a whole number of at least 1'),
      integer: true,
      minimum: 1,
      examples: [1],
    },
    embedding: {
      docs: t(
        "Of a text: the matrix [V][E] whose rows are the tokens' vectors, such as " +
          '`{ "file": "model.pt", "name": "embedding.weight" }`. Left out, a token is a vector of zeros with a one ' +
          'at its place.',
      ),
      types: ['string', 'object'],
      expected: t('a path, or an object with file and name'),
      file: {},
    },
  }) as const satisfies KeyTable;

export const targetPartKeys = () =>
  ({
    ...plainKeys(),
    ahead: {
      docs: t(
        'Of a table or a text: how many steps ahead the target of a step stands; 0 is its own row. Windows are those ' +
          'of the sequences; a step without a row ahead has no target.',
      ),
      types: ['number'],
      expected: t('a whole number of at least 0'),
      integer: true,
      minimum: 0,
      default: 1,
    },
  }) as const satisfies KeyTable;
