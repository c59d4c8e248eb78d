// Start of the page: builds the parts of the first picture, lets messages in and the user's wishes out. Everything else
// (later.ts) comes behind that picture.
import { Channel, errorStack } from '../src/protocol/index.js';
import { AtStep } from './header/atStep.js';
import { t } from './page/l10n.js';
import { hostPort } from './page/hostPort.js';
import { aloud, sayAloud } from './widgets/aloud.js';
import { el } from './widgets/dom.js';
import { layerName } from './page/layerNames.js';
import { verdictName } from './page/verdictNames.js';
import { loadLater } from './late.js';
import { loadControls } from './lateControls.js';
import { gradientFlow } from './tracks/gradientFlow.js';
import { Bar } from './header/bar.js';
import { tabId } from './header/tabs.js';
import { Blank, Header } from './header/header.js';
import { PairBar } from './header/pairBar.js';
import { heatmap } from './tracks/heatmap.js';
import { networkMap } from './tracks/networkMap.js';
import { GateSource } from './page/gateSource.js';
import { MapSource } from './page/mapSource.js';
import { hiddenMap } from './tracks/hiddenMap.js';
import { Groups } from './page/groups.js';
import { PageState } from './page/pageState.js';
import { Model, isGated } from './page/model.js';
import type { RunSummary } from './page/model.js';
import { tellingWindow } from './page/tellingWindow.js';
import { StepCache } from './page/stepCache.js';
import { ThemeWatch } from './page/theme.js';
import { inReport } from './page/inReport.js';
import { Timeline } from './page/timeline.js';
import { Toolbar } from './header/toolbar.js';
import { Tracks } from './tracks/trackStack.js';
import { Compared } from './compare/compared.js';
import { Pins } from './compare/pins.js';
import { Overlays } from './chart/overlay.js';
import { WhatIfState, asItIs } from './compare/whatIfState.js';
import type { Advice, PageContract, PanelContract } from '../src/protocol/index.js';
import type { VsCodeApi } from './page/pageState.js';
import type { Page } from './chart/trackView.js';
import type { Later } from './later.js';
import type { WhatIf } from './compare/whatIfState.js';

declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();
const memory = new PageState(api);
const timeline = new Timeline(memory);
const themes = new ThemeWatch();
const failed = (error: unknown): void => channel.emit('failed', { message: errorStack(error) });
const model = new Model((name, params) => channel.request(name, params), failed);
const groups = new Groups(memory);
const page: Page = { model, timeline, themes, memory, groups };

const channel: Channel<PageContract, PanelContract> = new Channel<PageContract, PanelContract>(
  hostPort(api),
  {},
  {
    status: (status) => {
      appear();
      model.setStatus(status);
    },
    summary: (summary) => {
      // The host tells all once more when the page is up, and may have been heard before.
      if (summary.runId === model.run?.runId) return;
      appear();
      model.setRun(summary);
      // Views draw in the next frame, which is on the screen when the one after it begins.
      requestAnimationFrame(() =>
        requestAnimationFrame(() => {
          channel.emit('painted', { runId: summary.runId });
          requestIdleCallback(loadRest, { timeout: 1000 });
        }),
      );
    },
    spectrum: (spectrum) => model.setSpectrum(spectrum),
    compared: (runs) => compared.set(runs),
    takeFocus: () => {
      // Once more after the editor has heard that its text has lost the focus, which it may hear late.
      for (const ms of [0, 150])
        setTimeout(() => {
          if (!document.hasFocus()) window.focus();
        }, ms);
    },
  },
  { checks: 'trusted', onFault: failed },
);
/** Fields of text have an undo of their own; sliders and boxes to tick have none. */
const writesText = (target: EventTarget | undefined): boolean =>
  target instanceof HTMLInputElement && !['range', 'checkbox'].includes(target.type);
const undoByKeys = (event: KeyboardEvent): void => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || writesText(event.composedPath()[0])) return;
  // By its place where the layout has other letters than Latin ones.
  const isZ = event.key.toLowerCase() === 'z' || (event.code === 'KeyZ' && event.key.charCodeAt(0) > 0x7f);
  const isY = event.ctrlKey && !event.shiftKey && event.key.toLowerCase() === 'y';
  if (!isZ && !isY) return;
  // Neither the browser nor VS Code, which hears of keys behind this, undoes in the field that was written into last:
  // what stood there before would be tried.
  event.preventDefault();
  event.stopImmediatePropagation();
  channel.emit('undo', { redo: isY || event.shiftKey });
};
addEventListener('keydown', undoByKeys, { capture: true });
addEventListener('error', (event) => failed(event.error ?? event.message));
addEventListener('unhandledrejection', (event) => failed(event.reason));

const actions = {
  cancel: () => channel.emit('cancel', null),
  rerun: () => channel.emit('rerun', null),
  revealConfig: () => channel.emit('revealConfig', null),
  saveAsConfig: () => channel.emit('saveAsConfig', null),
  chooseSequences: () => channel.emit('chooseSequences', null),
  previewSequences: () => channel.emit('previewSequences', null),
  revealProblem: (index: number) => channel.emit('revealProblem', { index }),
  answerOrder: (index: number, order: 'BTI' | 'TBI') => channel.emit('answerOrder', { index, order }),
  exportJson: () => channel.emit('exportJson', null),
  exportReport: () => channel.emit('exportReport', null),
  // It was found for the layer on screen.
  tryNext: ({ whatIf }: Advice['step']) =>
    void tryOut({ ...asItIs, ...whatIf, layers: model.run?.network?.shown ?? null }).then(revealWhatIf),
  exportPicture: () => void laterParts().then(() => tracks.saveAll()),
  goTo: () => void seekView(),
  toggleWhatIf: () => void openWhatIf(!showsWhatIf).then(revealWhatIf),
  pin: () => pin(false),
  compareWith: () => channel.emit('compareWith', null),
  chooseLayer: (layer: number) => channel.emit('chooseLayer', { layer }),
};
const save = (file: PanelContract['events']['saveFile']): void => channel.emit('saveFile', file);
const steps = new StepCache(model);
const gates = new GateSource(model, groups);
const mapSource = new MapSource(groups);
const tried = new WhatIfState(model, gates, mapSource);
const overlays = new Overlays();
const pins = new Pins(memory);
const compared = new Compared(model, memory);
compared.draws = () => pins.draws;
for (const source of [tried, compared, pins]) overlays.add(source);
const pin = (whatIf: boolean): void => {
  if (model.run !== null) pins.add(model.run, whatIf ? tried.shown : null, tried.whatIf);
};
const views = [
  networkMap(page, (layer) => actions.chooseLayer(layer), mapSource),
  gradientFlow(page, overlays, async (run) => (await loadLater()).flowEvents(run)),
  heatmap(hiddenMap(), page, steps),
];

const header = new Header(actions, memory);
const pairBar = new PairBar(actions);
const blank = new Blank(actions);
const bar = new Bar(page, 'views', actions);
const toolbar = new Toolbar(page);
/** Where the bar of what-ifs stands once it is there. */
const whatIfPlace = el('section', { id: 'whatif' });
whatIfPlace.hidden = true;
const countPins = (): void => {
  bar.pinsFull = pins.full;
  if (later !== null) later.whatIfBar.pinsFull = pins.full;
};
pins.onChange(countPins);
/** Whether somebody wants to try something: the bar may still be on its way. */
let showsWhatIf = false;
async function openWhatIf(open: boolean): Promise<void> {
  showsWhatIf = open;
  bar.markWhatIf(open);
  const { whatIfBar } = await laterParts();
  // Whoever has closed it meanwhile wants it closed.
  if (showsWhatIf !== open) return;
  whatIfBar.open = open;
  memory.write('whatIf', { open, whatIf: tried.whatIf });
}
/** Whoever has asked for the bar sees it: in one column it may stand above or below what is in sight. */
async function revealWhatIf(): Promise<void> {
  (await laterParts()).whatIfBar.element.scrollIntoView({ block: 'nearest' });
}
async function tryOut(whatIf: WhatIf): Promise<void> {
  await openWhatIf(true);
  if (showsWhatIf) tried.change(whatIf);
}
/** What an earlier page of the panel tried. */
async function tryAgain(kept: unknown, run: RunSummary): Promise<void> {
  await laterParts();
  const { whatIfFrom } = await loadLater();
  await tryOut(whatIfFrom(kept, run));
}
tried.onChange(() => memory.write('whatIf', { open: showsWhatIf, whatIf: tried.whatIf }));
const tracks = new Tracks(page, views, memory, save, async (some, name) =>
  (await loadLater()).savePicture(some, page, name, save),
);
const atStep = new AtStep(page, steps);
/** Beside the tracks: the numbers at the cursor, and later the cards. */
const sideElement = el(
  'aside',
  { class: 'side', attributes: { 'aria-label': t('At the cursor, and what is proved'), tabindex: '0' } },
  atStep.element,
);
const main = el(
  'div',
  { class: 'main', id: 'views', attributes: inReport ? {} : { role: 'tabpanel' } },
  tracks.element,
  sideElement,
);
const missing = el(
  'p',
  { class: 'failed', attributes: { role: 'alert' } },
  t('The other views could not be loaded. Close this panel and open it again.'),
);
missing.hidden = true;
const app = document.getElementById('app');
app?.append(
  header.element,
  pairBar.element,
  bar.element,
  toolbar.element,
  whatIfPlace,
  blank.element,
  missing,
  el('main', {}, main),
  aloud,
);
// Before the host's first word nothing is laid out.
app?.setAttribute('hidden', '');
const appear = (): void => app?.removeAttribute('hidden');

let later: Later | null = null;
countPins();
let loading: Promise<Later> | null = null;
/** Everything that is not of the first picture. */
function laterParts(): Promise<Later> {
  loading ??= furnish().catch((error: unknown) => {
    loading = null;
    missing.hidden = false;
    arrange();
    throw error;
  });
  return loading;
}
async function furnish(): Promise<Later> {
  const { Later } = await loadLater();
  later = new Later({
    page,
    steps,
    gates,
    tried,
    overlays,
    pins,
    compared,
    tracks,
    main,
    side: sideElement,
    history: {
      list: () => channel.request('history', null),
      version: (runId) => channel.request('version', { runId }),
    },
    whatIf: {
      pin: () => pin(true),
      apply: (whatIf) =>
        channel.request('applyWhatIf', whatIf).catch((error: unknown) => {
          failed(error);
          return false;
        }),
    },
    act: (config, act) => channel.emit('compared', { config, act }),
    save,
    failed,
    chooseLayer: actions.chooseLayer,
    revealWeight: (place) => channel.emit('revealWeight', place),
    historyChanged: () => {
      bar.show();
      groups.update();
    },
  });
  missing.hidden = true;
  whatIfPlace.replaceWith(later.whatIfBar.element);
  countPins();
  if (model.run !== null) {
    later.show();
    bar.show();
    groups.update();
  }
  arrange();
  return later;
}
let controls: Promise<void> | null = null;
function loadRest(): void {
  void laterParts();
  controls ??= loadControls();
}

groups.availability = (view) =>
  (later?.cards.some((card) => card.id === view && card.available) ?? false) ||
  tracks.available.some(({ id }) => id === view) ||
  // It is still to come, and its group is offered from the first picture on.
  (view === 'gateLines' && model.run !== null && isGated(model.run));
/** What has its place by the group alone. */
function arrange(): void {
  main.dataset['group'] = groups.shown;
  // What comes later stands between what is there, which would jump.
  const isWhole = later !== null || groups.shown === 'overview' || !missing.hidden;
  main.classList.toggle('incomplete', !isWhole);
  if (!inReport) main.setAttribute('aria-labelledby', tabId(groups.shown));
  atStep.element.hidden = !groups.shows('atStep');
  if (!atStep.element.hidden) atStep.show();
  later?.arrange();
}
groups.onChange(arrange);
groups.onChange(() => {
  if (groups.shown !== 'overview') loadRest();
  // When every view has heard of the group, as those that come later do last.
  queueMicrotask(() => {
    for (const place of [main, tracks.element, sideElement]) place.scrollTop = 0;
    // A narrow page scrolls as a whole, and the bar stays: what stands below it tells where that is.
    const whatIf = later?.whatIfBar.element ?? whatIfPlace;
    const below = [toolbar.element, whatIf, main].find((element) => element.checkVisibility()) ?? main;
    scrollTo({ top: Math.max(0, Math.min(scrollY, below.offsetTop - bar.element.offsetHeight)) });
  });
});
new ResizeObserver(() =>
  document.documentElement.style.setProperty('--bar-height', `${bar.element.offsetHeight}px`),
).observe(bar.element);
arrange();

/** Every view that has something to show, and the way there. */
async function seekView(): Promise<void> {
  const { cards } = await laterParts();
  const { jumpList } = await loadLater();
  const named = (id: string, title: string) => ({
    id,
    title,
    group: groups.all.find((group) => group.id === groups.homeOf(id))?.name ?? '',
  });
  const places = [
    ...tracks.available.map(({ id, title }) => named(id, title)),
    ...cards.filter((card) => card.available).map(({ id, title }) => named(id, title)),
  ];
  jumpList(bar.menu, places, {
    show: (id) => {
      if (!groups.shows(id)) groups.choose(groups.homeOf(id));
    },
    seek: (id) => {
      tracks.goTo(id);
      cards.find((card) => card.id === id)?.seek();
    },
  });
}
/** The layer that was asked for by the keys, until its run is there. */
let layerWanted: number | null = null;
addEventListener('keydown', (event) => {
  const by = { '[': -1, ']': 1 }[event.key];
  const network = model.run?.network ?? null;
  if (by === undefined || network === null || writesText(event.composedPath()[0])) return;
  // On many keyboards the brackets need AltGr, which comes as Ctrl and Alt, or as Alt.
  const typed = event.getModifierState('AltGraph') || (event.altKey && !event.metaKey);
  if ((event.ctrlKey || event.metaKey) && !typed) return;
  // Keys that follow each other count from where the one before leads.
  const layer = (layerWanted ?? network.shown) + by;
  if (layer < 0 || layer >= network.layers.length) return;
  layerWanted = layer;
  actions.chooseLayer(layer);
});
addEventListener('keydown', (event) => {
  if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || model.run === null) return;
  if (writesText(event.composedPath()[0]) || inReport) return;
  event.preventDefault();
  void seekView();
});

function showStatus(): void {
  header.show(model);
  pairBar.show(model);
  blank.show(model);
  bar.show();
  toolbar.show();
  main.hidden = model.run === null;
  main.classList.toggle('stale', (model.status?.stale ?? null) !== null);
  if (model.status !== null) {
    document.title = model.status.title;
    // The host reads this to bring the panel back after a window reload.
    memory.write('entry', { ...model.status.entry });
  }
}

/** What was tried before the window was loaded again. */
let restored = false;
timeline.onChange(() => model.look(timeline.window, timeline.cursor));
model.onShow = (change) => {
  const { run } = model;
  if (change === 'run' && run !== null && run.network !== null && run.network.shown === layerWanted) {
    layerWanted = null;
    sayAloud(`${layerName(run.network, run.network.shown)}: ${verdictName(run.verdict.kind)}`);
  }
  if (change === 'run' && run !== null)
    timeline.setRun(run, run.verdict.crossedAt ?? run.shapes.T - 1, tellingWindow(run));
  if (change === 'run' && run !== null) model.look(timeline.window, timeline.cursor);
  if (change === 'run' && run !== null && !restored) {
    restored = true;
    const kept = memory.read('whatIf');
    if (kept['open'] === true) void tryAgain(kept['whatIf'], run);
  }
  if (change === 'run') later?.whatIfBar.show();
  if (change === 'status' && (model.status?.running ?? null) === null) layerWanted = null;
  if (change === 'run' || change === 'status') showStatus();
  if (change === 'run') tracks.refresh();
  if (change === 'series') tracks.repaint();
  if (change !== 'status') atStep.show();
  if (change === 'run' || change === 'spectrum') {
    later?.show();
    bar.show();
    groups.update();
    arrange();
  }
};
showStatus();
/** What was looked at before the page was loaded again. */
const keptGroup = memory.chosen('group');
if (inReport || (keptGroup !== undefined && keptGroup !== 'overview')) loadRest();
// Also where no run comes.
else setTimeout(loadRest, 3000);
channel.emit('ready', null);
