// What the page remembers over a reload of the window: the time view, folds, heights, choices. Kept by VS Code with the
// panel.

export type VsCodeApi = { postMessage(message: unknown): void; getState(): unknown; setState(state: unknown): void };

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export class PageState {
  readonly #api: VsCodeApi;
  readonly #state: Record<string, unknown>;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(api: VsCodeApi) {
    this.#api = api;
    const kept = api.getState();
    this.#state = isRecord(kept) ? { ...kept } : {};
    addEventListener('pagehide', () => this.#flush());
  }

  /**
   * A section as it was written last; an older version of the page may have written it, so readers check each field.
   */
  read(section: string): Record<string, unknown> {
    const value = this.#state[section];
    return isRecord(value) ? value : {};
  }

  write(section: string, value: Record<string, unknown>): void {
    this.#state[section] = value;
    this.#timer ??= setTimeout(() => this.#flush(), 100);
  }

  /** What was chosen in a view, under a name of its own; again, readers check it. */
  chosen(name: string): unknown {
    return this.read('choices')[name];
  }

  choose(name: string, value: unknown): void {
    this.write('choices', { ...this.read('choices'), [name]: value });
  }

  #flush(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    this.#api.setState(this.#state);
  }
}

export const asInteger = (value: unknown): number | null =>
  typeof value === 'number' && Number.isInteger(value) ? value : null;
export const asIntegers = (value: unknown): number[] | null =>
  Array.isArray(value) && value.every((item) => Number.isInteger(item)) ? (value as number[]) : null;
export const asStrings = (value: unknown): string[] | null =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : null;
