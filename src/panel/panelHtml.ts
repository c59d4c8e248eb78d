import type { Language } from '../l10n.js';
import { emptyStyle, escape, inertJson } from '../report/index.js';

/** Random text that nobody can guess, for one page. */
export const freshNonce = (): string => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(24))));

/** What the page needs from its host: where it may load from, and the one-time word that lets its script run. */
export type PanelHtmlParts = {
  /** `webview.cspSource`: the only origin that styles, fonts and pictures come from. */
  readonly cspSource: string;
  /** Fresh random text for each page; only a script that carries it runs. */
  readonly nonce: string;
  readonly scriptUri: string;
  /** Scripts that it imports: asked for together with it, not when it has come. */
  readonly partUris: readonly string[];
  readonly styleUri: string;
  readonly title: string;
  /** Language of the page; English when left out. */
  readonly language?: Language;
};

/**
 * The page of the panel. Nothing is allowed that is not named: no inline script or style, no eval, no network; the page
 * gets all data by message. `data:` and `blob:` pictures are its own canvases on their way to a PNG.
 */
export function panelHtml({
  cspSource,
  nonce,
  scriptUri,
  partUris,
  styleUri,
  title,
  language = { name: 'en', bundle: {} },
}: PanelHtmlParts): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${cspSource} ${emptyStyle}`,
    `font-src ${cspSource}`,
    `img-src ${cspSource} data: blob:`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const preloads = [scriptUri, ...partUris].map(
    (uri) => `  <link rel="modulepreload" nonce="${escape(nonce)}" href="${escape(uri)}">\n`,
  );
  return `<!DOCTYPE html>
<html lang="${escape(language.name)}">
<head>
  <meta charset="UTF-8">
  <meta http-equiv="Content-Security-Policy" content="${escape(policy)}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="stylesheet" href="${escape(styleUri)}">
${preloads.join('')}  <title>${escape(title)}</title>
</head>
<body>
  <div id="app"></div>
  <script type="application/json" id="l10n">${inertJson(language.bundle)}</script>
  <script type="module" nonce="${escape(nonce)}" src="${escape(scriptUri)}"></script>
</body>
</html>
`;
}
