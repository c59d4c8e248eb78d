// The menus of the bar of what-ifs, filled with what a run has.
import { t } from '../page/l10n.js';
import { layerName } from '../page/layerNames.js';
import { positionOf } from '../page/stepLabels.js';
import { ways } from './keptWhatIf.js';
import { dropdown, setOptions } from '../widgets/controls.js';
import type { RunSummary } from '../page/model.js';
import type { WhatIfState, WhatIf } from './whatIfState.js';
import type { UiDropdown } from '../widgets/controls.js';
import type { Page } from '../chart/trackView.js';

/** What the gates are called in textbooks, behind their letters, for which there is always room. */
const gateName = (gate: string): string =>
  ({
    i: t('i: input'),
    f: t('f: forget'),
    g: t('g: candidate'),
    o: t('o: output'),
    r: t('r: reset'),
    z: t('z: update'),
    n: t('n: candidate'),
  })[gate] ?? gate;

/** The gate that keeps the state: its bias is what is tried first. */
const keepingGate = (gates: readonly string[]): string | null =>
  gates.find((gate) => gate === 'f' || gate === 'z') ?? null;

const everyGate = 'every';

export class WhatIfMenus {
  readonly layers: UiDropdown;
  readonly biasGate: UiDropdown;
  readonly whGate: UiDropdown;
  readonly drop: UiDropdown;
  readonly way: UiDropdown;
  readonly cell: UiDropdown;
  readonly lossKind: UiDropdown;
  readonly #tried: WhatIfState;
  /** The gate whose bias the slider moves next; null: the one that keeps the state. */
  #gate: string | null = null;
  #options = '';

  /** `seedNow`: that of the next initialisation. */
  constructor(page: Page, tried: WhatIfState, seedNow: () => number) {
    this.#tried = tried;
    const change = (part: Partial<WhatIf>): void => tried.change(part);
    this.layers = dropdown(t('Layers that are changed'), (value) =>
      change({ layers: value === 'all' ? value : Number(value) }),
    );
    this.biasGate = dropdown(t('Gate whose bias is shifted'), (value) => {
      this.#gate = value;
      if (tried.whatIf.biasShift !== null) change({ biasGate: value === everyGate ? null : value });
    });
    this.whGate = dropdown(t('Gate whose block of Wh is rescaled'), (value) =>
      change({ whGate: value === everyGate ? null : value }),
    );
    this.drop = dropdown(t('Last layer'), (value) => change({ drop: value === 'last' ? value : null }));
    this.way = dropdown(t('Initialisation of Wh'), (value) => {
      const way = ways.find((other) => other === value);
      change({ initialise: way === undefined ? null : { way, seed: seedNow() } });
    });
    this.cell = dropdown(t('Activation'), (value) => {
      const now = page.model.run?.cell;
      const cell = now?.alternatives.find((other) => other === value) ?? null;
      change({ cell: cell === now?.name ? null : cell });
    });
    /** A config says the position at which a loss sits, whichever direction is looked at. */
    const cursorPosition = (): number => {
      const { run } = page.model;
      return run === null ? 0 : positionOf(run, page.timeline.cursor);
    };
    this.lossKind = dropdown(t('Where the loss sits'), (value) => {
      change({
        lossAt: value === 'last' || value === 'every' ? value : value === 'step' ? cursorPosition() : null,
      });
    });
  }

  /** The bias of which gate the slider moves; null: that of every gate. */
  shiftedGate({ cell: { gates } }: RunSummary): string | null {
    if (gates.length === 1) return null;
    const { biasShift, biasGate } = this.#tried.whatIf;
    if (biasShift !== null) return biasGate;
    const chosen = this.#gate ?? keepingGate(gates);
    return chosen !== null && gates.includes(chosen) ? chosen : null;
  }

  /** The toolkit reads its options late, so menus are filled only when something about them is another. */
  show(run: RunSummary, whatIf: WhatIf): void {
    const lossKind = whatIf.lossAt === null ? 'file' : typeof whatIf.lossAt === 'number' ? 'step' : whatIf.lossAt;
    const layers = run.network?.layers ?? [];
    const gate = this.shiftedGate(run);
    const key = JSON.stringify([
      run.cell.name,
      whatIf.initialise?.way,
      whatIf.cell,
      lossKind,
      layers.map(({ layer, direction }) => [layer, direction]),
      whatIf.layers ?? run.network?.shown,
      gate,
      whatIf.whGate,
      whatIf.drop,
    ]);
    if (key === this.#options) return;
    this.#options = key;
    const file = t('as is');
    const named = layers.map((_, i): [string, string] => [String(i), layerName({ layers }, i)]);
    const all: [string, string][] =
      layers.length === 0 ? [['0', t('layer {0}', 0)]] : [...named, ['all', t('all layers')]];
    const chosen = String(whatIf.layers ?? run.network?.shown ?? 0);
    // The layer that was to be changed may be gone.
    const isThere = all.some(([value]) => value === chosen);
    setOptions(this.layers, isThere ? all : [[chosen, '–'], ...all], chosen);
    const gates = run.cell.gates.map((name): [string, string] => [name, gateName(name)]);
    const every: [string, string] = [everyGate, t('every gate')];
    setOptions(this.biasGate, [...gates, every], gate ?? everyGate);
    setOptions(this.whGate, [every, ...gates], whatIf.whGate ?? everyGate);
    setOptions(
      this.drop,
      [
        ['file', file],
        ['last', t('left out')],
      ],
      whatIf.drop ?? 'file',
    );
    // Copying the state, and what is made for relu, make sense of a cell that has one gate.
    const ofOneGate: [string, string][] = [
      ['identity', t('identity matrix')],
      ['glorot', 'Glorot'],
      ['he', 'He'],
    ];
    setOptions(
      this.way,
      [
        ['file', file],
        ['orthogonal', t('orthogonal')],
        ...(gates.length === 1 ? ofOneGate : []),
        ['keras', t("Keras' default")],
        ['pytorch', t("PyTorch's default")],
      ],
      whatIf.initialise?.way ?? 'file',
    );
    setOptions(
      this.cell,
      run.cell.alternatives.map((cell) => [cell, cell]),
      whatIf.cell ?? run.cell.name,
    );
    setOptions(
      this.lossKind,
      [
        ['file', file],
        ['last', t('last step')],
        ['every', t('every step')],
        ['step', t('one step')],
      ],
      lossKind,
    );
  }
}
