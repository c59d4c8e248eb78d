// What comes behind the first picture of the panel: a file of its own.
export const loadLater = () => import('./later.js');
