// The bundle on its way into the page.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { panelHtml } from '../../../src/panel/panelHtml.js';

const parts = {
  cspSource: 'https://host',
  nonce: 'bm9uY2U=',
  first: { script: 'begin()', parts: [] },
  style: '',
  assets: 'https://host/',
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
    assert.equal(html.match(/<script/g)?.length, 3);
    assert.deepEqual(embedded(html), bundle);
  });

  it('cannot be broken out of by what stands in its script and its style', () => {
    const html = panelHtml({
      ...parts,
      first: { script: 'const a = "</script><!--";\n//# sourceMappingURL=main.js.map', parts: [] },
      style: 'a::after { content: "</style>" }\n/*# sourceMappingURL=style.css.map */',
    });
    assert.match(html, /data-from="https:\/\/host\/">const a = "\\x3c\/script>\\x3c!--";\n<\/script>/);
    assert.match(html, /<style nonce="bm9uY2U=">a::after \{ content: "\\x3c\/style>" \}\n<\/style>/);
  });

  it('leads what is loaded later to the parts that stand in its script', () => {
    const html = panelHtml({ ...parts, first: { script: '', parts: ['parts/chunk-A.js'] } });
    const map = /<script type="importmap" nonce="bm9uY2U=">(.*?)<\/script>/s.exec(html)?.[1] ?? '';
    assert.deepEqual(JSON.parse(map), {
      imports: { 'https://host/parts/chunk-A.js': 'https://host/parts/chunk-A.first.js' },
    });
  });
});
