/** Where the files lie. */
export declare const folder: string;
export declare function fetchPackages(): Promise<{
  readonly there: readonly string[];
  readonly missing: readonly string[];
}>;
