// The bundle on its way into the page.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { panelHtml } from '../../../src/panel/panelHtml.js';

const parts = {
  cspSource: 'https://host',
  nonce: 'bm9uY2U=',
  scriptUri: 'https://host/main.js',
  partUris: [],
  styleUri: 'https://host/style.css',
  title: 'a',
};
const embedded = (html: string): unknown =>
  JSON.parse(/<script type="application\/json" id="l10n">(.*?)<\/script>/s.exec(html)?.[1] ?? '');

describe('the page', () => {
  it('is English without a language, and carries no sentences then', () => {
    const html = panelHtml(parts);
    assert.match(html, /<html lang="en">/);
    assert.deepEqual(embedded(html), {});
  });

  it('carries the sentences of its language as data', () => {
    const bundle = { Zoom: '확대', 'a & "b"': "'가' & 나" };
    const html = panelHtml({ ...parts, language: { name: 'ko', bundle } });
    assert.match(html, /<html lang="ko">/);
    assert.deepEqual(embedded(html), bundle);
  });

  it('cannot be broken out of by a sentence', () => {
    const bundle = { a: '</script><script>alert(1)</script><!--' };
    const html = panelHtml({ ...parts, language: { name: 'ko', bundle } });
    assert.equal(html.match(/<script/g)?.length, 2);
    assert.deepEqual(embedded(html), bundle);
  });
});
