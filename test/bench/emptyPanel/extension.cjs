// An extension that has nothing to load, to read or to compute before its panel is painted.
const vscode = require('vscode');

exports.activate = ({ subscriptions }) => {
  const open = () => {
    const { webview } = vscode.window.createWebviewPanel('emptyPanel', 'Empty', vscode.ViewColumn.Beside);
    webview.html = '<!DOCTYPE html><p class="badge">nothing</p><canvas></canvas>';
  };
  subscriptions.push(vscode.commands.registerCommand('emptyPanel.open', open));
};
