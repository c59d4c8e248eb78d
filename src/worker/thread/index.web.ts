// The face of this room in a browser, where nobody reads a disk or starts helpers; what runs as the thread is here too.
export * from './everywhere.js';
export { serve } from './entry.web.js';
