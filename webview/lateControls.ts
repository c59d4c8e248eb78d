// The component toolkit, which comes behind the first picture of every page: a file of its own.
/** Resolves when every control works as the toolkit's do. */
export const loadControls = async (): Promise<void> => (await import('./ui.js')).registerControls();
