// `npm run bench`: the rows of the table, everybody in turn, again and again; writes test/bench/RESULTS.md. See build/bench.mjs for the flags.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import path from 'node:path';
import { EngineClient } from '../../src/worker/client.js';
import { kernels, pythonPeer, reference, tfjsPeer } from './contestants.js';
import type { Contestant, Peer, Row } from './contestants.js';
import { readingSection } from './reading.js';

const allRows: readonly Row[] = [
  { name: 'S', B: 1, T: 50, I: 8, H: 16 },
  { name: 'M', B: 8, T: 100, I: 16, H: 64 },
  { name: 'L', B: 16, T: 200, I: 64, H: 256 },
  { name: 'XL', B: 32, T: 500, I: 128, H: 512 },
  { name: 'LONG', B: 1, T: 10_000, I: 32, H: 128 },
];

const args = process.argv.slice(2);
const quick = args.includes('--quick');
const avx2 = args.includes('--avx2');
const wanted = args[args.indexOf('--rows') + 1]?.split(',');
const rows = allRows.filter(({ name }) => (args.includes('--rows') ? wanted?.includes(name) : !quick || name !== 'XL'));
/** Milliseconds for one contestant in one row. */
const budget = quick ? 700 : 2000;
/** A measurement of a short run is the mean of so many runs that it takes this long, ms. */
const shortest = 5;

/** Forward, the way back and the weight gradients: three products of B·T rows with [H+I,H], two operations each. */
const operations = ({ B, T, I, H }: Row): number => 6 * B * T * H * (H + I);

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b);
const quantile = (values: readonly number[], q: number): number => sorted(values)[Math.floor(q * (values.length - 1))] ?? NaN;
const median = (values: readonly number[]): number => quantile(values, 0.5);

/** GFLOP/s of 128-bit multiply-adds that never leave the registers: the best of many, because anything else on the machine only takes away. */
function peak(width: 32 | 64): number {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync('out/bench/peak.wasm')), { env: { memory: new WebAssembly.Memory({ initial: 1, maximum: 65535, shared: true }) } });
  const run = exports[`peak${width}`] as (rounds: number) => number;
  const rounds = 1e6;
  let best = Infinity;
  for (let i = 0; i < 40; i++) {
    const start = performance.now();
    run(rounds);
    best = Math.min(best, performance.now() - start);
  }
  return (rounds * 12 * 2 * (128 / width)) / best / 1e6;
}

type Sample = { readonly contestant: Contestant; readonly count: number; readonly times: number[]; spent: number };

async function measure(row: Row, contestants: readonly Contestant[]): Promise<Map<string, number[]>> {
  const samples: Sample[] = [];
  for (const contestant of contestants) {
    if (!(await contestant.prepare(row))) continue;
    // The first run warms up; a peer so slow that it fills the budget alone is left at that one.
    const first = await contestant.run(1);
    const warm = first > budget ? first : await contestant.run(1);
    samples.push({ contestant, count: Math.max(1, Math.ceil(shortest / warm)), times: first > budget ? [first] : [], spent: first });
  }
  for (let round = 0; samples.some(({ spent }) => spent < budget); round++) {
    for (const sample of samples) {
      if (sample.spent >= budget) continue;
      const ms = await sample.contestant.run(sample.count);
      sample.times.push(ms);
      sample.spent += ms * sample.count;
    }
  }
  return new Map(samples.map(({ contestant, times }) => [contestant.name, times]));
}

/** Milliseconds until a new worker has answered, and for a question to one that runs. */
async function roundTrip(): Promise<string> {
  const nothing = (): undefined => undefined;
  const client = new EngineClient({
    workerPath: path.resolve('out', 'bench', 'worker.cjs'), readFile: ({ reference: id }) => ({ ok: false, id, reason: 'missing', detail: '' }),
    events: { progress: nothing, problems: nothing, summary: nothing, spectrum: nothing }, onCrash: nothing,
  });
  const times: number[] = [];
  for (let i = 0; i < 50; i++) {
    const start = performance.now();
    await client.request('classify', { bytes: new TextEncoder().encode('{}') });
    times.push(performance.now() - start);
  }
  client.dispose();
  return `started and answered after ${(times[0] ?? NaN).toFixed(0)} ms, then ${median(times.slice(1)).toFixed(3)} ms a question`;
}

const digits = (ms: number): string => (ms < 1 ? ms.toFixed(4) : ms < 100 ? ms.toFixed(2) : ms.toFixed(0));

async function main(): Promise<void> {
  const python = await pythonPeer(avx2);
  const tfjs = quick ? null : await tfjsPeer();
  const own = [kernels('relaxed', 'float32'), ...(cpus().length > 1 ? [kernels('relaxed', 'float32', 2)] : []), kernels('simd', 'float32'), kernels('relaxed', 'float64'), reference()];
  const processes: Peer[] = [];
  const peers: Contestant[] = [];
  if (python !== null) {
    processes.push(python.peer);
    peers.push(python.peer.contestant('NumPy, as tutorials write it', 'numpy'));
    if (python.about['torch'] !== null) peers.push(python.peer.contestant('torch nn.RNN', 'torch'), python.peer.contestant('torch, step by step', 'torchSteps'));
  }
  if (tfjs !== null) {
    processes.push(tfjs.peer);
    peers.push(tfjs.peer.contestant('TensorFlow.js wasm', 'tfjs', ['XL', 'LONG']));
  }
  const peaks = { float32: peak(32), float64: peak(64) };
  const lines = [
    '# Measured', '',
    `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB; Node ${process.versions.node} (V8 ${process.versions.v8}).`,
    python === null ? 'No Python with NumPy here.' : `Python ${String(python.about['python'])}, NumPy ${String(python.about['numpy'])}, torch ${String(python.about['torch'])}; BLAS: ${String(python.about['blas'])}${avx2 ? '; kept to AVX2' : ''}. One thread each.`,
    ...(tfjs === null ? [] : [`TensorFlow.js ${String(tfjs.about['tfjs'])} on its ${String(tfjs.about['backend'])} backend, one thread.`]),
    `Peak of 128-bit multiply-adds on one core, measured in this run: ${peaks.float32.toFixed(1)} GFLOP/s in float32, ${peaks.float64.toFixed(1)} in float64.`,
    `Worker: ${await roundTrip()}.`, '',
    'One run is forward, the whole way back and the norms of every step (torch nn.RNN: without the norms), from arrays to arrays. Everybody runs in turn; ms are medians, `spread` is',
    'the distance between the first and the ninth decile over the median, `ours` how many times the kernels with relaxed SIMD in float32 are faster in the median.', '',
  ];
  for (const row of rows) {
    console.log(`${row.name}: B ${row.B}, T ${row.T}, I ${row.I}, H ${row.H}`);
    const measured = new Map<string, number[]>();
    // NumPy and both torch peers live in one process, which holds one run at a time: they come in groups, our own in each.
    for (const group of [own, ...peers.map((peer) => [...own.slice(0, 1), peer])]) {
      for (const [name, times] of await measure(row, group)) measured.set(name, [...(measured.get(name) ?? []), ...times]);
    }
    const ours = median(measured.get(own[0]?.name ?? '') ?? []);
    lines.push(`## ${row.name}: B ${row.B}, T ${row.T}, I ${row.I}, H ${row.H}`, '', '| | median ms | best ms | spread | GFLOP/s | of peak | ours | runs |', '|---|---|---|---|---|---|---|---|');
    for (const [name, times] of measured) {
      const speed = operations(row) / median(times) / 1e6;
      const limit = name.includes('float64') ? peaks.float64 : peaks.float32;
      const line = `| ${name} | ${digits(median(times))} | ${digits(Math.min(...times))} | ${(((quantile(times, 0.9) - quantile(times, 0.1)) / median(times)) * 100).toFixed(0)} % | ${speed.toFixed(2)} | ${((speed / limit) * 100).toFixed(0)} % | ${(median(times) / ours).toFixed(2)} × | ${times.length} |`;
      lines.push(line);
      console.log(line);
    }
    lines.push('');
  }
  if (!args.includes('--rows') || wanted?.includes('READING') === true) lines.push(...readingSection(quick));
  lines.push(`Largest resident memory of the measuring process: ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB.`, '');
  for (const peer of processes) peer.stop();
  for (const contestant of own) contestant.stop();
  if (args.includes('--dry')) return;
  writeFileSync(`test/bench/RESULTS${avx2 ? '-avx2' : ''}.md`, lines.join('\n'));
}

await main();
