import type * as vscode from 'vscode';
import type { SequenceChoice, SequenceList } from '../../protocol/index.js';
import type { Doors } from '../context/doors.js';
import { WatchedReading } from './watchedReading.js';

/** What there is, and which choice it answers. */
type AskedSequences = SequenceList & { readonly asked: SequenceChoice };

/** Sequences that somebody looks at before they are run, in a file or as a config says. */
export class SequenceReader extends WatchedReading<AskedSequences> {
  readonly #chosen: { choice: SequenceChoice };

  constructor(
    uri: vscode.Uri,
    workerPath: string,
    log: vscode.LogOutputChannel,
    doors: Doors,
    choice: SequenceChoice = { options: {}, array: null },
  ) {
    const chosen = { choice };
    super({
      uri,
      workerPath,
      log,
      doors,
      ask: async (client, reading) => {
        const asked = chosen.choice;
        const list = await client.request('sequences', { file: uri.toString(), reading, ...asked });
        return list === null ? null : { ...list, asked };
      },
      isRead: ({ sequences }) => sequences !== null,
      nothing: (told) => ({ ...told, sequences: null, notes: [], asked: chosen.choice }),
    });
    this.#chosen = chosen;
  }

  /** How the file is read from now on. */
  choose(choice: SequenceChoice): void {
    this.#chosen.choice = choice;
    this.again();
  }
}
