// What the words of a command line ask for, and what is wrong with them.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { t as say } from '@vscode/l10n';
import { isBound, mostBytes, sequenceOrders } from '../config/read/index.js';
import type { Entry, SequenceOrder } from '../config/read/index.js';
import { defaultBounds } from '../engine/index.js';
import type { Direction, Experiment, VerdictBounds, VerdictKind } from '../engine/index.js';
import { languageInUse, setLanguage } from '../l10n.js';
import type { Bundle, Language } from '../l10n.js';
import type { ServerOptions } from '../mcpServer.js';
import { countedLayers, isChosen } from '../worker/record/index.js';
import type { LayerChoice } from '../worker/record/index.js';

export const usage = (): string =>
  say(
    'Usage: rnn-gradients run CONFIG [--json FILE|-] [--html FILE] [--fail-on KINDS] [--layer N] ' +
      '[--direction D] [--attribution] [--check-gradients] [--bounds LIST] [--threads N] [--max-text N] ' +
      '[--language en|ko]\n' +
      '       rnn-gradients run WEIGHTS SEQUENCES [--name NETWORK] [--array ARRAY] [--order O] [the same options]\n' +
      '       rnn-gradients inspect FILE\n' +
      '       rnn-gradients convert FILE OUT [--name NAME]\n' +
      '       rnn-gradients schema\n' +
      '       rnn-gradients mcp [--root FOLDER]… [--bounds LIST] [--threads N] [--max-text N] [--language en|ko]\n' +
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
      '  --bounds LIST    what a verdict is decided by, where it is not vanishing=0.001,fading=0.1,exploding=70: the ' +
      'shares of its norm below which a gradient has vanished or fades, and the multiple above which it has ' +
      'exploded\n' +
      '  --layer N        table, --fail-on and report are about layer N of a network, counted from 0, instead of ' +
      'the whole\n' +
      '  --direction D    the same of one direction alone, forward or reverse: of every layer, or of layer N\n' +
      '  --attribution    also tell how much of each loss arrives at each layer and direction\n' +
      '  --check-gradients\n' +
      '                   also compare the gradients with centred differences of the loss, in float64\n' +
      '  --root FOLDER    below which mcp may read; again for more folders, the current one without it\n' +
      '  --name NAME      which network or tensor of a file that holds several\n' +
      '  --array NAME     which array of a file of sequences that holds several\n' +
      '  --order O        which axes of the sequences come first: BTI (default), or TBI as PyTorch without ' +
      'batch_first\n' +
      "  --language L     en (default) or ko: the language of sentences; JSON's names and the kinds of " +
      'verdicts stay as they are\n' +
      '  --help           show this text\n' +
      '  --version        show the version\n' +
      '\n' +
      'Exit: 0 fine, 1 refused verdict or wrong gradient, 2 bad input (problems on standard error as ' +
      'file:line:column: JSON path: message).\n',
  );

/** Without what each of them does, so that what is wrong stays in sight above them. */
export const commandsAlone = (): string => usage().replace(/\n\n[^]*/, '\n');

const mostThreads = 16;

const refusable: readonly VerdictKind[] = ['vanishing', 'fading', 'exploding', 'nonfinite'];

/** The command line was not understood; the message says how to mend it. */
export class UsageError extends Error {}

export type Arguments =
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
      readonly bounds: VerdictBounds;
      readonly threads: number;
      /** What --fail-on, the table and the report are about; null: the network. */
      readonly shown: LayerChoice | null;
      readonly attribution: boolean;
      readonly checksGradients: boolean;
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

/** As the settings of the editor have them. */
function parseBounds(text: string | undefined): VerdictBounds {
  const bounds: Record<keyof VerdictBounds, number> = { ...defaultBounds };
  for (const part of text?.split(',') ?? []) {
    const [, kind = '', digits = ''] = /^\s*(vanishing|fading|exploding)\s*=\s*(\S+)\s*$/.exec(part) ?? [];
    const value = digits === '' ? NaN : Number(digits);
    const fits = kind === 'exploding' ? value >= 1 && value < Infinity : value > 0 && value <= 1;
    if (!fits)
      throw new UsageError(
        say(
          '--bounds does not take "{0}". It takes vanishing and fading with a number above 0 and up to 1, and ' +
            'exploding with one of at least 1, as vanishing=0.001,exploding=70.',
          part,
        ),
      );
    bounds[kind as keyof VerdictBounds] = value;
  }
  return bounds;
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
export function checkShown({ layers }: Experiment, shown: LayerChoice): void {
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

/** English unless it is asked for, whatever the machine's locale: what a script reads must not depend on it. */
function languageOf(name: string, sentences: string): Language | undefined {
  if (name === 'en') return undefined;
  if (name !== 'ko') throw new UsageError(`--language takes en or ko, not "${name}".`);
  return {
    name,
    bundle: JSON.parse(readFileSync(path.join(sentences, `bundle.l10n.${name}.json`), 'utf8')) as Bundle,
  };
}

const options = {
  json: { type: 'string' },
  html: { type: 'string' },
  'fail-on': { type: 'string' },
  layer: { type: 'string' },
  direction: { type: 'string' },
  attribution: { type: 'boolean' },
  'check-gradients': { type: 'boolean' },
  bounds: { type: 'string' },
  name: { type: 'string' },
  array: { type: 'string' },
  order: { type: 'string' },
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
    'check-gradients',
    'bounds',
    'name',
    'array',
    'order',
    'threads',
    'max-text',
    'language',
  ],
  inspect: ['max-text', 'language'],
  convert: ['name', 'max-text', 'language'],
  schema: ['language'],
  mcp: ['root', 'bounds', 'threads', 'max-text', 'language'],
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
  const given = new Map<Option, string>();
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
    else if (option !== 'root') {
      checkOnce(rawName, given.get(option), value);
      given.set(option, value);
    }
  }
}

/** Only the last one would count: a verdict that is refused by the first --fail-on would pass. */
function checkOnce(option: string, before: string | undefined, value: string): void {
  if (before === undefined) return;
  throw new UsageError(
    say(
      '{0} is given twice, as "{1}" and as "{2}". Write it once; values of --fail-on and --bounds are separated by ' +
        'commas.',
      option,
      before,
      value,
    ),
  );
}

/** A name of a file that is written; only --json may go to standard output. */
function checkTarget(option: string, file: string | undefined): void {
  if (file === '') throw new UsageError(say('{0} takes the name of a file, and it is empty.', option));
  if (file === '-')
    throw new UsageError(say('{0} takes the name of a file, not "-": only --json writes to standard output.', option));
}

/**
 * What a command line asks for; sentences are said in its language from here on.
 * @param sentences the folder in which the languages' sentences lie
 * @throws UsageError
 */
export function parseArguments(args: readonly string[], sentences: string): Arguments {
  const words = parsedWords(args);
  const { positionals } = words;
  const spoken = words.values.language;
  setLanguage(languageOf(typeof spoken === 'string' ? spoken : 'en', sentences));
  checkOptions(words);
  // As the checks have found them.
  const values = words.values as Readonly<
    Partial<Record<Exclude<Option, 'attribution' | 'check-gradients' | 'help' | 'version' | 'root'>, string>>
  > & {
    readonly attribution?: boolean;
    readonly 'check-gradients'?: boolean;
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
      bounds: parseBounds(values.bounds),
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
    bounds: parseBounds(values.bounds),
    threads: parseThreads(values.threads ?? '0'),
    shown: parseShown(values.layer, values.direction),
    attribution: values.attribution === true,
    checksGradients: values['check-gradients'] === true,
    longestText,
  };
}

function parseOrder(text: string): SequenceOrder {
  const order = sequenceOrders.find((one) => one === text);
  if (order === undefined) throw new UsageError(say('--order takes BTI or TBI, not "{0}".', text));
  return order;
}

/** A config, or weights and sequences. */
function parseEntry(
  first: string,
  [sequences, ...rest]: readonly string[],
  { name: network, array, order }: { readonly name?: string; readonly array?: string; readonly order?: string },
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
      ...(order === undefined ? {} : { order: parseOrder(order) }),
    };
  if (network !== undefined)
    throw new UsageError(
      say('--name is for weights and sequences: a config names its network as { "file": …, "name": … }.'),
    );
  if (array !== undefined)
    throw new UsageError(
      say('--array is for weights and sequences: a config names an array as { "file": …, "name": … }.'),
    );
  if (order !== undefined)
    throw new UsageError(say('--order is for weights and sequences: a config says it as "sequenceOrder".'));
  return { kind: 'config', config: first };
}
