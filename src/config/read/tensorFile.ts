// A file of tensors for whoever looks into it: every tensor by its name, and the networks that the names make.
import { t } from '@vscode/l10n';
import { describeNode } from '../json/node.js';
import type { TensorNode } from '../json/node.js';
import type { Problem } from '../json/problem.js';
import type { Tick } from '../json/scanner.js';
import { weightNames } from '../layouts/weightNames.js';
import { Report } from '../problems/problemReport.js';
import type { Files } from './fileAccess.js';
import { fullName } from './fileParts.js';
import { OpenFiles } from './openFiles.js';
import { refusedIn } from './refusals.js';
import { Sources } from './sourceFiles.js';
import { networksIn } from './survey.js';
import type { FoundNetwork } from './survey.js';

/** `told`: what stands there instead of a tensor, or why it is not read. */
export type NamedTensor = { readonly name: string } & (
  { readonly node: TensorNode; readonly told: null } | { readonly node: null; readonly told: string }
);

/** `prefix`: what the names of its tensors begin with. */
export type NamedNetwork = { readonly network: FoundNetwork; readonly prefix: string };

export type TensorFile = {
  /** Such as "a safetensors file". */
  readonly format: string;
  readonly tensors: readonly NamedTensor[];
  readonly networks: readonly NamedNetwork[];
  /** Why no run takes one of them, as far as that is known without reading its numbers. */
  readonly refused: readonly string[];
  /** Files beside it that hold a part of it. */
  readonly files: readonly string[];
};

/** Null where nothing of the file can be read, which the problems say. */
export async function openTensorFile(
  id: string,
  files: Files,
  tick: Tick,
): Promise<{ readonly file: TensorFile | null; readonly problems: readonly Problem[] }> {
  const report = new Report();
  const sources = new Sources(new OpenFiles(files, { tick }), report);
  const root = await sources.open(id);
  const problems = report.sorted(sources.ids);
  if (root === null) return { file: null, problems };
  const isOne = root.node.kind !== 'object';
  const { named, groups } = isOne ? { named: [], groups: [] } : weightNames(root);
  const values = isOne ? [{ name: '', value: root }] : named.map((one) => ({ name: fullName(one), value: one.value }));
  const tensors = values.flatMap(({ name, value: { node } }): NamedTensor[] => {
    if (node.kind === 'tensor') return [{ name, node, told: null }];
    if (node.kind === 'unreadable') return [{ name, node: null, told: node.finding.message }];
    // What Keras and ONNX say of a layer is no tensor, in a list neither.
    return (node.kind === 'array' && root.document.binary === null) || node.kind === 'plain'
      ? [{ name, node: null, told: describeNode(node) }]
      : [];
  });
  const networks = isOne ? [] : networksIn(root);
  return {
    file: {
      format: root.document.binary ?? 'JSON',
      tensors,
      networks: networks.map((network) => ({ network, prefix: network.name ?? groups[0]!.prefix })),
      refused: refusedIn(root),
      files: sources.ids,
    },
    problems,
  };
}

/** `LSTM 2 layers, two directions, I 128, H 256` */
export function describeNetwork({ cell, layers, directions, I, widths }: FoundNetwork): string {
  const kind = (cell ?? 'rnn').toUpperCase();
  const stack = layers === 1 ? kind : t('{0} {1} layers', kind, layers);
  const units = [...new Set(widths)];
  return [
    stack,
    ...(directions === 1 ? [] : [t('two directions')]),
    ...(I === null ? [] : [`I ${I}`]),
    `H ${units.join(', ')}`,
  ].join(', ');
}
