import type { Language } from '../l10n.js';
import { emptyStyle, escape, inertJson, inline, standIn } from '../report/index.js';
import type { FirstScript } from '../report/index.js';

/** Random text that nobody can guess, for one page. */
export const freshNonce = (): string => btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(24))));

/** What the page needs from its host: what runs in it at once, and where it may load the rest from. */
export type PanelHtmlParts = {
  /** `webview.cspSource`: the only origin that fonts and pictures come from. */
  readonly cspSource: string;
  /** Fresh random text for each page; only a script or style that carries it counts. */
  readonly nonce: string;
  /** What the first picture takes. */
  readonly first: FirstScript;
  readonly style: string;
  /** Address of the folder with what is loaded behind it, with a slash at its end. */
  readonly assets: string;
  readonly title: string;
  /** Language of the page; English when left out. */
  readonly language?: Language;
};

/**
 * The page of the panel, which asks for no file before its first picture: each is some 50 ms on its way through VS
 * Code. Nothing is allowed that is not named: no script or style without the nonce, no eval, no network; the page gets
 * all data by message. `data:` and `blob:` pictures are its own canvases on their way to a PNG.
 */
export function panelHtml({
  cspSource,
  nonce,
  first: { script, parts },
  style,
  assets,
  title,
  language = { name: 'en', bundle: {} },
}: PanelHtmlParts): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}' ${emptyStyle}`,
    `font-src ${cspSource}`,
    `img-src ${cspSource} data: blob:`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const imports = Object.fromEntries(parts.map((name) => [assets + name, assets + standIn(name)]));
  const carried = `nonce="${escape(nonce)}"`;
  return `<!DOCTYPE html>
<html lang="${escape(language.name)}">
<head>
  <meta charset="UTF-8">
  <meta http-equiv="Content-Security-Policy" content="${escape(policy)}">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <style ${carried}>${inline(style)}</style>
  <script type="importmap" ${carried}>${inertJson({ imports })}</script>
  <title>${escape(title)}</title>
</head>
<body>
  <div id="app"></div>
  <script type="application/json" id="l10n">${inertJson(language.bundle)}</script>
  <script ${carried} data-from="${escape(assets)}">${inline(script)}</script>
</body>
</html>
`;
}
