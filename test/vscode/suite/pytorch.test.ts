// The way from a PyTorch model: the lines that are copied, as a whole, and the files that they write.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { writeFiles } from './editorSupport.js';
import { closeEverything, lensSays, openText, until } from './support.js';

const lines = `import json
from torch.nn.utils.rnn import PackedSequence, pad_packed_sequence

with open("weights.json", "w") as file:
    json.dump({name: tensor.tolist() for name, tensor in model.state_dict().items()}, file)
if isinstance(xs, PackedSequence):
    padded, lengths = pad_packed_sequence(xs, batch_first=True)
    sequences = [steps[:length].tolist() for steps, length in zip(padded, lengths.tolist())]
else:
    sequences = xs.tolist()  # [B][T][I]: batch first
with open("sequences.json", "w") as file:
    json.dump(sequences, file)
`;

describe('Copy the Python Lines that Export a PyTorch Model', () => {
  const { showErrorMessage } = vscode.window;
  afterEach(() => {
    Object.assign(vscode.window, { showErrorMessage });
  });
  afterEach(closeEverything);

  it('is offered where a checkpoint is run that cannot be read, with the reason', async () => {
    const root = vscode.extensions.getExtension('rnn-gradients.rnn-gradients')?.extensionPath ?? '';
    const module = await readFile(path.join(root, 'test', 'fixtures', 'files', 'lstm_module.pt'));
    const model = await writeFiles({ 'my model.pt': '' });
    await vscode.workspace.fs.writeFile(model, module);
    const said: string[] = [];
    Object.assign(vscode.window, {
      showErrorMessage: (message: string, ...buttons: readonly string[]) => {
        said.push(message, ...buttons);
        return Promise.resolve(buttons[0]);
      },
    });
    await vscode.commands.executeCommand('rnnGradients.run', model);
    await until('the lines', async () =>
      (await vscode.env.clipboard.readText()).includes('torch.load("my model.pt", ') ? true : undefined,
    );
    assert.equal(said.length, 2);
    assert.match(said[0] ?? '', /^Run RNN: my model\.pt: The file wants to load torch\.nn\.modules\.rnn\.LSTM, /);
    assert.equal(said[1], 'Copy the lines');
    // What no lines mend has none.
    await vscode.workspace.fs.writeFile(model, new TextEncoder().encode('<!DOCTYPE html>'));
    await vscode.commands.executeCommand('rnnGradients.run', model);
    assert.deepEqual(
      said.slice(2).map((text) => text.replace(/HTML.*/, 'HTML')),
      ['Run RNN: my model.pt: The file is HTML'],
    );
  });

  it('puts exactly these on the clipboard', async () => {
    await vscode.env.clipboard.writeText('before');
    await vscode.commands.executeCommand('rnnGradients.copyPyTorchExport');
    assert.equal(await vscode.env.clipboard.readText(), lines);
  });

  it('or the function for notebooks, as it lies in the extension', async () => {
    const root = vscode.extensions.getExtension('rnn-gradients.rnn-gradients')?.extensionPath ?? '';
    await vscode.env.clipboard.writeText('before');
    await vscode.commands.executeCommand('rnnGradients.copyNotebookFunction');
    assert.equal(
      await vscode.env.clipboard.readText(),
      await readFile(path.join(root, 'media', 'notebook', 'show_gradients.py'), 'utf8'),
    );
  });

  it('and the walkthrough shows the same, its comment in the language of the page', async () => {
    const root = vscode.extensions.getExtension('rnn-gradients.rnn-gradients')?.extensionPath ?? '';
    for (const name of ['pytorch.md', 'pytorch.ko.md']) {
      const [, shown = ''] =
        /```python\n([^]*?)```/.exec(await readFile(path.join(root, 'media', 'walkthrough', name), 'utf8')) ?? [];
      const bare = (text: string): string => text.replaceAll(/#.*/g, '#');
      assert.equal(bare(shown), bare(lines), name);
    }
  });

  it('write files that run under the names that PyTorch gives them', async () => {
    // As json.dump writes a state_dict of a model with an nn.RNN and a linear layer.
    const weights =
      '{"rnn.weight_ih_l0": [[0.0], [0.0]], "rnn.weight_hh_l0": [[0.30000001192092896, 0.4000000059604645], ' +
      '[-0.4000000059604645, 0.30000001192092896]], "rnn.bias_ih_l0": [0.0, 0.0], "rnn.bias_hh_l0": [0.0, ' +
      '0.0], "fc.weight": [[1.0, 2.0]], "fc.bias": [0.0]}';
    const config = await writeFiles({
      'a.rnn.json': '{ "weights": "weights.json", "sequences": "sequences.json" }',
      'weights.json': weights,
      'sequences.json': `[${JSON.stringify(new Array(24).fill([1.5]))}]`,
    });
    await openText(config);
    await vscode.commands.executeCommand('rnnGradients.run');
    await lensSays(config, /vanishing, ×0\.500 per step back$/);
    assert.deepEqual(vscode.languages.getDiagnostics(vscode.Uri.joinPath(config, '..', 'weights.json')), []);
  });
});
