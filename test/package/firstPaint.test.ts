// How much script the page needs before its first picture: counted in the production build, whatever the machine.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { joinFirstParts, joinParts, standIn } from '../../src/report/pageParts.js';
import { partsFrom } from '../support/pageParts.js';

/** Bytes as they lie on the disk, minified. */
const most = 150_000;

const pages = ['main.js', 'tensors.js', 'sequences.js'];
const read = (name: string): Promise<string> => readFile(path.join('dist/webview', name), 'utf8');
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

  it('stands in the page, which asks for no file', async () => {
    for (const page of pages) {
      const { script, parts } = await joinFirstParts(page, read);
      assert.deepEqual([page, ...parts].sort(), [...(await partsFrom(page)).keys()].sort());
      assert.doesNotMatch(script, /\bimport\s*["{]|\bfrom\s*"\.{1,2}\/|\bexport\s*\{/);
    }
  });

  it('is given to what is loaded later, so that nothing of it is there twice', async () => {
    const taken = new Set<string>();
    for (const page of pages) {
      const first = await partsFrom(page);
      const later = [...(await partsFrom(page, true))].filter(([file]) => !first.has(file));
      for (const [file, text] of later)
        for (const [, names = '', from = ''] of text.matchAll(/\bimport\s*\{([^{}]*)\}\s*from\s*"([^"]*)"/g)) {
          const part = path.posix.join(path.posix.dirname(file), from);
          if (!first.has(part)) continue;
          taken.add(part);
          const given = /^const \{ (.*) \} = globalThis/.exec(await read(standIn(part)))?.[1]?.split(', ') ?? [];
          for (const name of names.split(','))
            assert.ok(given.includes(name.split(' as ')[0] ?? ''), `${file}: ${name}`);
        }
      // It has no stand-in.
      assert.ok(!taken.has(page));
    }
    assert.ok(taken.size > 0);
  });

  it('waits neither for the component toolkit, nor for chart.js, nor for what other groups show', async () => {
    const parts = await partsFrom('main.js');
    const late = [...(await partsFrom('main.js', true))].filter(([file]) => !parts.has(file));
    for (const known of ['corner-radius-round', 'beforeDatasetsDraw', 'Saxe, McClelland & Ganguli 2014']) {
      assert.ok(
        late.some(([, text]) => text.includes(known)),
        `${known} is in no late part`,
      );
      for (const [file, text] of parts) assert.ok(!text.includes(known), `${known} is in ${file}`);
    }
  });

  it('asks for no file in a report, where the page is one', async () => {
    const page = await joinParts('main.js', read);
    assert.doesNotMatch(page, /\bimport\s*[("]|\bfrom\s*"\.{1,2}\/|\bexport\s*\{/);
  });
});
