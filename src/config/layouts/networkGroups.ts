// Which groups of weights are one network, and in which order its layers stand.
import { compareCounted } from '../formats/countedNames.js';
import type { Value } from '../json/jsonValue.js';
import type { Group } from './weightLayouts.js';

/**
 * The groups of one network from the input up, `forward` before `reverse`; or, where there is more than one network,
 * the first group that belongs to another.
 */
export type NetworkGroups =
  { readonly kind: 'network'; readonly groups: readonly Group[] } | { readonly kind: 'several'; readonly other: Group };

/**
 * PyTorch numbers its layers. Keras and ONNX give each layer a prefix of its own: such layers are a stack where each
 * takes as many inputs as the one before gives, in the order of the file; of a file that has sorted its names in that
 * of their numbers.
 */
export function networkGroups(groups: readonly [Group, ...Group[]]): NetworkGroups {
  const [first] = groups;
  const { framework } = first.layout;
  const other = groups.find(({ layout, prefix }) => layout.framework !== framework || prefix !== first.prefix);
  if (other === undefined) return { kind: 'network', groups };
  const stack = groups.some(({ layout }) => layout.framework !== framework)
    ? null
    : framework === 'Keras'
      ? kerasStack(groups)
      : framework === 'ONNX'
        ? onnxStack(groups)
        : null;
  return stack === null ? { kind: 'several', other } : { kind: 'network', groups: stack };
}

/** `bidirectional/forward_lstm/lstm_cell` → `bidirectional/lstm/lstm_cell`, forward. */
function kerasPlace(prefix: string): { readonly layer: string; readonly direction: Group['direction'] } {
  const direction = /(?:^|[/.])backward_/.test(prefix) ? 'reverse' : 'forward';
  return { layer: prefix.replace(/(^|[/.])(?:forward|backward)_/g, '$1'), direction };
}

/** What each network of a file is called: the beginning of its names, and a Bidirectional layer as that layer. */
export function networkNames(groups: readonly Group[]): ReadonlyMap<Group, string> {
  const wrapped = new Map<string, Group[]>();
  const wrapperOf = ({ layout, prefix }: Group): string | null =>
    layout.framework === 'Keras' ? (/^(.*?)[/.](?:forward|backward)_/.exec(prefix)?.[1] ?? null) : null;
  for (const group of groups) {
    const wrapper = wrapperOf(group);
    if (wrapper !== null) wrapped.set(wrapper, [...(wrapped.get(wrapper) ?? []), group]);
  }
  return new Map(
    groups.map((group) => {
      const wrapper = wrapperOf(group);
      const own = wrapper === null ? [] : wrapped.get(wrapper)!.map(({ prefix }) => kerasPlace(prefix).direction);
      return [group, own.length === 2 && new Set(own).size === 2 ? wrapper! : group.prefix];
    }),
  );
}

function kerasStack(groups: readonly Group[]): Group[] | null {
  const layers = new Map<string, Group[]>();
  for (const group of groups) {
    const { layer, direction } = kerasPlace(group.prefix);
    const its = layers.get(layer) ?? [];
    if (its.some((one) => one.direction === direction)) return null;
    layers.set(layer, [...its, { ...group, direction }]);
  }
  const ordered = inOrder([...layers.keys()]).map((name, layer) =>
    layers
      .get(name)!
      .map((group) => ({ ...group, layer }))
      .sort((a, b) => Number(a.direction === 'reverse') - Number(b.direction === 'reverse')),
  );
  const size = (value: Value | null): number | undefined => shapeOf(value)?.[0];
  const fits = ordered.every((its, layer) => {
    const below = ordered[layer - 1];
    if (below === undefined) return true;
    const outputs = below.reduce((sum, { recurrent }) => sum + (size(recurrent) ?? Number.NaN), 0);
    return its.every(({ input }) => size(input) === outputs);
  });
  return fits ? ordered.flat() : null;
}

/** By letters `lstm_10` stands before `lstm_2`: a file that has sorted its names does not tell the order of layers. */
const inOrder = (paths: readonly string[]): readonly string[] =>
  paths.every((path, i) => i === 0 || paths[i - 1]! < path) ? paths.toSorted(comparePaths) : paths;

function comparePaths(a: string, b: string): number {
  const [own, other] = [a.split(/[/.]/), b.split(/[/.]/)];
  const longer = own.length > other.length ? own : other;
  const at = longer.findIndex((_, i) => own[i] !== other[i]);
  // What stands below a layer comes behind it.
  const part = (path: readonly string[]): string => path[at] ?? '';
  return compareCounted(part(own), part(other));
}

function onnxStack(groups: readonly Group[]): Group[] | null {
  const fits = groups.every(({ input }, layer) => {
    const below = groups[layer - 1];
    if (below === undefined) return true;
    const [directions = Number.NaN, , H = Number.NaN] = shapeOf(below.recurrent) ?? [];
    return shapeOf(input)?.[2] === directions * H;
  });
  return fits ? groups.map((group, layer) => ({ ...group, layer })) : null;
}

const shapeOf = (value: Value | null): readonly number[] | null =>
  value?.node.kind === 'tensor' ? value.node.shape : null;
