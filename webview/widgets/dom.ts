// Small helpers to build the page from elements. Data only ever becomes text nodes, so nothing in a file can turn into
// markup.
import { inReport, onPaper } from '../page/inReport.js';

export type Child = Node | string | null;
export type Props = {
  readonly class?: string;
  readonly id?: string;
  readonly title?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly onClick?: (event: MouseEvent) => void;
};

function apply(element: HTMLElement, props: Props, children: readonly Child[]): void {
  if (props.class !== undefined) element.className = props.class;
  if (props.id !== undefined) element.id = props.id;
  if (props.title !== undefined) element.title = props.title;
  for (const [name, value] of Object.entries(props.attributes ?? {})) element.setAttribute(name, value);
  if (props.onClick !== undefined) element.addEventListener('click', props.onClick);
  element.append(...children.filter((child) => child !== null));
}

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  apply(element, props, children);
  return element;
}

/** A quiet text button. */
export const textButton = (label: string, name: string, onClick: () => void): HTMLButtonElement =>
  el('button', { class: 'quiet', title: name, attributes: { type: 'button', 'aria-label': name }, onClick }, label);

export type MathPart = { readonly text: string; readonly place: 'line' | 'sub' | 'sup' };

/** Somebody's own words inside a text that `math` reads: `lr_0.1` keeps its line. */
export const literal = (text: string): string => text.replace(/[\\_^]/g, '\\$&');

/** The same text for places that know no formulas. */
export const withoutEscapes = (text: string): string => text.replace(/\\([\\_^])/g, '$1');

/**
 * Text with `_t` or `_{t−1}` as subscripts and `^T` or `^{−1}` as superscripts: `‖∂L/∂h_t‖`. A backslash takes that
 * from the sign behind it.
 */
export function mathParts(text: string): MathPart[] {
  const parts: MathPart[] = [];
  let last = 0;
  for (const match of text.matchAll(/\\([\\_^])|([_^])(?:\{([^}]*)\}|(max|min|[-−]?\d+|\S))/g)) {
    const [, escaped, sign, inBraces, bare] = match;
    parts.push(
      { text: text.slice(last, match.index), place: 'line' },
      escaped === undefined
        ? { text: inBraces ?? bare ?? '', place: sign === '_' ? 'sub' : 'sup' }
        : { text: escaped, place: 'line' },
    );
    last = match.index + match[0].length;
  }
  return [...parts, { text: text.slice(last), place: 'line' }];
}

export function math(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment();
  for (const part of mathParts(text))
    fragment.append(part.place === 'line' ? part.text : el(part.place, {}, part.text));
  return fragment;
}

/** The same text for places that know no subscripts: `∂h_{t−1}` → `∂h(t−1)`, `h_t` stays. */
export const plainMath = (text: string): string =>
  text.replace(/_\{([^}]*)\}/g, '($1)').replace(/\^\{([^}]*)\}/g, '^$1');

/** Runs `work` once before the next paint, however often it is asked for. */
export function onFrame(work: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}

/** Runs `work` once when the page has nothing more urgent to do, but soon, however often it is asked for. */
function whenIdle(work: () => void): () => void {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestIdleCallback(
      () => {
        waiting = false;
        work();
      },
      { timeout: 300 },
    );
  };
}

/**
 * Runs `work` with the next frame where the place that is watched is on screen, elsewhere when the page has nothing
 * more urgent to do, but at the latest when it comes into sight. A report may be printed at any moment, and while it is
 * printed no frame comes: then it runs at once.
 */
export function seenFirst(work: () => void): { readonly ask: () => void; watch(place: Element): void } {
  let waiting = false;
  /** Null: when the browser last looked, the place had no box, as before its first run. */
  let seen: boolean | null = null;
  let watched: Element | null = null;
  const isInView = (): boolean => {
    if (watched === null) return true;
    const { top, bottom, height } = watched.getBoundingClientRect();
    return height > 0 && top < innerHeight && bottom > 0;
  };
  const run = (): void => {
    waiting = false;
    work();
  };
  const next = onFrame(run);
  const later = whenIdle(() => {
    if (waiting) run();
  });
  return {
    ask: () => {
      if (onPaper()) {
        run();
        return;
      }
      if (inReport || (seen ?? isInView())) {
        next();
        return;
      }
      waiting = true;
      later();
    },
    watch: (place) => {
      watched = place;
      new IntersectionObserver((entries) => {
        const entry = entries.at(-1);
        seen = entry === undefined || entry.boundingClientRect.height === 0 ? null : entry.isIntersecting;
        if (seen === true && waiting) next();
      }).observe(place);
    },
  };
}
