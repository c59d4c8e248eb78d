import type { SliceRequests } from '../../protocol/index.js';

type Ask = <K extends keyof SliceRequests>(
  name: K,
  params: SliceRequests[K]['params'],
) => Promise<SliceRequests[K]['result']>;
type Handlers = {
  [K in keyof SliceRequests]: (params: SliceRequests[K]['params']) => Promise<SliceRequests[K]['result']>;
};

/** What the page may ask about a run, passed on to whoever holds the run. */
export const relaySlices = (ask: Ask): Handlers => ({
  whatIf: (params) => ask('whatIf', params),
  advice: (params) => ask('advice', params),
  heatmap: (params) => ask('heatmap', params),
  unitLines: (params) => ask('unitLines', params),
  sequenceLines: (params) => ask('sequenceLines', params),
  step: (params) => ask('step', params),
  steps: (params) => ask('steps', params),
  series: (params) => ask('series', params),
  jacobians: (params) => ask('jacobians', params),
  attribution: (params) => ask('attribution', params),
  attributionRow: (params) => ask('attributionRow', params),
  attributionRows: (params) => ask('attributionRows', params),
  gateEigenvalues: (params) => ask('gateEigenvalues', params),
  reach: (params) => ask('reach', params),
  exponents: (params) => ask('exponents', params),
  weights: (params) => ask('weights', params),
  weightCells: (params) => ask('weightCells', params),
  openedStep: (params) => ask('openedStep', params),
  gates: (params) => ask('gates', params),
  networkMap: (params) => ask('networkMap', params),
  gateSeries: (params) => ask('gateSeries', params),
  kept: (params) => ask('kept', params),
  activations: (params) => ask('activations', params),
  band: (params) => ask('band', params),
});
