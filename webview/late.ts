// What comes behind the first picture: files of their own. Where the page is one file, the build takes lateInside.ts.
export const loadLater = () => import('./later.js');
/** Resolves when every control works as the toolkit's do. */
export const loadControls = async (): Promise<void> => (await import('./ui.js')).registerControls();
