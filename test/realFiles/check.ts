// `npm run realFiles`: files that others wrote, from the packages of packages.json, against what others' programs read
// in them (expected.py; its answers are test/fixtures/realFiles.json). Of each file the product gives the same numbers,
// or refuses it for a reason that is named here; and within two seconds.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { previewSequences } from '../../src/config/read/index.js';
import { digest, hashOf } from '../support/documentDigest.js';
import { fetchPackages, folder } from '../../build/realFiles.mjs';
import { known } from './known.js';

type Expected = { readonly sha256: string } & (
  | { readonly holds: number; readonly lines: string }
  | { readonly weights: readonly string[] }
  | { readonly refused: string }
  | { readonly error: string }
);

/** Most of a file's time, ms of the processor. */
const longest = 2_000;

const expected = JSON.parse(readFileSync('test/fixtures/realFiles.json', 'utf8')) as Record<string, Expected>;
const { there, missing } = await fetchPackages();
for (const why of missing) console.log(`not to be had: ${why}`);

/** What the product makes of a table: rows, and of each column of numbers their hash. */
async function tableOf(file: string, bytes: Uint8Array): Promise<string[]> {
  const files = { read: () => Promise.resolve({ ok: true as const, id: file, bytes }) };
  const { sequences, problems } = await previewSequences(file, { options: {}, array: null }, files, () => undefined);
  if (sequences?.read.source?.kind !== 'table')
    return problems.map(({ code, message, found, advice }) => `${code}: ${message} ${found} ${advice}`);
  const { columns, data, rows } = sequences.read.source.table;
  return [
    `rows ${rows}`,
    ...columns.map(
      (name, at) =>
        `${name} ${hashOf(Float64Array.from({ length: rows }, (_, row) => data[row * columns.length + at] ?? NaN))}`,
    ),
  ].sort();
}

/** Null: as expected. */
function difference(answer: readonly string[], wanted: Expected): string | null {
  const begin = answer.slice(0, 3).join(' | ');
  if ('holds' in wanted) {
    const lines = createHash('sha256')
      .update([...answer].sort().join('\n'))
      .digest('hex');
    return lines === wanted.lines ? null : `${begin} instead of ${wanted.holds} others`;
  }
  if ('weights' in wanted) {
    const held = answer.map((line) => line.slice(line.indexOf('[')));
    const lost = wanted.weights.filter((line) => !held.includes(line));
    return lost.length === 0 ? null : `${lost.join(' | ')} is not among ${begin}`;
  }
  const [first = ''] = answer;
  if ('refused' in wanted) return first.includes(wanted.refused) ? null : `${first} instead of "${wanted.refused}"`;
  return `${first}, where others say ${wanted.error}`;
}

const counts = { same: 0, refused: 0, known: 0, wrong: 0, absent: 0 };
let slowest = { file: '', ms: 0 };
for (const [file, wanted] of Object.entries(expected)) {
  const place = path.join(folder, file);
  if (!existsSync(place)) {
    counts.absent++;
    continue;
  }
  const bytes = readFileSync(place);
  if (createHash('sha256').update(bytes).digest('hex') !== wanted.sha256) {
    console.log(`${file}: not the file that was expected`);
    counts.wrong++;
    continue;
  }
  const begun = process.cpuUsage();
  const name = path.basename(file);
  const answer = /\.[ct]sv$/.test(name) ? await tableOf(name, bytes) : digest(name, { [name]: bytes });
  const { user } = process.cpuUsage(begun);
  if (user / 1000 > slowest.ms) slowest = { file, ms: user / 1000 };
  const other = difference(answer, wanted);
  const isKnown = known.some(({ files, answer: ours }) => files.test(file) && ours.test(answer[0] ?? ''));
  if (other === null) counts['refused' in wanted ? 'refused' : 'same']++;
  else if (isKnown) counts.known++;
  else {
    counts.wrong++;
    console.log(`${file}: ${other}`);
  }
}
console.log(
  `${Object.keys(expected).length} files of ${there.length} packages: ${counts.same} read as others read them, ` +
    `${counts.refused} refused as expected, ${counts.known} refused for a reason of ours, ${counts.wrong} wrong, ` +
    `${counts.absent} not to be had; slowest ${slowest.ms.toFixed(0)} ms (${slowest.file})`,
);
process.exitCode = counts.wrong > 0 || slowest.ms > longest ? 1 : 0;
