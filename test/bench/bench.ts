// `npm run bench`: measures one section after the other and writes test/bench/RESULTS.md. See build/bench.mjs for the
// flags.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { analyses } from './analyses.js';
import { cells } from './cells.js';
import { directions } from './directions.js';
import type { Row } from './contestants.js';
import { differences } from './differences.js';
import { entriesOf, tellUsers, usersTitle } from './entries.js';
import type { Measured } from './entries.js';
import { memoryOf, networks } from './networks.js';
import { pauses } from './pauses.js';
import { reading } from './reading.js';
import { results, withFirstSection, withHead, withSection } from './results.js';
import { subnormal } from './subnormal.js';
import { waking } from './waking.js';
import { wholeRuns } from './wholeRuns.js';
import { worker } from './worker.js';

export type Terms = {
  readonly rows: readonly Row[];
  /** Under a minute in all. */
  readonly quick: boolean;
  /** Milliseconds for one contestant in one row. */
  readonly budget: number;
  readonly threads: number;
  /** True where processors have vectors wider than AVX2, which libraries then use. */
  readonly wide: boolean;
  /** What every contestant took, for --json and for the table on top. */
  readonly keep: (measured: Measured) => void;
};

/** A part of the results: its lines of Markdown, told on the console too as they come. */
export type Section = {
  readonly name: string;
  readonly run: (terms: Terms, say: (line: string) => void) => Promise<void>;
};

const sections: readonly Section[] = [
  networks,
  cells,
  wholeRuns,
  directions,
  analyses,
  reading,
  pauses,
  subnormal,
  differences,
  worker,
  waking,
];

const allRows: readonly Row[] = [
  { name: 'S', B: 1, T: 50, I: 8, H: 16 },
  { name: 'M', B: 8, T: 100, I: 16, H: 64 },
  { name: 'L', B: 16, T: 200, I: 64, H: 256 },
  { name: 'XL', B: 32, T: 500, I: 128, H: 512 },
  { name: 'LONG', B: 1, T: 10_000, I: 32, H: 128 },
];

/** Ends with an error where a flag names what is not there: nothing would be measured, and nothing said. */
function demandKnown(flag: string, names: readonly string[] | null, known: readonly { readonly name: string }[]): void {
  const unknown = names?.find((name) => known.every((one) => one.name !== name));
  if (unknown === undefined) return;
  throw new Error(`${flag}: expected some of ${known.map(({ name }) => name).join(', ')}, found "${unknown}".`);
}

async function main(args: readonly string[]): Promise<void> {
  const listed = (flag: string): readonly string[] | null =>
    args.includes(flag) ? (args[args.indexOf(flag) + 1]?.split(',') ?? []) : null;
  const quick = args.includes('--quick');
  const [rowNames, sectionNames] = [listed('--rows'), listed('--sections')];
  demandKnown('--rows', rowNames, allRows);
  // The page is measured after everything else, by build/bench.mjs.
  demandKnown('--sections', sectionNames, [...sections, { name: 'page' }]);
  const value = (flag: string): string | undefined => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined);
  const measured: Measured[] = [];
  const terms: Terms = {
    rows: allRows.filter(({ name }) => (rowNames === null ? !quick || name !== 'XL' : rowNames.includes(name))),
    quick,
    budget: quick ? 400 : 2000,
    threads: Math.min(Number(value('--threads') ?? 2), cpus().length),
    keep: (one) => void measured.push(one),
    wide: existsSync('/proc/cpuinfo') && readFileSync('/proc/cpuinfo', 'utf8').includes('avx512'),
  };
  const single = value('--memory-of');
  if (single !== undefined) {
    for (const row of terms.rows) console.log(await memoryOf(single, row, terms.threads));
    return;
  }
  const lines: string[] = [];
  const say = (line: string): void => {
    lines.push(line);
    console.log(line);
  };
  say('# Measured\n');
  say(
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} ` +
      `GiB; Node ${process.versions.node} (V8 ${process.versions.v8}).\n`,
  );
  const isWhole = !quick && rowNames === null && sectionNames === null;
  const writes = !args.includes('--dry') && (isWhole || args.includes('--renew'));
  for (const section of sections) {
    if (sectionNames !== null && !sectionNames.includes(section.name)) continue;
    await section.run(terms, say);
    say('');
    // At once: what a later section meets must not cost what an earlier one has measured.
    if (writes) keep(lines.join('\n'), isWhole);
    lines.length = 0;
  }
  const load = loadavg()[1]?.toFixed(1) ?? '–';
  const users = tellUsers(
    measured,
    allRows,
    `Measured on ${new Date().toISOString().slice(0, 10)}, ${cpus()[0]?.model ?? 'unknown processor'}, ` +
      `${cpus().length} processors, load ${load}.`,
  );
  for (const line of users) console.log(line);
  const json = value('--json');
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(entriesOf(measured), null, 2)}\n`);
  if (!writes || users.length === 0) return;
  const text = readFileSync(results, 'utf8');
  writeFileSync(results, withFirstSection(text, usersTitle, users.slice(1).join('\n').trim()));
}

/** Puts what a section has told into the results, in the place of what it told before; what stands before it, too. */
function keep(told: string, isWhole: boolean): void {
  let text = readFileSync(results, 'utf8');
  for (const part of told.split(/^(?=## )/m)) {
    const [title = '', ...body] = part.split('\n');
    if (title.startsWith('## ')) text = withSection(text, title, body.join('\n').trim());
    else if (isWhole && part.trim() !== '') text = withHead(text, part);
  }
  writeFileSync(results, text);
}

await main(process.argv.slice(2));
