// How fast files of numbers are read: the product's reader in turn with JSON.parse, the numbers of its tree then
// brought into one array each.
import { readDocument } from '../../src/config/json/jsonDocument.js';
import type { JsonNode } from '../../src/config/json/node.js';
import type { Section } from './bench.js';

type Case = { readonly name: string; readonly bytes: Uint8Array };

/** The same numbers in every run. */
function numbers(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

const matrix = (rows: number, columns: number, next: () => number): number[][] =>
  Array.from({ length: rows }, () => Array.from({ length: columns }, next));

/** As Python's json.dump writes it. */
const dumped = (value: unknown): string => JSON.stringify(value).replaceAll(',', ', ').replaceAll(':', ': ');

function cases(quick: boolean): Case[] {
  const next = numbers();
  const encoder = new TextEncoder();
  const float32 = (): number => Math.fround(next() / 8);
  const bytesOf = (name: string, text: string): Case => ({ name, bytes: encoder.encode(text) });
  return [
    bytesOf(
      'weights of float32, H 900',
      dumped({ Wx: matrix(512, 512, float32), Wh: matrix(900, 900, float32), b: Array.from({ length: 900 }, float32) }),
    ),
    ...(quick
      ? []
      : [
          bytesOf(
            'sequences of float64, B 32, T 500, I 150',
            dumped(Array.from({ length: 32 }, () => matrix(500, 150, next))),
          ),
        ]),
    bytesOf(
      'sequences of four decimals, B 32, T 500, I 150',
      dumped(Array.from({ length: 32 }, () => matrix(500, 150, () => Number(next().toFixed(4))))),
    ),
    bytesOf('one number a step, T 1,000,000', dumped(matrix(1_000_000, 1, float32))),
    bytesOf('float32, every number on a line of its own', JSON.stringify(matrix(4_000, 150, float32), null, 1)),
  ];
}

/** The blocks of a file as the product reads it. */
function ours({ bytes }: Case): Float64Array[] {
  const blocks: Float64Array[] = [];
  const collect = (node: JsonNode | null): void => {
    if (node?.kind === 'tensor') blocks.push(node.data);
    if (node?.kind === 'object') for (const { value } of node.properties) collect(value);
  };
  collect(readDocument('', bytes, () => undefined).root);
  return blocks;
}

const flattened = (value: unknown): Float64Array => Float64Array.from((value as number[]).flat(Infinity as 1));

/** The same with loops that know the shape: as fast as it can be written without a library. */
function looped(value: unknown): Float64Array {
  const shape: number[] = [];
  for (let list = value; Array.isArray(list); list = list[0] as unknown) shape.push(list.length);
  const out = new Float64Array(shape.reduce((size, n) => size * n, 1));
  let at = 0;
  const fill = (list: readonly unknown[], depth: number): void => {
    if (depth === 1) for (const value of list) out[at++] = value as number;
    else for (const inner of list) fill(inner as readonly unknown[], depth - 1);
  };
  fill(value as readonly unknown[], shape.length);
  return out;
}

const parsed = ({ bytes }: Case, flatten: (value: unknown) => Float64Array): Float64Array[] => {
  const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as unknown;
  return (Array.isArray(value) ? [value as unknown] : Object.values(value as object)).map(flatten);
};

function median(times: readonly number[]): number {
  const sorted = times.toSorted((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? NaN) + (sorted[sorted.length >> 1] ?? NaN)) / 2;
}

/** Throws when the readers do not agree on every bit. */
function read(quick: boolean, say: (line: string) => void): void {
  for (const line of [
    '## Reading numbers',
    '',
    'From the bytes of a file to arrays of float64. The peers decode, JSON.parse and bring the numbers into ' +
      'one array: with `flat(Infinity)`, or with loops that know the shape.',
    '',
    '| file | MB | ours ms (best) | MB/s | flat ms (best) | ours | loops ms (best) | ours | rounds |',
    '|---|---|---|---|---|---|---|---|---|',
  ])
    say(line);
  for (const each of cases(quick)) {
    const readers = [() => ours(each), () => parsed(each, flattened), () => parsed(each, looped)];
    const [own = [], ...others] = readers.map((reader) => reader());
    for (const other of others)
      if (other.length !== own.length || !other.every((data, i) => data.every((x, k) => Object.is(x, own[i]?.[k]))))
        throw new Error(`The readers disagree on "${each.name}".`);
    const times = readers.map((): number[] => []);
    for (let round = 0; round < (quick ? 5 : 15); round++) {
      for (const [i, reader] of readers.entries()) {
        const start = performance.now();
        reader();
        times[i]?.push(performance.now() - start);
      }
    }
    const [mine = [], flat = [], loops = []] = times;
    const told = (list: readonly number[]): string => `${median(list).toFixed(0)} (${Math.min(...list).toFixed(0)})`;
    const ratio = (list: readonly number[]): string => `${(median(list) / median(mine)).toFixed(2)} ×`;
    const megabytes = each.bytes.length / 1e6;
    say(
      `| ${each.name} | ${megabytes.toFixed(1)} | ${told(mine)} | ` +
        `${((megabytes / median(mine)) * 1000).toFixed(0)} | ${told(flat)} | ${ratio(flat)} | ${told(loops)} | ` +
        `${ratio(loops)} | ${mine.length} |`,
    );
  }
}

export const reading: Section = {
  name: 'reading',
  run: ({ quick }, say) => {
    read(quick, say);
    return Promise.resolve();
  },
};
