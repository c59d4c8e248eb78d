// The same as late.ts for a page that is one file.
import * as later from './later.js';
import { registerControls } from './ui.js';
import type * as late from './late.js';

export const loadLater: typeof late.loadLater = () => Promise.resolve(later);
export const loadControls: typeof late.loadControls = () => {
  registerControls();
  return Promise.resolve();
};
