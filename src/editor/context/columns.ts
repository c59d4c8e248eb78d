import * as vscode from 'vscode';
import { prefix } from './settings.js';

const showsPanel = ({ activeTab }: vscode.TabGroup): boolean =>
  activeTab?.input instanceof vscode.TabInputWebview && activeTab.input.viewType.includes(`${prefix}.`);

/** Where text is opened so that it covers no panel: in the group in front, else in another one, else in a new one. */
export function textColumn(): vscode.ViewColumn {
  const { all, activeTabGroup } = vscode.window.tabGroups;
  if (!showsPanel(activeTabGroup)) return activeTabGroup.viewColumn;
  return all.find((group) => !showsPanel(group))?.viewColumn ?? vscode.ViewColumn.Beside;
}

/** Where a panel is opened: with those that are in sight, so that it covers no text, else beside the group in front. */
export const panelColumn = (): vscode.ViewColumn =>
  vscode.window.tabGroups.all.find(showsPanel)?.viewColumn ?? vscode.ViewColumn.Beside;
