// What of a file is meant: a network or a tensor by its name, where a file holds several.
import { t } from '@vscode/l10n';
import { describeShape } from '../json/node.js';
import type { JsonNode } from '../json/node.js';
import { cut } from '../json/problem.js';
import type { Value } from '../json/jsonValue.js';
import type { Group, Named } from '../layouts/weightLayouts.js';
import { networkNames } from '../layouts/networkGroups.js';
import { withoutLayers } from '../layouts/readoutNames.js';
import { weightNames } from '../layouts/weightNames.js';

/** `{ "file": …, "name": … }` in the place of a path; of a table or a text with more keys. */
export type FilePart = { readonly file: Value; readonly name: string | null };

/** Null for every other value: weights that stand in a config have other keys. */
export function filePart(value: Value): FilePart | null {
  if (value.node.kind !== 'object') return null;
  const [file, name] = [value.get('file'), value.get('name')];
  if (file?.node.kind !== 'string') return null;
  return { file, name: name?.node.kind === 'string' ? name.node.value : null };
}

/** The last parts of a name are enough where only one has them. */
const isNamed = (full: string, name: string): boolean => full === name || full.endsWith(`.${name}`);
/** Keras and nested objects have slashes between the parts of a name. */
const dotted = (name: string): string => name.replaceAll('/', '.');

export const fullName = ({ prefix, name }: Named): string => (prefix === '' ? name : `${prefix}.${name}`);

/** The network, the tensor or the other tensors of that name; null where there is none, or more than one. */
export function partOf(root: Value, name: string): Value | null {
  const whole = root.get(name);
  if (whole !== null) return whole;
  const { named, groups } = weightNames(root);
  const wanted = dotted(name);
  const called = networkNames(groups);
  for (const nameOf of [({ prefix }: Group) => prefix, (group: Group) => called.get(group)!]) {
    const names = groups.map(nameOf);
    const network =
      only(names.filter((one) => dotted(one) === wanted)) ?? only(names.filter((one) => isNamed(dotted(one), wanted)));
    if (network === null) continue;
    // What is no recurrent layer stays: a readout has another prefix.
    const others = new Set(groups.filter((group) => nameOf(group) !== network).flatMap(valuesOf));
    return root.select(
      named.filter(({ value }) => !others.has(value)).map((one) => [fullName(one), one.value] as const),
    );
  }
  const single = only(named.map(fullName).filter((full) => isNamed(dotted(full), wanted)));
  if (single !== null) return named.findLast((one) => fullName(one) === single)!.value;
  const prefix = only(named.map((one) => one.prefix).filter((one) => isNamed(dotted(one), wanted)));
  if (prefix !== null)
    return root.select(named.filter((one) => one.prefix === prefix).map((one) => [one.name, one.value] as const));
  // A module that holds others, as nn.Sequential does: all that stands below it.
  const below = named.filter((one) => dotted(one.prefix).startsWith(`${wanted}.`));
  return below.length === 0 ? null : root.select(below.map((one) => [fullName(one), one.value] as const));
}

const valuesOf = ({ input, recurrent, biases }: Group): (Value | null)[] => [input, recurrent, ...biases];

function only(names: readonly string[]): string | null {
  const [first, ...others] = new Set(names);
  return first === undefined || others.length > 0 ? null : first;
}

/** Names of networks with what they are, and of a file without any those of its tensors. */
export function describeParts(root: Value): string {
  const { named, groups } = weightNames(root);
  return groups.length > 0 ? describeNetworks(groups).join('; ') : describeTensors(named);
}

/** Networks, and the tensors that belong to none. */
export function describeNames(root: Value): string {
  const { named, groups } = weightNames(root);
  const beside = describeTensors(withoutLayers({ named, groups }));
  return [...describeNetworks(groups), ...(beside === '' ? [] : [beside])].join('; ');
}

/** `fc.weight [2, 3]; fc.bias [2]`, the first of them. */
export const describeTensors = (named: readonly Named[]): string =>
  named
    .slice(0, mostTold)
    .map((one) => `${fullName(one)} ${shapeOf(one.value.node)}`)
    .join('; ') + (named.length > mostTold ? '; …' : '');

/** The arrays of a file that belong to none of its networks, by the names under which `partOf` finds them. */
export const arraysOf = (root: Value): { readonly named: Named; readonly name: string; readonly rank: number }[] =>
  withoutLayers(weightNames(root)).flatMap((named) => {
    const { node } = named.value;
    return node.kind === 'tensor' ? [{ named, name: fullName(named), rank: node.shape.length }] : [];
  });

const mostTold = 6;
const shapeOf = (node: JsonNode | undefined): string => (node?.kind === 'tensor' ? describeShape(node.shape) : '');

/** `encoder.rnn: LSTM [20, 5], 2 layers`, each network once. */
export function describeNetworks(groups: readonly Group[], most = mostTold): string[] {
  const networks = new Map<string, [Group, ...Group[]]>();
  const called = networkNames(groups);
  for (const group of groups) {
    const key = `${group.layout.framework}\n${called.get(group)!}`;
    const own = networks.get(key);
    if (own === undefined) networks.set(key, [group]);
    else own.push(group);
  }
  return [...networks.values()].slice(0, most).map((own) => {
    const [first] = own;
    const cell = cellOf(first);
    const layers = new Set(own.map(({ layer }) => layer)).size;
    const prefix = called.get(first)!;
    // The only one of a file needs no name.
    const name = prefix !== '' ? `${cut(prefix, 60)}: ` : networks.size > 1 ? '"": ' : '';
    const shape = shapeOf(first.recurrent?.node ?? first.input?.node);
    const told = name + (layers === 1 ? `${cell} ${shape}` : t('{0} {1}, {2} layers', cell, shape, layers));
    return hasTwoDirections(own) ? `${told}, ${t('two directions')}` : told;
  });
}

/** Whether layers with names of their own are one network: those of Keras and ONNX. */
export const isNamedStack = (groups: readonly Group[]): boolean =>
  groups.some(({ layer, prefix }) => layer > 0 && prefix !== groups[0]!.prefix);

/** Such a network, its layers from the input up: `lstm, lstm_1: LSTM [5, 20], 2 layers`. */
export function describeStack(groups: readonly Group[]): string {
  const called = networkNames(groups);
  const distinct = (texts: readonly string[]): string => [...new Set(texts)].join(', ');
  const recurrent = groups.map((group) => group.recurrent?.node);
  const name = cut(distinct(groups.map((group) => called.get(group)!)), 60);
  const layers = new Set(groups.map(({ layer }) => layer)).size;
  const told = `${name}: ${t('{0} {1}, {2} layers', cellOf(groups[0]!), distinct(recurrent.map(shapeOf)), layers)}`;
  return groups.some(({ direction }) => direction === 'reverse') ? `${told}, ${t('two directions')}` : told;
}

const hasTwoDirections = (own: readonly Group[]): boolean =>
  own.some(({ prefix, direction }) => direction === 'reverse' || prefix !== own[0]!.prefix);

/** By how many blocks of H stand side by side. */
function cellOf(group: Group): string {
  const node = group.recurrent?.node;
  if (node?.kind !== 'tensor') return t('recurrent layer');
  const [rows, columns] = [node.shape.at(-2)!, node.shape.at(-1)!];
  const gates = group.layout.transposed ? rows / columns : columns / rows;
  return gates === 4 ? 'LSTM' : gates === 3 ? 'GRU' : gates === 1 ? 'RNN' : t('recurrent layer');
}

/** The only tensor of a file, where one block of numbers is wanted; every other value as it is. */
export function onlyTensor(root: Value): Value {
  const [first, ...others] = root.document.binary === null ? [] : root.entries();
  return first !== undefined && others.length === 0 && root.path === '' ? first[1] : root;
}

/** An archive with one array for each sequence is a list of them. */
export function asSequences(root: Value): Value {
  const single = onlyTensor(root);
  if (single !== root || root.document.binary === null || root.node.kind !== 'object') return single;
  const isSequence = ({ node }: Value): boolean => node.kind === 'tensor' && node.shape.length === 2;
  return root.entries().every(([, value]) => isSequence(value)) && weightNames(root).groups.length === 0
    ? root.asList()
    : root;
}
