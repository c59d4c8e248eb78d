// What people train: tanh, LSTM, GRU, three layers of LSTM, with PyTorch's default weights, against PyTorch itself;
// with a gradient at every step, and with one at the last step alone, which vanishes into subnormal numbers.
import { giveBack } from '../../src/engine/core/bufferPool.js';
import { asLayer, cellOf, finish, release, runNetwork, runResumably } from '../../src/engine/index.js';
import type { ByParameter, CellName, DType, Experiment, Kernels, LayerExperiment } from '../../src/engine/index.js';
import type { Direction } from '../../src/engine/network/experiment.js';
import { referencePass } from '../../src/engine/network/referencePass.js';
import { gatedPass } from '../../src/engine/wasm/gatedPass.js';
import { fastPass } from '../../src/engine/wasm/pass.js';
import { filled, randomNumbers } from '../unit/engine/build.js';
import type { Section, Terms } from './bench.js';
import { inProcess, onKernels } from './contestants.js';
import type { Contestant, Row } from './contestants.js';
import { caseName } from './entries.js';
import type { Case } from './entries.js';
import { tellCellGoals } from './goals.js';
import type { FasterCell } from './goals.js';
import { digits, inTurn, loadNow, measuredOn, median, peak } from './measure.js';
import { onnxruntimePeer, torchPeer } from './peers.js';
import type { Peer } from './peers.js';

const cases: readonly Case[] = [
  { cell: 'tanh', layers: 1, at: 'every' },
  { cell: 'lstm', layers: 1, at: 'every' },
  { cell: 'gru', layers: 1, at: 'every' },
  { cell: 'lstm', layers: 3, at: 'every' },
  { cell: 'tanh', layers: 1, at: 'last' },
  { cell: 'lstm', layers: 1, at: 'last' },
  { cell: 'gru', layers: 1, at: 'last' },
];
const torchNames: Readonly<Record<Case['cell'], string>> = { tanh: 'RNN', lstm: 'LSTM', gru: 'GRU' };

/** Plain arithmetic takes minutes beyond; so do several layers of the largest row; a short run has no time for more. */
const plainRows = ['S', 'M'];
const isLeftOut = ({ name }: Row, { layers }: Case, { quick }: Terms): boolean =>
  (quick && !plainRows.includes(name)) || (layers > 1 && name === 'XL');

/** Weights uniform in ±1/√H, as PyTorch begins with; of `bothWays` one layer in two directions. */
export function networkFor(
  { name, B, T, I, H }: Row,
  { cell, layers, at }: Case,
  dtype: DType,
  bothWays = false,
): Experiment {
  const next = randomNumbers(1);
  const layer = (index: number, direction: Direction = 'forward') => ({
    layer: index,
    direction,
    H,
    parameters: Object.fromEntries(
      cellOf(cell).parameters.map(({ name: parameter, shape }) => {
        const [rows, columns] = shape(index === 0 ? I : H, H);
        return [parameter, filled(rows * columns, next).map((value) => value / Math.sqrt(H))];
      }),
    ) as ByParameter<Float64Array>,
    initial: { h: null },
  });
  return {
    name,
    cell: cell satisfies CellName,
    dtype,
    shapes: { B, T, I, H },
    layers: bothWays
      ? [layer(0), layer(0, 'reverse')]
      : [layer(0), ...Array.from({ length: layers - 1 }, (_, l) => layer(l + 1))],
    chunks: [{ steps: T, xs: filled(B * T * I, next) }],
    stateful: false,
    upstream: at === 'last' ? { kind: 'last' } : { kind: 'given', dhs: filled(B * T * H * (bothWays ? 2 : 1), next) },
    loss: null,
    clipNorm: null,
    truncate: null,
  };
}

function layerOf(experiment: Experiment): LayerExperiment {
  const layer = asLayer(experiment);
  if (layer === null) throw new Error('Several layers have no pass of their own.');
  return layer;
}

function passOnce(kernels: Kernels, e: LayerExperiment): void {
  const pass = finish(cellOf(e.cell).gated === undefined ? fastPass(kernels, e) : gatedPass(kernels, e));
  if (pass === null) throw new Error('The run does not fit into WebAssembly memory.');
  const states = [pass.hs, ...Object.values(pass.otherStates ?? {})];
  giveBack(...[...states, pass.dhTotal, pass.dxs].map(({ data }) => data));
}

/** Forward, the whole way back and the norms of every step of one layer, from arrays to arrays. */
export const pass = (own: Case, dtype: DType, threads: number): Contestant =>
  onKernels('kernels', 'relaxed', dtype, threads, (kernels, row) => {
    const layer = layerOf(networkFor(row, own, dtype));
    return () => passOnce(kernels, layer);
  });

const wholeName = 'the whole run as in the worker';

/** All that the worker computes before the picture appears. */
export const whole = (own: Case, threads: number): Contestant =>
  onKernels(wholeName, 'relaxed', 'float32', threads, (kernels, row) => {
    const network = networkFor(row, own, 'float32');
    const layer = own.layers === 1 ? layerOf(network) : null;
    return layer === null
      ? () => {
          for (const { result } of finish(runNetwork(network, undefined, kernels)).layers) release(result);
        }
      : () => release(finish(runResumably(layer, undefined, kernels)));
  });

/** The same of one layer that runs from the last step to the first too. */
export const wholeBothWays = (own: Case, threads: number): Contestant =>
  onKernels(wholeName, 'relaxed', 'float32', threads, (kernels, row) => {
    const network = networkFor(row, own, 'float32', true);
    return () => {
      for (const { result } of finish(runNetwork(network, undefined, kernels)).layers) release(result);
    };
  });

const plain = (own: Case): Contestant =>
  inProcess('pass in plain arithmetic, float32', (row) => {
    if (!plainRows.includes(row.name)) return null;
    const layer = layerOf(networkFor(row, own, 'float32'));
    return () => void finish(referencePass(layer));
  });

/** Three products of B·T rows with [H+I,G·H] in each layer, two operations each. */
const operations = ({ B, T, I, H }: Row, { cell, layers }: Case): number =>
  6 * B * T * cellOf(cell).gates.length * H * (H + I + (layers - 1) * 2 * H);

type Rival = { readonly peer: Peer; readonly threads: number };
type Rivals = { readonly torch: readonly Rival[]; readonly onnxruntime: Peer | null };

/** Who takes turns with whom: the ratios are of these. */
function groupsOf(own: Case, rivals: Rivals, { quick }: Terms): Contestant[][] {
  const torch = ({ peer, threads }: Rival): Contestant =>
    peer.contestant(
      `torch nn.${torchNames[own.cell]}${threads === 1 ? '' : `, ${threads} threads`}`,
      `${torchNames[own.cell]}/${own.layers}/${own.at}`,
      threads,
    );
  // Where the gradient enters is nothing to who goes forward alone.
  const forward = own.layers === 1 && own.at === 'every' ? rivals.onnxruntime : null;
  const groups = (rivals.torch.length > 0 ? rivals.torch : [null]).map((rival) => {
    const threads = rival?.threads ?? 1;
    return [
      ...(own.layers === 1 ? [pass(own, 'float32', threads)] : []),
      whole(own, threads),
      ...(rival === null ? [] : [torch(rival)]),
      ...(forward === null || threads > 1
        ? []
        : [forward.contestant('ONNX Runtime, forward alone', torchNames[own.cell])]),
    ];
  });
  if (quick || own.layers > 1 || own.at === 'last') return groups;
  return [...groups, [pass(own, 'float64', 1)], [plain(own)]];
}

async function rivalsOf({ threads, quick }: Terms, say: (line: string) => void): Promise<Rivals> {
  const rivals: Rival[] = [];
  const onnxruntime = quick ? null : await onnxruntimePeer();
  if (!quick) say(onnxruntime === null ? 'ONNX Runtime could not be installed.\n' : `${onnxruntime.about}.\n`);
  for (const count of quick || threads === 1 ? [1] : [1, threads]) {
    const found = await torchPeer(count);
    say(found === null ? 'No Python with PyTorch here.\n' : `${found.about}.\n`);
    if (found === null) continue;
    // The first layer that torch ever runs takes seconds.
    const first = found.peer.contestant('torch', 'LSTM/1/every', count);
    await first.prepare({ name: '', B: 2, T: 4, I: 4, H: 8 });
    await first.run(2);
    rivals.push({ peer: found.peer, threads: count });
  }
  return { torch: rivals, onnxruntime: onnxruntime?.peer ?? null };
}

export const cells: Section = {
  name: 'cells',
  run: async (terms, say) => {
    say('## What people train\n');
    const rivals = await rivalsOf(terms, say);
    say(
      'The kernels: forward, the whole way back and the norms of every step of one layer, from arrays to arrays. The ' +
        'whole run is all that the worker computes before the picture appears. torch: forward and backward alone, no ' +
        'norm of any step; ONNX Runtime: forward alone. All have the default weights of PyTorch. Those of a case up ' +
        'to torch took turns, and `torch` says how many times faster than it they were then. Vanishing: ones at the ' +
        'last step alone.\n',
    );
    const before = loadNow();
    say('| row | case | contestant | median ms | best ms | GFLOP/s | of peak | torch | runs |');
    say('|---|---|---|---|---|---|---|---|---|');
    const ofPeak = { float32: peak(32), float64: peak(64) };
    const faster: FasterCell[] = [];
    for (const row of terms.rows)
      for (const own of cases.filter((one) => !isLeftOut(row, one, terms)))
        for (const group of groupsOf(own, rivals, terms)) {
          const measured = await inTurn(row, group, terms.budget, true);
          const isPeer = (name: string): boolean => name.startsWith('torch') || name.startsWith('ONNX');
          const rival = [...measured].find(([{ name }]) => name.startsWith('torch'))?.[1];
          for (const [contestant, times] of measured) {
            const { name, threads, dtype } = contestant;
            terms.keep({
              section: 'cells',
              row: row.name,
              ...own,
              contestant: name,
              threads,
              times,
              rival: rival ?? null,
            });
            const forward = name.startsWith('ONNX') ? 1 / 3 : 1;
            const speed = (forward * operations(row, own)) / median(times) / 1e6;
            if (rival !== undefined && threads === 1 && name.startsWith('kernels'))
              faster.push({
                row: row.name,
                own,
                ratio: median(rival) / median(times),
                ofPeak: speed / ofPeak[dtype],
                torchOfPeak: operations(row, own) / median(rival) / 1e6 / ofPeak[dtype],
              });
            const ratio = rival === undefined ? '–' : `${(median(rival) / median(times)).toFixed(2)} ×`;
            say(
              `| ${[
                row.name,
                caseName(own),
                name,
                digits(median(times)),
                digits(Math.min(...times)),
                speed.toFixed(2),
                `${((speed / ofPeak[dtype]) * 100).toFixed(0)} %`,
                isPeer(name) ? '' : ratio,
                String(times.length),
              ].join(' | ')} |`,
            );
          }
          for (const contestant of group) if (!isPeer(contestant.name)) contestant.stop();
        }
    say(measuredOn(before));
    tellCellGoals(faster, say);
    for (const { peer } of rivals.torch) peer.stop();
    rivals.onnxruntime?.stop();
  },
};
