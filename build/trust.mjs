// `npm run trust`: every promise of reliability tried at length, one after the other, in one table that is written as
// it goes (out/trust/table.md; what each part said lies beside it). All parts run; it ends with exit code 1 when one of
// them broke its promise.
//   npm run trust -- fuzz offline   these parts alone
import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { ensureModules, npm, root, underNode24 } from './modules.mjs';
import { parts } from './trustParts.mjs';

ensureModules();
await underNode24();

const names = process.argv.slice(2);
const unknown = names.find((name) => !parts.some((part) => part.name === name));
if (unknown !== undefined) {
  console.error(`There is no part "${unknown}"; there are ${parts.map(({ name }) => name).join(', ')}.`);
  process.exit(2);
}
const folder = path.join(root, 'out', 'trust');
await mkdir(folder, { recursive: true });
const { scripts } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));

/** Runs a program to its end; all that it says goes into `file`, too. */
function said(command, args, options, file) {
  return new Promise((resolve, reject) => {
    const log = createWriteStream(file, { flags: 'a' });
    let text = '';
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (piece) => {
        text += piece;
        log.write(piece);
      });
    child.on('error', reject);
    child.on('close', (code, signal) => log.end(() => resolve({ code: code ?? signal, text })));
  });
}

async function outcomeOf({ name, args, before, long, npmScript, read, unknown: unknownCode }) {
  if (npmScript !== undefined && scripts[npmScript] === undefined)
    return { verdict: 'not tried', cases: `there is no script ${npmScript}`, isBroken: false };
  const file = path.join(folder, `${name}.txt`);
  await writeFile(file, '');
  const env = { ...process.env, ...(long === true ? { RNN_LONG_TESTS: '1' } : {}) };
  if (before !== undefined) {
    const { code } = await said(process.execPath, before, { env }, file);
    if (code !== 0) return { verdict: `broken: ${before.join(' ')} ended (${code})`, isBroken: true };
  }
  const own =
    npmScript === undefined ? { command: process.execPath, args, options: { env } } : npm(['run', npmScript], { env });
  const { code, text } = await said(own.command, own.args, own.options, file);
  const { wrong, ...told } = read(text);
  if (code === unknownCode) return { ...told, verdict: 'not known', isBroken: false };
  const faults = [...(code === 0 ? [] : [`it ended (${code})`]), ...wrong];
  return faults.length === 0
    ? { ...told, verdict: 'kept', isBroken: false }
    : { ...told, verdict: `broken: ${faults.join('; ')}`, isBroken: true };
}

const rows = [];
const started = performance.now();
const minutes = (from) => `${((performance.now() - from) / 60_000).toFixed(1)} min`;
async function writeTable() {
  const columns = ['promise', '', 'cases tried', 'faults survived', 'growth measured', 'took', 'script'];
  const head = `| ${columns.join(' | ')} |\n|${' --- |'.repeat(columns.length)}`;
  const lines = rows.map(
    ({ promise, verdict, cases = '', survived = '', growth = '', took, script }) =>
      `| ${[promise, verdict, cases, survived, growth, took, `\`${script}\``].join(' | ')} |`,
  );
  const table = path.join(folder, 'table.md');
  await writeFile(`${table}.new`, `${[head, ...lines].join('\n')}\n`);
  await rename(`${table}.new`, table);
}

/** The tests that the parts run are bundled once. */
const built = await said(process.execPath, ['build/esbuild.mjs', '--tests'], {}, path.join(folder, 'build.txt'));
if (built.code !== 0) {
  console.error(built.text);
  process.exit(1);
}
for (const part of parts.filter(({ name }) => names.length === 0 || names.includes(name))) {
  const from = performance.now();
  const row = { ...part, ...(await outcomeOf(part)), took: minutes(from) };
  rows.push(row);
  await writeTable();
  const figures = [row.cases, row.survived, row.growth].filter((text) => text !== undefined && text !== '').join('; ');
  console.log(`${row.name}: ${row.verdict} (${row.took})${figures === '' ? '' : `: ${figures}`}`);
}
const broken = rows.filter(({ isBroken }) => isBroken);
const kept = rows.filter(({ verdict }) => verdict === 'kept');
const open = rows.length - broken.length - kept.length;
console.log(
  `${kept.length} kept, ${broken.length} broken, ${open} not known in ${minutes(started)}: out/trust/table.md`,
);
process.exitCode = broken.length === 0 ? 0 : 1;
