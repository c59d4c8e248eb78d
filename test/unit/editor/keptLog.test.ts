// What is copied of the log for somebody else: no number and nothing that a file says.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type * as vscode from 'vscode';
import { keptLog, withoutContents } from '../../../src/editor/context/keptLog.js';
import { quote } from '../../../src/config/json/index.js';
import { errorStack } from '../../../src/protocol/index.js';

const time = '2026-11-29T16:30:51.123Z';

describe('a line of the log that is copied', () => {
  for (const [what, line, left] of [
    ['keeps its time and its words', '[error] The engine stopped: it ran.', '[error] The engine stopped: it ran.'],
    ['has # for each number', '[info] took 12 ms, -0.25 and 1.5e-7 H64', '[info] took # ms, -# and # H#'],
    [
      'has nothing of what is quoted, whatever is in it',
      `[error] ${quote('se"cret \\ 12 of the "config"')}: 3 faults in ${quote('patient')}.`,
      '[error] "…": # faults in "…".',
    ],
    ['has nothing of a quotation over several lines', '[error] found "sec\nret" there', '[error] found "…" there'],
    ['has nothing of a quotation that was cut', '[error] no message: {"cell":"secret', '[error] no message: {"…":"…"'],
    ['keeps the path of a file', '[error] /data/a.rnn.json: it is gone', '[error] /data/a.rnn.json: it is gone'],
  ] as const)
    it(what, () => assert.equal(withoutContents(`${time} ${line}`), `${time} ${left}`));

  it('is of the last ones, oldest first', () => {
    const nothing = (): void => undefined;
    const log = keptLog({ info: nothing, warn: nothing, error: nothing } as unknown as vscode.LogOutputChannel);
    for (let i = 0; i < 150; i++) log.error(`fault ${i}`);
    assert.equal(log.lastLines.length, 100);
    assert.match(log.lastLines[0] ?? '', /^\d{4}-[^ ]+Z \[error\] fault 50$/);
    assert.match(log.lastLines.at(-1) ?? '', /fault 149$/);
  });

  it('has no place in the program, which the channel has', () => {
    const said: string[] = [];
    const log = keptLog({ error: (line: string) => said.push(line) } as unknown as vscode.LogOutputChannel);
    const error = new TypeError('no file');
    log.error(`a.json: ${errorStack(new Error('It was not read.', { cause: error }))}`);
    log.error('b.json: Error: VS Code indents by tabs\n\tat run (/a.js:1:2)\n\tat /b.js:3:4');
    assert.match(said.join(), /^a\.json: Error: It was not read\.\n +at [^]*Caused by: TypeError: no file\n +at /);
    assert.match(
      log.lastLines[0] ?? '',
      /Z \[error\] a\.json: Error: It was not read\.\nCaused by: TypeError: no file$/,
    );
    assert.match(log.lastLines[1] ?? '', /Z \[error\] b\.json: Error: VS Code indents by tabs$/);
  });

  it('says nothing to a channel that is closed, which would throw', () => {
    const said: string[] = [];
    const say = (message: string): void => {
      if (said.includes('closed')) throw new Error('Channel has been closed');
      said.push(message);
    };
    const channel = { info: say, warn: say, error: say, debug: say, dispose: () => void said.push('closed') };
    const log = keptLog(channel as unknown as vscode.LogOutputChannel);
    log.error('before');
    log.dispose();
    for (const level of ['info', 'warn', 'error', 'debug'] as const) log[level]('after');
    assert.deepEqual(said, ['before', 'closed']);
  });
});
