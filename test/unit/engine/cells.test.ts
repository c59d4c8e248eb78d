// The table of cells: the one place that knows a cell by its name.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { cellNames, cellOf, cells, factsOf } from '../../../src/engine/index.js';

describe('the table of cells', () => {
  it('names every cell after itself, those of the kernels first and in their order', () => {
    for (const [name, cell] of Object.entries(cells)) assert.equal(cell.name, name);
    assert.deepEqual(cellNames.slice(0, 3), ['tanh', 'relu', 'identity']);
    assert.deepEqual(cellNames.toSorted(), Object.keys(cells).toSorted());
    const numbers = cellNames.map((name) => cellOf(name).kernel).filter((kernel) => kernel !== null);
    assert.deepEqual(numbers, [...numbers.keys()]);
  });

  it('lets a cell be replaced by those over the same weights', () => {
    for (const name of cellNames) assert.ok(factsOf(name).alternatives.includes(name));
    assert.deepEqual(factsOf('relu').alternatives.slice(0, 3), ['tanh', 'relu', 'identity']);
  });

  it('has slopes that are the derivative of the step', () => {
    for (const name of cellNames) {
      const { activation } = cellOf(name);
      if (activation === null) continue;
      for (const z of [-3.1, -1.2, -0.4, 0.3, 0.9, 2.6]) {
        const d = 1e-6;
        const slope = (activation.value(z + d) - activation.value(z - d)) / (2 * d);
        for (const given of [
          activation.slope(activation.value(z)),
          activation.exactSlope(activation.value(z), () => z),
        ])
          assert.ok(Math.abs(given - slope) < 1e-8, `${name} at ${z}: ${given} and ${slope}`);
      }
    }
  });
});

describe('a cell’s name', () => {
  it('is compared with nowhere else', () => {
    const faults: string[] = [];
    // `way === 'identity'` is an initialisation.
    const compared = new RegExp(`(?<!way )[!=]== '(${cellNames.join('|')})'|cells\\.indexOf`);
    const files = globSync(['src/**/*.ts', 'webview/**/*.ts']).filter((file) => !/kernels|engine.cells/.test(file));
    assert.ok(files.length > 200, 'the sources were found');
    for (const file of files)
      readFileSync(file, 'utf8')
        .split('\n')
        .forEach((line, i) => {
          if (compared.test(line)) faults.push(`${file}:${i + 1} ${line}`);
        });
    assert.deepEqual(faults, []);
  });
});
