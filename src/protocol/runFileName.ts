// What files of a run are called, whoever offers to save them.

/** A file name from what the user called the run: `vanishing: half` and `report` → `vanishing-half-report.html`. */
export const runFileName = (name: string, what: string, extension: string): string =>
  `${
    name
      .replace(/[^\p{L}\p{N}]+/gu, '-')
      .slice(0, 60)
      .replace(/^-+|-+$/g, '') || 'run'
  }-${what}.${extension}`;
