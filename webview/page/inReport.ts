const isPageOf = (kind: string): boolean =>
  typeof document !== 'undefined' && document.documentElement.classList.contains(kind);

/** The page stands in a report, where there is no editor to go back to and nothing to run. */
export const inReport = isPageOf('report');

/** The page stands in the output of a notebook: the run is what the cell has written, and nothing of it is changed. */
export const inNotebook = isPageOf('notebook');

/** The report is being printed: what is painted now is on the paper, what is painted in the next frame is not. */
export const onPaper = (): boolean => isPageOf('paper');
