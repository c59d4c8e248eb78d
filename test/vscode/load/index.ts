// Entry of `npm run load` inside VS Code: the files beside this one, as the suite runs its own.
export { run } from '../suite/index.js';
