export type ReleaseConfig = {
  readonly publisher: string | null;
  readonly repository: string | null;
  readonly bugs: string | null;
  readonly homepage: string | null;
  readonly qna: string | false | null;
};
export function configFaults(config: object): { readonly faults: readonly string[]; readonly unset: readonly string[] };
export function shippedManifest(
  manifest: Readonly<Record<string, unknown>>,
  config: ReleaseConfig,
): Readonly<Record<string, unknown>>;
export function readmeAlone(readme: string): string;
export function changesOf(changelog: string, version: string): string | null;
