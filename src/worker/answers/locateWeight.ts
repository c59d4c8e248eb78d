// From a number on the page back to its text.
import { locateParameter, openEntry } from '../../config/index.js';
import type { Range } from '../../config/json/index.js';
import type { Entry, FileContent } from '../../config/read/index.js';
import type { FileRequest, WeightPlace } from '../../protocol/index.js';

/** Where the text of W[row, column] of a layer stands; null when the weights cannot be read as they are now. */
export async function locateWeight(
  entry: Entry,
  { tensor, row, column }: WeightPlace,
  layer: number,
  readFile: (request: FileRequest) => Promise<FileContent>,
): Promise<{ readonly file: string; readonly range: Range } | null> {
  const open = await openEntry(entry, { read: (reference, from) => readFile({ reference, from }) });
  return locateParameter(open, { layer, parameter: tensor, row, column });
}
