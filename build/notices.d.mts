type Metafile = {
  readonly outputs: Readonly<
    Record<string, { readonly inputs: Readonly<Record<string, { readonly bytesInOutput: number }>> }>
  >;
};
export const noticesFile: string;
export const pageNoticesFile: string;
export function packagesIn(metafiles: readonly Metafile[], folder?: string): string[];
export function noticeOf(folder: string): {
  readonly name: string;
  readonly version: string;
  readonly license: string;
  readonly text: string;
};
export function noticesText(folders: readonly string[]): string;
