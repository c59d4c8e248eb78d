// A run in lines of text: its verdict, a small table of norms of each layer, and what its spectrum says.
import { t as say } from '@vscode/l10n';
import {
  bestFactorPerStep,
  cellOf,
  directionsOf,
  inPositions,
  leadingSpectrum,
  spectrumResumably,
  stateWidth,
  tellsLargest,
} from '../../engine/index.js';
import type {
  AnyNetworkRun,
  AnyRun,
  Direction,
  Experiment,
  LayerSpec,
  NetworkLayer,
  Resumable,
  Spectrum,
  Workspaces,
} from '../../engine/index.js';
import { escapeControls } from './escapeControls.js';

/** Four digits of 10^log10, also where that number is outside the range of float64. */
export function fromLog10(log10: number): string {
  if (!Number.isFinite(log10)) return log10 === -Infinity ? '0' : String(log10);
  if (log10 >= -3 && log10 < 5) return (10 ** log10).toPrecision(4);
  const exponent = Math.floor(log10);
  const mantissa = (10 ** (log10 - exponent)).toFixed(3);
  return mantissa === '10.000' ? `1.000e${exponent + 1}` : `${mantissa}e${exponent}`;
}

export const significant = (value: number): string =>
  `${value < 0 ? '-' : ''}${fromLog10(Math.log10(Math.abs(value)))}`;

/** A handful of so many places from the last to the first: the way the gradient travels. */
export function someOf(T: number): number[] {
  const rows = Math.min(T, 11);
  return [...new Set(Array.from({ length: rows }, (_, i) => Math.round((T - 1) * (1 - i / Math.max(1, rows - 1)))))];
}

/** Columns of numbers, a row for each of these steps. */
const table = (T: number, columns: readonly (readonly [title: string, at: (t: number) => string])[]): string[] => [
  ['t', ...columns.map(([title]) => title)].map((title) => title.padStart(12)).join(''),
  ...someOf(T).map((t) => [String(t), ...columns.map(([, at]) => at(t))].map((cell) => cell.padStart(12)).join('')),
];

const logColumn = (title: string, series: Float64Array): readonly [string, (t: number) => string] => [
  title,
  (t) => fromLog10(series[t] ?? NaN),
];

/** One layer's direction in the order of positions. */
export function layerTable({ experiment, result }: NetworkLayer<AnyRun>, dx: Float64Array | null): string[] {
  const [{ hNorm, log10Norms }] = result.layers;
  const at = (series: Float64Array): Float64Array => inPositions(experiment, series);
  const h = at(hNorm);
  const own = cellOf(experiment.cell).parameters.filter(({ role }) => role === 'other');
  return table(result.shapes.T, [
    ['|h|', (t) => significant(h[t] ?? NaN)],
    logColumn('|g|', at(log10Norms.dh)),
    ...(log10Norms.dc === undefined ? [] : [logColumn('|dc|', at(log10Norms.dc))]),
    ...['Wh', 'Wx', ...own.map(({ name }) => name)].map((name) =>
      logColumn(`|d${name}|`, at(log10Norms.parameters[name] ?? new Float64Array())),
    ),
    ...(dx === null ? [] : [logColumn('|dx|', dx)]),
  ]);
}

export const countedLayers = (count: number): string => (count === 1 ? say('one layer') : say('{0} layers', count));

/** `layer 1`; with two directions `layer 1, reverse`. */
export const layerName = (run: Pick<AnyNetworkRun, 'experiment'>, { experiment }: NetworkLayer<AnyRun>): string =>
  layerWords(run.experiment, experiment.layers[0]);

export function layerWords(network: Experiment, { layer, direction }: Pick<LayerSpec, 'layer' | 'direction'>): string {
  if (directionsOf(network) === 1) return say('layer {0}', layer);
  return direction === 'forward' ? say('layer {0}, forward', layer) : say('layer {0}, reverse', layer);
}

/** What was run: its cell, layers, directions, sizes and dtype. */
export function sizesOf({ experiment, layers, lengths }: AnyNetworkRun): string {
  const { B, T, I, H } = experiment.shapes;
  const directions = directionsOf(experiment);
  const count = layers.length / directions;
  const stack = [
    ...(count > 1 && directions === 1 ? [say('{0} layers', count)] : []),
    ...(count > 1 && directions === 2 ? [say('{0} layers in two directions', count)] : []),
    ...(count === 1 && directions === 2 ? [say('two directions')] : []),
  ]
    .map((told) => `, ${told}`)
    .join('');
  const ragged = lengths.some((length) => length !== T)
    ? `, ${say('lengths {0} to {1}', Math.min(...lengths), Math.max(...lengths))}`
    : '';
  return `${experiment.cell}${stack}, B ${B}, T ${T}, I ${I}, H ${H}, ${experiment.dtype}${ragged}`;
}

/** The verdict with its reason. */
export const verdictLines = (run: AnyNetworkRun): string[] => [
  `${run.verdict.kind.toUpperCase()}  ${escapeControls(run.experiment.name)}  (${sizesOf(run)})`,
  run.verdict.reason,
];

/** Norms of some steps: of one layer, or of each that is shown with its own verdict. */
export function normTables(run: AnyNetworkRun, shown: LayerChoice | null): string[] {
  const { experiment, layers, log10Norms } = run;
  const [first, ...others] = layers;
  if (others.length === 0) return [...layerTable(first, log10Norms.dx), ''];
  return layersShown(layers, shown).flatMap((layer) => {
    const { positionVerdict: own } = layer.result;
    // What reaches the input comes from all directions of the first layer.
    const dx = layer === first && directionsOf(experiment) === 1 ? log10Norms.dx : null;
    return [`${layerName(run, layer)}: ${own.kind.toUpperCase()}  ${own.reason}`, ...layerTable(layer, dx), ''];
  });
}

/** The verdict with its reason, and norms of some steps: of one layer, or of each that is shown. */
export const runTable = (run: AnyNetworkRun, shown: LayerChoice | null): string =>
  `${[...verdictLines(run), '', ...normTables(run, shown)].join('\n')}\n`;

/** What was asked for of a network; null: every layer, or every direction. */
export type LayerChoice = { readonly layer: number | null; readonly direction: Direction | null };

export const isChosen = (choice: LayerChoice | null, own: Pick<LayerSpec, 'layer' | 'direction'>): boolean =>
  (choice?.layer ?? own.layer) === own.layer && (choice?.direction ?? own.direction) === own.direction;

/** The layers and directions that were asked for, or all. */
export const layersShown = (
  layers: readonly NetworkLayer<AnyRun>[],
  asked: LayerChoice | null,
): readonly NetworkLayer<AnyRun>[] => layers.filter(({ experiment }) => isChosen(asked, experiment.layers[0]));

/** Of such a run the line tells how many exponents are lost. */
const isTheOnlyWh = ({ experiment, layers }: AnyNetworkRun): boolean =>
  layers.length === 1 && cellOf(experiment.cell).activation !== null;

/** As much of a layer's spectrum as `spectrumLine` tells: of a wide one all exponents take far longer than the run. */
export const spectrumForLine = (
  run: AnyNetworkRun,
  { experiment, result }: NetworkLayer<AnyRun>,
  workspaces: Workspaces | null,
): Resumable<Spectrum> =>
  isTheOnlyWh(run)
    ? spectrumResumably(experiment, result, workspaces)
    : leadingSpectrum(experiment, result, workspaces);

/** Whether a spectrum that may lack exponents has all that its line tells. */
export const isEnoughForLine = (run: AnyNetworkRun, spectrum: Spectrum): boolean =>
  !isTheOnlyWh(run) && tellsLargest(spectrum);

/** What the spectrum of a layer says, in one line: of a single layer of one gate what stands for Wh too. */
export const spectrumLine = (run: AnyNetworkRun, layer: NetworkLayer<AnyRun>, found: Spectrum): string =>
  isTheOnlyWh(run)
    ? spectrumOfWh(found)
    : `${layerName(run, layer)}: ${largestExponent(found, stateWidth(layer.experiment))}\n`;

/** The rate of the direction that survives best, behind an exponent: over few steps none from Q = I tells it. */
function withBestFactor(exponents: string, spectrum: Spectrum): string {
  const factor = bestFactorPerStep(spectrum);
  return factor > 0
    ? `${exponents}; ${say('the best-surviving direction is multiplied by {0} per step', significant(factor))}`
    : exponents;
}

/** `all`: how many exponents there are. */
function largestExponent(spectrum: Spectrum, all: number): string {
  const { lyapunov, lyapunovKnown, logProductSigmaMax } = spectrum;
  if (lyapunov === null)
    return logProductSigmaMax === -Infinity
      ? say('no Lyapunov exponents (the product of all Jacobians is exactly zero)')
      : say('no Lyapunov exponents (a Jacobian holds a number that is not finite)');
  const largest = significant(lyapunov[0] ?? NaN);
  const told =
    lyapunovKnown < all
      ? say('largest of the leading {0} of {1} Lyapunov exponents {2} (from Q = I)', lyapunovKnown, all, largest)
      : say('largest Lyapunov exponent {0} (from Q = I)', largest);
  return withBestFactor(told, spectrum);
}

function spectrumOfWh(spectrum: Spectrum): string {
  const { spectralRadiusWh, spectralRadiusBounds, sigmaMaxWh, lyapunov } = spectrum;
  // Of a large Wh only bounds are known.
  const radius =
    spectralRadiusBounds === null ? significant(spectralRadiusWh) : spectralRadiusBounds.map(significant).join(' … ');
  const sigma = significant(sigmaMaxWh);
  const told =
    lyapunov === null
      ? withoutExponents(spectrum, radius, sigma)
      : withBestFactor(withExponents(lyapunov, radius, sigma), spectrum);
  return `${told}\n`;
}

const withoutExponents = ({ logProductSigmaMax }: Spectrum, radius: string, sigma: string): string =>
  logProductSigmaMax === -Infinity
    ? say(
        'spectral radius of Wh {0} (information only), largest singular value {1}, no Lyapunov exponents (the ' +
          'product of all Jacobians is exactly zero)',
        radius,
        sigma,
      )
    : say(
        'spectral radius of Wh {0} (information only), largest singular value {1}, no Lyapunov exponents (a ' +
          'Jacobian holds a number that is not finite)',
        radius,
        sigma,
      );

function withExponents(lyapunov: Float64Array, radius: string, sigma: string): string {
  const lost = lyapunov.filter((exponent) => exponent === -Infinity).length;
  const largest = significant(lyapunov[0] ?? NaN);
  return lost === 0
    ? say(
        'spectral radius of Wh {0} (information only), largest singular value {1}, largest Lyapunov exponent {2} ' +
          '(from Q = I)',
        radius,
        sigma,
        largest,
      )
    : say(
        'spectral radius of Wh {0} (information only), largest singular value {1}, largest Lyapunov exponent {2} ' +
          '(from Q = I); {3} of {4} are −∞ (a Jacobian is singular)',
        radius,
        sigma,
        largest,
        lost,
        lyapunov.length,
      );
}
