// One colour for each gate of a cell, the same in every view; the gate that keeps the state has one of its own.
import { withAlpha } from '../page/colourMaths.js';
import type { CellFacts } from '../page/model.js';
import type { Theme } from '../page/theme.js';

export function gateColour({ gates, keeper }: CellFacts, name: string, theme: Theme): string {
  if (name === keeper) return theme.orange;
  const others = gates.filter((gate) => gate !== keeper);
  const colours = [theme.blue, theme.purple, theme.green, theme.yellow];
  return colours[others.indexOf(name) % colours.length] ?? theme.foreground;
}

/** The state that is kept has the colour of its gate; h through the same gate is fainter. */
export const pathColour = (cell: CellFacts, name: string, theme: Theme): string =>
  name === 'beside'
    ? theme.orange
    : name === cell.keeper
      ? withAlpha(theme.orange, 0.5)
      : gateColour(cell, name, theme);
