// Mutations of a text that know nothing of its meaning, and of bytes that know nothing of texts.
import type { Dice, Room } from './dice.js';
import { heads, junk } from './pools.js';

/** `others`: the texts of the other files, to splice with. */
type TextMutator = {
  readonly name: string;
  readonly weight?: number;
  /** It repeats something as far as there is room. */
  readonly grows?: true;
  mutate(dice: Dice, text: string, others: readonly string[], room: Room): string;
};
type Bytes = Uint8Array<ArrayBuffer>;
type ByteMutator = {
  readonly name: string;
  readonly weight?: number;
  mutate(dice: Dice, bytes: Bytes, others: readonly Uint8Array[], room: Room): Bytes;
};

/** From where to where, short ones most often. */
function stretch(dice: Dice, length: number): [from: number, to: number] {
  const from = dice.below(length + 1);
  return [from, Math.min(length, from + dice.spread(1, Math.max(1, length)))];
}
const put = (text: string, from: number, to: number, piece: string): string =>
  text.slice(0, from) + piece + text.slice(to);
const repeatable = [
  ',',
  ', ',
  '[',
  ']',
  '{',
  '}',
  '[]',
  '{}',
  '[],',
  '"',
  '""',
  "'",
  "'a',",
  ' ',
  '\n',
  '\r',
  '\t',
  '0',
  '1,',
  '1 ',
  'NaN,',
  '/',
  '*',
  '/*',
  '//',
  '//\n',
  '/**/',
  '\\',
  '\\"',
  '-',
  '.',
  'a',
  'a,',
  'a:',
  '"a":',
  '"a":1,',
  '{"a":',
  '한',
  '𝒽',
  '\u0000',
  '\ufeff',
  '1.\n',
  '[1. 2.]\n',
  '1e5',
  ':',
  '+',
  "{'a': 1}",
  'None, ',
];

export const textMutators: readonly TextMutator[] = [
  {
    name: 'junk in between',
    weight: 5,
    mutate(dice, text) {
      const at = dice.below(text.length + 1);
      return put(text, at, at, dice.pick(junk));
    },
  },
  {
    name: 'junk in place of something',
    weight: 3,
    mutate(dice, text) {
      const at = dice.below(text.length + 1);
      return put(text, at, at + dice.between(1, 12), dice.pick(junk));
    },
  },
  { name: 'a stretch less', weight: 2, mutate: (dice, text) => put(text, ...stretch(dice, text.length), '') },
  { name: 'cut off', weight: 2, mutate: (dice, text) => text.slice(0, dice.below(text.length + 1)) },
  { name: 'its beginning cut off', mutate: (dice, text) => text.slice(dice.below(text.length + 1)) },
  {
    name: 'a stretch twice',
    mutate(dice, text) {
      const [from, to] = stretch(dice, text.length);
      return put(text, to, to, text.slice(from, to));
    },
  },
  {
    name: 'a stretch somewhere else',
    mutate(dice, text) {
      const [from, to] = stretch(dice, text.length);
      const rest = put(text, from, to, '');
      const at = dice.below(rest.length + 1);
      return put(rest, at, at, text.slice(from, to));
    },
  },
  {
    name: 'two texts spliced',
    weight: 2,
    mutate(dice, text, others) {
      const other = dice.pick([text, ...others]);
      return text.slice(0, dice.below(text.length + 1)) + other.slice(dice.below(other.length + 1));
    },
  },
  {
    name: 'two texts after each other',
    mutate: (dice, text, others) => text + dice.pick(['', '\n', ',']) + dice.pick([text, ...others]),
  },
  {
    name: 'something many times',
    grows: true,
    weight: 3,
    mutate(dice, text, _, room) {
      const at = dice.below(text.length + 1);
      const piece = dice.pick(repeatable);
      return put(text, at, at, piece.repeat(dice.times(room, piece.length)));
    },
  },
  {
    name: 'nothing but something many times',
    grows: true,
    mutate(dice, _, __, room) {
      const piece = dice.pick(repeatable);
      return piece.repeat(dice.times(room, piece.length));
    },
  },
  {
    name: 'a character gone everywhere',
    mutate: (dice, text) => text.replaceAll(dice.pick([',', ':', '"', '[', ']', '{', '}', '\n', ' ', '0', '.']), ''),
  },
  {
    name: 'a character everywhere another',
    mutate: (dice, text) =>
      text.replaceAll(dice.pick([',', ':', '"', '[', ']', '0', ' ', '.']), dice.pick([...junk, '’', '“', '，', '：'])),
  },
  {
    name: 'other line breaks',
    mutate: (dice, text) => text.replaceAll(/\r\n|\r|\n/g, dice.pick(['\r', '\r\n', '\n\r', '\n\n', '\u2028', ''])),
  },
  {
    name: 'a comment',
    mutate(dice, text) {
      const at = dice.below(text.length + 1);
      return put(
        text,
        at,
        at,
        dice.pick([
          '// x',
          '// x\n',
          '/* x */',
          '/* x',
          '/* \n */',
          '/* /* */ */',
          '# x\n',
          '<!-- x -->',
          '//\r',
          '/***/',
          '/*/',
        ]),
      );
    },
  },
  {
    name: 'lines in another order',
    mutate(dice, text) {
      const lines = text.split('\n');
      const [one, other] = [dice.below(lines.length), dice.below(lines.length)];
      [lines[one], lines[other]] = [lines[other] ?? '', lines[one] ?? ''];
      return lines.join('\n');
    },
  },
];

const concat = (...parts: readonly Uint8Array[]): Bytes => Uint8Array.from(Buffer.concat(parts));
const edge = [
  0, 1, 0x09, 0x0a, 0x0d, 0x20, 0x22, 0x2c, 0x2d, 0x30, 0x39, 0x5b, 0x5c, 0x5d, 0x7b, 0x7d, 0x7f, 0x80, 0xbf, 0xc0,
  0xc2, 0xe0, 0xed, 0xf0, 0xf4, 0xfe, 0xff,
];

/** UTF-16 of a text. */
function utf16(text: string, littleEndian: boolean): Bytes {
  const bytes = new Uint8Array(2 * text.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), littleEndian);
  return bytes;
}
const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

export const byteMutators: readonly ByteMutator[] = [
  {
    name: 'bits flipped',
    weight: 4,
    mutate(dice, bytes) {
      const changed = bytes.slice();
      for (let i = dice.spread(1, 8); i > 0 && bytes.length > 0; i--) {
        const at = dice.below(bytes.length);
        changed[at] = (changed[at] ?? 0) ^ (1 << dice.below(8));
      }
      return changed;
    },
  },
  {
    name: 'bytes replaced',
    weight: 2,
    mutate(dice, bytes) {
      const changed = bytes.slice();
      for (let i = dice.spread(1, 4); i > 0 && bytes.length > 0; i--)
        changed[dice.below(bytes.length)] = dice.chance(0.7) ? dice.pick(edge) : dice.below(256);
      return changed;
    },
  },
  {
    name: 'bytes less',
    mutate(dice, bytes) {
      const [from, to] = stretch(dice, bytes.length);
      return concat(bytes.subarray(0, from), bytes.subarray(to));
    },
  },
  { name: 'bytes cut off', mutate: (dice, bytes) => bytes.slice(0, dice.below(bytes.length + 1)) },
  {
    name: 'bytes twice',
    mutate(dice, bytes) {
      const [from, to] = stretch(dice, bytes.length);
      return concat(bytes.subarray(0, to), bytes.subarray(from));
    },
  },
  {
    name: 'two files spliced',
    weight: 2,
    mutate(dice, bytes, others) {
      const other = dice.pick([bytes, ...others]);
      return concat(bytes.subarray(0, dice.below(bytes.length + 1)), other.subarray(dice.below(other.length + 1)));
    },
  },
  { name: 'another head', weight: 2, mutate: (dice, bytes) => concat(Uint8Array.from(dice.pick(heads)), bytes) },
  {
    name: 'UTF-16',
    mutate(dice, bytes) {
      const littleEndian = dice.chance(0.5);
      return concat(
        dice.chance(0.5) ? Uint8Array.of(...(littleEndian ? [0xff, 0xfe] : [0xfe, 0xff])) : new Uint8Array(),
        utf16(textOf(bytes), littleEndian),
      );
    },
  },
  { name: 'Latin-1', mutate: (_, bytes) => Uint8Array.from(Buffer.from(textOf(bytes).replaceAll('e', 'é'), 'latin1')) },
  {
    name: 'half a surrogate in UTF-8',
    mutate(dice, bytes) {
      const at = dice.below(bytes.length + 1);
      return concat(
        bytes.subarray(0, at),
        Uint8Array.from(
          dice.pick([
            [0xed, 0xa0, 0x80],
            [0xed, 0xb0, 0x80],
            [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
            [0xf4, 0x90, 0x80, 0x80],
            [0xc0, 0x80],
            [0xf0, 0x9d, 0x92],
          ]),
        ),
        bytes.subarray(at),
      );
    },
  },
  {
    name: 'random bytes',
    mutate: (dice, _, __, room) =>
      Uint8Array.from({ length: dice.times(room, 1) }, () => (dice.chance(0.5) ? dice.pick(edge) : dice.below(256))),
  },
  { name: 'nothing', mutate: () => new Uint8Array() },
];
