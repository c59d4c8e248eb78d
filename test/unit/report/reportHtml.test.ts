// The report's file with texts in it that would end an element, open a comment or pass for markup.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { before, describe, it } from 'node:test';
import { runInNewContext } from 'node:vm';
import { finish, runResumably } from '../../../src/engine/index.js';
import { reportHtml } from '../../../src/report/reportHtml.js';
import { pack } from '../../../src/worker/record/typedArrayJson.js';
import { summarise } from '../../../src/worker/answers/summary.js';
import { experiment, scaledIdentity } from '../engine/build.js';

const hostile = '</script></style></pre><!-- "\'&\u2028{0}';

function reportOf(text: string): Promise<string> {
  const subject = { ...experiment(2, 3, scaledIdentity(2, 0.5)), name: text };
  return reportHtml({
    title: text,
    summary: summarise(1, subject, finish(runResumably(subject)), 0),
    record: pack({ text }),
    extent: { kind: 'everything' },
    config: { text, characters: text.length },
    files: [{ name: text, bytes: 1 }],
    warnings: [text],
    date: new Date(0),
    language: { name: 'en', bundle: { Verdict: text } },
    assets: {
      page: `page = ${JSON.stringify(text)}`,
      host: `host = ${JSON.stringify(text)}`,
      style: 'body { color: red }',
      theme: '',
      notices: text,
    },
  });
}

describe('the file of a report', () => {
  let html = '';

  before(async () => {
    html = await reportOf(hostile);
  });

  it('ends its elements where it means to', () => {
    const of = (tag: string): number => [...html.matchAll(new RegExp(`</${tag}`, 'g'))].length;
    assert.deepEqual({ script: of('script'), style: of('style') }, { script: 4, style: 1 });
    assert.ok(!html.includes('<!--'));
  });

  it('holds every text as it was', () => {
    const [l10n, record, host, page] = [...html.matchAll(/<script[^>]*>([^]*?)<\/script>/g)].map(
      ([, content]) => content ?? '',
    );
    assert.deepEqual(JSON.parse(l10n ?? ''), { Verdict: hostile });
    assert.deepEqual(JSON.parse(record ?? ''), { text: hostile });
    for (const script of [host, page]) assert.equal(runInNewContext(script ?? ''), hostile);
    assert.ok(
      html.includes(
        '<pre tabindex="0">&lt;/script&gt;&lt;/style&gt;&lt;/pre&gt;&lt;!-- &quot;&#39;&amp;\u2028{0}</pre>',
      ),
    );
  });

  it('says what whoever has it has: names and sizes of files, the numbers with the weights, the config', () => {
    const facts = html.slice(html.indexOf('<section class="about-report"'), html.indexOf('<details class="notices">'));
    assert.match(facts, /<dt>Files<\/dt><dd>[^]*\(1 bytes\)<\/dd>/);
    assert.match(facts, /<dt>Kept<\/dt><dd>Every number of the run with all its digits\.<\/dd>/);
    assert.match(
      facts,
      /<dt>For others<\/dt><dd>Whoever has this file has these names, these numbers with the weights of the run, and/,
    );
    assert.match(facts, /<h3>The config<\/h3>/);
  });

  it('carries the notices of what others wrote of it, closed', () => {
    assert.ok(
      html.includes(
        '<details class="notices">\n<summary>Third-party notices</summary>\n<pre ' +
          'tabindex="0">&lt;/script&gt;&lt;/style&gt;&lt;/pre&gt;&lt;!-- ' +
          '&quot;&#39;&amp;\u2028{0}</pre>\n</details>',
      ),
    );
  });

  it('lets only what stands in it run', () => {
    const hashes = [...html.matchAll(/<(?:script|script type="module"|style)>([^]*?)<\/(?:script|style)>/g)].map(
      ([, content]) =>
        `&#39;sha256-${createHash('sha256')
          .update(content ?? '')
          .digest('base64')}&#39;`,
    );
    assert.equal(hashes.length, 3);
    for (const hash of hashes) assert.ok(html.includes(hash));
  });
});
