// What comes behind the first picture: files of their own.
export const loadLater = () => import('./later.js');
/** Resolves when every control works as the toolkit's do. */
export const loadControls = async (): Promise<void> => (await import('./ui.js')).registerControls();
