// "Save as HTML Report…": the whole way from the run in its worker to a file on disk.
import assert from 'node:assert/strict';
import { link, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { closeEverything, copyExample, lensSays, openText, replaceText, until } from './support.js';

const read = async (uri: vscode.Uri): Promise<string> =>
  new TextDecoder().decode(await vscode.workspace.fs.readFile(uri));

/** A file that belongs to no experiment. */
async function plainFile(): Promise<string> {
  const file = path.join(await mkdtemp(path.join(tmpdir(), 'rnn-gradients-')), 'notes.txt');
  await writeFile(file, 'nothing');
  return file;
}

describe('Save as HTML Report', () => {
  afterEach(closeEverything);

  it('writes the run of the text in front, unsaved edits included', async () => {
    const uri = await copyExample('vanishing');
    const { document } = await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /vanishing/);
    await replaceText(document, '0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
    await lensSays(uri, /exploding/);
    const target = vscode.Uri.joinPath(uri, '..', 'out.report.html');
    await vscode.commands.executeCommand('rnnGradients.saveReport', target);
    const html = await read(target);
    assert.match(html, /^<!DOCTYPE html>/);
    assert.ok(html.includes('1.75,  0.25, -0.25, -0.25'), 'the config as it was run');
    assert.match(html, /vanishing\.rnn\.json \(\d/, 'the files with their sizes');
    assert.match(html, /<noscript>.*exploding/);
  });

  it('replaces an old report whole: what held the old one keeps it, and nothing is left beside', async () => {
    const uri = await copyExample('vanishing');
    await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /vanishing/);
    const folder = path.join(path.dirname(uri.fsPath), 'not', 'there', 'yet');
    const [target, held] = [path.join(folder, 'old.report.html'), path.join(folder, 'held')];
    await vscode.commands.executeCommand('rnnGradients.saveReport', vscode.Uri.file(target));
    assert.match(await readFile(target, 'utf8'), /^<!DOCTYPE html>/, 'folders are made');
    await writeFile(target, 'the old report');
    // A second name of the file: it shows what is written into the old file, and not what takes its name.
    await link(target, held);
    await vscode.commands.executeCommand('rnnGradients.saveReport', vscode.Uri.file(target));
    assert.match(await readFile(target, 'utf8'), /^<!DOCTYPE html>/);
    assert.equal(await readFile(held, 'utf8'), 'the old report');
    assert.deepEqual((await readdir(folder)).sort(), ['held', 'old.report.html']);
  });

  it('tells the log, too, what could not be written', async () => {
    const uri = await copyExample('vanishing');
    await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /vanishing/);
    const file = await plainFile();
    // The message stays open; the command does not wait for it.
    await vscode.commands.executeCommand('rnnGradients.saveReport', vscode.Uri.file(path.join(file, 'a.report.html')));
    assert.equal(await readFile(file, 'utf8'), 'nothing');
    await vscode.commands.executeCommand('rnnGradients.copyDiagnostics');
    assert.match(await vscode.env.clipboard.readText(), /\[error\] .*a\.report\.html could not be written/);
  });

  it('writes nothing when there is no run', async () => {
    const uri = await copyExample('orthogonal');
    await openText(uri);
    const target = vscode.Uri.joinPath(uri, '..', 'none.report.html');
    // The message stays open; the command does not wait for it.
    await vscode.commands.executeCommand('rnnGradients.saveReport', target);
    await assert.rejects(async () => vscode.workspace.fs.stat(target));
  });

  it('is offered where a config that is not saved yet would be saved', async () => {
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri ?? assert.fail();
    const place = vscode.Uri.joinPath(folder, 'not-saved.rnn.json');
    const text = await read(await copyExample('vanishing'));
    const { document } = await openText(place.with({ scheme: 'untitled' }));
    await replaceText(document, '', text);
    await vscode.commands.executeCommand('rnnGradients.run', document.uri);
    await lensSays(document.uri, /vanishing/);
    const asked: (vscode.SaveDialogOptions | undefined)[] = [];
    const { showSaveDialog } = vscode.window;
    Object.assign(vscode.window, {
      showSaveDialog: (options: vscode.SaveDialogOptions) => {
        asked.push(options);
        return Promise.resolve(undefined);
      },
    });
    try {
      await vscode.commands.executeCommand('rnnGradients.saveReport');
    } finally {
      Object.assign(vscode.window, { showSaveDialog });
    }
    const [name] = asked.map((options) => options?.defaultUri?.toString() ?? '');
    assert.match(name ?? '', /-report\.html$/);
    assert.equal(vscode.Uri.joinPath(vscode.Uri.parse(name ?? ''), '..').toString(), folder.toString());
  });

  it('writes no other run than that of the config in front, which has none', async () => {
    const other = await copyExample('vanishing');
    await openText(other);
    await vscode.commands.executeCommand('rnnGradients.run', other);
    await lensSays(other, /vanishing/);
    const uri = await copyExample('orthogonal');
    await openText(uri);
    const target = vscode.Uri.joinPath(uri, '..', 'none.report.html');
    await vscode.commands.executeCommand('rnnGradients.saveReport', target);
    await assert.rejects(async () => vscode.workspace.fs.stat(target));
    // Of a file that belongs to nothing the only run is meant.
    await openText(vscode.Uri.file(await plainFile()));
    await vscode.commands.executeCommand('rnnGradients.saveReport', target);
    assert.match(await read(target), /^<!DOCTYPE html>/);
  });
});

describe('Show Result as Text', () => {
  afterEach(closeEverything);

  it('shows verdict, numbers, table and problems of the run in sight in a document that cannot be edited', async () => {
    const uri = await copyExample('vanishing');
    const { document } = await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /vanishing/);
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('rnnGradients.showResultText');
    const shown = vscode.window.activeTextEditor?.document;
    assert.ok(shown);
    assert.match(shown.uri.path, /-result\.txt$/);
    assert.equal(shown.languageId, 'plaintext');
    assert.match(
      shown.getText(),
      /^VANISHING[^]*multiplied by 0\.5000\.[^]*Computed with this change: HEALTHY[^]*\|g\|/,
    );
    assert.match(shown.getText(), /largest Lyapunov exponent -0\.6931/);
    assert.equal(vscode.workspace.fs.isWritableFileSystem(shown.uri.scheme), undefined);
    // Asked for again, the same document has the newer run.
    await vscode.window.showTextDocument(document);
    await replaceText(document, '0.25,  0.25, -0.25, -0.25', '1.75,  0.25, -0.25, -0.25');
    await lensSays(uri, /exploding/);
    await vscode.commands.executeCommand('rnnGradients.showResultText');
    const again = vscode.window.activeTextEditor?.document;
    assert.equal(again?.uri.toString(), shown.uri.toString());
    await until('the newer run', () => (again.getText().startsWith('EXPLODING') ? true : undefined));
  });

  it('asks of which run, where several are on screen and none is in front', async () => {
    for (const name of ['vanishing', 'orthogonal']) {
      const uri = await copyExample(name);
      await openText(uri);
      await vscode.commands.executeCommand('rnnGradients.run', uri);
      await lensSays(uri, /per step back/);
    }
    await openText(vscode.Uri.file(await plainFile()));
    const showing = vscode.commands.executeCommand('rnnGradients.showResultText');
    const shown = await until('the text of the run that was chosen', async () => {
      // The first one in the list is the one that was opened first.
      await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
      const { document } = vscode.window.activeTextEditor ?? {};
      return document?.uri.path.endsWith('-result.txt') === true ? document : undefined;
    });
    await showing;
    assert.match(shown.getText(), /^VANISHING/);
  });

  it('shows the gradients beside finite differences in a document of their own', async () => {
    const uri = await copyExample('lstm-forget-bias');
    const { document } = await openText(uri);
    await vscode.commands.executeCommand('rnnGradients.run', uri);
    await lensSays(uri, /vanishing/);
    await vscode.window.showTextDocument(document);
    await vscode.commands.executeCommand('rnnGradients.checkGradients');
    const shown = vscode.window.activeTextEditor?.document;
    assert.match(shown?.uri.path ?? '', /-gradient-check\.txt$/);
    assert.match(shown?.getText() ?? '', /^Gradient check[^]*\nEvery gradient agrees[^]*\nWh +36 +9 /);
    assert.equal(document.isDirty, false);
  });
});
