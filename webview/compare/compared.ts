// Other configs over the run on screen, as the host tells of them: their curves, and how they are made comparable.
import { literal } from '../widgets/dom.js';
import { t } from '../page/l10n.js';
import { curveNames } from '../chart/overlay.js';
import { fromSameSource, namesOf, needsSameSource } from './comparable.js';
import { colourOf } from './pins.js';
import { verdictName } from '../page/verdictNames.js';
import type { ComparedRun } from '../../src/protocol/index.js';
import type { Curve, CurveName, Overlay } from '../chart/overlay.js';
import type { PageState } from '../page/pageState.js';
import type { Model, RunSummary } from '../page/model.js';
import type { Theme } from '../page/theme.js';

/** Lines of the same hue differ by this; those of pins are all dashed in other ways. */
const dashes: readonly (readonly number[])[] = [[], [16, 4]];
const hueCount = 3;
/** Not that of the first pin. */
const firstHue = 2;

export class Compared {
  runs: readonly ComparedRun[] = [];
  /** Which of the two curves of each is drawn. */
  draws: () => CurveName = () => 'dh';
  readonly #model: Model;
  readonly #memory: PageState;
  readonly #listeners = new Set<() => void>();
  /** Curves that were moved, while both runs are the same. */
  readonly #moved = new Map<string, { readonly key: string; readonly curve: Curve }>();

  constructor(model: Model, memory: PageState) {
    this.#model = model;
    this.#memory = memory;
    model.onChange((change) => {
      if (change === 'run' && this.runs.length > 0) this.#tell();
    });
  }

  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  set(runs: readonly ComparedRun[]): void {
    this.runs = runs;
    // The host reads this to bring them back after a window reload.
    this.#memory.write('compared', { configs: runs.map(({ config }) => config) });
    this.#tell();
  }

  /** Whether any was there before the page was loaded again. */
  get kept(): boolean {
    const { configs } = this.#memory.read('compared');
    return Array.isArray(configs) && configs.length > 0;
  }

  look(index: number, theme: Theme): { readonly colour: string; readonly dash: readonly number[] } {
    return { colour: colourOf(index + firstHue, theme), dash: dashes[Math.floor(index / hueCount)] ?? [] };
  }

  overlays(): readonly Overlay[] {
    const { run: own } = this.#model;
    if (own === null) return [];
    const names = namesOf(this.runs);
    return this.runs.flatMap(({ config, run }, i): Overlay[] => {
      if (run === null) return [];
      const scaled = needsSameSource(own, run);
      const name = literal(names[i] ?? '');
      return [
        {
          id: `config ${config}`,
          name: `${scaled ? t('{0} from the same source', name) : name} · ${verdictName(run.kind)}`,
          csvNote: `${this.runs[i]?.name ?? ''}; cell ${run.cell}; T ${run.curve.T}; ${run.kind}`,
          csv: scaled ? `config${i + 1}_same_source` : `config${i + 1}`,
          curve: scaled ? this.#movedCurve(config, own, run) : run.curve,
          colour: (theme) => this.look(i, theme).colour,
          width: 2,
          dash: dashes[Math.floor(i / hueCount)] ?? [],
          draws: curveNames.filter((curve) => curve === this.draws()),
        },
      ];
    });
  }

  #movedCurve(config: string, own: RunSummary, { runId, curve }: NonNullable<ComparedRun['run']>): Curve {
    const key = `${own.runId} ${own.network?.shown ?? 0} ${runId}`;
    const known = this.#moved.get(config);
    if (known?.key === key) return known.curve;
    const moved = fromSameSource(curve, own.layers[0].log10);
    this.#moved.set(config, { key, curve: moved });
    return moved;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
