// The face of the engine: what the other rooms use.
export * from './core/dtypes.js';
export type { Resumable } from './core/resumable.js';
export { cellNames, cellOf, cells, defaultCell, factsOf } from './cells/index.js';
export type { CellFacts, CellName } from './cells/index.js';
export { mapParameters, mapStates } from './cells/cell.js';
export type { ByParameter, ByState, Cell, OpenedNode, ParameterSpec } from './cells/cell.js';
export * from './network/experiment.js';
export * from './network/result.js';
export * from './run/result.js';
export { defaultBounds } from './verdict/evidence.js';
export type { VerdictBounds } from './verdict/evidence.js';
export { pathMeans } from './verdict/pathMeans.js';
export { pathWords } from './verdict/reason.js';
export { leadsThere } from './verdict/verdict.js';
export type { NextStep, RateSegment, Verdict, VerdictKind } from './verdict/verdict.js';
export { bestFactorPerStep, onStepsOfRun } from './analysis/spectrum.js';
export type { Spectrum } from './analysis/spectrum.js';
export type { Matrix, Sequence } from './core/tensor.js';
export { Rnn } from './network/rnn.js';
export type { BackwardOptions, BackwardVisit } from './network/rnn.js';
export { RnnUnit } from './network/rnnUnit.js';
export { LstmCell } from './network/lstmCell.js';
export type { GateWeights, LstmGradients, LstmWeights } from './network/lstmCell.js';
export { GruCell } from './network/gruCell.js';
export type { GruGateWeights, GruGradients, GruWeights } from './network/gruCell.js';
export type { Gradients, Parameters } from './network/rnnUnit.js';
export { log10Of2 } from './core/norm.js';
export { isOutOfMemory } from './core/outOfMemory.js';
export { finish } from './core/resumable.js';
export { instantiate, Kernels, supportedVariants } from './wasm/instance.js';
export type { Elsewhere, Job, KernelBytes, Task, Team, Variant } from './wasm/instance.js';
export { mostTaskNumbers, perform } from './wasm/team.js';
export {
  elementwiseMemoryOf,
  gatedMemoryOf,
  gatedPieceMemoryOf,
  memoryOf,
  plainMemoryOf,
} from './run/memoryEstimate.js';
export { kernelsFor } from './run/kernelsFor.js';
export type { RunMemory } from './run/memoryEstimate.js';
export { runResumably, runWithin } from './run/run.js';
export { doTask } from './run/layerTasks.js';
export type { LayerTask } from './run/layerTasks.js';
export { nextStepOf } from './run/nextSteps.js';
export { directionsOf } from './network/layers.js';
export { stateWidth } from './network/cellRows.js';
export { asNetworkRun, inPositions, isOneVanillaLayer, runNetwork } from './run/networkRun.js';
export { runExperiment } from './run/experimentRun.js';
export { checkGradients, errorBounds } from './run/gradientCheck.js';
export type { CheckedTensor, GradientCheck } from './run/gradientCheck.js';
export type { AnyNetworkRun, NetworkLayer, NetworkRun } from './run/networkRun.js';
export { gateBlocks, gateEigenvalues } from './analysis/gateBlocks.js';
export type { BlockMeasures, GateEigenvalues } from './analysis/gateBlocks.js';
export type { NetworkLoss } from './network/networkLoss.js';
export type { NetworkVerdict } from './verdict/networkVerdict.js';
export { pyTorchGradients, pyTorchNamesOf, pyTorchNorms, pyTorchSuffix } from './network/pyTorchParameters.js';
export { dropSpare } from './core/bufferPool.js';
export { growingSpectrum, leadingSpectrum, spectrumOf, spectrumResumably, tellsLargest } from './run/spectrum.js';
export { Workspaces } from './wasm/workspaces.js';
export { initialise, initialisations } from './network/initialise.js';
export type { Initialisation } from './network/initialise.js';
export { measureInputs, measureMatrix, measureNumbers, zeroLines } from './analysis/matrixFacts.js';
export type { InputFacts, MatrixFacts, NumberFacts } from './analysis/matrixFacts.js';
export { runChunks } from './network/chunks.js';
export { presenceIn } from './network/runChunk.js';
export { attribute } from './run/attribution.js';
export { attributeNetwork } from './run/networkAttribution.js';
export type { Attribution, LayerArrival } from './analysis/attribution.js';
export { jacobianSeries } from './run/jacobians.js';
export type { JacobianSeries } from './analysis/jacobians.js';
export { openStep } from './analysis/openedStep.js';
export { preActivations } from './run/preActivations.js';
export type { PreActivations } from './analysis/preActivations.js';
export type { OpenedStep } from './analysis/openedStep.js';
export { gateValues } from './analysis/gateValues.js';
export type { GatesOfSequence, GateValues } from './analysis/gateValues.js';
export { openGates } from './analysis/openedGates.js';
export type { OpenedEdge, OpenedGates } from './analysis/openedGates.js';
export { stateGradients } from './run/stateGradients.js';
export type { StateGradients } from './analysis/stateGradients.js';
export { reachOf } from './run/gradientReach.js';
export type { Reach, ReachBlock } from './analysis/gradientReach.js';
export { asItIs, changesWeights, chosenLayers, starts, whatIfObstacle, withoutLast } from './network/whatIf.js';
export type { Measure, Start, WhatIf } from './network/whatIf.js';
export { changed } from './network/changedExperiment.js';
export { biasChanges, changedLayer, gatesAnew, measureRecurrent, recurrentOf } from './network/whatIfLayer.js';
export type {
  ChangedLayer,
  GatesAnew,
  LayerToChange,
  LayerWithGates,
  Recurrent,
  WhMeasures,
} from './network/whatIfLayer.js';
export { Random } from './core/random.js';
