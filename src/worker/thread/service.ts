import { t as say } from '@vscode/l10n';
import { readExperiment } from '../../config/index.js';
import { newConfigText } from '../../config/edit/index.js';
import { surveyFile } from '../../config/read/index.js';
import type { Entry, FileContent, Files } from '../../config/read/index.js';
import {
  cellNames,
  cellOf,
  finish,
  growingSpectrum,
  isOutOfMemory,
  nextStepOf,
  onStepsOfRun,
  runExperiment,
  spectrumResumably,
  Workspaces,
} from '../../engine/index.js';
import type { AnyNetworkRun, AnyRun, Kernels, NetworkLayer, NextStep, Spectrum } from '../../engine/index.js';
import type {
  Advice,
  AdviceRequest,
  CancelFlag,
  FileRequest,
  KeptRequest,
  Phase,
  Port,
  ReportData,
  ResultTextRequest,
  RunOutcome,
  RunRequest,
  RunSummary,
  TriedText,
  StepRequest,
  WhatIf,
  WhatIfAnswer,
  WhatIfRequest,
  WorkerContract,
  WorkerHostContract,
} from '../../protocol/index.js';
import { Channel, errorMessage, errorStack } from '../../protocol/index.js';
import { Analyses } from '../answers/analyses.js';
import { applyWhatIf } from '../changes/applyWhatIf.js';
import { joinBytes } from '../scheduling/joinBytes.js';
import { openedFile, openSent } from './diskSource.js';
import { capacityHere, tooLarge } from './memoryLimit.js';
import type { Capacity } from './memoryLimit.js';
import { Cancelled, drive } from '../scheduling/scheduler.js';
import { hold, raise, raised, release } from '../scheduling/cancelFlag.js';
import { Gate } from '../scheduling/gate.js';
import {
  gateSeries,
  gateValuesOf,
  keepGateValues,
  keptByGate,
  networkMap,
  requireGateValues,
} from '../answers/gateSlices.js';
import { Inspector, unlessStopped } from '../answers/inspector.js';
import type { Begun } from '../answers/inspector.js';
import { forPage, mostDense, seriesAnswer } from '../answers/seriesDownsampling.js';
import { locateWeight } from '../answers/locateWeight.js';
import { workerChecks } from './messageChecks.js';
import { pack } from '../record/typedArrayJson.js';
import { makeRecord } from '../record/reportRecord.js';
import { resultJson, withGateBlocks } from '../record/resultJson.js';
import { gradientCheckText } from '../record/gradientCheckText.js';
import { compactText, triedText, wholeText } from '../record/resultText.js';
import { isEnoughForLine, spectrumForLine } from '../record/runTable.js';
import type { LayerSpectrum } from '../record/layerJson.js';
import { heatmap, openedStep, sequenceLines, stepsBlock, stepValues, unitLines } from '../answers/slices.js';
import { requireGates, requireOneGate } from '../answers/keptRun.js';
import type { KeptRun } from '../answers/keptRun.js';
import { ReadSources } from '../record/runSources.js';
import { band, hasPreActivations, keepPreActivations, spread } from '../answers/unitSlices.js';
import { spectrumSummary } from '../answers/spectrumSummary.js';
import { layerShown, summariseNetwork } from '../answers/summary.js';
import { weightCells, weights } from '../answers/weightSlices.js';
import { SequencePreviews } from '../answers/sequencePreviews.js';
import { TensorFiles } from '../answers/tensorFiles.js';
import { ended, WhatIfs } from '../answers/whatIfRuns.js';

/** Milliseconds between two parts of a spectrum that is still growing. */
const betweenParts = 400;
/** How long analyses wait for a picture: a window that nobody sees paints none. */
const longestPainting = 2000;
/** How often a run that waits for its picture looks whether it is to stop, ms. */
const betweenLooks = 20;

/** The last finished run: what slices and analyses are cut from. */
type Kept = KeptRun & {
  /** What the layer that is looked at belongs to. */
  readonly network: AnyNetworkRun;
  spectrum: Spectrum | null;
  /** The same while it grows. */ growing: Spectrum | null;
  /** The next thing to try; undefined as long as nobody has asked. */
  next: NextStep | null | undefined;
  analysing: Promise<unknown>;
  readonly analyses: Analyses;
  readonly whatIfs: WhatIfs;
  readonly summary: RunSummary;
  readonly sources: ReadSources;
};

/** σ_max of the Jacobians on the steps of the run, as far as it is known. */
const sigmaMaxOf = ({ experiment, growing }: Kept): Float64Array =>
  growing === null ? new Float64Array(0) : onStepsOfRun(experiment, 0, growing.jacobianSigmaMax);

/** Which layer of the network is looked at, counted with its directions. */
const shownOf = ({ summary }: Kept): number => summary.network?.shown ?? 0;

/** What typed arrays throw when the machine has no room for them says nothing to a user. */
const words = (error: unknown): string => {
  const message = errorMessage(error);
  return isOutOfMemory(error)
    ? say('There is not enough memory for this. Close other panels, or make the run smaller. ({0})', message)
    : message;
};

/** Where it is told that a run is too large: what its size comes from. */
function fileOf(entry: Entry): string {
  if (entry.kind === 'config') return entry.config;
  return typeof entry.sequences === 'string' ? entry.sequences : entry.weights;
}

/**
 * Everything the worker thread does, without the thread: answers over a port, keeps the last finished run for slices.
 */
export class Service {
  readonly #channel: Channel<WorkerContract, WorkerHostContract>;
  #kept: Kept | null = null;
  /**
   * Settles when the run that is under way has told its norms, or has ended before; analyses wait for it, and give way
   * to the next one.
   */
  #running: Promise<unknown> | null = null;
  /** Nobody hears what it says any more. */
  #ended = false;
  /** Number of the newest what-if. */
  #question = 0;
  /** The run whose picture is on the screen. */
  #painted = 0;
  /** The newest run, and what it tells through. */
  #newest: { readonly runId: number; readonly gate: Gate } | null = null;
  readonly #kernels: Kernels | null;
  readonly #workspaces: Workspaces | null;
  readonly #capacity: Capacity;

  /** Without `kernels` the reference classes do the arithmetic. */
  constructor(port: Port, kernels: Kernels | null = null, capacity = capacityHere()) {
    this.#kernels = kernels;
    this.#capacity = capacity;
    this.#workspaces = kernels === null ? null : new Workspaces(kernels);
    const slice =
      <Request extends { readonly runId: number }, Result>(cut: (run: KeptRun, request: Request) => Result) =>
      (request: Request): Result | null =>
        this.#kept?.runId === request.runId ? cut(this.#kept, request) : null;
    const gates = this.#later((analyses, request: StepRequest) => analyses.openedGates(request));
    const begun: Begun = (flag) => this.#channel.emit('begun', { flag });
    const inspector = new Inspector(this.#readFile, begun);
    const tensors = new TensorFiles(this.#readFile);
    const sequences = new SequencePreviews(this.#readFile);
    this.#channel = new Channel<WorkerContract, WorkerHostContract>(
      port,
      {
        run: (request) => this.#alone(request),
        survey: ({ bytes, name, cancel }) =>
          unlessStopped(cancel, (check) => surveyFile(openSent(bytes), check, name), begun),
        tensors: (request) => tensors.open(request),
        tensorFacts: (request) => tensors.facts(request),
        tensorPicture: (request) => tensors.picture(request),
        sequences: (request) => sequences.open(request),
        previewLines: (request) => sequences.lines(request),
        references: ({ bytes, cancel }) => inspector.references(openSent(bytes), cancel),
        inspect: (request) => inspector.inspect(request),
        facts: (request) => inspector.facts(request),
        gatePlaces: (request) => inspector.gatePlaces(request),
        gateAt: (request) => inspector.gateAt(request),
        change: (request) => inspector.change(request),
        cells: () =>
          cellNames.map((cell) => {
            const { gates, words } = cellOf(cell);
            return { cell, gates: gates.length, detail: words.choice() };
          }),
        newConfig: newConfigText,
        locateWeight: ({ entry, place, layer }) => locateWeight(entry, place, layer, this.#readFile),
        applyWhatIf: ({ entry, whatIf, copyTo }) => applyWhatIf(entry, whatIf, this.#readFile, copyTo),
        whatIf: (request) => this.#whatIf(request),
        advice: (request) => this.#advice(request),
        series: (request) =>
          this.#kept?.runId === request.runId
            ? seriesAnswer(this.#kept.summary, sigmaMaxOf(this.#kept), request)
            : null,
        resultJson: ({ runId }) => this.#resultJson(runId),
        resultText: (request) => this.#resultText(request),
        triedText: ({ runId, whatIf }) => this.#triedText(runId, whatIf),
        reportData: ({ runId }) => this.#reportData(runId),
        heatmap: this.#behindGates(this.#behindZ(slice(heatmap)), ({ tensor }) => tensor === 'gate'),
        networkMap: slice(networkMap),
        gateSeries: slice(gateSeries),
        kept: this.#behindGates(
          slice((run, request: KeptRequest) => {
            const gates = gateValuesOf(run, Math.min(request.sequence, run.result.shapes.B - 1));
            return gates === null ? null : keptByGate(run, gates, request);
          }),
          () => true,
        ),
        unitLines: slice(unitLines),
        sequenceLines: slice(sequenceLines),
        step: slice(stepValues),
        steps: this.#behindGates(this.#behindZ(slice(stepsBlock)), ({ tensor }) => tensor === 'gate'),
        jacobians: this.#later((analyses, request) => analyses.jacobians(request)),
        attribution: this.#later((analyses, request) => analyses.attribution(request)),
        attributionRow: this.#later((analyses, request) => analyses.attributionRow(request)),
        attributionRows: this.#later((analyses, request) => analyses.attributionRows(request)),
        reach: this.#later((analyses) => analyses.reach()),
        gateEigenvalues: this.#later((analyses) => analyses.gateEigenvalues()),
        exponents: this.#later((analyses) => analyses.exponents()),
        weights: slice(weights),
        weightCells: slice(weightCells),
        gates: async (request) => {
          if (this.#kept?.runId === request.runId) requireGates(this.#kept);
          return gates(request);
        },
        openedStep: slice((run, request: StepRequest) => openedStep(run, request)),
        activations: slice(spread),
        band: slice(band),
      },
      {
        stop: ({ flag }) => raise(flag),
        due: ({ runId }) => {
          if (this.#newest?.runId === runId) this.#newest.gate.open();
        },
        painted: ({ runId }) => {
          this.#painted = runId;
        },
      },
      {
        checks: workerChecks,
        onFault: (error) => this.#channel.emit('failed', { message: errorStack(error) }),
        words,
      },
    );
  }

  /** Stops what is under way, where no thread ends with it. */
  end(): void {
    this.#ended = true;
    // What waits to be due notices then.
    this.#newest?.gate.open();
    this.#kept?.analyses.end();
    this.#kept = null;
  }

  /** A large file of the disk is opened here: its bytes never pass through the extension host. */
  readonly #readFile = async (request: FileRequest): Promise<FileContent> =>
    openedFile(await this.#channel.request('readFile', request));

  async #alone(request: RunRequest): Promise<RunOutcome> {
    let told = (): void => undefined;
    const norms = new Promise<void>((resolve) => {
      told = resolve;
    });
    const run = this.#run(request, told);
    const settled = Promise.race([
      norms,
      run.then(
        () => undefined,
        () => undefined,
      ),
    ]).then(() => {
      if (this.#running === settled) this.#running = null;
    });
    this.#running = settled;
    return run;
  }

  /** Answers from an analysis of the kept run, as soon as no run is under way. */
  #later<Request extends { readonly runId: number }, Result>(
    ask: (analyses: Analyses, request: Request) => Promise<Result>,
  ): (request: Request) => Promise<Result | null> {
    return async (request) => {
      while (this.#running !== null) await this.#running;
      return this.#kept?.runId === request.runId ? ask(this.#kept.analyses, request) : null;
    };
  }

  /** The same, but of pre-activations once they are computed, which takes long where the run is large. */
  #behindZ<Request extends { readonly runId: number; readonly tensor: string; readonly sequence: number }, Result>(
    cut: (request: Request) => Result | null,
  ): (request: Request) => Promise<Result | null> {
    return async (request) => {
      for (;;) {
        const kept = this.#kept;
        if (request.tensor !== 'z' || kept?.runId !== request.runId) return cut(request);
        requireOneGate(kept);
        const sequence = Math.min(request.sequence, kept.result.shapes.B - 1);
        if (hasPreActivations(kept, sequence)) return cut(request);
        while (this.#running !== null) await this.#running;
        // A run that came in between has ended it. When that run is refused, the older one stays on screen, and
        // somebody still waits.
        const z = this.#kept === kept ? await kept.analyses.preActivations(sequence) : null;
        if (z !== null) keepPreActivations(kept, sequence, z);
      }
    };
  }

  /** The same of the values of the gates, where the request needs them. */
  #behindGates<Request extends { readonly runId: number; readonly sequence: number }, Result>(
    cut: (request: Request) => Result | null | Promise<Result | null>,
    needs: (request: Request) => boolean,
  ): (request: Request) => Promise<Result | null> {
    return async (request) => {
      for (;;) {
        const kept = this.#kept;
        if (!needs(request) || kept?.runId !== request.runId) return cut(request);
        requireGateValues(kept);
        const sequence = Math.min(request.sequence, kept.result.shapes.B - 1);
        if (gateValuesOf(kept, sequence) !== null) return cut(request);
        while (this.#running !== null) await this.#running;
        const values = this.#kept === kept ? await kept.analyses.gateValues(sequence) : null;
        if (values !== null) keepGateValues(kept, sequence, values);
      }
    };
  }

  async #advice({ runId }: AdviceRequest): Promise<Advice | null> {
    for (;;) {
      const kept = await this.#settled(runId);
      const step = kept === null ? null : await this.#nextStep(kept);
      if (kept === null || step === null) return null;
      const effect = step === ended ? ended : await kept.whatIfs.effectOf(step);
      // A what-if or a run that came in between has ended it. Where this run stays on screen, somebody still waits.
      if (step !== ended && effect !== ended) return { step, effect };
    }
  }

  /** The run, once none is under way; null when it is not the last one any more. */
  async #settled(runId: number): Promise<Kept | null> {
    while (this.#running !== null) await this.#running;
    return this.#kept?.runId === runId ? this.#kept : null;
  }

  async #nextStep(kept: Kept): Promise<NextStep | null | typeof ended> {
    if (kept.next === undefined) {
      const found = await kept.whatIfs.nextStep(() => nextStepOf(kept.result));
      if (found === ended) return ended;
      kept.next = found;
    }
    return kept.next;
  }

  async #whatIf({ runId, whatIf, gates, map }: WhatIfRequest): Promise<WhatIfAnswer | null> {
    const question = ++this.#question;
    if (this.#kept?.runId === runId) this.#kept.whatIfs.stop();
    for (;;) {
      while (this.#running !== null) await this.#running;
      if (whatIf === null || question !== this.#question || this.#kept?.runId !== runId) return null;
      const answer = await this.#kept.whatIfs.ask(whatIf, { gates, map });
      if (answer !== null) return answer;
      // A run that came in between has ended it. When that run is refused, the older one stays on screen, and somebody
      // still waits.
    }
  }

  /** Ends the analyses of a run that was replaced, and those that a new run would have to share the thread with. */
  readonly #unwanted = (runId: number) => (): void => {
    if (this.#running !== null || this.#kept?.runId !== runId) throw new Cancelled();
  };

  /** `told` when the norms are known: what follows gives way to whatever the user does meanwhile. */
  async #run(
    { runId, entry, bounds, layer: asked, awaitsPicture, ahead = false, cancel }: RunRequest,
    told: () => void,
  ): Promise<RunOutcome> {
    const stop = raised(cancel);
    hold(cancel);
    const isOver = (): boolean => stop() || this.#ended;
    const check = (): void => {
      if (isOver()) throw new Cancelled();
    };
    const gate = new Gate(!ahead);
    this.#newest = { runId, gate };
    const progress =
      (phase: Phase) =>
      (fraction: number): void => {
        if (gate.isOpen) this.#channel.emit('progress', { runId, phase, fraction });
      };
    const due = async (): Promise<void> => {
      // Whoever asks of the run before is answered so long.
      if (!gate.isOpen) told();
      await gate.opened();
      check();
    };
    const seen = new Set<string>();
    const sources = new ReadSources();
    const files: Files = {
      read: async (reference, from) => {
        const content = await this.#readFile({ reference, from, cancel });
        seen.add(content.id);
        sources.note(entry, from, content);
        check();
        return content;
      },
    };
    try {
      progress('read')(0);
      const read = await readExperiment(entry, files, { tick: check });
      const { experiment: network, problems: found } = read;
      const problems = [...found];
      check();
      const obstacle = network === null ? null : tooLarge(network, this.#kernels, this.#capacity, fileOf(entry));
      if (obstacle !== null) problems.push(obstacle);
      gate.pass(() => {
        if (!isOver()) this.#channel.emit('problems', { runId, problems, files: [...seen] });
      });
      if (network === null || obstacle !== null) {
        await due();
        return { kind: 'refused', problems };
      }

      const started = performance.now();
      const whole = await drive(
        runExperiment(this.#capacity.whole, network, bounds, this.#kernels),
        check,
        progress('run'),
      );
      const shown = layerShown(whole, asked);
      const { experiment, result } = whole.layers[shown] ?? whole.layers[0];
      const run = { runId, experiment, result, network: whole };
      const summary = summariseNetwork(runId, whole, shown, performance.now() - started, read);
      const kept: Kept = {
        ...run,
        spectrum: null,
        growing: null,
        next: undefined,
        analysing: Promise.resolve(),
        analyses: new Analyses(run, result.shapes, this.#unwanted(runId), null, this.#workspaces),
        whatIfs: new WhatIfs(
          { experiment: network, shown },
          bounds,
          this.#kernels,
          this.#unwanted(runId),
          this.#capacity.whole,
        ),
        summary,
        sources,
      };
      await due();
      this.#kept?.analyses.end();
      this.#kept = kept;
      this.#channel.emit('summary', forPage(summary));

      told();

      const picture = awaitsPicture ? this.#picture(runId, check) : Promise.resolve();
      const analysing = picture.then(() => this.#analyse(kept, check, progress('analyse')));
      kept.analysing = analysing.catch(() => undefined);
      await analysing;
      return { kind: 'done', problems };
    } catch (error) {
      if (error instanceof Cancelled) return { kind: 'cancelled', problems: [] };
      // What typed arrays throw when the machine has no room for them: the numbers live outside the heap, so the thread
      // survives.
      if (isOutOfMemory(error))
        throw new Error(
          say(
            'There is not enough memory for this run. Fewer or shorter sequences, or a smaller hidden size, ' +
              'need less. ({0})',
            error.message,
          ),
          { cause: error },
        );
      throw error;
    } finally {
      release(cancel);
    }
  }

  /** Resolves when the picture of a run is on the screen, or nobody seems to paint it. */
  async #picture(runId: number, check: () => void): Promise<void> {
    const latest = performance.now() + longestPainting;
    while (this.#painted !== runId && performance.now() < latest) {
      await new Promise((resolve) => setTimeout(resolve, betweenLooks));
      check();
    }
  }

  /**
   * The spectrum behind everything else, told now and then while it grows; of a wide network without the exponents that
   * take long, which wait until somebody looks.
   */
  async #analyse(kept: Kept, check: () => void, onProgress: (fraction: number) => void): Promise<Spectrum> {
    const { experiment, result } = kept;
    const { spectrum, steps, rest } = growingSpectrum(experiment, result, this.#workspaces);
    kept.growing = spectrum;
    // One number a step: of a very long run it comes with the other series.
    const part = result.shapes.T <= mostDense ? {} : { jacobianSigmaMax: new Float64Array(0) };
    const tell = (fraction: number): void =>
      this.#channel.emit('spectrum', { ...spectrumSummary(kept, { ...spectrum, ...part }), fraction });
    let next = performance.now() + betweenParts;
    await drive(
      steps,
      check,
      (fraction) => {
        onProgress(fraction);
        if (performance.now() < next) return;
        tell(Math.min(fraction, 0.999));
        next = performance.now() + betweenParts;
      },
      'behind',
    );
    kept.spectrum = spectrum;
    kept.analyses.keepSpectrum(spectrum, rest());
    tell(1);
    return spectrum;
  }

  /** The run with its whole spectrum, when it is still the last one and nothing newer needs the thread. */
  async #complete(runId: number): Promise<(Kept & { readonly spectrum: Spectrum }) | null> {
    const kept = await this.#analysed(runId);
    await kept?.analyses.allExponents();
    return kept;
  }

  /** The same without the exponents that take long, unless they are there. */
  async #analysed(runId: number): Promise<(Kept & { readonly spectrum: Spectrum }) | null> {
    while (this.#running !== null) await this.#running;
    const kept = this.#kept;
    if (kept?.runId !== runId) return null;
    await kept.analysing;
    // Only a cancelled analysis has left it out.
    const spectrum = kept.spectrum ?? (await this.#analyse(kept, this.#unwanted(runId), () => undefined));
    return { ...kept, spectrum };
  }

  /** Null when a newer run comes in between. */
  async #unlessCancelled<Result>(work: () => Promise<Result | null>): Promise<Result | null> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Cancelled) return null;
      throw error;
    }
  }

  #reportData(runId: number): Promise<ReportData | null> {
    return this.#unlessCancelled(async () => {
      const kept = await this.#complete(runId);
      if (kept === null) return null;
      const advice = await this.#advice({ runId });
      if ((await this.#settled(runId)) === null) return null;
      const record = await makeRecord(kept, kept.summary, kept.spectrum, kept.analyses, advice);
      return {
        extent: record.extent,
        config: kept.sources.config,
        files: kept.sources.files,
        record: new TextEncoder().encode(pack(record)),
      };
    });
  }

  async #resultText({ runId, form, cancel = null }: ResultTextRequest): Promise<string | null> {
    if (form === 'gradientCheck') return this.#gradientCheck(runId, cancel);
    const next = await this.#advice({ runId });
    return this.#unlessCancelled(async () => {
      if (form === 'compact') {
        const kept = this.#kept?.runId === runId ? this.#kept : null;
        return kept === null ? null : compactText({ run: kept.network, shown: shownOf(kept), next });
      }
      const kept = await this.#analysed(runId);
      if (kept === null) return null;
      const { network, spectrum } = kept;
      if (!isEnoughForLine(network, spectrum)) await kept.analyses.allExponents();
      const spectra = new Map<AnyRun, Spectrum>([[kept.result, spectrum]]);
      for (const layer of network.layers) {
        if (spectra.has(layer.result)) continue;
        const steps = spectrumForLine(network, layer, this.#workspaces);
        spectra.set(layer.result, await drive(steps, this.#unwanted(runId), () => undefined, 'behind'));
      }
      return wholeText({ run: network, shown: shownOf(kept), next }, ({ result }) => spectra.get(result) ?? spectrum);
    });
  }

  async #gradientCheck(runId: number, cancel: CancelFlag): Promise<string | null> {
    const isGivenUp = raised(cancel);
    hold(cancel);
    try {
      for (;;) {
        const kept = await this.#settled(runId);
        if (kept === null || isGivenUp()) return null;
        const found = await kept.whatIfs.checkGradients(isGivenUp);
        if (found === 'noMemory') return say('There is not enough memory to check this run beside the run itself.');
        // What came in between has ended it, and somebody still waits.
        if (found !== ended) return gradientCheckText(kept.network.experiment, found);
      }
    } finally {
      release(cancel);
    }
  }

  async #triedText(runId: number, whatIf: WhatIf): Promise<TriedText | null> {
    const answer = await this.#whatIf({ runId, whatIf });
    const kept = this.#kept;
    if (answer === null || kept?.runId !== runId) return null;
    return answer.kind === 'refused'
      ? { ok: false, text: answer.message }
      : { ok: true, text: triedText(kept.network, whatIf, answer) };
  }

  #resultJson(runId: number): Promise<Uint8Array | null> {
    return this.#unlessCancelled(async () => {
      const kept = await this.#complete(runId);
      if (kept === null) return null;
      const encoder = new TextEncoder();
      const pieces: Uint8Array[] = [];
      const spectrumOf = ({ experiment, result }: NetworkLayer<AnyRun>): LayerSpectrum => {
        const spectrum = result === kept.result ? kept.spectrum : finish(spectrumResumably(experiment, result));
        return finish(withGateBlocks(experiment, spectrum));
      };
      for (const piece of resultJson(kept.network, spectrumOf)) pieces.push(encoder.encode(piece));
      return joinBytes(pieces);
    });
  }
}
