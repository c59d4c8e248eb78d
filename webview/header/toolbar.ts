// What the user may choose for the whole page: sequence, units, zoom; and what to do with the run.
import { el } from '../widgets/dom.js';
import { t } from '../page/l10n.js';
import { parseUnits, printUnits } from '../page/format.js';
import { closePopover, popover } from '../widgets/popover.js';
import { inReport } from '../page/inReport.js';
import { button, dropdown, setOptions, textField } from '../ui.js';
import { mostUnits, unitOrders } from '../page/timeline.js';
import { verdictName } from './header.js';
import type { LayerChoice, NetworkSummary, RunSummary } from '../page/model.js';
import type { Page } from '../chart/trackView.js';
import type { UiButton } from '../ui.js';

/** More than these are no list to choose from; the CSV and JSON have them all. */
const mostSequences = 256;

export type ToolbarActions = {
  rerun(): void;
  revealConfig(): void;
  exportJson(): void;
  exportReport(): void;
  exportPicture(): void;
  toggleWhatIf(): void;
  pin(): void;
  chooseLayer(layer: number): void;
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

export class Toolbar {
  readonly element: HTMLElement;
  readonly #page: Page;
  readonly #actions: ToolbarActions;
  readonly #sequence = dropdown(t('Sequence'), (value) =>
    this.#page.timeline.choose({ sequence: value === 'all' ? null : Number(value) }),
  );
  /** Of a network: whose tracks and cards are shown. */
  readonly #layer = dropdown(t('Layer'), (value) => this.#chooseLayer(Number(value)));
  readonly #layerLabel = el('label', {}, el('span', {}, t('Layer')), this.#layer);
  #layersKey = '';
  readonly #units = textField(t('Units drawn as lines'), '0,3,7-9', (value) => this.#chooseUnits(value));
  /** Why the lines are not those that were typed. */
  readonly #unitsNote = el('p', { class: 'note', attributes: { role: 'status' } });
  #notedUnits = '';
  readonly #order = dropdown(t('Rows: order of the units'), (value) =>
    this.#page.timeline.choose({ order: unitOrders.find((order) => order === value) ?? 'index' }),
  );
  readonly #reset: UiButton;
  readonly #whatIf: UiButton;
  readonly #pin: UiButton;
  #batch = -1;

  constructor(page: Page, actions: ToolbarActions) {
    this.#page = page;
    this.#actions = actions;
    this.#layerLabel.hidden = true;
    this.#layer.classList.add('wide');
    this.#reset = button(t('All steps'), 'secondary', t('Show all steps (0)'), () => page.timeline.resetZoom());
    const choice = (title: string, what: string, act: () => void): HTMLElement =>
      el(
        'button',
        {
          attributes: { type: 'button' },
          onClick: () => {
            closePopover();
            act();
          },
        },
        el('b', {}, title),
        el('span', {}, what),
      );
    const exportButton = button(t('Export…'), 'secondary', t('Save the run or its picture'), () =>
      popover(exportButton, t('Export'), [
        el(
          'div',
          { class: 'menu' },
          ...(inReport
            ? []
            : [
                choice(t('HTML report'), t('one file with these charts, for any browser'), () =>
                  actions.exportReport(),
                ),
                choice(t('Result as JSON'), t('every tensor, norm and the verdict'), () => actions.exportJson()),
              ]),
          choice(t('All tracks as PNG'), t('what is unfolded, at double resolution'), () => actions.exportPicture()),
        ),
      ]),
    );
    this.#whatIf = button(
      t('What if…'),
      'secondary',
      t('Try other weights, activations and limits without touching the files'),
      () => actions.toggleWhatIf(),
    );
    this.#whatIf.setAttribute('aria-controls', 'whatif');
    this.#pin = button(t('Pin run'), 'secondary', t('Keep this curve to compare others with it'), () => actions.pin());
    this.#unitsNote.hidden = true;
    this.markWhatIf(false);
    this.element = el(
      'div',
      { class: 'toolbar', attributes: { role: 'toolbar', 'aria-label': t('Run') } },
      this.#layerLabel,
      el('label', {}, el('span', {}, t('Sequence')), this.#sequence),
      el('label', {}, el('span', {}, t('Units')), this.#units),
      this.#unitsNote,
      el('label', {}, el('span', {}, t('Rows')), this.#order),
      this.#reset,
      // Where the line ends, what can be done moves to the next one together, and the most used of it is never left
      // alone.
      el(
        'span',
        { class: 'group' },
        ...(inReport
          ? [exportButton, button(t('Print…'), 'secondary', t('Print this report, or save it as PDF'), printOnPaper)]
          : [
              this.#whatIf,
              this.#pin,
              el(
                'span',
                { class: 'group' },
                exportButton,
                button(t('Open config'), 'secondary', t('Show the config in the editor'), () => actions.revealConfig()),
                button(t('Run again'), 'primary', t('Run the experiment again'), () => actions.rerun()),
              ),
            ]),
      ),
    );
    setOptions(
      this.#order,
      [
        ['index', t('as they are')],
        ['similarity', t('by similarity')],
        ['saturation', t('by saturation')],
      ],
      page.timeline.order,
    );
    this.#order.classList.add('wide');
    this.#sequence.classList.add('sequence');
    page.timeline.onChange(() => this.show());
  }

  /** Enough is pinned. */
  set pinsFull(full: boolean) {
    this.#pin.disabled = full;
    this.#pin.title = full
      ? t('No more can be pinned: remove a pin first')
      : t('Keep this curve to compare others with it');
  }

  /** Whether the bar of what-ifs is open. */
  markWhatIf(open: boolean): void {
    this.#whatIf.setAttribute('aria-expanded', String(open));
    this.#whatIf.classList.toggle('pressed', open);
  }

  show(): void {
    const {
      model: { run, status },
      timeline,
    } = this.#page;
    this.element.hidden = run === null;
    if (run === null) return;
    this.#showLayers(run);
    const units = printUnits(timeline.units);
    if (units !== this.#notedUnits) this.#note('');
    const sequence = timeline.sequence === null ? 'all' : String(timeline.sequence);
    if (this.#batch !== run.shapes.B) {
      this.#batch = run.shapes.B;
      setOptions(
        this.#sequence,
        [
          ['all', t('all ({0})', run.shapes.B)],
          ...Array.from(
            {
              length:
                run.shapes.B === 1
                  ? 0
                  : Math.min(status?.recordedSequences ?? run.shapes.B, run.shapes.B, mostSequences),
            },
            (_, b): [string, string] => [String(b), String(b + 1)],
          ),
        ],
        sequence,
      );
    } else if (this.#sequence.value !== sequence) this.#sequence.value = sequence;
    if (document.activeElement !== this.#units) {
      this.#units.value = units;
      if (this.#units.classList.contains('invalid')) this.#note('');
      this.#units.classList.remove('invalid');
    }
    this.#reset.disabled = !timeline.zoomed;
  }

  #showLayers({ network }: RunSummary): void {
    this.#layerLabel.hidden = network === null || network.layers.length === 1;
    if (network === null) return;
    const options = network.layers.map((choice, i): [string, string] => [String(i), layerName(network, choice)]);
    const key = JSON.stringify(options);
    const shown = String(network.shown);
    if (key !== this.#layersKey) {
      this.#layersKey = key;
      setOptions(this.#layer, options, shown);
    } else if (this.#layer.value !== shown) this.#layer.value = shown;
  }

  #chooseLayer(layer: number): void {
    if (this.#page.model.run?.network?.shown !== layer) this.#actions.chooseLayer(layer);
  }

  #chooseUnits(text: string): void {
    const {
      model: { run },
      timeline,
    } = this.#page;
    const H = run?.shapes.H ?? 0;
    const typed = parseUnits(text, H);
    const units = typed?.slice(0, mostUnits) ?? timeline.units;
    if (printUnits(units) !== printUnits(timeline.units)) timeline.choose({ units });
    this.#units.classList.toggle('invalid', typed === null);
    this.#note(
      typed === null
        ? t('Units are numbers from 0 to {0}, as in 0,3,7-9', H - 1)
        : typed.length > mostUnits
          ? t(
              'Only the first {0} of these {1} units are drawn: more lines could not be told apart.',
              mostUnits,
              typed.length,
            )
          : '',
    );
  }

  /** Stands until other units are chosen. */
  #note(text: string): void {
    this.#notedUnits = printUnits(this.#page.timeline.units);
    if (this.#unitsNote.textContent === text) return;
    this.#unitsNote.textContent = this.#units.title = text;
    this.#unitsNote.hidden = text === '';
  }
}
