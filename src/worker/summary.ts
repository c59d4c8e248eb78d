// What is told about a run at once.
import type { AnyRun, Experiment } from '../engine/index.js';
import type { RunSummary } from '../protocol/messages.js';

/** log10 of the smallest positive and the largest number. */
const dtypeRanges = {
  float32: { log10Smallest: Math.log10(2 ** -149), log10Largest: Math.log10((2 - 2 ** -23) * 2 ** 127) },
  float64: { log10Smallest: Math.log10(Number.MIN_VALUE), log10Largest: Math.log10(Number.MAX_VALUE) },
} as const;

const describeUpstream = ({ loss, upstream }: Experiment): string => (loss === null ? upstream.kind : `${loss.kind} at ${loss.at}`);

export function summarise(runId: number, experiment: Experiment, result: AnyRun, elapsedMs: number): RunSummary {
  const { name, cell, dtype, truncate, clipNorm } = experiment;
  return {
    runId, name, cell, dtype, truncate, clipNorm, elapsedMs,
    shapes: result.shapes,
    chunkStarts: result.chunkStarts,
    upstream: describeUpstream(experiment),
    verdict: result.verdict,
    log10: { ...result.log10Norms, singleSource: result.log10SingleSource },
    hNorm: result.hNorm,
    saturation: result.saturation,
    lossValue: result.lossValue,
    clipFactor: result.clipFactor,
    dtypeRange: dtypeRanges[dtype],
  };
}
