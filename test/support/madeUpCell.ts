// The made-up cell of the engine's tests in the table of this process. Import it before everything else: what is
// computed of the table while a module loads, as the names that messages may hold, then knows it too.
import { leakyInTheTable } from '../unit/engine/leaky.js';

export const madeUpCell = leakyInTheTable();
