import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { CommandFactory } from './commandContext.js';

/**
 * What to run after training: the state_dict of a model with an nn.RNN, nn.LSTM or nn.GRU and a batch as JSON, under
 * PyTorch's own names; packed sequences each in its own length.
 */
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

/** A quick fix passes the lines that export a file which is refused. */
export const copyPyTorchExport: CommandFactory = () => async (argument) => {
  if (typeof argument === 'string') {
    await vscode.env.clipboard.writeText(argument);
    void vscode.window.showInformationMessage(
      t('Copied the lines that export safetensors. Run them in Python where you trust the file.'),
    );
    return;
  }
  await vscode.env.clipboard.writeText(lines);
  void vscode.window.showInformationMessage(
    t('Copied the lines that write weights.json and sequences.json. Put them where your model has been trained.'),
  );
};
