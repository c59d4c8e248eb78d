#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { workerData } from 'node:worker_threads';
import { t as say } from '@vscode/l10n';
import {
  contentsText,
  convertedPieces,
  isSameFile,
  nextText,
  print,
  printAll,
  printError,
  printingFailed,
  watchStreams,
  whyInput,
  whyUnwritable,
  withoutLeftovers,
} from './cli/index.js';
import { describeProblem, readExperiment, UnreadableNumbers } from './config/index.js';
import type { Entry, FileContent, Files } from './config/read/index.js';
import { contentsOf, convertFile, isBound, mostBytes, NotWritable } from './config/read/index.js';
import {
  attributeNetwork,
  cellOf,
  defaultBounds,
  finish,
  nextStepOf,
  runExperiment,
  spectrumResumably,
  Workspaces,
} from './engine/index.js';
import type {
  AnyRun,
  Kernels,
  Attribution,
  Direction,
  Experiment,
  LayerExperiment,
  NetworkLayer,
  Spectrum,
  VerdictKind,
  AnyNetworkRun,
} from './engine/index.js';
import { languageInUse, setLanguage } from './l10n.js';
import type { Bundle, Language } from './l10n.js';
import type { ServerOptions } from './mcpServer.js';
import type { Advice } from './protocol/index.js';
import { batches, readAssets, reportHtml, whyNotWritten, writeWhole } from './report/index.js';
import { Analyses, ended, summariseNetwork, WhatIfs } from './worker/answers/index.js';
import {
  capacityHere,
  help,
  isHelper,
  loadKernels,
  openedFile,
  readRegularFile,
  tooLarge,
} from './worker/thread/index.js';
import {
  attributionTable,
  countedLayers,
  escapeControls,
  isChosen,
  layerName,
  layersShown,
  makeRecord,
  pack,
  problemLine,
  problemPlace,
  ReadSources,
  resultJson,
  resultJsonSchema,
  runTable,
  spectrumForLine,
  spectrumLine,
  whyLeftOut,
  withGateBlocks,
} from './worker/record/index.js';
import type { LayerChoice, LayerSpectrum } from './worker/record/index.js';

declare const productVersion: string;

const usage = (): string =>
  say(
    'Usage: rnn-gradients run CONFIG [--json FILE|-] [--html FILE] [--fail-on KINDS] [--layer N] ' +
      '[--direction D] [--attribution] [--threads N] [--max-text N] [--language en|ko]\n' +
      '       rnn-gradients run WEIGHTS SEQUENCES [--name NETWORK] [--array ARRAY] [the same options]\n' +
      '       rnn-gradients inspect FILE\n' +
      '       rnn-gradients convert FILE OUT [--name NAME]\n' +
      '       rnn-gradients schema\n' +
      '       rnn-gradients mcp [--root FOLDER]… [--threads N] [--max-text N] [--language en|ko]\n' +
      '\n' +
      'run: runs the config, or weights on sequences, forward and backward through time, prints the verdict and a ' +
      'small table.\n' +
      'inspect: prints what is in a file of numbers, which recurrent layers are recognised, and why run would refuse ' +
      'one.\n' +
      "convert: writes one network's tensors under PyTorch's names, or a file's sequences, to OUT.json or " +
      'OUT.safetensors.\n' +
      'schema: prints the JSON schema of what --json writes.\n' +
      'mcp: serves two tools to assistants over standard input and output (Model Context Protocol).\n' +
      '\n' +
      '  --json FILE|-    also write the whole result as JSON to FILE, or to standard output instead of the table\n' +
      '  --html FILE      also write a report with all charts to FILE: one HTML file that any browser ' +
      'opens, without a network\n' +
      '  --threads N      threads for a large run; 0 (default): as many as are worth it on this machine\n' +
      '  --max-text N     megabytes of the largest file that is read whole, from 1 to 512 (default): a ' +
      'larger one is a problem\n' +
      '  --fail-on KINDS  exit with 1 when the verdict is one of these, separated by commas: vanishing, fading, ' +
      'exploding, nonfinite\n' +
      '  --layer N        table, --fail-on and report are about layer N of a network, counted from 0, instead of ' +
      'the whole\n' +
      '  --direction D    the same of one direction alone, forward or reverse: of every layer, or of layer N\n' +
      '  --attribution    also tell how much of each loss arrives at each layer and direction\n' +
      '  --root FOLDER    below which mcp may read; again for more folders, the current one without it\n' +
      '  --name NAME      which network or tensor of a file that holds several\n' +
      '  --array NAME     which array of a file of sequences that holds several\n' +
      "  --language L     en (default) or ko: the language of sentences; JSON's names and the kinds of " +
      'verdicts stay as they are\n' +
      '  --help           show this text\n' +
      '  --version        show the version\n' +
      '\n' +
      'Exit: 0 fine, 1 refused verdict, 2 bad input (problems on standard error as file:line:column: JSON ' +
      'path: message).\n',
  );

/** Without what each of them does, so that what is wrong stays in sight above them. */
const commandsAlone = (): string => usage().replace(/\n\n[^]*/, '\n');

const mostThreads = 16;
/** Multiply-adds of one product of a run that takes longer than threads take to start (50 ms). */
const worthWaiting = 3e8;

const refusable: readonly VerdictKind[] = ['vanishing', 'fading', 'exploding', 'nonfinite'];

/** The command line was not understood; the message says how to mend it. */
class UsageError extends Error {}

type Arguments =
  | { readonly command: 'help' | 'version' | 'schema' }
  | ({ readonly command: 'mcp' } & ServerOptions)
  | { readonly command: 'inspect'; readonly file: string; readonly longestText: number }
  | {
      readonly command: 'convert';
      readonly file: string;
      readonly target: string;
      readonly name: string | null;
      readonly longestText: number;
    }
  | {
      readonly command: 'run';
      readonly entry: Entry;
      readonly json: string | null;
      readonly html: string | null;
      readonly failOn: readonly VerdictKind[];
      readonly threads: number;
      /** What --fail-on, the table and the report are about; null: the network. */
      readonly shown: LayerChoice | null;
      readonly attribution: boolean;
      readonly longestText: number;
    };

/** A list without a verdict, as of a variable that is not set, would let everything pass. */
function parseFailOn(text: string): VerdictKind[] {
  const words = text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
  if (words.length === 0) throw new UsageError(say('--fail-on names no verdict. It takes {0}.', refusable.join(', ')));
  return words.map((word) => {
    const kind = refusable.find((candidate) => candidate === word);
    if (kind === undefined)
      throw new UsageError(say('--fail-on does not know "{0}". It takes {1}.', word, refusable.join(', ')));
    return kind;
  });
}

function parseThreads(text: string): number {
  if (!/^\d{1,2}$/.test(text) || Number(text) > mostThreads)
    throw new UsageError(say('--threads takes a whole number from 0 to {0}, not "{1}".', mostThreads, text));
  return Number(text);
}

function parseLayer(text: string): number {
  if (!/^\d{1,4}$/.test(text))
    throw new UsageError(say('--layer takes the number of a layer, counted from 0, not "{0}".', text));
  return Number(text);
}

function parseDirection(text: string): Direction {
  if (text !== 'forward' && text !== 'reverse')
    throw new UsageError(say('--direction takes forward or reverse, not "{0}".', text));
  return text;
}

function parseShown(layer: string | undefined, direction: string | undefined): LayerChoice | null {
  if (layer === undefined && direction === undefined) return null;
  return {
    layer: layer === undefined ? null : parseLayer(layer),
    direction: direction === undefined ? null : parseDirection(direction),
  };
}

/** @throws UsageError where the network has no such layer or direction */
function checkShown({ layers }: Experiment, shown: LayerChoice): void {
  const { layer, direction } = shown;
  const count = 1 + Math.max(...layers.map((spec) => spec.layer));
  if (layer !== null && layer >= count)
    throw new UsageError(say('--layer {0}: this network has {1}, counted from 0.', layer, countedLayers(count)));
  if (!layers.some((spec) => isChosen(shown, spec)))
    throw new UsageError(say('--direction {0}: this network has the forward direction alone.', direction ?? ''));
}

/** In bytes. */
function parseLongestText(text: string): number {
  if (!/^\d+$/.test(text) || !isBound(Number(text))) {
    throw new UsageError(say('--max-text takes a whole number from 1 to {0}, not "{1}".', mostBytes / 1e6, text));
  }
  return Number(text) * 1e6;
}

/**
 * The sentences lie beside `dist`. English unless it is asked for, whatever the machine's locale: what a script reads
 * must not depend on it.
 */
function languageOf(name: string): Language | undefined {
  if (name === 'en') return undefined;
  if (name !== 'ko') throw new UsageError(`--language takes en or ko, not "${name}".`);
  return {
    name,
    bundle: JSON.parse(readFileSync(path.join(__dirname, '..', 'l10n', `bundle.l10n.${name}.json`), 'utf8')) as Bundle,
  };
}

const options = {
  json: { type: 'string' },
  html: { type: 'string' },
  'fail-on': { type: 'string' },
  layer: { type: 'string' },
  direction: { type: 'string' },
  attribution: { type: 'boolean' },
  name: { type: 'string' },
  array: { type: 'string' },
  root: { type: 'string', multiple: true },
  threads: { type: 'string' },
  'max-text': { type: 'string' },
  language: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean' },
} as const;
type Option = keyof typeof options;

/** What each command takes besides --help and --version. */
const optionsOf: Readonly<Record<Arguments['command'], readonly Option[]>> = {
  run: [
    'json',
    'html',
    'fail-on',
    'layer',
    'direction',
    'attribution',
    'name',
    'array',
    'threads',
    'max-text',
    'language',
  ],
  inspect: ['max-text', 'language'],
  convert: ['name', 'max-text', 'language'],
  schema: ['language'],
  mcp: ['root', 'threads', 'max-text', 'language'],
  help: [],
  version: [],
};
/** An option of any command, instead of which something is shown. */
const showsAndEnds = (option: Option | null): boolean => option === 'help' || option === 'version';
const commandOf = (word: string | undefined): Arguments['command'] | null =>
  word !== undefined && !showsAndEnds(word as Option) && Object.hasOwn(optionsOf, word)
    ? (word as Arguments['command'])
    : null;

const parsedWords = (args: readonly string[]) =>
  // What is wrong is told below, in our words.
  parseArgs({ args: [...args], allowPositionals: true, strict: false, tokens: true, options });

/** What is wrong with the options themselves, whatever they mean. */
function checkOptions({ tokens, positionals }: ReturnType<typeof parsedWords>): void {
  const command = commandOf(positionals[0]);
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { name, rawName, value, inlineValue } = token;
    const option = Object.hasOwn(options, name) ? (name as Option) : null;
    if (!showsAndEnds(option) && command !== null && (option === null || !optionsOf[command].includes(option))) {
      const taken = optionsOf[command].map((one) => `--${one}`).join(', ');
      throw new UsageError(say('"{0}" does not know {1}. It takes: {2}.', command, rawName, taken));
    }
    if (option === null) throw new UsageError(say('No command knows {0}.', rawName));
    if (options[option].type === 'boolean') {
      if (value !== undefined) throw new UsageError(say('{0} takes no value: "{1}" is too much.', rawName, value));
    } else if (value === undefined) throw new UsageError(say('{0} takes a value, and none stands behind it.', rawName));
    // A number below zero is refused as a number.
    else if (!inlineValue && /^-\D/.test(value))
      throw new UsageError(
        say('{0} takes a value, and "{1}" is an option. Write {0}={1} if it is meant.', rawName, value),
      );
  }
}

/** A name of a file that is written; only --json may go to standard output. */
function checkTarget(option: string, file: string | undefined): void {
  if (file === '') throw new UsageError(say('{0} takes the name of a file, and it is empty.', option));
  if (file === '-')
    throw new UsageError(say('{0} takes the name of a file, not "-": only --json writes to standard output.', option));
}

function parseArguments(args: readonly string[]): Arguments {
  const words = parsedWords(args);
  const { positionals } = words;
  const spoken = words.values.language;
  setLanguage(languageOf(typeof spoken === 'string' ? spoken : 'en'));
  checkOptions(words);
  // As the checks have found them.
  const values = words.values as Readonly<
    Partial<Record<Exclude<Option, 'attribution' | 'help' | 'version' | 'root'>, string>>
  > & {
    readonly attribution?: boolean;
    readonly help?: boolean;
    readonly version?: boolean;
    readonly root?: string[];
  };
  if (values.help === true) return { command: 'help' };
  if (values.version === true) return { command: 'version' };
  const longestText = parseLongestText(values['max-text'] ?? String(mostBytes / 1e6));
  const [command, config, ...rest] = positionals;
  if (command === 'mcp') {
    if (config !== undefined) throw new UsageError(say('"mcp" takes options alone: "{0}" is too much.', config));
    const [first = '.', ...others] = values.root ?? [];
    return {
      command,
      roots: [first, ...others],
      language: languageInUse(),
      threads: parseThreads(values.threads ?? '0'),
      longestText,
    };
  }
  if (command === 'schema') {
    if (config !== undefined) throw new UsageError(say('"schema" takes nothing more: "{0}" is too much.', config));
    return { command };
  }
  if (command === 'inspect' || command === 'convert') {
    const [target, ...more] = rest;
    if (config === undefined || config === '') throw new UsageError(say('The file to read is missing.'));
    const tooMuch = command === 'inspect' ? rest : more;
    if (tooMuch.length > 0) throw new UsageError(say('One file at a time: "{0}" is too much.', tooMuch.join(' ')));
    if (command === 'inspect') return { command, file: config, longestText };
    checkTarget('OUT', target);
    if (target === undefined) throw new UsageError(say('The file to write is missing: OUT.json or OUT.safetensors.'));
    if (!/\.(?:json|safetensors)$/i.test(target))
      throw new UsageError(
        say('{0} takes the name of a file that ends in .json or .safetensors, not "{1}".', 'OUT', target),
      );
    return { command, file: config, target, name: values.name ?? null, longestText };
  }
  if (command !== 'run')
    throw new UsageError(command === undefined ? say('A command is missing.') : say('Unknown command "{0}".', command));
  if (config === undefined || config === '') throw new UsageError(say('The config to run is missing.'));
  if (values.json !== '-') checkTarget('--json', values.json);
  checkTarget('--html', values.html);
  return {
    command,
    entry: parseEntry(config, rest, values),
    json: values.json ?? null,
    html: values.html ?? null,
    failOn: values['fail-on'] === undefined ? [] : parseFailOn(values['fail-on']),
    threads: parseThreads(values.threads ?? '0'),
    shown: parseShown(values.layer, values.direction),
    attribution: values.attribution === true,
    longestText,
  };
}

/** A config, or weights and sequences. */
function parseEntry(
  first: string,
  [sequences, ...rest]: readonly string[],
  { name: network, array }: { readonly name?: string; readonly array?: string },
): Entry {
  const isConfig = first.endsWith('.rnn.json') || sequences?.endsWith('.rnn.json') === true;
  const tooMuch = sequences !== undefined && isConfig ? [sequences, ...rest] : rest;
  if (tooMuch.length > 0)
    throw new UsageError(
      isConfig
        ? say('One config at a time: "{0}" is too much.', tooMuch.join(' '))
        : say('Weights and sequences are two files: "{0}" is too much.', tooMuch.join(' ')),
    );
  if (sequences !== undefined)
    return {
      kind: 'pair',
      weights: first,
      sequences,
      ...(network === undefined ? {} : { network }),
      ...(array === undefined ? {} : { array }),
    };
  if (network === undefined && array === undefined) return { kind: 'config', config: first };
  throw new UsageError(
    network === undefined
      ? say('--array is for weights and sequences: a config names an array as { "file": …, "name": … }.')
      : say('--name is for weights and sequences: a config names its network as { "file": …, "name": … }.'),
  );
}

const nodeFiles = (bound: number): Files => ({
  async read(reference, from): Promise<FileContent> {
    const id = from === null ? reference : path.resolve(path.dirname(from), reference);
    return openedFile({ id, ...(await readRegularFile(id, { bound })) });
  },
});

const unwritable = (target: string, reason: string): string =>
  escapeControls(`${target}:1:1: ${say('The result could not be written: {0}', reason)}`);

type Run = {
  /** What the layer belongs to. */
  readonly network: AnyNetworkRun;
  readonly experiment: LayerExperiment;
  readonly result: AnyRun;
  readonly spectrum: Spectrum;
  readonly elapsedMs: number;
  readonly sources: ReadSources;
  readonly warnings: readonly string[];
  readonly title: string;
  readonly workspaces: Workspaces | null;
  readonly advice: Advice | null;
};

/** The next thing to try of a layer, with what it does where a second run takes no time to speak of. */
async function adviceOf(
  { experiment, layers }: AnyNetworkRun,
  layer: NetworkLayer<AnyRun>,
  kernels: Kernels | null,
): Promise<Advice | null> {
  const step = finish(nextStepOf(layer.result));
  if (step === null) return null;
  const subject = { experiment, shown: layers.indexOf(layer) };
  const effect = await new WhatIfs(subject, defaultBounds, kernels, () => undefined).effectOf(step);
  // Nobody ends it here.
  return { step, effect: effect === ended ? null : effect };
}

/** It as the table tells it. */
function adviceText(run: AnyNetworkRun, layer: NetworkLayer<AnyRun>, advice: Advice): string | null {
  const { log10Ratio } = layer.result.verdict;
  const text = nextText(advice, log10Ratio, cellOf(run.experiment.cell).gates.length === 1);
  return text === null || run.layers.length === 1 ? text : `${layerName(run, layer)}: ${text}`;
}

async function writeReport(
  target: string,
  { network, experiment, result, spectrum, elapsedMs, sources, warnings, title, workspaces, advice }: Run,
): Promise<void> {
  const run = { runId: 1, experiment, result, network };
  const shown = network.layers.findIndex((layer) => layer.result === result);
  const summary = summariseNetwork(run.runId, network, shown, elapsedMs);
  const record = await makeRecord(
    run,
    summary,
    spectrum,
    new Analyses(run, result.shapes, () => undefined, null, workspaces),
    advice,
  );
  const html = await reportHtml({
    title,
    summary,
    warnings,
    record: pack(record),
    extent: record.extent,
    config: sources.config,
    files: sources.files.map(({ id, bytes }) => ({ name: path.relative('', id), bytes })),
    date: new Date(),
    language: languageInUse(),
    assets: await readAssets((name) => readFile(path.join(__dirname, 'webview', name), 'utf8')),
  });
  await withoutLeftovers(() => writeWhole(target, [html]));
}

/** Prints what is in a file. */
async function inspect(file: string, files: Files): Promise<number> {
  const { contents, problems } = await contentsOf(file, files);
  for (const problem of problems) printError(`${problemLine(problem)}\n`);
  if (contents === null) return 2;
  // Names may hold anything; what is a line stays one.
  for (const line of contentsText(file, contents)) print(`${escapeControls(line)}\n`);
  return 0;
}

/** Writes what a file holds as another one. */
async function convert(file: string, target: string, name: string | null, files: Files): Promise<number> {
  const refuse = (reason: string): number => {
    printError(`${unwritable(target, reason)}\n`);
    return 2;
  };
  const obstacle = (await whyUnwritable(target)) ?? (await whyInput(target, [file]));
  if (obstacle !== null) return refuse(obstacle);
  try {
    const { content, problems } = await convertFile(file, name, files);
    for (const problem of problems) printError(`${problemLine(problem)}\n`);
    if (content === null) return 2;
    try {
      await withoutLeftovers(() => writeWhole(target, convertedPieces(content, target)));
      return 0;
    } catch (error) {
      if (error instanceof UnreadableNumbers) throw error;
      return refuse(error instanceof NotWritable ? error.message : whyNotWritten(error));
    }
  } catch (error) {
    // Of the file that is read, at whichever step its numbers are wanted.
    if (!(error instanceof UnreadableNumbers)) throw error;
    printError(`${problemLine(error.problem)}\n`);
    return 2;
  }
}

/** In positions, because the first layer of a network runs forward. */
function attributionOf(run: AnyNetworkRun, workspaces: Workspaces | null): Attribution {
  const { attribution, steps } = attributeNetwork(run, 0, workspaces);
  finish(steps);
  return attribution;
}

async function main(args: readonly string[]): Promise<number> {
  const parsed = parseArguments(args);
  if (parsed.command === 'mcp') {
    const { serveAssistants } = await import('./mcpServer.js');
    const obstacle = await serveAssistants(parsed);
    if (obstacle !== null) throw new UsageError(obstacle);
    return 0;
  }
  if (parsed.command === 'inspect') return inspect(parsed.file, nodeFiles(parsed.longestText));
  if (parsed.command === 'convert')
    return convert(parsed.file, parsed.target, parsed.name, nodeFiles(parsed.longestText));
  if (parsed.command !== 'run') {
    const shown = {
      help: usage,
      version: () => `${productVersion}\n`,
      schema: () => `${JSON.stringify(resultJsonSchema(), null, 2)}\n`,
    };
    print(shown[parsed.command]());
    return 0;
  }
  const jsonFile = parsed.json === '-' ? null : parsed.json;
  const targets = [jsonFile, parsed.html].filter((target) => target !== null);
  const refuse = (target: string, reason: string): number => {
    printError(`${unwritable(target, reason)}\n`);
    return 2;
  };
  // Told before minutes of arithmetic, not after them.
  for (const target of targets) {
    const obstacle = await whyUnwritable(target);
    if (obstacle !== null) return refuse(target, obstacle);
  }
  if (jsonFile !== null && parsed.html !== null && (await isSameFile(jsonFile, parsed.html))) {
    return refuse(parsed.html, say('--json and --html name the same file. Name two.'));
  }
  const sources = new ReadSources();
  const { entry } = parsed;
  const subject = entry.kind === 'config' ? entry.config : entry.weights;
  const onDisk = nodeFiles(parsed.longestText);
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
  if (parsed.shown !== null) checkShown(experiment, parsed.shown);
  for (const target of targets) {
    const obstacle = await whyInput(
      target,
      sources.files.map(({ id }) => id),
    );
    if (obstacle !== null) return refuse(target, obstacle);
  }

  const kernels = loadKernels(__filename, parsed.threads);
  const capacity = capacityHere();
  const obstacle = tooLarge(experiment, kernels, capacity, subject);
  if (obstacle !== null) {
    printError(`${problemLine(obstacle)}\n`);
    return 2;
  }
  const { B, T, I, H } = experiment.shapes;
  if (B * T * H * (H + I) >= worthWaiting) await kernels?.team?.up();
  const workspaces = kernels === null ? null : new Workspaces(kernels);
  const started = performance.now();
  const run = finish(runExperiment(capacity.whole, experiment, defaultBounds, kernels));
  const elapsedMs = performance.now() - started;
  // The verdict at once: the spectrum of a big network takes far longer than the run.
  if (parsed.json !== '-') print(runTable(run, parsed.shown));
  const shown = layersShown(run.layers, parsed.shown);
  // The one that the verdict is about.
  const { layer, direction } = run.verdict;
  const about = { layer: parsed.shown?.layer ?? layer, direction: parsed.shown?.direction ?? direction };
  const judged = shown.find(({ experiment: { layers } }) => isChosen(about, layers[0])) ?? shown[0] ?? run.layers[0];
  const isTold = parsed.json !== '-' || parsed.html !== null;
  const advice = isTold ? await adviceOf(run, judged, kernels) : null;
  if (parsed.json !== '-' && advice !== null) print(adviceText(run, judged, advice) ?? '');
  const spectra = new Map<NetworkLayer<AnyRun>, LayerSpectrum>();
  const spectrumOf = (layer: NetworkLayer<AnyRun>): LayerSpectrum => {
    const known = spectra.get(layer);
    if (known !== undefined) return known;
    const spectrum = finish(spectrumResumably(layer.experiment, layer.result, workspaces));
    const made = finish(withGateBlocks(layer.experiment, spectrum));
    spectra.set(layer, made);
    return made;
  };
  // Where a file holds all of it, none is computed twice.
  const isWhole = (layer: NetworkLayer<AnyRun>): boolean =>
    jsonFile !== null || (parsed.html !== null && layer === judged);
  for (const layer of parsed.json === '-' ? [] : shown) {
    const spectrum = isWhole(layer) ? spectrumOf(layer).spectrum : finish(spectrumForLine(run, layer, workspaces));
    print(spectrumLine(run, layer, spectrum));
  }
  const attribution = parsed.attribution ? attributionOf(run, workspaces) : null;
  if (attribution !== null && parsed.json !== '-') print(attributionTable(run, attribution, parsed.shown));
  // Standard output is the result's.
  else if (attribution !== null && attribution.leftOut !== null) printError(`${whyLeftOut(attribution.leftOut)}\n`);
  const kinds = parsed.shown === null ? [run.verdict.kind] : shown.map(({ result }) => result.verdict.kind);
  const verdictCode = kinds.some((kind) => parsed.failOn.includes(kind)) ? 1 : 0;
  const json = resultJson(run, spectrumOf, attribution?.leftOut === null ? attribution : null);
  if (parsed.json === '-') await printAll(json);
  if (jsonFile !== null) {
    try {
      await withoutLeftovers(() => writeWhole(jsonFile, batches(json)));
    } catch (error) {
      return refuse(jsonFile, whyNotWritten(error));
    }
  }
  if (parsed.html !== null) {
    const title = entry.kind === 'config' ? path.basename(entry.config) : experiment.name;
    try {
      const warnings = problems
        .filter(({ severity }) => severity === 'warning')
        .map((problem) => `${problemPlace(problem)} ${describeProblem(problem)}`);
      await writeReport(parsed.html, {
        network: run,
        ...judged,
        spectrum: spectrumOf(judged).spectrum,
        elapsedMs,
        sources,
        warnings,
        title: run.layers.length === 1 ? title : `${title} · ${layerName(run, judged)}`,
        workspaces,
        advice,
      });
    } catch (error) {
      return refuse(parsed.html, whyNotWritten(error));
    }
  }
  return verdictCode;
}

if (isHelper(workerData)) help(workerData);
else {
  watchStreams();
  main(process.argv.slice(2)).then(
    (code) => {
      process.exitCode = printingFailed() ? 2 : code;
    },
    (error: unknown) => {
      printError(
        error instanceof UsageError
          ? `${error.message}\n\n${commandsAlone()}\n${say('{0} tells more.', 'rnn-gradients --help')}\n`
          : `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
      );
      process.exitCode = 2;
    },
  );
}
