// `npm run fuzz [-- --seed 7 --from 12000 --count 1000]`: mutated experiments through the reader, the editor's
// questions, edits, runs and reports. `--resume` goes on where the last one was stopped, `--only 12345` examines one
// mutation and tells everything of it. What is slow, hangs or is at fault lies with its files under out/fuzz. Ends with
// exit code 1 when something was found.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { describeProblem } from '../../src/config/index.js';
import { campaign } from './campaign.js';
import { Mutations } from './mutate.js';
import type { Mutation } from './mutate.js';
import { examineFully, makeTools } from './session.js';
import { failed, newTotals, summary } from './totals.js';
import type { Totals } from './totals.js';

const folder = path.resolve('out/fuzz');
const stateFile = path.join(folder, 'state.json');
const thread = path.resolve('out/test/fuzz/thread.mjs');
const slowMs = 2000;
const hangMs = 10_000;
const betweenLines = 10_000;
/** Characters of a file or a problem that are printed. */
const mostShown = 3000;
const usual = { seed: 1, count: 200_000 };

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    from: { type: 'string' },
    count: { type: 'string' },
    only: { type: 'string' },
    resume: { type: 'boolean' },
  },
});

function whole(name: 'seed' | 'from' | 'count' | 'only', otherwise: number, most = 2 ** 31 - 1): number {
  const text = values[name] ?? String(otherwise);
  if (!/^\d+$/.test(text) || Number(text) > most)
    throw new Error(`--${name} takes a whole number up to ${most}, not "${text}".`);
  return Number(text);
}

const doneTo = ({ done }: Mutation): string =>
  done.length === 0
    ? 'nothing'
    : done.map(({ name, file }) => (file === undefined ? name : `${name} in ${file}`)).join('; ');

/** The files of a mutation, as they would lie in a folder; `found.txt` beside them says what is wrong. */
async function keep(mutation: Mutation, told: string): Promise<void> {
  const place = path.join(folder, `${mutation.seed}-${mutation.number}`);
  await mkdir(place, { recursive: true });
  for (const [name, bytes] of Object.entries(mutation.files))
    await writeFile(path.join(place, path.basename(name)), bytes);
  const again = `npm run fuzz -- --seed ${mutation.seed} --only ${mutation.number}`;
  await writeFile(path.join(place, 'found.txt'), `${again}\n${mutation.origin}: ${doneTo(mutation)}\n${told}\n`);
}

async function only(mutation: Mutation): Promise<boolean> {
  console.log(`Seed ${mutation.seed}, mutation ${mutation.number}: ${mutation.origin}, ${doneTo(mutation)}.`);
  for (const [name, bytes] of Object.entries(mutation.files)) {
    console.log(`\n━━ ${name} (${bytes.length} bytes) ━━`);
    console.log(new TextDecoder().decode(bytes.subarray(0, mostShown)) + (bytes.length > mostShown ? '…' : ''));
  }
  await keep(mutation, 'asked for');
  const { kind, problems, faults, times } = await examineFully(
    mutation,
    makeTools(() => undefined),
  );
  console.log(`\n━━ ${kind} ━━`);
  for (const problem of problems.slice(0, 30)) {
    const { file, range, path: inside, severity, code } = problem;
    const place = `${file}:${range.start.line + 1}:${range.start.character + 1}: ${inside}`;
    console.log(`${place}: ${severity} ${code}: ${describeProblem(problem)}`.slice(0, mostShown));
  }
  if (problems.length > 30) console.log(`and ${problems.length - 30} more problems`);
  console.log(times.map(([stage, ms]) => `${stage} ${ms.toFixed(1)} ms`).join(', '));
  for (const { stage, kind: fault, told } of faults) console.log(`FAULT in ${stage}: ${fault}\n${told}`);
  console.log(faults.length === 0 ? 'No fault.' : `${faults.length} faults.`);
  return faults.length === 0;
}

async function begin(): Promise<Totals> {
  if (values.resume !== true) {
    const from = whole('from', 0);
    return newTotals(whole('seed', usual.seed, 0xffff), from, from + whole('count', usual.count));
  }
  try {
    return JSON.parse(await readFile(stateFile, 'utf8')) as Totals;
  } catch (error) {
    throw new Error('There is no run to go on with: out/fuzz/state.json cannot be read. Begin one without --resume.', {
      cause: error,
    });
  }
}

async function all(): Promise<boolean> {
  const totals = await begin();
  await mkdir(folder, { recursive: true });
  const mutations = new Mutations(totals.seed);
  let stop = false;
  process.once('SIGINT', () => {
    stop = true;
  });
  let [writing, said]: [Promise<void>, number] = [Promise.resolve(), performance.now()];
  const save = (): void => {
    const state = JSON.stringify(totals);
    // Renamed over the one before: a stop in the middle leaves a whole one.
    writing = writing
      .then(() => writeFile(`${stateFile}.new`, state))
      .then(() => rename(`${stateFile}.new`, stateFile));
  };
  await campaign(
    totals,
    thread,
    { slowMs, hangMs },
    {
      onFound(number, told) {
        console.log(`${number}: ${told.split('\n')[0] ?? ''}`);
        writing = writing.then(() => keep(mutations.of(number), told));
      },
      onProgress() {
        save();
        if (performance.now() - said < betweenLines) return;
        said = performance.now();
        const { next, from, to, elapsedMs, groups, troubles } = totals;
        const [minutes, aSecond] = [elapsedMs / 60_000, ((next - from) / elapsedMs) * 1000];
        const found = `${groups.length} kinds of faults, ${troubles.length} that hang, end the thread or are slow`;
        console.log(
          `${next - from} of ${to - from} after ${minutes.toFixed(1)} minutes, ${aSecond.toFixed(0)} a ` +
            `second; ${found}`,
        );
      },
    },
    () => stop,
  );
  save();
  await writing;
  console.log(summary(totals));
  if (totals.next < totals.to) console.log(`Stopped before ${totals.next}; npm run fuzz -- --resume goes on.`);
  return !failed(totals) && totals.next >= totals.to;
}

process.exitCode = (await (values.only === undefined
  ? all()
  : only(new Mutations(whole('seed', usual.seed, 0xffff)).of(whole('only', 0)))))
  ? 0
  : 1;
