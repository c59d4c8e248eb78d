// The parts of `npm run trust`: each promise with the program that tries it, and how what it says is read. A part that
// finds in its program's words less than it promises says what; an exit code alone proves nothing.

const numbers = (text, pattern) => [...text.matchAll(pattern)].map((found) => found.slice(1).map(Number));
const sum = (all) => all.reduce((total, n) => total + n, 0);
const count = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ',');

/** Tests that ran and passed, by the last lines of node:test. */
function passed(text) {
  const [[ran] = [0]] = numbers(text, /^ℹ pass (\d+)$/gm).slice(-1);
  return { cases: ran === 0 ? '' : `${count(ran)} tests`, wrong: ran === 0 ? ['no test ran'] : [] };
}

const testFiles = (...files) => ['--test', ...files.map((file) => `out/test/${file}.test.mjs`)];

/** Cases that the formats are tried with, and the longest that one may take. */
const leastCases = 1_000_000;
const longestMs = 2_000;
/** Threads, edits, panels, configs and rewriting. */
const loads = 5;

export const parts = [
  {
    name: 'faults',
    promise:
      'Memory, a file, a message or a thread refused at any step: you are told, nothing hangs, the next run is good',
    script: 'npm run trust -- faults',
    long: true,
    args: testFiles('unit/faults/engineThread', 'unit/faults/savedFile'),
    read(text) {
      const engine = numbers(text, /(\d+) places, (\d+) tried, (\d+) failed/g);
      const saved = numbers(text, /ℹ (\d+) places$/gm);
      const survived = sum(engine.map(([, , failed]) => failed)) + sum(saved.map(([places]) => places));
      return {
        cases: `${count(sum(engine.map(([, tried]) => tried)) + sum(saved.map(([places]) => places)))} places`,
        survived: count(survived),
        wrong: engine.length < 8 || saved.length === 0 ? ['not every kind of fault was tried'] : [],
      };
    },
  },
  {
    name: 'fuzz',
    promise: 'A file that is broken or made to attack gives tensors or a problem: no crash, nothing over two seconds',
    script: 'npm run trust -- fuzz',
    long: true,
    args: testFiles('unit/config/formatsFuzz'),
    read(text) {
      const told = numbers(text, /: (\d+) read, (\d+) refused; the slowest (\d+) ms, the largest block (\d+) kB/g);
      const cases = sum(told.map(([read, refused]) => read + refused));
      const slowest = Math.max(0, ...told.map(([, , ms]) => ms));
      return {
        cases: `${count(cases)} files, the slowest ${count(slowest)} ms`,
        survived: count(sum(told.map(([, refused]) => refused))),
        growth: `largest block ${count(Math.max(0, ...told.map(([, , , kB]) => kB)))} kB`,
        wrong: [
          ...(cases < leastCases ? [`${count(cases)} cases, expected ${count(leastCases)}`] : []),
          ...(slowest > longestMs ? [`${slowest} ms of the processor for one file, at most ${longestMs}`] : []),
        ],
      };
    },
  },
  {
    name: 'coverage',
    promise: 'Every branch of the readers is taken by some test, and 98 % of those of the plain engine',
    script: 'npm run coverage',
    args: ['build/coverage.mjs'],
    read(text) {
      const told = [...text.matchAll(/^.*: (\d+) of (\d+) branches, ([\d.]+) % \(goal/gm)];
      return {
        cases: told.map(([, taken, all, share]) => `${count(taken)} of ${count(all)} branches (${share} %)`).join(', '),
        wrong: told.length < 2 ? ['no count of branches'] : [],
      };
    },
  },
  {
    name: 'mutation',
    promise: 'A wrong cell, verdict or format is noticed: 85 % of all mutants',
    script: 'npm run mutate',
    args: ['build/mutate.mjs'],
    read(text) {
      const [, all, killed, share] = /^all +(\d+) +(\d+) +\d+ +\d+ +\d+ +([\d.]+) %/m.exec(text) ?? [];
      return all === undefined
        ? { wrong: ['no count of mutants'] }
        : { cases: `${count(all)} mutants`, survived: `${count(killed)} noticed (${share} %)`, wrong: [] };
    },
  },
  {
    name: 'realFiles',
    promise: 'Files that others wrote are read as others read them, or refused for a reason that is named',
    script: 'npm run realFiles',
    args: ['out/test/realFiles/check.mjs'],
    read(text) {
      const [told] = numbers(
        text,
        /^(\d+) files .*: (\d+) read as .*, (\d+) refused as .*, (\d+) refused for .*, (\d+) not to/gm,
      );
      if (told === undefined) return { wrong: ['no count of files'] };
      const [all, alike, expected, ours, absent] = told;
      return {
        cases: `${count(all - absent)} of ${count(all)} files, ${count(alike)} read alike`,
        survived: count(expected + ours),
        wrong: absent === all ? ['none of the files is to be had'] : [],
      };
    },
  },
  {
    name: 'load',
    promise: 'Thread kills, edits, panels and rewritten checkpoints leave memory and handles flat',
    script: 'npm run load',
    npmScript: 'load',
    read(text) {
      // Each is told twice: at once, and once more when all have come to their end.
      const told = new Map(
        [...text.matchAll(/^(\w[^:\n]*): ([^;\n]+); (.+); .*turns of the loop above/gm)].map(
          ([, name, done, grown]) => [name, { done, grown }],
        ),
      );
      return {
        cases: [...told.values()].map(({ done }) => done).join(', '),
        growth: [...told].map(([name, { grown }]) => `${name}: ${grown}`).join('; '),
        wrong: told.size < loads ? [`${told.size} of ${loads} loads came to their end`] : [],
      };
    },
  },
  {
    name: 'windows',
    promise:
      'A window that is reloaded, closed or shut down in a run leaves nothing; full disks, folders in place of ' +
      'files, clocks that jump and a server that is lost do no harm',
    script: 'npm run trust -- windows',
    long: true,
    before: ['build/package.mjs'],
    args: ['test/vscode/windows.mjs'],
    read(text) {
      const [[inHost, skipped] = [0, 0]] = numbers(
        text,
        /^In the extension host: (\d+) passed, \d+ failed, (\d+) skip/gm,
      );
      const { wrong } = passed(text);
      const [[beside] = [0]] = numbers(text, /^ℹ pass (\d+)$/gm).slice(-1);
      const leftOut = skipped === 0 ? '' : `, ${skipped} left out (only the superuser mounts)`;
      return {
        cases: `${count(inHost + beside)} tests${leftOut}`,
        wrong: inHost === 0 ? ['no test ran in the extension host', ...wrong] : wrong,
      };
    },
  },
  {
    name: 'package',
    promise:
      'The package holds what runs, a bill and the licences of all that is bundled, and installing it runs nothing',
    script: 'npm run trust -- package',
    before: ['build/package.mjs'],
    args: testFiles('unit/house/bill', 'package/bill', 'package/notices', 'package/vsix'),
    read: passed,
  },
  {
    name: 'offline',
    promise: 'Nothing leaves the machine: it works with every socket refused, and no bundle loads what opens one',
    script: 'npm run trust -- offline',
    args: testFiles('package/offline'),
    read: passed,
  },
  {
    name: 'audit',
    promise: 'No known fault in what is bundled',
    script: 'npm run audit:bundled',
    args: ['build/audit.mjs'],
    // The registry does not answer: nothing is known, and nothing is broken.
    unknown: 3,
    read: (text) => ({ cases: text.trim().split('\n').at(-1) ?? '', wrong: [] }),
  },
];
