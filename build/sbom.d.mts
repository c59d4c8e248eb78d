export type Component = {
  readonly type: string;
  readonly 'bom-ref': string;
  readonly group?: string;
  readonly name: string;
  readonly version: string;
  readonly scope?: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses: readonly ({ readonly license: { readonly id: string } } | { readonly expression: string })[];
  readonly purl?: string;
};
export type Bill = {
  readonly bomFormat: string;
  readonly specVersion: string;
  readonly version: number;
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
};
type Lock = { readonly packages: Readonly<Record<string, { readonly version?: string; readonly integrity?: string }>> };
export const billFile: string;
export function purlOf(name: string, version: string): string;
export function billOf(
  folders: readonly string[],
  manifest: { readonly name: string; readonly version: string; readonly license: string },
  lock: Lock,
): Bill;
export function billText(folders: readonly string[]): string;
export function billOfPackage(text: string, sha256: string): string;
