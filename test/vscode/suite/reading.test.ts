// What the editor tells of a config and of the files that it names, without a run.
import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterEach, describe, it } from 'mocha';
import * as vscode from 'vscode';
import { showPanel } from '../../../src/commands/preview.js';
import type { Context } from '../../../src/commands/commandContext.js';
import { rangeOf, sibling, writeFiles } from './editorSupport.js';
import { panelOver } from './paperPanel.js';
import { closeEverything, copyExample, lensSays, openText, panelTabs, replaceText, until } from './support.js';
import { onlyLong } from '../../support/long.js';

const hoverText = async (document: vscode.TextDocument, needle: string): Promise<string> => {
  const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
    'vscode.executeHoverProvider',
    document.uri,
    rangeOf(document, needle).start,
  );
  return hovers
    .flatMap(({ contents }) =>
      contents.map((content) => (content instanceof vscode.MarkdownString ? content.value : '')),
    )
    .join('\n');
};
const hintsOf = async (document: vscode.TextDocument): Promise<string[]> => {
  const hints = await vscode.commands.executeCommand<vscode.InlayHint[]>(
    'vscode.executeInlayHintProvider',
    document.uri,
    new vscode.Range(0, 0, document.lineCount, 0),
  );
  return hints.map(
    ({ label, position }) =>
      `${document.lineAt(position.line).text.slice(0, position.character).trim()} ` +
      (typeof label === 'string' ? label : label.map(({ value }) => value).join('')),
  );
};

async function openUntitled(path: string, text: string): Promise<vscode.TextDocument> {
  const uri = vscode.Uri.from({ scheme: 'untitled', path });
  // What was closed under this name is let go a little later, and would be opened again with its text.
  await until('the end of other text under this name', () =>
    vscode.workspace.textDocuments.some((other) => other.uri.toString() === uri.toString()) ? undefined : true,
  );
  const document = await vscode.workspace.openTextDocument(uri);
  const edit = new vscode.WorkspaceEdit();
  // All of it: now and then that text is still there.
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text);
  assert.ok(await vscode.workspace.applyEdit(edit));
  await vscode.window.showTextDocument(document);
  return document;
}

describe('Hover', () => {
  afterEach(closeEverything);

  it('tells of the recurrent matrix what it is, and what that implies', async () => {
    const { document } = await openText(await copyExample('vanishing'));
    const text = await hoverText(document, '"Wh"');
    assert.match(text, /\*\*Wh\*\* \[H, H\] = \[4, 4\]/);
    assert.match(text, /min -0\.25 · mean 0\.0625 · max 0\.25 · ‖·‖_F 1/);
    assert.match(text, /σ_max 0\.5 · spectral radius 0\.5 · ‖WᵀW − I‖_F 1\.5/);
    assert.match(
      text,
      /keeps at most 0\.5 of the gradient's norm, whatever the inputs\. After 23 steps at most 1\.192e-7 of it is left/,
    );
  });

  it('tells how many numbers are not finite, and of one and of one step in words of their own', async () => {
    const { document } = await openText(
      await writeFiles({
        'a.rnn.json':
          '{ "weights": { "Wx": [[1e400, 1]], "Wh": [[0.5, 0], [0, 0.5]], "b": [1e400, -1e400] }, "sequences": ' +
          '[[[1], [1]]] }',
      }),
    );
    const one = await hoverText(document, '"Wx"');
    assert.match(one, /One of its numbers is not finite/);
    assert.doesNotMatch(one, /NaN|Infinity/);
    assert.match(await hoverText(document, '"b"'), /2 of its numbers are not finite/);
    assert.doesNotMatch(await hoverText(document, '"Wh"'), /After 1 steps/);
  });

  it('tells the number under the cursor with its indices', async () => {
    const { document } = await openText(await copyExample('exploding'));
    const text = await hoverText(document, '-0.75,  0.75],\n      [ 0.75, -0.75,  0.75');
    assert.match(text, /Wh\[2\]\[2\]` = -0\.75/);
    assert.match(text, /σ_max > 1: the gradient can explode/);
  });

  it('calls an orthogonal matrix orthogonal', async () => {
    const { document } = await openText(await copyExample('orthogonal'));
    assert.match(
      await hoverText(document, '"Wh"'),
      /Orthogonal: a step back through it keeps the length of the gradient/,
    );
  });

  it('tells B, T, I, the range and dead inputs of sequences', async () => {
    const uri = await writeFiles({
      'a.rnn.json':
        '{ "weights": { "Wx": [[1], [1], [1]], "Wh": [[1]], "b": [0] }, "sequences": [[[0, 2, 1], [0, 2, 40]]] }',
    });
    const { document } = await openText(uri);
    const text = await hoverText(document, '"sequences"');
    assert.match(text, /\[B, T, I\] = \[1, 2, 3\]/);
    assert.match(text, /max 40/);
    assert.match(text, /dead inputs: 0 · constant inputs: 1/);
    assert.match(text, /weights in Wx never get a gradient/);
  });

  it('tells of the input matrix which inputs and units it leaves out, and no spectral radius', async () => {
    const { document } = await openText(
      await writeFiles({
        'a.rnn.json':
          '{ "weights": { "Wx": [[3, 4, 0], [0, 0, 0]], "Wh": [[0, 1, 0], [0, 0, 1], [1, 0, 0]], "b": [0, 0, ' +
          '0] }, "sequences": [[[1, 2]]] }',
      }),
    );
    const text = await hoverText(document, '"Wx"');
    assert.match(text, /\*\*Wx\*\* \[I, H\] = \[2, 3\]/);
    assert.match(text, /min 0 · mean 1\.167 · max 4 · ‖·‖_F 5\n\nσ_max 5\n/);
    assert.match(text, /Inputs 1 have zero weights only: they reach no hidden unit/);
    assert.match(text, /Units 2 hear no input directly/);
    assert.doesNotMatch(text, /spectral radius|WᵀW/);
    assert.match(await hoverText(document, '4, 0]'), /`Wx\[0\]\[1\]` = 4/);
  });

  it('tells of the bias how many units it saturates by itself, and only of tanh', async () => {
    const text =
      '{ "cell": "tanh", "weights": { "Wx": [[1, 1, 1]], "Wh": [[0, 1, 0], [0, 0, 1], [1, 0, 0]], "b": [3, ' +
      '-2.5, 0.1] }, "sequences": [[[1]]] }';
    const { document } = await openText(await writeFiles({ 'a.rnn.json': text }));
    const hover = await hoverText(document, '"b"');
    assert.match(hover, /\*\*b\*\* \[H\] = \[3\]/);
    assert.match(hover, /min -2\.5 · mean 0\.2 · max 3 · ‖·‖_F 3\.906/);
    assert.match(hover, /2 of 3 units are pushed into saturation by the bias alone \(\|b\| > 2\.09/);
    assert.match(await hoverText(document, '-2.5'), /`b\[1\]` = -2\.5/);
    await replaceText(document, '[3, -2.5, 0.1]', '[[3, -2.5, 0.1]]');
    assert.match(await hoverText(document, '"b"'), /\*\*b\*\* \[1, H\] = \[1, 3\]/);
    await replaceText(document, '"tanh"', '"relu"');
    assert.doesNotMatch(await hoverText(document, '"b"'), /saturation/);
  });

  it('tells of the initial state what no tanh can be', async () => {
    const { document } = await openText(
      await writeFiles({
        'a.rnn.json':
          '{ "weights": { "Wx": [[1, 1]], "Wh": [[0, 1], [1, 0]], "b": [0, 0] }, "sequences": [[[1]], [[2]]], ' +
          '"initialState": [[0, 2.5], [-3, 0.5]] }',
      }),
    );
    const hover = await hoverText(document, '"initialState"');
    assert.match(hover, /\*\*initialState\*\* \[B, H\] = \[2, 2\]/);
    assert.match(hover, /min -3 · mean 0 · max 2\.5/);
    assert.match(hover, /2 of its numbers are beyond ±2\.09; a tanh state stays inside ±1/);
    assert.match(await hoverText(document, '-3'), /`initialState\[1\]\[0\]` = -3/);
  });

  it(
    'tells of a matrix as PyTorch stores it that it is read as its transpose, with inputs and units the right ' +
      'way round',
    async () => {
      const weights =
        '{ "rnn.weight_ih_l0": [[3, 0, 1], [4, 0, 2], [0, 0, 0]],\n"rnn.weight_hh_l0": [[0.6, 0.8, 0], [-0.8, ' +
        '0.6, 0], [0, 0, 1]], "rnn.bias_ih_l0": [2.5, 0, 0], "rnn.bias_hh_l0": [0, 0, 0] }';
      const config = await writeFiles({
        'a.rnn.json': '{ "weights": "w.json", "sequences": [[[1, 2, 3]]] }',
        'w.json': weights,
      });
      const { document } = await openText(sibling(config, 'w.json'));
      const input = await hoverText(document, '"rnn.weight_ih_l0"');
      assert.match(
        input,
        /\*\*weight_ih_l0\*\* \[H, I\] = \[3, 3\], stored for column vectors; read as its transpose \(H = 3\)/,
      );
      assert.match(input, /Inputs 1 have zero weights only/);
      assert.match(input, /Units 2 hear no input directly/);
      const recurrent = await hoverText(document, '"rnn.weight_hh_l0"');
      assert.match(recurrent, /\*\*weight_hh_l0\*\* \[H, H\] = \[3, 3\], stored for column vectors/);
      assert.match(recurrent, /σ_max 1 · spectral radius 1 · ‖WᵀW − I‖_F \d/);
      assert.match(recurrent, /Orthogonal: a step back through it keeps the length/);
      // As it stands in the file.
      assert.match(await hoverText(document, '-0.8'), /`weight_hh_l0\[1\]\[0\]` = -0\.8/);
      assert.match(
        await hoverText(document, '"rnn.bias_ih_l0"'),
        /\*\*bias_ih_l0\*\* \[H\] = \[3\]\n[^]*1 of 3 units are pushed into saturation/,
      );
      const { document: text } = await openText(config);
      assert.match(
        await hoverText(text, 'w.json'),
        /- `weight_ih_l0` \[H, I\] = \[3, 3\], 0 … 4\n- `weight_hh_l0` \[H, H\] = \[3, 3\], -0\.8 … 1/,
      );
    },
  );

  it('works in a weights file, which is recognised through the config that names it', async () => {
    const config = await copyExample('weather');
    const { document } = await openText(sibling(config, 'weights.json'));
    const text = await hoverText(document, '"Wh"');
    assert.match(text, /\[H, H\] = \[32, 32\]/);
    // Trained and measured by another implementation: spectral radius 0.978, largest singular value 1.426.
    assert.match(text, /σ_max 1\.426 · spectral radius 0\.97[78]/);
    assert.match(text, /powers of the matrix die out/);
  });

  it('says nothing of JSON that belongs to no config', async () => {
    const uri = await writeFiles({ 'other.json': '{ "Wh": [[1, 0], [0, 1]] }' });
    const { document } = await openText(uri);
    assert.equal(await hoverText(document, '"Wh"'), '');
  });
});

describe('Inlay hints', () => {
  afterEach(closeEverything);

  it('show shapes beside keys and beside paths, in unsaved text too', async () => {
    const { document } = await openText(await copyExample('vanishing'));
    assert.deepEqual(await hintsOf(document), [
      '"Wx" [I, H] = [2, 4]',
      '"Wh" [H, H] = [4, 4]',
      '"b" [H] = [4]',
      '"sequences" [B, T, I] = [1, 24, 2]',
    ]);
    await replaceText(document, '"b": [0, 0, 0, 0]', '"b": [0, 0, 0]');
    assert.ok((await hintsOf(document)).includes('"b" [H] = [3]'));
    const weather = await openText(await copyExample('weather'));
    assert.deepEqual(await hintsOf(weather.document), [
      '"weights": "weights.json" Wx [4, 32] · Wh [32, 32] · b [1, 32]',
      '"sequences": "sequences.json" [B, T, I] = [4, 100, 4]',
      '"upstreamGradient": "dhs.json" [B, T, H] = [4, 100, 32]',
    ]);
  });

  it('tell the cell that the weights tell, beside what the run says of it', async () => {
    const config = sibling(await copyExample('vanishing'), 'gated.rnn.json');
    const gates = (columns: number): string =>
      JSON.stringify(Array.from({ length: 8 }, (_, row) => Array.from({ length: columns }, () => 0.1 * (row - 3))));
    const text = [
      '{',
      '  "weights": {',
      `    "weight_ih_l0": ${gates(1)},`,
      `    "weight_hh_l0": ${gates(2)},`,
      '    "bias_ih_l0": [0, 0, 1, 1, 0, 0, 0, 0]',
      '  },',
      '  "sequences": [[[1], [2], [3]]]',
      '}',
      '',
    ].join('\n');
    await vscode.workspace.fs.writeFile(config, new TextEncoder().encode(text));
    const { document } = await openText(config);
    assert.deepEqual(
      (await hintsOf(document)).filter((hint) => !/ [ifgo]:$/.test(hint)),
      [
        '"weights" lstm: inferred from weight_hh_l0 [4·H, H]',
        '"weight_ih_l0" [4·H, I] = [8, 1]',
        '"weight_hh_l0" [4·H, H] = [8, 2]',
        '"bias_ih_l0" [4·H] = [8]',
        '"sequences" [B, T, I] = [1, 3, 1]',
      ],
    );
    const hover = await hoverText(document, '"weight_hh_l0"');
    assert.match(hover, /\| \*\*f\*\* forget gate \| 2\s…\s3 \| 1 \| 0\.\d+ \| 0\.\d+ \| \d\.\d+ \|/);
    assert.doesNotMatch(hover, /every step back|can explode/);
    await vscode.commands.executeCommand('rnnGradients.run', config);
    await until('the verdict above the weights', async () => {
      const lenses = await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', config);
      const above = lenses.filter(({ range }) => range.start.line === 1).map(({ command }) => command?.title ?? '');
      return above.some((title) => /vanishing|fading|healthy|exploding/.test(title)) ? true : undefined;
    });
  });

  it('can be turned off', async () => {
    const { document } = await openText(await copyExample('vanishing'));
    const settings = vscode.workspace.getConfiguration('rnnGradients');
    await settings.update('inlayHints', false, vscode.ConfigurationTarget.Global);
    try {
      assert.deepEqual(await hintsOf(document), []);
    } finally {
      await settings.update('inlayHints', undefined, vscode.ConfigurationTarget.Global);
    }
    assert.notDeepEqual(await hintsOf(document), []);
  });
});

describe('Links, outline and folding', () => {
  afterEach(closeEverything);

  it('lead from a path to the file', async () => {
    const uri = await copyExample('weather');
    const { document } = await openText(uri);
    const links = await vscode.commands.executeCommand<vscode.DocumentLink[]>('vscode.executeLinkProvider', uri, 10);
    const ours = links.filter(({ target }) => target?.path.endsWith('.json') === true && target.scheme === 'file');
    assert.deepEqual(
      ours.map(({ range, target }) => [document.getText(range), target?.toString()]),
      ['weights.json', 'sequences.json', 'dhs.json'].map((name) => [name, sibling(uri, name).toString()]),
    );
  });

  it('list the keys with their shapes', async () => {
    const { document } = await openText(await copyExample('vanishing'));
    const symbols = await vscode.commands.executeCommand<vscode.DocumentSymbol[]>(
      'vscode.executeDocumentSymbolProvider',
      document.uri,
    );
    const weights = symbols.find(
      ({ name, kind }) => name === 'weights' && kind === vscode.SymbolKind.Module && symbols.length > 0,
    );
    const ours = symbols.filter(({ detail }) => detail !== '');
    assert.ok(ours.some(({ name, detail }) => name === 'sequences' && detail === '[B, T, I] = [1, 24, 2]'));
    assert.ok(ours.some(({ name, detail }) => name === 'cell' && detail === 'tanh'));
    const all = symbols.flatMap(({ children }) => children);
    const Wh = all.find(({ name, detail }) => name === 'Wh' && detail === '[H, H] = [4, 4]');
    assert.ok(Wh, JSON.stringify(weights?.children.map(({ name, detail }) => [name, detail])));
    assert.equal(document.getText(Wh.selectionRange), '"Wh"');
    assert.match(document.getText(Wh.range), /^"Wh": \[[^]*-0\.25\]\s+\]$/);
  });

  it('fold matrices, all of them by one command', async () => {
    const editor = await openText(await copyExample('vanishing'));
    const { document } = editor;
    const ranges = await vscode.commands.executeCommand<vscode.FoldingRange[]>(
      'vscode.executeFoldingRangeProvider',
      document.uri,
    );
    const line = rangeOf(document, '"Wh"').start.line;
    assert.ok(
      ranges.some(({ start, end }) => start === line && end === line + 4),
      JSON.stringify(ranges),
    );
    const visible = (at: number): boolean =>
      editor.visibleRanges.some((range) => range.contains(new vscode.Position(at, 0)));
    assert.equal(visible(line + 1), true);
    await vscode.commands.executeCommand('rnnGradients.foldMatrices');
    await until('the rows of Wh to be hidden', () => (visible(line + 1) ? undefined : true));
    assert.equal(visible(line), true);
    assert.equal(visible(rangeOf(document, '"upstreamGradient"').start.line), true);
  });
});

/** Names below each other, with what is told beside them. */
const outlineText = (symbols: readonly vscode.DocumentSymbol[], depth = 0): string[] =>
  symbols.flatMap(({ name, detail, children }) => [
    `${'  '.repeat(depth)}${name}${detail === '' ? '' : `: ${detail}`}`,
    ...outlineText(children, depth + 1),
  ]);
const symbolsOf = (uri: vscode.Uri): Thenable<vscode.DocumentSymbol[]> =>
  vscode.commands.executeCommand<vscode.DocumentSymbol[]>('vscode.executeDocumentSymbolProvider', uri);

describe('A network', () => {
  afterEach(closeEverything);

  it('is told by layer and gate: hovers, hints, outline, and what the run says above each layer', async () => {
    const config = await copyExample('stack');
    const { document } = await openText(config);
    const bias = await hoverText(document, '"bias_ih_l1"');
    assert.match(bias, /\*\*bias_ih_l1\*\* \[4·H\] = \[\d+\] · layer 1/);
    assert.match(bias, /\| gate \| numbers \| mean \| mean of all biases \|/);
    // As the comment on top of the example says: −2 in the middle, 4 above and below.
    assert.match(bias, /\| \*\*f\*\* forget gate \| \d+\s…\s\d+ \| -?\d\S* \| -2 \|/);
    assert.match(await hoverText(document, '"weight_hh_l2"'), /\| \*\*f\*\* forget gate \| \d+\s…\s\d+ \| 4 \| \d/);
    assert.match(await hoverText(document, '"weight_hh_l2"'), /· layer 2, stored for column vectors/);

    const hints = await hintsOf(document);
    const H = /"bias_ih_l0": \[([^\]]*)\]/.exec(document.getText())?.[1]?.split(',').length ?? 0;
    assert.ok(hints.includes(`"weight_hh_l1" [4·H, H] = [${H}, ${H / 4}] · layer 1`), hints.join('\n'));
    const row = document.lineAt(rangeOf(document, '"weight_hh_l1"').start.line + 1 + H / 4);
    const named = await vscode.commands.executeCommand<vscode.InlayHint[]>(
      'vscode.executeInlayHintProvider',
      document.uri,
      row.range,
    );
    assert.deepEqual(
      named.map(({ label, position }) => [label, position.character]),
      [['f:', row.firstNonWhitespaceCharacterIndex]],
    );

    const outline = outlineText(await symbolsOf(config));
    const layer = outline.indexOf('  layer 1');
    assert.ok(layer > 0, outline.join('\n'));
    assert.deepEqual(
      outline.slice(layer + 1, layer + 7).map((line) => line.replace(/:.*/, '')),
      ['    weight_ih_l1', '      i', '      f', '      g', '      o', '    weight_hh_l1'],
    );
    assert.equal(outline[layer + 3], `      f: forget gate · rows ${H / 4} … ${H / 2 - 1}`);

    await vscode.commands.executeCommand('rnnGradients.run', config);
    const lens = await until('the verdict of the middle layer', async () =>
      (await vscode.commands.executeCommand<vscode.CodeLens[]>('vscode.executeCodeLensProvider', config)).find(
        ({ command }) => command?.title.startsWith('layer 1: ') === true,
      ),
    );
    assert.equal(lens.range.start.line, rangeOf(document, '"weight_ih_l1"').start.line);
    assert.match(lens.command?.title ?? '', /vanishing/);
    assert.match(await lensSays(config, /^layer 0: /), /healthy|fading/);
    assert.deepEqual(lens.command?.arguments?.[1], 1);
  });

  it('opens at the layer whose lens is clicked', async () => {
    const config = await copyExample('stack');
    const { session, sessions, close } = panelOver(config, (line) => assert.fail(line));
    try {
      await session.run();
      assert.equal(session.summary?.network?.layers.length, 3);
      const other = session.summary.network.shown === 2 ? 0 : 2;
      const context = { sessions, panels: { show: () => session } } as unknown as Context;
      await showPanel(context)(session.entry, other);
      await until('the other layer', () => (session.summary?.network?.shown === other ? true : undefined));
      assert.equal(session.history.list().versions.length, 1, 'another layer of the same run is no new result');
    } finally {
      close();
    }
  });

  it('keeps the next result when the one with another layer has been refused', async () => {
    const layers = (Wh: number): string =>
      `"weight_ih_l0": [[1]], "weight_hh_l0": [[${Wh}]], "weight_ih_l1": [[1]], "weight_hh_l1": [[0.5]]`;
    const text = (Wh: number, cell: string): string =>
      `{ "cell": "${cell}", "weights": { ${layers(Wh)} }, "sequences": [[[1], [2], [3]]] }`;
    const config = await writeFiles({ 'a.rnn.json': text(0.5, 'tanh') });
    // What is typed is not followed, so that no other run comes between.
    const settings = vscode.workspace.getConfiguration('rnnGradients');
    await settings.update('followEdits', false, vscode.ConfigurationTarget.Global);
    const { session, close } = panelOver(config, () => undefined);
    try {
      await session.run();
      const { document } = await openText(config);
      await replaceText(document, document.getText(), text(0.5, 'nothing'));
      assert.equal((await session.chooseLayer(1)).kind, 'refused');
      await replaceText(document, document.getText(), text(1.5, 'tanh'));
      assert.equal((await session.run()).kind, 'done');
      const { versions } = session.history.list();
      assert.equal(versions.length, 2);
      assert.equal(versions.at(-1)?.runId, session.summary?.runId);
      // What is chosen shows an edit too that nothing has shown before.
      await replaceText(document, document.getText(), text(1.8, 'tanh'));
      assert.equal((await session.chooseLayer(0)).kind, 'done');
      assert.equal(session.history.list().versions.length, 3);
      // So does one that is chosen before the run of an edit has shown anything.
      await replaceText(document, document.getText(), text(2.2, 'tanh'));
      const overtaken = session.run();
      assert.equal((await session.chooseLayer(1)).kind, 'done');
      await overtaken;
      assert.equal(session.history.list().versions.length, 4);
    } finally {
      close();
      await settings.update('followEdits', undefined, vscode.ConfigurationTarget.Global);
    }
  });

  it('of Keras and of two directions stands below its layers, and gates begin in the first row', async () => {
    const matrix = (rows: number, columns: number): string =>
      JSON.stringify(Array.from({ length: rows }, (_, r) => Array.from({ length: columns }, (_, c) => r + c / 100)));
    const layer = (inputs: number): string =>
      `{ "kernel": ${matrix(inputs, 6)},\n"recurrent_kernel": ${matrix(2, 6)},\n"bias": ${matrix(2, 6)} }`;
    const weights = `{\n"gru": ${layer(1)},\n"gru_1": ${layer(2)}\n}\n`;
    const torch = ['_l0', '_l0_reverse']
      .map((name) => `"weight_ih${name}": ${matrix(6, 1)},\n"weight_hh${name}": ${matrix(6, 2)}`)
      .join(',\n');
    const config = await writeFiles({
      'a.rnn.json': '{ "weights": "w.json", "sequences": [[[1], [2]]] }',
      'w.json': weights,
      'b.rnn.json': `{ "weights": {\n${torch}\n}, "sequences": [[[1], [2]]], "upstreamGradient": "final" }`,
    });
    const { document } = await openText(sibling(config, 'w.json'));
    const outline = outlineText(await symbolsOf(document.uri)).filter((line) => !line.includes('kernel'));
    assert.ok(outline.includes('gru_1: layer 1'), outline.join('\n'));
    const hints = await hintsOf(document);
    const named = (key: string): string[] =>
      hints.filter((hint) => hint.startsWith(`"${key}": [[`)).map((hint) => hint.replace(/.*[[,] ?/, ''));
    assert.deepEqual(named('recurrent_kernel'), ['z:', 'r:', 'n:', 'z:', 'r:', 'n:']);
    assert.deepEqual(named('bias').slice(0, 4), ['z · input:', 'r · input:', 'n · input:', 'z · state:']);
    const both = sibling(config, 'b.rnn.json');
    await openText(both);
    const told = outlineText(await symbolsOf(both));
    const at = told.indexOf('  reverse: layer 0');
    assert.ok(at > 0 && told.includes('weights: layer 0'), told.join('\n'));
    assert.match(told[at + 1] ?? '', /^ {4}weight_ih_l0_reverse: \[3·H, I\] = \[6, 1\]/);
  });
});

/** Keys that are typed, with a pause after every fifth. */
const keys = 20;

/** Units of a config of megabytes: each number of Wh takes 20 bytes or so. */
const units = 500;

onlyLong(describe)('A config of megabytes', () => {
  afterEach(closeEverything);

  for (const [form, lineBreak] of [
    ['in rows', '\n'],
    ['on one line', ' '],
  ] as const) {
    it(`${form} is followed while typing without holding the extension host up`, async () => {
      const H = units;
      const number = (n: number): string => (((n * 2654435761) % 2 ** 32) / 2 ** 32 - 0.5).toFixed(16);
      const row = (i: number): string => `      [${Array.from({ length: H }, (_, j) => number(i * H + j)).join(', ')}]`;
      const rows = Array.from({ length: H }, (_, i) => row(i)).join(',\n');
      const text = (
        `{\n  "name": "n",\n  "weights": {\n    "Wx": [\n${row(0)}\n    ],\n    "Wh": [\n${rows}\n    ],\n    ` +
        `"b": ${row(1).trim()}\n  },\n  "sequences": [[[1], [2]]]\n}\n`
      ).replaceAll('\n', lineBreak);
      assert.ok(text.length > 19.5 * H ** 2, `${text.length}`);
      const { document } = await openText(await writeFiles({ 'large.rnn.json': text }));
      assert.ok((await hintsOf(document)).some((hint) => hint.endsWith(`"Wh" [H, H] = [${H}, ${H}]`)));
      await vscode.commands.executeCommand('rnnGradients.preview');
      await lensSays(document.uri, /per step/);
      // The garbage of making the text is not what is measured.
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      const delay = monitorEventLoopDelay({ resolution: 2 });
      delay.enable();
      const start = document.positionAt(text.indexOf('"n"') + 1);
      let name = 'n';
      for (let i = 0; i < keys; i++) {
        const edit = new vscode.WorkspaceEdit();
        edit.replace(
          document.uri,
          new vscode.Range(start, start.translate(0, name.length)),
          `${name.slice(0, 20)}${i}`,
        );
        name = `${name.slice(0, 20)}${i}`;
        assert.ok(await vscode.workspace.applyEdit(edit));
        await new Promise((resolve) => setTimeout(resolve, i % 5 === 4 ? 600 : 30));
      }
      await vscode.commands.executeCommand(
        'vscode.executeInlayHintProvider',
        document.uri,
        new vscode.Range(0, 0, document.lineCount, 0),
      );
      delay.disable();
      await until('the picture of the last text', () =>
        vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs).some(({ label }) => label === `RNN preview: ${name}`)
          ? true
          : undefined,
      );
      assert.ok((await hintsOf(document)).some((hint) => hint.endsWith(`"Wh" [H, H] = [${H}, ${H}]`)));
      console.log(
        `      longest block of the event loop while typing in ${(text.length / 1e6).toFixed(1)} MB ${form}: ` +
          `${(delay.max / 1e6).toFixed(1)} ms (99 %: ${(delay.percentile(99) / 1e6).toFixed(1)} ms)`,
      );
    });
  }
});

describe('Unsaved text', () => {
  afterEach(closeEverything);

  for (const [what, name] of [
    ['long lines, cut between the halves of no character', `${'x'.repeat(256 * 1024 - 12)}${'😀'.repeat(300_000)}`],
    ['CRLF line breaks', 'crlf'],
  ] as const) {
    it(`reaches the worker whole: ${what}`, async () => {
      const text =
        `{ "name": "n", "weights": { "Wx": [[1]], "Wh": [[1]], "b": [0] ` +
        `},${what.startsWith('CRLF') ? '\r\n'.repeat(300_000) : ''} "sequences": [[[1], [2]]] }`;
      const { document } = await openText(await writeFiles({ 'long.rnn.json': text }));
      await replaceText(document, '"name": "n"', `"name": "${name}"`);
      await vscode.commands.executeCommand('rnnGradients.run');
      await until('the whole name', () =>
        panelTabs().some(({ label }) => label === `RNN: ${name}`) ? true : undefined,
      );
    });
  }

  it('is told apart from other text that was there under the same name', async () => {
    for (const size of [1, 2]) {
      const row = JSON.stringify(new Array<number>(size).fill(0));
      const document = await openUntitled(
        'again.rnn.json',
        `{\n  "weights": { "Wx": [${row}], "Wh": [${new Array<string>(size).fill(row).join(', ')}] },\n  ` +
          `"sequences": [[[1], [2]]]\n}\n`,
      );
      let told = '';
      await until(
        () => `Wh of ${size} units, but the hover told ${JSON.stringify(told)} of ${document.getText()}`,
        async () => {
          told = await hoverText(document, '"Wh"');
          return told.includes(`[${size}, ${size}]`) ? true : undefined;
        },
      );
      await closeEverything();
    }
  });

  it('that will be saved in a folder names the files of that folder', async () => {
    const weights = await writeFiles({ 'w.json': '{ "Wx": [[1, 2]], "Wh": [[0, 1], [1, 0]] }' });
    const document = await openUntitled(
      sibling(weights, 'new.rnn.json').path,
      '{ "weights": "w.json", "sequences": [[[1], [2]]] }',
    );
    await until('the shapes of the file', async () =>
      (await hintsOf(document)).some((hint) => hint.includes('Wh [2, 2]')) ? true : undefined,
    );
    const items = await vscode.commands.executeCommand<vscode.CompletionList>(
      'vscode.executeCompletionItemProvider',
      document.uri,
      rangeOf(document, 'w.json').start,
    );
    assert.ok(items.items.some(({ label }) => label === 'w.json'));
  });
});
