// A panel whose page is broken: what it sends reaches no file and no command, and the panel answers on.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { asItIs } from '../../../src/engine/index.js';
import { panelOver } from './paperPanel.js';
import { closeEverything, copyExample, openText, until } from './support.js';

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
      const { ask, send, close } = panelOver(uri, (line) => logged.push(line));
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
        close();
      }
    },
  );
});
