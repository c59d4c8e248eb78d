// The table of what JavaScript and the kernels agree on, against the kernels' sources and the compiled modules.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { saturatedAbove } from '../../../src/engine/cells/closing.js';
import { cellNames, cellOf, kernelOf } from '../../../src/engine/cells/index.js';
import { dtypeKernels, otherKernels, sharedNumbers, structs } from '../../../src/engine/wasm/abi.js';
import type { Signature } from '../../../src/engine/wasm/abi.js';
import { Struct, structBytes } from '../../../src/engine/wasm/struct.js';
import { exportNames, mostTaskNumbers, perform, task } from '../../../src/engine/wasm/team.js';
import type { Exports } from '../../../src/engine/wasm/abi.js';
import { folder, parseKernels, readKernels } from './kernelSources.js';
import type { KernelSources } from './kernelSources.js';
import { kernelsOf, variants, wasmAt } from './support.js';
import { exportedFunctions } from './wasmTypes.js';

const table = 'src/engine/wasm/abi.ts';

/** Every function that a module exports, with its signature. */
const signatures = new Map<string, Signature>([
  ...Object.entries(dtypeKernels).flatMap(([name, signature]) =>
    [32, 64].map((bits) => [`${name}${bits}`, signature] as const),
  ),
  ...Object.entries(otherKernels),
]);

const written = ({ takes, returns }: { readonly takes: readonly string[]; readonly returns: string }): string =>
  `(${takes.join(', ')}): ${returns}`;

const differ = (what: string, expected: string, found: string): string[] =>
  expected === found ? [] : [`${what}: ${table} has ${expected}, the kernels have ${found}. Make both the same.`];

const missing = (what: string, inTable: readonly string[], inKernels: readonly string[]): string[] => [
  ...inTable.filter((name) => !inKernels.includes(name)).map((name) => `${what} ${name} stands only in ${table}.`),
  ...inKernels.filter((name) => !inTable.includes(name)).map((name) => `${what} ${name} stands only in ${folder}.`),
];

/** In what the kernels' sources and the table differ. */
function differences({ functions, exported, structs: classes, numbers }: KernelSources): string[] {
  const found = missing('The function', [...signatures.keys()], [...exported.keys()]);
  for (const [name, place] of exported) {
    const signature = signatures.get(name);
    const kernel = functions.get(place);
    if (signature === undefined) continue;
    if (kernel === undefined) found.push(`index.ts exports ${name}, but ${place} is no function.`);
    else found.push(...differ(`${folder}/${kernel.file}.ts, ${name}`, written(signature), written(kernel)));
  }
  // A kernel of both dtypes hands its arguments on, in order, to one that is written for any.
  for (const name of Object.keys(dtypeKernels)) {
    for (const bits of [32, 64]) {
      const kernel = functions.get(`index/${name}${bits}`);
      if (kernel === undefined) continue;
      const names = kernel.takes.map((argument) => argument.replace(/:.*/, ''));
      const generic = functions.get(kernel.calls?.callee ?? '');
      const takes = generic?.takes.map((argument) => argument.replace(/:.*/, ''));
      for (const [what, list] of [
        ['hands on', kernel.calls?.with],
        ['calls a function that takes', takes],
      ] as const)
        found.push(
          ...differ(`${folder}/index.ts, ${name}${bits} ${what}`, names.join(', '), list?.join(', ') ?? 'none'),
        );
      found.push(...differ(`${folder}/index.ts, the type of ${name}${bits}`, `f${bits}`, kernel.calls?.type ?? 'none'));
    }
  }
  found.push(...missing('The struct', Object.keys(structs), [...classes.keys()]));
  for (const [name, fields] of Object.entries(structs)) {
    const expected = Object.entries(fields).map(([field, type]) => `${field}: ${type}`);
    const here = classes.get(name);
    if (here !== undefined) found.push(...differ(`The struct ${name}`, expected.join(', '), here.join(', ')));
  }
  for (const [name, value] of Object.entries(sharedNumbers))
    found.push(...differ(`The number ${name}`, String(value), numbers.get(name)?.join(' and ') ?? 'none'));
  return found;
}

const sources = readKernels();

/** The sources after a change of one of them. */
const changed = (file: string, from: string | RegExp, to: string): KernelSources => {
  const text = sources.get(file) ?? '';
  const after = text.replace(from, to);
  assert.notEqual(after, text, `${file}.ts has no ${String(from)} any more`);
  return parseKernels(new Map([...sources, [file, after]]));
};

describe("the table of the kernels' functions, structs and numbers", () => {
  it('is what their sources say', () => {
    assert.deepEqual(differences(parseKernels(sources)), []);
  });

  for (const [what, file, from, to] of [
    ['an argument more', 'index', 'forward32(job: Job,', 'forward32(job: Job, more: i32,'],
    ['an argument less', 'index', ', place: i32): void {\n  backward<f32>', '): void {\n  backward<f32>'],
    ['another name of an argument', 'algebra', 'b: usize, H: i32', 'right: usize, H: i32'],
    ['another order of arguments', 'scaledFlow', 'steps: i32, enters: i32', 'enters: i32, steps: i32'],
    ['another type of an argument', 'gradientRows', 'E: i32', 'E: f64'],
    ['another result', 'orthogonalise', 'rank: f64, scratch: usize): i32', 'rank: f64, scratch: usize): f64'],
    ['arguments handed on in another order', 'index', 'kindOf<f64>(job, t)', 'kindOf<f64>(t, job)'],
    ['a kernel of one dtype that calls the other', 'index', 'formEnd<f64>', 'formEnd<f32>'],
    ['a generic kernel in another order', 'panel', 'from: usize, N: i32, K: i32', 'from: usize, K: i32, N: i32'],
    ['a function more', 'index', 'export function clear(', 'export function more(): void {}\nexport function clear('],
    ['a function less', 'index', 'flowInputs, ', ''],
    ['a field more', 'job', '  places: i32;', '  places: i32;\n  more: i32;'],
    ['a field less', 'norms', '  hPanel: usize;\n', ''],
    ['another name of a field', 'scaledFlow', '  aligned: usize;', '  level: usize;'],
    ['another order of fields', 'job', '  T: i32;\n  I: i32;', '  I: i32;\n  T: i32;'],
    ['another type of a field', 'job', '  dWh: usize;', '  dWh: i64;'],
    ['a struct more', 'job', '@unmanaged', '@unmanaged\nexport class More {}\n@unmanaged'],
    ['another number', 'scaledFlow', 'ROWSTATS: usize = 32', 'ROWSTATS: usize = 40'],
    ['a number with two values', 'panel', '/** The way back', 'const PARTIAL = 12;\n/** The way back'],
  ] as const) {
    it(`differs where the sources have ${what}`, () => {
      const found = differences(changed(file, from, to));
      assert.notDeepEqual(found, []);
    });
  }

  it('has the numbers of the cells, and the |h| above which tanh is saturated, as the cells have them', () => {
    const { numbers } = parseKernels(sources);
    for (const cell of cellNames) {
      const { kernel, gated } = cellOf(cell);
      const number = kernel ?? gated?.kernel ?? null;
      if (number !== null) assert.deepEqual(numbers.get(cell.toUpperCase()), [number], cell);
    }
    assert.deepEqual(numbers.get('SATURATED'), [saturatedAbove]);
  });
});

describe('the compiled kernels', () => {
  const wasmType = (type: string): string => (type === 'f64' ? 'f64' : 'i32');
  for (const variant of ['relaxed', 'simd'] as const) {
    it(`with ${variant} instructions export what the table has, with arguments and results of these types`, () => {
      const found = exportedFunctions(readFileSync(wasmAt(variant)));
      const expected = [...signatures].map(([name, { takes, returns }]) => [
        name,
        {
          takes: takes.map((argument) => wasmType(argument.replace(/.*: /, ''))),
          returns: returns === 'void' ? [] : [wasmType(returns)],
        },
      ]);
      assert.deepEqual(Object.fromEntries(found), Object.fromEntries(expected));
    });
  }
});

describe('a struct', () => {
  it('is written field by field in the order of the table, whatever the order of the values', () => {
    const buffer = new ArrayBuffer(256);
    const job = new Struct('NormJob', buffer, 64);
    const values = { kind: 13, scratchBytes: 12, scratch: 11, partials: 10, dPanel: 9, d: 8, hPanel: 7, h: 6 };
    job.write({ ...values, xPanel: 5, x: 4, H: 3, I: 2, B: 1, ...{ beside: 99 } });
    const expected = Array.from({ length: 13 }, (_, i) => i + 1);
    assert.deepEqual([...new Int32Array(buffer, 64, 13)], expected);
    assert.equal(new Int32Array(buffer)[16 + 13], 0);
    assert.equal(structBytes('NormJob'), 13 * 4);
    job.set('hPanel', -7);
    assert.equal(job.get('hPanel'), -7);
    assert.deepEqual(
      [...new Int32Array(buffer, 64, 13)],
      expected.map((value) => (value === 7 ? -7 : value)),
    );
  });

  it('is read by the kernels as it was written', () => {
    for (const variant of variants) {
      const kernels = kernelsOf(variant);
      // Two sequences of one step, one unit, no input: h = 3·h + 2, rows of 8 float64 each.
      const [row, B] = [64, 2];
      const addresses = kernels.layOut([structBytes('Job'), row, row, 2 * B * row]);
      assert.ok(addresses !== null);
      const [at = 0, forwardWeights = 0, bias = 0, hs = 0] = addresses;
      const { buffer } = kernels.memory;
      const fields = Object.fromEntries(Object.keys(structs.Job).map((field) => [field, 0]));
      const rest = fields as Record<keyof typeof structs.Job, number>;
      const cell = kernelOf('identity');
      new Struct('Job', buffer, at).write({ ...rest, cell, B, T: 1, H: 1, forwardWeights, bias, hs });
      new Float64Array(buffer, forwardWeights, 8)[0] = 3;
      new Float64Array(buffer, bias, 8)[0] = 2;
      const states = new Float64Array(buffer, hs, 2 * B * 8);
      [states[0], states[8]] = [7, -1];
      perform(kernels.exports, task('forward', 'float64', at, 0, 1, 0, B));
      assert.deepEqual([states[16], states[24]], [23, -1]);
    }
  });
});

describe('a task', () => {
  it('calls the kernel that it was made for, with its arguments', () => {
    const calls: [name: string, ...args: number[]][] = [];
    const exports = Object.fromEntries(
      exportNames.map((name) => [name, (...args: number[]): void => void calls.push([name, ...args])]),
    ) as unknown as Exports;
    perform(exports, task('backward', 'float32', 1, 2, 3, 4, 5, 6));
    perform(exports, task('gramRows', 'float64', 1, 2, 3, 4, 5));
    for (const dtype of ['float32', 'float64'] as const) perform(exports, task('flowInputs', dtype, 1, 2, 3));
    assert.deepEqual(calls, [
      ['backward32', 1, 2, 3, 4, 5, 6],
      ['gramRows64', 1, 2, 3, 4, 5],
      ['flowInputs', 1, 2, 3],
      ['flowInputs', 1, 2, 3],
    ]);
  });

  it('has room for every kernel', () => {
    assert.equal(mostTaskNumbers, 1 + Math.max(...[...signatures.values()].map(({ takes }) => takes.length)));
  });

  it('that no kernel answers to is an error with its number', () => {
    assert.throws(
      () => {
        perform({} as Exports, [exportNames.length]);
      },
      new RegExp(`no kernel ${exportNames.length}`),
    );
  });
});
