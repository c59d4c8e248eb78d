// Which views stand together. The overview holds the answer and its first evidence; the instruments stand in groups of
// their own, and ask for their numbers when their group is first opened.
import { inReport } from './inReport.js';
import { t } from './l10n.js';
import type { PageState } from './pageState.js';

export type GroupId =
  'overview' | 'gradient' | 'states' | 'gates' | 'dynamics' | 'attribution' | 'weights' | 'history' | 'all';

type Group = {
  readonly id: GroupId;
  readonly name: string;
  /** Its views by their ids; null: every one. */
  readonly views: readonly string[] | null;
  /** Of these at least one has something to show, or the group is not offered. */
  readonly own?: readonly string[];
};

const makeGroups = (): readonly Group[] => [
  { id: 'overview', name: t('Overview'), views: ['networkMap', 'flow', 'hiddenMap', 'history', 'atStep', 'compare'] },
  {
    id: 'gradient',
    name: t('Gradient'),
    views: ['networkMap', 'flow', 'gradientMap', 'contributions', 'atStep', 'compare', 'proofs', 'reach'],
  },
  {
    id: 'states',
    name: t('States'),
    views: [
      'hiddenMap',
      'cellState',
      'preActivation',
      'units',
      'spread',
      'saturation',
      'network',
      'atStep',
      'openedStep',
      'gates',
    ],
  },
  {
    id: 'gates',
    name: t('Gates and paths'),
    views: ['gateLines', 'kept', 'paths', 'gateMap', 'atStep', 'halfLives'],
    own: ['gateLines'],
  },
  {
    id: 'dynamics',
    name: t('Dynamics'),
    views: ['jacobian', 'product', 'atStep', 'proofs', 'lyapunov', 'eigenvalues'],
  },
  { id: 'attribution', name: t('Attribution'), views: ['attribution', 'sources', 'atStep', 'reach'] },
  { id: 'weights', name: t('Weights'), views: ['weights', 'weightHistograms', 'eigenvalues'] },
  { id: 'history', name: t('History'), views: ['flow', 'history', 'compare'], own: ['history'] },
  { id: 'all', name: t('All'), views: null },
];

export class Groups {
  readonly all = makeGroups();
  readonly #memory: PageState;
  readonly #listeners = new Set<() => void>();
  #chosen: GroupId;
  /** The one that everybody has heard of. */
  #told: GroupId | null = null;
  #isAvailable: (view: string) => boolean = () => true;

  constructor(memory: PageState) {
    this.#memory = memory;
    const kept = memory.chosen('group');
    this.#chosen = this.all.find(({ id }) => id === kept)?.id ?? 'overview';
  }

  /** A report is read and printed as a whole. */
  get shown(): GroupId {
    if (inReport) return 'all';
    return this.offered.some(({ id }) => id === this.#chosen) ? this.#chosen : 'overview';
  }

  /** Those that have something to show. */
  get offered(): readonly Group[] {
    return this.all.filter(({ own }) => own === undefined || own.some((view) => this.#isAvailable(view)));
  }

  /** Whether the view of this id stands in the group that is shown. */
  shows(view: string): boolean {
    const { shown } = this;
    return this.all.some(({ id, views }) => id === shown && (views === null || views.includes(view)));
  }

  /** The first group that a view stands in: where a reader is led who looks for it. */
  homeOf(view: string): GroupId {
    return this.all.find(({ views }) => views?.includes(view) === true)?.id ?? 'all';
  }

  /** How to find out whether a view has something to show. */
  set availability(isAvailable: (view: string) => boolean) {
    this.#isAvailable = isAvailable;
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  /** What there is to show may have become another: those who hear of a choice hear of that. */
  update(): void {
    if (this.shown !== this.#told) this.#tell();
  }

  choose(id: GroupId): void {
    if (id === this.#chosen && id === this.shown) return;
    this.#chosen = id;
    this.#memory.choose('group', id);
    this.#tell();
  }

  #tell(): void {
    this.#told = this.shown;
    for (const listener of this.#listeners) listener();
  }
}
