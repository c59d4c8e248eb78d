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

describe('a unit of a cell', () => {
  const closingOf = (name: string) => {
    const { closing } = cellOf(cellNames.find((own) => own === name)!);
    assert.ok(closing);
    return closing;
  };

  it('is closed where its slope lets nearly nothing through, and not at the bound itself', () => {
    const closed = (name: string, ...hs: readonly number[]): boolean[] => hs.map((h) => closingOf(name).isClosed(h));
    assert.deepEqual(closed('tanh', -1, -0.9701, -0.97, 0, 0.97, 0.9701), [true, true, false, false, false, true]);
    assert.deepEqual(closed('relu', -1, 0, 5e-324, 1), [true, true, false, false]);
    assert.deepEqual(closed('sigmoid', 0, 0.0299, 0.03, 0.5, 0.97, 0.9701), [true, true, false, false, false, true]);
  });

  it('is told of by the share of those that are closed', () => {
    for (const name of ['tanh', 'sigmoid']) {
      assert.match(closingOf(name).share(0.0049, '0.5 %'), /^hardly any/);
      assert.match(closingOf(name).share(0.005, '0.5 %'), /^0\.5 % of all/);
    }
    assert.match(closingOf('relu').share(0, '0 %'), /^0 % of the units are off/);
  });

  it('has a slope that is exact where h itself has lost its digits', () => {
    const { activation } = cellOf('sigmoid');
    assert.ok(activation);
    // σ'(20) = e^−20 / (1 + e^−20)²
    const exact = Math.exp(-20) / (1 + Math.exp(-20)) ** 2;
    for (const z of [20, -20]) {
      const given = activation.exactSlope(activation.value(z), () => z);
      assert.ok(Math.abs(given / exact - 1) < 1e-14, `${z}: ${given} and ${exact}`);
    }
  });
});

describe('what is told of a cell', () => {
  it('is how its units close, whether it is h = f(z), and what its gates do', () => {
    const told = Object.fromEntries(
      cellNames.map((name) => {
        const { closing, isActivation, keeper, gateKinds } = factsOf(name);
        return [name, { closing, isActivation, keeper, gateKinds: gateKinds?.length ?? null }];
      }),
    );
    const plain = { isActivation: true, keeper: null, gateKinds: null };
    assert.deepEqual(told, {
      tanh: { ...plain, closing: 'saturated' },
      relu: { ...plain, closing: 'off' },
      identity: { ...plain, closing: null },
      sigmoid: { ...plain, closing: 'saturated' },
      lstm: { closing: null, isActivation: false, keeper: 'f', gateKinds: 4 },
      gru: { closing: null, isActivation: false, keeper: 'z', gateKinds: 3 },
    });
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
