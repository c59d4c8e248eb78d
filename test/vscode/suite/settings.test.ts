// Every setting does what its description says, from the moment on at which it is changed.
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { problemsOf } from './editorSupport.js';
import { closeEverything, copyExample, lensSays, lenses, openText, replaceText, until } from './support.js';
import { onlyLong, some } from '../../support/long.js';

const settings = (): vscode.WorkspaceConfiguration => vscode.workspace.getConfiguration('rnnGradients');
const set = (key: string, value: unknown): Thenable<void> =>
  settings().update(key, value, vscode.ConfigurationTarget.Global);

const declared = (): string[] => {
  const { contributes } = vscode.extensions.getExtension('rnn-gradients.rnn-gradients')?.packageJSON as {
    readonly contributes: { readonly configuration: { readonly properties: object } };
  };
  return Object.keys(contributes.configuration.properties).map((key) => key.replace('rnnGradients.', ''));
};

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const [small, large] = ['0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25'];

async function running(example: string, verdict: RegExp): Promise<vscode.TextDocument> {
  const { document } = await openText(await copyExample(example));
  await vscode.commands.executeCommand('rnnGradients.run', document.uri);
  await lensSays(document.uri, verdict);
  return document;
}

/** What stands above the config of the last run. */
const told = async ({ uri }: vscode.TextDocument): Promise<string | undefined> =>
  (await lenses(uri)).find((title) => title.includes('per step back'));

describe('The settings', () => {
  afterEach(async () => {
    await closeEverything();
    for (const key of declared()) if (settings().inspect(key)?.globalValue !== undefined) await set(key, undefined);
  });

  it('that were changed stand in the diagnostics with the run, which hold no number of the files', async () => {
    await set('followDelay', 321);
    const document = await running('vanishing', /vanishing/);
    await replaceText(document, small, '1.23456789, 0.25, -0.25, -0.25');
    await lensSays(document.uri, /exploding/);
    await vscode.commands.executeCommand('rnnGradients.copyDiagnostics');
    const text = await vscode.env.clipboard.readText();
    assert.match(text, new RegExp(`VS Code ${vscode.version.replaceAll('.', '\\.')}`));
    assert.match(text, /\n- rnnGradients\.followDelay: 321\n\nRuns:\n- tanh float32, B \d+, T \d+, I \d+, H \d+: \w+/);
    assert.match(text, /every number as #, all that is quoted as …:\n/);
    // Nor the name that stands in the config, by which the log calls its run. The seconds of a time may be the same
    // digits.
    assert.doesNotMatch(text.replaceAll(/T\d\d:\d\d:\d\d\.\d+Z/g, ''), /1\.2345|0\.25|half is lost/);
  });

  it('are those that are tested here, and inlayHints and threads', () => {
    assert.deepEqual(declared().sort(), [
      'followDelay',
      'followEdits',
      'inlayHints',
      'maxTextFileSize',
      'threads',
      'verdict.explodingAbove',
      'verdict.fadingBelow',
      'verdict.vanishingBelow',
    ]);
  });

  describe('followEdits', () => {
    it('turned off leaves the run as it is, marked as old, until it is run again', async () => {
      const document = await running('vanishing', /vanishing/);
      await set('followEdits', false);
      await replaceText(document, small, large);
      await lensSays(document.uri, /vanishing.*of the last good run/);
      await wait(1_000);
      assert.match((await told(document)) ?? '', /vanishing.*of the last good run/);
      await vscode.commands.executeCommand('rnnGradients.run', document.uri);
      await lensSays(document.uri, /exploding.*per step back$/);
      // To save what has been run changes nothing.
      assert.ok(await document.save());
      await wait(1_000);
      assert.match((await told(document)) ?? '', /exploding.*per step back$/);
    });

    it('turned off leaves problems to the text as it is now, until it is run again', async () => {
      const document = await running('vanishing', /vanishing/);
      await set('followEdits', false);
      await replaceText(document, '"dtype": "float32"', '"dtype": "float16"');
      await until('the problem', () => problemsOf(document.uri)[0]);
      // Waits for an answer to what it tells.
      void vscode.commands.executeCommand('rnnGradients.run', document.uri);
      await wait(1_000);
      assert.equal(problemsOf(document.uri).length, 1);
      await replaceText(document, '"dtype": "float16"', '"dtype": "float64"');
      await until('no problem', () => (problemsOf(document.uri).length === 0 ? true : undefined));
    });

    it('turned on again follows what has changed meanwhile', async () => {
      const document = await running('vanishing', /vanishing/);
      await set('followEdits', false);
      await replaceText(document, small, large);
      await lensSays(document.uri, /of the last good run/);
      await set('followEdits', true);
      await lensSays(document.uri, /exploding.*per step back$/);
      await replaceText(document, large, small);
      await lensSays(document.uri, /vanishing.*per step back$/);
    });
  });

  describe('followDelay', () => {
    for (const delay of some([0, 700, 2_500], 3, 1)) {
      it(`of ${delay} ms is waited for after an edit`, async () => {
        const document = await running('vanishing', /vanishing/);
        await set('followDelay', delay);
        const from = performance.now();
        await replaceText(document, small, large);
        await lensSays(document.uri, /exploding.*per step back$/);
        const ms = performance.now() - from;
        console.log(`      told after ${Math.round(ms)} ms`);
        assert.ok(ms >= delay, `${ms}`);
      });
    }
  });

  describe('verdict.vanishingBelow', () => {
    it('moves the bound, with what is on the screen and without an edit', async () => {
      // 2⁻²³ = 1.19e-7 of the gradient is left.
      const document = await running('vanishing', /vanishing, ×0\.500/);
      await set('verdict.vanishingBelow', 1e-7);
      await lensSays(document.uri, /fading, ×0\.500 per step back$/);
      await set('verdict.vanishingBelow', 1.2e-7);
      await lensSays(document.uri, /vanishing, ×0\.500 per step back$/);
      assert.equal(document.isDirty, false);
    });
  });

  describe('verdict.fadingBelow', () => {
    onlyLong(it)('moves the bound between fading and healthy', async () => {
      const document = await running('vanishing', /vanishing, ×0\.500/);
      await set('verdict.vanishingBelow', 1e-9);
      await set('verdict.fadingBelow', 1e-7);
      await lensSays(document.uri, /healthy, ×0\.500 per step back$/);
      await set('verdict.fadingBelow', 1.2e-7);
      await lensSays(document.uri, /fading, ×0\.500 per step back$/);
    });
  });

  describe('verdict.explodingAbove', () => {
    it('moves the bound, with what is on the screen and without an edit', async () => {
      // 1.5²³ = 11222.7 times the gradient arrives.
      const document = await running('exploding', /exploding, ×1\.50/);
      await set('verdict.explodingAbove', 11_223);
      await lensSays(document.uri, /healthy, ×1\.50 per step back$/);
      await set('verdict.explodingAbove', 11_222);
      await lensSays(document.uri, /exploding, ×1\.50 per step back$/);
    });
  });

  describe('maxTextFileSize', () => {
    it('refuses larger files and takes them back, on the screen and in the text, without an edit', async () => {
      const config = await copyExample('weather');
      const weights = vscode.Uri.joinPath(config, '..', 'weights.json');
      const text = new TextDecoder().decode(await vscode.workspace.fs.readFile(weights));
      await vscode.workspace.fs.writeFile(weights, new TextEncoder().encode(text.padEnd(1_000_001)));
      await openText(config);
      await vscode.commands.executeCommand('rnnGradients.run', config);
      await lensSays(config, /per step back$/);
      await set('maxTextFileSize', 1);
      const told = await until('the problem', () => problemsOf(config)[0]);
      assert.match(
        told.message,
        new RegExp(
          String.raw`"weights\.json" is too large to be read\. Expected at most 1 MB, found 1\.1 MB\. ` +
            String.raw`The bound is the setting "rnnGradients\.maxTextFileSize"`,
        ),
      );
      await lensSays(config, /of the last good run/);
      await set('maxTextFileSize', 2);
      await lensSays(config, /per step back$/);
      await until('no problem', () => (problemsOf(config).length === 0 ? true : undefined));
    });
  });

  it('that hold no value of theirs count as left alone', async () => {
    for (const [key, value] of [
      ['verdict.vanishingBelow', 'much'],
      ['verdict.fadingBelow', 0],
      ['verdict.explodingAbove', -1],
      ['followDelay', 'soon'],
      ['followEdits', 'often'],
      ['threads', 1e9],
      ['inlayHints', 3],
      ['maxTextFileSize', -1],
    ] as const)
      await set(key, value);
    const document = await running('vanishing', /vanishing, ×0\.500 per step back$/);
    await replaceText(document, small, large);
    await lensSays(document.uri, /exploding/);
    await until('hints', async () =>
      (
        await vscode.commands.executeCommand<vscode.InlayHint[]>(
          'vscode.executeInlayHintProvider',
          document.uri,
          new vscode.Range(0, 0, document.lineCount, 0),
        )
      ).length > 0
        ? true
        : undefined,
    );
  });
});
