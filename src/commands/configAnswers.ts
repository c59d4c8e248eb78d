// What "Create RNN Config…" has been told so far, and the config that this makes.
import path from 'node:path';
import * as vscode from 'vscode';
import type { Above, FilePlace, NewConfig, TargetPlace } from '../config/edit/index.js';
import type { KnownPair, SequenceOptions } from '../config/read/index.js';
import type { CellName, Initialisation, Shapes } from '../engine/index.js';
import type { ChosenBlock, MadeChoice } from './blockPicker.js';
import type { ChosenNetwork } from './networkPicker.js';
import { relativeReference } from './relativeReference.js';

/** Where the loss sits; `file`: a gradient that stands in a file. */
export type AboveChoice =
  | { readonly kind: 'ones'; readonly at: 'last' | 'final' | 'every' }
  | { readonly kind: 'file' }
  | Pick<Extract<Above, { readonly kind: 'loss' }>, 'kind' | 'loss' | 'at'>;

/** A linear layer in a file, with its outputs where they are known. */
export type ChosenReadout = { readonly file: vscode.Uri; readonly O: number | null };

/** The targets are what the table of the sequences holds one row later. */
export type NextRow = { readonly kind: 'nextRow' };

export type Answers = {
  readonly kind: NewConfig['source']['kind'];
  readonly cell: CellName;
  readonly layers: number;
  readonly directions: number;
  /** Whether there are several layers: then how many is a question of its own. */
  readonly isStack: boolean;
  readonly shapes: Shapes;
  readonly initialisation: Initialisation;
  readonly seed: number;
  readonly weights: ChosenNetwork;
  readonly sequences: ChosenBlock | MadeChoice;
  /** How a table or a text is read. */
  readonly reading: SequenceOptions;
  /** What is done to the numbers of a table where the reading does not say it. */
  readonly normalise: 'none' | 'zScore' | 'unsaid';
  readonly above: AboveChoice;
  readonly upstream: ChosenBlock;
  readonly readout: ChosenReadout;
  readonly targets: ChosenBlock | NextRow;
  /** Those of the next row. */
  readonly targetColumns: readonly string[];
  /** Null: zeros. */
  readonly state: ChosenBlock | null;
};

/** Sizes that the answers tell, for whatever has to fit them. */
export function knownOf({ weights, sequences, reading, above, readout }: Partial<Answers>): KnownPair {
  const network = weights?.network ?? null;
  const size = (axis: 0 | 1): number | null => {
    if (sequences === undefined) return null;
    if (sequences.kind === 'made') return axis === 0 ? sequences.made.B : sequences.made.T;
    const { block } = sequences;
    if (block === null) return null;
    const [rows = 0] = block.shape;
    const { window = rows, stride = window } = reading ?? {};
    if (block.table === true) return axis === 1 ? window : Math.max(1, Math.floor((rows - window) / stride) + 1);
    if (block.shape.length === 2) return axis === 0 ? 1 : (block.shape[0] ?? null);
    // Sequences of different lengths have no one number of steps.
    return axis === 1 && block.lengths !== null ? null : (block.shape[axis] ?? null);
  };
  const T = size(1);
  const loss =
    above?.kind === 'loss'
      ? { classes: above.loss === 'crossEntropy', places: above.at === 'last' ? 1 : T, O: readout?.O ?? null }
      : null;
  return { network, B: size(0), T, loss };
}

/**
 * As it stands in a config at the top of the workspace, where the new one is put; the full path without a workspace.
 */
function reference(file: vscode.Uri): string {
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  return folder === undefined ? file.fsPath : relativeReference(vscode.Uri.joinPath(folder, 'network.rnn.json'), file);
}

export const placeOf = (refer: (file: vscode.Uri) => string, file: vscode.Uri, name: string | null): FilePlace => ({
  file: refer(file),
  name,
});
const blockPlace = ({ file, block }: ChosenBlock): FilePlace => placeOf(reference, file, block?.name ?? null);

/** How the sequences are read, with all that was said of it. */
function optionsOf({ sequences, reading = {}, normalise, above, targets }: Partial<Answers>): SequenceOptions {
  const said = normalise === undefined || normalise === 'unsaid' ? reading : { ...reading, normalise };
  if (targets?.kind !== 'nextRow' || above?.kind !== 'loss' || above.at !== 'last' || said.window !== undefined)
    return said;
  // Behind the last row there is none: that one is the target.
  const rows = sequences?.kind === 'block' ? (sequences.block?.shape[0] ?? 0) : 0;
  return rows < 2 ? said : { ...said, window: rows - 1 };
}

/** Null while something is missing. */
function targetsOf(answers: Partial<Answers>): TargetPlace | null {
  const { sequences, targets, targetColumns, above } = answers;
  if (targets === undefined) return null;
  if (targets.kind === 'block') return blockPlace(targets);
  if (sequences?.kind !== 'block' || targetColumns === undefined) return null;
  const { normalise, normaliseOver } = optionsOf(answers);
  // A network that is fed scaled numbers mostly foretells them too; classes and odds are none.
  const isScaled = above?.kind === 'loss' && above.loss === 'mse' && normalise !== undefined && normalise !== 'none';
  return {
    ...placeOf(reference, sequences.file, null),
    options: {
      columns: targetColumns,
      ahead: 1,
      ...(isScaled ? { normalise } : {}),
      ...(isScaled && normaliseOver !== undefined ? { normaliseOver } : {}),
    },
  };
}

function aboveOf(answers: Partial<Answers>): Above | null {
  const { above, upstream, readout } = answers;
  if (above === undefined) return null;
  switch (above.kind) {
    case 'ones':
      return above;
    case 'file':
      return upstream === undefined ? null : { kind: 'file', place: blockPlace(upstream) };
    case 'loss': {
      const targets = targetsOf(answers);
      return readout === undefined || targets === null
        ? null
        : { ...above, readout: placeOf(reference, readout.file, null), targets };
    }
  }
}

/** Null while something is missing. */
export function configOf(answers: Partial<Answers>): NewConfig | null {
  const { cell, kind, layers, directions, shapes, initialisation, seed, weights, sequences, state } = answers;
  if (cell === undefined) return null;
  if (kind === 'files') {
    const above = aboveOf(answers);
    if (weights === undefined || sequences === undefined || state === undefined || above === null) return null;
    return {
      name: path.posix.basename(weights.weights.path).replace(/\.[^.]+$/, ''),
      source: {
        cell,
        kind: 'files',
        weights: placeOf(reference, weights.weights, weights.network?.name ?? null),
        sequences:
          sequences.kind === 'made'
            ? { kind: 'made', made: sequences.made, I: weights.network?.I ?? 1 }
            : { kind: 'file', place: blockPlace(sequences), options: optionsOf(answers) },
        initialState: state === null ? null : blockPlace(state),
        above,
      },
    };
  }
  if (layers === undefined || directions === undefined || shapes === undefined) return null;
  if (initialisation === undefined || seed === undefined) return null;
  const network = [layers > 1 ? `, ${layers} layers` : '', directions > 1 ? ', both directions' : ''].join('');
  return {
    name: `${cell}${network}, ${initialisation} Wh, seed ${seed}`,
    source: { cell, kind: 'random', shapes, layers, directions, initialisation, seed },
  };
}
