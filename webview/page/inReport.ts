/** The page stands in a report, where there is no editor to go back to and nothing to run. */
export const inReport = typeof document !== 'undefined' && document.documentElement.classList.contains('report');
