// A panel whose page is broken: what it sends reaches no file and no command, and the panel answers on.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { Session } from '../../../src/editor/following/session.js';
import { Panel } from '../../../src/panel/panel.js';
import { closeEverything, copyExample, openText, until, workerPath, openDoors } from './support.js';

type Paper = {
  readonly panel: Panel;
  readonly ask: (message: Readonly<Record<string, unknown>>) => Promise<Answer>;
  readonly send: (message: unknown) => void;
};
type Answer = { readonly type: string; readonly id: number; readonly result?: unknown; readonly message?: string };

/** A panel over a page of paper: what it posts is kept, what it hears is sent by hand. */
function panelOver(session: Session): Paper {
  const posted: Answer[] = [];
  const arrived = new vscode.EventEmitter<unknown>();
  const webview = {
    options: {},
    html: '',
    cspSource: 'none',
    asWebviewUri: (uri: vscode.Uri) => uri,
    onDidReceiveMessage: arrived.event,
    postMessage: (message: Answer) => {
      posted.push(message);
      return Promise.resolve(true);
    },
  };
  const view = {
    webview,
    title: '',
    viewType: 'test',
    iconPath: undefined,
    viewColumn: vscode.ViewColumn.Two,
    reveal: () => undefined,
  };
  const panel = new Panel(view as unknown as vscode.WebviewPanel, session, vscode.Uri.file('/'));
  let id = 0;
  return {
    panel,
    send: (message) => arrived.fire(message),
    ask(message) {
      const own = ++id;
      arrived.fire({ type: 'request', id: own, ...message });
      return until(`an answer to ${JSON.stringify(message)}`, () =>
        posted.find((answer) => answer.id === own && answer.type !== 'event'),
      );
    },
  };
}

const asItIs = {
  cell: null,
  initialise: null,
  rescale: null,
  inputScale: null,
  biasShift: null,
  clipNorm: null,
  truncate: null,
  lossAt: null,
};

describe('A panel with a broken page', () => {
  afterEach(closeEverything);

  it(
    'writes nothing of a what-if that is none, answers every other nonsense with an error, and applies ' +
      'the next one that is right',
    async () => {
      const uri = await copyExample('vanishing');
      const { document } = await openText(uri);
      const before = document.getText();
      const logged: string[] = [];
      const log = {
        error: (message: string) => logged.push(message),
        info: () => undefined,
        warn: () => undefined,
        debug: () => undefined,
      };
      const session = new Session(
        { kind: 'config', config: uri.toString() },
        workerPath(),
        log as unknown as vscode.LogOutputChannel,
        openDoors(),
      );
      const { panel, ask, send } = panelOver(session);
      try {
        for (const [field, value] of [
          ['truncate', '5, "injected": 1'],
          ['truncate', -5],
          ['clipNorm', Number.NaN],
          ['clipNorm', '1 } , "injected": { "x": 1'],
          ['lossAt', '../elsewhere'],
          ['biasShift', '1'],
        ] as const) {
          const { type, message = '' } = await ask({ name: 'applyWhatIf', params: { ...asItIs, [field]: value } });
          assert.equal(type, 'error');
          assert.ok(message.includes(`The request "applyWhatIf" was refused: applyWhatIf.${field} must be `), message);
        }
        for (const name of ['toString', 'constructor', '__proto__', 'run', 'resultJson'])
          assert.match((await ask({ name, params: null })).message ?? '', /There is no request/);
        const faulty = [
          null,
          'text',
          { type: 'event' },
          { type: 'event', name: 'hasOwnProperty', payload: 'x' },
          { type: 'event', name: 'saveFile', payload: { suggestedName: 5, content: 'x' } },
          { type: 'event', name: 'revealProblem', payload: { index: 'length' } },
          { type: 'event', name: 'undo', payload: null },
          { type: 'ok', id: 1, result: true },
        ];
        for (const message of faulty) send(message);
        await until('a line of the log for each', () => (logged.length === faulty.length ? true : undefined));
        assert.equal(document.getText(), before, 'nothing was written');
        assert.equal(document.isDirty, false);

        const { type, result } = await ask({ name: 'applyWhatIf', params: { ...asItIs, truncate: 3 } });
        assert.deepEqual({ type, result }, { type: 'ok', result: true });
        assert.match(document.getText(), /"truncate": 3/);
      } finally {
        panel.dispose();
        session.dispose();
      }
    },
  );
});
