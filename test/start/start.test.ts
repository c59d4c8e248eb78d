// `npm start`, as far as a machine without a person goes: it builds, starts the server and says where VS Code answers.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';

describe('npm start', () => {
  it('brings up VS Code in the browser and says its address', () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, ['build/start.mjs', '--browser', '--check'], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const address = /http:\/\/localhost:\d+\/\S*/.exec(stdout)?.[0];
    assert.ok(address, stdout);
    const { searchParams } = new URL(address);
    assert.match(searchParams.get('folder') ?? '', /\/examples$/);
    assert.match(searchParams.get('payload') ?? '', /extensionDevelopmentPath/);
    assert.match(searchParams.get('payload') ?? '', /openFile.*\/examples\/vanishing\/vanishing\.rnn\.json/);
  });

  it('refuses a flag that it does not know', () => {
    const { status, stderr } = spawnSync(process.execPath, ['build/start.mjs', '--bowser'], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.match(stderr, /--bowser/);
  });
});
