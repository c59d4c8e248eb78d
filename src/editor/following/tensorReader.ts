import type * as vscode from 'vscode';
import type { TensorList } from '../../protocol/index.js';
import type { Doors } from '../context/doors.js';
import { WatchedReading } from './watchedReading.js';

/** A file of tensors that somebody looks into. */
export class TensorReader extends WatchedReading<TensorList> {
  constructor(uri: vscode.Uri, workerPath: string, log: vscode.LogOutputChannel, doors: Doors) {
    super({
      uri,
      workerPath,
      log,
      doors,
      ask: (client, reading) => client.request('tensors', { file: uri.toString(), reading }),
      isRead: ({ file }) => file !== null,
      nothing: (told) => ({ ...told, file: null }),
    });
  }
}
