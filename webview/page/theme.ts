// Colours and fonts of the editor, for what is painted on canvases. Read again whenever VS Code switches the theme.

import { withAlpha } from './colourMaths.js';
import { inReport } from './inReport.js';

export type Theme = {
  readonly kind: 'dark' | 'light' | 'high-contrast' | 'high-contrast-light';
  readonly highContrast: boolean;
  readonly foreground: string;
  readonly background: string;
  readonly muted: string;
  readonly grid: string;
  readonly border: string;
  readonly tooltipBackground: string;
  readonly red: string;
  readonly blue: string;
  readonly green: string;
  readonly orange: string;
  readonly purple: string;
  readonly yellow: string;
  readonly fontFamily: string;
  readonly fontSize: number;
};

const kindOf = (body: HTMLElement): Theme['kind'] => {
  // VS Code sets both classes on the light high-contrast theme.
  if (body.classList.contains('vscode-high-contrast-light')) return 'high-contrast-light';
  if (body.classList.contains('vscode-high-contrast')) return 'high-contrast';
  return body.classList.contains('vscode-light') ? 'light' : 'dark';
};

function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string, ...others: string[]): string => {
    for (const variable of [name, ...others]) {
      const value = style.getPropertyValue(`--vscode-${variable}`).trim();
      if (value !== '') return value;
    }
    return getComputedStyle(document.body).color;
  };
  // Some themes give chart colours that shine through (orange in VS Code's own dark one); a thin line needs all of its
  // colour.
  const chart = (name: string, fallback: string): string => withAlpha(read(`charts-${name}`, fallback), 1);
  const kind = kindOf(document.body);
  const highContrast = kind.startsWith('high-contrast');
  const foreground = read('editor-foreground', 'foreground');
  return {
    kind,
    highContrast,
    foreground,
    background: read('editor-background'),
    muted: highContrast ? foreground : read('descriptionForeground', 'foreground'),
    grid: highContrast
      ? withAlpha(read('contrastBorder', 'foreground'), 0.4)
      : withAlpha(foreground, kind === 'light' ? 0.12 : 0.09),
    border: read('contrastBorder', 'editorWidget-border', 'panel-border', 'foreground'),
    tooltipBackground: read('editorHoverWidget-background', 'editorWidget-background', 'editor-background'),
    red: chart('red', 'editorError-foreground'),
    blue: chart('blue', 'textLink-foreground'),
    green: chart('green', 'foreground'),
    orange: chart('orange', 'foreground'),
    purple: chart('purple', 'foreground'),
    yellow: chart('yellow', 'foreground'),
    fontFamily: read('font-family'),
    fontSize: Number.parseFloat(style.getPropertyValue('--vscode-font-size')) || 13,
  };
}

export class ThemeWatch {
  current = readTheme();
  readonly #listeners = new Set<(theme: Theme) => void>();

  constructor() {
    const observer = new MutationObserver(() => this.#reread());
    // VS Code writes the variables on <html style> and the kind of theme on <body class>.
    observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style', 'class'] });
    observer.observe(document.body, { attributes: true, attributeFilter: ['class', 'data-vscode-theme-id'] });
    this.#watchPixels();
    // No observer is told before the page is on the paper, neither of the theme nor of the width.
    if (inReport) addEventListener('beforeprint', () => this.#tell(readTheme()));
  }

  onChange(listener: (theme: Theme) => void): void {
    this.#listeners.add(listener);
  }

  #reread(): void {
    const next = readTheme();
    if (JSON.stringify(next) !== JSON.stringify(this.current)) this.#tell(next);
  }

  /** Another zoom or screen: what keeps its size has other pixels all the same. */
  #watchPixels(): void {
    const before = matchMedia(`(resolution: ${devicePixelRatio}dppx)`);
    const changed = (): void => {
      this.#watchPixels();
      this.#tell(this.current);
    };
    before.addEventListener('change', changed, { once: true });
  }

  #tell(next: Theme): void {
    this.current = next;
    for (const listener of this.#listeners) listener(next);
  }
}
