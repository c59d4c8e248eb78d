// What the first picture does without: the views of the other groups, the cards, the bar of what-ifs. A bundle of its
// own, loaded behind the first picture, or as soon as somebody wants any of it.
import { Card } from './cards/card.js';
import { VersionHistory, historyCard } from './cards/versionHistory.js';
import { BoundsCard } from './cards/bounds.js';
import { eigenvaluesCard } from './cards/eigenvalues.js';
import { gatesCard } from './cards/openedGatesCard.js';
import { halfLivesCard } from './cards/halfLives.js';
import { lyapunovCard } from './cards/lyapunov.js';
import { reachCard } from './cards/gradientReach.js';
import { openedStepCard } from './cards/openedStepCard.js';
import { weightCards } from './cards/weightHeatmaps.js';
import { Compare } from './compare/compare.js';
import { WhatIfBar } from './compare/whatIfBar.js';
import { TimeChart } from './chart/chart.js';
import { attributionTracks } from './tracks/attribution.js';
import { cellStateMap, gateMap } from './tracks/gateMaps.js';
import { contributions } from './tracks/contributions.js';
import { gateLines } from './tracks/gateLines.js';
import { gradientMap } from './tracks/gradientMap.js';
import { heatmap } from './tracks/heatmap.js';
import { jacobianTracks } from './tracks/jacobian.js';
import { keptLines } from './tracks/keptLines.js';
import { network } from './tracks/network.js';
import { gradientPaths } from './tracks/gradientPaths.js';
import { preActivation } from './tracks/preActivation.js';
import { saturation } from './tracks/saturation.js';
import { spread } from './tracks/stateHistogram.js';
import { unitLines } from './tracks/unitLines.js';
import type { CardView } from './cards/card.js';
import type { ComparedActs } from './compare/comparedRows.js';
import type { Compared } from './compare/compared.js';
import type { GateSource } from './page/gateSource.js';
import type { Overlays } from './chart/overlay.js';
import type { Page } from './chart/trackView.js';
import type { PlotMaker } from './chart/plot.js';
import type { PanelContract } from '../src/protocol/index.js';
import type { Pins } from './compare/pins.js';
import type { SaveFile } from './chart/pngExport.js';
import type { StepCache } from './page/stepCache.js';
import type { Tracks } from './tracks/trackStack.js';
import type { WhatIfState } from './compare/whatIfState.js';
import type { WhatIfActions } from './compare/whatIfBar.js';

export { jumpList } from './header/jumpList.js';
export { flowEvents } from './tracks/gradientEvents.js';
export { savePicture } from './chart/pngExport.js';
export { whatIfFrom } from './compare/keptWhatIf.js';

/** What stands already. */
export type Standing = {
  readonly page: Page;
  readonly steps: StepCache;
  readonly gates: GateSource;
  readonly tried: WhatIfState;
  readonly overlays: Overlays;
  readonly pins: Pins;
  readonly compared: Compared;
  readonly tracks: Tracks;
  readonly main: HTMLElement;
  /** Beside the tracks; the numbers at the cursor stand in it. */
  readonly side: HTMLElement;
  readonly history: ConstructorParameters<typeof VersionHistory>[1];
  readonly whatIf: WhatIfActions;
  readonly act: ComparedActs;
  readonly save: SaveFile;
  readonly failed: (error: unknown) => void;
  readonly chooseLayer: (layer: number) => void;
  readonly revealWeight: (place: PanelContract['events']['revealWeight']) => void;
  /** There are other versions to look back at. */
  readonly historyChanged: () => void;
};

export class Later {
  readonly cards: readonly Card[];
  readonly whatIfBar: WhatIfBar;
  readonly #standing: Standing;
  readonly #past: VersionHistory;
  readonly #historyCards: readonly Card[];
  readonly #proofs: BoundsCard;
  readonly #compare: Compare;

  constructor(standing: Standing) {
    const { page, steps, gates, tried, overlays, pins, compared, tracks, side } = standing;
    this.#standing = standing;
    tracks.drawBy(drawnByChart);
    tracks.add([
      contributions(page),
      heatmap(gradientMap(), page, steps),
      heatmap(cellStateMap(), page, steps),
      gateLines(page, gates),
      keptLines(page, gates),
      gradientPaths(page, gates),
      heatmap(gateMap(page, gates), page, steps),
      heatmap(preActivation(), page, steps),
      unitLines(page, steps),
      spread(page),
      saturation(page),
      network(page, steps, standing.chooseLayer),
      ...jacobianTracks(page),
      ...attributionTracks(page),
    ]);
    this.#past = new VersionHistory(page, standing.history, standing.failed);
    overlays.add(this.#past);
    this.whatIfBar = new WhatIfBar(page, tried, standing.whatIf);
    this.#compare = new Compare(page, pins, compared, overlays, standing.act);
    this.#proofs = new BoundsCard(page);
    this.#historyCards = this.#cardsOf((changed) => [historyCard(this.#past, changed)]);
    const otherCards = [
      (changed: () => void) => [openedStepCard(page, changed), gatesCard(page, changed)],
      (changed: () => void) => [halfLivesCard(page, gates, changed)],
      (changed: () => void) => [reachCard(page, changed)],
      () => [lyapunovCard(page)],
      (changed: () => void) => [eigenvaluesCard(page, changed)],
      (changed: () => void) => weightCards(page, changed, standing.revealWeight),
    ].flatMap((make) => this.#cardsOf(make));
    this.cards = [...this.#historyCards, ...otherCards];
    // In the order of the groups.
    side.append(
      this.#compare.element,
      ...elementsOf(otherCards.slice(0, 2)),
      this.#proofs.element,
      // It comes with the second version: what stands above it does not move.
      ...elementsOf(this.#historyCards),
      ...elementsOf(otherCards.slice(2)),
    );
    this.#past.onChange(() => {
      standing.historyChanged();
      this.#placeHistory();
    });
    oneColumn.addEventListener('change', () => this.#placeHistory());
  }

  /** What has its place by the group alone. */
  arrange(): void {
    this.#proofs.element.hidden = !this.#standing.page.groups.shows('proofs');
    this.#placeHistory();
    this.#compare.show();
  }

  /** The run or its spectrum is another. */
  show(): void {
    this.#proofs.show();
    for (const card of this.cards) card.show();
  }

  /** The cards of views that say when their pictures are others: nothing else is painted again then. */
  #cardsOf(make: (changed: () => void) => readonly CardView[]): Card[] {
    const { page, save } = this.#standing;
    const own: Card[] = make(() => {
      for (const card of own) card.show();
    }).map((view) => new Card(view, page, save));
    return own;
  }

  /**
   * While a script trains, the history stands first beside the tracks; in the order of the keyboard as on the screen.
   * In one column it would push the evidence out of sight.
   */
  #placeHistory(): void {
    const { main, side, page } = this.#standing;
    const first = page.groups.shown === 'overview' && this.#past.followsTraining && !oneColumn.matches;
    if (first === main.classList.contains('training')) return;
    main.classList.toggle('training', first);
    const [focused, at] = [document.activeElement, side.scrollTop];
    if (first) {
      side.prepend(...elementsOf(this.#historyCards));
      main.prepend(side);
    } else {
      this.#proofs.element.after(...elementsOf(this.#historyCards));
      main.append(side);
    }
    // What is moved loses both.
    side.scrollTop = at;
    if (focused instanceof HTMLElement && side.contains(focused)) focused.focus({ preventScroll: true });
  }
}

const drawnByChart: PlotMaker = (canvas, options, rendered) => new TimeChart(canvas, options, rendered);

/** As in style.css. */
const oneColumn = matchMedia('(max-width: 840px)');

const elementsOf = (some: readonly Card[]): HTMLElement[] => some.map(({ element }) => element);
