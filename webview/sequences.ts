// Start of the page that shows what sequences are before they are run: what is chosen, lines, and tables.
import { Channel, errorStack } from '../src/protocol/index.js';
import type {
  SequenceChoice,
  SequencePageContract,
  SequenceViewContract,
  ShownSequences,
} from '../src/protocol/index.js';
import { t } from './page/l10n.js';
import { hostPort } from './page/hostPort.js';
import { asInteger, PageState } from './page/pageState.js';
import type { VsCodeApi } from './page/pageState.js';
import { SequenceChoices } from './sequences/choices.js';
import { choiceIn, SequenceModel } from './sequences/sequenceModel.js';
import { firstRows, normalisation, targets, vocabulary } from './sequences/tables.js';
import { WindowLines } from './sequences/windowLines.js';
import { loadControls } from './lateControls.js';
import { button } from './widgets/controls.js';
import { el } from './widgets/dom.js';

declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();
const memory = new PageState(api);
const failed = (error: unknown): void => channel.emit('failed', { message: errorStack(error) });

const channel: Channel<SequencePageContract, SequenceViewContract> = new Channel<
  SequencePageContract,
  SequenceViewContract
>(hostPort(api), {}, { sequences: (shown) => show(shown) }, { checks: 'trusted', onFault: failed });
addEventListener('error', (event) => failed(event.error ?? event.message));
addEventListener('unhandledrejection', (event) => failed(event.reason));

const model = new SequenceModel((request) => channel.request('previewLines', request));
const choices = new SequenceChoices((choice) => take(choice));
const front = memory.read('front');
const placeOf = (value: unknown): number => Math.max(0, asInteger(value) ?? 0);
const lines = new WindowLines(
  model,
  { input: placeOf(front['input']), sequence: placeOf(front['sequence']) },
  (inFront) => memory.write('front', inFront),
);
const title = el('h1');
const facts = el('p', { class: 'facts', attributes: { role: 'status' } });
const run = button(t('Run RNN'), 'primary', t('Run weights on these sequences'), () =>
  channel.emit('run', choices.choice),
);
const others = button(t('Other weights…'), 'secondary', t('Choose which weights are run on these sequences'), () =>
  channel.emit('otherWeights', choices.choice),
);
const save = button(
  t('Save as config…'),
  'secondary',
  t('Write the weights and these sequences, as they are read here, down as a config'),
  () => channel.emit('saveAsConfig', choices.choice),
);
const misfit = el('p', { class: 'wrong', attributes: { role: 'status' } });
const wrong = el('section', { class: 'unreadable', attributes: { role: 'alert' } });
const notes = el('ul', { class: 'notes', attributes: { 'aria-label': t('Notes') } });
const tables = el('div', { class: 'tables' });
/** What the page remembers may not fit the file that is there now. */
const anew = button(t('Read it without choices'), 'secondary', t('Forget what was chosen for this file'), () =>
  take({ options: {}, array: null }),
);
const main = el(
  'main',
  {},
  el('header', {}, title, el('div', { class: 'said' }, facts, el('div', { class: 'acts' }, run, others, save)), misfit),
  choices.element,
  wrong,
  anew,
  lines.element,
  tables,
  notes,
);
main.hidden = true;
document.getElementById('app')?.append(main);

function take(choice: SequenceChoice): void {
  memory.write('choice', choice);
  channel.emit('choose', choice);
}

function show(shown: ShownSequences): void {
  model.show(shown);
  const { sequences, problems, name, weights } = shown;
  main.hidden = false;
  title.textContent = name;
  facts.textContent = sequences === null ? '' : sentence(shown);
  run.hidden = sequences === null || sequences.isConfig;
  others.hidden = save.hidden = run.hidden || weights === null;
  run.replaceChildren(weights === null ? t('Run RNN') : t('Run RNN: {0}', weights.name));
  const I = weights?.I ?? null;
  const fault = sequences === null || I === null ? '' : faultOf(sequences.I, weights?.name ?? '', I);
  misfit.textContent = fault;
  // Nobody is led to a panel that says the same.
  run.disabled = save.disabled = fault !== '';
  run.title = fault === '' ? t('Run weights on these sequences') : fault;
  wrong.hidden = problems.length === 0;
  const told = problems.map(({ text }) => text);
  // An alert that is written again is read aloud again.
  if (wrong.dataset['told'] !== JSON.stringify(told)) wrong.replaceChildren(...told.map((text) => el('p', {}, text)));
  wrong.dataset['told'] = JSON.stringify(told);
  lines.element.hidden = tables.hidden = notes.hidden = sequences === null;
  anew.hidden = sequences !== null || model.last !== null || choiceIn(memory.read('choice')) === null;
  if (model.last !== null) choices.show(model.last, chosen(model.last), shown.asked);
  if (sequences === null) {
    // Nobody may take what was there before for what is there now.
    choices.element.hidden ||= model.last === null;
    return;
  }
  lines.show(sequences);
  tables.replaceChildren(
    ...[normalisation(sequences), targets(sequences), firstRows(sequences), vocabulary(sequences)].filter(
      (part) => part !== null,
    ),
  );
  // Of a text the vocabulary has a place of its own.
  notes.replaceChildren(...(sequences.text === null ? shown.notes : []).map((note) => el('li', {}, note)));
}

/** Why weights cannot be run on sequences with so many inputs; empty where they can. */
function faultOf(found: number, weights: string, wanted: number): string {
  if (found === wanted) return '';
  return found === 1
    ? t('These have 1 input per step, and {0} takes {1}.', weights, wanted)
    : t('These have {0} inputs per step, and {1} takes {2}.', found, weights, wanted);
}

/** What the newest reading has in force, unless that was refused: then what was chosen stands there to be mended. */
const chosen = ({ options, array }: SequenceChoice & { readonly isConfig: boolean }): SequenceChoice =>
  model.facts === null ? choices.choice : { options, array };

/** `a table · 1,200 rows · 96 sequences of 24 steps, 2 inputs` */
function sentence({ sequences }: ShownSequences): string {
  if (sequences === null) return '';
  const { format, B, T, shortest, I, chunks, windows, table, text } = sequences;
  const number = (x: number): string => x.toLocaleString('en');
  const steps = shortest === T ? number(T) : `${number(shortest)}–${number(T)}`;
  return [
    format,
    ...(table === null ? [] : [table.rows === 1 ? t('1 row') : t('{0} rows', number(table.rows))]),
    ...(text === null ? [] : [t('{0} tokens', number(text.tokens))]),
    B === 1
      ? t('1 sequence of {0} steps, inputs: {1}', steps, number(I))
      : t('{0} sequences of {1} steps, inputs: {2}', number(B), steps, number(I)),
    ...(chunks > 1 ? [t('in {0} files', chunks)] : []),
    ...(windows !== null && windows.left > 0 ? [t('{0} steps at the end in no window', number(windows.left))] : []),
  ].join(' · ');
}

void loadControls();
channel.emit('ready', choiceIn(memory.read('choice')));
