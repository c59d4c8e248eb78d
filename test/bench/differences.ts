// How far the kernels' numbers in float32 are from those of the reference classes.
import { fastPass } from '../../src/engine/wasm/pass.js';
import { finish } from '../../src/engine/index.js';
import { referencePass } from '../../src/engine/network/referencePass.js';
import { relativeError } from '../unit/engine/fixtures.js';
import type { Section } from './bench.js';
import { experimentFor, loadKernels } from './contestants.js';
import { flatNorms } from '../unit/engine/build.js';

export const differences: Section = {
  name: 'differences',
  run: ({ rows, quick }, say) => {
    const kernels = loadKernels();
    if (kernels === null) return Promise.resolve();
    say('## Against the reference classes in float32\n');
    say('The largest difference of every tensor and of the norms, relative to the largest magnitude in it.\n');
    say('| | hs | dhTotal | dxs | dWx | dWh | db | norms |\n|---|---|---|---|---|---|---|---|');
    for (const row of rows.filter(({ name }) => !quick || name === 'S' || name === 'M')) {
      const experiment = experimentFor(row);
      const own = finish(fastPass(kernels, experiment));
      if (own === null) continue;
      const other = finish(referencePass(experiment));
      const [ownNorms, otherNorms] = [flatNorms(own.norms.dx, own.norms), flatNorms(other.norms.dx, other.norms)];
      const norms = (['dh', 'dx', 'dWx', 'dWh', 'db'] as const).map((name) =>
        relativeError(ownNorms[name], otherNorms[name]),
      );
      const found = [
        ...(['hs', 'dhTotal', 'dxs'] as const).map((name) => relativeError(own[name].data, other[name].data)),
        ...(['Wx', 'Wh', 'b'] as const).map((name) => relativeError(own.gradients[name], other.gradients[name])),
        Math.max(...norms),
      ];
      say(`| ${[row.name, ...found.map((value) => value.toExponential(1))].join(' | ')} |`);
    }
    return Promise.resolve();
  },
};
