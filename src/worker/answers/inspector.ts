import {
  checkExperiment,
  findParts,
  insideQuotes,
  matrixLines,
  openEntry,
  outlineOf,
  references,
} from '../../config/index.js';
import { readDocument } from '../../config/formats/index.js';
import type { Bytes } from '../../config/formats/index.js';
import { indicesAt, UnreadableNumbers, Value } from '../../config/json/index.js';
import type { Document, Position, TensorNode } from '../../config/json/index.js';
import type { Group } from '../../config/layouts/index.js';
import { besideFiles, blocksOf, layerPlaces } from '../../config/read/index.js';
import type { OpenEntry } from '../../config/index.js';
import type { Blocks, FileContent, Files, FoundParts, LayerPlace, Part } from '../../config/read/index.js';
import {
  asItIs,
  cellOf,
  factsOf,
  measureInputs,
  measureMatrix,
  measureNumbers,
  zeroLines,
} from '../../engine/index.js';
import type { CellName, MatrixFacts, NumberFacts } from '../../engine/index.js';
import type {
  CancelFlag,
  ChangeOutcome,
  ChangeRequest,
  FactsRequest,
  FileRequest,
  GateName,
  GatePlacesRequest,
  InspectRequest,
  Inspection,
  PartFacts,
  PartGates,
  PartInfo,
  Reference,
} from '../../protocol/index.js';
import { applyWhatIf } from '../changes/applyWhatIf.js';
import { gateChanges, isGateChange } from '../changes/gateChanges.js';
import { offersOf } from '../changes/offers.js';
import { changesFor, inlineWeightsHaveComments } from '../changes/refactorings.js';
import { Cancelled, drive } from '../scheduling/scheduler.js';
import { SerialQueue } from '../scheduling/serialQueue.js';
import { afterMessages } from '../scheduling/afterMessages.js';
import { begin, hold, raised, release } from '../scheduling/cancelFlag.js';
import { blockAt, KnownGates } from './gateFacts.js';
import { shapesOf, unitsOf } from './knownShapes.js';

/** Configs whose documents are kept, so that an edit of one file reads that file alone. */
const keptConfigs = 4;
/** Larger matrices are not decomposed while somebody waits for a hover. */
const largestDecomposed = 512;
/** tanh' is below 0.06 beyond this. */
const saturated = 2.09;

type Kept = { readonly open: OpenEntry; readonly found: FoundParts; readonly inspection: Inspection };
type KeptDocument = { readonly version: string | undefined; readonly document: Document };

/**
 * The editor's side of the worker: reads a config with its files and tells everything that can be known before a run.
 */
export class Inspector {
  readonly #readFile: (request: FileRequest) => Promise<FileContent>;
  readonly #documents = new Map<string, KeptDocument>();
  /** reference as it stands in a file → id, so that a kept document is found before the host has resolved it again. */
  readonly #ids = new Map<string, string>();
  readonly #kept = new Map<string, Kept>();
  readonly #numbers = new WeakMap<TensorNode, NumberFacts>();
  readonly #matrices = new WeakMap<TensorNode, MatrixFacts>();
  readonly #gates = new KnownGates();
  readonly #queue = new SerialQueue();
  #check: () => void = () => undefined;
  /** Kept documents outlive the inspection that read them, so they ask whichever one is going on. */
  readonly #tick = (): void => this.#check();

  readonly #begun: Begun;

  constructor(readFile: (request: FileRequest) => Promise<FileContent>, begun: Begun = () => undefined) {
    this.#readFile = readFile;
    this.#begun = begun;
  }

  #unlessStopped<Result>(
    cancel: CancelFlag,
    work: (check: () => void) => Result | Promise<Result>,
  ): Promise<Result | null> {
    return unlessStopped(cancel, work, this.#begun);
  }

  async inspect({ config, cancel }: InspectRequest): Promise<Inspection | null> {
    return this.#unlessStopped(cancel, async (check) => (await this.#read(config, check, cancel)).inspection);
  }

  async facts({ config, file, position, cancel }: FactsRequest): Promise<PartFacts | null> {
    return this.#unlessStopped(cancel, async (check) => {
      const { found } = this.#kept.get(config) ?? (await this.#read(config, check, cancel));
      check();
      const place = partAt(found, file, position);
      if (place === null) return null;
      try {
        return await this.#factsOf(found, place.part, place.offset, check);
      } catch (error) {
        if (error instanceof UnreadableNumbers) return null;
        throw error;
      }
    });
  }

  async gateAt({ config, file, position, cancel }: FactsRequest): Promise<GateName | null> {
    return this.#unlessStopped(cancel, async (check) => {
      const { found } = this.#kept.get(config) ?? (await this.#read(config, check, cancel));
      check();
      const place = partAt(found, file, position);
      return place === null ? null : blockAt(place.part, place.offset, check);
    });
  }

  async gatePlaces({ config, file, lines, cancel }: GatePlacesRequest): Promise<readonly PartGates[] | null> {
    return this.#unlessStopped(cancel, async (check) => {
      const { found } = this.#kept.get(config) ?? (await this.#read(config, check, cancel));
      const here = found.parts.filter(({ value: { document, node } }) => {
        if (document.id !== file) return false;
        const { start, end } = document.lines.range(node);
        return start.line <= lines.to && end.line >= lines.from;
      });
      return here.flatMap((part) => {
        check();
        const gates = this.#gates.places(part, check);
        return gates.length === 0 ? [] : [{ key: part.value.address().range, gates }];
      });
    });
  }

  async change({ config, file, path, change }: ChangeRequest): Promise<ChangeOutcome> {
    if (change.kind === 'copyToJson')
      return applyWhatIf({ kind: 'config', config }, asItIs, this.#readFile, change.reference);
    const { open, found, inspection } = await this.#read(config, () => undefined);
    if (isGateChange(change)) return gateChanges(open, file, path, change);
    return changesFor(found, file, path, change, inspection.dtype, inspection.shapes, (part) =>
      this.#matrixFacts(part, () => undefined),
    );
  }

  references(bytes: Bytes, cancel: CancelFlag): Promise<Reference[] | null> {
    return this.#unlessStopped(cancel, (check) => {
      check();
      const root = Value.root(readDocument('', bytes, check));
      return root === null
        ? []
        : references(root).map(({ key, value, whole }) => ({
            key,
            whole,
            reference: value.node.kind === 'string' ? value.node.value : '',
            range: insideQuotes(value),
          }));
    });
  }

  /** One at a time: two that read the same files would read them twice. */
  #read(config: string, check: () => void, cancel: CancelFlag = null): Promise<Kept> {
    return this.#queue.add(() => this.#readNow(config, check, cancel));
  }

  async #readNow(config: string, check: () => void, cancel: CancelFlag): Promise<Kept> {
    this.#check = check;
    try {
      return await this.#readAll(config, check, cancel);
    } finally {
      this.#check = () => undefined;
    }
  }

  async #readAll(config: string, check: () => void, cancel: CancelFlag): Promise<Kept> {
    check();
    const files: Files = {
      read: async (reference, from) => {
        const content = await this.#fetch({ reference, from, cancel });
        check();
        return content;
      },
    };
    const parse = (id: string, bytes: Bytes): Document =>
      this.#documents.get(id)?.document ?? readDocument(id, bytes, this.#tick);
    const open = await openEntry({ kind: 'config', config }, files, { tick: this.#tick, readDocument: parse });
    const { problems, files: ids, cell } = await checkExperiment(open);
    const found = await findParts(open);
    const kept = { open, found, inspection: this.#describe(config, found, problems, ids, cell) };
    this.#kept.delete(config);
    this.#kept.set(config, kept);
    this.#forget();
    return kept;
  }

  /** Asks for a file, and parses it when it is not the version that is kept. */
  async #fetch(request: FileRequest): Promise<FileContent> {
    const key = `${request.from ?? ''}\n${request.reference}`;
    const knownId = this.#ids.get(key);
    const version = knownId === undefined ? undefined : this.#documents.get(knownId)?.version;
    const content = await this.#readFile({ ...request, ...(version === undefined ? {} : { known: version }) });
    this.#ids.set(key, content.id);
    if (!content.ok) this.#documents.delete(content.id);
    else if (content.version === undefined || this.#documents.get(content.id)?.version !== content.version) {
      const read = (reference: string, from: string): Promise<FileContent> =>
        this.#readFile({ reference, from, cancel: request.cancel ?? null });
      const beside = await besideFiles(content, read, this.#tick);
      this.#documents.set(content.id, {
        version: content.version,
        document: readDocument(content.id, content.bytes, this.#tick, beside),
      });
    }
    return content;
  }

  #describe(
    config: string,
    found: FoundParts,
    problems: Inspection['problems'],
    files: readonly string[],
    read: CellName | null,
  ): Inspection {
    const shapes = shapesOf(found);
    const places = layerPlaces(found.groups);
    // Where the weights cannot be read either, it is the one that is named, or the usual one.
    const cell = read ?? found.cell;
    const [recurrent] = found.groups.flatMap(({ recurrent: matrix, layout }) =>
      matrix === null ? [] : [layout.recurrent],
    );
    const isWritten = found.config?.get('cell')?.node.kind === 'string';
    const isInferred = !isWritten && read !== null && cellOf(read).gates.length > 1;
    return {
      config,
      problems,
      shapes,
      files: [...files],
      cell: cell === null ? null : factsOf(cell),
      cellFrom: isInferred ? (recurrent ?? null) : null,
      dtype: found.dtype,
      parts: found.parts.map((part) => this.#partInfo(part, places)),
      links: found.links,
      offers: offersOf(found, shapes, places),
      documents: found.roots.map((root) => ({
        file: root.document.id,
        outline: outlineOf(root),
        matrixLines: matrixLines(root),
      })),
      weightsHaveComments: inlineWeightsHaveComments(found),
    };
  }

  #partInfo({ role, name, value, transposed, group }: Part, placeOf: (group: Group) => LayerPlace | null): PartInfo {
    const { file, range, path } = value.address();
    const { node, document } = value;
    let numbers: NumberFacts | null = null;
    if (node.kind === 'tensor') {
      this.#tick();
      numbers = this.#numbers.get(node) ?? this.#measured(node);
      if (numbers !== null) this.#numbers.set(node, numbers);
    }
    return {
      role,
      name,
      file,
      path,
      transposed,
      blocks: group === null ? null : told(blocksOf(group)),
      layer: group === null ? null : placeOf(group),
      key: range,
      value: document.lines.range(node),
      shape: node.kind === 'tensor' ? node.shape : null,
      numbers,
    };
  }

  /** Null where they cannot be read, which the problems say. */
  #measured(node: TensorNode): NumberFacts | null {
    try {
      return measureNumbers(node.data, this.#tick);
    } catch (error) {
      if (error instanceof UnreadableNumbers) return null;
      throw error;
    }
  }

  async #factsOf({ groups }: FoundParts, part: Part, offset: number, check: () => void): Promise<PartFacts> {
    const {
      value: { node, document },
      role,
      transposed,
    } = part;
    const info = this.#partInfo(part, layerPlaces(groups));
    if (node.kind !== 'tensor')
      return { part: info, matrix: null, gates: [], inputs: null, zeros: null, saturating: 0, element: null };
    const [rows = 0, columns = 0] = node.shape;
    const flat =
      node.shape.length === 2 && (role === 'input' || role === 'recurrent')
        ? zeroLines(node.data, rows, columns, check)
        : null;
    const lines =
      flat === null ? null : transposed ? { from: flat.columns, to: flat.rows } : { from: flat.rows, to: flat.columns };
    const zeros = lines === null ? null : { from: lines.from, to: unitsOf(lines.to, info.blocks) };
    const inputs =
      role === 'sequences' && node.data.length > 0 ? measureInputs(node.data, node.shape.at(-1) ?? 1, check) : null;
    const isState = role === 'bias' || role === 'initialState';
    let element: PartFacts['element'] = null;
    if (within(offset, node.offset, node.offset + node.length - 1)) {
      const [indices = []] = indicesAt(document.text, node, [offset], check);
      const flatIndex = node.shape.reduce((index, size, axis) => index * size + (indices[axis] ?? 0), 0);
      const number = node.data[flatIndex];
      if (
        indices.length === node.shape.length &&
        number !== undefined &&
        indices.every((index, axis) => index < (node.shape[axis] ?? 0))
      )
        element = { indices, value: number };
    }
    return {
      part: info,
      matrix: await this.#matrixFacts(part, check),
      gates: await this.#gates.facts(part, check),
      inputs,
      zeros,
      saturating: isState ? node.data.filter((x) => Math.abs(x) > saturated).length : 0,
      element,
    };
  }

  /** Several gates side by side are no one map, so that nothing is said of the matrix as a whole. */
  async #matrixFacts({ role, group, value: { node } }: Part, check: () => void): Promise<MatrixFacts | null> {
    if (node.kind !== 'tensor' || node.shape.length !== 2 || node.data.length === 0) return null;
    if (role !== 'input' && role !== 'recurrent' && role !== 'readout') return null;
    if (group !== null && (blocksOf(group)?.gates.length ?? 1) > 1) return null;
    const [rows = 0, columns = 0] = node.shape;
    if (Math.min(rows, columns) > largestDecomposed) return null;
    const known = this.#matrices.get(node);
    if (known !== undefined) return known;
    const facts = await drive(measureMatrix(node.data, rows, columns), check, () => undefined);
    this.#matrices.set(node, facts);
    return facts;
  }

  /** Lets go of configs that nobody has looked at lately, and of files that no kept config names. */
  #forget(): void {
    for (const config of [...this.#kept.keys()].slice(0, -keptConfigs)) this.#kept.delete(config);
    const used = new Set([...this.#kept.values()].flatMap(({ inspection }) => inspection.files));
    for (const id of this.#documents.keys()) if (!used.has(id)) this.#documents.delete(id);
    for (const [key, id] of this.#ids) if (!used.has(id)) this.#ids.delete(key);
  }
}

const told = (blocks: Blocks | null): PartInfo['blocks'] =>
  blocks === null ? null : { H: blocks.H, gates: blocks.gates, stacked: blocks.stacked };

/** The part whose key or value stands at a position. */
function partAt(
  { roots, parts }: FoundParts,
  file: string,
  position: Position,
): { readonly part: Part; readonly offset: number } | null {
  const offset = roots.find(({ document }) => document.id === file)?.document.lines.offset(position);
  if (offset === undefined) return null;
  const part = parts.find(
    ({ value: { document, place, node } }) =>
      document.id === file && within(offset, Math.min(place.offset, node.offset), node.offset + node.length),
  );
  return part === undefined ? null : { part, offset };
}

const within = (offset: number, start: number, end: number): boolean => start <= offset && offset <= end;

/** Hears that the question whose flag has this name has had its turn. */
export type Begun = (flag: number) => void;

/**
 * What `work` gives; null when the flag ends it, which it asks at every pause. Its first look is when its turn has
 * come; a name has to be told then.
 */
export async function unlessStopped<Result>(
  cancel: CancelFlag,
  work: (check: () => void) => Result | Promise<Result>,
  tell: Begun,
): Promise<Result | null> {
  const stop = raised(cancel);
  let begun = false;
  const check = (): void => {
    if (!begun) {
      begin(cancel);
      if (typeof cancel === 'number') tell(cancel);
    }
    begun = true;
    if (stop()) throw new Cancelled();
  };
  hold(cancel);
  try {
    if (typeof cancel === 'number') {
      // Of a burst of questions, those that are not wanted any more are told behind it.
      await new Promise<void>((resolve) => afterMessages(resolve));
      if (stop()) return null;
    }
    return await work(check);
  } catch (error) {
    if (error instanceof Cancelled) return null;
    throw error;
  } finally {
    release(cancel);
  }
}
