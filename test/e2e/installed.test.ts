// The way a marketplace user meets the extension: installed from the .vsix into a clean VS Code, no development path.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe } from 'node:test';
import { scenario } from '../support/workbench.js';

const { name, version } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly name: string;
  readonly version: string;
};

describe('the extension installed from its .vsix', () => {
  scenario('runs a copied example', { vsix: `${name}-${version}.vsix` }, async (workbench) => {
    await workbench.openFile('vanishing.rnn.json');
    assert.equal(await workbench.palette('Run RNN'), 'Run RNN');
    await workbench
      .webview()
      .getByText(/vanishing/i)
      .first()
      .waitFor();
    await workbench.webview().locator('canvas').first().waitFor();
  });
});
