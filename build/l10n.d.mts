export const languages: readonly string[];
export function bundlePath(language: string): string;
export function readBundle(language: string): Record<string, string>;
export function placeholders(sentence: string): string[];
export function sourceFiles(): string[];
export function collectFrom(
  name: string,
  text: string,
): { readonly found: readonly { readonly key: string; readonly place: string }[]; readonly faults: readonly string[] };
export function collect(): {
  readonly sentences: ReadonlyMap<string, readonly string[]>;
  readonly faults: readonly string[];
};
export function unsaid(): string[];
