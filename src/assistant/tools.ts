// The two tools that assistants call. Each call has a thread of its own, which ends with it.
import { t } from '@vscode/l10n';
import type { Problem } from '../config/json/index.js';
import type { RunOutcome, RunSummary } from '../protocol/index.js';
import { quotedProblems } from '../worker/record/index.js';
import { EngineClient } from '../worker/thread/index.js';
import { entryOf } from './subjectEntry.js';
import { changeSchema, descriptions, subjectSchema } from './forModels.js';
import type { InputSchema } from './forModels.js';
import { readChange, readSubject, whatIfOf } from './toolInput.js';
import type { Subject } from './toolInput.js';
import { ToolCancelled, ToolError } from './toolHost.js';
import type { ToolHost } from './toolHost.js';

export type Tool = {
  readonly name: string;
  /** What a model is told of it, in English as its other instructions are. */
  readonly description: string;
  readonly inputSchema: InputSchema;
  /** What the input asks to read, before anything is read. @throws ToolError */
  readonly subject: (input: unknown) => Subject;
  /** The answer as compact text. @throws ToolError, ToolCancelled */
  readonly run: (input: unknown, host: ToolHost, signal: AbortSignal) => Promise<string>;
};

/** The thread of one call. */
type Call = {
  readonly client: EngineClient;
  /** Of the run that is under way, as soon as there is one. */
  readonly summary: Promise<RunSummary>;
  readonly problems: () => readonly Problem[];
};

/** @throws ToolCancelled as soon as the signal says so: the thread is ended with whatever it computes. */
async function inThread<Result>(
  host: ToolHost,
  signal: AbortSignal,
  work: (call: Call) => Promise<Result>,
): Promise<Result> {
  if (signal.aborted) throw new ToolCancelled();
  let problems: readonly Problem[] = [];
  let tell: (summary: RunSummary) => void = () => undefined;
  const summary = new Promise<RunSummary>((resolve) => {
    tell = resolve;
  });
  let give: (error: Error) => void = () => undefined;
  const given = new Promise<never>((_, reject) => {
    give = reject;
  });
  const client = new EngineClient({
    workerPath: host.workerPath,
    threads: host.threads,
    readFile: (request) => host.readFile(request),
    events: {
      progress: () => undefined,
      problems: (told) => {
        ({ problems } = told);
      },
      summary: tell,
      spectrum: () => undefined,
      failed: ({ message }) => give(new Error(message)),
    },
    onCrash: (message) => give(new ToolError(message)),
  });
  const stop = (): void => give(new ToolCancelled());
  signal.addEventListener('abort', stop);
  try {
    return await Promise.race([work({ client, summary, problems: () => problems }), given]);
  } finally {
    signal.removeEventListener('abort', stop);
    client.dispose();
  }
}

/** Runs until there are norms; what is analysed behind them nobody waits for. @throws ToolError */
async function ran(
  { client, summary, problems }: Call,
  subject: Subject,
  layer: number | null,
  host: ToolHost,
): Promise<RunSummary> {
  const outcome: Promise<RunOutcome> = client.run(await entryOf(subject, host, client), host.bounds, { layer });
  const first = await Promise.race([summary, outcome]);
  if (!('kind' in first)) {
    // Ends with the thread.
    outcome.catch(() => undefined);
    return first;
  }
  if (first.kind === 'done') return summary;
  const told = quotedProblems(first.problems.length > 0 ? first.problems : problems(), (id) => host.nameOf(id));
  throw new ToolError(
    [
      t('It was not run. Mend the first problem, which the others may follow from, and call the tool again.'),
      ...told,
    ].join('\n'),
  );
}

const replaced = (): never => {
  throw new Error('The thread of a call has one run.');
};

const analyse = (input: unknown, host: ToolHost, signal: AbortSignal): Promise<string> => {
  const subject = readSubject(input);
  return inThread(host, signal, async (call) => {
    const { runId } = await ran(call, subject, null, host);
    const text = (await call.client.request('resultText', { runId, form: 'compact' })) ?? replaced();
    return [text, ...quotedProblems(call.problems(), (id) => host.nameOf(id)).map((line) => `${line}\n`)].join('');
  });
};

/** @throws ToolError */
function refuseMissing(asked: number | null, network: RunSummary['network']): void {
  const last = (network?.layers.length ?? 1) - 1;
  if (asked !== null && asked > last)
    throw new ToolError(
      t(
        'There is no layer {0}: the last one, counted from 0 with directions, is {1}. Call the tool again with one ' +
          'that there is.',
        asked,
        last,
      ),
    );
}

const tryChange = (input: unknown, host: ToolHost, signal: AbortSignal): Promise<string> => {
  const { subject, change } = readChange(input);
  const asked = typeof change.layer === 'number' ? change.layer : null;
  // Before files are read: what is mistyped is told at once.
  whatIfOf(change, asked);
  return inThread(host, signal, async (call) => {
    const { runId, network } = await ran(call, subject, asked, host);
    refuseMissing(asked, network);
    const whatIf = whatIfOf(change, network?.shown ?? null);
    const { ok, text } = (await call.client.request('triedText', { runId, whatIf })) ?? replaced();
    if (!ok) throw new ToolError(text);
    return text;
  });
};

export const tools: readonly Tool[] = [
  {
    name: 'rnn-gradients_analyse',
    description: descriptions.analyse,
    inputSchema: subjectSchema,
    subject: readSubject,
    run: analyse,
  },
  {
    name: 'rnn-gradients_tryChange',
    description: descriptions.tryChange,
    inputSchema: changeSchema,
    subject: (input) => readChange(input).subject,
    run: tryChange,
  },
];
