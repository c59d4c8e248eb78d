// What a release takes from build/release.config.mjs and CHANGELOG.md.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import config from '../../../build/release.config.mjs';
import { changesOf, configFaults, readmeAlone, shippedManifest } from '../../../build/releaseFields.mjs';

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Readonly<Record<string, unknown>> & {
  readonly version: string;
};
const unset = { publisher: null, repository: null, bugs: null, homepage: null, qna: null } as const;
const set = {
  publisher: 'someone',
  repository: 'https://example.com/someone/rnn',
  bugs: null,
  homepage: null,
  qna: null,
} as const;

describe('the config of releases', () => {
  it('has nothing wrong; what is not set yet is told and no fault', () => {
    assert.deepEqual(configFaults(config).faults, []);
    assert.deepEqual(Object.keys(config), Object.keys(unset));
    assert.deepEqual(configFaults(unset), { faults: [], unset: ['publisher', 'repository'] });
    assert.deepEqual(configFaults(set), { faults: [], unset: [] });
  });

  it('is told where it is wrong, what belongs there and what stands there', () => {
    const wrong = { ...set, publisher: 'some one', repository: 'git@example.com:a/b.git', bugs: 'mail', site: 'x' };
    const [publisher = '', repository = '', bugs = '', site = ''] = configFaults(wrong).faults;
    assert.match(publisher, /publisher: expected the publisher's id: .*, found "some one"\.$/);
    assert.match(repository, /repository: expected https:\/\/HOST\/OWNER\/NAME, found "git@/);
    assert.match(bugs, /bugs: expected an https address, or null, found "mail"/);
    assert.match(site, /there is no field site\. Expected publisher, /);
  });

  it('goes into the manifest that is shipped, which has nothing that only a checkout needs', () => {
    const bare = shippedManifest(manifest, unset);
    for (const key of ['scripts', 'devDependencies', 'repository', 'bugs', 'homepage', 'qna'])
      assert.equal(key in bare, false, key);
    assert.equal(bare['publisher'], manifest['publisher']);
    assert.deepEqual(bare['contributes'], manifest['contributes']);
    const { publisher, repository, bugs, homepage, qna } = shippedManifest(manifest, { ...set, qna: false });
    assert.deepEqual(
      { publisher, repository, bugs, homepage, qna },
      {
        publisher: 'someone',
        repository: { type: 'git', url: 'https://example.com/someone/rnn.git' },
        bugs: { url: 'https://example.com/someone/rnn/issues' },
        homepage: 'https://example.com/someone/rnn#readme',
        qna: false,
      },
    );
  });
});

describe('a README without its repository', () => {
  it('has no pictures and no links to files, and every other word', () => {
    const links = 'See [the data](examples/README.md), [here](#below) or [there](https://example.com/a).\n';
    assert.equal(
      readmeAlone(`# A\n\n![one [1]](media/a.png)\n\n![two](https://example.com/b.png)\n\n${links}`),
      '# A\n\n![two](https://example.com/b.png)\n\nSee the data, [here](#below) or [there](https://example.com/a).\n',
    );
    const readme = readFileSync('README.md', 'utf8');
    const words = (text: string): string => text.replaceAll(/^!.*$|\]\([^)]*\)|\[|\]|\s+/gm, '');
    assert.equal(words(readmeAlone(readme)), words(readme));
  });
});

describe('the changelog', () => {
  const changelog = readFileSync('CHANGELOG.md', 'utf8');

  it('is kept as keepachangelog.com says', () => {
    const headings = [...changelog.matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading);
    assert.equal(headings[0], '[Unreleased]');
    for (const heading of headings.slice(1)) assert.match(heading, /^\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}$/);
    for (const [, kind = ''] of changelog.matchAll(/^### (.*)$/gm))
      assert.match(kind, /^(?:Added|Changed|Deprecated|Removed|Fixed|Security)$/);
  });

  it('says what is new in this version, between its heading and the next', () => {
    assert.match(changesOf(changelog, manifest.version) ?? '', /^- /m);
    assert.equal(changesOf('## [2.0.0] - 2026-01-02\n\n- b\n\n## [1.0.0] - 2026-01-01\n\n- a\n', '2.0.0'), '- b');
    assert.equal(changesOf('## [2.0.0]\n\n- b\n', '2.0.0'), null);
  });
});
