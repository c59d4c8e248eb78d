// How much script the page needs before its first picture: counted in the production build, whatever the machine.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { joinParts } from '../../src/report/pageParts.js';
import { partsFrom } from '../support/pageParts.js';

/** Bytes as they lie on the disk, minified; half of them are the chart library's. */
const most = 300_000;

const size = (parts: ReadonlyMap<string, string>): number =>
  [...parts.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0);

describe('the first picture of the page', () => {
  it(`needs less than ${most / 1000} KB of script`, async (test) => {
    const parts = await partsFrom('main.js');
    const all = await partsFrom('main.js', true);
    const told = [...parts].map(([file, text]) => `${file}: ${Buffer.byteLength(text)}`).join(', ');
    test.diagnostic(`${size(parts)} of ${size(all)} bytes come before the first picture (${told})`);
    assert.ok(size(parts) < most, `${size(parts)} bytes: ${told}`);
    assert.ok(all.size > parts.size, 'the rest is there, and comes later');
  });

  it('asks for all of that script at once', async () => {
    const named = JSON.parse(await readFile('dist/webview/firstParts.json', 'utf8')) as Record<string, string[]>;
    assert.deepEqual(Object.keys(named).sort(), ['main.js', 'sequences.js', 'tensors.js']);
    for (const [script, parts] of Object.entries(named))
      assert.deepEqual([script, ...parts].sort(), [...(await partsFrom(script)).keys()].sort());
  });

  it('waits neither for the component toolkit nor for what other groups show', async () => {
    const parts = await partsFrom('main.js');
    const late = [...(await partsFrom('main.js', true))].filter(([file]) => !parts.has(file));
    for (const known of ['corner-radius-round', 'Saxe, McClelland & Ganguli 2014']) {
      assert.ok(
        late.some(([, text]) => text.includes(known)),
        `${known} is in no late part`,
      );
      for (const [file, text] of parts) assert.ok(!text.includes(known), `${known} is in ${file}`);
    }
  });

  it('asks for no file in a report, where the page is one', async () => {
    const page = await joinParts('main.js', (name) => readFile(path.join('dist/webview', name), 'utf8'));
    assert.doesNotMatch(page, /\bimport\s*[("]|\bfrom\s*"\.{1,2}\/|\bexport\s*\{/);
  });
});
