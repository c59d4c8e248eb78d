import * as vscode from 'vscode';
import { languageInUse } from '../l10n.js';
import { joinFirstParts } from '../report/index.js';
import type { FirstScript } from '../report/index.js';
import { freshNonce, panelHtml } from './panelHtml.js';

type PageName = 'main' | 'tensors' | 'sequences';
type PageTexts = { readonly first: FirstScript; readonly style: string };

const assetsOf = (extensionUri: vscode.Uri): vscode.Uri => vscode.Uri.joinPath(extensionUri, 'dist', 'webview');

/** What stands in each page, once it has been read. */
const texts = new Map<PageName, PageTexts>();

/** Reads what stands in a page: of `tensors` that is `tensors.js` with its parts, and `tensorsStyle.css`. */
export async function readPage(extensionUri: vscode.Uri, page: PageName): Promise<PageTexts> {
  const read = async (name: string): Promise<string> =>
    new TextDecoder().decode(await vscode.workspace.fs.readFile(vscode.Uri.joinPath(assetsOf(extensionUri), name)));
  const [first, style] = await Promise.all([
    joinFirstParts(`${page}.js`, read),
    read(page === 'main' ? 'style.css' : `${page}Style.css`),
  ]);
  texts.set(page, { first, style });
  return { first, style };
}

/** Puts a page into its tab, in a turn of its own: the host's loop is held up some ms to make it and hand it over. */
export async function fillView(
  view: vscode.WebviewPanel,
  extensionUri: vscode.Uri,
  page: PageName,
  title: string,
): Promise<void> {
  const { webview } = view;
  const assets = assetsOf(extensionUri);
  webview.options = { enableScripts: true, localResourceRoots: [assets] };
  const closing = new AbortController();
  view.onDidDispose(() => closing.abort());
  const known = texts.get(page) ?? (await readPage(extensionUri, page));
  await new Promise((resolve) => setTimeout(resolve));
  if (closing.signal.aborted) return;
  webview.html = panelHtml({
    cspSource: webview.cspSource,
    nonce: freshNonce(),
    ...known,
    assets: `${webview.asWebviewUri(assets).toString()}/`,
    title,
    language: languageInUse(),
  });
}
