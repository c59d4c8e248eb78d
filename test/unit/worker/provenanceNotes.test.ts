// Where fresh numbers come from is written down, once, where it can be: above the matrix, or in the config above the
// file's name.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findParts, openEntry } from '../../../src/config/index.js';
import { memoryFiles } from '../config/memory.js';
import { changesFor } from '../../../src/worker/changes/refactorings.js';
import type { TextRefactoring as Change } from '../../../src/worker/changes/refactorings.js';

/** Of a place that counts lines from 0. */
const offset = (text: string, { line, character }: { readonly line: number; readonly character: number }): number =>
  text
    .split(/(?<=\n)/)
    .slice(0, line)
    .join('').length + character;

type Texts = Readonly<Record<string, string>>;
const facts = { sigmaMax: 1, spectralRadius: 1, orthogonalityError: 0 };

/** The files after a change of the matrix of this name, which stands where the config finds it. */
async function changed(files: Texts, name: string, change: Change): Promise<Texts> {
  const open = await openEntry({ kind: 'config', config: 'a.rnn.json' }, memoryFiles(files));
  const found = await findParts(open);
  const part = found.parts.find((one) => one.name === name);
  assert.ok(part, name);
  const outcome = await changesFor(
    found,
    part.value.document.id,
    part.value.path,
    change,
    'float64',
    { B: 1, T: 1, I: 1, H: 2 },
    () => Promise.resolve(facts),
  );
  assert.ok(outcome.ok, outcome.ok ? '' : outcome.message);
  return Object.fromEntries(
    Object.entries(files).map(([file, text]) => {
      const edits = outcome.changes
        .filter((edit) => edit.file === file)
        .map((edit) => ({ from: offset(text, edit.range.start), to: offset(text, edit.range.end), text: edit.text }))
        .sort((a, b) => b.from - a.from);
      return [file, edits.reduce((now, edit) => now.slice(0, edit.from) + edit.text + now.slice(edit.to), text)];
    }),
  );
}

const fresh = (way: 'orthogonal' | 'identity' | 'glorot' | 'he', seed: number): Change => ({
  kind: 'initialise',
  way,
  seed,
  gain: 1,
});
const rescale: Change = { kind: 'rescale', quantity: 'spectralRadius', to: 0.5 };
const comments = (text: string | undefined): string[] => (text ?? '').match(/\/\/[^\r\n]*|\/\*.*?\*\//g) ?? [];

const matrices = '{ "Wx": [[1, 2]], "Wh": [[1, 0], [0, 1]], "b": [0, 0] }';
const inline =
  `{\n  // mine\n  "weights": {\n    "Wx": [[1, 2]],\n    // [H][H]\n    "Wh": [[1, 0], [0, 1]],\n    "b": [0, ` +
  `0]\n  },\n  "sequences": [[[1]]]\n}\n`;
const byName = '{\n  // mine\n  "weights": "w.json",\n  "sequences": [[[1]]]\n}\n';

describe('the note of where numbers come from', () => {
  it('stands above an inline matrix below what else is said there, and is brought up to date', async () => {
    let files: Texts = { 'a.rnn.json': inline };
    files = await changed(files, 'Wh', fresh('orthogonal', 5));
    assert.deepEqual(comments(files['a.rnn.json']), ['// mine', '// [H][H]', '// Wh: orthogonal, seed 5']);
    assert.match(files['a.rnn.json'] ?? '', /\n {4}\/\/ Wh: orthogonal, seed 5\n {4}"Wh": \[\[/);
    files = await changed(files, 'Wh', rescale);
    files = await changed(files, 'Wh', { kind: 'transpose' });
    assert.deepEqual(comments(files['a.rnn.json']), [
      '// mine',
      '// [H][H]',
      '// Wh: orthogonal, seed 5, rescaled to spectral radius 0.5, transposed',
    ]);
    files = await changed(files, 'Wh', fresh('identity', 0));
    assert.deepEqual(comments(files['a.rnn.json']), ['// mine', '// [H][H]', '// Wh: identity']);
    files = await changed(files, 'Wx', fresh('he', 2));
    assert.deepEqual(comments(files['a.rnn.json']), [
      '// mine',
      '// Wx: He normal, seed 2',
      '// [H][H]',
      '// Wh: identity',
    ]);
  });

  it('is found above another comment too, and on one line', async () => {
    const above = inline.replace('// [H][H]', '// Wh: Glorot uniform, seed 3\n    // [H][H]');
    assert.deepEqual(comments((await changed({ 'a.rnn.json': above }, 'Wh', fresh('he', 4)))['a.rnn.json']), [
      '// mine',
      '// Wh: He normal, seed 4',
      '// [H][H]',
    ]);
    let files: Texts = { 'a.rnn.json': `{ "weights": ${matrices}, "sequences": [[[1]]] }` };
    files = await changed(files, 'Wh', fresh('orthogonal', 5));
    assert.deepEqual(comments(files['a.rnn.json']), ['/* Wh: orthogonal, seed 5 */']);
    files = await changed(files, 'Wh', rescale);
    assert.deepEqual(comments(files['a.rnn.json']), ['/* Wh: orthogonal, seed 5, rescaled to spectral radius 0.5 */']);
  });

  it('leaves what somebody wrote about numbers of another origin alone', async () => {
    const own = inline.replace('// [H][H]', '// Wh: from the paper, seed unknown');
    assert.deepEqual(comments((await changed({ 'a.rnn.json': own }, 'Wh', rescale))['a.rnn.json']), [
      '// mine',
      '// Wh: from the paper, seed unknown',
    ]);
    assert.deepEqual(comments((await changed({ 'a.rnn.json': inline }, 'Wh', rescale))['a.rnn.json']), [
      '// mine',
      '// [H][H]',
    ]);
  });

  it('stands in the config, above the name of a file that takes no comments, with every line end', async () => {
    for (const end of ['\n', '\r\n']) {
      let files: Texts = { 'a.rnn.json': byName.replaceAll('\n', end), 'w.json': matrices };
      files = await changed(files, 'Wh', fresh('orthogonal', 5));
      assert.deepEqual(comments(files['w.json']), []);
      assert.equal(
        files['a.rnn.json'],
        byName.replace('  "weights"', '  // Wh of w.json: orthogonal, seed 5\n  "weights"').replaceAll('\n', end),
      );
      files = await changed(files, 'Wx', fresh('he', 6));
      files = await changed(files, 'Wh', rescale);
      assert.deepEqual(comments(files['a.rnn.json']), [
        '// mine',
        '// Wh of w.json: orthogonal, seed 5, rescaled to spectral radius 0.5',
        '// Wx of w.json: He normal, seed 6',
      ]);
      files = await changed(files, 'Wh', fresh('glorot', 7));
      assert.deepEqual(comments(files['a.rnn.json']), [
        '// mine',
        '// Wh of w.json: Glorot uniform, seed 7',
        '// Wx of w.json: He normal, seed 6',
      ]);
    }
    const line = await changed(
      { 'a.rnn.json': '{ "weights": "w.json", "sequences": [[[1]]] }', 'w.json': matrices },
      'Wh',
      fresh('orthogonal', 5),
    );
    assert.equal(
      line['a.rnn.json'],
      '{ /* Wh of w.json: orthogonal, seed 5 */ "weights": "w.json", "sequences": [[[1]]] }',
    );
  });

  it('follows a file that got another name, and numbers that came into the config', async () => {
    const noted = byName.replace(
      '  "weights": "w.json"',
      '  // Wh of old.json: orthogonal, seed 5\n  "weights": "w.json"',
    );
    const files = await changed({ 'a.rnn.json': noted, 'w.json': matrices }, 'Wh', rescale);
    assert.deepEqual(comments(files['a.rnn.json']), [
      '// mine',
      '// Wh of w.json: orthogonal, seed 5, rescaled to spectral radius 0.5',
    ]);
    const moved = inline.replace('  "weights"', '  // Wh of w.json: orthogonal, seed 5\n  "weights"');
    const after = await changed({ 'a.rnn.json': moved }, 'Wh', rescale);
    assert.deepEqual(comments(after['a.rnn.json']), [
      '// mine',
      '// [H][H]',
      '// Wh: orthogonal, seed 5, rescaled to spectral radius 0.5',
    ]);
  });
});
