// Start of the page that shows what is in a file of tensors: recognised networks on top, the list, the chosen tensor.
import { Channel, errorStack } from '../src/protocol/index.js';
import type { ShownTensors, TensorPageContract, TensorViewContract } from '../src/protocol/index.js';
import { t } from './page/l10n.js';
import { hostPort } from './page/hostPort.js';
import { asStrings, PageState } from './page/pageState.js';
import type { VsCodeApi } from './page/pageState.js';
import { ThemeWatch } from './page/theme.js';
import { TensorDetail } from './tensors/tensorDetail.js';
import { TensorModel } from './tensors/tensorModel.js';
import { TensorTable } from './tensors/tensorTable.js';
import { loadControls } from './lateControls.js';
import { button } from './widgets/controls.js';
import { el } from './widgets/dom.js';

declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();
const memory = new PageState(api);
const themes = new ThemeWatch();
const failed = (error: unknown): void => channel.emit('failed', { message: errorStack(error) });

const channel: Channel<TensorPageContract, TensorViewContract> = new Channel<TensorPageContract, TensorViewContract>(
  hostPort(api),
  {},
  { tensors: (shown) => show(shown) },
  { checks: 'trusted', onFault: failed },
);
addEventListener('error', (event) => failed(event.error ?? event.message));
addEventListener('unhandledrejection', (event) => failed(event.reason));

const model = new TensorModel((name, params) => channel.request(name, params));
const { filter, open } = memory.read('list');
const table = new TensorTable(
  model,
  (index) => choose(index),
  ({ name, prefix }) => runButton(t('Run RNN on {0}', prefix), name),
  { filter: typeof filter === 'string' ? filter : '', open: asStrings(open) },
  (list) => memory.write('list', list),
);
const detail = new TensorDetail(model, themes);
const title = el('h1');
const facts = el('p', { class: 'facts' });
const networks = el('ul', { class: 'networks', attributes: { 'aria-label': t('Recurrent layers') } });
const none = el('p', { class: 'facts' }, t('No recurrent layer is recognised.'));
const refused = el('div', { class: 'refused' });
const columns = el('div', { class: 'columns' }, table.element, detail.element);
const wrong = el('section', { class: 'unreadable', attributes: { role: 'alert' } });
const main = el('main', {}, el('header', {}, title, facts, networks, none, refused), wrong, columns);
main.hidden = true;
document.getElementById('app')?.append(main);

/** The chosen tensor stays chosen by its name when the file is written again. */
let chosen: string | null = null;

function choose(index: number): void {
  chosen = model.tensors[index]?.name ?? null;
  memory.write('tensors', { chosen });
  table.mark(index);
  detail.show(index);
}

/** Several of them stand below each other: each says what it runs. */
function runButton(name: string, network: string | null): HTMLElement {
  const run = button(t('Run RNN'), 'primary', name, () => channel.emit('run', { network }));
  run.setAttribute('aria-label', name);
  return run;
}

function sizeText(bytes: number): string {
  if (bytes < 1e3) return t('{0} bytes', bytes);
  const [size, unit] = bytes < 1e6 ? [bytes / 1e3, 'kB'] : bytes < 1e9 ? [bytes / 1e6, 'MB'] : [bytes / 1e9, 'GB'];
  return `${Number(size.toPrecision(3))} ${unit}`;
}

/** The networks that stand on the page. */
let networksTold = '';

function show(shown: ShownTensors): void {
  const { file, name, bytes, problems } = shown;
  model.show(shown);
  main.hidden = false;
  title.textContent = name;
  const format = file === null ? [] : [file.format];
  facts.textContent = [...format, ...(bytes === null ? [] : [sizeText(bytes)])].join(' · ');
  wrong.hidden = file !== null;
  columns.hidden = networks.hidden = file === null;
  const reasons = file?.refused ?? [];
  none.hidden = file === null || file.networks.length > 0 || reasons.length > 0;
  refused.replaceChildren(...reasons.map((reason) => el('p', {}, t('A run does not take this: {0}', reason))));
  wrong.replaceChildren(
    el('h2', {}, t('The file cannot be read.')),
    ...problems.flatMap(({ text, python }) => [
      el('p', {}, text),
      ...(python === null
        ? []
        : [
            el('pre', { attributes: { tabindex: '0' } }, python),
            button(t('Copy the lines'), 'secondary', t('Copy these lines of Python'), () =>
              channel.emit('copyPython', { lines: python }),
            ),
          ]),
    ]),
  );
  // Those that are the same stay, and the focus on their buttons.
  const listed = JSON.stringify([name, file?.networks ?? []]);
  if (listed !== networksTold)
    networks.replaceChildren(
      ...(file?.networks ?? []).map(({ name: network, prefix, told }) =>
        el(
          'li',
          {},
          el('span', {}, ...(prefix === '' ? [] : [el('b', {}, prefix), ' · ']), told),
          runButton(t('Run RNN: {0}', prefix === '' ? name : prefix), network),
        ),
      ),
    );
  networksTold = listed;
  // The list is hidden; it stays as it was for the next writing, and what an earlier page has kept for it, too.
  if (file === null) return;
  const isNew = table.show();
  const kept = chosen ?? memory.read('tensors')['chosen'];
  const index = model.tensors.findIndex((tensor) => tensor.name === kept);
  const first = model.tensors.findIndex(({ shape }) => shape !== null);
  const next = index >= 0 ? index : first;
  table.mark(next >= 0 ? next : null, isNew);
  detail.show(next >= 0 ? next : null);
}

void loadControls();
channel.emit('ready', null);
