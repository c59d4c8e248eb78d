// The report: one HTML file that holds the page, its answers and the facts of the run, and needs nothing else.
import { t as say } from '@vscode/l10n';
import type { Language } from '../l10n.js';
import type { RecordExtent, RunSummary } from '../protocol/index.js';
import { levelBins } from '../worker/answers/index.js';
import { joinParts } from './pageParts.js';
import { emptyStyle, escape, inertJson, inline } from './reportMarkup.js';

export type ReportParts = {
  /** What the experiment is called: the file name of its config. */
  readonly title: string;
  readonly summary: RunSummary;
  /** Packed, so that it may stand in a script element. */
  readonly record: string;
  readonly extent: RecordExtent;
  /** Null when there is none; `characters` is its whole length. */
  readonly config: { readonly text: string; readonly characters: number } | null;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** Warnings of the run, each with its place. */
  readonly warnings: readonly string[];
  readonly date: Date;
  readonly language: Language;
  readonly assets: ReportAssets;
};
/** From package.json, put in by the build. */
declare const productVersion: string;

/**
 * Texts of the built files: the page, its styles, what stands in for the editor, and the licences of what others wrote
 * of it.
 */
export type ReportAssets = {
  readonly page: string;
  readonly style: string;
  readonly host: string;
  readonly theme: string;
  readonly notices: string;
};
/** Their names in `dist/webview`; the page's is that of the first of its parts. */
const assetFiles: Readonly<Record<keyof ReportAssets, string>> = {
  page: 'main.js',
  style: 'style.css',
  host: 'report.js',
  theme: 'report.css',
  notices: 'notices.txt',
};

/** All of them, each read by `read` from its name. */
export async function readAssets(read: (name: string) => Promise<string>): Promise<ReportAssets> {
  const [page, style, host, theme, notices] = await Promise.all([
    joinParts(assetFiles.page, read),
    read(assetFiles.style),
    read(assetFiles.host),
    read(assetFiles.theme),
    read(assetFiles.notices),
  ]);
  return { page, style, host, theme, notices };
}

/** As a policy names a script or style; what a browser knows as well as Node. */
async function hash(text: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return `'sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}'`;
}

/** `1.4 MB` */
function formatBytes(bytes: number): string {
  if (bytes < 1000) return say('{0} bytes', bytes);
  return bytes < 1e6 ? `${(bytes / 1000).toPrecision(3)} kB` : `${(bytes / 1e6).toPrecision(3)} MB`;
}

function extentText({
  extent,
  summary: {
    shapes: { B, H, T },
  },
}: ReportParts): string {
  switch (extent.kind) {
    case 'everything':
      return say('Every number of the run with all its digits.');
    case 'rounded':
      return say('Every number of the run, states and gradients with seven digits.');
    case 'sequences':
      return say(
        'Norms and the verdict of all {0} sequences; states and gradients of the first {1}, with seven digits.',
        B,
        extent.sequences,
      );
    case 'pictures':
      if (extent.norms !== null)
        return say(
          'The verdict with all digits. {0} steps of {1} units are too many for one file: norms stand at {2} ' +
            'steps, where they are smallest and largest in each of {3} parts of the run, with all digits; states ' +
            'and gradients are pictures as fine as a screen, with the numbers of {4} steps.',
          T,
          H,
          extent.norms,
          levelBins,
          extent.steps,
        );
      return say(
        'Norms and the verdict with all digits. {0} steps of {1} units are too many for one file: states and ' +
          'gradients are pictures as fine as a screen, with the numbers of {2} steps.',
        T,
        H,
        extent.steps,
      );
  }
}

function about(parts: ReportParts): string {
  const {
    title,
    summary: {
      shapes: { B, T, I, H },
      cell,
      dtype,
      network,
    },
    config,
    files,
    warnings,
    date,
    assets: { notices },
  } = parts;
  const fact = (name: string, value: string): string => `<div><dt>${escape(name)}</dt><dd>${value}</dd></div>`;
  const list = (items: readonly string[]): string => items.map((item) => escape(item)).join('<br>');
  const sizes = say(
    'batch B = {0}, timesteps T = {1}, inputs I = {2}, units H = {3}; cell {4}, {5}',
    B,
    T,
    network?.inputs ?? I,
    H,
    cell.name,
    dtype,
  );
  const made = date.toISOString();
  const leftOut = (characters: number): string =>
    characters > 0 ? `\n… ${say('{0} more characters', characters)}` : '';
  return `<section class="about-report" aria-labelledby="about-report">
<h2 id="about-report">${escape(say('About this report'))}</h2>
<dl>
${fact(say('Experiment'), escape(title))}
${fact(say('Sizes'), escape(sizes))}
${fact(say('Files'), list(files.map(({ name, bytes }) => `${name} (${formatBytes(bytes)})`)))}
${warnings.length === 0 ? '' : fact(say('Warnings'), list(warnings))}
${fact(say('Kept'), escape(extentText(parts)))}
${fact(
  say('For others'),
  escape(say('Whoever has this file has these names, these numbers with the weights of the run, and the config.')),
)}
${fact(say('Made'), `<time datetime="${made}">${made.slice(0, 16).replace('T', ' ')} UTC</time>`)}
${fact(say('By'), `RNN Gradients ${escape(productVersion)}`)}
</dl>
${
  config === null
    ? ''
    : `<h3>${escape(say('The config'))}</h3>
<pre tabindex="0">${escape(config.text + leftOut(config.characters - config.text.length))}</pre>`
}
<details class="notices">
<summary>${escape(say('Third-party notices'))}</summary>
<pre tabindex="0">${escape(notices)}</pre>
</details>
</section>`;
}

/**
 * The whole file. It may load nothing: the policy allows only the scripts and styles that stand in it, by their hashes.
 */
export async function reportHtml(parts: ReportParts): Promise<string> {
  const {
    summary: { name, verdict: ofLayer, network },
    record,
    language,
    assets,
  } = parts;
  const verdict = network?.verdict ?? ofLayer;
  const [host, page] = [inline(assets.host), inline(assets.page)];
  const style = inline(`${assets.theme}\n${assets.style}`);
  const policy = [
    "default-src 'none'",
    `script-src ${await hash(host)} ${await hash(page)}`,
    `style-src ${await hash(style)} ${emptyStyle}`,
    'img-src data: blob:',
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escape(language.name)}" class="report">
<head>
<meta charset="UTF-8">
<meta http-equiv="Content-Security-Policy" content="${escape(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="RNN Gradients ${escape(productVersion)}">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escape(say('RNN report: {0}', name))}</title>
<style>${style}</style>
</head>
<body>
<noscript><p class="about-report"><b>${escape(verdict.kind)}</b> ${escape(verdict.reason)}</p></noscript>
<div id="app"></div>
${about(parts)}
<script type="application/json" id="l10n">${inertJson(language.bundle)}</script>
<script type="application/json" id="record">${record}</script>
<script>${host}</script>
<script>${page}</script>
</body>
</html>
`;
}
