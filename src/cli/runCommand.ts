// `run`: an experiment forward and backward through time, told as a table, as JSON and as a report.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { t as say } from '@vscode/l10n';
import { describeProblem, readExperiment } from '../config/index.js';
import type { Problem } from '../config/index.js';
import type { Files } from '../config/read/index.js';
import {
  attributeNetwork,
  cellOf,
  checkGradients,
  finish,
  nextStepOf,
  runExperiment,
  spectrumResumably,
  Workspaces,
} from '../engine/index.js';
import type {
  AnyNetworkRun,
  AnyRun,
  Attribution,
  Experiment,
  Kernels,
  NetworkLayer,
  VerdictBounds,
} from '../engine/index.js';
import { languageInUse } from '../l10n.js';
import type { Advice } from '../protocol/index.js';
import { batches, readAssets, reportHtml, writeWhole } from '../report/index.js';
import { Analyses, ended, summariseNetwork, WhatIfs } from '../worker/answers/index.js';
import {
  attributionTable,
  gradientCheckText,
  isChosen,
  isWrong,
  layerName,
  layersShown,
  makeRecord,
  pack,
  problemLine,
  problemPlace,
  ReadSources,
  resultJson,
  runTable,
  spectrumForLine,
  spectrumLine,
  whyLeftOut,
  withGateBlocks,
} from '../worker/record/index.js';
import type { LayerSpectrum } from '../worker/record/index.js';
import { capacityHere, loadKernels, tooLarge } from '../worker/thread/index.js';
import { checkShown } from './arguments.js';
import type { Arguments } from './arguments.js';
import { diskFiles } from './diskFiles.js';
import { nextText } from './nextStep.js';
import { isSameFile, refuse, whyInput, whyUnwritable, written } from './outputs.js';
import { print, printAll, printError } from './terminal.js';

type Asked = Extract<Arguments, { readonly command: 'run' }>;

/** Multiply-adds of one product of a run that takes longer than threads take to start (50 ms). */
const worthWaiting = 3e8;

/** The files that are written, besides standard output. */
const targetsOf = ({ json, html }: Asked): string[] =>
  [json === '-' ? null : json, html].filter((target) => target !== null);

/** What stands in the way of writing, told before minutes of arithmetic; the exit code, null where nothing does. */
async function checkTargets(asked: Asked): Promise<number | null> {
  for (const target of targetsOf(asked)) {
    const obstacle = await whyUnwritable(target);
    if (obstacle !== null) return refuse(target, obstacle);
  }
  const { json, html } = asked;
  if (json !== null && json !== '-' && html !== null && (await isSameFile(json, html)))
    return refuse(html, say('--json and --html name the same file. Name two.'));
  return null;
}

type Read = {
  readonly experiment: Experiment;
  readonly problems: readonly Problem[];
  readonly sources: ReadSources;
};

/** What the run is made of; an exit code where it cannot be read. */
async function read(asked: Asked): Promise<Read | number> {
  const { entry } = asked;
  const sources = new ReadSources();
  const onDisk = diskFiles(asked.longestText);
  const files: Files = {
    async read(reference, from) {
      const content = await onDisk.read(reference, from);
      sources.note(entry, from, content);
      return content;
    },
  };
  const { experiment, problems } = await readExperiment(entry, files, { byOption: true });
  for (const problem of problems) printError(`${problemLine(problem)}\n`);
  if (experiment === null) return 2;
  if (asked.shown !== null) checkShown(experiment, asked.shown);
  const inputs = sources.files.map(({ id }) => id);
  for (const target of targetsOf(asked)) {
    const obstacle = await whyInput(target, inputs);
    if (obstacle !== null) return refuse(target, obstacle);
  }
  return { experiment, problems, sources };
}

/** The next thing to try of a layer, with what it does where a second run takes no time to speak of. */
async function adviceOf(
  { experiment, layers }: AnyNetworkRun,
  layer: NetworkLayer<AnyRun>,
  bounds: VerdictBounds,
  kernels: Kernels | null,
): Promise<Advice | null> {
  const step = finish(nextStepOf(layer.result));
  if (step === null) return null;
  const subject = { experiment, shown: layers.indexOf(layer) };
  const effect = await new WhatIfs(subject, bounds, kernels, () => undefined).effectOf(step);
  // Nobody ends it here.
  return { step, effect: effect === ended ? null : effect };
}

/** It as the table tells it. */
function adviceText(run: AnyNetworkRun, layer: NetworkLayer<AnyRun>, advice: Advice): string | null {
  const { log10Ratio } = layer.result.verdict;
  const text = nextText(advice, log10Ratio, cellOf(run.experiment.cell).gates.length === 1);
  return text === null || run.layers.length === 1 ? text : `${layerName(run, layer)}: ${text}`;
}

/** In positions, because the first layer of a network runs forward. */
function attributionOf(run: AnyNetworkRun, workspaces: Workspaces | null): Attribution {
  const { attribution, steps } = attributeNetwork(run, 0, workspaces);
  finish(steps);
  return attribution;
}

/** The spectra of layers, each computed once. */
function spectraOf(workspaces: Workspaces | null): (layer: NetworkLayer<AnyRun>) => LayerSpectrum {
  const known = new Map<NetworkLayer<AnyRun>, LayerSpectrum>();
  return (layer) => {
    const made =
      known.get(layer) ??
      finish(withGateBlocks(layer.experiment, finish(spectrumResumably(layer.experiment, layer.result, workspaces))));
    known.set(layer, made);
    return made;
  };
}

type Told = Read & {
  readonly run: AnyNetworkRun;
  /** The layer that the report shows. */
  readonly judged: NetworkLayer<AnyRun>;
  readonly spectrum: LayerSpectrum['spectrum'];
  readonly advice: Advice | null;
  readonly elapsedMs: number;
  readonly workspaces: Workspaces | null;
};

/** The page of one layer with everything in it. `assets`: the folder of the page's script and styles. */
async function report(
  { entry }: Asked,
  { run, judged, experiment, problems, sources, spectrum, advice, elapsedMs, workspaces }: Told,
  assets: string,
): Promise<string> {
  const { result } = judged;
  const kept = { runId: 1, experiment: judged.experiment, result, network: run };
  const summary = summariseNetwork(kept.runId, run, run.layers.indexOf(judged), elapsedMs);
  const record = await makeRecord(
    kept,
    summary,
    spectrum,
    new Analyses(kept, result.shapes, () => undefined, null, workspaces),
    advice,
  );
  const title = entry.kind === 'config' ? path.basename(entry.config) : experiment.name;
  return reportHtml({
    title: run.layers.length === 1 ? title : `${title} · ${layerName(run, judged)}`,
    summary,
    warnings: problems
      .filter(({ severity }) => severity === 'warning')
      .map((problem) => `${problemPlace(problem)} ${describeProblem(problem)}`),
    record: pack(record),
    extent: record.extent,
    config: sources.config,
    files: sources.files.map(({ id, bytes }) => ({ name: path.relative('', id), bytes })),
    date: new Date(),
    language: languageInUse(),
    assets: await readAssets((name) => readFile(path.join(assets, name), 'utf8')),
  });
}

/**
 * Runs what is asked for, and tells and writes it; the exit code.
 * @param program the file of the running program, which the threads of a large run load, too; the page lies beside it
 * @throws UsageError where the network has no such layer or direction
 */
export async function runCommand(asked: Asked, program: string): Promise<number> {
  const blocked = await checkTargets(asked);
  if (blocked !== null) return blocked;
  const source = await read(asked);
  if (typeof source === 'number') return source;
  const { experiment } = source;
  const { entry, json, html } = asked;
  const kernels = loadKernels(program, asked.threads);
  const capacity = capacityHere();
  const obstacle = tooLarge(experiment, kernels, capacity, entry.kind === 'config' ? entry.config : entry.weights);
  if (obstacle !== null) {
    printError(`${problemLine(obstacle)}\n`);
    return 2;
  }
  const { B, T, I, H } = experiment.shapes;
  if (B * T * H * (H + I) >= worthWaiting) await kernels?.team?.up();
  const workspaces = kernels === null ? null : new Workspaces(kernels);
  const started = performance.now();
  const run = finish(runExperiment(capacity.whole, experiment, asked.bounds, kernels));
  const elapsedMs = performance.now() - started;

  // Standard output is the result's, or the table's.
  const tells = json !== '-';
  const tell = (text: string): void => {
    if (tells) print(text);
  };
  // The verdict at once: the spectrum of a big network takes far longer than the run.
  tell(runTable(run, asked.shown));
  const shown = layersShown(run.layers, asked.shown);
  // The one that the verdict is about.
  const { layer, direction } = run.verdict;
  const about = { layer: asked.shown?.layer ?? layer, direction: asked.shown?.direction ?? direction };
  const judged = shown.find(({ experiment: { layers } }) => isChosen(about, layers[0])) ?? shown[0] ?? run.layers[0];
  const advice = tells || html !== null ? await adviceOf(run, judged, asked.bounds, kernels) : null;
  if (advice !== null) tell(adviceText(run, judged, advice) ?? '');
  const spectrumOf = spectraOf(workspaces);
  // Where a file holds all of it, none is computed twice.
  const isWhole = (one: NetworkLayer<AnyRun>): boolean => (tells && json !== null) || (html !== null && one === judged);
  for (const one of tells ? shown : []) {
    const spectrum = isWhole(one) ? spectrumOf(one).spectrum : finish(spectrumForLine(run, one, workspaces));
    tell(spectrumLine(run, one, spectrum));
  }
  const attribution = asked.attribution ? attributionOf(run, workspaces) : null;
  if (attribution !== null && tells) tell(attributionTable(run, attribution, asked.shown));
  else if (attribution !== null && attribution.leftOut !== null) printError(`${whyLeftOut(attribution.leftOut)}\n`);
  const check = asked.checksGradients ? finish(checkGradients(capacity.whole, experiment, kernels)) : null;
  if (asked.checksGradients) (tells ? print : printError)(`\n${gradientCheckText(experiment, check)}`);

  const result = resultJson(run, spectrumOf, attribution?.leftOut === null ? attribution : null);
  if (json === '-') await printAll(result);
  else if (json !== null) {
    const failed = await written(json, () => writeWhole(json, batches(result)));
    if (failed !== null) return failed;
  }
  if (html !== null) {
    const { spectrum } = spectrumOf(judged);
    const told = { ...source, run, judged, spectrum, advice, elapsedMs, workspaces };
    const assets = path.join(path.dirname(program), 'webview');
    const failed = await written(html, async () => writeWhole(html, [await report(asked, told, assets)]));
    if (failed !== null) return failed;
  }
  const kinds = asked.shown === null ? [run.verdict.kind] : shown.map((one) => one.result.verdict.kind);
  return isWrong(check) || kinds.some((kind) => asked.failOn.includes(kind)) ? 1 : 0;
}
