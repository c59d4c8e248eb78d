// Stands in for the editor inside a report: hands the page its theme, its run and its answers, and saves what it makes
// as downloads.
import type { PageContract, PanelContract } from '../protocol/index.js';
import { Channel } from '../protocol/index.js';
import { recordedNorms, recordedSequences, recordedSteps, replay, unpack } from '../worker/record/index.js';
import type { RunRecord } from '../worker/record/index.js';

const root = document.documentElement;
const queries = { dark: matchMedia('(prefers-color-scheme: dark)'), contrast: matchMedia('(prefers-contrast: more)') };

/** Paper is white and narrow: while `paper` is true the light theme holds, and the width of a page. */
function showTheme(paper = false): void {
  root.classList.toggle('paper', paper);
  const [dark, contrast] = [queries.dark.matches && !paper, queries.contrast.matches];
  root.classList.toggle('dark', dark);
  root.classList.toggle('contrast', contrast);
  // The classes that the editor sets, which the page reads.
  const classes = contrast
    ? ['vscode-high-contrast', ...(dark ? [] : ['vscode-high-contrast-light'])]
    : [dark ? 'vscode-dark' : 'vscode-light'];
  document.body.className = classes.join(' ');
}
for (const query of Object.values(queries)) query.addEventListener('change', () => showTheme());
addEventListener('beforeprint', () => showTheme(true));
addEventListener('afterprint', () => showTheme());
showTheme();

function download(name: string, content: string | Uint8Array): void {
  const link = document.createElement('a');
  // A copy, because the array may look at a part of a larger buffer.
  link.href = URL.createObjectURL(new Blob([typeof content === 'string' ? content : Uint8Array.from(content)]));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

const record = unpack(document.getElementById('record')?.textContent ?? '') as RunRecord;
const { summary, spectrum } = record;

let hear: (message: unknown) => void = () => undefined;
const channel = new Channel<PanelContract, PageContract>(
  // In a task of its own, as from another window.
  {
    post: (message) => setTimeout(() => window.dispatchEvent(new MessageEvent('message', { data: message })), 0),
    onMessage: (listener) => {
      hear = listener;
    },
  },
  {
    ...replay(record),
    applyWhatIf: () => false,
    history: () => ({ forgotten: 0, skipped: 0, rewrites: 0, versions: [] }),
    version: () => null,
  },
  {
    ready() {
      const steps = recordedSteps(record);
      channel.emit('status', {
        title: summary.name,
        entry: { kind: 'config', config: summary.name },
        running: null,
        stale: null,
        problems: [],
        recordedSequences: recordedSequences(record),
        recordedNorms: recordedNorms(record),
        ...(steps === null ? {} : { recordedSteps: steps }),
      });
      channel.emit('summary', summary);
      channel.emit('spectrum', spectrum);
    },
    saveFile: ({ suggestedName, content }) => download(suggestedName, content),
    failed: ({ message }) => console.error(message),
    // The page of a report offers none of these.
    painted: () => undefined,
    revealWeight: () => undefined,
    revealProblem: () => undefined,
    revealConfig: () => undefined,
    answerOrder: () => undefined,
    rerun: () => undefined,
    saveAsConfig: () => undefined,
    chooseSequences: () => undefined,
    previewSequences: () => undefined,
    chooseLayer: () => undefined,
    cancel: () => undefined,
    compareWith: () => undefined,
    compared: () => undefined,
    undo: () => undefined,
    exportJson: () => undefined,
    exportReport: () => undefined,
  },
  // The page stands in this very file.
  { checks: 'trusted', onFault: (error) => console.error(error) },
);
Object.assign(globalThis, {
  acquireVsCodeApi: () => ({
    postMessage: (message: unknown) => setTimeout(() => hear(message), 0),
    getState: () => null,
    setState: () => undefined,
  }),
});
