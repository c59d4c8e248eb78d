// What the result as JSON says of one layer in one direction, and of a verdict.
import { cellOf, inPositions, onStepsOfRun, presenceIn, pyTorchNamesOf, pyTorchNorms } from '../../engine/index.js';
import type {
  AnyNetworkRun,
  BlockMeasures,
  CellName,
  GateMeasures,
  RateSegment,
  Spectrum,
  Verdict,
  VerdictKind,
} from '../../engine/index.js';
import {
  always,
  anyNumber,
  anyText,
  constant,
  count,
  defined,
  each,
  from,
  numbers,
  numbersOrNull,
  orNull,
  record,
  told,
  word,
} from './jsonParts.js';
import type { Part } from './jsonParts.js';

export type Layer = AnyNetworkRun['layers'][number];

/** What is analysed of a layer's direction after its run. */
export type LayerSpectrum = {
  readonly spectrum: Spectrum;
  readonly perGate: Readonly<Record<string, BlockMeasures>>;
};

/** A layer and what is analysed of it once it is written. */
type Analysed = Layer & LayerSpectrum;

export const direction = word('forward', 'reverse');

/** All of them, or this does not compile. */
const kinds: Readonly<Record<VerdictKind, true>> = {
  vanishing: true,
  fading: true,
  healthy: true,
  exploding: true,
  nonfinite: true,
};

/** What every verdict says. */
export const verdictFields: Readonly<Record<string, Part<Verdict>>> = {
  kind: from(({ kind }) => kind, word(...(Object.keys(kinds) as VerdictKind[]))),
  perStepFactor: orNull(({ perStepFactor }) => perStepFactor, anyNumber),
  halfLifeSteps: orNull(({ halfLifeSteps }) => halfLifeSteps, anyNumber),
  reason: from(({ reason }) => reason, anyText),
  onePercentSteps: orNull(({ onePercentSteps }) => onePercentSteps, anyNumber),
  log10Ratio: orNull(({ log10Ratio }) => log10Ratio, anyNumber),
  source: from(({ source }) => source, count),
  first: from(({ first }) => first, count),
  crossedAt: orNull(({ crossedAt }) => crossedAt, count),
  zeroAt: orNull(({ zeroAt }) => zeroAt, count),
  infiniteAt: orNull(({ infiniteAt }) => infiniteAt, count),
  segments: from(
    ({ segments }) => segments,
    each(
      record<RateSegment>({
        from: from((segment) => segment.from, count),
        to: from(({ to }) => to, count),
        perStepFactor: from(({ perStepFactor }) => perStepFactor, anyNumber),
      }),
    ),
  ),
};

export const verdictPart = defined('verdict', record(verdictFields));

/**
 * The Lyapunov exponents from Q = I, and how far rounding may have the least certain of them off: Infinity where it has
 * lost one that no singular Jacobian takes.
 */
export const exponents = (
  shape: string,
): Record<'lyapunov' | 'lyapunovError', Part<Pick<LayerSpectrum, 'spectrum'>>> => ({
  lyapunov: told(
    `${shape}, Q = I`,
    orNull(({ spectrum }) => spectrum.lyapunov, numbers),
  ),
  lyapunovError: told(
    '|error|, estimated',
    orNull(({ spectrum }) => spectrum.lyapunovError, anyNumber),
  ),
});

/** σ_max of item 0's Jacobians by position [T]: null where the item has no step. */
export const jacobianSigmaMax = (what: string): Part<Pick<Analysed, 'experiment' | 'spectrum'>> =>
  told(
    what,
    from(({ experiment, spectrum }) => {
      const isThere = presenceIn(experiment.chunks);
      const values = onStepsOfRun(experiment, 0, spectrum.jacobianSigmaMax);
      const steps = Float64Array.from({ length: experiment.shapes.T }, (_, t) => t);
      return Array.from(inPositions(experiment, steps), (t) => (isThere(0, t) ? (values[t] ?? null) : null));
    }, numbersOrNull),
  );

const series = (find: (layer: Layer) => Float64Array | undefined): Part<Layer> =>
  from((layer) => inPositions(layer.experiment, find(layer) ?? new Float64Array()), numbers);

/** Names with one part for each. */
const forEachName = <Of>(names: readonly string[], part: (name: string) => Part<Of>): Part<Of> =>
  record(Object.fromEntries(names.map((name) => [name, part(name)])));

const normsOf = ({ result }: Layer) => result.layers[0].norms;
const log10Of = ({ result }: Layer) => result.layers[0].log10Norms;

function normsPart(cell: CellName): Part<Layer> {
  const hasC = cellOf(cell).states.includes('c');
  const ofC = (part: Part<Layer>): Part<Layer> => (hasC ? part : always.null);
  return record<Layer>({
    dh: told(
      '‖∂L/∂h_t‖ [T]',
      series((layer) => normsOf(layer).dh),
    ),
    dc: told('‖∂L/∂c_t‖ [T]', ofC(series((layer) => normsOf(layer).dc))),
    ds: told(
      '‖∂L/∂s_t‖ [T]',
      series((layer) => normsOf(layer).ds ?? normsOf(layer).dh),
    ),
    log10dh: series((layer) => log10Of(layer).dh),
    log10dc: ofC(series((layer) => log10Of(layer).dc)),
    log10ds: series((layer) => log10Of(layer).ds ?? log10Of(layer).dh),
    parameters: forEachName(pyTorchNamesOf(cell), (name) =>
      series((layer) => pyTorchNorms(normsOf(layer).parameters)[name]),
    ),
    log10parameters: forEachName(pyTorchNamesOf(cell), (name) =>
      series((layer) => pyTorchNorms(log10Of(layer).parameters)[name]),
    ),
  });
}

const gateMeasures: readonly (keyof GateMeasures)[] = ['mean', 'closed', 'open'];

const gatesPart = (cell: CellName): Part<Layer> =>
  cellOf(cell).gateKinds === undefined
    ? always.null
    : forEachName(cellOf(cell).gates, (gate) =>
        forEachName(gateMeasures, (measure) =>
          series(({ result }) => result.layers[0].gates?.[gate]?.[measure as keyof GateMeasures]),
        ),
      );

const spectrumPart = (cell: CellName): Part<Analysed> =>
  record<Analysed>({
    jacobianSigmaMax: jacobianSigmaMax('σ_max(∂s_t/∂s_{t−1}) [T]'),
    ...exponents('[S·H]'),
    logProductSigmaMax: from(({ spectrum }) => spectrum.logProductSigmaMax, anyNumber),
    perGate: forEachName(cellOf(cell).gates, (gate) =>
      forEachName(['spectralRadius', 'sigmaMax'] as const, (measure) =>
        from(({ perGate }) => perGate[gate]?.[measure as keyof BlockMeasures] ?? NaN, anyNumber),
      ),
    ),
  });

/** Of a layer's direction; its spectrum is computed when the text gets there. */
export function layerPart(cell: CellName): Part<{ readonly layer: Layer; readonly analysed: () => LayerSpectrum }> {
  const part = record<Analysed>({
    layer: from(({ experiment }) => experiment.layers[0].layer, count),
    direction: from(({ experiment }) => experiment.layers[0].direction, direction),
    cell: constant(cell),
    norms: normsPart(cell),
    gates: gatesPart(cell),
    spectrum: spectrumPart(cell),
    log10SingleSource: told(
      'log10 ‖∂L/∂s_t‖ [T]',
      series(({ result }) => result.layers[0].log10SingleSource),
    ),
    verdict: from(({ result }) => result.positionVerdict, verdictPart),
  });
  return from(({ layer, analysed }) => ({ ...layer, ...analysed() }), part);
}
