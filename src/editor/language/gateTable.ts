// The gates in the weights of a layer as a table of a hover.
import { t } from '@vscode/l10n';
import type { GateFacts, PartFacts } from '../../protocol/index.js';
import { gateLabel, gateTitle } from './gateNames.js';
import { round } from './matrixInsights.js';

/** Of a gate whose numbers were not measured, or are not all finite. */
const unknown = '—';
const told = (x: number | null): string => (x === null || Number.isNaN(x) ? unknown : round(x));

/** Both biases of a gate together; of the candidate of a GRU the second is reset before it is added. */
function biasText({ biases: { input, state, addUp } }: GateFacts): string {
  if (addUp || input === null || state === null) return told((input ?? 0) + (state ?? 0));
  return `${told(input)} + r ⊙ ${told(state)}`;
}

type Column = { readonly head: string; readonly of: (gate: GateFacts) => string; readonly isNumber: boolean };

function columnsOf({ part, gates }: PartFacts): Column[] {
  const [first] = gates;
  const lines = first?.lies === 'rows' ? t('rows') : first?.lies === 'columns' ? t('columns') : t('numbers');
  const number = (head: string, of: Column['of']): Column => ({ head, of, isNumber: true });
  const isSquare = part.role === 'recurrent';
  const hasRadius = gates.some(({ matrix }) => (matrix?.spectralRadius ?? null) !== null);
  return [
    { head: t('gate'), of: (gate) => `**${gateLabel(gate)}** ${gateTitle(gate.gate)}`, isNumber: false },
    // A span is never broken into two lines.
    number(lines, ({ from, to }) => (to - from === 1 ? `${from}` : `${from}\u00a0…\u00a0${to - 1}`)),
    ...(part.role === 'bias' ? [number(t('mean'), ({ mean }) => told(mean))] : []),
    number(part.role === 'bias' ? t('mean of all biases') : t('mean bias'), biasText),
    ...(part.role === 'bias' ? [] : [number('σ_max', ({ matrix }) => told(matrix?.sigmaMax ?? null))]),
    ...(isSquare && hasRadius
      ? [number(t('spectral radius'), ({ matrix }) => told(matrix?.spectralRadius ?? null))]
      : []),
    ...(isSquare ? [number('‖WᵀW\u00a0−\u00a0I‖_F', ({ matrix }) => told(matrix?.orthogonalityError ?? null))] : []),
  ];
}

/** Markdown; '' where there are no gates. */
export function gateTable(facts: PartFacts): string {
  if (facts.gates.length === 0) return '';
  const columns = columnsOf(facts);
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [
    row(columns.map(({ head }) => head)),
    row(columns.map(({ isNumber }) => (isNumber ? '--:' : ':--'))),
    ...facts.gates.map((gate) => row(columns.map(({ of }) => of(gate)))),
  ].join('\n');
}
