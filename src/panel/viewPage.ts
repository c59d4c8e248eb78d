import * as vscode from 'vscode';
import { languageInUse } from '../l10n.js';
import { freshNonce, panelHtml } from './panelHtml.js';

/** Puts the page of a viewer into its tab: of `tensors` that is `tensors.js` with `tensorsStyle.css`. */
export function fillView(
  webview: vscode.Webview,
  extensionUri: vscode.Uri,
  page: 'tensors' | 'sequences',
  title: string,
): void {
  const assets = vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
  webview.options = { enableScripts: true, localResourceRoots: [assets] };
  const uriOf = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(assets, file)).toString();
  webview.html = panelHtml({
    cspSource: webview.cspSource,
    nonce: freshNonce(),
    scriptUri: uriOf(`${page}.js`),
    styleUri: uriOf(`${page}Style.css`),
    title,
    language: languageInUse(),
  });
}
