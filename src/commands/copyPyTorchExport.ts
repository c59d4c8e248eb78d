import { t } from '@vscode/l10n';
import * as vscode from 'vscode';
import type { CommandFactory } from './commandContext.js';

/** What to run after training: the model's state_dict and a batch as JSON, under PyTorch's own names. */
const lines = `import json

with open("weights.json", "w") as file:
    json.dump({name: tensor.tolist() for name, tensor in model.state_dict().items()}, file)
with open("sequences.json", "w") as file:
    json.dump(xs.tolist(), file)  # [B][T][I]: batch first
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
