/** From the build: the page of a report is a bundle of its own. */
declare const isReport: boolean;

/** The page stands in a report, where there is no editor to go back to and nothing to run. */
export const inReport = isReport;

/** The page stands in the output of a notebook: the run is what the cell has written, and nothing of it is changed. */
export const inNotebook = document.documentElement.classList.contains('notebook');
