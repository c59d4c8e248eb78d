// Tracks of cells with gates: the second state, and one gate, of every unit at every step.
import { formatNumber, formatPercent } from '../page/format.js';
import { t as say } from '../page/l10n.js';
import { isGated } from '../page/model.js';
import { stateField } from '../page/stepCache.js';
import { dropdown, setOptions } from '../widgets/controls.js';
import type { HeatmapKind } from './heatmap.js';
import type { Page } from '../chart/trackView.js';
import type { GateSource } from '../page/gateSource.js';
import type { RunSummary, WhatIfGates } from '../page/model.js';

export const cellStateMap = (): HeatmapKind => ({
  id: 'cellState',
  tensor: 'c',
  title: say('Cell state'),
  formula: say('c_t per unit'),
  column: 'c',
  height: 148,
  available: ({ cell }) => cell.states.includes('c'),
  help: {
    text: [
      say(
        'What an LSTM carries beside h. A row of one steady colour is a unit that remembers; c may grow beyond 1, ' +
          'and where |c| is large, tanh(c) is flat and h says little of it.',
      ),
      say('Click a row to draw the h of this unit as a line; click it again to take it away.'),
    ],
    formula: 'c_t = f ⊙ c_{t−1} + i ⊙ g',
    source: 'Hochreiter & Schmidhuber 1997; Gers, Schmidhuber & Cummins 2000',
  },
  bar: ({ limit }) => (limit > 0 ? { low: formatNumber(-limit, 3), middle: '0', high: formatNumber(limit, 3) } : null),
  print: ({ limit }, share) => `c = ${formatNumber(share * limit)}`,
  faint: (peak) => (peak === 0 ? say('every c is exactly 0') : say('every |c| is at most {0}', formatNumber(peak, 2))),
  cell: stateField,
});

/** The gate that keeps the state first: it is the one that counts. */
const shownGate = ({ cell: { gates, keeper } }: RunSummary, wanted: string): string =>
  gates.includes(wanted) ? wanted : (keeper ?? gates[0]);

export function gateMap({ model, memory }: Page, source: GateSource): HeatmapKind & { readonly costly: true } {
  const kept = memory.chosen('gate');
  let wanted = typeof kept === 'string' ? kept : '';
  let changed = (): void => undefined;
  /** Tanh and not σ: its values have a sign. */
  const isCandidate = (): boolean => {
    const cell = model.run?.cell;
    return cell?.gateKinds?.[cell.gates.indexOf(now())] === 'candidate';
  };
  const now = (): string => (model.run === null ? '' : shownGate(model.run, wanted));
  /** The gate that is shown, of what is tried. */
  const tried = (): WhatIfGates['map'] => {
    const map = source.tried?.map ?? null;
    return map?.gate === now() ? map : null;
  };
  const choice = dropdown(say('Gate'), (value) => {
    if (value === now()) return;
    wanted = value;
    memory.choose('gate', value);
    changed();
  });
  let offered = '';
  const offer = (run: RunSummary): void => {
    const key = run.cell.gates.join();
    if (key !== offered)
      setOptions(
        choice,
        run.cell.gates.map((name) => [name, name]),
        now(),
      );
    offered = key;
  };
  const controls = document.createElement('label');
  controls.className = 'track-choice';
  controls.append(say('Gate'), choice);
  return {
    id: 'gateMap',
    // A plain pass over the sequence: not for those who do not look.
    costly: true,
    tensor: 'gate',
    gate: now,
    controls,
    onChoice: (act) => {
      changed = act;
    },
    title: say('Gate'),
    formula: () => (tried() === null ? say('{0} of every unit', now()) : say('{0} of every unit, what if', now())),
    following: {
      ask: (shown) => source.askMap({ gate: now(), ...shown }),
      tried: (sequence) => {
        const map = tried();
        return map?.sequence === sequence ? map.picture : null;
      },
      onTried: (listener) => source.onTried(listener),
    },
    column: say('gate'),
    height: 148,
    available: (run) => {
      if (!isGated(run)) return false;
      offer(run);
      return true;
    },
    help: {
      text: [
        say(
          'How far one gate is open in each unit at each step. Of a logistic gate the colour goes from shut (0) to ' +
            'open (1); of a candidate from −1 to 1.',
        ),
        say('A forget gate that stays near 1 keeps its unit; one that flickers lets go at every step.'),
      ],
      formula: (cell) => cell?.forward ?? '',
      source: 'Hochreiter & Schmidhuber 1997; Cho et al. 2014',
    },
    bar: () => (isCandidate() ? { low: '−1', middle: '0', high: '1' } : { low: '0', middle: '', high: '1', from: 0 }),
    print: (_map, share) => `${now()} = ${formatNumber(share)}`,
    faint: (peak) => say('at most {0} anywhere', formatPercent(peak)),
    cell: stateField,
  };
}
