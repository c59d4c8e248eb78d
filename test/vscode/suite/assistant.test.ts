// The tools through VS Code's own API, as its assistants call them. In a test run VS Code answers its dialogs with yes.
import assert from 'node:assert/strict';
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, afterEach, before, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { Inspections } from '../../../src/editor/following/inspections.js';
import { AssistantTools } from '../../../src/editor/tools/index.js';
import {
  closeEverything,
  copyExample,
  liveWorkers,
  openDoors,
  openText,
  replaceText,
  until,
  workerPath,
} from './support.js';

const { token } = new vscode.CancellationTokenSource();

const textOf = ({ content }: vscode.LanguageModelToolResult): string =>
  content.map((part) => (part instanceof vscode.LanguageModelTextPart ? part.value : '')).join('');
const call = async (name: string, input: object, stop = token): Promise<string> =>
  textOf(await vscode.lm.invokeTool(`rnn-gradients_${name}`, { input, toolInvocationToken: undefined }, stop));

describe('The tools for assistants', () => {
  const [root] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(root);
  const folder = path.join(root.uri.fsPath, 'assistant');
  let outside = '';

  before(async () => {
    await mkdir(folder);
    outside = path.dirname((await copyExample('vanishing')).fsPath);
    await writeFile(path.join(outside, 'secret.json'), '{"weights": "a secret"}');
    const leading = { weights: path.join(outside, 'weights.json'), sequences: [[[1], [1]]] };
    await writeFile(path.join(folder, 'leads-out.rnn.json'), JSON.stringify(leading));
    await writeFile(path.join(outside, 'weights.json'), JSON.stringify({ Wx: [[1]], Wh: [[0.5]], b: [[0]] }));
    await symlink(path.join(outside, 'secret.json'), path.join(folder, 'link.json'));
  });
  after(() => rm(folder, { recursive: true }));
  afterEach(closeEverything);

  it('answer in numbers, of unsaved text too, and leave no thread behind', async () => {
    assert.deepEqual(
      vscode.lm.tools.filter(({ name }) => name.startsWith('rnn-gradients')).map(({ name }) => name),
      ['rnn-gradients_analyse', 'rnn-gradients_tryChange'],
    );
    const workers = liveWorkers();
    const text = await call('analyse', { path: 'vanishing/vanishing.rnn.json' });
    assert.match(text, /^VANISHING {2}"vanishing[^]*Per step back it is multiplied by 0\.5000\./);
    assert.match(text, /^Computed with this change: HEALTHY/m);
    const uri = vscode.Uri.joinPath(root.uri, 'vanishing', 'vanishing.rnn.json');
    const { document } = await openText(uri);
    await replaceText(document, '0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
    assert.match(await call('analyse', { path: uri.fsPath }), /^EXPLODING/);
    const tried = await call('tryChange', { path: 'stack/stack.rnn.json', change: { biasShift: 2, gate: 'f' } });
    assert.match(
      tried,
      /^Nothing was written[^]*layer 1:\nas it is: VANISHING[^]*with the change: VANISHING, times 0\.65/,
    );
    // One reads for the editor, and one waits for a run.
    await until('the threads of the calls to end', () => (liveWorkers() <= workers + 2 ? true : undefined));
  });

  it('come with a skill that VS Code lists, where it knows skills', async function () {
    const list = '_listExtensionPromptFiles';
    if (!(await vscode.commands.getCommands()).includes(list)) this.skip();
    const listed =
      await vscode.commands.executeCommand<readonly { readonly type: string; readonly extensionId: string }[]>(list);
    assert.ok(
      listed.some(({ type, extensionId }) => type === 'skill' && extensionId === 'rnn-gradients.rnn-gradients'),
    );
  });

  it('say where and what is wrong, and end with their token', async () => {
    await assert.rejects(async () => call('analyse', { path: 'gone.rnn.json' }), /gone\.rnn\.json.*does not exist/);
    const change = { sgmaMax: 1 };
    await assert.rejects(
      async () => call('tryChange', { path: 'vanishing/vanishing.rnn.json', change }),
      /input\.change: expected one of layer.*"sgmaMax"/,
    );
    const source = new vscode.CancellationTokenSource();
    const slow = call('analyse', { path: 'weather/lstm.rnn.json' }, source.token);
    source.cancel();
    await assert.rejects(slow);
  });

  it('read what lies outside of the workspace when the user agrees, and nothing he was not asked about', async () => {
    assert.match(await call('analyse', { path: path.join(outside, 'vanishing.rnn.json') }), /^VANISHING/);
    assert.match(await call('analyse', { path: 'assistant/leads-out.rnn.json' }), /T 2, I 1, H 1/);
    await assert.rejects(
      async () => call('analyse', { path: path.join(outside, 'secret.json') }),
      ({ message }: Error) => message.includes('nothing is quoted') && !message.includes('a secret'),
    );

    const log = vscode.window.createOutputChannel('assistant', { log: true });
    const inspections = new Inspections(workerPath(), log, openDoors());
    const tools = new AssistantTools(workerPath(), openDoors(), inspections, log);
    const asks = async (input: object): Promise<string | null> => {
      const { confirmationMessages } = await tools.prepare('rnn-gradients_analyse', input, token);
      const message = confirmationMessages?.message;
      return message === undefined ? null : typeof message === 'string' ? message : message.value;
    };
    assert.equal(await asks({ path: 'vanishing/vanishing.rnn.json' }), null);
    assert.match(
      (await asks({ path: path.join(outside, 'vanishing.rnn.json') })) ?? '',
      /vanishing\.rnn\.json[^]*folder/,
    );
    assert.match((await asks({ path: 'assistant/leads-out.rnn.json' })) ?? '', /weights\.json/);
    assert.match((await asks({ path: 'assistant/link.json' })) ?? '', /secret\.json/);
    // Without the question that belongs to it a call reads nothing there.
    const unasked = new AssistantTools(workerPath(), openDoors(), inspections, log);
    for (const file of [
      path.join(outside, 'vanishing.rnn.json'),
      'assistant/link.json',
      path.join(outside, 'none.json'),
    ])
      await assert.rejects(
        async () => unasked.invoke('rnn-gradients_analyse', { path: file }, token),
        /outside of what an assistant may read here|does not exist/,
        file,
      );
    // What a config begins to name after the question is not read either.
    const input = { path: 'assistant/leads-out.rnn.json' };
    await asks(input);
    const other = { weights: path.join(outside, 'secret.json'), sequences: [[[1]]] };
    await writeFile(path.join(folder, 'leads-out.rnn.json'), JSON.stringify(other));
    await assert.rejects(
      async () => tools.invoke('rnn-gradients_analyse', input, token),
      /secret\.json.*outside of what an assistant may read/,
    );
    inspections.dispose();
    log.dispose();
  });
});
