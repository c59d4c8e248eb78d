// An extension that has nothing to load, to read or to compute before its panel is painted.
const vscode = require('vscode');

exports.activate = ({ subscriptions }) => {
  const open = () => {
    const { Beside } = vscode.ViewColumn;
    const { webview } = vscode.window.createWebviewPanel('emptyPanel', 'Empty', Beside, { enableScripts: true });
    webview.html = '<!DOCTYPE html><p class="badge">nothing</p><canvas data-plot></canvas>';
  };
  subscriptions.push(vscode.commands.registerCommand('emptyPanel.open', open));
};
