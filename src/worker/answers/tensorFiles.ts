// The viewer's side of the worker: a file of tensors that somebody looks into. Facts are made of what is in sight.
import { describeProblem } from '../../config/json/index.js';
import type { Problem, TensorNode } from '../../config/json/index.js';
import { describeNetwork, openTensorFile } from '../../config/read/index.js';
import type { FileContent, TensorFile } from '../../config/read/index.js';
import type { Resumable } from '../../engine/index.js';
import type {
  FileRequest,
  TensorFacts,
  TensorList,
  TensorPicture,
  TensorPictureRequest,
  TensorPlace,
  TensorProblem,
} from '../../protocol/index.js';
import { Cancelled, drive } from '../scheduling/scheduler.js';
import { SerialQueue } from '../scheduling/serialQueue.js';
import { tensorFacts, tensorPicture } from './tensorFacts.js';

export const toldProblem = (problem: Problem): TensorProblem => ({
  file: problem.file,
  code: problem.code,
  text: describeProblem(problem),
  python: problem.fix?.kind === 'copyPython' ? problem.fix.lines : null,
});

/** Below the sentence of the viewer its lines of Python stand once, as they are copied. */
const aboveLines = (problem: Problem): Problem =>
  problem.fix?.kind === 'copyPython' ? { ...problem, advice: problem.fix.lead } : problem;

export class TensorFiles {
  readonly #readFile: (request: FileRequest) => Promise<FileContent>;
  #reading = 0;
  #file: TensorFile | null = null;
  #picture = 0;
  /** One tensor at a time: of a packed file one entry is kept, and two would unpack theirs for each piece again. */
  readonly #queue = new SerialQueue();

  constructor(readFile: (request: FileRequest) => Promise<FileContent>) {
    this.#readFile = readFile;
  }

  /** Null when a later reading has begun meanwhile. */
  async open({ file: id, reading }: { readonly file: string; readonly reading: number }): Promise<TensorList | null> {
    this.#reading = reading;
    this.#file = null;
    const files = { read: (reference: string, from: string | null) => this.#readFile({ reference, from }) };
    const { file, problems } = await openTensorFile(id, files, () => undefined);
    if (this.#reading !== reading) return null;
    this.#file = file;
    return {
      file:
        file === null
          ? null
          : {
              format: file.format,
              tensors: file.tensors.map(({ name, node, told: instead }) => ({
                name,
                dtype: node?.dtype ?? null,
                shape: node?.shape ?? null,
                told: instead,
              })),
              networks: file.networks.map(({ network, prefix }) => ({
                name: network.name,
                prefix,
                told: describeNetwork(network),
              })),
              refused: file.refused,
            },
      problems: problems
        .filter(({ severity }) => severity === 'error')
        .map((problem) => toldProblem(aboveLines(problem))),
      files: file?.files ?? [id],
    };
  }

  facts(place: TensorPlace): Promise<TensorFacts | null> {
    return this.#work(place, tensorFacts);
  }

  /** Null also when a later picture is asked for meanwhile: whoever looks sees one. */
  picture({ maxRows, maxColumns, ...place }: TensorPictureRequest): Promise<TensorPicture | null> {
    const picture = ++this.#picture;
    return this.#work(
      place,
      (node) => tensorPicture(node, maxRows, maxColumns),
      () => this.#picture === picture,
    );
  }

  /** What is wrong with the numbers rejects with the sentence of its problem. */
  #work<Result>(
    place: TensorPlace,
    make: (node: TensorNode) => Resumable<Result>,
    isWanted = () => true,
  ): Promise<Result | null> {
    return this.#queue.add(() => this.#workNow(place, make, isWanted));
  }

  async #workNow<Result>(
    { reading, index }: TensorPlace,
    make: (node: TensorNode) => Resumable<Result>,
    isWanted: () => boolean,
  ): Promise<Result | null> {
    if (!isWanted()) return null;
    const node = this.#reading === reading ? this.#file?.tensors[index]?.node : null;
    if (node === null || node === undefined) return null;
    const check = (): void => {
      if (this.#reading !== reading || !isWanted()) throw new Cancelled();
    };
    try {
      return await drive(make(node), check, () => undefined, 'behind');
    } catch (error) {
      if (error instanceof Cancelled) return null;
      throw error;
    }
  }
}
