// The states that a network begins with.
import { t } from '@vscode/l10n';
import { cellOf, defaultCell } from '../../engine/index.js';
import type { ByState, DType } from '../../engine/index.js';
import { counted, describeNode, isArray, quote } from '../json/node.js';
import type { Report } from '../problems/problemReport.js';
import { describeParts, onlyTensor } from './fileParts.js';
import { fits } from './fits.js';
import { reportOlder, toldOf, underItsKeys } from './keyNames.js';
import type { KnownSizes } from './knownSizes.js';
import { readTensor } from './readTensor.js';
import { stateKeys } from './schema.js';
import type { Sources } from './sourceFiles.js';
import { validateObject } from './validateObject.js';
import type { KeyTable } from './keySpec.js';
import type { Value } from '../json/jsonValue.js';

/** The states of one layer and direction by their names, [B,H] each; null for zeros. */
export type InitialStates = ByState<Float64Array | null>;

/** Of each layer and direction. A bare list is h; an object names the states. */
export async function readStates(
  value: Value | undefined,
  sizes: KnownSizes,
  dtype: DType,
  sources: Sources,
  report: Report,
): Promise<InitialStates[]> {
  const { states } = cellOf(sizes.cell ?? defaultCell);
  const read = new Map<string, readonly (Float64Array | null)[]>();
  const followed = value === undefined ? null : await sources.follow(value);
  const { own, told } =
    followed === null ? { own: null, told: new Set<string>() } : underOurNames(followed, states, report);
  // An archive whose only array is h or c names it.
  const isNamed = own?.entries().some(([name]) => Object.hasOwn(stateKeys(), name)) === true;
  const root = own === null || isNamed ? own : onlyTensor(own);
  if (root?.node.kind === 'object') {
    if (!isNamed && root.document.binary !== null) {
      report.error(root, {
        code: 'missing-key',
        message: t('The file names no initial state.'),
        expected: states.map((name) => quote(name)).join(', '),
        found: describeParts(root),
        advice: t('Name each of them: {0}.', `"initialState": { ${states.map(partNamed).join(', ')} }`),
      });
      return sizes.widths.map(() => ({ h: null }));
    }
    for (const [name, entry] of validateObject(withoutOthers(root, states), keysOf(states), [], report, told)) {
      const own = await sources.follow(entry);
      if (own !== null) read.set(name, readLayers(own, `initialState.${name}`, sizes, dtype, report));
    }
  } else if (root !== null) {
    read.set('h', readLayers(root, 'initialState', sizes, dtype, report));
  }
  return sizes.widths.map((_, i) => {
    const of = (name: string): Float64Array | null => read.get(name)?.[i] ?? null;
    return { ...Object.fromEntries(states.map((name) => [name, of(name)])), h: of('h') };
  });
}

const partNamed = (name: string): string => `"${name}": { "file": …, "name": … }`;

/** PyTorch's names, and the places in what `torch.save((h, c), file)` and `numpy.savez(file, h, c)` write. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  h: ['h0', 'h_0', 'h_n', 'hn', 'hx', '0', 'arr_0'],
  c: ['c0', 'c_0', 'c_n', 'cn', 'cx', '1', 'arr_1'],
};

/** The keys of these states. */
const keysOf = (states: readonly string[]): KeyTable =>
  Object.fromEntries(Object.entries(stateKeys()).filter(([name]) => states.includes(name)));

/** The states under our names. `told`: names that are ignored, which was said. */
function underOurNames(
  root: Value,
  states: readonly string[],
  report: Report,
): { readonly own: Value; readonly told: ReadonlySet<string> } {
  if (root.document.binary !== null || root.node.kind !== 'object') return { own: ownNames(root), told: new Set() };
  const { config, older } = underItsKeys(root, keysOf(states));
  reportOlder(older, report);
  return { own: config, told: toldOf(older) };
}

/** The states of a file of tensors under our names; one that stands there under both keeps the other. */
function ownNames(root: Value): Value {
  if (root.document.binary === null || root.node.kind !== 'object') return root;
  const renamed = new Map(
    Object.entries(otherNames).flatMap(([name, others]) => {
      const other = root.get(name) === null ? others.find((one) => root.get(one) !== null) : undefined;
      return other === undefined ? [] : [[other, name] as const];
    }),
  );
  return root.renamed((key) => renamed.get(key) ?? key);
}

/** Of a file of tensors that names all states, what lies beside them is meant for something else. */
const withoutOthers = (root: Value, states: readonly string[]): Value =>
  root.document.binary !== null && states.every((name) => root.get(name) !== null)
    ? root.select(root.entries().filter(([name]) => Object.hasOwn(stateKeys(), name)))
    : root;

/** [L·D][B][H], or [B][H] for one layer in one direction. Nothing after a report. */
function readLayers(
  root: Value,
  label: string,
  sizes: KnownSizes,
  dtype: DType,
  report: Report,
): readonly (Float64Array | null)[] {
  const { B, widths } = sizes;
  const advice = t('Write one list of H numbers per sequence.');
  const axes = ['lists', 'sequences', 'numbers'] as const;
  const [H = null] = widths;
  if (widths.length <= 1) {
    const ranks = B === null || B === 1 ? [2, 3, 1] : [2, 3];
    const tensor = readTensor(root, { label, ranks, form: '[B][H]', axes, advice, dtype }, report);
    if (tensor === null) return [];
    const rank3 = tensor.shape.length === 3;
    const fit = rank3
      ? fits(tensor, [1, B, H], '[1][B][H]', label, report)
      : fits(tensor, [B, H], '[B][H]', label, report);
    return fit ? [tensor.data] : [];
  }
  const form = '[L·D][B][H]';
  if (widths.every((width) => width === H)) {
    const layers = t(
      'Write one block [B][H] for each layer and direction: layer 0 forward, layer 0 reverse, layer 1 …',
    );
    const tensor = readTensor(root, { label, ranks: [3], form, axes, advice: layers, dtype }, report);
    if (tensor === null || !fits(tensor, [widths.length, B, H], form, label, report)) return [];
    const size = tensor.data.length / widths.length;
    return widths.map((_, i) => tensor.data.subarray(i * size, (i + 1) * size));
  }
  return readUneven(root, label, form, sizes, dtype, report);
}

/** Layers of different widths: a list for each, of its own width. */
function readUneven(
  root: Value,
  label: string,
  form: string,
  { B, widths }: KnownSizes,
  dtype: DType,
  report: Report,
): readonly (Float64Array | null)[] {
  const { node } = root;
  if (node.kind !== 'array' || node.items.length !== widths.length || !node.items.every(isArray)) {
    report.error(root.itself(), {
      code: 'wrong-dimension',
      message: t('{0} does not hold one list for each layer and direction.', label),
      expected: `${form}: ${counted(widths.length, 'lists')}`,
      found: describeNode(node),
      advice: t('The layers have {0} units: write a list [B][H] for each, of its own width.', widths.join(', ')),
    });
    return [];
  }
  return widths.map((H, i) => {
    const name = `${label}[${i}]`;
    const advice = t('Write one list of H numbers per sequence.');
    const spec = { label: name, ranks: [2], form: '[B][H]', axes: ['sequences', 'numbers'] as const, advice, dtype };
    const tensor = readTensor(root.item(i), spec, report);
    return tensor !== null && fits(tensor, [B, H], '[B][H]', name, report) ? tensor.data : null;
  });
}
