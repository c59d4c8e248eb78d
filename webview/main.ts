// Start of the page: builds the parts, lets messages in and the user's wishes out.
import { Channel } from '../src/protocol/index.js';
import { AtStep } from './header/atStep.js';
import { contributions } from './tracks/contributions.js';
import { attributionTracks } from './tracks/attribution.js';
import { Card } from './cards/card.js';
import { eigenvaluesCard } from './cards/eigenvalues.js';
import { jacobianTracks } from './tracks/jacobian.js';
import { t } from './page/l10n.js';
import { hostPort } from './page/hostPort.js';
import { reachCard } from './cards/gradientReach.js';
import { lyapunovCard } from './cards/lyapunov.js';
import { el } from './widgets/dom.js';
import { gradientFlow } from './tracks/gradientFlow.js';
import { gradientMap } from './tracks/gradientMap.js';
import { Bar } from './header/bar.js';
import { Blank, Header } from './header/header.js';
import { jumpList } from './header/jumpList.js';
import { PairBar } from './header/pairBar.js';
import { preActivation } from './tracks/preActivation.js';
import { spread } from './tracks/stateHistogram.js';
import { heatmap } from './tracks/heatmap.js';
import { cellStateMap, gateMap } from './tracks/gateMaps.js';
import { gateLines } from './tracks/gateLines.js';
import { keptLines } from './tracks/keptLines.js';
import { networkMap } from './tracks/networkMap.js';
import { paths } from './tracks/paths.js';
import { GateSource } from './page/gateSource.js';
import { halfLivesCard } from './cards/halfLives.js';
import { hiddenMap } from './tracks/hiddenMap.js';
import { Groups } from './page/groups.js';
import { Memory } from './page/pageState.js';
import { Model } from './page/model.js';
import { Proofs } from './cards/bounds.js';
import { saturation } from './tracks/saturation.js';
import { tellingWindow } from './page/tellingWindow.js';
import { Steps } from './page/stepCache.js';
import { network } from './tracks/network.js';
import { gatesCard } from './cards/openedGatesCard.js';
import { unitCard } from './cards/openedStepCard.js';
import { ThemeWatch } from './page/theme.js';
import { inReport } from './page/inReport.js';
import { Timeline } from './page/timeline.js';
import { Toolbar } from './header/toolbar.js';
import { Tracks } from './tracks/trackStack.js';
import { Compare } from './compare/compare.js';
import { Compared } from './compare/compared.js';
import { Past, historyCard } from './cards/history.js';
import { Pins } from './compare/pins.js';
import { Overlays } from './chart/overlay.js';
import { Tried, asItIs, whatIfFrom } from './compare/whatIfState.js';
import { WhatIfBar } from './compare/whatIfBar.js';
import { unitLines } from './tracks/unitLines.js';
import { weightCards } from './cards/weights.js';
import type { PageContract, PanelContract } from '../src/protocol/index.js';
import type { VsCodeApi } from './page/pageState.js';
import type { CardView } from './cards/card.js';
import type { Page } from './chart/trackView.js';

declare function acquireVsCodeApi(): VsCodeApi;

const api = acquireVsCodeApi();
const memory = new Memory(api);
const timeline = new Timeline(memory);
const themes = new ThemeWatch();
const describe = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));
const failed = (error: unknown): void => channel.emit('failed', { message: describe(error) });
const model = new Model((name, params) => channel.request(name, params), failed);
const groups = new Groups(memory);
const page: Page = { model, timeline, themes, memory, groups };

const channel: Channel<PageContract, PanelContract> = new Channel<PageContract, PanelContract>(
  hostPort(api),
  {},
  {
    status: (status) => model.setStatus(status),
    summary: (summary) => {
      model.setRun(summary);
      // Views draw in the next frame, which is on the screen when the one after it begins.
      requestAnimationFrame(() => requestAnimationFrame(() => channel.emit('painted', { runId: summary.runId })));
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
addEventListener('keydown', (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || writesText(event.composedPath()[0])) return;
  // By its place where the layout has other letters than Latin ones.
  const isZ = event.key.toLowerCase() === 'z' || (event.code === 'KeyZ' && event.key.charCodeAt(0) > 0x7f);
  const isY = event.ctrlKey && !event.shiftKey && event.key.toLowerCase() === 'y';
  if (isZ || isY) channel.emit('undo', { redo: isY || event.shiftKey });
});
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
  tryNext: () => {
    const { run } = model;
    const whatIf = run?.verdict.next?.whatIf ?? null;
    if (whatIf === null) return;
    openWhatIf(true);
    // It was found for the layer on screen.
    tried.change({ ...asItIs, ...whatIf, layers: run?.network?.shown ?? null });
  },
  exportPicture: () => void tracks.saveAll(),
  goTo: () => seekView(),
  toggleWhatIf: () => openWhatIf(!whatIfBar.open),
  pin: () => pin(false),
  compareWith: () => channel.emit('compareWith', null),
  chooseLayer: (layer: number) => channel.emit('chooseLayer', { layer }),
};
const save = (file: PanelContract['events']['saveFile']): void => channel.emit('saveFile', file);
const steps = new Steps(model);
const gates = new GateSource(model, groups);
const tried = new Tried(model, gates);
const overlays = new Overlays();
const pins = new Pins(memory);
const compared = new Compared(model, memory);
compared.draws = () => pins.draws;
const past = new Past(
  page,
  { list: () => channel.request('history', null), version: (runId) => channel.request('version', { runId }) },
  failed,
);
for (const source of [tried, compared, pins, past]) overlays.add(source);
const pin = (whatIf: boolean): void => {
  if (model.run !== null) pins.add(model.run, whatIf ? tried.shown : null, tried.whatIf);
};
const views = [
  networkMap(page, (layer) => actions.chooseLayer(layer)),
  gradientFlow(page, overlays),
  contributions(page),
  heatmap(gradientMap(), page, steps),
  heatmap(hiddenMap(), page, steps),
  heatmap(cellStateMap(), page, steps),
  gateLines(page, gates),
  keptLines(page, gates),
  paths(page, gates),
  heatmap(gateMap(page), page, steps),
  heatmap(preActivation(), page, steps),
  unitLines(page, steps),
  spread(page),
  saturation(page),
  network(page, steps, (layer) => actions.chooseLayer(layer)),
  ...jacobianTracks(page),
  ...attributionTracks(page),
];

const header = new Header(actions);
const pairBar = new PairBar(actions);
const blank = new Blank(actions);
const bar = new Bar(page, 'views', actions);
const toolbar = new Toolbar(page);
const whatIfBar = new WhatIfBar(page, tried, {
  pin: () => pin(true),
  apply: (whatIf) =>
    channel.request('applyWhatIf', whatIf).catch((error: unknown) => {
      failed(error);
      return false;
    }),
});
const compare = new Compare(page, pins, compared, overlays, (config, act) => channel.emit('compared', { config, act }));
const countPins = (): void => {
  bar.pinsFull = whatIfBar.pinsFull = pins.full;
};
pins.onChange(countPins);
countPins();
const openWhatIf = (open: boolean): void => {
  whatIfBar.open = open;
  bar.markWhatIf(open);
  memory.write('whatIf', { open, whatIf: tried.whatIf });
};
tried.onChange(() => memory.write('whatIf', { open: whatIfBar.open, whatIf: tried.whatIf }));
const tracks = new Tracks(page, views, memory, save);
const atStep = new AtStep(page, steps);
const proofs = new Proofs(page);
/** The cards of views that say when their pictures are others: nothing else is painted again then. */
function cardsOf(make: (changed: () => void) => readonly CardView[]): Card[] {
  const own: Card[] = make(() => {
    for (const card of own) card.show();
  }).map((view) => new Card(view, page, save));
  return own;
}
const historyCards = cardsOf((changed) => [historyCard(past, changed)]);
const otherCards = [
  (changed: () => void) => [unitCard(page, changed), gatesCard(page, changed)],
  (changed: () => void) => [halfLivesCard(page, gates, changed)],
  (changed: () => void) => [reachCard(page, changed)],
  () => [lyapunovCard(page)],
  (changed: () => void) => [eigenvaluesCard(page, changed)],
  (changed: () => void) => weightCards(page, changed, (place) => channel.emit('revealWeight', place)),
].flatMap(cardsOf);
const cards = [...historyCards, ...otherCards];
const showCards = (): void => {
  for (const card of cards) card.show();
};
const elementsOf = (some: readonly Card[]): HTMLElement[] => some.map(({ element }) => element);
/** Beside the tracks: the numbers at the cursor, then the cards in the order of the groups. */
const sideElement = el(
  'aside',
  { class: 'side', attributes: { 'aria-label': t('At the cursor, and what is proved'), tabindex: '0' } },
  atStep.element,
  compare.element,
  ...elementsOf(otherCards.slice(0, 2)),
  proofs.element,
  // It comes with the second version: what stands above it does not move.
  ...elementsOf(historyCards),
  ...elementsOf(otherCards.slice(2)),
);
const main = el('main', { class: 'main', id: 'views' }, tracks.element, sideElement);
document
  .getElementById('app')
  ?.append(header.element, pairBar.element, bar.element, toolbar.element, whatIfBar.element, blank.element, main);

groups.availability = (view) =>
  cards.some((card) => card.id === view && card.available) || tracks.available.some(({ id }) => id === view);
/** What has its place by the group alone. */
function arrange(): void {
  main.dataset['group'] = groups.shown;
  atStep.element.hidden = !groups.shows('atStep');
  if (!atStep.element.hidden) atStep.show();
  proofs.element.hidden = !groups.shows('proofs');
  placeHistory();
  compare.show();
}
/** While a script trains, the history stands first; in the order of the keyboard as on the screen. */
function placeHistory(): void {
  const first = groups.shown === 'overview' && past.followsTraining;
  if (first === main.classList.contains('training')) return;
  main.classList.toggle('training', first);
  const [focused, at] = [document.activeElement, sideElement.scrollTop];
  if (first) {
    sideElement.prepend(...elementsOf(historyCards));
    main.prepend(sideElement);
  } else {
    proofs.element.after(...elementsOf(historyCards));
    main.append(sideElement);
  }
  // What is moved loses both.
  sideElement.scrollTop = at;
  if (focused instanceof HTMLElement && sideElement.contains(focused)) focused.focus({ preventScroll: true });
}
groups.onChange(arrange);
past.onChange(() => {
  bar.show();
  groups.update();
  placeHistory();
});
groups.onChange(() => {
  for (const place of [main, tracks.element, sideElement]) place.scrollTop = 0;
  // A narrow page scrolls as a whole, and the bar stays: what stands below it tells where that is.
  const below = [toolbar.element, whatIfBar.element, main].find((element) => element.checkVisibility()) ?? main;
  scrollTo({ top: Math.max(0, Math.min(scrollY, below.offsetTop - bar.element.offsetHeight)) });
});
new ResizeObserver(() =>
  document.documentElement.style.setProperty('--bar-height', `${bar.element.offsetHeight}px`),
).observe(bar.element);
arrange();

/** Every view that has something to show, and the way there. */
function seekView(): void {
  const named = (id: string, title: string) => ({
    id,
    title,
    group: groups.all.find((group) => group.id === groups.homeOf(id))?.name ?? '',
  });
  const places = [
    ...tracks.available.map(({ id, title }) => named(id, title)),
    ...cards.filter((card) => card.available).map(({ id, title }) => named(id, title)),
  ];
  jumpList(bar.menu, places, (id) => {
    if (!groups.shows(id)) groups.choose(groups.homeOf(id));
    tracks.goTo(id);
    cards.find((card) => card.id === id)?.seek();
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
  seekView();
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
model.onChange((change) => {
  const { run } = model;
  if (change === 'run' && run?.network?.shown === layerWanted) layerWanted = null;
  if (change === 'run' && run !== null)
    timeline.setRun(run.shapes, run.verdict.crossedAt ?? run.shapes.T - 1, tellingWindow(run));
  if (change === 'run' && run !== null) model.look(timeline.window, timeline.cursor);
  if (change === 'run' && run !== null && !restored) {
    restored = true;
    const kept = memory.read('whatIf');
    if (kept['open'] === true) {
      const whatIf = whatIfFrom(kept['whatIf'], run);
      openWhatIf(true);
      tried.change(whatIf);
    }
  }
  if (change === 'run') whatIfBar.show();
  if (change === 'status' && (model.status?.running ?? null) === null) layerWanted = null;
  if (change === 'run' || change === 'status') showStatus();
  if (change === 'run') tracks.refresh();
  if (change === 'series') tracks.repaint();
  if (change !== 'status') atStep.show();
  if (change === 'run' || change === 'spectrum') {
    proofs.show();
    showCards();
    bar.show();
    groups.update();
    arrange();
  }
});
showStatus();
channel.emit('ready', null);
