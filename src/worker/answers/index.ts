// The face of this room: what other rooms use.
export { Analyses } from './analyses.js';
export { levelBins } from './seriesDownsampling.js';
export { relaySlices } from './sliceRelay.js';
export { summariseNetwork } from './summary.js';
export { ended, WhatIfs } from './whatIfRuns.js';
