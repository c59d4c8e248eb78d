import assert from 'node:assert/strict';
import { asLayer } from '../../src/engine/network/experiment.js';
import type { Experiment, LayerExperiment } from '../../src/engine/network/experiment.js';

/** `asLayer` where the experiment of a test can be nothing else. */
export function oneLayer(experiment: Experiment): LayerExperiment {
  const layer = asLayer(experiment);
  assert.ok(layer !== null, 'This experiment is more than one layer in one direction.');
  return layer;
}
