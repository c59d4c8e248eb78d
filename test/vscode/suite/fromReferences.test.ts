// Where a config names a file, it offers what that file offers.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { actionAt, actionsAt, applyAction, problemsOf, sibling, writeFiles } from './editorSupport.js';
import { closeEverything, openText, until } from './support.js';

const titlesAt = async (document: vscode.TextDocument, needle: string): Promise<string[]> =>
  (await actionsAt(document, needle)).map(({ title }) => title);

describe('At the name of a file', () => {
  afterEach(closeEverything);

  it('quick fixes and changes are those inside of it, from the key to the end of the name', async () => {
    const config = await writeFiles({
      'a.rnn.json': '{\n  "weights": "w.json",\n  "sequences": [[[1], [2]]]\n}\n',
      'w.json': '{ "Wx": [[1, 2]], "Wh": [[0.5, 0], [0, 0.5]], "bb": [0, 0] }',
    });
    const weights = sibling(config, 'w.json');
    const { document: inside } = await openText(weights);
    await actionAt(inside, '"bb"', 'Change to "b"');
    const ofMatrix = (await titlesAt(inside, '"Wh"')).filter((title) => title.includes('Wh'));
    assert.ok(ofMatrix.length > 4, ofMatrix.join(', '));

    const { document } = await openText(config);
    for (const needle of ['"weights"', '"w.json"', 'w.js']) {
      const fix = await actionAt(document, needle, 'Change to "b"');
      assert.notEqual(fix.isPreferred, true, 'a key that mends what is wrong here leaves other files alone');
      // What takes arithmetic comes behind the fixes.
      await until(`the changes of the matrix at ${needle}`, async () => {
        const titles = await titlesAt(document, needle);
        return ofMatrix.every((title) => titles.includes(title)) ? true : undefined;
      });
    }
    assert.ok(!(await titlesAt(document, '"sequences"')).includes('Change to "b"'));

    await applyAction(await actionAt(document, '"weights"', 'Change to "b"'));
    assert.match((await vscode.workspace.openTextDocument(weights)).getText(), /"b": \[0, 0\]/);
    await until('no problem', () => (problemsOf(weights).length === 0 ? true : undefined));
  });

  it('the recurrent matrix comes first, once each', async () => {
    const config = await writeFiles({
      'a.rnn.json': '{ "weights": "w.json", "sequences": [[[1], [2]]] }',
      'w.json': '{ "Wx": [[1, 2]], "Wh": [[0.5, 0], [0, 0.5]], "b": [0, 0] }',
    });
    const { document } = await openText(config);
    await actionAt(document, '"w.json"', 'Replace Wh by an orthogonal matrix…');
    const titles = (await titlesAt(document, '"w.json"')).filter((title) => title.includes('an orthogonal matrix'));
    assert.deepEqual(titles, ['Replace Wh by an orthogonal matrix…', 'Replace Wx by an orthogonal matrix…']);
  });
});
