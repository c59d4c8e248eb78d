// A network that was saved in several files, as Hugging Face's libraries split large ones, with a list of them beside.
import { t } from '@vscode/l10n';
import { asPython } from '../formats/formatError.js';
import { fileName } from '../json/fileName.js';
import type { Value } from '../json/jsonValue.js';
import { quote } from '../json/node.js';
import { wordOf } from './problemReport.js';
import type { Report } from './problemReport.js';
import type { Finding } from '../json/problem.js';

type Part = {
  readonly at: number;
  readonly of: number;
  readonly base: string;
  readonly others: string;
  readonly end: string;
};

/** `model-00001-of-00002.safetensors`; null for every other name, and for the only part. */
function partNamed(name: string): Part | null {
  const [, base, mark, at, count, end] = /^(.{1,100}?)([-_.])(\d{5})-of-(\d{5})(\.\w+)$/.exec(name) ?? [];
  if (base === undefined || Number(count) < 2) return null;
  return { at: Number(at), of: Number(count), base, others: `${mark!}*-of-${count!}${end!}`, end: end! };
}

const partOf = ({ document: { id, binary } }: Value): Part | null => (binary === null ? null : partNamed(fileName(id)));

/** Files that the lines below can read. */
const canJoin = (name: string): boolean => /\.(?:safetensors|bin|pt|pth|ckpt)$/.test(name);

/** `names`: an expression of Python that gives the names of the files. */
function together(names: string, imported: string, base: string, isSafetensors: boolean): readonly string[] {
  const [load, save, target] = isSafetensors
    ? ['load_file(f)', 'save_file', `${base}.safetensors`]
    : ['torch.load(f, map_location="cpu", weights_only=True)', 'torch.save', `${base}.pt`];
  return [
    `${imported}; ${isSafetensors ? 'from safetensors.torch import load_file, save_file' : 'import torch'}`,
    `${save}({k: v for f in ${names} for k, v in ${load}.items()}, ${JSON.stringify(target)})`,
  ];
}

/** What helps where something is missing in a file that looks like a part of a network; null for every other file. */
export function partAdvice(value: Value): Pick<Finding, 'advice' | 'fix'> | null {
  const part = partOf(value);
  if (part === null) return null;
  const { at, of, base, others, end } = part;
  if (!canJoin(end))
    return { advice: t('By its name the file is part {0} of {1}: save all of them in one file.', at, of) };
  // A bracket would be a pattern of its own.
  const files = JSON.stringify(base.replace(/[[\]]/g, '?') + others);
  return asPython(
    t('By its name the file is part {0} of {1}. Save all of them in one file:', at, of),
    together(`glob.glob(${files})`, 'import glob', base, end === '.safetensors'),
  );
}

/** Notes that other parts are not run. */
export function notePart(value: Value, report: Report): void {
  const part = partOf(value);
  if (part === null || report.guards(value)) return;
  report.info(value, {
    code: 'unsupported-feature',
    message: t(
      'By its name the file is part {0} of {1}: layers that stand in other parts are not run.',
      part.at,
      part.of,
    ),
    expected: t('all layers of the network in one file'),
    found: t('one part'),
    advice: t('If there are none, nothing has to be done.'),
  });
}

/** The files that a list of parts names, each once; null for everything else. */
function listed(root: Value): readonly string[] | null {
  if (root.node.kind !== 'object' || root.document.binary !== null) return null;
  const map = root.get('weight_map');
  if (map?.node.kind !== 'object' || map.node.properties.length === 0) return null;
  const names = map.node.properties.map(({ value }) => value).filter((value) => value.kind === 'string');
  return names.length < map.node.properties.length ? null : [...new Set(names.map(({ value }) => value))];
}

/** Whether it is the list of a network's parts, as `model.safetensors.index.json`. */
export const isListOfParts = (root: Value): boolean => listed(root) !== null;

/** Refuses what TensorFlow.js writes in the place of weights: a description of files that hold them. */
function refuseManifest(root: Value, report: Report): boolean {
  if (root.node.kind !== 'object' || root.document.binary !== null || root.get('weightsManifest') === null)
    return false;
  const name = wordOf(fileName(root.document.id));
  const format = root.get('format')?.node;
  report.error(root, {
    code: 'unknown-weights',
    message: t('The file describes a model of TensorFlow.js, and holds no numbers itself.'),
    expected: t('the weights in one file'),
    found: quote('weightsManifest'),
    advice:
      format?.kind === 'string' && format.value === 'graph-model'
        ? t('Export the weights as safetensors from the program that has trained the network.')
        : t(
            'Convert it to Keras: {0}.',
            `tensorflowjs_converter --input_format=tfjs_layers_model --output_format=keras ${name} model.h5`,
          ),
  });
  return true;
}

/** Refuses the list of a network's parts in the place of its weights, and says how they become one file. */
export function refuseListOfParts(root: Value, report: Report): boolean {
  if (refuseManifest(root, report)) return true;
  const files = listed(root);
  const [first, ...others] = files ?? [];
  if (first === undefined) return false;
  const name = fileName(root.document.id);
  const base = partNamed(first)?.base ?? 'model';
  // Others would be written, or read, outside of this folder.
  const areHere = files!.every((file) => canJoin(file) && fileName(file) === file && !file.includes('\\'));
  report.error(root, {
    code: 'unknown-weights',
    message: t('The file lists in which files the weights of a network stand, and holds no numbers itself.'),
    expected: t('the weights in one file'),
    found: `${quote(first)}${others.length > 0 ? ', …' : ''}`,
    ...(others.length === 0
      ? { advice: t('Name the file that it lists.') }
      : !areHere
        ? { advice: t('Save all of them in one file, and name that one.') }
        : asPython(
            t('Save all of them in one file:'),
            together(
              `set(json.load(open(${JSON.stringify(name)}))["weight_map"].values())`,
              'import json',
              base,
              first.endsWith('.safetensors'),
            ),
          )),
  });
  return true;
}
