import * as vscode from 'vscode';
import { languageInUse } from '../l10n.js';
import { freshNonce, panelHtml } from './panelHtml.js';

const assetsOf = (extensionUri: vscode.Uri): vscode.Uri => vscode.Uri.joinPath(extensionUri, 'dist', 'webview');

/** The scripts that the script of each page imports as soon as it is there; none before they are known. */
let firstParts: Readonly<Record<string, readonly string[]>> = {};

/** Reads which those are, so that pages ask for them together with their scripts. */
export async function knowFirstParts(extensionUri: vscode.Uri): Promise<void> {
  const bytes = await vscode.workspace.fs.readFile(vscode.Uri.joinPath(assetsOf(extensionUri), 'firstParts.json'));
  firstParts = JSON.parse(new TextDecoder().decode(bytes)) as typeof firstParts;
}

/** Puts a page into its tab: of `tensors` that is `tensors.js` with `tensorsStyle.css`. */
export function fillView(
  webview: vscode.Webview,
  extensionUri: vscode.Uri,
  page: 'main' | 'tensors' | 'sequences',
  title: string,
): void {
  const assets = assetsOf(extensionUri);
  webview.options = { enableScripts: true, localResourceRoots: [assets] };
  const uriOf = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(assets, file)).toString();
  const script = `${page}.js`;
  webview.html = panelHtml({
    cspSource: webview.cspSource,
    nonce: freshNonce(),
    scriptUri: uriOf(script),
    partUris: (firstParts[script] ?? []).map(uriOf),
    styleUri: uriOf(page === 'main' ? 'style.css' : `${page}Style.css`),
    title,
    language: languageInUse(),
  });
}
