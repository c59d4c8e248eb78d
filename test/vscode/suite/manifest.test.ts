// What the manifest promises is there.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'mocha';
import * as vscode from 'vscode';

type Step = {
  readonly id: string;
  readonly description: string;
  readonly media: { readonly markdown?: string; readonly svg?: string; readonly altText?: string };
  readonly completionEvents: readonly string[];
};
type Manifest = {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly menus: Readonly<
      Record<string, readonly { readonly command: string; readonly when?: string; readonly alt?: string }[]>
    >;
    readonly keybindings: readonly { readonly command: string; readonly when?: string }[];
    readonly walkthroughs: readonly { readonly id: string; readonly steps: readonly Step[] }[];
  };
};

const extension = (): vscode.Extension<unknown> => {
  const found = vscode.extensions.getExtension('rnn-gradients.rnn-gradients');
  assert.ok(found);
  return found;
};
const { contributes } = extension().packageJSON as Manifest;
const declared = contributes.commands.map(({ command }) => command);

describe('the manifest', () => {
  it('declares exactly the commands that there are', async () => {
    await extension().activate();
    const registered = (await vscode.commands.getCommands(true)).filter((command) =>
      command.startsWith('rnnGradients.'),
    );
    assert.deepEqual([...registered].sort(), [...declared].sort());
  });

  it('names only those in menus, keybindings and the walkthrough', () => {
    const steps = contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
    const named = [
      ...Object.values(contributes.menus)
        .flat()
        .flatMap(({ command, alt }) => [command, ...(alt === undefined ? [] : [alt])]),
      ...contributes.keybindings.map(({ command }) => command),
      ...steps.flatMap(({ description }) =>
        [...description.matchAll(/command:([\w.]+)/g)].map((match) => match[1] ?? ''),
      ),
      ...steps.flatMap(({ completionEvents }) =>
        completionEvents
          .filter((event) => event.startsWith('onCommand:'))
          .map((event) => event.slice('onCommand:'.length)),
      ),
    ];
    assert.deepEqual(
      named.filter((command) => !declared.includes(command)),
      [],
    );
  });

  it('offers in the palette only what can be done where the user is, and each command there is', () => {
    const when = new Map((contributes.menus['commandPalette'] ?? []).map((entry) => [entry.command, entry.when ?? '']));
    for (const command of ['rescaleWeights', 'initialiseWeights', 'moveWeightsToFile'])
      assert.match(
        when.get(`rnnGradients.${command}`) ?? '',
        /rnnGradients\.inExperiment \|\| activeWebviewPanelId/,
        command,
      );
    for (const command of ['preview', 'showPanel'])
      assert.match(
        when.get(`rnnGradients.${command}`) ?? '',
        /rnnGradients\.inExperiment \|\| rnnGradients\.hasSession/,
        command,
      );
    assert.equal(when.get('rnnGradients.foldMatrices'), 'rnnGradients.inExperiment');
    assert.equal(when.get('rnnGradients.saveReport'), 'rnnGradients.hasSession');
    assert.equal(when.get('rnnGradients.cancel'), 'rnnGradients.running');
    // What starts from nothing is always there, and nothing is hidden for good.
    for (const command of ['run', 'createConfig', 'createExample', 'copyPyTorchExport', 'copyNotebookFunction'])
      assert.equal(when.has(`rnnGradients.${command}`), false, command);
    assert.deepEqual(
      [...when.values()].filter((condition) => condition === 'false'),
      [],
    );
  });

  it('binds a key only where a config has the focus', () => {
    for (const { when } of contributes.keybindings) assert.match(when ?? '', /^editorTextFocus.*rnn/);
  });

  it('has a picture with words for those who do not see it, or a text, for each step of the walkthrough', async () => {
    for (const { id, media } of contributes.walkthroughs.flatMap(({ steps }) => steps)) {
      const file = media.markdown ?? media.svg;
      assert.ok(file !== undefined && (media.markdown !== undefined || (media.altText ?? '').length > 20), id);
      assert.ok((await readFile(path.join(extension().extensionPath, file), 'utf8')).length > 100, id);
    }
  });
});
