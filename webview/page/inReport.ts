/** From the build: the page of a report is a bundle of its own. */
declare const isReport: boolean;

/** The page stands in a report, where there is no editor to go back to and nothing to run. */
export const inReport = isReport;
