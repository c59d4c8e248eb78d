// The line under the verdict that stays in view: the groups of views, the layer that is looked at, and what can be done
// with the run.
import { el } from '../widgets/dom.js';
import { t } from '../page/l10n.js';
import { inNotebook, inReport } from '../page/inReport.js';
import { menuButton } from '../widgets/menu.js';
import { hasConfig } from './pairBar.js';
import { button, choose, dropdown, setOptions } from '../widgets/controls.js';
import { Tabs } from './tabs.js';
import { verdictName } from '../page/verdictNames.js';
import type { LayerChoice, NetworkSummary, RunSummary } from '../page/model.js';
import type { MenuItem } from '../widgets/menu.js';
import type { Page } from '../chart/trackView.js';
import type { UiButton } from '../widgets/controls.js';

export type BarActions = {
  rerun(): void;
  revealConfig(): void;
  exportJson(): void;
  exportReport(): void;
  exportPicture(): void;
  toggleWhatIf(): void;
  pin(): void;
  compareWith(): void;
  previewSequences(): void;
  chooseLayer(layer: number): void;
  goTo(): void;
  chooseSequences(): void;
};

/** The light theme first, and its charts painted, because a browser prints what is on screen at that moment. */
function printOnPaper(): void {
  dispatchEvent(new Event('beforeprint'));
  requestAnimationFrame(() => requestAnimationFrame(() => print()));
}

/** `1, reverse: VANISHING` */
function layerName({ layers }: NetworkSummary, { layer, direction, kind }: LayerChoice): string {
  const verdict = verdictName(kind);
  if (!layers.some((other) => other.direction === 'reverse')) return `${layer}: ${verdict}`;
  return direction === 'reverse' ? t('{0}, reverse: {1}', layer, verdict) : t('{0}, forward: {1}', layer, verdict);
}

export class Bar {
  readonly element: HTMLElement;
  readonly #page: Page;
  readonly #actions: BarActions;
  readonly #tabs: Tabs;
  /** Of a network: whose tracks and cards are shown. */
  readonly #layer = dropdown(t('Layer'), (value) => this.#chooseLayer(Number(value)));
  readonly #layerLabel = el('label', {}, el('span', {}, t('Layer')), this.#layer);
  #layersKey = '';
  readonly #reset: UiButton;
  readonly #whatIf: UiButton;
  /** Where what it offers opens. */
  readonly menu: HTMLButtonElement;
  #pinsFull = false;

  constructor(page: Page, panel: string, actions: BarActions) {
    this.#page = page;
    this.#actions = actions;
    this.#tabs = new Tabs(page.groups, panel);
    this.#layerLabel.hidden = true;
    this.#reset = button(t('All steps'), 'secondary', t('Show all steps (0)'), () => page.timeline.resetZoom());
    this.#whatIf = button(
      t('What if…'),
      'secondary',
      t('Try other weights, activations and limits without touching the files'),
      () => actions.toggleWhatIf(),
    );
    this.#whatIf.setAttribute('aria-controls', 'whatif');
    this.markWhatIf(false);
    this.menu = menuButton(t('More to do with this run'), () => this.#menu());
    this.element = el(
      'div',
      { class: 'bar' },
      inReport ? null : this.#tabs.line,
      el(
        'div',
        { class: 'bar-actions', attributes: { role: 'toolbar', 'aria-label': t('Run') } },
        this.#layerLabel,
        this.#reset,
        ...(inReport
          ? [button(t('Print…'), 'secondary', t('Print this report, or save it as PDF'), printOnPaper)]
          : inNotebook
            ? []
            : [this.#whatIf]),
        this.menu,
      ),
    );
    page.timeline.onChange((change) => {
      if (change !== 'cursor') this.show();
    });
  }

  /** Enough is pinned. */
  set pinsFull(full: boolean) {
    this.#pinsFull = full;
  }

  /** Whether the bar of what-ifs is open. */
  markWhatIf(open: boolean): void {
    this.#whatIf.setAttribute('aria-expanded', String(open));
    this.#whatIf.classList.toggle('pressed', open);
  }

  show(): void {
    const {
      model: { run },
      timeline,
    } = this.#page;
    this.element.hidden = run === null;
    if (run === null) return;
    this.#showLayers(run);
    this.#tabs.show();
    this.#reset.hidden = !timeline.zoomed;
  }

  #menu(): readonly MenuItem[] {
    const actions = this.#actions;
    const item = (label: string, about: string, act: () => void): MenuItem => ({ label, about, act });
    const picture = item(t('All tracks as PNG'), t('those of this group that are unfolded, at double resolution'), () =>
      actions.exportPicture(),
    );
    if (inReport) return [picture];
    const goTo = item(t('Go to view…'), t('every chart and card by its name (key /)'), () => actions.goTo());
    if (inNotebook) return [goTo, picture];
    return [
      goTo,
      this.#pinsFull
        ? { ...item(t('Pin run'), t('no more can be pinned: remove a pin first'), () => undefined), disabled: true }
        : item(t('Pin run'), t('keep this curve to compare others with it'), () => actions.pin()),
      item(t('Compare with…'), t('lay the runs of other configs over this one'), () => actions.compareWith()),
      item(t('Preview the sequences'), t('what is run: rows, windows, and what normalising did'), () =>
        actions.previewSequences(),
      ),
      item(t('HTML report'), t('one file with these charts, for any browser'), () => actions.exportReport()),
      item(t('Result as JSON'), t('every tensor, norm and the verdict'), () => actions.exportJson()),
      picture,
      ...(hasConfig(this.#page.model)
        ? [
            item(t('Open config'), t('show the config in the editor'), () => actions.revealConfig()),
            item(t('Choose other sequences…'), t('an edit of the config, which can be undone'), () =>
              actions.chooseSequences(),
            ),
          ]
        : []),
      item(t('Run again'), t('run the experiment again'), () => actions.rerun()),
    ];
  }

  #showLayers({ network }: RunSummary): void {
    // A report has the numbers of one layer.
    this.#layerLabel.hidden = inReport || network === null || network.layers.length === 1;
    if (network === null) return;
    const options = network.layers.map((choice, i): [string, string] => [String(i), layerName(network, choice)]);
    const key = JSON.stringify(options);
    const shown = String(network.shown);
    if (key !== this.#layersKey) {
      this.#layersKey = key;
      setOptions(this.#layer, options, shown);
    } else choose(this.#layer, shown);
  }

  #chooseLayer(layer: number): void {
    if (this.#page.model.run?.network?.shown !== layer) this.#actions.chooseLayer(layer);
  }
}
