// The verdict: one badge, one sentence, the facts of the run; what is running, what is stale, what is wrong.
import { isUntried, knownEffect, mayHelp } from '../../src/protocol/index.js';
import { el, math, textButton } from '../widgets/dom.js';
import { sayAloud } from '../widgets/aloud.js';
import { inNotebook, inReport } from '../page/inReport.js';
import { formatFactor, formatMs, formatNumber, formatSteps } from '../page/format.js';
import { t } from '../page/l10n.js';
import { layerName } from '../page/layerNames.js';
import { sizeFacts } from '../page/sizeFacts.js';
import type { PageState } from '../page/pageState.js';
import { isMadeUp, lossOf } from '../page/series.js';
import { positionsOf } from '../page/stepLabels.js';
import { verdictName } from '../page/verdictNames.js';
import type { Kind } from '../page/verdictNames.js';
import { button, progressRing } from '../widgets/controls.js';
import { hasConfig } from './pairBar.js';
import type { UiButton } from '../widgets/controls.js';
import type { Advice, Model, NetworkSummary, NextEffect, PanelStatus, RunSummary } from '../page/model.js';

export type HeaderActions = {
  cancel(): void;
  rerun(): void;
  revealConfig(): void;
  revealProblem(index: number): void;
  answerOrder(index: number, order: 'BTI' | 'TBI'): void;
  saveAsConfig(): void;
  tryNext(step: Advice['step']): void;
  chooseLayer(layer: number): void;
};

/** The shape says the same as the colour: going down, staying, going up, broken off. */
const shapes: Readonly<Record<Kind, string>> = {
  vanishing: 'M1 3 C5 3 6 12 15 13 M15 13 L11.2 10.8 M15 13 L11.4 14.8',
  fading: 'M1 5 C6 5 8 9 15 11 M15 11 L11.2 8 M15 11 L10.6 12.4',
  healthy: 'M1 8 L15 8 M15 8 L11.5 5.5 M15 8 L11.5 10.5',
  exploding: 'M1 13 C8 13 11 10 14 2 M14 2 L10.4 4.6 M14 2 L15 6.2',
  nonfinite: 'M3 3 L13 13 M13 3 L3 13',
};
const phases: Readonly<Record<string, () => string>> = {
  read: () => t('Reading…'),
  run: () => t('Running…'),
  analyse: () => t('Analysing…'),
};
/** Runs shorter than this come and go without a word. */
const quietMs = 300;
/** Runs further apart than this are looked at one by one. */
const restMs = 2000;
/** What is another a moment later is not said. */
const spokenMs = 700;
const mostProblems = 50;

function icon(kind: Kind): SVGElement {
  const space = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(space, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('aria-hidden', 'true');
  const path = document.createElementNS(space, 'path');
  path.setAttribute('d', shapes[kind]);
  svg.append(path);
  return svg;
}

/** Makes an element the badge of a verdict; a `mark` is a small one. */
export function showBadge(badge: HTMLElement, kind: Kind, look: 'badge' | 'mark' = 'badge'): void {
  badge.className = `${look} ${kind}`;
  badge.replaceChildren(icon(kind), verdictName(kind));
}

/** `With it: HEALTHY, ×1.00 per step back`; what is left to mend where it is not told already. */
function effectOf({ kind, perStepFactor, onePercentSteps }: NextEffect, tellsReach: boolean): (Node | string)[] {
  const mark = el('span', {});
  showBadge(mark, kind, 'mark');
  const rate = perStepFactor === null ? '' : t(' ×{0} per step back', formatFactor(perStepFactor));
  const left =
    kind === 'healthy' || onePercentSteps === null || !tellsReach
      ? ''
      : t('; 1 % is then left after {0} steps', formatSteps(onePercentSteps));
  return [t('With it:'), ' ', mark, ...emphasised(`${rate}${left}.`)];
}

/** From what is well to what is worst. */
const byHarm: readonly Kind[] = ['healthy', 'fading', 'vanishing', 'exploding', 'nonfinite'];

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

/** A number with what belongs to it: `t = 12`, `× 1.3e−5`, `10^-33 %`, `3 steps`. */
const figure = new RegExp(
  String.raw`((?:\bt\s[=≈]\s)?(?:[×≈<>]\s?)?` +
    String.raw`(?<![\p{L}\d.])[−+-]?\d+(?:[.,]\d+)*(?:\^[−-]?\d+|e[−+-]?\d+)?` +
    String.raw`(?:\s?%|\s(?:steps?|decades?)\b)?)`,
  'u',
);

/** Figures stand out, so that the sentence can be read at a glance. */
function emphasised(sentence: string): (Node | string)[] {
  return sentence.split(figure).map((part, i) => (i % 2 === 1 ? el('strong', {}, math(part)) : part));
}

/** Where the gradient enters: `last`, `every`, `given`, or a loss by its name and place, as `mse at last`. */
function sourceName(run: RunSummary): string {
  const { upstream } = run;
  const { lossSteps, lossCount } = lossOf(run);
  const [loss = '', at] = upstream.split(' at ');
  if (at !== undefined) {
    if (at === 'last') return t('{0} at the last step', loss);
    if (at === 'every') return t('{0} at every step', loss);
    return at === 'final' ? t('{0} where each direction ends', loss) : t('{0} at {1} steps', loss, lossCount);
  }
  // Every chunk has an end of its own.
  const several = run.chunkStarts.length > 1;
  if (upstream === 'last')
    return several
      ? t('no loss given: ones at the last step of each chunk')
      : t('no loss given: ones at the last step');
  if (upstream === 'every') return t('no loss given: ones at every step');
  if (upstream === 'final')
    return several
      ? t('no loss given: ones where each direction ends in each chunk')
      : t('no loss given: ones where each direction ends');
  const [[from, to] = [NaN, NaN]] = lossSteps;
  if (lossCount === 0) return t('no loss at any step');
  if (to - from + 1 !== lossCount) return t('loss at {0} steps', lossCount);
  const [low, high] = positionsOf(run, from, to);
  return low === high ? t('loss at t = {0}', low) : t('loss at t = {0} … {1}', low, high);
}

const severityWords: Readonly<Record<PanelStatus['problems'][number]['severity'], () => string>> = {
  error: () => t('✕ error'),
  warning: () => t('⚠ warning'),
  info: () => t('ⓘ note'),
};

/** tanh · B 4 · T 100 · I 4 · H 32 · float32 · 1.4 ms */
const facts = (run: RunSummary): string => {
  const { dtype, elapsedMs, lossValue, clipFactor, truncate } = run;
  return [
    // A letter stays with its number.
    ...sizeFacts(run).map((size) => size.replaceAll(' ', '\u00a0')),
    dtype,
    sourceName(run),
    ...(lossValue === null ? [] : [t('loss {0}', formatNumber(lossValue))]),
    ...(clipFactor === null ? [] : [t('clip ×{0}', formatFactor(clipFactor))]),
    ...(truncate === null ? [] : [t('cut every {0}', truncate)]),
    formatMs(elapsedMs),
  ].join('\u00a0· ');
};

export class Header {
  readonly element: HTMLElement;
  readonly #actions: HeaderActions;
  readonly #verdict: HTMLElement;
  readonly #badge = el('span', { class: 'badge' });
  readonly #layerBadge = el('span', { class: 'mark' });
  /** What the verdict of the network hides: a layer that is worse by itself. */
  readonly #layer = el('button', { class: 'layer-verdict', attributes: { type: 'button' } });
  readonly #layerName = el('span', {});
  #worstLayer = 0;
  readonly #reason = el('p', { class: 'reason' });
  readonly #next = el('p', { class: 'next' });
  readonly #name = el('span', { class: 'run-name' });
  readonly #facts = el('span', { class: 'facts' });
  readonly #running = el('div', { class: 'running', attributes: { role: 'status' } });
  readonly #stale = el('div', { class: 'banner', attributes: { role: 'status' } });
  /** Where nobody has given a loss: the way to one. */
  readonly #loss: HTMLButtonElement;
  readonly #problems = el('ul', { class: 'problems', attributes: { 'aria-label': t('Problems') } });
  /** What is nobody's fault takes one line, until somebody wants to read it. */
  readonly #notes = el('ul', { id: 'notes', attributes: { 'aria-label': t('Notes') } });
  readonly #notesFold = el('button', {
    class: 'fold-notes',
    attributes: { type: 'button', 'aria-controls': 'notes' },
    onClick: () => {
      this.#memory.choose('notes', !this.#showsNotes);
      this.#foldNotes();
    },
  });
  readonly #memory: PageState;
  readonly #phase = el('span', {});
  readonly #progress = el('progress', { attributes: { max: '1', 'aria-label': t('Progress of the run') } });
  readonly #try: HTMLButtonElement;
  #nextOf: number | null = null;
  /** What stands there of the last run that has been answered. */
  #advice: Advice | null = null;
  #ofPair = false;
  #patience: ReturnType<typeof setTimeout> | null = null;
  #shownAt = -Infinity;
  #problemsKey = '';
  #staleTold = '';
  /** What was last said aloud of the run, and what is about to be. */
  #said = '';
  #toSay = '';

  constructor(actions: HeaderActions, memory: PageState) {
    this.#actions = actions;
    this.#memory = memory;
    const chooses = t('Choose a loss…');
    this.#loss = textButton(chooses, chooses, () => (this.#ofPair ? actions.saveAsConfig() : actions.revealConfig()));
    this.#loss.classList.add('link');
    this.#try = textButton(t('Show what it does'), t('Show what it does, without touching the files'), () =>
      this.#advice === null ? undefined : actions.tryNext(this.#advice.step),
    );
    this.#try.classList.add('link');
    this.#layer.append(this.#layerName, this.#layerBadge);
    this.#layer.addEventListener('click', () => actions.chooseLayer(this.#worstLayer));
    this.#layer.hidden = true;
    addEventListener('resize', () => {
      this.#verdict.style.minHeight = '';
    });
    this.#running.append(
      progressRing(t('A run is under way')),
      this.#phase,
      this.#progress,
      button(t('Cancel'), 'secondary', t('Stop this run'), () => actions.cancel()),
    );
    this.#running.hidden = true;
    this.#stale.hidden = true;
    this.#problems.hidden = this.#notes.hidden = this.#notesFold.hidden = true;
    this.#verdict = el(
      'div',
      { class: 'verdict' },
      el('div', { class: 'badges' }, this.#badge, this.#layer),
      el(
        'div',
        { class: 'verdict-text' },
        el('h1', { class: 'unseen' }, t('RNN gradient inspector')),
        this.#reason,
        this.#next,
      ),
      el('div', { class: 'about' }, this.#name, this.#facts),
    );
    this.element = el('header', { class: 'head' }, this.#verdict, this.#running, this.#stale, this.#problems);
    this.element.append(this.#notesFold, this.#notes);
  }

  show(model: Model): void {
    const { run, status } = model;
    this.element.classList.toggle('without-run', run === null);
    if (run !== null) this.#showRun(run, model);
    if (status !== null) this.#showStatus(status, run !== null);
    if (!inReport && !inNotebook) this.#sayLater(model);
  }

  /** Aloud: a verdict that is another one, or of text that is mended; what keeps a first run from having one. */
  #sayLater({ run, status }: Model): void {
    const verdict = run?.network?.verdict ?? run?.verdict;
    const error = run === null ? status?.problems.find(({ severity }) => severity === 'error') : undefined;
    // The banner of a picture that is old is read by itself.
    const now = (status?.stale ?? null) !== null ? '' : (verdict?.kind ?? error?.severity ?? '');
    if (now === this.#toSay) return;
    this.#toSay = now;
    setTimeout(() => {
      if (now !== this.#toSay || now === this.#said) return;
      this.#said = now;
      const factor = verdict?.perStepFactor ?? null;
      sayAloud(
        now === ''
          ? ''
          : verdict === undefined
            ? `${error?.place}: ${error?.text}`
            : verdictName(verdict.kind) + (factor === null ? '' : t(' ×{0} per step back', formatFactor(factor))),
      );
    }, spokenMs);
  }

  #showRun(run: RunSummary, model: Model): void {
    const { verdict } = run;
    // Of a network the verdict is that of all of it; the layer that is looked at says its own in the toolbar.
    const told = run.network?.verdict ?? verdict;
    showBadge(this.#badge, told.kind);
    this.#reason.replaceChildren(...emphasised(told.reason));
    this.#showWorst(run.network);
    if (run.runId !== this.#nextOf) this.#showNext(run, model);
    this.#name.textContent = run.name;
    this.#name.title = run.name;
    this.#facts.textContent = facts(run);
    this.#ofPair = !hasConfig(model);
    if (isMadeUp(run) && !inReport) {
      this.#loss.title = this.#ofPair
        ? t('Save as a config: "loss" in it names the readout and the targets')
        : t('Open the config: "loss" in the place of "upstreamGradient" names the readout and the targets');
      this.#facts.append(' ', this.#loss);
    }
    this.#keepHeight();
  }

  /**
   * The next thing to try, once it has been found and run: where it does not help it is not offered. Meanwhile its
   * place is kept, or what stood there of a run with the same verdict.
   */
  #showNext(run: RunSummary, model: Model): void {
    this.#nextOf = run.runId;
    const { verdict } = run;
    if (this.#next.dataset['kind'] !== verdict.kind) {
      // Where something is wrong, something can mostly be done: out of sight two lines, the second with what comes of
      // it, take the room.
      const effect = effectOf({ ...verdict, kind: 'vanishing', perStepFactor: 0.5, onePercentSteps: 100 }, false);
      this.#next.replaceChildren(...(verdict.kind === 'healthy' ? [] : ['\u00a0', el('br', {}), ...effect]));
      this.#next.classList.remove('tried');
      this.#advice = null;
    }
    this.#next.dataset['kind'] = verdict.kind;
    void model.slice('advice', {}).then((advice) => {
      if (this.#nextOf !== run.runId) return;
      this.#advice = advice;
      this.#next.classList.add('tried');
      this.#next.replaceChildren(...(advice === null ? [] : this.#offered(run, advice)));
    });
  }

  /** The sentence, what it does and the way to it; nothing where it does not help. */
  #offered({ verdict, network, cell }: RunSummary, advice: Advice): (Node | string)[] {
    if (!mayHelp(advice, verdict.log10Ratio)) return [];
    const effect = knownEffect(advice);
    // Where the network is judged another way, it is said whose advice it is.
    const told = network?.verdict ?? verdict;
    const whose =
      told.kind === verdict.kind || network === null ? '' : `${capital(layerName(network, network.shown))}: `;
    return [
      whose,
      ...emphasised(advice.step.sentence),
      ...(effect !== null ? [' ', ...effectOf(effect, cell.gates.length === 1)] : []),
      ...(isUntried(advice) ? [' ', t('What comes of it was not computed: it takes as long as the run.')] : []),
      ...(inReport || inNotebook ? [] : [' ', this.#try]),
    ];
  }

  /** A network may be healthy because others carry what one layer loses. */
  #showWorst(network: NetworkSummary | null): void {
    const ranks = network?.layers.map(({ kind }) => byHarm.indexOf(kind)) ?? [];
    const worst = Math.max(-1, ...ranks);
    const kind = byHarm[worst];
    this.#layer.hidden = network === null || kind === undefined || worst <= byHarm.indexOf(network.verdict.kind);
    if (network === null || kind === undefined || this.#layer.hidden) return;
    this.#worstLayer = ranks.indexOf(worst);
    this.#layerName.textContent = t('{0} alone:', layerName(network, this.#worstLayer));
    showBadge(this.#layerBadge, kind, 'mark');
    this.#layer.disabled = inReport;
    if (!inReport) this.#layer.title = t('Look at this layer: every view follows');
  }

  /** While runs follow each other, as under a slider, nothing below moves; a run after a rest takes what it needs. */
  #keepHeight(): void {
    if (inReport) return;
    const now = performance.now();
    if (now - this.#shownAt > restMs) this.#verdict.style.minHeight = '';
    this.#shownAt = now;
    this.#verdict.style.minHeight = `${this.#verdict.getBoundingClientRect().height}px`;
  }

  #showStatus(status: PanelStatus, hasPicture: boolean): void {
    const { running } = status;
    if (running === null) {
      if (this.#patience !== null) clearTimeout(this.#patience);
      this.#patience = null;
      this.#running.hidden = true;
    } else {
      this.#phase.textContent = phases[running.phase]?.() ?? '…';
      this.#progress.value = running.fraction;
      this.#patience ??= setTimeout(() => {
        this.#running.hidden = false;
      }, quietMs);
    }
    // Without a picture, the errors below say all; a crash or a cancelled run has none and is told here, until the next
    // run.
    const { stale } = status;
    const isRefused = status.problems.some(({ severity }) => severity === 'error');
    this.#stale.hidden = stale === null || (!hasPicture && (isRefused || running !== null));
    // Written only when it says something else: a live region that is written is read aloud, and status comes with
    // every run.
    const told = `${hasPicture} ${stale}`;
    if (stale !== null && told !== this.#staleTold)
      this.#stale.replaceChildren(
        ...(hasPicture ? [el('b', {}, t('The picture shows the last good run: '))] : []),
        stale,
      );
    this.#staleTold = told;
    const key = JSON.stringify(status.problems);
    if (key === this.#problemsKey) return;
    this.#problemsKey = key;
    const inConfig = status.entry.kind === 'config';
    const are = (isNote: boolean): PanelStatus['problems'] =>
      status.problems.filter(({ severity }) => (severity === 'info') === isNote);
    this.#list(this.#problems, are(false), inConfig);
    const notes = are(true);
    this.#list(this.#notes, notes, inConfig);
    this.#notesFold.textContent = notes.length === 1 ? t('1 note') : t('{0} notes', notes.length);
    this.#notesFold.hidden = notes.length === 0;
    this.#foldNotes();
  }

  get #showsNotes(): boolean {
    return this.#memory.chosen('notes') === true;
  }

  #foldNotes(): void {
    this.#notesFold.setAttribute('aria-expanded', String(this.#showsNotes));
    this.#notes.hidden = this.#notesFold.hidden || !this.#showsNotes;
  }

  #list(list: HTMLElement, problems: PanelStatus['problems'], inConfig: boolean): void {
    list.hidden = problems.length === 0;
    const rest = problems.length - mostProblems;
    list.replaceChildren(
      ...problems.slice(0, mostProblems).map(({ index, severity, place, text, asksForOrder = false }) =>
        el(
          'li',
          { class: severity },
          el(
            'button',
            {
              class: 'problem',
              attributes: { type: 'button' },
              title: t('Show this place in the editor'),
              onClick: () => this.#actions.revealProblem(index),
            },
            el('span', { class: 'severity' }, severityWords[severity]()),
            el('span', { class: 'place' }, place),
            el('span', { class: 'text' }, text),
          ),
          ...(asksForOrder ? [this.#orderAnswers(index, inConfig)] : []),
        ),
      ),
      ...(rest > 0 ? [el('li', { class: 'rest' }, t('and {0} more in the Problems panel', rest))] : []),
    );
  }

  /** One click each; a config then says it for good. */
  #orderAnswers(index: number, inConfig: boolean): HTMLElement {
    const answer = (order: 'BTI' | 'TBI', label: string): UiButton => {
      const about = inConfig
        ? t('{0}; writes "sequenceOrder": "{1}" into the config', label, order)
        : t('{0}; runs them so', label);
      return button(label, 'secondary', about, () => this.#actions.answerOrder(index, order));
    };
    return el(
      'div',
      { class: 'answers' },
      answer('TBI', t('The steps come first: [T][B][I]')),
      answer('BTI', t('The sequences come first: [B][T][I]')),
    );
  }
}

/** What stands in place of the tracks until there is a first result. */
export class Blank {
  readonly element: HTMLElement;
  readonly #title = el('h2', {});
  readonly #text = el('p', {});
  readonly #run: UiButton;
  readonly #openConfig: UiButton;

  constructor(actions: HeaderActions) {
    this.#run = button(t('Run again'), 'primary', t('Run the experiment'), () => actions.rerun());
    this.#openConfig = button(t('Open config'), 'secondary', t('Show the config in the editor'), () =>
      actions.revealConfig(),
    );
    this.element = el(
      'div',
      { class: 'blank' },
      this.#title,
      this.#text,
      el('div', { class: 'row' }, this.#run, this.#openConfig),
    );
  }

  show(model: Model): void {
    const { status, run } = model;
    this.element.hidden = run !== null;
    this.#openConfig.hidden = !hasConfig(model);
    // While the first run is under way there is nothing to run again; Cancel stands above.
    this.#run.hidden = (status?.running ?? null) !== null;
    const errors = status?.problems.filter(({ severity }) => severity === 'error').length ?? 0;
    if (errors > 0) {
      this.#title.textContent = t('This experiment cannot run yet');
      this.#text.textContent =
        errors === 1
          ? t(
              'One problem stands in the way. Choose it above to see its place in the editor; the picture ' +
                'appears as soon as it is mended.',
            )
          : t(
              '{0} problems stand in the way. Choose one above to see its place in the editor; the picture ' +
                'appears as soon as all are mended.',
              errors,
            );
    } else if ((status?.running ?? null) !== null) {
      this.#title.textContent = t('The first run is under way');
      this.#text.textContent = t('Every timestep’s hidden state and gradient will appear here, on one time axis.');
    } else {
      this.#title.textContent = t('No run yet');
      this.#text.textContent = t(
        'Run a config to see, at every timestep, whether its gradient survives the trip back through time.',
      );
    }
  }
}
